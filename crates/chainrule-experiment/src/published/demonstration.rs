//! Demonstrations of the gradient check: two published gradients that are wrong must fail it, and
//! ours must pass it.

use chainrule::gradcheck::{self, GradientReport, ParameterSelection};
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Part};
use chainrule::objective::{Evaluate, Objective, Reduction};

use crate::Error;
use crate::experiment::Experiment;
use crate::prepare::PreparedTraining;

/// A published gradient that is wrong.
#[derive(Clone, Debug)]
pub struct Demonstration {
    /// Name.
    pub name: &'static str,
    /// Experiment with the network and data of the gradient.
    pub experiment: &'static str,
    /// Variant of the experiment.
    pub variant: &'static str,
    /// The published formula and its mistake.
    pub mistake: &'static str,
    gradient: fn(&PreparedTraining) -> Vec<f64>,
}

/// Both demonstrations.
pub static DEMONSTRATIONS: &[Demonstration] = &[
    Demonstration {
        name: "rings-leaky-relu",
        experiment: "three-rings",
        variant: "leaky_relu",
        mistake: "The derivative of the leaky ReLU is written as a matrix with 1 on the diagonal where z > 0 and 0.3 \
                  off the diagonal. A unit's activation depends only on its own z, so the matrix is diagonal, with 1 \
                  where z > 0 and the slope 0.1 of the forward pass elsewhere.",
        gradient: leaky_relu_as_published,
    },
    Demonstration {
        name: "sines-literal-chain",
        experiment: "sine-classes",
        variant: "hidden-2",
        mistake: "The derivative is written (y - t)·logistic'(z), which is that of half the squared error. For the \
                  cross-entropy, dL/dy = (y - t)/(y·(1 - y)), whose denominator cancels logistic'(z), so dL/dz = y - t.",
        gradient: literal_chain,
    },
];

/// Gradient checks of the published gradient and of ours.
#[derive(Clone, Debug)]
pub struct DemonstrationResult {
    /// Check of the published gradient.
    pub published: GradientReport,
    /// Check of the engine's gradient.
    pub ours: GradientReport,
}

impl DemonstrationResult {
    /// Whether the published gradient failed and ours passed.
    pub fn passed(&self) -> bool {
        !self.published.passed() && self.ours.passed()
    }
}

impl Demonstration {
    /// Checks both gradients at the initial weights over all samples.
    ///
    /// # Errors
    /// Returns the errors of [`Experiment::open`] and of preparing the experiment.
    pub fn check(&self) -> Result<DemonstrationResult, Error> {
        let experiment = Experiment::open(self.experiment, &[])?;
        let variant = experiment.variant(self.variant)?;
        let prepared = variant.prepare()?;
        let reduction = variant.train.settings.reduction;
        let gradient = (self.gradient)(&prepared);
        let data = &prepared.samples.dataset;
        let objective = Objective::new(&prepared.architecture, &variant.train.loss, data.clone());
        let locate = |error| variant.locate(error);
        let mut objective = objective.map_err(locate)?;
        let rows: Vec<u32> = (0..data.n_samples() as u32).collect();
        let at = prepared.start.parameters();
        Ok(DemonstrationResult {
            published: gradcheck::network_against(
                &mut objective,
                &gradient,
                at,
                &rows,
                reduction,
                ParameterSelection::All,
            )
            .map_err(locate)?,
            ours: gradcheck::network(&mut objective, at, &rows, reduction, ParameterSelection::All)
                .map_err(locate)?,
        })
    }

    /// Computes the published gradient at the initial weights.
    ///
    /// # Errors
    /// Returns the errors of [`Experiment::open`] and of preparing the experiment.
    pub fn published_gradient(&self) -> Result<Vec<f64>, Error> {
        let experiment = Experiment::open(self.experiment, &[])?;
        Ok((self.gradient)(&experiment.variant(self.variant)?.prepare()?))
    }
}

