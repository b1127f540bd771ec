//! Workloads: network, data, training settings and performance goal.

use chainrule::network::activation::Activation;
use chainrule::network::loss::{Link, Loss};
use chainrule::network::{Architecture, Initializer, Layer};
use chainrule::train::optimizer::Optimizer;
use chainrule::train::{Batch, Settings, Shuffle, UnitTracking};
use serde_json::{Value, json};

use crate::error::Error;

/// Training task, identical for Chainrule and every peer.
///
/// Initial weights are N(0, 1/n_in) and initial biases 0. The activation of the output layer is the
/// link of the loss. Batches are taken in the order of the data, including a shorter last batch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Workload {
    /// Name on the command line, for example `chains-f64`.
    pub(crate) name: String,
    pub(crate) precision: WorkloadPrecision,
    pub(crate) data: WorkloadData,
    pub(crate) n_samples: usize,
    /// Widths of the inputs, the hidden layers and the outputs.
    pub(crate) widths: Vec<usize>,
    /// Activation of the hidden layers.
    pub(crate) activation: &'static str,
    pub(crate) loss: &'static str,
    /// Batch size; `n_samples` for full batches.
    pub(crate) batch: usize,
    pub(crate) epochs: u64,
    pub(crate) optimizer: &'static str,
    pub(crate) learning_rate: f64,
    /// Intended speedup over JAX, if there is a goal.
    pub(crate) goal: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkloadPrecision {
    F32,
    F64,
}

/// Data set of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkloadData {
    /// Two Gaussians on a line, as in the published experiment.
    Gaussians,
    /// Standard normal inputs; class 1 if `sin(x0) + x1 > 0`.
    AboveSine,
    /// Standard normal inputs; the class is the arg max of a random linear map, one-hot encoded.
    ArgMax,
    /// Standard normal inputs; the targets are the sines of a random linear map.
    Sine,
    /// scikit-learn's handwritten digits divided by 16, with one-hot classes. Like `ArgMax` if the
    /// file is not available.
    Digits,
}

/// Sample counts of the growth curve over samples.
pub(crate) const GROWTH_SAMPLES: [usize; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
/// Layer widths of the growth curve over width.
pub(crate) const GROWTH_WIDTHS: [usize; 9] = [4, 8, 16, 32, 64, 128, 256, 512, 1024];

impl WorkloadPrecision {
    pub(crate) fn name(self) -> &'static str {
        match self {
            WorkloadPrecision::F32 => "f32",
            WorkloadPrecision::F64 => "f64",
        }
    }
}

/// Returns the workloads of the table, in order.
pub(crate) fn all() -> Vec<Workload> {
    let adam =
        |name: &str, data, n_samples, widths: &[usize], activation, loss, batch, epochs, goal| Workload {
            name: name.to_owned(),
            precision: WorkloadPrecision::F32,
            data,
            n_samples,
            widths: widths.to_vec(),
            activation,
            loss,
            batch,
            epochs,
            optimizer: "adam",
            learning_rate: 1e-3,
            goal: Some(goal),
        };
    let sgd = |learning_rate, workload| Workload { optimizer: "sgd", learning_rate, ..workload };
    let f64 = |workload: &Workload| Workload {
        name: format!("{}-f64", workload.name),
        precision: WorkloadPrecision::F64,
        goal: None,
        ..workload.clone()
    };
    let (binary, classes, squared) = ("binary_cross_entropy", "cross_entropy", "squared_error");

    let gaussians = adam(
        "gaussians",
        WorkloadData::Gaussians,
        20_000,
        &[1, 32, 1],
        "logistic",
        binary,
        20_000,
        1_000,
        3.0,
    );
    let sines =
        adam("sines", WorkloadData::AboveSine, 25, &[2, 20, 20, 2, 1], "tanh", binary, 25, 2_000, 4.0);
    let chains =
        adam("chains", WorkloadData::Sine, 10_000, &[4, 32, 16, 4], "tanh", squared, 10_000, 1_000, 4.0);
    let digits = adam("digits", WorkloadData::Digits, 1_797, &[64, 100, 10], "relu", classes, 200, 200, 3.0);
    let wide46 =
        adam("wide46", WorkloadData::Sine, 12_800, &[10, 46, 46, 10], "identity", squared, 128, 10, 4.0);
    let tabular = adam(
        "tabular",
        WorkloadData::AboveSine,
        100_000,
        &[28, 256, 256, 256, 1],
        "relu",
        binary,
        1_024,
        1,
        1.3,
    );
    let mnist = adam("mnist", WorkloadData::ArgMax, 60_000, &[784, 128, 10], "relu", classes, 128, 1, 1.5);
    let doubles = [f64(&chains), f64(&digits)];
    let mut all = vec![sgd(1.0, gaussians), sgd(0.1, sines), chains, digits, wide46, tabular, mnist];
    all.extend(doubles);
    all
}

/// Returns the workload `name`, which is one of the table or a point of a growth curve such as
/// `samples-1000` or `width-64`.
pub(crate) fn named(name: &str) -> Result<Workload, Error> {
    let all = all();
    let from_curve = || {
        let (curve, n) = name.split_once('-')?;
        growth_point(curve, n.parse().ok().filter(|&n| n > 0)?)
    };
    all.iter().find(|workload| workload.name == name).cloned().or_else(from_curve).ok_or_else(|| {
        Error::Workload {
            name: name.to_owned(),
            names: all.into_iter().map(|workload| workload.name).collect(),
        }
    })
}

