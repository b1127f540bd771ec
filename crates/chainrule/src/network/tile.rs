//! The workspace of one tile of samples: every number of the forward and backward pass, allocated once.

use super::architecture::Architecture;
use super::dropout::Dropout;
use super::loss::Loss;
use crate::dataset::DataSource;
use crate::kernel::aligned::Aligned;
use crate::kernel::{self, Scalar, dense, slices};

/// The samples that go through the network together.
pub(crate) const TILE: usize = 64;

/// All numbers of one tile of up to [`TILE`] samples; entry j of sample s lies at `j·n + s` with `n` the samples.
///
/// Buffers are as long as a full tile needs; a tile of `n` samples uses the first `width·n` numbers of each.
#[derive(Debug)]
pub(crate) struct Tile<T> {
    /// The columns in use: the samples, filled up to whole vectors with copies of the last one at weight 0.
    pub(super) n: usize,
    /// The samples.
    samples: usize,
    /// The inputs (n_inputs, n).
    pub(super) x: Aligned<T>,
    /// The targets (n_targets, n), the samples' weights and losses.
    pub(super) t: Aligned<T>,
    pub(super) weight: Aligned<T>,
    pub(super) loss: Aligned<T>,
    /// Each layer's numbers.
    pub(super) layers: Vec<LayerTile<T>>,
    /// Room for one sample's outputs and targets, which the losses need.
    pub(super) scratch: Aligned<T>,
    /// Room for the weights' gradient of one tile.
    pub(super) room: Aligned<T>,
}

/// One layer's numbers for a tile, each (n_units, n).
#[derive(Debug)]
pub(super) struct LayerTile<T> {
    /// Units of the layer.
    pub(super) width: usize,
    /// Pre-activations; empty where nothing after the activation needs them, and they become it in place.
    pub(super) z: Aligned<T>,
    /// Activations.
    pub(super) a: Aligned<T>,
    /// The loss's derivative by a, then by z.
    pub(super) d: Aligned<T>,
    /// What dropout multiplies the activations by, 0 or 1/(1 - dropout), and their product; empty without dropout.
    pub(super) keep: Aligned<T>,
    pub(super) kept: Aligned<T>,
}

impl<T: Scalar> Tile<T> {
    /// A workspace for `architecture` and samples of `n_targets` targets.
    pub(crate) fn new(architecture: &Architecture, n_targets: usize) -> Tile<T> {
        let zeros = |width: usize| Aligned::zeros(width * TILE);
        let output = architecture.layers().len() - 1;
        let layer = |(l, layer): (usize, &super::Layer)| {
            let width = layer.n_units;
            let kept_z = if l == output || layer.activation.needs_z() { width } else { 0 };
            let dropped = if layer.dropout > 0.0 { width } else { 0 };
            LayerTile {
                width,
                z: zeros(kept_z),
                a: zeros(width),
                d: zeros(width),
                keep: zeros(dropped),
                kept: zeros(dropped),
            }
        };
        Tile {
            n: 0,
            samples: 0,
            x: zeros(architecture.n_inputs()),
            t: zeros(n_targets),
            weight: zeros(1),
            loss: zeros(1),
            layers: architecture.layers().iter().enumerate().map(layer).collect(),
            room: Aligned::zeros(dense::room_for::<T>(TILE)),
            scratch: Aligned::zeros(Loss::scratch_len(architecture.n_outputs(), n_targets)),
        }
    }

    /// Fills the tile with the samples of `rows`, at most [`TILE`].
    pub(crate) fn load(&mut self, data: &dyn DataSource<T>, rows: &[usize]) {
        self.resize(rows.len());
        let n = self.n;
        let mut filled = [rows[rows.len() - 1]; TILE];
        filled[..rows.len()].copy_from_slice(rows);
        let (x, t) = (&mut self.x[..n * data.n_inputs()], &mut self.t[..n * data.n_targets()]);
        data.gather(&filled[..n], x, t, &mut self.weight[..n]);
        self.weight[rows.len()..n].fill(T::ZERO);
    }

    /// Fills the tile with inputs alone, row-major (n, n_inputs), n at most [`TILE`].
    pub(crate) fn load_inputs(&mut self, x: &[T], n_inputs: usize) {
        self.resize(x.len() / n_inputs);
        let last = &x[x.len() - n_inputs..];
        let filled = x.chunks_exact(n_inputs).chain(std::iter::repeat(last)).take(self.n);
        for (s, row) in filled.enumerate() {
            for (j, &x_j) in row.iter().enumerate() {
                self.x[j * self.n + s] = x_j;
            }
        }
    }

    fn resize(&mut self, samples: usize) {
        self.samples = samples;
        self.n = samples.next_multiple_of(T::WIDTH);
    }

    /// The columns of each buffer: unit j of sample s lies at `j·columns + s`.
    pub(crate) fn columns(&self) -> usize {
        self.n
    }

