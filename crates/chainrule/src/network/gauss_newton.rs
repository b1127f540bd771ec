//! The Gauss-Newton matrix of a tile as a sum of products.

use super::architecture::Architecture;
use super::backward::backward_per_sample;
use super::forward::forward;
use super::loss::Curvature;
use super::tile::Tile;
use crate::kernel::Scalar;

/// Runs the forward pass over a tile, after which [`gauss_newton_factor`] can be called.
pub(crate) fn forward_for_factors<T: Scalar>(
    architecture: &Architecture,
    parameters: &[T],
    tile: &mut Tile<T>,
) {
    forward(architecture, parameters, tile, None);
    tile.activate_outputs(&architecture.output().activation);
}

/// Computes the matrix `V_k` (n_parameters, n) for output k, so that the Gauss-Newton matrix of the
/// tile is
///
/// ```text
/// Σ_s w_s·J_sᵀ·H_s·J_s = Σ_k V_k·V_kᵀ
/// ```
///
/// J_s is the Jacobian of the outputs, or of the last pre-activations, of sample s, and H_s the
/// Hessian of the loss with respect to them. H is written as `Σ_k h_k·h_kᵀ`, and column s of V_k is
/// `√w_s·J_sᵀ·h_k`, a backward pass that starts from `√w_s·h_k`. The vectors are `h_k = √c·e_k` for
/// a Hessian `c·I`, `√v(y_k)·e_k` for a diagonal one, and `√y_k·(e_k - y)` for that of the softmax,
/// since `Σ_k y_k·(e_k - y)·(e_k - y)ᵀ = diag(y) - y·yᵀ`.
///
/// `scale` is the factor of the loss.
pub(crate) fn gauss_newton_factor<T: Scalar>(
    architecture: &Architecture,
    parameters: &[T],
    curvature: Curvature,
    scale: f64,
    k: usize,
    tile: &mut Tile<T>,
    v: &mut [T],
) {
    let n = tile.columns();
    let weight: Vec<f64> = tile.weight().iter().map(|w| w.to_f64() * scale).collect();
    match curvature {
        Curvature::Constant(c) => {
            let h = |s: usize, j: usize| if j == k { (c * weight[s]).sqrt() } else { 0.0 };
            tile.seed(architecture, |s, j| T::from_f64(h(s, j)));
        }
        Curvature::Variance(variance) => tile.seed_pre_activations(|y, s, j| {
            let h = if j == k { (variance(y[k * n + s].to_f64()) * weight[s]).sqrt() } else { 0.0 };
            T::from_f64(h)
        }),
        Curvature::Categorical => tile.seed_pre_activations(|y, s, j| {
            let delta = if j == k { 1.0 } else { 0.0 };
            let [y_j, y_k] = [j, k].map(|i| y[i * n + s].to_f64());
            T::from_f64((y_k * weight[s]).sqrt() * (delta - y_j))
        }),
    }
    backward_per_sample(architecture, parameters, tile, v);
}
