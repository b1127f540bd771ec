//! Encoding of target columns (classes, labels or numbers) and decoding of predictions.

mod cells;

use serde::{Deserialize, Serialize};

use self::cells::{MAX_DISTINCT, class_indices, distinct_cells, distinct_if_few};
use super::TrainingRows;
use super::input::former_format;
use super::scale::Moments;
use crate::kind::are_truth_values;
use crate::{
    CellFormat, CellType, Column, ColumnFormat, ColumnKind, Error, NoteReason, Problem, Table, Values,
};

/// The task of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Prediction of one of two or more mutually exclusive classes.
    Classification,
    /// Prediction of several binary labels, one per column, which are not mutually exclusive.
    Multilabel,
    /// Prediction of one or more numbers.
    Regression,
}

/// The scaling of regression targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetScaling {
    /// Standardisation to mean 0 and variance 1 on the training rows, for outputs with any value.
    #[default]
    Standard,
    /// No scaling, for outputs that are counts or fractions (exponential or logistic output).
    None,
}

/// Target columns and their encoding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Target {
    /// Mutually exclusive classes. With two classes, the target is 0 or 1 and the output is the
    /// probability of the second class. With more classes, the target is one-hot and the outputs
    /// are the probabilities of the classes.
    Classes {
        /// Name of the column.
        column: String,
        /// Classes, in numerical or alphabetical order.
        classes: Vec<String>,
    },
    /// Binary labels, one per column, as 0 or 1. The outputs are the probabilities of 1.
    Labels {
        /// Names of the columns.
        columns: Vec<String>,
        /// Words for 0 and 1 in each column.
        words: Vec<[String; 2]>,
    },
    /// Scaled numbers.
    Numbers {
        /// Names of the columns.
        columns: Vec<String>,
        /// Mean and standard deviation of each column on the training rows; 0 and 1 without
        /// scaling.
        scales: Vec<[f64; 2]>,
    },
}

impl Task {
    /// All tasks with their names.
    pub const ALL: [(&'static str, Task); 3] = [
        ("classification", Task::Classification),
        ("multilabel", Task::Multilabel),
        ("regression", Task::Regression),
    ];

    /// Returns the name of the task.
    pub fn name(self) -> &'static str {
        Task::ALL[self as usize].0
    }

    /// Infers the task from the target columns: classification for a single column of strings, or
    /// of integers with few distinct values, and regression for any other single column; multilabel
    /// for several columns if each has at most two distinct values, and regression otherwise. For a
    /// single column, a kind in `kinds` takes precedence: regression for numbers and dates,
    /// classification for booleans and categories.
    ///
    /// # Errors
    /// Returns [`Problem::NoColumn`] if a column does not exist.
    pub fn find(table: &Table, targets: &[String], kinds: &[(String, ColumnKind)]) -> Result<Task, Error> {
        if let [target] = targets {
            match kinds.iter().find(|(name, _)| name == target).map(|(_, kind)| kind) {
                Some(ColumnKind::Number | ColumnKind::Date) => return Ok(Task::Regression),
                Some(ColumnKind::Boolean | ColumnKind::Category) => return Ok(Task::Classification),
                None => {}
            }
            return Ok(match &table.column(target)?.values {
                Values::Strings(_) => Task::Classification,
                Values::Dates(_) => Task::Regression,
                Values::Numbers(values) => {
                    let are_integers = values.iter().all(|v| v.is_nan() || v.fract() == 0.0);
                    let n_present = values.len() - table.column(target)?.values.n_missing();
                    let distinct = distinct_if_few(values).filter(|few| 3 * few.len() <= n_present.max(6));
                    if are_integers && distinct.is_some() { Task::Classification } else { Task::Regression }
                }
            });
        }
        let columns = table.columns_named(targets.iter().map(String::as_str))?;
        let all_binary = columns.into_iter().all(|column| distinct_cells(column).len() <= 2);
        Ok(if all_binary { Task::Multilabel } else { Task::Regression })
    }
}

