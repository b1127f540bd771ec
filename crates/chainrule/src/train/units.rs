//! Which hidden units are dead or saturated, seen on a sample of the data.

use crate::dataset::DataSource;
use crate::kernel::Scalar;
use crate::network::Architecture;
use crate::network::forward::forward;
use crate::network::tile::{TILE, Tile};

/// At most this many samples are watched, evenly spread over the training samples.
const WATCHED: usize = 256;

/// Watches the slopes of all hidden units.
pub(super) struct UnitTracker<T> {
    rows: Vec<usize>,
    tile: Tile<T>,
    /// For each hidden layer: the activation's greatest slope, and each unit's greatest at the watched samples.
    layers: Vec<(f64, Vec<f64>)>,
    slopes: Vec<T>,
}

/// For one hidden layer: how many units are dead, how many saturated, of how many.
pub(super) struct Units {
    pub(super) dead: usize,
    pub(super) saturated: usize,
    pub(super) of: usize,
}

impl<T: Scalar> UnitTracker<T> {
    pub(super) fn new(
        architecture: &Architecture,
        data: &dyn DataSource<T>,
        training_rows: &[usize],
    ) -> UnitTracker<T> {
        let n = training_rows.len().min(WATCHED);
        // In the data's order: what is watched is then the same wherever in an epoch a training was taken up again.
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
    ) -> impl Iterator<Item = Units> {
        self.layers.iter_mut().for_each(|(_, greatest)| greatest.fill(0.0));
        for rows in self.rows.chunks(TILE) {
            self.tile.load(data, rows);
            forward(architecture, parameters, &mut self.tile, None);
            for (l, (_, greatest)) in self.layers.iter_mut().enumerate() {
                let n = self.tile.columns();
                let slopes = &mut self.slopes[..greatest.len() * n];
                architecture.layers()[l].activation.slopes(self.tile.z(l), self.tile.a(l), slopes);
                for (greatest, slopes) in greatest.iter_mut().zip(slopes.chunks_exact(n)) {
                    *greatest = slopes.iter().fold(*greatest, |most, slope| most.max(slope.to_f64().abs()));
                }
            }
        }
        self.layers.iter().map(|(possible, greatest)| {
            let count = |test: &dyn Fn(f64) -> bool| greatest.iter().filter(|slope| test(**slope)).count();
            Units {
                dead: count(&|slope| slope == 0.0),
                saturated: count(&|slope| slope > 0.0 && slope < possible / 20.0),
                of: greatest.len(),
            }
        })
    }
}
