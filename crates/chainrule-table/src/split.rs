//! Splits of rows into a training set and a validation set, or into folds: random, stratified, by
//! group or by time.

use chainrule::random::RandomState;

use crate::{Column, Error, Problem, Table, Values};

/// The method by which rows are split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split<'a> {
    /// Random split.
    Random,
    /// Random within each class, so that each part has the same class proportions. Contains the
    /// class of each row and the names of the classes.
    Stratified(&'a [usize], &'a [String]),
    /// Random by group: rows with the same value in the column stay together.
    Group(&'a Column),
    /// By time: the rows with the largest values in the column are held out.
    Time(&'a Column),
}

impl Split<'_> {
    /// Splits the rows into a training set and a validation set, which contains the given fraction
    /// of the rows. Each set is in the order of the table.
    ///
    /// # Errors
    /// Returns [`Problem::FewRows`], [`Problem::FewOfClass`] or [`Problem::FewGroups`] if there are
    /// fewer than two rows, rows of a class or groups. A split by time returns
    /// [`Problem::MissingTime`] if a time is missing and [`Problem::WrongKind`] if the column
    /// contains strings.
    pub fn once(
        &self,
        table: &Table,
        fraction: f64,
        random: &mut RandomState,
    ) -> Result<[Vec<usize>; 2], Error> {
        let n = table.n_rows();
        let part = |n: usize| ((fraction * n as f64).round() as usize).clamp(1, n.max(2) - 1);
        check_rows(table, n, 2)?;
        let mut held_out = vec![false; n];
        match self {
            Split::Random => random.permutation(n)[..part(n)].iter().for_each(|i| held_out[*i] = true),
            Split::Stratified(classes, names) => {
                for rows in by_class(table, classes, names, 2)? {
                    let order = random.permutation(rows.len());
                    order[..part(rows.len())].iter().for_each(|i| held_out[rows[*i]] = true);
                }
            }
            Split::Group(column) => {
                let groups = groups(table, column, 2)?;
                // Random groups are held out until there are enough rows; at least one group
                // remains.
                let (n_requested, mut n_held_out) = (part(n), 0);
                for k in &random.permutation(groups.len())[1..] {
                    if n_held_out < n_requested {
                        groups[*k].iter().for_each(|i| held_out[*i] = true);
                        n_held_out += groups[*k].len();
                    }
                }
            }
            Split::Time(column) => {
                let order = sorted_by_time(table, column)?;
                order[n - part(n)..].iter().for_each(|i| held_out[*i] = true);
            }
        }
        let rows = |is_held_out: bool| (0..n).filter(|i| held_out[*i] == is_held_out).collect();
        Ok([rows(false), rows(true)])
    }

    /// Splits the rows into `k` folds and returns the validation rows of each. Every row belongs to
    /// exactly one fold. Folds by time are consecutive.
    ///
    /// # Errors
    /// Returns the same errors as [`once`](Split::once), with `k` as the minimum number of rows,
    /// rows of a class and groups.
    pub fn folds(&self, table: &Table, k: usize, random: &mut RandomState) -> Result<Vec<Vec<usize>>, Error> {
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
                let mut groups = groups(table, column, k)?;
                let order = random.permutation(groups.len());
                let mut shuffled: Vec<Vec<usize>> =
                    order.into_iter().map(|g| std::mem::take(&mut groups[g])).collect();
                // The largest groups are assigned first, each to the smallest fold.
                shuffled.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
                for rows in shuffled {
                    let smallest = (0..k).min_by_key(|f| folds[*f].len()).unwrap_or(0);
                    folds[smallest].extend(rows);
                }
            }
            Split::Time(column) => {
                let order = sorted_by_time(table, column)?;
                for (f, fold) in folds.iter_mut().enumerate() {
                    fold.extend(&order[n * f / k..n * (f + 1) / k]);
                }
            }
        }
        folds.iter_mut().for_each(|rows| rows.sort_unstable());
        Ok(folds)
    }
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

/// Returns the rows of each group. A row with a missing group forms a group of its own.
fn groups(table: &Table, column: &Column, needed: usize) -> Result<Vec<Vec<usize>>, Error> {
    let mut indices = std::collections::HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for i in 0..table.n_rows() {
        match column.values.text(i) {
            None => groups.push(vec![i]),
            Some(name) => {
                let k = *indices.entry(name).or_insert_with(|| {
                    groups.push(Vec::new());
                    groups.len() - 1
                });
                groups[k].push(i);
            }
        }
    }
    if groups.len() < needed {
        let problem = Problem::FewGroups { got: groups.len(), needed };
        return Err(Error::new(&table.path, problem).column(column.name.clone()));
    }
    Ok(groups)
}

/// Returns the rows in ascending order of a column; equal times keep the order of the table.
fn sorted_by_time(table: &Table, column: &Column) -> Result<Vec<usize>, Error> {
    let (Values::Numbers(values) | Values::Dates(values)) = &column.values else {
        let problem = Problem::WrongKind { kind: "date", found: column.values.describe() };
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
            folds.iter().all(|rows| rows.len() == 12 && rows.iter().any(|i| classes[*i] == 2)),
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
        assert_eq!(folds.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20]);
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
