//! Samples with standardised inputs, and the conversion of parameters to the original inputs.

use std::sync::Arc;

use crate::kernel::gather::gather;
use crate::{DataSource, Dataset, Error};

/// Smallest standard deviation of an input that is not constant, relative to its mean.
const MIN_DEVIATION: f64 = 1e-12;

/// Scaling of the targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TargetScale {
    /// Weighted mean 0 and standard deviation 1 for each target.
    Standard,
    /// No scaling.
    Unchanged,
}

/// The samples of a dataset with standardised inputs `(x - mean)·inverse_deviation`.
///
/// The inputs are standardised when a tile is loaded, not copied. The inverse deviation of a
/// constant input is 0.
pub(super) struct Standardised {
    data: Arc<Dataset<f64>>,
    x: Vec<ColumnScale>,
    t: Vec<ColumnScale>,
}

/// Mean and standard deviation of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
struct ColumnScale {
    mean: f64,
    deviation: f64,
    /// `1/deviation`, or 0 for a constant column.
    inverse: f64,
}

impl ColumnScale {
    const IDENTITY: ColumnScale = ColumnScale { mean: 0.0, deviation: 1.0, inverse: 1.0 };
}

impl Standardised {
    /// Computes the scales over `rows`, at least one of which has a positive weight.
    pub(super) fn new(data: Arc<Dataset<f64>>, rows: &[u32], targets: TargetScale) -> Standardised {
        let x = scales(data.x(), data.n_inputs(), data.weights(), rows);
        let t = match targets {
            TargetScale::Standard => scales(data.t(), data.n_targets(), data.weights(), rows),
            TargetScale::Unchanged => vec![ColumnScale::IDENTITY; data.n_targets()],
        };
        Standardised { data, x, t }
    }

    /// Copies inputs and weights into a tile, like [`DataSource::gather`].
    pub(super) fn gather_inputs(&self, rows: &[u32], x: &mut [f64], weight: &mut [f64]) {
        gather(self.data.x(), self.data.n_inputs(), rows, x);
        scale_columns(x, &self.x, rows.len());
        match self.data.weights() {
            None => weight.fill(1.0),
            Some(weights) => gather(weights, 1, rows, weight),
        }
    }

    /// Returns the weighted mean of each scaled target over `rows`.
    pub(super) fn mean_targets(&self, rows: &[u32]) -> Vec<f64> {
        let means = means(self.data.t(), self.data.n_targets(), self.data.weights(), rows);
        means.iter().zip(&self.t).map(|(mean, scale)| (mean - scale.mean) * scale.inverse).collect()
    }

    /// Converts parameters for the standardised inputs and targets to parameters for the original
    /// ones. Both consist of `W` (n_inputs, n_outputs), then `b` (n_outputs).
    ///
    /// With deviations σ and means μ, `W = W'·σ_t/σ_x` and `b = b'·σ_t + μ_t - μ_x·W`.
    pub(super) fn original(&self, parameters: &[f64], n_outputs: usize) -> Vec<f64> {
        let mut original = parameters.to_vec();
        let (w, b) = original.split_at_mut(self.x.len() * n_outputs);
        // The targets are not scaled if the loss has several outputs per target.
        let t = |k: usize| self.t.get(k).copied().unwrap_or(ColumnScale::IDENTITY);
        b.iter_mut().enumerate().for_each(|(k, b)| *b = *b * t(k).deviation + t(k).mean);
        for (w, x) in w.chunks_exact_mut(n_outputs).zip(&self.x) {
            for (k, (w, b)) in w.iter_mut().zip(&mut *b).enumerate() {
                *w *= t(k).deviation * x.inverse;
                *b -= x.mean * *w;
            }
        }
        original
    }
}

impl DataSource<f64> for Standardised {
    fn n_samples(&self) -> usize {
        self.data.n_samples()
    }

    fn n_inputs(&self) -> usize {
        self.data.n_inputs()
    }

    fn n_targets(&self) -> usize {
        self.data.n_targets()
    }

    fn gather(&self, rows: &[u32], x: &mut [f64], t: &mut [f64], weight: &mut [f64]) -> Result<(), Error> {
        self.gather_inputs(rows, x, weight);
        self.gather_targets(rows, t)
    }

    fn gather_targets(&self, rows: &[u32], t: &mut [f64]) -> Result<(), Error> {
        gather(self.data.t(), self.data.n_targets(), rows, t);
        scale_columns(t, &self.t, rows.len());
        Ok(())
    }
}

/// Scales the columns of a tile of `n` samples.
fn scale_columns(values: &mut [f64], scales: &[ColumnScale], n: usize) {
    for (column, ColumnScale { mean, inverse, .. }) in values.chunks_exact_mut(n).zip(scales) {
        column.iter_mut().for_each(|v| *v = (*v - mean) * inverse);
    }
}

/// Computes `Σ w·v / Σ w` of each column over `rows`.
fn means(values: &[f64], n_columns: usize, weights: Option<&[f64]>, rows: &[u32]) -> Vec<f64> {
    let (mut sums, mut total) = (vec![0.0; n_columns], 0.0);
    for i in rows.iter().map(|i| *i as usize) {
        let w = weights.map_or(1.0, |weights| weights[i]);
        total += w;
        sums.iter_mut().zip(&values[i * n_columns..]).for_each(|(sum, v)| *sum += w * v);
    }
    sums.iter().map(|sum| sum / total).collect()
}

fn scales(values: &[f64], n_columns: usize, weights: Option<&[f64]>, rows: &[u32]) -> Vec<ColumnScale> {
    let means = means(values, n_columns, weights, rows);
    let (mut squares, mut total) = (vec![0.0; n_columns], 0.0);
    for i in rows.iter().map(|i| *i as usize) {
        let w = weights.map_or(1.0, |weights| weights[i]);
        total += w;
        let row = values[i * n_columns..].iter().zip(&means);
        squares.iter_mut().zip(row).for_each(|(sum, (v, mean))| *sum += w * (v - mean) * (v - mean));
    }
    let scale = |(mean, sum): (&f64, &f64)| {
        let deviation = (sum / total).sqrt();
        let inverse = if deviation > MIN_DEVIATION * mean.abs() { 1.0 / deviation } else { 0.0 };
        ColumnScale { mean: *mean, deviation, inverse }
    };
    means.iter().zip(&squares).map(scale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_standardised_by_their_weights_and_constant_columns_are_0() {
        let x = vec![1.0, 0.1, 4.0, 0.1, 9.0, 7.0, 1.0, 0.1];
        let data = Dataset::new(x, 2, vec![0.0, 1.0, 5.0, 2.0], 1).unwrap();
        let data = data.with_weights(vec![1.0, 2.0, 0.0, 1.0]).unwrap();
        let rows = [0, 1, 3];
        let standardised = Standardised::new(Arc::new(data), &rows, TargetScale::Standard);
        let (mut x, mut t, mut weight) = ([0.0; 6], [0.0; 3], [0.0; 3]);
        standardised.gather(&rows, &mut x, &mut t, &mut weight).unwrap();
        assert_eq!(x, [-1.0, 1.0, -1.0, 0.0, 0.0, 0.0]);
        assert_eq!(weight, [1.0, 2.0, 1.0]);
        assert!((t[0] + 2f64.sqrt()).abs() < 1e-15 && t[1] == 0.0);
        assert!(standardised.mean_targets(&rows)[0].abs() < 1e-15);
    }
}
