//! The columns that are predicted: classes, labels or numbers, as a network's targets, and its outputs as predictions.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::scale::mean_and_deviation;
use crate::kind::yes_and_no;
use crate::{CellType, Column, Error, Problem, Table, Values};

/// What is to be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Which of two or several exclusive classes a row belongs to.
    Classification,
    /// Which of several labels, one a column, hold of it; any number may.
    Multilabel,
    /// One or several numbers.
    Regression,
}

/// How numbers that are predicted are scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetScaling {
    /// To mean 0 and variance 1 over the rows of the training: for outputs that take any value.
    #[default]
    Standard,
    /// Not at all: for outputs that are counts or shares, behind exp or logistic.
    None,
}

/// The targets of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Target {
    /// One of these classes. Of two, the target is 0 or 1 and the output the probability of the second; of more, they are
    /// one-hot and the outputs the probability of each.
    Classes {
        /// The column.
        column: String,
        /// The classes, numbers by size and names by letter.
        classes: Vec<String>,
    },
    /// For each column 0 or 1; the outputs are the probabilities of 1.
    Labels {
        /// The columns.
        columns: Vec<String>,
        /// The cells of each that mean 0 and 1.
        words: Vec<[String; 2]>,
    },
    /// Numbers, moved and scaled.
    Numbers {
        /// The columns.
        columns: Vec<String>,
        /// The mean and the standard deviation of each over the rows of the training; 0 and 1 where they stay as they are.
        scales: Vec<[f64; 2]>,
    },
}

/// Whole numbers of no more distinct ones than these are classes.
const FEW: usize = 20;

impl Task {
    /// All tasks with the words for them.
    pub const ALL: [(&'static str, Task); 3] = [
        ("classification", Task::Classification),
        ("multilabel", Task::Multilabel),
        ("regression", Task::Regression),
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        Task::ALL[self as usize].0
    }

    /// The task of some columns of a table: several columns of two different cells each are labels, others numbers; a
    /// column is classes where it holds texts, or whole numbers of which few are distinct, and else numbers.
    ///
    /// # Errors
    /// [`Problem::NoColumn`], and [`Problem::WrongTask`] for several columns of which one suits none.
    pub fn find(table: &Table, targets: &[String]) -> Result<Task, Error> {
        if let [target] = targets {
            return Ok(match &table.column(target)?.values {
                Values::Strings(_) => Task::Classification,
                Values::Dates(_) => Task::Regression,
                Values::Numbers(values) => {
                    let whole = values.iter().all(|v| v.is_nan() || v.fract() == 0.0);
                    let n_present = values.len() - table.column(target)?.values.n_missing();
                    let few = few(values).filter(|few| 3 * few.len() <= n_present.max(6));
                    if whole && few.is_some() { Task::Classification } else { Task::Regression }
                }
            });
        }
        let two = |name: &String| Ok(distinct_cells(table.column(name)?).len() <= 2);
        let all_two =
            targets.iter().map(two).collect::<Result<Vec<bool>, Error>>()?.into_iter().all(|two| two);
        Ok(if all_two { Task::Multilabel } else { Task::Regression })
    }
}

impl Target {
    /// Fits the targets on the rows `rows` of a table; classes are those of all its rows.
    ///
    /// # Errors
    /// A target that does not suit the task, that is missing, or the same in all rows.
    pub fn fit(
        table: &Table,
        rows: &[usize],
        targets: &[String],
        task: Option<Task>,
        scaling: TargetScaling,
    ) -> Result<Target, Error> {
        let task = match task {
            Some(task) => task,
            None => Task::find(table, targets)?,
        };
        let columns =
            targets.iter().map(|name| table.column(name)).collect::<Result<Vec<&Column>, Error>>()?;
        for column in &columns {
            if let Some(row) = (0..table.n_rows()).find(|i| column.values.is_missing(*i)) {
                return Err(table.wrong(row, &column.name, Problem::MissingTarget));
            }
        }
        let wrong = |column: &Column, holds: String, wants| {
            let problem = Problem::WrongTask { holds, task: task.name(), wants };
            Error::new(&table.path, problem).column(column.name.clone())
        };
        let same = |column: &Column, only: String| {
            Error::new(&table.path, Problem::OneTarget { only }).column(column.name.clone())
        };
        match task {
            Task::Classification => {
                let [column] = columns[..] else {
                    let holds = format!("one of {} targets", columns.len());
                    return Err(wrong(
                        columns[0],
                        holds,
                        "name one column, or take \"labels\" or \"numbers\"",
                    ));
                };
                let classes = distinct_cells(column);
                if let [only] = &classes[..] {
                    return Err(same(column, format!("\"{only}\"")));
                }
                if classes.len() > 2 * FEW.max(table.n_rows() / 4).min(5000) {
                    let holds = format!("{} different values", classes.len());
                    return Err(wrong(column, holds, "fewer classes; take \"numbers\" if they are numbers"));
                }
                let classes = match yes_and_no(&classes) {
                    Some(pair) => pair.map(str::to_owned).to_vec(),
                    None => classes,
                };
                Ok(Target::Classes { column: column.name.clone(), classes })
            }
            Task::Multilabel => {
                let words = |column: &&Column| {
                    let words = distinct_cells(column);
                    match (yes_and_no(&words), &words[..]) {
                        (Some(pair), _) => Ok(pair.map(str::to_owned)),
                        (None, [no, yes]) => Ok([no.clone(), yes.clone()]),
                        (None, [only]) => Err(same(column, format!("\"{only}\""))),
                        _ => {
                            let holds = format!("{} different values", words.len());
                            Err(wrong(
                                column,
                                holds,
                                "each column has two; take \"classes\" for one of several",
                            ))
                        }
                    }
                };
                let words = columns.iter().map(words).collect::<Result<_, _>>()?;
                Ok(Target::Labels { columns: targets.to_vec(), words })
            }
            Task::Regression => {
                let scale = |column: &&Column| match &column.values {
                    Values::Numbers(values) | Values::Dates(values) => {
                        let values: Vec<f64> = rows.iter().map(|i| values[*i]).collect();
                        let (mean, deviation) = mean_and_deviation(&values);
                        match scaling {
                            _ if deviation.is_nan() || deviation <= 0.0 => {
                                Err(same(column, mean.to_string()))
                            }
                            TargetScaling::Standard => Ok([mean, deviation]),
                            TargetScaling::None => Ok([0.0, 1.0]),
                        }
                    }
                    Values::Strings(_) => Err(wrong(column, "texts".to_owned(), "numbers; take \"classes\"")),
                };
                let scales = columns.iter().map(scale).collect::<Result<_, _>>()?;
                Ok(Target::Numbers { columns: targets.to_vec(), scales })
            }
        }
    }

