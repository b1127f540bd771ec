//! Prediction without allocation, in tiles for high throughput or sample by sample for low latency.

use super::forward::forward_to_outputs;
use super::network::Network;
use super::tile::Tile;
use crate::kernel::aligned::Aligned;
use crate::kernel::sample::{self, whole};
use crate::kernel::{Scalar, TILE};

/// A [`Network`] with preallocated prediction buffers, created by [`Network::predictor`].
///
/// Samples are processed in tiles of 64, with the samples on the SIMD lanes. A small number of
/// samples is processed one by one, with the units of each layer on the lanes, for which the
/// predictor has a copy of the parameters. Both paths give bit-identical outputs.
///
/// ```
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation};
///
/// let architecture = Architecture::new(2, vec![Layer::new(1, Activation::logistic())])?;
/// let network = Network::new(architecture, vec![1.0, 2.0, 0.0])?;
/// let mut predictor = network.predictor();
/// let mut y = [0.0; 2];
/// predictor.predict(&[2.0, -1.0, 800.0, 0.0], &mut y);
/// assert_eq!(y, [0.5, 1.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Debug)]
pub struct Predictor<'n, T> {
    network: &'n Network<T>,
    tile: Tile<T>,
    /// Copy of each layer's parameters, a row of b followed by the rows of W, padded to whole SIMD
    /// vectors.
    rows: Vec<Aligned<T>>,
    /// Activations of one sample in the current layer.
    a: Aligned<T>,
    /// Activations of one sample in the previous layer.
    a_prev: Aligned<T>,
    /// Pre-activations of one sample; only used by softmax.
    z: Aligned<T>,
}

impl<T: Scalar> Network<T> {
    /// Computes the outputs y (n, n_outputs) for the inputs x (n, n_inputs), both row-major.
    ///
    /// Each call creates a [`Predictor`]; for repeated predictions, use [`Network::predictor`].
    ///
    /// # Panics
    /// Panics if the length of `x` is not a multiple of the number of inputs.
    pub fn predict(&self, x: &[T]) -> Vec<T> {
        let (n_in, n_out) = (self.architecture().n_inputs(), self.architecture().n_outputs());
        let mut y = vec![T::ZERO; x.len() / n_in * n_out];
        self.predictor().predict(x, &mut y);
        y
    }

    /// Creates a [`Predictor`], which allocates its buffers once for repeated predictions.
    pub fn predictor(&self) -> Predictor<'_, T> {
        Predictor::new(self)
    }
}

impl<'n, T: Scalar> Predictor<'n, T> {
    /// Maximum number of samples that are processed one by one. A tile has at least one SIMD vector
    /// of samples, which takes as long as four single samples (f32) or two (f64) in a small
    /// network, and as long as twice that number in a wide one.
    const MAX_ONE_BY_ONE: usize = T::WIDTH / 4;

    pub(super) fn new(network: &'n Network<T>) -> Predictor<'n, T> {
        let (architecture, parameters) = (network.architecture(), network.parameters());
        let rows = architecture.layers().iter().enumerate().map(|(l, layer)| {
            let (w, b) = (architecture.weights(l, parameters), architecture.bias(l, parameters));
            sample::rows(layer.n_units, w, b)
        });
        let widest = architecture.layers().iter().map(|layer| layer.n_units).max().unwrap_or(0);
        let zeros = || Aligned::zeros(whole::<T>(widest));
        Predictor {
            network,
            tile: Tile::new(architecture, 0),
            rows: rows.collect(),
            a: zeros(),
            a_prev: zeros(),
            z: zeros(),
        }
    }

    /// Computes the outputs `y` (n, n_outputs) for the inputs `x` (n, n_inputs), both row-major.
    ///
    /// `y` is overwritten. The number of samples n is arbitrary, and nothing is allocated.
    ///
    /// # Panics
    /// Panics if `x` does not consist of whole rows of inputs, or if `y` does not have one row of
    /// outputs per row of `x`.
    pub fn predict(&mut self, x: &[T], y: &mut [T]) {
        let architecture = self.network.architecture();
        let (n_in, n_out) = (architecture.n_inputs(), architecture.n_outputs());
        let n = x.len() / n_in;
        assert_eq!(x.len(), n * n_in, "x must contain whole rows of {n_in} inputs");
        assert_eq!(y.len(), n * n_out, "y must contain {n} rows of {n_out} outputs");
        for (x, y) in x.chunks(n_in * TILE).zip(y.chunks_mut(n_out * TILE)) {
            if x.len() <= n_in * Self::MAX_ONE_BY_ONE {
                for (x, y) in x.chunks_exact(n_in).zip(y.chunks_exact_mut(n_out)) {
                    self.predict_one(x, y);
                }
            } else {
                self.predict_tile(x, y);
            }
        }
    }

    /// Predicts one sample, layer by layer from `a_0 = x`: `a_l = f_l(a_{l-1}·W_l + b_l)`.
    fn predict_one(&mut self, x: &[T], y: &mut [T]) {
        let architecture = self.network.architecture();
        for (l, (layer, rows)) in architecture.layers().iter().zip(&self.rows).enumerate() {
            let a_prev = if l == 0 { x } else { &self.a_prev[..architecture.n_in(l)] };
            let width = whole::<T>(layer.n_units);
            let (z, a) = (&mut self.z[..width], &mut self.a[..width]);
            layer.activation.after_product(layer.n_units, a_prev, rows, z, a);
            std::mem::swap(&mut self.a, &mut self.a_prev);
        }
        y.copy_from_slice(&self.a_prev[..y.len()]);
    }

    /// Predicts up to [`TILE`] samples together.
    fn predict_tile(&mut self, x: &[T], y: &mut [T]) {
        let architecture = self.network.architecture();
        self.tile.load_inputs(x, architecture.n_inputs());
        forward_to_outputs(architecture, self.network.parameters(), &mut self.tile);
        let (n, outputs) = (self.tile.columns(), self.tile.a(architecture.layers().len() - 1));
        for (s, y) in y.chunks_exact_mut(architecture.n_outputs()).enumerate() {
            for (y, outputs) in y.iter_mut().zip(outputs.chunks_exact(n)) {
                *y = outputs[s];
            }
        }
    }
}
