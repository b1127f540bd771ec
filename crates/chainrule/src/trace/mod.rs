//! Written-out chain rule: every number of a forward and backward pass, as data and as text.
//!
//! With samples as rows, `·` for the matrix product and `∘` for the elementwise product, layer l
//! computes
//!
//! ```text
//! z_l = a_{l-1}·W_l + b_l          a_l = f_l(z_l)          a_0 = x, y = a_L
//! ```
//!
//! and the chain rule gives the derivatives of a sample's loss l with respect to the parameters:
//!
//! ```text
//! dl/dz_L = dl/dy ∘ dy/dz_L                    derivative of the loss times that of the output
//!         = factor·(y - t)                     if loss and output activation simplify
//! dl/da_l = dl/dz_{l+1}·W_{l+1}ᵀ               sum over all units of the next layer
//! dl/dz_l = dl/da_l ∘ f'_l(z_l)
//! dl/dW_l = (dz_l/dW_l)ᵀ·dl/dz_l = a_{l-1}ᵀ·dl/dz_l,    dl/db_l = dl/dz_l
//! ```
//!
//! The loss of a batch with sample weights w is `L = Σ w·l` (sum) or that divided by Σ w (mean).
//! The matrix product `dL/dW_l = a_{l-1}ᵀ·(w ∘ dl/dz_l)`, divided by Σ w for the mean, sums over
//! the samples. With softmax outputs `dy/dz` is a matrix for each sample, and the first line is a
//! matrix product.
//!
//! [`Trace::new`] traces samples at given parameters; [`step`] traces a training step including its
//! update. All numbers are f64, whatever the precision of the parameters. A [`TraceDocument`] can
//! be rendered as text, Markdown or LaTeX.
//!
//! ```
//! use std::sync::Arc;
//!
//! use chainrule::network::{Architecture, Layer, activation::Activation, loss::Loss};
//! use chainrule::objective::{Objective, Reduction};
//! use chainrule::trace::Trace;
//! use chainrule::Dataset;
//!
//! // y = 1/(1 + e^-(2·x)), one weight and no bias, at x = 0 with the target 1.
//! let line = Architecture::new(1, vec![Layer::new(1, Activation::logistic()).without_bias()])?;
//! let data = Dataset::new(vec![0.0, 3.0], 1, vec![1.0, 1.0], 1)?;
//! let objective = Objective::new(&line, &Loss::binary_cross_entropy(), Arc::new(data))?;
//! let trace = Trace::new(&objective, &[2.0], &[0], Reduction::Mean)?;
//! assert_eq!(trace.y().values, [0.5]);
//! assert_eq!(trace.dy.values, [-2.0]); // (y - t)/(y·(1 - y))
//! assert_eq!(trace.layers[0].dz.values, [-0.5]); // y - t
//! assert!(trace.to_text().contains("dL/dy ∘ dy/dz_1"));
//! # Ok::<(), chainrule::Error>(())
//! ```

mod chain;
mod derivative;
mod document;
mod explain;
mod explain_update;
mod forms;
mod latex;
mod layout;
mod markdown;
mod math;
mod matrix;
mod number;
mod step;
mod text;
mod update;

pub use document::{Cell, Term, TraceDocument, TraceFormat, TraceLine, TraceSection};
pub use forms::Simplification;
pub use math::Math;
pub use matrix::Matrix;
pub use step::step;
pub use update::Update;

use crate::network::loss::Loss;
use crate::network::{self, Architecture, Part};
use crate::objective::Reduction;