    /// Whether its parts fit each other, as those of a target do that was fitted, and those from a file need not.
    pub fn is_whole(&self) -> bool {
        match self {
            Target::Classes { classes, .. } => classes.len() >= 2,
            Target::Labels { columns, words } => !columns.is_empty() && columns.len() == words.len(),
            Target::Numbers { columns, scales } => !columns.is_empty() && columns.len() == scales.len(),
        }
    }

    /// The task.
    pub fn task(&self) -> Task {
        match self {
            Target::Classes { .. } => Task::Classification,
            Target::Labels { .. } => Task::Multilabel,
            Target::Numbers { .. } => Task::Regression,
        }
    }

    /// The columns.
    pub fn columns(&self) -> &[String] {
        match self {
            Target::Classes { column, .. } => std::slice::from_ref(column),
            Target::Labels { columns, .. } | Target::Numbers { columns, .. } => columns,
        }
    }

    /// How many outputs a network has.
    pub fn n_outputs(&self) -> usize {
        match self {
            Target::Classes { classes, .. } if classes.len() == 2 => 1,
            Target::Classes { classes, .. } => classes.len(),
            Target::Labels { columns, .. } | Target::Numbers { columns, .. } => columns.len(),
        }
    }

    /// The columns that are to be read to compare with, with what each is to be read as.
    pub fn wanted(&self) -> Vec<(&str, CellType)> {
        let want = if self.task() == Task::Regression { CellType::Numbers } else { CellType::Strings };
        self.columns().iter().map(|column| (column.as_str(), want)).collect()
    }

