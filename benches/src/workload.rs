//! The workloads: which network is trained on what data, how, and how fast it ought to be.

use chainrule::network::activation::Activation;
use chainrule::network::loss::{Link, Loss};
use chainrule::network::{Architecture, Initializer, Layer};
use chainrule::train::optimizer::Optimizer;
use chainrule::train::{Batch, Settings, Shuffle, UnitTracking};
use serde_json::{Value, json};

use crate::error::Error;

/// One piece of work, the same for us and for every peer.
///
/// Layers have weights N(0, 1/n_in) and biases 0 at first; the output layer has the loss's link for activation.
/// Batches come in the data's order, the last, short one too.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Workload {
    /// As it is asked for: `chains-f64`.
    pub(crate) name: String,
    pub(crate) precision: Precision,
    pub(crate) data: Data,
    pub(crate) n_samples: usize,
    /// The width of each layer: inputs, hidden layers, outputs.
    pub(crate) widths: Vec<usize>,
    /// The hidden layers' activation.
    pub(crate) activation: &'static str,
    pub(crate) loss: &'static str,
    /// Samples of a step; `n_samples` for full batches.
    pub(crate) batch: usize,
    pub(crate) epochs: u64,
    pub(crate) optimizer: &'static str,
    pub(crate) learning_rate: f64,
    /// How many times as fast as JAX it is meant to be; none where nothing is promised.
    pub(crate) goal: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precision {
    F32,
    F64,
}

/// Where samples come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// Two Gaussians on a line, as in the published experiment.
    Gaussians,
    /// Standard normal inputs; class 1 where `sin(x0) + x1 > 0`.
    AboveSine,
    /// Standard normal inputs; the class is the arg max of a random linear map of them, one-hot.
    ArgMax,
    /// Standard normal inputs; the targets are the sines of a random linear map of them.
    Sine,
    /// scikit-learn's handwritten digits over 16, one-hot; where they are not at hand, as `ArgMax`.
    Digits,
}

/// The numbers of samples of the growth curve over samples.
pub(crate) const GROWTH_SAMPLES: [usize; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
/// The widths of the growth curve over width.
pub(crate) const GROWTH_WIDTHS: [usize; 9] = [4, 8, 16, 32, 64, 128, 256, 512, 1024];

impl Precision {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::F64 => "f64",
        }
    }
}

/// Every workload of the table, in its order.
pub(crate) fn all() -> Vec<Workload> {
    let adam =
        |name: &str, data, n_samples, widths: &[usize], activation, loss, batch, epochs, goal| Workload {
            name: name.to_owned(),
            precision: Precision::F32,
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
        precision: Precision::F64,
        goal: None,
        ..workload.clone()
    };
    let (binary, classes, squared) = ("binary_cross_entropy", "cross_entropy", "squared_error");

    let gaussians =
        adam("gaussians", Data::Gaussians, 20_000, &[1, 32, 1], "logistic", binary, 20_000, 1_000, 3.0);
    let sines = adam("sines", Data::AboveSine, 25, &[2, 20, 20, 2, 1], "tanh", binary, 25, 2_000, 4.0);
    let chains = adam("chains", Data::Sine, 10_000, &[4, 32, 16, 4], "tanh", squared, 10_000, 1_000, 4.0);
    let digits = adam("digits", Data::Digits, 1_797, &[64, 100, 10], "relu", classes, 200, 200, 3.0);
    let wide46 = adam("wide46", Data::Sine, 12_800, &[10, 46, 46, 10], "identity", squared, 128, 10, 4.0);
    let tabular =
        adam("tabular", Data::AboveSine, 100_000, &[28, 256, 256, 256, 1], "relu", binary, 1_024, 1, 1.3);
    let mnist = adam("mnist", Data::ArgMax, 60_000, &[784, 128, 10], "relu", classes, 128, 1, 1.5);
    let doubles = [f64(&chains), f64(&digits)];
    let mut all = vec![sgd(1.0, gaussians), sgd(0.1, sines), chains, digits, wide46, tabular, mnist];
    all.extend(doubles);
    all
}

