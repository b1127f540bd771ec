//! The rows on which encoders are fitted.

/// The rows of a table on which encoders are fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainingRows<'r> {
    /// Indices of the rows.
    pub rows: &'r [usize],
    /// Weight of every row of the table, if they differ. Means, standard deviations and quantiles
    /// are weighted.
    pub weights: Option<&'r [f64]>,
}

impl<'r> From<&'r [usize]> for TrainingRows<'r> {
    fn from(rows: &'r [usize]) -> TrainingRows<'r> {
        TrainingRows { rows, weights: None }
    }
}

impl TrainingRows<'_> {
    /// Returns the weights of the given rows.
    pub(super) fn weights_of(&self, rows: &[usize]) -> Option<Vec<f64>> {
        self.weights.map(|weights| rows.iter().map(|i| weights[*i]).collect())
    }
}
