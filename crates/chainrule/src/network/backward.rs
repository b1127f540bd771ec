//! The backward pass: backpropagation, the chain rule from the loss back to every parameter.

use super::architecture::{Architecture, Part};
use super::dropout::Dropout;
use super::layer::Learning;
use super::tile::{LayerTile, Tile};
use crate::kernel::{Scalar, dense};

/// Runs backpropagation over one tile (Rumelhart, Hinton and Williams 1986).
///
/// The starting point is `dz_L`, the derivative of the loss with respect to the last
/// pre-activations, which [`Tile::output_gradient`] has computed. From the last layer to the first,
/// with samples as rows, `·` the matrix product and `∘` the elementwise product:
///
/// ```text
/// dW_l     = a_{l-1}ᵀ·dz_l              summed over the samples s
/// db_l     = Σ_s dz_l
/// da_{l-1} = dz_l·W_lᵀ                  summed over the units of layer l
/// dz_{l-1} = da_{l-1} ∘ f'(z_{l-1})     through the activation
/// ```
///
/// With dropout, `a_{l-1} ∘ mask_{l-1}` is used in `dW_l`, and `da_{l-1}` is multiplied by the same
/// mask.
///
/// The tile's contribution is added to `gradient`, which has the layout of the parameters. Frozen
/// blocks are left unchanged, and the pass stops at the first layer with a trainable block.
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
        let trainable =
            |part| architecture.block(l, part).filter(|block| block.learning == Learning::Trainable);

        // dW_l = a_{l-1}ᵀ·dz_l
        if let Some(block) = trainable(Part::Weights) {
            let mut scratch = std::mem::take(&mut tile.gradient_scratch);
            let (a_prev, dw) = (tile.layer_inputs(l, dropout), &mut gradient[block.range.clone()]);
            dense::weight_gradient(n, a_prev, tile.dz(l), &mut scratch, dw);
            tile.gradient_scratch = scratch;
        }
        // db_l = Σ_s dz_l
        if let Some(block) = trainable(Part::Bias) {
            dense::bias_gradient(n, tile.dz(l), &mut gradient[block.range.clone()]);
        }
        if l == first {
            break;
        }

        // da_{l-1} = dz_l·W_lᵀ
        let (previous, rest) = tile.layers.split_at_mut(l);
        let (previous, layer) = (&mut previous[l - 1], &rest[0]);
        let used = previous.n_units * n;
        dense::input_gradient(
            n,
            architecture.weights(l, parameters),
            &layer.d[..layer.n_units * n],
            &mut previous.d[..used],
        );
        // da_{l-1} ← da_{l-1} ∘ mask_{l-1}
        if dropout.is_some() {
            tile.dropout_backward(l - 1);
        }

        // dz_{l-1} = da_{l-1} ∘ f'(z_{l-1})
        let activation = &architecture.layers()[l - 1].activation;
        let LayerTile { n_units, z, a, d, .. } = &mut tile.layers[l - 1];
        let a = &a[..used];
        activation.backward(*n_units, if z.is_empty() { a } else { &z[..used] }, a, &mut d[..used]);
    }
}