/// Returns a point of a growth curve: `samples` with a network of 8-64-64-1, or `width` with 2,000
/// samples.
///
/// Small workloads train for several epochs, so that the time can be measured.
fn growth_point(curve: &str, n: usize) -> Option<Workload> {
    let (n_samples, width, batch) = match curve {
        "samples" => (n, 64, 256),
        "width" => (2_000, n, 100),
        _ => return None,
    };
    let multiplications = n_samples * (8 * width + width * width + width);
    Some(Workload {
        name: format!("{curve}-{n}"),
        precision: WorkloadPrecision::F32,
        data: WorkloadData::AboveSine,
        n_samples,
        widths: vec![8, width, width, 1],
        activation: "tanh",
        loss: "binary_cross_entropy",
        batch: batch.min(n_samples),
        epochs: (100_000_000 / multiplications as u64).clamp(1, 1_000),
        optimizer: "adam",
        learning_rate: 1e-3,
        goal: None,
    })
}

impl Workload {
    pub(crate) fn n_inputs(&self) -> usize {
        self.widths[0]
    }

    pub(crate) fn n_outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// Returns the architecture: hidden layers with the same activation, and outputs with the link
    /// of the loss.
    pub(crate) fn architecture(&self) -> Result<Architecture, Error> {
        let link = match self.loss()?.link() {
            Link::Identity => Activation::identity(),
            link => link.activation(),
        };
        let hidden = Activation::new(self.activation, &[])?;
        let lecun = Initializer::new("lecun_normal", &[])?;
        let n_layers = self.widths.len() - 1;
        let layers = self.widths[1..].iter().enumerate().map(|(l, &n_units)| {
            let activation = if l + 1 == n_layers { link.clone() } else { hidden.clone() };
            Layer::new(n_units, activation).weight_init(lecun.clone())
        });
        Ok(Architecture::new(self.n_inputs(), layers.collect())?)
    }

    pub(crate) fn loss(&self) -> Result<Loss, Error> {
        Ok(Loss::new(self.loss, &[])?)
    }

    /// Returns the training settings. Shuffling and unit tracking are disabled, since the peers do
    /// neither.
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        Ok(Settings {
            epochs: self.epochs,
            batch: if self.batch == self.n_samples { Batch::Full } else { Batch::Size(self.batch) },
            shuffle: Shuffle::Never,
            optimizer: Optimizer::new(self.optimizer, &[])?,
            learning_rate: self.learning_rate,
            track_dead_units: UnitTracking::Never,
            ..Settings::default()
        })
    }

    /// Returns the number of floating-point operations of the matrix products of a training run:
    /// `2·n_in·n_out` per sample for each of `z = a·W`, `dW` and, except in the first layer, `da`.
    /// Activations, losses and the optimizer are not counted.
    pub(crate) fn operations(&self) -> f64 {
        let products = self.widths.windows(2).enumerate();
        let per_sample: usize = products.map(|(l, n)| 2 * n[0] * n[1] * if l == 0 { 2 } else { 3 }).sum();
        per_sample as f64 * self.n_samples as f64 * self.epochs as f64
    }

    /// Returns the settings that the peers read in addition to the arrays.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "precision": self.precision.name(),
            "widths": self.widths,
            "activation": self.activation,
            "loss": self.loss,
            "batch": self.batch,
            "epochs": self.epochs,
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
        })
    }

    /// Describes the workload in one line:
    /// `784-128-10 relu, cross_entropy; 60000 samples, batch size 128, 1 epoch, adam 0.001, f32`.
    pub(crate) fn describe(&self) -> String {
        let widths: Vec<String> = self.widths.iter().map(usize::to_string).collect();
        let full = self.batch == self.n_samples;
        format!(
            "{} {}, {}; {} samples, {}, {} epoch{}, {} {}, {}",
            widths.join("-"),
            self.activation,
            self.loss,
            self.n_samples,
            if full { "full batch".to_owned() } else { format!("batch size {}", self.batch) },
            self.epochs,
            if self.epochs == 1 { "" } else { "s" },
            self.optimizer,
            self.learning_rate,
            self.precision.name(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_workloads_and_growth_points_have_a_network_and_valid_settings() {
        let points = GROWTH_SAMPLES.map(|n| format!("samples-{n}")).into_iter();
        let points = points.chain(GROWTH_WIDTHS.map(|n| format!("width-{n}")));
        for name in all().into_iter().map(|workload| workload.name).chain(points) {
            let workload = named(&name).unwrap();
            assert_eq!(workload.name, name);
            assert_eq!(workload.architecture().unwrap().n_outputs(), workload.n_outputs());
            workload.settings().unwrap().check().unwrap();
        }
    }

    #[test]
    fn the_output_activation_is_the_link_of_the_loss() {
        let output = |name| named(name).unwrap().architecture().unwrap().output().activation.name();
        assert_eq!(["sines", "chains", "mnist"].map(output), ["logistic", "identity", "softmax"]);
    }

    #[test]
    fn operations_count_the_matrix_products() {
        let workload = Workload { widths: vec![3, 5, 2], n_samples: 10, epochs: 7, ..all().remove(0) };
        // z of both layers, dW of both layers, da of the second layer.
        assert_eq!(workload.operations(), f64::from(70 * 2 * (15 + 10 + 15 + 10 + 10)));
    }

    #[test]
    fn an_unknown_workload_is_rejected_with_a_list_of_names() {
        for name in ["nothing", "samples-0", "samples-x", "depth-3"] {
            let error = named(name).unwrap_err().to_string();
            let expected = format!("unknown workload \"{name}\"; choose one of gaussians, sines, ");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}
