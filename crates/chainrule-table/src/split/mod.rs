//! Splits of rows into a training set and a validation set, or into folds: random, stratified, by
//! group or by time.

mod group;
mod size;
mod time;

use chainrule::random::RandomState;

use crate::{Column, Error, Problem, Table};

/// The method by which rows are split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split<'a> {
    /// Random split.
    Random,
    /// Random within each class, so that each part has the same class proportions. The fields are
    /// the class of each row and the names of the classes.
    Stratified(&'a [usize], &'a [String]),
    /// Random by group: rows with the same value in the column stay together. A row with a missing
    /// value forms a group of its own.
    Group(&'a Column),
    /// By time: the rows with the largest values in the column are held out. Rows with the same
    /// value, that is, of the same moment, stay together.
    Time(&'a Column),
}

impl Split<'_> {
    /// Splits the rows into a training set and a validation set, which contains about the given
    /// fraction of the rows. Each set is in the order of the table and contains at least one row.
    ///
    /// A random split holds out `fraction·n` rows, rounded, and a stratified split this fraction of
    /// each class. Splits by group and by time hold out the number of rows nearest to `fraction·n`
    /// that is possible if groups and moments stay together, which may be far from it; the achieved
    /// fraction is the length of the validation set divided by `n`. If the number of groups times
    /// the number of rows exceeds 10⁸, a split by group is not always the nearest one, but differs
    /// from the request by less than the smallest group of the training set.
    ///
    /// # Errors
    /// Returns [`Problem::FewRows`], [`Problem::FewOfClass`], [`Problem::FewGroups`] or
    /// [`Problem::FewMoments`] if there are fewer than two rows, rows of a class, groups or moments.
    /// A split by time returns [`Problem::MissingTime`] if a time is missing and
    /// [`Problem::WrongKind`] if the column contains strings.
    ///
    /// ```
    /// use chainrule::random::RandomState;
    /// use chainrule_table::{Column, Split, Table, Values};
    ///
    /// let day = Column::new("day", Values::Numbers(vec![1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 3.0]));
    /// let table = Table::new(vec![day.clone()]);
    /// // Half of the rows would divide those of day 2.
    /// let [training, validation] = Split::Time(&day).once(&table, 0.5, &mut RandomState::new(0))?;
    /// assert_eq!((training, validation), (vec![0, 1, 2], vec![3, 4, 5, 6, 7]));
    /// # Ok::<(), chainrule_table::Error>(())
    /// ```
    pub fn once(
        &self,
        table: &Table,
        fraction: f64,
        random: &mut RandomState,
    ) -> Result<[Vec<usize>; 2], Error> {
        let n = table.n_rows();
        let part = |n: usize| ((fraction * n as f64).round() as usize).clamp(1, n.max(2) - 1);
        check_rows(table, n, 2)?;
        let held_out = match self {
            Split::Random => random.permutation(n)[..part(n)].to_vec(),
            Split::Stratified(classes, names) => {
                let mut held_out = Vec::new();
                for rows in by_class(table, classes, names, 2)? {
                    let order = random.permutation(rows.len());
                    held_out.extend(order[..part(rows.len())].iter().map(|i| rows[*i]));
                }
                held_out
            }
            Split::Group(column) => {
                group::held_out(&group::groups(table, column, 2)?, fraction * n as f64, random)
            }
            Split::Time(column) => time::Timeline::new(table, column, 2)?.latest(fraction * n as f64),
        };
        Ok(training_and_validation(n, &held_out))
    }

    /// Splits the rows into `k` folds and returns the training rows and the validation rows of each,
    /// in the order of the table. Every row belongs to at most one validation set, and no validation
    /// set is empty.
    ///
    /// Folds by time are an expanding window: the rows in order of time are cut into `k + 1` blocks
    /// of about equal size, and fold `i`, counted from 1, trains on the first `i` blocks and
    /// validates on the next one, so that all of its training rows precede its validation rows. The
    /// rows of the first block are in no validation set.
    ///
    /// For all other splits, every row belongs to exactly one validation set, and the training rows
    /// of a fold are all other rows. Random and stratified folds have equal sizes, up to one row.
    /// Folds by group are at least as even as the result of assigning the largest groups first,
    /// each to the smallest fold.
    ///
    /// # Errors
    /// Returns the same errors as [`once`](Split::once), with `k` as the minimum number of rows,
    /// rows of a class and groups, and `k + 1` as the minimum number of moments.
    ///
    /// ```
    /// use chainrule::random::RandomState;
    /// use chainrule_table::{Column, Split, Table, Values};
    ///
    /// let day = Column::new("day", Values::Numbers(vec![3.0, 2.0, 1.0]));
    /// let table = Table::new(vec![day.clone()]);
    /// let folds = Split::Time(&day).folds(&table, 2, &mut RandomState::new(0))?;
    /// assert_eq!(folds, [[vec![2], vec![1]], [vec![1, 2], vec![0]]]);
    /// # Ok::<(), chainrule_table::Error>(())
    /// ```
    pub fn folds(
        &self,
        table: &Table,
        k: usize,
        random: &mut RandomState,
    ) -> Result<Vec<[Vec<usize>; 2]>, Error> {
        let n = table.n_rows();
        check_rows(table, n, k.max(2))?;
        let mut folds = vec![Vec::new(); k];
        let mut deal = |rows: &[usize], order: Vec<usize>, first: usize| {
            order.into_iter().enumerate().for_each(|(j, i)| folds[(first + j) % k].push(rows[i]));
        };
        match self {
            Split::Random => deal(&(0..n).collect::<Vec<_>>(), random.permutation(n), 0),
            Split::Stratified(classes, names) => {
                // Each class starts at the fold after the previous class, which balances fold
                // sizes.
                let mut n_dealt = 0;
                for rows in by_class(table, classes, names, k)? {
                    deal(&rows, random.permutation(rows.len()), n_dealt);
                    n_dealt += rows.len();
                }
            }
            Split::Group(column) => {
                folds = group::balanced_folds(&group::groups(table, column, k)?, k, random);
            }
            Split::Time(column) => {
                let mut windows = time::Timeline::new(table, column, k + 1)?.expanding_windows(k);
                windows.iter_mut().flatten().for_each(|rows| rows.sort_unstable());
                return Ok(windows);
            }
        }
        Ok(folds.iter().map(|held_out| training_and_validation(n, held_out)).collect())
    }
}

