//! The forward pass: from the inputs of a tile to the last layer's pre-activations.

use super::architecture::Architecture;
use super::dropout::Dropout;
use super::tile::Tile;
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
    let n = tile.n;
    for (l, layer) in architecture.layers().iter().enumerate() {
        let (w, b) = (architecture.weights(l, parameters), architecture.bias(l, parameters));

        // z_l = a_{l-1}·W_l + b_l
        let (a_prev, layer_tile) = tile.inputs_and_layer(l, dropout.map(|(dropout, _)| dropout));
        dense::forward(n, a_prev, w, b, &mut layer_tile.z_or_a_mut()[..layer.n_units * n]);

        // a_l = f_l(z_l)
        if l + 1 < architecture.layers().len() {
            activate(architecture, l, tile);
            if let Some((dropout, first)) = dropout.filter(|_| layer.dropout > 0.0) {
                tile.apply_dropout(l, layer.dropout * dropout.factor, dropout, first);
            }
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
    activate(architecture, architecture.layers().len() - 1, tile);
}

/// Computes `a_l = f_l(z_l)`.
fn activate<T: Scalar>(architecture: &Architecture, l: usize, tile: &mut Tile<T>) {
    let activation = &architecture.layers()[l].activation;
    let layer = &mut tile.layers[l];
    let used = layer.n_units * tile.n;
    if layer.z.is_empty() {
        activation.apply_in_place(&mut layer.a[..used]);
    } else {
        activation.apply(layer.n_units, &layer.z[..used], &mut layer.a[..used]);
    }
}