/// Numbers of the forward and backward pass of some samples.
///
/// Matrices with one row per sample have their rows in the order of [`rows`](Trace::rows).
/// Derivatives named `d..` are derivatives of each sample's own loss l, without its weight. Only
/// [`dw`](LayerTrace::dw) and [`db`](LayerTrace::db) are derivatives of the total loss L.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Architecture of the network.
    pub architecture: Architecture,
    /// Loss function.
    pub loss: Loss,
    /// Whether L is the sum or the mean of the samples' losses.
    pub reduction: Reduction,
    /// Traced rows of the data, counted from 0.
    pub rows: Vec<u32>,
    /// Inputs x (n, `n_inputs`).
    pub x: Matrix,
    /// Targets t (n, `n_targets`).
    pub t: Matrix,
    /// Sample weights w (n).
    pub weight: Vec<f64>,
    /// Layers, starting with the first.
    pub layers: Vec<LayerTrace>,
    /// Loss l of each sample (n).
    pub losses: Vec<f64>,
    /// Divisor of `Σ w·l`: Σ w for a mean, 1 for a sum.
    pub divisor: f64,
    /// `L = Σ w·l/divisor`.
    pub total: f64,
    /// `dl/dy` (n, `n_outputs`), the derivative of the loss as a function of the outputs.
    pub dy: Matrix,
    /// `dl/dz_L = factor·(y - t)`, if the derivatives of loss and output activation simplify to it.
    pub simplification: Option<Simplification>,
    /// Parameter update of the training step; `None` if only a pass was traced.
    pub update: Option<Update>,
}

/// Numbers of one layer.
///
/// Frozen parameters have derivatives too; `layer` specifies which parameters are trained.
#[derive(Clone, Debug)]
pub struct LayerTrace {
    /// Name of the layer, for example `hidden` or `output`.
    pub name: String,
    /// Specification of the layer: units, activation, frozen parameters.
    pub layer: network::Layer,
    /// W (`n_in`, `n_units`).
    pub w: Matrix,
    /// b; `None` if the layer has no bias.
    pub b: Option<Vec<f64>>,
    /// Inputs of the layer, `a_{l-1}` (n, `n_in`), which are also `dz/dW`.
    pub a_prev: Matrix,
    /// Pre-activations z (n, `n_units`).
    pub z: Matrix,
    /// Activations a (n, `n_units`).
    pub a: Matrix,
    /// `da/dz`.
    pub slope: Slope,
    /// `dl/da` (n, `n_units`).
    pub da: Matrix,
    /// `dl/dz` (n, `n_units`), the product of the two. In the output layer it is computed as one
    /// numerically stable function if the loss has one.
    pub dz: Matrix,
    /// `dl/dW = a_prevᵀ·dz` of each sample.
    pub dw_per_sample: Vec<Matrix>,
    /// `dL/dW = a_prevᵀ·(w ∘ dz)/divisor`.
    pub dw: Matrix,
    /// `dL/db = Σ w·dz/divisor`; `None` if the layer has no bias.
    pub db: Option<Vec<f64>>,
}

/// Derivative `da/dz` of a layer's activations.
#[derive(Clone, Debug, PartialEq)]
pub enum Slope {
    /// `f'(z)` of each unit (n, `n_units`).
    Elementwise(Matrix),
    /// Jacobian matrix of each sample, with `da_k/dz_j` in row k and column j (softmax).
    Jacobian(Vec<Matrix>),
}

impl Slope {
    /// Returns `dl/dz` given `dl/da`: `da ∘ f'(z)`, or each sample's row times its Jacobian.
    pub fn backward(&self, da: &Matrix) -> Matrix {
        match self {
            Slope::Elementwise(slope) => da.zip(slope, |da, slope| da * slope),
            Slope::Jacobian(jacobians) => {
                let rows = da
                    .rows()
                    .zip(jacobians)
                    .flat_map(|(da, jacobian)| Matrix::row_vector(da).times(jacobian).values);
                Matrix::new(da.n_rows, da.n_columns, rows.collect())
            }
        }
    }
}

impl Trace {
    /// Returns the outputs y (n, `n_outputs`).
    pub fn y(&self) -> &Matrix {
        &self.output().a
    }

    /// Returns the trace of the output layer.
    pub fn output(&self) -> &LayerTrace {
        &self.layers[self.layers.len() - 1]
    }

    /// Returns `dL/dp` in the layout of the parameters, with 0 for frozen parameters.
    pub fn gradient(&self) -> Vec<f64> {
        let mut gradient = vec![0.0; self.architecture.n_parameters()];
        for block in self.architecture.trainable() {
            let layer = &self.layers[block.layer];
            let derivatives = match block.part {
                Part::Weights => &layer.dw.values[..],
                Part::Bias => layer.db.as_deref().unwrap_or_default(),
            };
            gradient[block.range.clone()].copy_from_slice(derivatives);
        }
        gradient
    }
}