/// The workload called `name`: one of the table, or a point of a growth curve, `samples-1000` or `width-64`.
pub(crate) fn named(name: &str) -> Result<Workload, Error> {
    let all = all();
    let growing = || {
        let (curve, n) = name.split_once('-')?;
        grown(curve, n.parse().ok().filter(|&n| n > 0)?)
    };
    all.iter().find(|workload| workload.name == name).cloned().or_else(growing).ok_or_else(|| {
        Error::Workload {
            name: name.to_owned(),
            names: all.into_iter().map(|workload| workload.name).collect(),
        }
    })
}

/// A point of a growth curve: `samples` on a network of 8-64-64-1, or `width` on 2,000 samples.
///
/// Small ones train several epochs, so that all last long enough to be measured.
fn grown(curve: &str, n: usize) -> Option<Workload> {
    let (n_samples, width, batch) = match curve {
        "samples" => (n, 64, 256),
        "width" => (2_000, n, 100),
        _ => return None,
    };
    let multiplications = n_samples * (8 * width + width * width + width);
    Some(Workload {
        name: format!("{curve}-{n}"),
        precision: Precision::F32,
        data: Data::AboveSine,
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

    /// The network: hidden layers of one activation, the loss's link behind the last.
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

    /// What the engine is told: nothing is shuffled or watched, as nothing is by the peers.
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

    /// Floating-point operations of the products of one training: `2·n_in·n_out` a sample for each of `z = a·W`,
    /// `dW` and, but for the first layer, `da`. Activations, losses and the optimizer are not counted.
    pub(crate) fn operations(&self) -> f64 {
        let products = self.widths.windows(2).enumerate();
        let a_sample: usize = products.map(|(l, n)| 2 * n[0] * n[1] * if l == 0 { 2 } else { 3 }).sum();
        a_sample as f64 * self.n_samples as f64 * self.epochs as f64
    }

    /// What peers read beside the arrays.
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

    /// One line for the table: `784-128-10 relu, cross_entropy; 60,000 in batches of 128, 1 epoch, adam 0.001`.
    pub(crate) fn describe(&self) -> String {
        let widths: Vec<String> = self.widths.iter().map(usize::to_string).collect();
        format!(
            "{} {}, {}; {} samples, batch {}, {} epochs, {} {}, {}",
            widths.join("-"),
            self.activation,
            self.loss,
            self.n_samples,
            if self.batch == self.n_samples { "full".to_owned() } else { self.batch.to_string() },
            self.epochs,
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
    fn every_workload_and_growth_point_makes_a_network_with_settings() {
        let grown = GROWTH_SAMPLES.map(|n| format!("samples-{n}")).into_iter();
        let grown = grown.chain(GROWTH_WIDTHS.map(|n| format!("width-{n}")));
        for name in all().into_iter().map(|workload| workload.name).chain(grown) {
            let workload = named(&name).unwrap();
            assert_eq!(workload.name, name);
            assert_eq!(workload.architecture().unwrap().n_outputs(), workload.n_outputs());
            workload.settings().unwrap().check().unwrap();
        }
    }

    #[test]
    fn the_output_layer_has_the_links_activation() {
        let output = |name| named(name).unwrap().architecture().unwrap().output().activation.name();
        assert_eq!(["sines", "chains", "mnist"].map(output), ["logistic", "identity", "softmax"]);
    }

    #[test]
    fn operations_are_those_of_the_products() {
        let workload = Workload { widths: vec![3, 5, 2], n_samples: 10, epochs: 7, ..all().remove(0) };
        // z of both layers, dW of both, da of the second.
        assert_eq!(workload.operations(), f64::from(70 * 2 * (15 + 10 + 15 + 10 + 10)));
    }

    #[test]
    fn an_unknown_workload_is_refused_with_the_names_there_are() {
        for name in ["nothing", "samples-0", "samples-x", "depth-3"] {
            let error = named(name).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("there is no workload \"{name}\"; there are gaussians, sines, "))
            );
        }
    }
}
