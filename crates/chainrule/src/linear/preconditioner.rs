//! The preconditioner of the solver: the covariance of the inputs, factored.

use std::sync::Arc;

use super::standardised::Standardised;
use crate::network::activation::Activation;
use crate::network::loss::Loss;
use crate::network::{Architecture, Layer};
use crate::objective::{Evaluate, Objective, Reduction};
use crate::sum::dot;
use crate::{DataSource, Error};

/// Maximum number of inputs for which the covariance is computed and factored.
const MAX_INPUTS: usize = 1000;

/// Maximum number of products `n·n_inputs²` for which the covariance is computed: a few seconds.
const MAX_PRODUCTS: usize = 40_000_000_000;

/// An approximation M of the Hessian up to a constant factor. For each output, it is `C + λ·I` for
/// the weights, where C is the weighted covariance of the standardised inputs, and 1 for the bias.
pub(super) struct Preconditioner {
    n_inputs: usize,
    n_outputs: usize,
    /// Lower triangle L (n_inputs, n_inputs) of `C + λ·I = L·Lᵀ`, row-major; `None` if there are
    /// too many inputs, in which case M is the identity.
    factor: Option<Vec<f64>>,
}

impl Preconditioner {
    /// Computes the covariance over `rows` and its factor.
    pub(super) fn new(
        data: &Arc<Standardised>,
        rows: &[u32],
        n_outputs: usize,
        lambda: f64,
    ) -> Result<Preconditioner, Error> {
        let n_inputs = data.n_inputs();
        let is_cheap = n_inputs <= MAX_INPUTS && rows.len() * n_inputs * n_inputs <= MAX_PRODUCTS;
        let factor = if is_cheap { Some(cholesky(&covariance(data, rows)?, n_inputs, lambda)) } else { None };
        Ok(Preconditioner { n_inputs, n_outputs, factor })
    }

    /// Replaces `g` (`W` (n_inputs, n_outputs), then `b`) by `M⁻¹·g`.
    pub(super) fn solve(&self, g: &mut [f64]) {
        let (p, m) = (self.n_inputs, self.n_outputs);
        let Some(factor) = &self.factor else { return };
        // L·v = g, from the first row to the last.
        for i in 0..p {
            let (before, rest) = g.split_at_mut(i * m);
            let row = &mut rest[..m];
            for (l, earlier) in factor[i * p..][..i].iter().zip(before.chunks_exact(m)) {
                row.iter_mut().zip(earlier).for_each(|(v, earlier)| *v -= l * earlier);
            }
            row.iter_mut().for_each(|v| *v /= factor[i * p + i]);
        }
        // Lᵀ·v = g, from the last row to the first.
        for i in (0..p).rev() {
            let (before, rest) = g.split_at_mut(i * m);
            let row = &mut rest[..m];
            row.iter_mut().for_each(|v| *v /= factor[i * p + i]);
            for (l, earlier) in factor[i * p..][..i].iter().zip(before.chunks_exact_mut(m)) {
                earlier.iter_mut().zip(&*row).for_each(|(earlier, v)| *earlier -= l * v);
            }
        }
    }
}

/// The samples of another source with the targets `-x/2`.
struct Halves(Arc<Standardised>);

impl DataSource<f64> for Halves {
    fn n_samples(&self) -> usize {
        self.0.n_samples()
    }

    fn n_inputs(&self) -> usize {
        self.0.n_inputs()
    }

    fn n_targets(&self) -> usize {
        self.0.n_inputs()
    }

    fn gather(&self, rows: &[u32], x: &mut [f64], t: &mut [f64], weight: &mut [f64]) -> Result<(), Error> {
        self.0.gather_inputs(rows, x, weight);
        t.iter_mut().zip(x).for_each(|(t, x)| *t = -0.5 * *x);
        Ok(())
    }
}

