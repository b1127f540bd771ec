//! The workspace of the forward and backward pass over one tile of samples, allocated once.

use super::activation::Activation;
use super::architecture::Architecture;
use super::dropout::Dropout;
use super::loss::Loss;
use crate::Error;
use crate::dataset::DataSource;
use crate::kernel::aligned::Aligned;
use crate::kernel::gather::gather;
use crate::kernel::{self, Scalar, TILE, gradient, slices};

/// Workspace for up to [`TILE`] samples; entry j of sample s is at index `j·n + s`, for n columns.
///
/// Buffers are allocated for a full tile. A tile of n columns uses the first `n_units·n` elements
/// of a buffer.
#[derive(Debug)]
pub(crate) struct Tile<T> {
    /// Columns in use: the samples, padded to whole SIMD vectors with copies of the last sample,
    /// whose weight is 0.
    pub(super) n: usize,
    /// Number of samples.
    n_samples: usize,
    /// Inputs (n_inputs, n).
    pub(super) x: Aligned<T>,
    /// Targets (n_targets, n).
    pub(super) t: Aligned<T>,
    /// Sample weights (n).
    pub(super) weight: Aligned<T>,
    /// Loss of each sample, unweighted (n).
    pub(super) loss: Aligned<T>,
    /// Values of each layer.
    pub(super) layers: Vec<LayerTile<T>>,
    /// Scratch buffer of the loss, for the outputs and targets of one sample.
    pub(super) loss_scratch: Aligned<T>,
    /// Scratch buffer of the weight gradient.
    pub(super) gradient_scratch: Aligned<T>,
}

/// Values of one layer for a tile, each buffer (n_units, n).
#[derive(Debug)]
pub(super) struct LayerTile<T> {
    /// Number of units of the layer.
    pub(super) n_units: usize,
    /// Pre-activations; empty if the backward pass does not use them, in which case they are
    /// computed in `a` and overwritten by the activations.
    pub(super) z: Aligned<T>,
    /// Activations.
    pub(super) a: Aligned<T>,
    /// Derivative of the loss with respect to a, then with respect to z.
    pub(super) d: Aligned<T>,
    /// Dropout mask, with entries 0 or `1/(1 - dropout)`; empty without dropout.
    pub(super) mask: Aligned<T>,
    /// `a ∘ mask`; empty without dropout.
    pub(super) masked: Aligned<T>,
}

impl<T: Scalar> Tile<T> {
    /// Allocates a workspace for `architecture` and samples with `n_targets` targets.
    pub(crate) fn new(architecture: &Architecture, n_targets: usize) -> Tile<T> {
        let zeros = |n_rows: usize| Aligned::zeros(n_rows * TILE);
        let output = architecture.layers().len() - 1;
        let layer = |(l, layer): (usize, &super::Layer)| {
            let n_units = layer.n_units;
            let z_rows = if l == output || layer.activation.needs_z() { n_units } else { 0 };
            let mask_rows = if layer.dropout > 0.0 { n_units } else { 0 };
            LayerTile {
                n_units,
                z: zeros(z_rows),
                a: zeros(n_units),
                d: zeros(n_units),
                mask: zeros(mask_rows),
                masked: zeros(mask_rows),
            }
        };
        Tile {
            n: 0,
            n_samples: 0,
            x: zeros(architecture.n_inputs()),
            t: zeros(n_targets),
            weight: zeros(1),
            loss: zeros(1),
            layers: architecture.layers().iter().enumerate().map(layer).collect(),
            loss_scratch: Aligned::zeros(Loss::scratch_len(architecture.n_outputs(), n_targets)),
            gradient_scratch: Aligned::zeros(gradient::room_for::<T>(TILE)),
        }
    }

