//! Prediction without allocation: of batches at the forward pass's speed, and of one sample as soon as may be.

use super::forward::forward_to_outputs;
use super::network::Network;
use super::tile::{TILE, Tile};
use crate::kernel::Scalar;
use crate::kernel::aligned::Aligned;
use crate::kernel::sample::{self, whole};

/// A [`Network`] with all the room that its predictions take, made by [`Network::predictor`].
///
/// Samples go through the network in tiles of 64, side by side. A few go one after another with each layer's units side
/// by side instead, for which the predictor holds a copy of the parameters. A sample's outputs are the same bits either
/// way.
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
    /// Each layer's parameters once more, units side by side.
    rows: Vec<Aligned<T>>,
    /// One sample's a in a layer and in the one before, and its z where softmax needs them apart.
    a: Aligned<T>,
    a_before: Aligned<T>,
    z: Aligned<T>,
}

impl<'n, T: Scalar> Predictor<'n, T> {
    /// At most so many samples go one after another. A tile has a vector of samples at least, which takes as long as
    /// four samples (f32) or two (f64) of a small network, and as twice as many of a wide one.
    const FEW: usize = T::WIDTH / 4;

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
            a_before: zeros(),
            z: zeros(),
        }
    }

    /// The outputs `y` (n, n_outputs) for the inputs `x` (n, n_inputs), both row-major, of any number of samples.
    ///
    /// `y` is overwritten. Nothing is allocated.
    ///
    /// # Panics
    /// When `x` does not hold whole rows of inputs, or `y` not a row of outputs for each of them.
    pub fn predict(&mut self, x: &[T], y: &mut [T]) {
        let architecture = self.network.architecture();
        let (n_in, n_out) = (architecture.n_inputs(), architecture.n_outputs());
        let n = x.len() / n_in;
        assert_eq!(x.len(), n * n_in, "x must hold whole rows of {n_in} inputs");
        assert_eq!(y.len(), n * n_out, "y must hold {n} rows of {n_out} outputs");
        for (x, y) in x.chunks(n_in * TILE).zip(y.chunks_mut(n_out * TILE)) {
            if x.len() <= n_in * Self::FEW {
                for (x, y) in x.chunks_exact(n_in).zip(y.chunks_exact_mut(n_out)) {
                    self.predict_one(x, y);
                }
            } else {
                self.predict_tile(x, y);
            }
        }
    }

    /// Units side by side, layer after layer from the inputs `a_0 = x`: `a_l = f_l(a_{l-1}·W_l + b_l)`.
    fn predict_one(&mut self, x: &[T], y: &mut [T]) {
        let architecture = self.network.architecture();
        for (l, (layer, rows)) in architecture.layers().iter().zip(&self.rows).enumerate() {
            let a_before = if l == 0 { x } else { &self.a_before[..architecture.n_in(l)] };
            let width = whole::<T>(layer.n_units);
            let (z, a) = (&mut self.z[..width], &mut self.a[..width]);
            layer.activation.after_product(layer.n_units, a_before, rows, z, a);
            std::mem::swap(&mut self.a, &mut self.a_before);
        }
        y.copy_from_slice(&self.a_before[..y.len()]);
    }

    /// Samples side by side.
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