/// Backpropagates through one hidden layer with the published derivative, sample by sample:
/// `dz_m = Σ_k da_k·J_km`, where `J` is 0.3 off the diagonal, and on it 1 if `z_m > 0` and 0
/// otherwise.
fn leaky_relu_as_published(prepared: &PreparedTraining) -> Vec<f64> {
    let (architecture, p) = (&prepared.architecture, prepared.start.parameters());
    let (n_in, n_hidden, n_out) = (architecture.n_inputs(), architecture.n_in(1), architecture.n_outputs());
    let (w0, w1) = (architecture.weights(0, p), architecture.weights(1, p));
    let (b0, b1) = (architecture.bias(0, p).unwrap_or(&[]), architecture.bias(1, p).unwrap_or(&[]));
    let data = &prepared.samples.dataset;
    let mut gradient = vec![0.0; p.len()];
    for i in 0..data.n_samples() {
        let (x, t) = data.sample(i);
        let z: Vec<f64> = (0..n_hidden)
            .map(|m| b0[m] + (0..n_in).map(|k| x[k] * w0[k * n_hidden + m]).sum::<f64>())
            .collect();
        let a: Vec<f64> = z.iter().map(|&z| if z > 0.0 { z } else { 0.1 * z }).collect();
        let logits: Vec<f64> = (0..n_out)
            .map(|k| b1[k] + (0..n_hidden).map(|m| a[m] * w1[m * n_out + k]).sum::<f64>())
            .collect();
        let mut y = vec![0.0; n_out];
        Activation::softmax().apply(n_out, &logits, &mut y);
        let dz_out: Vec<f64> = y.iter().zip(t).map(|(y, t)| y - t).collect();
        let da: Vec<f64> =
            (0..n_hidden).map(|m| (0..n_out).map(|k| dz_out[k] * w1[m * n_out + k]).sum()).collect();
        let all: f64 = da.iter().sum();
        let dz: Vec<f64> =
            (0..n_hidden).map(|m| if z[m] > 0.0 { da[m] } else { 0.0 } + 0.3 * (all - da[m])).collect();
        add_outer(architecture, 0, x, &dz, &mut gradient);
        add_outer(architecture, 1, &a, &dz_out, &mut gradient);
    }
    gradient
}

/// Adds `aᵀ·dz` to `dW` and `dz` to `db` of layer `l`.
fn add_outer(architecture: &Architecture, l: usize, a: &[f64], dz: &[f64], gradient: &mut [f64]) {
    if let Some(block) = architecture.block(l, Part::Weights) {
        let dw = &mut gradient[block.range.clone()];
        for (a, dw) in a.iter().zip(dw.chunks_exact_mut(dz.len())) {
            dw.iter_mut().zip(dz).for_each(|(dw, dz)| *dw += a * dz);
        }
    }
    if let Some(block) = architecture.block(l, Part::Bias) {
        gradient[block.range.clone()].iter_mut().zip(dz).for_each(|(db, dz)| *db += dz);
    }
}

/// Backpropagates `(y - t)·logistic'(z)` from the output, which is the gradient of half the squared
/// error of a logistic unit.
fn literal_chain(prepared: &PreparedTraining) -> Vec<f64> {
    let loss = Loss::squared_error().scaled(0.5);
    let data = &prepared.samples.dataset;
    let mut objective =
        Objective::new(&prepared.architecture, &loss, data.clone()).expect("the targets are finite");
    let rows: Vec<u32> = (0..data.n_samples() as u32).collect();
    let mut gradient = vec![0.0; prepared.architecture.n_parameters()];
    let sums = objective.sums(prepared.start.parameters(), &rows, Some(&mut gradient), None);
    let sums = sums.expect("samples in memory can be read");
    let n = Reduction::Mean.divisor(sums);
    gradient.iter_mut().for_each(|g| *g /= n);
    gradient
}