impl Target {
    /// Fits the encoding of the targets. Scales are fitted on the given rows; classes are collected
    /// from all rows of the table. Without a task, the task is inferred.
    ///
    /// # Errors
    /// Returns [`Problem::NoColumn`] if a column does not exist, [`Problem::MissingTarget`] if a
    /// target is missing, [`Problem::OneTarget`] if a target is constant,
    /// [`Problem::FewTrainingRows`] if there are fewer than two training rows,
    /// [`Problem::HugeTarget`] if squares of a target are out of range, [`Problem::OtherCells`] or
    /// [`Problem::AmbiguousDates`] if cells of a target could not be read, and
    /// [`Problem::WrongTask`] if a target is unsuitable for the task.
    pub fn fit(
        table: &Table,
        training: TrainingRows<'_>,
        targets: &[String],
        task: Option<Task>,
        scaling: TargetScaling,
    ) -> Result<Target, Error> {
        let task = match task {
            Some(task) => task,
            None => Task::find(table, targets, &[])?,
        };
        let columns = table.columns_named(targets.iter().map(String::as_str))?;
        if training.rows.len() < 2 {
            let problem = Problem::FewTrainingRows { got: training.rows.len(), rows: table.n_rows() };
            return Err(Error::new(&table.path, problem));
        }
        for column in &columns {
            check_cells(table, column, task)?;
            if let Some(row) = (0..table.n_rows()).find(|i| column.values.is_missing(*i)) {
                return Err(table.wrong(row, &column.name, Problem::MissingTarget));
            }
        }
        let unsuitable = |column: &Column, found: String, requires| {
            let problem = Problem::WrongTask { found, task: task.name(), requires };
            Error::new(&table.path, problem).column(column.name.clone())
        };
        let constant = |column: &Column, only: String| {
            let rows = if training.rows.len() < table.n_rows() { "training row" } else { "row" };
            Error::new(&table.path, Problem::OneTarget { only, rows }).column(column.name.clone())
        };
        match task {
            Task::Classification => {
                let [column] = columns[..] else {
                    let found = format!("is one of {} targets", columns.len());
                    let requires = "requires a single one; name one column, or choose the task \
                                    \"multilabel\" or \"regression\"";
                    return Err(unsuitable(columns[0], found, requires));
                };
                let classes = distinct_cells(column);
                if let [only] = &classes[..] {
                    return Err(constant(column, format!("\"{only}\"")));
                }
                if classes.len() > 2 * MAX_DISTINCT.max(table.n_rows() / 4).min(5000) {
                    let found = format!("has {} distinct values", classes.len());
                    return Err(unsuitable(column, found, requires_fewer_classes(column)));
                }
                Ok(Target::Classes { column: column.name.clone(), classes })
            }
            Task::Multilabel => {
                let words = |column: &&Column| {
                    let words = distinct_cells(column);
                    match &words[..] {
                        [no, yes] => Ok([no.clone(), yes.clone()]),
                        [only] => Err(constant(column, format!("\"{only}\""))),
                        _ => {
                            let found = format!("has {} distinct values", words.len());
                            let requires = "requires two per column; choose the task \"classification\" for \
                                            a single column of classes";
                            Err(unsuitable(column, found, requires))
                        }
                    }
                };
                let words = columns.iter().map(words).collect::<Result<_, _>>()?;
                Ok(Target::Labels { columns: targets.to_vec(), words })
            }
            Task::Regression => {
                let scale = |column: &&Column| match &column.values {
                    Values::Numbers(values) | Values::Dates(values) => {
                        let values: Vec<f64> = training.rows.iter().map(|i| values[*i]).collect();
                        let moments = Moments::of(&values, training.weights_of(training.rows).as_deref());
                        let largest = values.iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
                        let is_huge = scaling == TargetScaling::None && largest > f64::from(f32::MAX);
                        match scaling {
                            _ if !moments.variance.is_finite() || is_huge => {
                                let problem = Problem::HugeTarget { value: largest };
                                Err(Error::new(&table.path, problem).column(column.name.clone()))
                            }
                            _ if moments.are_constant() => {
                                Err(constant(column, values.first().map_or(0.0, |v| *v).to_string()))
                            }
                            TargetScaling::Standard => Ok([moments.mean, moments.deviation()]),
                            TargetScaling::None => Ok([0.0, 1.0]),
                        }
                    }
                    Values::Strings(_) => {
                        let requires = "requires numbers; choose the task \"classification\"";
                        Err(unsuitable(column, "contains text".to_owned(), requires))
                    }
                };
                let scales = columns.iter().map(scale).collect::<Result<_, _>>()?;
                Ok(Target::Numbers { columns: targets.to_vec(), scales })
            }
        }
    }

    /// Returns whether the columns, words and scales are consistent. This is always true for a
    /// fitted target, but not for one read from a file.
    pub fn is_whole(&self) -> bool {
        match self {
            Target::Classes { classes, .. } => classes.len() >= 2,
            Target::Labels { columns, words } => !columns.is_empty() && columns.len() == words.len(),
            Target::Numbers { columns, scales } => !columns.is_empty() && columns.len() == scales.len(),
        }
    }

    /// Returns the task.
    pub fn task(&self) -> Task {
        match self {
            Target::Classes { .. } => Task::Classification,
            Target::Labels { .. } => Task::Multilabel,
            Target::Numbers { .. } => Task::Regression,
        }
    }

