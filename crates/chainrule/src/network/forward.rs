//! The forward pass: from the inputs of a tile to the last layer's pre-activations.

use super::architecture::Architecture;
use super::dropout::Dropout;
use super::tile::{LayerTile, Tile};
use crate::kernel::{Scalar, dense};

/// Runs the forward pass over one tile, layer by layer from the inputs `a_0 = x`:
///
/// ```text
/// z_l = a_{l-1}·W_l + b_l
/// a_l = f_l(z_l)
/// ```
///
/// The last activation `a_L` is not computed, because most losses are evaluated on `z_L` (see
/// [`Tile::output_gradient`]).
///
/// With dropout, `a_l ∘ mask_l` is the input of layer l + 1 instead of `a_l`. The mask depends on
/// `first`, the position in the batch of the tile's first sample.
pub(crate) fn forward<T: Scalar>(
    architecture: &Architecture,
    parameters: &[T],
    tile: &mut Tile<T>,
    dropout: Option<(Dropout, usize)>,
) {
    let (n, last) = (tile.n, architecture.layers().len() - 1);
    for (l, layer) in architecture.layers().iter().enumerate() {
        let (w, b) = (architecture.weights(l, parameters), architecture.bias(l, parameters));
        let (a_prev, LayerTile { z, a, .. }) = tile.inputs_and_layer(l, dropout.map(|(dropout, _)| dropout));
        let (used, stored) = (layer.n_units * n, z.len().min(layer.n_units * n));
        if l == last {
            // z_L = a_{L-1}·W_L + b_L
            dense::forward(n, a_prev, w, b, &mut z[..used]);
            return;
        }
        // z_l = a_{l-1}·W_l + b_l
        // a_l = f_l(z_l)
        layer.activation.after_dense(n, a_prev, w, b, &mut z[..stored], &mut a[..used]);
        if let Some((dropout, first)) = dropout.filter(|_| layer.dropout > 0.0) {
            tile.apply_dropout(l, layer.dropout * dropout.factor, dropout, first);
        }
    }
}

/// Runs the forward pass up to the outputs `y = a_L = f_L(z_L)`, without dropout.
pub(crate) fn forward_to_outputs<T: Scalar>(
    architecture: &Architecture,
    parameters: &[T],
    tile: &mut Tile<T>,
) {
    forward(architecture, parameters, tile, None);
    tile.activate_outputs(&architecture.output().activation);
}
