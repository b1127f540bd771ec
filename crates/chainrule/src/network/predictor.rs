//! Prediction without allocation, in tiles for high throughput or sample by sample for low latency.

use super::forward::forward_to_outputs;
use super::network::Network;
use super::tile::Tile;
use crate::kernel::aligned::Aligned;
use crate::kernel::gather::copy_columns;
use crate::kernel::pool::{self, MAX_THREADS, threads};
use crate::kernel::sample::{self, whole};
use crate::kernel::{Scalar, TILE};

/// A [`Network`] with preallocated prediction buffers, created by [`Network::predictor`].
///
/// Samples are processed in tiles of 64, with the samples on the SIMD lanes, and on several threads
/// if there are enough of them. A small number of samples is processed one by one, with the units
/// of each layer on the lanes, for which the predictor has a copy of the parameters. The outputs
/// are bit-identical in each case.
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
    /// One workspace for each thread used so far.
    tiles: Vec<Tile<T>>,
    /// Layers for the prediction of single samples.
    layers: Vec<SampleLayer<T>>,
}

/// Copy of a layer's parameters and its values for one sample, padded to whole SIMD vectors.
#[derive(Debug)]
struct SampleLayer<T> {
    /// Parameters in the layout of [`sample::rows`].
    rows: Aligned<T>,
    /// Pre-activations; empty if the activation is elementwise.
    z: Aligned<T>,
    /// Activations.
    a: Aligned<T>,
}

impl<T: Scalar> Network<T> {
    /// Computes the outputs `y = a_L` (n, n_outputs) for the inputs `x = a_0` (n, n_inputs), both
    /// row-major, on as many threads as the amount of work justifies.
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
        let layers = architecture.layers().iter().enumerate().map(|(l, layer)| {
            let (w, b) = (architecture.weights(l, parameters), architecture.bias(l, parameters));
            let width = whole::<T>(layer.n_units);
            SampleLayer {
                rows: sample::rows(layer.n_units, w, b),
                z: Aligned::zeros(if layer.activation.is_softmax() { width } else { 0 }),
                a: Aligned::zeros(width),
            }
        });
        // The number of threads is determined here on first use, which allocates.
        let mut tiles = Vec::with_capacity(threads());
        tiles.push(Tile::new(architecture, 0));
        Predictor { network, tiles, layers: layers.collect() }
    }

    /// Computes the outputs `y = a_L` (n, n_outputs) for the inputs `x = a_0` (n, n_inputs), both
    /// row-major, layer by layer: `a_l = f_l(a_{l-1}·W_l + b_l)`.
    ///
    /// `y` is overwritten. The number of samples n is arbitrary. Many samples are distributed over
    /// several threads; the outputs do not depend on their number. Nothing is allocated, except for
    /// the workspaces of further threads when they are first used.
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
        if n == 1 {
            // The divisions below would take a tenth of the time of a small network.
            return self.predict_one(x, y);
        }
        let n_single = if n % TILE <= Self::MAX_ONE_BY_ONE { n % TILE } else { 0 };
        let (x, x_single) = x.split_at((n - n_single) * n_in);
        let (y, y_single) = y.split_at_mut((n - n_single) * n_out);
        if !y.is_empty() {
            self.predict_tiles(x, y);
        }
        for (x, y) in x_single.chunks_exact(n_in).zip(y_single.chunks_exact_mut(n_out)) {
            self.predict_one(x, y);
        }
    }

    /// Predicts one sample.
    fn predict_one(&mut self, x: &[T], y: &mut [T]) {
        let mut a_prev = x;
        for (layer, own) in self.network.architecture().layers().iter().zip(&mut self.layers) {
            layer.activation.after_product(layer.n_units, a_prev, &own.rows, &mut own.z, &mut own.a);
            a_prev = &own.a[..layer.n_units];
        }
        y.copy_from_slice(a_prev);
    }

    /// Predicts any number of samples in tiles, on one or several threads.
    fn predict_tiles(&mut self, x: &[T], y: &mut [T]) {
        let network = self.network;
        let architecture = network.architecture();
        let (n_in, n_out) = (architecture.n_inputs(), architecture.n_outputs());
        let n = y.len() / n_out;
        let n_threads = n_forward_threads(n, architecture.n_parameters());
        while self.tiles.len() < n_threads {
            self.tiles.push(Tile::new(architecture, 0));
        }
        let piece = samples_per_task(n, n_threads);
        // An array on the stack, because a vector would be allocated.
        let mut rest = y.chunks_mut(piece * n_out);
        let mut pieces: [&mut [T]; MAX_TASKS] = std::array::from_fn(|_| rest.next().unwrap_or_default());
        let pieces = &mut pieces[..n.div_ceil(piece)];
        pool::run(&mut self.tiles[..n_threads], pieces, &|tile: &mut Tile<T>, k, y| {
            let x = x[k * piece * n_in..].chunks(TILE * n_in);
            for (x, y) in x.zip(y.chunks_mut(TILE * n_out)) {
                predict_tile(network, tile, x, y);
            }
        });
    }
}

/// Predicts up to [`TILE`] samples together.
fn predict_tile<T: Scalar>(network: &Network<T>, tile: &mut Tile<T>, x: &[T], y: &mut [T]) {
    let architecture = network.architecture();
    tile.load_inputs(x, architecture.n_inputs());
    forward_to_outputs(architecture, network.parameters(), tile);
    let outputs = tile.a(architecture.layers().len() - 1);
    copy_columns(outputs, tile.columns(), y, |output| output);
}

/// Maximum number of tasks into which the forward pass over many samples is divided.
const MAX_TASKS: usize = MAX_THREADS;

/// Returns the number of threads for the forward pass over `n` samples: as many as the amount of
/// work justifies.
///
/// Waking up a sleeping thread costs about as much as the forward pass over samples whose number
/// times the number of parameters is 750,000 (`benches/README.md`).
pub(crate) fn n_forward_threads(n: usize, n_parameters: usize) -> usize {
    let worthwhile = n.saturating_mul(n_parameters) / 750_000;
    threads().min(n.div_ceil(TILE)).min(worthwhile).max(1)
}

/// Returns the number of samples of each task but the last one, a multiple of [`TILE`]. There are
/// about eight tasks for each thread, so that slow threads do not delay the others.
pub(crate) fn samples_per_task(n: usize, n_threads: usize) -> usize {
    n.div_ceil(TILE).div_ceil(MAX_TASKS.min(8 * n_threads)).max(1) * TILE
}
