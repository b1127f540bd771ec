//! The chain rule written out: every number of the forward and backward pass of some samples, as data and as text.
//!
//! With samples as rows, `·` the matrix product and `∘` the product element by element, a layer l computes
//!
//! ```text
//! z_l = a_{l-1}·W_l + b_l          a_l = f_l(z_l)          a_0 = x, y = a_L
//! ```
//!
//! and the chain rule takes the derivative of a sample's loss back to each parameter, factor by factor:
//!
//! ```text
//! dl/dz_L = dl/dy ∘ dy/dz_L                    the loss's slope times the output's
//!         = factor·(y - t)                     where loss and output activation are one
//! dl/da_l = dl/dz_{l+1}·W_{l+1}ᵀ               through all units that it fed
//! dl/dz_l = dl/da_l ∘ f'_l(z_l)
//! dl/dW_l = (dz_l/dW_l)ᵀ·dl/dz_l = a_{l-1}ᵀ·dl/dz_l,    dl/db_l = dl/dz_l
//! ```
//!
//! Over a batch with weights w the loss is `L = Σ w·l`, or that divided by Σ w, and the sum over samples is what the
//! matrix product does: `dL/dW_l = a_{l-1}ᵀ·(w ∘ dl/dz_l)`, divided likewise. Behind softmax each sample has a whole
//! matrix `dy/dz`, and the first line is a product of matrices.
//!
//! [`Trace::new`] traces samples at given parameters, [`step`] a step of a training with its update. All numbers are in
//! f64, whatever the precision of the parameters. A [`Document`] of the trace is written as text, Markdown or LaTeX.
//!
//! ```
//! use chainrule::network::{Architecture, Layer, activation::Activation, loss::Loss};
//! use chainrule::objective::{Objective, Reduction};
//! use chainrule::trace::Trace;
//! use chainrule::Dataset;
//!
//! // y = 1/(1 + e^-(2·x)), one weight and no bias, at x = 0 for the class 1.
//! let line = Architecture::new(1, vec![Layer::new(1, Activation::logistic()).without_bias()])?;
//! let data = Dataset::new(vec![0.0, 3.0], 1, vec![1.0, 1.0], 1)?;
//! let objective = Objective::new(&line, &Loss::binary_cross_entropy(), &data)?;
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
mod text;
mod update;

use std::fmt;

pub use document::{Cell, Document, Format, Line, Section, Term};
pub use forms::Simplification;
pub use math::Math;
pub use matrix::Matrix;
pub use update::{Update, step};

use crate::network::loss::Loss;
use crate::network::{self, Architecture, Part};
use crate::objective::Reduction;

/// Every number of the forward and backward pass of some samples.
///
/// Where a matrix has one row a sample, the rows are in the order of [`rows`](Trace::rows). Derivatives named `d..` are
/// those of each sample's own loss l, before its weight; [`dw`](LayerTrace::dw) and [`db`](LayerTrace::db) alone are of
/// the loss L of all the samples together.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The network's shape.
    pub architecture: Architecture,
    /// The loss.
    pub loss: Loss,
    /// Whether L is the sum or the mean of the samples' losses.
    pub reduction: Reduction,
    /// Which rows of the data, counted from 0.
    pub rows: Vec<usize>,
    /// Inputs x (n, `n_inputs`).
    pub x: Matrix,
    /// Targets t (n, `n_targets`).
    pub t: Matrix,
    /// The samples' weights w (n).
    pub weight: Vec<f64>,
    /// The layers, from the first.
    pub layers: Vec<LayerTrace>,
    /// Each sample's loss l (n).
    pub losses: Vec<f64>,
    /// What `Σ w·l` is divided by: Σ w for a mean, 1 for a sum.
    pub divisor: f64,
    /// `L = Σ w·l/divisor`.
    pub total: f64,
    /// `dl/dy` (n, `n_outputs`), of the loss as a function of the outputs alone.
    pub dy: Matrix,
    /// `dl/dz_L = factor·(y - t)`, where loss and output activation are one and it holds.
    pub simplification: Option<Simplification>,
    /// The update of the training's step; none where only a pass was traced.
    pub update: Option<Update>,
}

