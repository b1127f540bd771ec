//! Which rows are trained on and which are held back: by chance, by class, by group or by time; once or in folds.

use chainrule::random::RandomState;

use crate::{Column, Error, Problem, Table, Values};

/// How rows are parted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split<'a> {
    /// By chance.
    Random,
    /// By chance within each class, so that each part has its share of all: the class of each row, and what classes are
    /// called.
    Stratified(&'a [usize], &'a [String]),
    /// Rows of one group, those with the same cell in a column, stay together.
    Group(&'a Column),
    /// The last by a column are held back.
    Time(&'a Column),
}

impl Split<'_> {
    /// The rows that are trained on and the rows that are held back, `share` of all; each in the table's order.
    ///
    /// # Errors
    /// Fewer than two rows, a class of one row, one group, or a time that is missing.
    pub fn once(
        &self,
        table: &Table,
        share: f64,
        random: &mut RandomState,
    ) -> Result<[Vec<usize>; 2], Error> {
        let n = table.n_rows();
        let part = |n: usize| ((share * n as f64).round() as usize).clamp(1, n.max(2) - 1);
        enough(table, n, 2)?;
        let mut held = vec![false; n];
        match self {
            Split::Random => random.permutation(n)[..part(n)].iter().for_each(|i| held[*i] = true),
            Split::Stratified(of, names) => {
                for rows in by_class(table, of, names, 2)? {
                    let order = random.permutation(rows.len());
                    order[..part(rows.len())].iter().for_each(|i| held[rows[*i]] = true);
                }
            }
            Split::Group(column) => {
                let groups = groups(table, column, 2)?;
                // Groups by chance until there are rows enough; one is left in any case.
                let (wanted, mut n_held) = (part(n), 0);
                for k in &random.permutation(groups.len())[1..] {
                    if n_held < wanted {
                        groups[*k].iter().for_each(|i| held[*i] = true);
                        n_held += groups[*k].len();
                    }
                }
            }
            Split::Time(column) => {
                let order = in_time(table, column)?;
                order[n - part(n)..].iter().for_each(|i| held[*i] = true);
            }
        }
        let rows = |is_held: bool| (0..n).filter(|i| held[*i] == is_held).collect();
        Ok([rows(false), rows(true)])
    }

    /// For each of `k` folds the rows that are held back; each row in one, but by time, where each fold comes after the rows
    /// before it.
    ///
    /// # Errors
    /// As [`once`](Split::once), for `k` parts.
    pub fn folds(&self, table: &Table, k: usize, random: &mut RandomState) -> Result<Vec<Vec<usize>>, Error> {
        let n = table.n_rows();
        enough(table, n, k.max(2))?;
        let mut folds = vec![Vec::new(); k];
        let mut deal = |rows: &[usize], order: Vec<usize>, from: usize| {
            order.into_iter().enumerate().for_each(|(place, i)| folds[(from + place) % k].push(rows[i]));
        };
        match self {
            Split::Random => deal(&(0..n).collect::<Vec<_>>(), random.permutation(n), 0),
            Split::Stratified(of, names) => {
                // Each class goes on dealing where the one before stopped, so that folds are of one size.
                let mut dealt = 0;
                for rows in by_class(table, of, names, k)? {
                    deal(&rows, random.permutation(rows.len()), dealt);
                    dealt += rows.len();
                }
            }
            Split::Group(column) => {
                let mut groups = groups(table, column, k)?;
                let order = random.permutation(groups.len());
                let mut shuffled: Vec<Vec<usize>> =
                    order.into_iter().map(|g| std::mem::take(&mut groups[g])).collect();
                // The largest first, each to the smallest fold.
                shuffled.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
                for rows in shuffled {
                    let smallest = (0..k).min_by_key(|f| folds[*f].len()).unwrap_or(0);
                    folds[smallest].extend(rows);
                }
            }
            Split::Time(column) => {
                let order = in_time(table, column)?;
                for (f, fold) in folds.iter_mut().enumerate() {
                    fold.extend(&order[n * f / k..n * (f + 1) / k]);
                }
            }
        }
        folds.iter_mut().for_each(|rows| rows.sort_unstable());
        Ok(folds)
    }
}

fn enough(table: &Table, got: usize, needed: usize) -> Result<(), Error> {
    if got >= needed { Ok(()) } else { Err(Error::new(&table.path, Problem::FewRows { got, needed })) }
}