/// Returns the rows that are not held out and those that are, in ascending order.
fn training_and_validation(n: usize, held_out: &[usize]) -> [Vec<usize>; 2] {
    let mut is_held_out = vec![false; n];
    held_out.iter().for_each(|i| is_held_out[*i] = true);
    [false, true].map(|side| (0..n).filter(|i| is_held_out[*i] == side).collect())
}

fn check_rows(table: &Table, got: usize, needed: usize) -> Result<(), Error> {
    if got >= needed { Ok(()) } else { Err(Error::new(&table.path, Problem::FewRows { got, needed })) }
}

/// Returns the rows of each class that occurs.
fn by_class(
    table: &Table,
    classes: &[usize],
    names: &[String],
    needed: usize,
) -> Result<Vec<Vec<usize>>, Error> {
    let mut rows = vec![Vec::new(); names.len()];
    classes.iter().enumerate().for_each(|(i, class)| rows[*class].push(i));
    let too_small = rows.iter().zip(names).find(|(rows, _)| !rows.is_empty() && rows.len() < needed);
    if let Some((rows, class)) = too_small {
        return Err(Error::new(
            &table.path,
            Problem::FewOfClass { class: class.clone(), got: rows.len(), needed },
        ));
    }
    Ok(rows.into_iter().filter(|rows| !rows.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Strings, Values};

    fn table(n: usize) -> Table {
        Table::new(vec![Column::new("x", Values::Numbers((0..n).map(|i| i as f64).collect()))])
    }

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|k| format!("c{k}")).collect()
    }

    #[test]
    fn a_stratified_split_preserves_class_proportions() {
        let classes: Vec<usize> =
            (0..60).map(|i| usize::from(i % 6 == 0) + usize::from(i % 12 == 0)).collect();
        let names = names(3);
        let split = Split::Stratified(&classes, &names);
        let [training, validation] = split.once(&table(60), 0.2, &mut RandomState::new(1)).unwrap();
        assert_eq!((training.len(), validation.len()), (48, 12));
        let count = |class| validation.iter().filter(|i| classes[**i] == class).count();
        assert_eq!([count(0), count(1), count(2)], [10, 1, 1]);
        let mut all = [training, validation].concat();
        all.sort_unstable();
        assert_eq!(all, (0..60).collect::<Vec<_>>());
        let folds = split.folds(&table(60), 5, &mut RandomState::new(1)).unwrap();
        assert!(
            folds.iter().all(|[_, rows]| rows.len() == 12 && rows.iter().any(|i| classes[*i] == 2)),
            "{folds:?}"
        );
        let error = Split::Stratified(&[0, 0, 1], &names[..2]).once(&table(3), 0.2, &mut RandomState::new(1));
        assert!(error.unwrap_err().to_string().contains("the class \"c1\" has 1 sample, but"));
    }

    #[test]
    fn groups_stay_together_and_the_latest_rows_are_held_out() {
        let cells: Vec<Option<&str>> = (0..40).map(|i| Some(["a", "b", "c", "d"][i / 10])).collect();
        let group = Column::new("g", Values::Strings(cells.into_iter().collect::<Strings>()));
        let [training, validation] =
            Split::Group(&group).once(&table(40), 0.2, &mut RandomState::new(3)).unwrap();
        assert_eq!(validation.len(), 10);
        assert!(training.iter().all(|i| i / 10 != validation[0] / 10));
        let folds = Split::Group(&group).folds(&table(40), 2, &mut RandomState::new(3)).unwrap();
        assert_eq!(folds.iter().map(|[_, rows]| rows.len()).collect::<Vec<_>>(), [20, 20]);
        assert!(Split::Group(&group).folds(&table(40), 5, &mut RandomState::new(3)).is_err());

        let time = Column::new("when", Values::Dates((0..10).map(|i| f64::from((i * 7) % 10)).collect()));
        let [_, validation] = Split::Time(&time).once(&table(10), 0.3, &mut RandomState::new(3)).unwrap();
        assert_eq!(validation, [1, 4, 7]);
    }

    #[test]
    fn a_split_depends_only_on_the_seed() {
        let once = |seed| Split::Random.once(&table(50), 0.2, &mut RandomState::new(seed)).unwrap();
        assert_eq!(once(4), once(4));
        assert_ne!(once(4), once(5));
        assert_eq!(once(4)[1].len(), 10);
    }
}
