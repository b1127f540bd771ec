//! The backward pass: backpropagation, the chain rule from the loss back to every parameter.

use super::architecture::{Architecture, Part};
use super::dropout::Dropout;
use super::layer::Learning;
use super::tile::{LayerTile, Tile};
use crate::kernel::Scalar;
use crate::kernel::accumulation::Accumulation;
use crate::kernel::aligned::Aligned;
use crate::kernel::gradient::gradients;

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
/// The tile's contribution is added to `gradient`, which has the layout of the parameters, or
/// overwrites it. Frozen blocks are left unchanged, and the pass stops at the first layer with a
/// trainable block.
pub(crate) fn backward<T: Scalar>(
    architecture: &Architecture,
    parameters: &[T],
    tile: &mut Tile<T>,
    dropout: Option<Dropout>,
    accumulation: Accumulation,
    gradient: &mut [T],
) {
    let n = tile.n;
    backpropagate(architecture, parameters, tile, dropout, |l, a_prev, dz, scratch| {
        // dW_l = a_{l-1}ᵀ·dz_l
        // db_l = Σ_s dz_l
        let [dw, db] = architecture.trainable_parts(l, gradient);
        gradients(n, a_prev, dz, scratch, accumulation, [dw, db]);
    });
}

/// Runs [`backward`] without the sum over the samples: row p of `jacobian` (n_parameters, n) is
/// overwritten with the derivatives of the samples with respect to parameter p, for example
/// `dW_l = a_{l-1,s}ᵀ·dz_{l,s}`, or with 0 if the parameter is frozen.
pub(crate) fn backward_per_sample<T: Scalar>(
    architecture: &Architecture,
    parameters: &[T],
    tile: &mut Tile<T>,
    jacobian: &mut [T],
) {
    let n = tile.n;
    for block in architecture.blocks().iter().filter(|block| block.learning == Learning::Frozen) {
        jacobian[block.range.start * n..block.range.end * n].fill(T::ZERO);
    }
    backpropagate(architecture, parameters, tile, None, |l, a_prev, dz, _| {
        for block in architecture.trainable().filter(|block| block.layer == l) {
            let rows = &mut jacobian[block.range.start * n..block.range.end * n];
            match block.part {
                Part::Bias => rows.copy_from_slice(dz),
                Part::Weights => {
                    for (dw_i, a_i) in rows.chunks_exact_mut(dz.len()).zip(a_prev.chunks_exact(n)) {
                        for (dw, dz) in dw_i.chunks_exact_mut(n).zip(dz.chunks_exact(n)) {
                            dw.iter_mut().zip(a_i).zip(dz).for_each(|((dw, &a), &dz)| *dw = a * dz);
                        }
                    }
                }
            }
        }
    });
}

/// Runs the backward pass and calls `add` for each layer l with `a_{l-1}`, `dz_l` and the scratch
/// buffer of the gradients.
fn backpropagate<T: Scalar>(
    architecture: &Architecture,
    parameters: &[T],
    tile: &mut Tile<T>,
    dropout: Option<Dropout>,
    mut add: impl FnMut(usize, &[T], &[T], &mut Aligned<T>),
) {
    let n = tile.n;
    let Some(first) = architecture.trainable().map(|block| block.layer).next() else { return };
    for l in (first..architecture.layers().len()).rev() {
        let mut scratch = std::mem::take(&mut tile.gradient_scratch);
        add(l, tile.layer_inputs(l, dropout), tile.dz(l), &mut scratch);
        tile.gradient_scratch = scratch;
        if l == first {
            break;
        }

        // da_{l-1} = dz_l·W_lᵀ
        // dz_{l-1} = da_{l-1} ∘ f'(z_{l-1}), with da_{l-1} ∘ mask_{l-1} instead of da_{l-1} for dropout
        let (previous, rest) = tile.layers.split_at_mut(l);
        let (LayerTile { n_units, z, a, d, mask, .. }, layer) = (&mut previous[l - 1], &rest[0]);
        let used = *n_units * n;
        let mask = if dropout.is_some() && !mask.is_empty() { &mask[..used] } else { &[] };
        let a = &a[..used];
        architecture.layers()[l - 1].activation.before_dense(
            n,
            architecture.weights(l, parameters),
            &layer.d[..layer.n_units * n],
            mask,
            [if z.is_empty() { a } else { &z[..used] }, a],
            &mut d[..used],
        );
    }
}