    /// The targets (n_rows, n_outputs) of a table, row-major.
    ///
    /// # Errors
    /// A column that is not there, a target that is missing, a class that the training had none of.
    pub fn encode(&self, table: &Table) -> Result<Vec<f64>, Error> {
        let (n_rows, n_outputs) = (table.n_rows(), self.n_outputs());
        let mut t = vec![0.0; n_rows * n_outputs];
        for (k, name) in self.columns().iter().enumerate() {
            let column = table.column(name)?;
            match self {
                Target::Classes { classes, .. } => {
                    let of = places(table, column, classes)?;
                    for (row, class) in t.chunks_exact_mut(n_outputs).zip(of) {
                        if n_outputs == 1 { row[0] = class as f64 } else { row[class] = 1.0 }
                    }
                }
                Target::Labels { words, .. } => {
                    let of = places(table, column, &words[k])?;
                    t.iter_mut().skip(k).step_by(n_outputs).zip(of).for_each(|(t, label)| *t = label as f64);
                }
                Target::Numbers { scales, .. } => {
                    let [mean, deviation] = scales[k];
                    let (Values::Numbers(values) | Values::Dates(values)) = &column.values else {
                        let holds = column.values.describe().to_owned();
                        let problem = Problem::WrongTask { holds, task: "numbers", wants: "numbers" };
                        return Err(Error::new(&table.path, problem).column(name.clone()));
                    };
                    for (i, v) in values.iter().enumerate() {
                        if v.is_nan() {
                            return Err(table.wrong(i, name, Problem::MissingTarget));
                        }
                        t[i * n_outputs + k] = (v - mean) / deviation;
                    }
                }
            }
        }
        Ok(t)
    }

