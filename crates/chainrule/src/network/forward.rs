//! The forward pass: from the inputs of a tile to the last layer's pre-activations.

use super::architecture::Architecture;
use super::dropout::Dropout;
use super::tile::Tile;
use crate::kernel::{Scalar, dense};

/// The forward pass over one tile, layer after layer from the inputs `a_0 = x`:
///
/// ```text
/// z_l = a_{l-1}·W_l + b_l
/// a_l = f_l(z_l)
/// ```
///
/// The last layer's `a` is left to whoever needs it: a loss mostly takes its `z` (see [`Tile::output_gradient`]).
/// `first` is the place in the batch of the tile's first sample, which dropout's draws depend on.
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
        let (a_before, of_layer) = tile.inputs_and_layer(l, dropout.map(|(dropout, _)| dropout));
        dense::forward(n, a_before, w, b, &mut of_layer.z_or_a_mut()[..layer.n_units * n]);

        // a_l = f_l(z_l)
        if l + 1 < architecture.layers().len() {
            activate(architecture, l, tile);
            if let Some((dropout, first)) = dropout.filter(|_| layer.dropout > 0.0) {
                tile.drop(l, layer.dropout, dropout, first);
            }
        }
    }
}

/// The forward pass with the outputs too: `y = f_L(z_L)` in the last layer's `a`.
pub(crate) fn forward_to_outputs<T: Scalar>(
    architecture: &Architecture,
    parameters: &[T],
    tile: &mut Tile<T>,
) {
    forward(architecture, parameters, tile, None);
    activate(architecture, architecture.layers().len() - 1, tile);
}

/// `a_l = f_l(z_l)`.
fn activate<T: Scalar>(architecture: &Architecture, l: usize, tile: &mut Tile<T>) {
    let activation = &architecture.layers()[l].activation;
    let layer = &mut tile.layers[l];
    let used = layer.width * tile.n;
    if layer.z.is_empty() {
        activation.apply_in_place(&mut layer.a[..used]);
    } else {
        activation.apply(layer.width, &layer.z[..used], &mut layer.a[..used]);
    }
}