/// The numbers of one layer. What is frozen has its derivatives too: `layer` says what of it is trained.
#[derive(Clone, Debug)]
pub struct LayerTrace {
    /// The layer's name, `hidden` or `output`.
    pub name: String,
    /// The layer as it is specified: units, activation, what is frozen.
    pub layer: network::Layer,
    /// W (`n_in`, `n_units`).
    pub w: Matrix,
    /// b; none where the layer has no bias.
    pub b: Option<Vec<f64>>,
    /// What goes in, `a_{l-1}` (n, `n_in`); it is `dz/dW` too.
    pub a_prev: Matrix,
    /// Pre-activations z (n, `n_units`).
    pub z: Matrix,
    /// Activations a (n, `n_units`).
    pub a: Matrix,
    /// `da/dz`.
    pub slope: Slope,
    /// `dl/da` (n, `n_units`).
    pub da: Matrix,
    /// `dl/dz` (n, `n_units`), the product of the two (in the output layer as one stable function where the loss has
    /// one).
    pub dz: Matrix,
    /// Each sample's `dl/dW = a_prevᵀ·dz`, of the sample's row of both.
    pub dw_of_samples: Vec<Matrix>,
    /// `dL/dW = a_prevᵀ·(w ∘ dz)/divisor`.
    pub dw: Matrix,
    /// `dL/db = Σ w·dz/divisor`; none where the layer has no bias.
    pub db: Option<Vec<f64>>,
}

/// The derivative `da/dz` of a layer's activations.
#[derive(Clone, Debug, PartialEq)]
pub enum Slope {
    /// Each unit's own `f'(z)` (n, `n_units`).
    Elementwise(Matrix),
    /// Each sample's whole matrix, `da_k/dz_j` in row k and column j: softmax.
    Jacobian(Vec<Matrix>),
}

impl Slope {
    /// `dl/dz` of `dl/da`: `da ∘ f'(z)`, or each sample's row times its matrix.
    pub fn backward(&self, da: &Matrix) -> Matrix {
        match self {
            Slope::Elementwise(slope) => da.zip(slope, |da, slope| da * slope),
            Slope::Jacobian(jacobians) => {
                let rows = da
                    .rows()
                    .zip(jacobians)
                    .flat_map(|(da, jacobian)| Matrix::row_of(da).times(jacobian).values);
                Matrix::new(da.n_rows, da.n_columns, rows.collect())
            }
        }
    }
}

impl Trace {
    /// The outputs y (n, `n_outputs`).
    pub fn y(&self) -> &Matrix {
        &self.output().a
    }

    /// The output layer's numbers.
    pub fn output(&self) -> &LayerTrace {
        &self.layers[self.layers.len() - 1]
    }

    /// `dL/dp` in the layout of the parameters, 0 where a part is frozen.
    pub fn gradient(&self) -> Vec<f64> {
        let mut gradient = vec![0.0; self.architecture.n_parameters()];
        for block in self.architecture.trainable() {
            let layer = &self.layers[block.layer];
            let of_block = match block.part {
                Part::Weights => &layer.dw.values[..],
                Part::Bias => layer.db.as_deref().unwrap_or_default(),
            };
            gradient[block.range.clone()].copy_from_slice(of_block);
        }
        gradient
    }

    /// The chain written out, to be rendered in this `format`.
    pub fn document(&self, format: Format) -> Document {
        explain::document(self, format)
    }

    /// The chain as aligned text.
    pub fn to_text(&self) -> String {
        self.document(Format::default()).text()
    }

    /// The chain as Markdown.
    pub fn to_markdown(&self) -> String {
        self.document(Format::default()).markdown()
    }

    /// The chain as a LaTeX document; [`Document::latex_body`] is one without preamble.
    pub fn to_latex(&self) -> String {
        self.document(Format::default()).latex()
    }
}

/// As [`Trace::to_text`].
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}
