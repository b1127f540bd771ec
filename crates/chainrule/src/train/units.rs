//! Detection of dead and saturated hidden units on a subset of the training samples.

use crate::dataset::DataSource;
use crate::kernel::Scalar;
use crate::network::Architecture;
use crate::network::forward::forward;
use crate::network::tile::{TILE, Tile};

/// Maximum number of tracked samples, evenly spaced in the training samples.
const MAX_TRACKED_SAMPLES: usize = 256;

/// Tracks the derivatives of all hidden units.
pub(super) struct UnitTracker<T> {
    rows: Vec<usize>,
    tile: Tile<T>,
    /// Maximum derivative of the activation for each hidden layer, and the maximum over the tracked
    /// samples for each unit.
    layers: Vec<(f64, Vec<f64>)>,
    slopes: Vec<T>,
}

/// Numbers of dead, saturated and all units of a hidden layer.
#[expect(clippy::struct_field_names, reason = "counts have the prefix n_ everywhere")]
pub(super) struct UnitCounts {
    pub(super) n_dead: usize,
    pub(super) n_saturated: usize,
    pub(super) n_units: usize,
}

impl<T: Scalar> UnitTracker<T> {
    pub(super) fn new(
        architecture: &Architecture,
        data: &dyn DataSource<T>,
        training_rows: &[usize],
    ) -> UnitTracker<T> {
        let n = training_rows.len().min(MAX_TRACKED_SAMPLES);
        // In the order of the data, so that the tracked samples do not depend on where in an epoch
        // training was resumed.
        let mut training_rows = training_rows.to_vec();
        training_rows.sort_unstable();
        let hidden = &architecture.layers()[..architecture.layers().len() - 1];
        let widest = hidden.iter().map(|layer| layer.n_units).max().unwrap_or(0);
        UnitTracker {
            rows: (0..n).map(|i| training_rows[i * training_rows.len() / n]).collect(),
            tile: Tile::new(architecture, data.n_targets()),
            layers: hidden
                .iter()
                .map(|layer| (layer.activation.greatest_slope(), vec![0.0; layer.n_units]))
                .collect(),
            slopes: vec![T::ZERO; widest * TILE],
        }
    }

    /// Counts the units of each hidden layer at these parameters.
    pub(super) fn count(
        &mut self,
        architecture: &Architecture,
        parameters: &[T],
        data: &dyn DataSource<T>,
    ) -> impl Iterator<Item = UnitCounts> {
        self.layers.iter_mut().for_each(|(_, greatest)| greatest.fill(0.0));
        for rows in self.rows.chunks(TILE) {
            self.tile.load(data, rows);
            forward(architecture, parameters, &mut self.tile, None);
            for (l, (_, greatest)) in self.layers.iter_mut().enumerate() {
                let n = self.tile.columns();
                let slopes = &mut self.slopes[..greatest.len() * n];
                architecture.layers()[l].activation.slopes(self.tile.z(l), self.tile.a(l), slopes);
                for (greatest, slopes) in greatest.iter_mut().zip(slopes.chunks_exact(n)) {
                    *greatest = slopes.iter().fold(*greatest, |max, slope| max.max(slope.to_f64().abs()));
                }
            }
        }
        self.layers.iter().map(|(max_slope, greatest)| {
            let count = |test: &dyn Fn(f64) -> bool| greatest.iter().filter(|slope| test(**slope)).count();
            UnitCounts {
                n_dead: count(&|slope| slope == 0.0),
                n_saturated: count(&|slope| slope > 0.0 && slope < max_slope / 20.0),
                n_units: greatest.len(),
            }
        })
    }
}