    /// Returns the names of the columns.
    pub fn columns(&self) -> &[String] {
        match self {
            Target::Classes { column, .. } => std::slice::from_ref(column),
            Target::Labels { columns, .. } | Target::Numbers { columns, .. } => columns,
        }
    }

    /// Returns the number of outputs of the network.
    pub fn n_outputs(&self) -> usize {
        match self {
            Target::Classes { classes, .. } if classes.len() == 2 => 1,
            Target::Classes { classes, .. } => classes.len(),
            Target::Labels { columns, .. } | Target::Numbers { columns, .. } => columns.len(),
        }
    }

    /// Returns the formats with which the columns of `table`, to which the targets were fitted, were
    /// read. Classes that are truth values are read as text, so that they match in any spelling.
    pub(super) fn fitted_formats(&self, table: &Table) -> Result<Vec<ColumnFormat>, Error> {
        let columns = table.columns_named(self.columns().iter().map(String::as_str))?;
        let format = |(k, column): (usize, &Column)| {
            let mut format = column.format.clone();
            let are_words = match self {
                Target::Classes { classes, .. } => are_truth_values(classes.iter().map(String::as_str)),
                Target::Labels { words, .. } => are_truth_values(words[k].iter().map(String::as_str)),
                Target::Numbers { .. } => false,
            };
            if are_words {
                format.cells = CellFormat::Text;
            }
            format
        };
        Ok(columns.into_iter().enumerate().map(format).collect())
    }

    /// Returns the formats to read the columns with, for a model that does not store them.
    pub(super) fn former_formats(&self) -> Vec<ColumnFormat> {
        match self {
            Target::Classes { classes, .. } => vec![former_format(classes.iter())],
            Target::Labels { words, .. } => words.iter().map(|words| former_format(words.iter())).collect(),
            Target::Numbers { columns, .. } => columns.iter().map(|_| CellType::Numbers.into()).collect(),
        }
    }

    /// Returns the encoded targets (n_rows, n_outputs) of a table, row-major.
    ///
    /// # Errors
    /// Returns [`Problem::NoColumn`] if a column does not exist, [`Problem::MissingTarget`] if a
    /// target is missing, [`Problem::UnknownClass`] if a class is unknown, and
    /// [`Problem::WrongTask`] if a regression target contains strings.
    pub fn encode(&self, table: &Table) -> Result<Vec<f64>, Error> {
        let (n_rows, n_outputs) = (table.n_rows(), self.n_outputs());
        let mut t = vec![0.0; n_rows * n_outputs];
        let columns = table.columns_named(self.columns().iter().map(String::as_str))?;
        for (k, column) in columns.into_iter().enumerate() {
            match self {
                Target::Classes { classes, .. } => {
                    let indices = class_indices(table, column, classes)?;
                    for (row, class) in t.chunks_exact_mut(n_outputs).zip(indices) {
                        if n_outputs == 1 { row[0] = class as f64 } else { row[class] = 1.0 }
                    }
                }
                Target::Labels { words, .. } => {
                    let labels = class_indices(table, column, &words[k])?;
                    let t = t.iter_mut().skip(k).step_by(n_outputs);
                    t.zip(labels).for_each(|(t, label)| *t = label as f64);
                }
                Target::Numbers { scales, .. } => {
                    let [mean, deviation] = scales[k];
                    let (Values::Numbers(values) | Values::Dates(values)) = &column.values else {
                        let (found, task) = ("contains text".to_owned(), Task::Regression.name());
                        let problem =
                            Problem::WrongTask { found, task, requires: "requires numbers; fix its cells" };
                        return Err(Error::new(&table.path, problem).column(&column.name));
                    };
                    for (i, v) in values.iter().enumerate() {
                        if v.is_nan() {
                            return Err(table.wrong(i, &column.name, Problem::MissingTarget));
                        }
                        t[i * n_outputs + k] = (v - mean) / deviation;
                    }
                }
            }
        }
        Ok(t)
    }

    /// Converts outputs of the network (n, n_outputs) to predictions in place: regression outputs
    /// are scaled back to the units of the table, probabilities are unchanged.
    pub fn decode(&self, y: &mut [f64]) {
        if let Target::Numbers { scales, .. } = self {
            for row in y.chunks_exact_mut(scales.len()) {
                row.iter_mut().zip(scales).for_each(|(y, [mean, deviation])| *y = *y * deviation + mean);
            }
        }
    }
}