/// Computes the covariance `Σ w·x_j·x_k / Σ w` (n_inputs, n_inputs) of centred inputs.
///
/// This is the gradient of the squared error `Σ w·(y_k - t_k)²` of `y = x·W` at `W = 0` with
/// the targets `-x/2`. The kernels of the engine therefore compute it, on all threads and with the
/// same bits on any number of them.
fn covariance(data: &Arc<Standardised>, rows: &[u32]) -> Result<Vec<f64>, Error> {
    let p = data.n_inputs();
    let products = Architecture::new(p, vec![Layer::new(p, Activation::identity()).without_bias()])?;
    let halves = Arc::new(Halves(data.clone()));
    let mut objective = Objective::new(&products, &Loss::squared_error(), halves)?;
    let mut covariance = vec![0.0; p * p];
    objective.reduced(&vec![0.0; p * p], rows, &mut covariance, Reduction::Mean, None)?;
    Ok(covariance)
}

/// Returns the lower triangle L of `a + λ·I = L·Lᵀ`, both (p, p) row-major.
///
/// If rounding errors make a pivot negative, λ is increased, which only affects the number of
/// iterations of the solver.
fn cholesky(a: &[f64], p: usize, lambda: f64) -> Vec<f64> {
    let mut shift = lambda;
    loop {
        if let Some(l) = cholesky_of_positive(a, p, shift) {
            return l;
        }
        shift *= 10.0;
    }
}

fn cholesky_of_positive(a: &[f64], p: usize, shift: f64) -> Option<Vec<f64>> {
    let mut l = vec![0.0; p * p];
    for i in 0..p {
        let (before, rest) = l.split_at_mut(i * p);
        let row = &mut rest[..p];
        for j in 0..i {
            let earlier = &before[j * p..][..p];
            row[j] = (a[i * p + j] - dot(&row[..j], &earlier[..j])) / earlier[j];
        }
        let pivot = a[i * p + i] + shift - dot(&row[..i], &row[..i]);
        // A pivot of less than half of λ is a rounding error.
        if pivot < 0.5 * shift {
            return None;
        }
        row[i] = pivot.sqrt();
    }
    Some(l)
}

#[cfg(test)]
mod tests {
    use super::super::standardised::TargetScale;
    use super::*;
    use crate::Dataset;
    use crate::random::RandomState;

    #[test]
    fn the_solution_times_the_covariance_is_the_right_hand_side() {
        let (n, p, m) = (200, 7, 3);
        let mut random = RandomState::new(1);
        let mut x: Vec<f64> = (0..n * p).map(|_| random.standard_normal()).collect();
        // Two equal columns and a constant one.
        x.chunks_exact_mut(p).for_each(|row| (row[4], row[6]) = (row[1], 2.5));
        let weights: Vec<f64> = (0..n).map(|i| (i % 3) as f64).collect();
        let data = Dataset::new(x, p, vec![0.0; n * m], m).unwrap().with_weights(weights).unwrap();
        let rows: Vec<u32> = (0..n as u32).filter(|i| i % 3 > 0).collect();
        let standardised = Arc::new(Standardised::new(Arc::new(data), &rows, TargetScale::Unchanged));
        let c = covariance(&standardised, &rows).unwrap();
        // The slow twin: one product after another.
        let (mut tile, mut t, mut w) =
            (vec![0.0; p * rows.len()], vec![0.0; m * rows.len()], vec![0.0; rows.len()]);
        standardised.gather(&rows, &mut tile, &mut t, &mut w).unwrap();
        let total: f64 = w.iter().sum();
        let column = |j: usize| &tile[j * rows.len()..][..rows.len()];
        for (j, k) in (0..p).flat_map(|j| (0..p).map(move |k| (j, k))) {
            let sum: f64 = w.iter().zip(column(j)).zip(column(k)).map(|((w, a), b)| w * a * b).sum();
            assert!((c[j * p + k] - sum / total).abs() < 1e-14, "{j} {k}");
        }
        let lambda = 1e-3;
        let preconditioner = Preconditioner::new(&standardised, &rows, m, lambda).unwrap();
        let g: Vec<f64> = (0..(p + 1) * m).map(|_| random.standard_normal()).collect();
        let mut v = g.clone();
        preconditioner.solve(&mut v);
        assert_eq!(v[p * m..], g[p * m..]);
        for (j, k) in (0..p).flat_map(|j| (0..m).map(move |k| (j, k))) {
            let product: f64 = (0..p).map(|i| c[j * p + i] * v[i * m + k]).sum();
            assert!((product + lambda * v[j * m + k] - g[j * m + k]).abs() < 1e-9, "{j} {k}");
        }
    }
}