/// The rows of each class that has any.
fn by_class(table: &Table, of: &[usize], names: &[String], needed: usize) -> Result<Vec<Vec<usize>>, Error> {
    let mut rows = vec![Vec::new(); names.len()];
    of.iter().enumerate().for_each(|(i, class)| rows[*class].push(i));
    let few = rows.iter().zip(names).find(|(rows, _)| !rows.is_empty() && rows.len() < needed);
    if let Some((rows, class)) = few {
        return Err(Error::new(
            &table.path,
            Problem::FewOfClass { class: class.clone(), got: rows.len(), needed },
        ));
    }
    Ok(rows.into_iter().filter(|rows| !rows.is_empty()).collect())
}

/// The rows of each group; those that name none are a group each.
fn groups(table: &Table, column: &Column, needed: usize) -> Result<Vec<Vec<usize>>, Error> {
    let mut places = std::collections::HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for i in 0..table.n_rows() {
        match column.values.text(i) {
            None => groups.push(vec![i]),
            Some(name) => {
                let place = *places.entry(name).or_insert_with(|| {
                    groups.push(Vec::new());
                    groups.len() - 1
                });
                groups[place].push(i);
            }
        }
    }
    if groups.len() < needed {
        let problem = Problem::FewGroups { got: groups.len(), needed };
        return Err(Error::new(&table.path, problem).column(column.name.clone()));
    }
    Ok(groups)
}

/// The rows from the first to the last by a column; those of one time in the table's order.
fn in_time(table: &Table, column: &Column) -> Result<Vec<usize>, Error> {
    let (Values::Numbers(values) | Values::Dates(values)) = &column.values else {
        let problem = Problem::WrongKind { kind: "date", holds: column.values.describe() };
        return Err(Error::new(&table.path, problem).column(column.name.clone()));
    };
    if let Some(row) = values.iter().position(|v| v.is_nan()) {
        return Err(table.wrong(row, &column.name, Problem::MissingTime));
    }
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Strings;

    fn table(n: usize) -> Table {
        Table::new(vec![Column::new("x", Values::Numbers((0..n).map(|i| i as f64).collect()))])
    }

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|k| format!("c{k}")).collect()
    }

    #[test]
    fn each_class_has_its_share_of_both_parts() {
        let of: Vec<usize> = (0..60).map(|i| usize::from(i % 6 == 0) + usize::from(i % 12 == 0)).collect();
        let names = names(3);
        let split = Split::Stratified(&of, &names);
        let [training, held] = split.once(&table(60), 0.2, &mut RandomState::new(1)).unwrap();
        assert_eq!((training.len(), held.len()), (48, 12));
        let count = |class| held.iter().filter(|i| of[**i] == class).count();
        assert_eq!([count(0), count(1), count(2)], [10, 1, 1]);
        let mut all = [training, held].concat();
        all.sort_unstable();
        assert_eq!(all, (0..60).collect::<Vec<_>>());
        let folds = split.folds(&table(60), 5, &mut RandomState::new(1)).unwrap();
        assert!(folds.iter().all(|rows| rows.len() == 12 && rows.iter().any(|i| of[*i] == 2)), "{folds:?}");
        let error = Split::Stratified(&[0, 0, 1], &names[..2]).once(&table(3), 0.2, &mut RandomState::new(1));
        assert!(error.unwrap_err().to_string().contains("the class \"c1\" has 1 of 2 samples"));
    }

    #[test]
    fn groups_stay_together_and_time_goes_on() {
        let cells: Vec<Option<&str>> = (0..40).map(|i| Some(["a", "b", "c", "d"][i / 10])).collect();
        let group = Column::new("g", Values::Strings(cells.into_iter().collect::<Strings>()));
        let [training, held] = Split::Group(&group).once(&table(40), 0.2, &mut RandomState::new(3)).unwrap();
        assert_eq!(held.len(), 10);
        assert!(training.iter().all(|i| i / 10 != held[0] / 10));
        let folds = Split::Group(&group).folds(&table(40), 2, &mut RandomState::new(3)).unwrap();
        assert_eq!(folds.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20]);
        assert!(Split::Group(&group).folds(&table(40), 5, &mut RandomState::new(3)).is_err());

        let time = Column::new("when", Values::Dates((0..10).map(|i| f64::from((i * 7) % 10)).collect()));
        let [_, held] = Split::Time(&time).once(&table(10), 0.3, &mut RandomState::new(3)).unwrap();
        assert_eq!(held, [1, 4, 7]);
    }

    #[test]
    fn a_split_is_the_seeds_alone() {
        let once = |seed| Split::Random.once(&table(50), 0.2, &mut RandomState::new(seed)).unwrap();
        assert_eq!(once(4), once(4));
        assert_ne!(once(4), once(5));
        assert_eq!(once(4)[1].len(), 10);
    }
}
