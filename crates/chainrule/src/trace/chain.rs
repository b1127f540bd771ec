//! Computation of a trace in f64, row by row, written for readability rather than speed.

use super::forms::Simplification;
use super::{LayerTrace, Matrix, Slope, Trace};
use crate::Error;
use crate::kernel::Scalar;
use crate::network::Architecture;
use crate::network::activation::Activation;
use crate::objective::{Evaluate, Reduction};

impl Trace {
    /// Traces `rows` of the objective's data, counted from 0, at `parameters`, without dropout.
    ///
    /// # Errors
    /// - Returns [`Error::ParameterCount`] if `parameters` does not have the length that the
    ///   architecture requires.
    /// - Returns [`Error::NoSamples`] if `rows` is empty.
    /// - Returns [`Error::NoSuchSample`] if a row is out of range.
    pub fn new<T: Scalar>(
        objective: &dyn Evaluate<T>,
        parameters: &[T],
        rows: &[u32],
        reduction: Reduction,
    ) -> Result<Trace, Error> {
        let (architecture, loss) = (objective.architecture(), objective.loss());
        if parameters.len() != architecture.n_parameters() {
            return Err(Error::ParameterCount {
                expected: architecture.n_parameters(),
                got: parameters.len(),
            });
        }
        let (x, t, weight) = gather(objective, rows)?;

        let forward_pass = forward(architecture, &to_f64(parameters), &x);
        let output = &forward_pass[forward_pass.len() - 1];

        // l and dl/dy of each sample, and dl/dz_L. If the loss implies the output activation, l and
        // dl/dz_L are computed as one numerically stable function of z.
        let (y, z) = (&output.a, &output.z);
        let per_sample = y.rows().zip(t.rows()).map(|(y, t)| loss.value_on_outputs(y, t));
        let (mut losses, dy): (Vec<f64>, Vec<Vec<f64>>) = per_sample.unzip();
        let dy = Matrix::new(y.n_rows, y.n_columns, dy.concat());
        let mut dz = output.slope.backward(&dy);
        let mut simplification = None;
        if loss.implies(&architecture.output().activation) {
            let per_sample = z.rows().zip(t.rows()).map(|(z, t)| loss.value_on_link(z, t));
            let (stable_losses, stable_dz): (Vec<f64>, Vec<Vec<f64>>) = per_sample.unzip();
            losses = stable_losses;
            dz = Matrix::new(y.n_rows, y.n_columns, stable_dz.concat());
            simplification = Simplification::find(loss, &t);
        }
        let divisor = match reduction {
            Reduction::Sum => 1.0,
            Reduction::Mean => weight.iter().sum(),
        };

        Ok(Trace {
            architecture: architecture.clone(),
            loss: loss.clone(),
            reduction,
            rows: rows.to_vec(),
            divisor,
            total: losses.iter().zip(&weight).map(|(l, w)| w * l).sum::<f64>() / divisor,
            layers: backward(architecture, forward_pass, &dy, dz, &weight, divisor),
            x,
            t,
            weight,
            losses,
            dy,
            simplification,
            update: None,
        })
    }
}

/// Converts the numbers to f64.
pub(super) fn to_f64<T: Scalar>(values: &[T]) -> Vec<f64> {
    values.iter().map(|v| v.to_f64()).collect()
}

/// Returns the inputs, targets and weights of `rows`, one row per sample.
fn gather<T: Scalar>(objective: &dyn Evaluate<T>, rows: &[u32]) -> Result<(Matrix, Matrix, Vec<f64>), Error> {
    let data = objective.data().ok_or(Error::DistributedData)?;
    if rows.is_empty() {
        return Err(Error::NoSamples);
    }
    if let Some(&row) = rows.iter().find(|&&row| row as usize >= data.n_samples()) {
        return Err(Error::NoSuchSample { sample: row as usize + 1, n_samples: data.n_samples() });
    }
    let zeros = |n_columns: usize| vec![T::ZERO; n_columns * rows.len()];
    let (mut x, mut t, mut weight) = (zeros(data.n_inputs()), zeros(data.n_targets()), zeros(1));
    data.gather(rows, &mut x, &mut t, &mut weight)?;
    // `gather` writes column after column.
    let from_columns =
        |n_columns, values: &[T]| Matrix::new(n_columns, rows.len(), to_f64(values)).transposed();
    Ok((from_columns(data.n_inputs(), &x), from_columns(data.n_targets(), &t), to_f64(&weight)))
}