    /// The numbers that a network's outputs (n, n_outputs) stand for: numbers as the table has them, probabilities as they
    /// are.
    pub fn decode(&self, y: &mut [f64]) {
        if let Target::Numbers { scales, .. } = self {
            for row in y.chunks_exact_mut(scales.len()) {
                row.iter_mut().zip(scales).for_each(|(y, [mean, deviation])| *y = *y * deviation + mean);
            }
        }
    }
}

/// The distinct numbers, if there are but a few.
fn few(values: &[f64]) -> Option<Vec<f64>> {
    let mut known: Vec<f64> = Vec::new();
    for v in values.iter().filter(|v| !v.is_nan()) {
        if !known.contains(v) {
            // 0 and -0 are one.
            known.push(v + 0.0);
            if known.len() > FEW {
                return None;
            }
        }
    }
    Some(known)
}

/// The distinct cells of a column, numbers by size and names by letter.
fn distinct_cells(column: &Column) -> Vec<String> {
    match &column.values {
        Values::Strings(texts) => {
            let mut seen = vec![false; texts.words.len()];
            texts.codes.iter().for_each(|code| {
                if let Some(seen) = seen.get_mut(*code as usize) {
                    *seen = true;
                }
            });
            let words = texts.words.iter().zip(seen).filter(|(_, seen)| *seen);
            let mut words: Vec<String> = words.map(|(word, _)| word.clone()).collect();
            words.sort_by(|a, b| match (a.parse::<f64>(), b.parse::<f64>()) {
                (Ok(a), Ok(b)) => a.total_cmp(&b),
                _ => a.cmp(b),
            });
            words
        }
        Values::Numbers(values) | Values::Dates(values) => {
            // Sorting all would take longer than finding that there are few.
            let all = || values.iter().filter(|v| !v.is_nan()).map(|v| v + 0.0).collect();
            let mut numbers: Vec<f64> = few(values).unwrap_or_else(all);
            numbers.sort_by(f64::total_cmp);
            numbers.dedup();
            numbers.into_iter().map(|v| v.to_string()).collect()
        }
    }
}

/// The place of each cell among some words.
fn places(table: &Table, column: &Column, words: &[String]) -> Result<Vec<usize>, Error> {
    let known: HashMap<&str, usize> = words.iter().enumerate().map(|(k, word)| (word.as_str(), k)).collect();
    let find = |row: usize, word: &str| {
        let number = || known.get((word.parse::<f64>().ok()? + 0.0).to_string().as_str());
        known.get(word).or_else(number).copied().ok_or_else(|| {
            table.wrong(
                row,
                &column.name,
                Problem::UnknownClass { class: word.to_owned(), known: words.to_vec() },
            )
        })
    };
    let missing = |row| table.wrong(row, &column.name, Problem::MissingTarget);
    match &column.values {
        Values::Strings(texts) => {
            let mut found: Vec<Option<usize>> = vec![None; texts.words.len()];
            let place = |(row, code): (usize, &u32)| {
                let k = *code as usize;
                match found.get(k) {
                    None => Err(missing(row)),
                    Some(Some(place)) => Ok(*place),
                    Some(None) => {
                        let place = find(row, &texts.words[k])?;
                        found[k] = Some(place);
                        Ok(place)
                    }
                }
            };
            texts.codes.iter().enumerate().map(place).collect()
        }
        Values::Numbers(values) | Values::Dates(values) => {
            let mut found: HashMap<u64, usize> = HashMap::new();
            let place = |(row, v): (usize, &f64)| {
                if v.is_nan() {
                    return Err(missing(row));
                }
                if let Some(place) = found.get(&v.to_bits()) {
                    return Ok(*place);
                }
                let place = find(row, &v.to_string())?;
                found.insert(v.to_bits(), place);
                Ok(place)
            };
            values.iter().enumerate().map(place).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Strings;

    fn numbers(values: &[f64]) -> Values {
        Values::Numbers(values.to_vec())
    }

    fn texts(cells: &[&str]) -> Values {
        Values::Strings(cells.iter().map(|cell| Some(*cell)).collect::<Strings>())
    }

    fn table(columns: Vec<Values>) -> (Table, Vec<String>) {
        let names: Vec<String> = (0..columns.len()).map(|k| format!("t{k}")).collect();
        let columns = names.iter().zip(columns).map(|(name, values)| Column::new(name, values)).collect();
        (Table::new(columns), names)
    }

    fn fitted(columns: Vec<Values>, task: Option<Task>) -> Result<(Target, Vec<f64>), Error> {
        let (table, names) = table(columns);
        let rows: Vec<usize> = (0..table.n_rows()).collect();
        let target = Target::fit(&table, &rows, &names, task, TargetScaling::Standard)?;
        let t = target.encode(&table)?;
        Ok((target, t))
    }

    #[test]
    fn the_task_is_found_from_the_target() {
        let task = |columns| {
            let (table, names) = table(columns);
            Task::find(&table, &names).unwrap()
        };
        assert_eq!(task(vec![texts(&["a", "b"])]), Task::Classification);
        assert_eq!(task(vec![numbers(&[0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0])]), Task::Classification);
        assert_eq!(task(vec![numbers(&[0.5, 1.0, 1.0])]), Task::Regression);
        let many: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(task(vec![numbers(&many)]), Task::Regression);
        assert_eq!(task(vec![texts(&["a", "b"]), numbers(&[1.0, 0.0])]), Task::Multilabel);
        assert_eq!(task(vec![numbers(&[1.5, 0.0, 3.0]), numbers(&[1.0, 0.0, 1.0])]), Task::Regression);
    }

    #[test]
    fn classes_become_0_and_1_or_one_hot() {
        let (target, t) = fitted(vec![texts(&["yes", "no", "no"])], None).unwrap();
        assert_eq!((target.n_outputs(), t), (1, vec![1.0, 0.0, 0.0]));
        let (target, t) =
            fitted(vec![numbers(&[10.0, 9.0, 10.0, 2.0, 9.0, 2.0, 2.0, 2.0, 2.0])], None).unwrap();
        assert!(matches!(&target, Target::Classes { classes, .. } if *classes == ["2", "9", "10"]));
        assert_eq!(t[..6], [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
        // A file in which classes are written otherwise.
        let other = Table::new(vec![Column::new("t0", texts(&["2.0", "10"]))]);
        assert_eq!(target.encode(&other).unwrap(), [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn numbers_come_back_as_they_were() {
        let (target, mut t) =
            fitted(vec![numbers(&[1.5, 2.5, 9.0]), numbers(&[-1.0, 0.0, 7.5])], None).unwrap();
        target.decode(&mut t);
        let expected = [1.5, -1.0, 2.5, 0.0, 9.0, 7.5];
        assert!(t.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{t:?}");
    }

    #[test]
    fn targets_that_cannot_be_learned_are_refused() {
        let error = |columns, task| fitted(columns, task).unwrap_err().to_string();
        assert_eq!(
            error(vec![texts(&["a", "a"])], None),
            "column \"t0\": every row has the target \"a\": there is nothing to tell apart"
        );
        assert!(
            error(vec![numbers(&[1.0, f64::NAN])], None)
                .starts_with("row 2, column \"t0\": there is no target")
        );
        assert!(error(vec![texts(&["a", "b"])], Some(Task::Regression)).contains("take \"classes\""));
        let (target, _) = fitted(vec![texts(&["a", "b"])], None).unwrap();
        let other = Table::new(vec![Column::new("t0", texts(&["c"]))]);
        assert!(
            target
                .encode(&other)
                .unwrap_err()
                .to_string()
                .contains("none of those that the model knows: a, b")
        );
    }
}
