//! Detection of dead and saturated hidden units on a subset of the training samples.

use crate::Error;
use crate::kernel::Scalar;
use crate::network::Architecture;
use crate::objective::Evaluate;

/// Maximum number of tracked samples, evenly spaced in the training samples.
const MAX_TRACKED_SAMPLES: usize = 256;

/// Tracks the derivatives of all hidden units.
pub(super) struct UnitTracker {
    rows: Vec<u32>,
    /// Maximum derivative of the activation for each hidden layer.
    max_slopes: Vec<f64>,
}

/// Numbers of dead, saturated and all units of a hidden layer.
#[expect(clippy::struct_field_names, reason = "counts have the prefix n_ everywhere")]
pub(super) struct UnitCounts {
    pub(super) n_dead: usize,
    pub(super) n_saturated: usize,
    pub(super) n_units: usize,
}

impl UnitTracker {
    /// Tracks the units on some of `rows`, the training rows in the order of the data, so that the
    /// tracked samples do not depend on where in an epoch training was resumed.
    pub(super) fn new(architecture: &Architecture, rows: &[u32]) -> UnitTracker {
        let n = rows.len().min(MAX_TRACKED_SAMPLES);
        let hidden = &architecture.layers()[..architecture.layers().len() - 1];
        UnitTracker {
            rows: (0..n).map(|i| rows[i * rows.len() / n]).collect(),
            max_slopes: hidden.iter().map(|layer| layer.activation.greatest_slope()).collect(),
        }
    }

    /// Counts the units of each hidden layer at these parameters.
    pub(super) fn count<T: Scalar>(
        &self,
        objective: &mut dyn Evaluate<T>,
        parameters: &[T],
    ) -> Result<Vec<UnitCounts>, Error> {
        let slopes = objective.max_slopes(parameters, &self.rows)?;
        let counts = |(slopes, max): (&Vec<f64>, &f64)| {
            let count = |test: &dyn Fn(f64) -> bool| slopes.iter().filter(|slope| test(**slope)).count();
            UnitCounts {
                n_dead: count(&|slope| slope == 0.0),
                n_saturated: count(&|slope| slope > 0.0 && slope < max / 20.0),
                n_units: slopes.len(),
            }
        };
        Ok(slopes.iter().zip(&self.max_slopes).map(counts).collect())
    }
}