    /// Loads the samples of `rows`, at most [`TILE`], into the tile.
    pub(crate) fn load(&mut self, data: &dyn DataSource<T>, rows: &[u32]) -> Result<(), Error> {
        self.resize(rows.len());
        let n = self.n;
        let mut padded = [rows[rows.len() - 1]; TILE];
        padded[..rows.len()].copy_from_slice(rows);
        let (x, t) = (&mut self.x[..n * data.n_inputs()], &mut self.t[..n * data.n_targets()]);
        data.gather(&padded[..n], x, t, &mut self.weight[..n])?;
        self.weight[rows.len()..n].fill(T::ZERO);
        Ok(())
    }

    /// Loads inputs without targets, row-major (n, n_inputs), into the tile; n is at most [`TILE`].
    pub(crate) fn load_inputs(&mut self, x: &[T], n_inputs: usize) {
        self.resize(x.len() / n_inputs);
        let last = self.n_samples as u32 - 1;
        let rows: [u32; TILE] = std::array::from_fn(|s| last.min(s as u32));
        gather(x, n_inputs, &rows[..self.n], &mut self.x[..n_inputs * self.n]);
    }

    fn resize(&mut self, n_samples: usize) {
        self.n_samples = n_samples;
        self.n = n_samples.next_multiple_of(T::WIDTH);
    }

    /// Returns the number of columns n of each buffer: unit j of sample s is at index `j·n + s`.
    pub(crate) fn columns(&self) -> usize {
        self.n
    }

    /// Applies dropout to layer `l`: `masked = a ∘ mask` with mask entries 0 or `1/(1 - rate)`.
    pub(super) fn apply_dropout(&mut self, l: usize, rate: f64, dropout: Dropout, first: usize) {
        let LayerTile { n_units, a, mask, masked, .. } = &mut self.layers[l];
        let used = *n_units * self.n;
        let scale = T::from_f64(1.0 / (1.0 - rate));
        let to = [&mut mask[..used], &mut masked[..used]];
        kernel::dropout::drop(&dropout.draws(l, rate), (first, self.n), scale, &a[..used], to);
    }

    /// Returns the inputs of layer `l`, as in [`layer_inputs`](Tile::layer_inputs), and the layer.
    pub(super) fn inputs_and_layer(
        &mut self,
        l: usize,
        dropout: Option<Dropout>,
    ) -> (&[T], &mut LayerTile<T>) {
        let (previous, rest) = self.layers.split_at_mut(l);
        (inputs(self.n, &self.x, previous, dropout), &mut rest[0])
    }

    /// Returns `a_{l-1}`, the inputs of layer `l`: x for the first layer, otherwise the previous
    /// layer's activations, masked if `dropout` is given.
    pub(super) fn layer_inputs(&self, l: usize, dropout: Option<Dropout>) -> &[T] {
        inputs(self.n, &self.x, &self.layers[..l], dropout)
    }

    /// Returns the targets (n_targets, n).
    pub(crate) fn t(&self) -> &[T] {
        &self.t[..self.t.len() / TILE * self.n]
    }

    /// Returns the sample weights, without padding.
    pub(crate) fn weight(&self) -> &[T] {
        &self.weight[..self.n_samples]
    }

    /// Returns the pre-activations of layer `l` (n_units, n), or its activations if the
    /// pre-activations are not stored; the derivative of the activation is computed from either.
    pub(crate) fn z(&self, l: usize) -> &[T] {
        let LayerTile { n_units, z, a, .. } = &self.layers[l];
        &(if z.is_empty() { a } else { z })[..n_units * self.n]
    }

    /// Returns the activations of layer `l` (n_units, n).
    pub(crate) fn a(&self, l: usize) -> &[T] {
        &self.layers[l].a[..self.layers[l].n_units * self.n]
    }

    /// Returns the derivative of the loss with respect to the pre-activations of layer `l`
    /// (n_units, n), after the backward pass.
    pub(crate) fn dz(&self, l: usize) -> &[T] {
        &self.layers[l].d[..self.layers[l].n_units * self.n]
    }