/// Results of the forward pass of one layer.
struct LayerForward {
    w: Matrix,
    b: Option<Vec<f64>>,
    a_prev: Matrix,
    z: Matrix,
    a: Matrix,
    slope: Slope,
}

/// Computes `z_l = a_{l-1}·W_l + b_l` and `a_l = f_l(z_l)` layer by layer.
fn forward(architecture: &Architecture, parameters: &[f64], x: &Matrix) -> Vec<LayerForward> {
    let mut results: Vec<LayerForward> = Vec::new();
    for (l, layer) in architecture.layers().iter().enumerate() {
        let a_prev = results.last().map_or(x, |previous| &previous.a).clone();
        let w = architecture.weights(l, parameters).to_vec();
        let w = Matrix::new(architecture.n_in(l), layer.n_units, w);
        let b = architecture.bias(l, parameters).map(<[f64]>::to_vec);

        let mut z = a_prev.times(&w);
        if let Some(b) = &b {
            z.values.iter_mut().zip(b.iter().cycle()).for_each(|(z, b)| *z += b);
        }
        let a = activate(&layer.activation, &z);

        let slope = slope(&layer.activation, &z, &a);
        results.push(LayerForward { w, b, a_prev, z, a, slope });
    }
    results
}

/// Propagates `dl/dy` and `dl/dz_L` back to the first layer.
fn backward(
    architecture: &Architecture,
    forward_pass: Vec<LayerForward>,
    dy: &Matrix,
    dz: Matrix,
    weight: &[f64],
    divisor: f64,
) -> Vec<LayerTrace> {
    let (mut da, mut output_dz) = (dy.clone(), Some(dz));
    let mut layers = Vec::new();
    for (l, LayerForward { w, b, a_prev, z, a, slope }) in forward_pass.into_iter().enumerate().rev() {
        // dl/dz_l = dl/da_l ∘ f'(z_l)
        let dz = output_dz.take().unwrap_or_else(|| slope.backward(&da));
        // dl/dW_l = a_{l-1}ᵀ·dl/dz_l for each sample; dL/dW_l is their weighted sum.
        let outer = |(a, dz): (&[f64], &[f64])| Matrix::column_vector(a).times(&Matrix::row_vector(dz));
        let dw_per_sample = a_prev.rows().zip(dz.rows()).map(outer).collect();
        let weighted = dz.scaled_rows(weight);
        let dw = a_prev.transposed().times(&weighted).map(|sum| sum / divisor);
        let db = b.as_ref().map(|_| weighted.column_sums().iter().map(|sum| sum / divisor).collect());
        // dl/da_{l-1} = dl/dz_l·W_lᵀ
        let da_prev = dz.times(&w.transposed());

        let (name, layer) = (architecture.layer_name(l), architecture.layers()[l].clone());
        layers.push(LayerTrace { name, layer, w, b, a_prev, z, a, slope, da, dz, dw_per_sample, dw, db });
        da = da_prev;
    }
    layers.reverse();
    layers
}

/// Computes `a = f(z)` row by row.
fn activate(activation: &Activation, z: &Matrix) -> Matrix {
    let mut a = z.clone();
    for (a, z) in a.values.chunks_exact_mut(z.n_columns).zip(z.rows()) {
        activation.apply(z.len(), z, a);
    }
    a
}

/// Computes `f'(z)`; for softmax, the Jacobian `da_k/dz_j = a_k·([k = j] - a_j)` of each sample.
fn slope(activation: &Activation, z: &Matrix, a: &Matrix) -> Slope {
    if !activation.is_softmax() {
        let mut slope = z.clone();
        activation.slopes(&z.values, &a.values, &mut slope.values);
        return Slope::Elementwise(slope);
    }
    let n = a.n_columns;
    let jacobian = |a: &[f64]| {
        let entry = |k: usize, j: usize| a[k] * (if k == j { 1.0 } else { 0.0 } - a[j]);
        Matrix::new(n, n, (0..n * n).map(|i| entry(i / n, i % n)).collect())
    };
    Slope::Jacobian(a.rows().map(jacobian).collect())
}