/// Checks that the cells of a target were read as they are written.
fn check_cells(table: &Table, column: &Column, task: Task) -> Result<(), Error> {
    let error = |problem| Err(Error::new(&table.path, problem).column(column.name.clone()));
    for note in &column.notes {
        let cell = |(place, text): &(String, String)| format!("\"{text}\" ({place})");
        match note.reason {
            NoteReason::Unreadable(cell_type) | NoteReason::Mixed(cell_type)
                if task == Task::Regression || matches!(note.reason, NoteReason::Unreadable(_)) =>
            {
                let first = note.first.iter().map(cell).collect();
                return error(Problem::OtherCells { n_cells: note.n_cells, cell_type, first });
            }
            NoteReason::AmbiguousDates(patterns) if task == Task::Regression => {
                let example = note.first.first().map(cell).unwrap_or_default();
                return error(Problem::AmbiguousDates { patterns, example });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Returns the requirement of a classification that has too many classes, with a suitable remedy.
fn requires_fewer_classes(column: &Column) -> &'static str {
    let is_code = |reason| matches!(reason, NoteReason::Padded | NoteReason::LongIntegers);
    match &column.values {
        Values::Strings(_) if column.notes.iter().any(|note| is_code(note.reason)) => {
            "requires fewer classes; if the values are numbers, specify --kind COLUMN=number"
        }
        Values::Strings(_) => "requires fewer classes; choose another target, or group its values",
        _ => "requires fewer classes; choose the task \"regression\" if the values are numbers",
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

    fn fit(columns: Vec<Values>, task: Option<Task>) -> Result<(Target, Vec<f64>), Error> {
        let (table, names) = table(columns);
        let rows: Vec<usize> = (0..table.n_rows()).collect();
        let target = Target::fit(&table, rows[..].into(), &names, task, TargetScaling::Standard)?;
        let t = target.encode(&table)?;
        Ok((target, t))
    }

    #[test]
    fn the_task_is_inferred_from_the_targets() {
        let task = |columns| {
            let (table, names) = table(columns);
            Task::find(&table, &names, &[]).unwrap()
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
        let (target, t) = fit(vec![texts(&["yes", "no", "no"])], None).unwrap();
        assert_eq!((target.n_outputs(), t), (1, vec![1.0, 0.0, 0.0]));
        let (target, t) = fit(vec![numbers(&[10.0, 9.0, 10.0, 2.0, 9.0, 2.0, 2.0, 2.0, 2.0])], None).unwrap();
        assert!(matches!(&target, Target::Classes { classes, .. } if *classes == ["2", "9", "10"]));
        assert_eq!(t[..6], [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
        // Text is compared as text.
        let other = Table::new(vec![Column::new("t0", texts(&["2.0", "10"]))]);
        assert!(target.encode(&other).is_err());
    }

    #[test]
    fn numbers_come_before_other_classes() {
        let column = Column::new("t", texts(&["B12", "10", "1A", "-3", "1e3", "2", "x7", "9", "nan"]));
        assert_eq!(distinct_cells(&column), ["-3", "2", "9", "10", "1e3", "1A", "B12", "nan", "x7"]);
    }

    #[test]
    fn true_and_false_are_two_classes_in_any_spelling() {
        let (target, t) = fit(vec![texts(&["True", "F", "true", "F", "True", "0"])], None).unwrap();
        assert!(matches!(&target, Target::Classes { classes, .. } if *classes == ["F", "True"]));
        assert_eq!(t, [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
        let other = Table::new(vec![Column::new("t0", texts(&["yes", "NO"]))]);
        assert_eq!(target.encode(&other).unwrap(), [1.0, 0.0]);
    }

    #[test]
    fn decode_inverts_encode() {
        let (target, mut t) = fit(vec![numbers(&[1.5, 2.5, 9.0]), numbers(&[-1.0, 0.0, 7.5])], None).unwrap();
        target.decode(&mut t);
        let expected = [1.5, -1.0, 2.5, 0.0, 9.0, 7.5];
        assert!(t.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{t:?}");
    }

    #[test]
    fn unsuitable_targets_are_rejected() {
        let error = |columns, task| fit(columns, task).unwrap_err().to_string();
        assert_eq!(
            error(vec![texts(&["a", "a"])], None),
            "column \"t0\": the target is \"a\" in every row; choose another target, or add rows with other \
             values"
        );
        assert!(
            error(vec![numbers(&[1.0, f64::NAN])], None)
                .starts_with("row 2, column \"t0\": the target is missing")
        );
        assert!(
            error(vec![texts(&["a", "b"])], Some(Task::Regression)).contains("the task \"classification\"")
        );
        let (target, _) = fit(vec![texts(&["a", "b"])], None).unwrap();
        let other = Table::new(vec![Column::new("t0", texts(&["c"]))]);
        assert_eq!(
            target.encode(&other).unwrap_err().to_string(),
            "row 1, column \"t0\": unknown class \"c\"; the classes of the model are: a, b"
        );
    }
}
