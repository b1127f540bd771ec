//! The backward pass: backpropagation, the chain rule from the loss back to every parameter.

use super::architecture::{Architecture, Part};
use super::dropout::Dropout;
use super::layer::Learning;
use super::tile::{LayerTile, Tile};
use crate::kernel::{Scalar, dense};

/// Backpropagation over one tile (Rumelhart, Hinton and Williams 1986).
///
/// It starts from the loss's derivative by the last pre-activations, `dz_L`, which [`Tile::output_gradient`] has left. From the
/// last layer to the first, with `·` the matrix product, `∘` the product element by element, and samples as rows:
///
/// ```text
/// dW_l     = a_{l-1}ᵀ·dz_l              each weight: what went in, times what it changed, summed over samples
/// db_l     = Σ_s dz_l
/// da_{l-1} = dz_l·W_lᵀ                  each activation: through all units that it fed
/// dz_{l-1} = da_{l-1} ∘ f'(z_{l-1})     through the activation
/// ```
///
/// The tile's share is added to `gradient`, which has the parameters' layout. Frozen parts are left untouched, and the
/// pass ends at the first layer that has something to train.
pub(crate) fn backward<T: Scalar>(
    architecture: &Architecture,
    parameters: &[T],
    tile: &mut Tile<T>,
    dropout: Option<Dropout>,
    gradient: &mut [T],
) {
    let n = tile.n;
    let Some(first) = architecture.trainable().map(|block| block.layer).next() else { return };
    for l in (first..architecture.layers().len()).rev() {
        let learns = |part| architecture.block(l, part).filter(|block| block.learning == Learning::Trainable);

        // dW_l = a_{l-1}ᵀ·dz_l
        if let Some(block) = learns(Part::Weights) {
            let mut room = std::mem::take(&mut tile.room);
            let (a_before, dw) = (tile.inputs_of(l, dropout), &mut gradient[block.range.clone()]);
            dense::weight_gradient(n, a_before, tile.dz(l), &mut room, dw);
            tile.room = room;
        }
        // db_l = Σ_s dz_l
        if let Some(block) = learns(Part::Bias) {
            dense::bias_gradient(n, tile.dz(l), &mut gradient[block.range.clone()]);
        }
        if l == first {
            break;
        }

        // da_{l-1} = dz_l·W_lᵀ
        let (before, rest) = tile.layers.split_at_mut(l);
        let (before, layer) = (&mut before[l - 1], &rest[0]);
        let used = before.width * n;
        dense::input_gradient(
            n,
            architecture.weights(l, parameters),
            &layer.d[..layer.width * n],
            &mut before.d[..used],
        );
        if dropout.is_some() {
            tile.pull_back_dropout(l - 1);
        }

        // dz_{l-1} = da_{l-1} ∘ f'(z_{l-1})
        let before = &mut tile.layers[l - 1];
        let activation = &architecture.layers()[l - 1].activation;
        let LayerTile { width, z, a, d, .. } = before;
        let a = &a[..used];
        activation.backward(*width, if z.is_empty() { a } else { &z[..used] }, a, &mut d[..used]);
    }
}
