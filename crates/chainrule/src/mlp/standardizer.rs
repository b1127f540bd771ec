//! Standardisation of columns to mean 0 and standard deviation 1.

use crate::dataset::{check_finite, shortest};
use crate::{Error, Scalar};

/// Smallest standard deviation of a column that is not constant, relative to its largest number.
const MIN_DEVIATION: f64 = 1e-12;

/// Mean and standard deviation of each column, computed in f64.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Standardizer {
    pub(super) mean: Vec<f64>,
    /// Standard deviation, 0 for a constant column.
    pub(super) deviation: Vec<f64>,
}

impl Standardizer {
    /// Computes the means and standard deviations of at least one row of `values`.
    pub(super) fn fit<T: Scalar>(
        what: &'static str,
        values: &[T],
        n_columns: usize,
    ) -> Result<Standardizer, Error> {
        check_finite(what, values, n_columns)?;
        let column = |j: usize| values[j..].iter().step_by(n_columns).map(|v| v.to_f64());
        let n = (values.len() / n_columns) as f64;
        let (mut means, mut deviations) = (Vec::new(), Vec::new());
        for j in 0..n_columns {
            // Divided by the largest number, no square overflows.
            let largest = column(j).fold(0.0, |largest, v| v.abs().max(largest));
            let unit = if largest == 0.0 { 1.0 } else { largest };
            let mean = column(j).map(|v| v / unit).sum::<f64>() / n;
            let variance = column(j).map(|v| (v / unit - mean) * (v / unit - mean)).sum::<f64>() / n;
            means.push(mean * unit);
            deviations.push(if variance.sqrt() > MIN_DEVIATION { variance.sqrt() * unit } else { 0.0 });
        }
        Ok(Standardizer { mean: means, deviation: deviations })
    }

    /// Returns `(v - mean)/deviation` for each number, and 0 in constant columns.
    pub(super) fn apply<T: Scalar>(&self, what: &'static str, values: &[T]) -> Result<Vec<T>, Error> {
        let n_columns = self.mean.len();
        check_finite(what, values, n_columns)?;
        let mut standardised = values.to_vec();
        for (i, row) in standardised.chunks_exact_mut(n_columns).enumerate() {
            for (j, ((v, mean), deviation)) in row.iter_mut().zip(&self.mean).zip(&self.deviation).enumerate()
            {
                let z = if *deviation == 0.0 { 0.0 } else { (v.to_f64() - mean) / deviation };
                let z = T::from_f64(z);
                if !z.is_finite() {
                    let (row, column, value, precision) = (i + 1, j + 1, shortest(*v), T::NAME);
                    return Err(Error::TooLarge { what, row, column, value, precision });
                }
                *v = z;
            }
        }
        Ok(standardised)
    }

    /// Replaces each number by `v·deviation + mean`.
    pub(super) fn undo<T: Scalar>(&self, values: &mut [T]) {
        for row in values.chunks_exact_mut(self.mean.len()) {
            for ((v, mean), deviation) in row.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *v = T::from_f64(v.to_f64() * deviation + mean);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Standardizer;

    #[test]
    fn columns_have_mean_0_and_deviation_1_and_constant_columns_are_0() {
        let values = [1.0, 0.1, 4.0, 0.1, 9.0, 0.1, 2.0, 0.1];
        let standardizer = Standardizer::fit("x", &values, 2).unwrap();
        let standardised = standardizer.apply("x", &values).unwrap();
        let column: Vec<f64> = standardised.iter().copied().step_by(2).collect();
        assert!(column.iter().sum::<f64>().abs() < 1e-14);
        assert!((column.iter().map(|v| v * v).sum::<f64>() - 4.0).abs() < 1e-14);
        assert!(standardised.iter().skip(1).step_by(2).all(|v| *v == 0.0));
        assert_eq!(standardizer.apply("x", &[4.0, 7.0]).unwrap()[1], 0.0, "a constant column is ignored");

        let mut undone = standardised;
        standardizer.undo(&mut undone);
        assert!(undone.iter().zip(&values).all(|(a, b)| (a - b).abs() < 1e-14), "{undone:?}");
    }

    #[test]
    fn large_and_small_numbers_do_not_overflow() {
        for unit in [1e300, 1e-300, 5e-324] {
            let values = [unit, -unit, unit, -unit];
            let standardised = Standardizer::fit("x", &values, 1).unwrap().apply("x", &values).unwrap();
            assert_eq!(standardised, [1.0, -1.0, 1.0, -1.0]);
        }
        let far = Standardizer::fit("x", &[0.0_f32, 1e-30], 1).unwrap().apply("x", &[1e30_f32]).unwrap_err();
        assert_eq!(
            far.to_string(),
            "x is 1e30 in row 1, column 1 (both counted from 1), which is too large for f32; scale the column, or use f64"
        );
    }
}