    /// Drops activations of layer `l`, scaled up to make good for those: `kept = a ∘ keep`, keep 0 or 1/(1 - share).
    pub(super) fn drop(&mut self, l: usize, share: f64, dropout: Dropout, first: usize) {
        let LayerTile { width, a, keep, kept, .. } = &mut self.layers[l];
        let used = *width * self.n;
        let scale = T::from_f64(1.0 / (1.0 - share));
        let to = [&mut keep[..used], &mut kept[..used]];
        kernel::dropout::drop(&dropout.draws(l, share), (first, self.n), scale, &a[..used], to);
    }

    /// `da ← da ∘ keep` in layer `l`, where it drops activations.
    pub(super) fn pull_back_dropout(&mut self, l: usize) {
        let LayerTile { width, d, keep, .. } = &mut self.layers[l];
        slices::multiply(keep, &mut d[..*width * self.n]);
    }

    /// What goes into layer `l`: the inputs, or the activations before it, dropout included where `dropout` is given; and
    /// the layer.
    pub(super) fn inputs_and_layer(
        &mut self,
        l: usize,
        dropout: Option<Dropout>,
    ) -> (&[T], &mut LayerTile<T>) {
        let (before, rest) = self.layers.split_at_mut(l);
        (inputs(self.n, &self.x, before, dropout), &mut rest[0])
    }

    /// What goes into layer `l`.
    pub(super) fn inputs_of(&self, l: usize, dropout: Option<Dropout>) -> &[T] {
        inputs(self.n, &self.x, &self.layers[..l], dropout)
    }

    /// The targets (n_targets, n).
    pub(crate) fn t(&self) -> &[T] {
        &self.t[..self.t.len() / TILE * self.n]
    }

    /// The samples' weights.
    pub(crate) fn weight(&self) -> &[T] {
        &self.weight[..self.samples]
    }

    /// What layer `l`'s slopes are found from (n_units, n): its pre-activations, or where those are not kept its activations.
    pub(crate) fn z(&self, l: usize) -> &[T] {
        let LayerTile { width, z, a, .. } = &self.layers[l];
        &(if z.is_empty() { a } else { z })[..width * self.n]
    }

    /// Layer `l`'s activations (n_units, n).
    pub(crate) fn a(&self, l: usize) -> &[T] {
        &self.layers[l].a[..self.layers[l].width * self.n]
    }

    /// The loss's derivative by layer `l`'s pre-activations (n_units, n), after the backward pass.
    pub(crate) fn dz(&self, l: usize) -> &[T] {
        &self.layers[l].d[..self.layers[l].width * self.n]
    }

    /// `loss[s] = l`, and the loss's derivative by the last layer's z, each times the sample's weight; then
    /// `(Σ w·l, Σ w)`.
    ///
    /// With the link that the loss implies, loss and link are one stable function of z. Behind any other activation
    /// the loss acts on y, and the activation's transposed Jacobian follows: for one that acts on each unit alone,
    /// `dz = dy·f'(z)`.
    pub(crate) fn output_gradient(&mut self, architecture: &Architecture, loss: &Loss) -> (f64, f64) {
        let n = self.n;
        let activation = &architecture.output().activation;
        let output = self.layers.last_mut().expect("an architecture has a layer");
        let used = output.width * n;
        let (z, a, d) = (&output.z[..used], &mut output.a[..used], &mut output.d[..used]);
        let (t, of_sample) = (&self.t[..self.t.len() / TILE * n], &mut self.loss[..n]);
        if loss.implies(activation) {
            loss.on_link(z, t, of_sample, d, &mut self.scratch);
        } else {
            activation.apply(output.width, z, a);
            loss.on_outputs(a, t, of_sample, d, &mut self.scratch);
            activation.backward(output.width, z, a, d);
        }
        for d in d.chunks_exact_mut(n) {
            slices::multiply(&self.weight, d);
        }
        slices::weigh(&self.weight[..n], of_sample)
    }
}

impl<T> LayerTile<T> {
    /// Where the pre-activations are put: z, or where it is not kept a, which is made from them in place.
    pub(super) fn z_or_a_mut(&mut self) -> &mut [T] {
        if self.z.is_empty() { &mut self.a } else { &mut self.z }
    }
}

/// What goes into the layer after those `before` it: their last activations, or the inputs `x` where there are none.
fn inputs<'t, T: Scalar>(
    n: usize,
    x: &'t [T],
    before: &'t [LayerTile<T>],
    dropout: Option<Dropout>,
) -> &'t [T] {
    let Some(layer) = before.last() else { return &x[..x.len() / TILE * n] };
    let a = if dropout.is_some() && !layer.kept.is_empty() { &layer.kept } else { &layer.a };
    &a[..layer.width * n]
}