    /// Computes `dz_L = (∂y/∂z_L)ᵀ·dy` for a given derivative `dy(s, j)` with respect to output j of
    /// sample s, in place of the derivative of a loss.
    pub(super) fn seed(&mut self, architecture: &Architecture, dy: impl Fn(usize, usize) -> T) {
        let (n, activation) = (self.n, &architecture.output().activation);
        let output = self.layers.last_mut().expect("an architecture has at least one layer");
        let used = output.n_units * n;
        let (z, a, d) = (&output.z[..used], &mut output.a[..used], &mut output.d[..used]);
        for (k, d) in d.iter_mut().enumerate() {
            let (j, s) = (k / n, k % n);
            *d = if s < self.n_samples { dy(s, j) } else { T::ZERO };
        }
        activation.apply(output.n_units, z, a);
        activation.backward(output.n_units, z, a, d);
    }

    /// Sets `dz_L` to `dz(y, s, j)` for pre-activation j of sample s, where y are the outputs
    /// (n_outputs, n), which must have been computed.
    pub(super) fn seed_pre_activations(&mut self, dz: impl Fn(&[T], usize, usize) -> T) {
        let (n, n_samples) = (self.n, self.n_samples);
        let output = self.layers.last_mut().expect("an architecture has at least one layer");
        let used = output.n_units * n;
        let (a, d) = (&output.a[..used], &mut output.d[..used]);
        for (k, d) in d.iter_mut().enumerate() {
            let (j, s) = (k / n, k % n);
            *d = if s < n_samples { dz(a, s, j) } else { T::ZERO };
        }
    }

    /// Computes the outputs `y = f_L(z_L)`.
    pub(super) fn activate_outputs(&mut self, activation: &Activation) {
        let output = self.layers.last_mut().expect("an architecture has at least one layer");
        let used = output.n_units * self.n;
        activation.apply(output.n_units, &output.z[..used], &mut output.a[..used]);
    }

    /// Computes the loss l of each sample and `dz_L = w·∂l/∂z_L`, with w the sample's weight, and
    /// returns `(Σ w·l, Σ w)`.
    ///
    /// If the output activation is the link of the loss, the two are evaluated as one numerically
    /// stable function of z. Otherwise the loss is evaluated on `y = f_L(z)`, and its derivative is
    /// multiplied by the transposed Jacobian of the activation: `dz = (∂y/∂z)ᵀ·dy`, which is
    /// `dy ∘ f_L'(z)` for an elementwise activation.
    pub(crate) fn output_gradient(&mut self, architecture: &Architecture, loss: &Loss) -> (f64, f64) {
        let n = self.n;
        let activation = &architecture.output().activation;
        let output = self.layers.last_mut().expect("an architecture has at least one layer");
        let used = output.n_units * n;
        let (z, a, d) = (&output.z[..used], &mut output.a[..used], &mut output.d[..used]);
        let (t, losses) = (&self.t[..self.t.len() / TILE * n], &mut self.loss[..n]);
        if loss.implies(activation) {
            loss.on_link(z, t, losses, d, &mut self.loss_scratch);
        } else {
            activation.apply(output.n_units, z, a);
            loss.on_outputs(a, t, losses, d, &mut self.loss_scratch);
            activation.backward(output.n_units, z, a, d);
        }
        slices::weigh(&self.weight[..n], losses, d)
    }
}

/// Returns the inputs of the layer after the layers `previous`: the last activations, or `x` if
/// there are no previous layers.
fn inputs<'t, T: Scalar>(
    n: usize,
    x: &'t [T],
    previous: &'t [LayerTile<T>],
    dropout: Option<Dropout>,
) -> &'t [T] {
    let Some(layer) = previous.last() else { return &x[..x.len() / TILE * n] };
    let a = if dropout.is_some() && !layer.masked.is_empty() { &layer.masked } else { &layer.a };
    &a[..layer.n_units * n]
}
