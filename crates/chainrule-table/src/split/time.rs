//! Splits by time: the boundaries are between moments, so that rows of the same moment stay
//! together.

use super::size::nearest;
use crate::{Column, Error, Problem, Table, Values};

/// Rows in ascending order of time.
pub(super) struct Timeline {
    /// Rows by time; rows of the same moment are in the order of the table.
    order: Vec<usize>,
    /// Positions in `order` of the first row of each moment except the earliest, ascending.
    boundaries: Vec<usize>,
}

impl Timeline {
    /// Sorts the rows of a table by a column with at least `needed` moments.
    ///
    /// # Errors
    /// Returns [`Problem::WrongKind`] if the column contains strings, [`Problem::MissingTime`] if a
    /// time is missing, and [`Problem::FewMoments`] if there are fewer than `needed` moments.
    pub(super) fn new(table: &Table, column: &Column, needed: usize) -> Result<Timeline, Error> {
        let (Values::Numbers(values) | Values::Dates(values)) = &column.values else {
            let problem = Problem::WrongKind { kind: "date", found: column.values.describe() };
            return Err(Error::new(&table.path, problem).column(column.name.clone()));
        };
        if let Some(row) = values.iter().position(|v| v.is_nan()) {
            return Err(table.wrong(row, &column.name, Problem::MissingTime));
        }
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
        let boundaries: Vec<usize> =
            (1..order.len()).filter(|k| values[order[k - 1]] != values[order[*k]]).collect();
        let got = boundaries.len() + usize::from(!order.is_empty());
        if got < needed {
            let problem = Problem::FewMoments { got, needed };
            return Err(Error::new(&table.path, problem).column(column.name.clone()));
        }
        Ok(Timeline { order, boundaries })
    }

    /// Returns the latest rows. Their number is the possible one nearest to `requested`; at least one
    /// moment remains before them.
    pub(super) fn latest(&self, requested: f64) -> Vec<usize> {
        let n = self.order.len();
        let size = nearest(self.boundaries.iter().map(|first| n - first), requested);
        self.order[n - size.expect("there are at least two moments")..].to_vec()
    }

    /// Returns training rows and validation rows of each of `k` folds, in order of time.
    ///
    /// The moments are cut into `k + 1` blocks. Block `j` begins at the boundary nearest to
    /// `n·j/(k + 1)` of those that leave at least one moment for every block. Fold `i`, counted from
    /// 1, trains on the blocks `0..i` and validates on block `i`.
    pub(super) fn expanding_windows(&self, k: usize) -> Vec<[Vec<usize>; 2]> {
        let n = self.order.len();
        let (mut starts, mut n_used) = (Vec::with_capacity(k + 1), 0);
        for j in 1..=k {
            let possible = &self.boundaries[n_used..=self.boundaries.len() - 1 - (k - j)];
            let start = nearest(possible.iter().copied(), (n * j) as f64 / (k + 1) as f64);
            let start = start.expect("there are more moments than folds");
            n_used = self.boundaries.partition_point(|boundary| *boundary <= start);
            starts.push(start);
        }
        starts.push(n);
        starts
            .windows(2)
            .map(|ends| [self.order[..ends[0]].to_vec(), self.order[ends[0]..ends[1]].to_vec()])
            .collect()
    }
}
