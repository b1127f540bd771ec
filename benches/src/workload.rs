//! Workload: network, data, training settings and performance goals.

use chainrule::network::activation::Activation;
use chainrule::network::loss::{Link, Loss};
use chainrule::network::{Architecture, Initializer, Layer};
use chainrule::train::optimizer::Optimizer;
use chainrule::train::penalty::PenaltyTarget;
use chainrule::train::{Batch, Penalty, Settings, Shuffle, UnitTracking};
use serde_json::{Value, json};

use crate::error::Error;
use crate::peer::{Peer, PeerVariant};

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
    /// Number of networks, which differ in their initial weights.
    pub(crate) n_networks: usize,
    pub(crate) training_rows: NetworkRows,
    /// Number of threads of every program, if it is fixed.
    pub(crate) threads: Option<usize>,
    /// Peers that support the workload.
    pub(crate) peers: &'static [Peer],
    pub(crate) goals: Option<Goals>,
}

/// Samples on which a network is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetworkRows {
    All,
    /// Cross-validation: the networks are divided evenly among this number of folds, and those of
    /// fold k are trained without the rows `k·n..(k + 1)·n`, where n is the number of samples
    /// divided by the number of folds, rounded down.
    Folds(usize),
}

/// Intended speedups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Goals {
    /// Speedup over JAX with 256-bit or 128-bit vectors, which are AVX2 and NEON.
    pub(crate) avx2: f64,
    /// Speedup over JAX with AVX-512.
    pub(crate) avx512: f64,
    /// Speedup over PyTorch.
    pub(crate) torch: Option<f64>,
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

/// Decoupled weight decay of `adamw`: the default of PyTorch and of Chainrule.
const WEIGHT_DECAY: f64 = 0.01;

impl WorkloadPrecision {
    pub(crate) fn name(self) -> &'static str {
        match self {
            WorkloadPrecision::F32 => "f32",
            WorkloadPrecision::F64 => "f64",
        }
    }
}

impl Goals {
    /// Returns the goal over JAX at a SIMD level. There is none for `portable`, to which JAX
    /// cannot be limited.
    pub(crate) fn over_jax(&self, level: &str) -> Option<f64> {
        match level {
            "avx512" => Some(self.avx512),
            "avx2" | "neon" => Some(self.avx2),
            _ => None,
        }
    }
}

impl Workload {
    pub(crate) fn n_inputs(&self) -> usize {
        self.widths[0]
    }

    pub(crate) fn n_outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// Returns the training rows of a network in order, or `None` if they are all rows.
    pub(crate) fn rows_of(&self, network: usize) -> Option<Vec<usize>> {
        let NetworkRows::Folds(n_folds) = self.training_rows else { return None };
        let fold = network * n_folds / self.n_networks;
        let n = self.n_samples / n_folds;
        let held_out = fold * n..(fold + 1) * n;
        Some((0..self.n_samples).filter(|row| !held_out.contains(row)).collect())
    }

    /// Returns the number of training rows of each network.
    pub(crate) fn n_training_rows(&self) -> usize {
        match self.training_rows {
            NetworkRows::All => self.n_samples,
            NetworkRows::Folds(n_folds) => self.n_samples - self.n_samples / n_folds,
        }
    }

    /// Returns the variants of `peer` to measure, none if it does not support the workload.
    ///
    /// PyTorch trains several networks one after another, for which only eager execution with one
    /// thread is measured.
    pub(crate) fn variants(&self, peer: Peer) -> Vec<PeerVariant> {
        let is_measured = |variant: &PeerVariant| {
            let is_loop = peer == Peer::Torch && self.n_networks > 1;
            self.peers.contains(&peer)
                && self.threads.is_none_or(|threads| variant.threads == threads)
                && (!is_loop || (variant.mode == "eager" && variant.threads == 1))
        };
        peer.variants().into_iter().filter(is_measured).collect()
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
    /// neither. As in PyTorch, weight decay applies to biases too.
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        Ok(Settings {
            epochs: self.epochs,
            batch: if self.batch == self.n_samples { Batch::Full } else { Batch::Size(self.batch) },
            shuffle: Shuffle::Never,
            optimizer: Optimizer::new(self.optimizer, &[])?,
            learning_rate: self.learning_rate,
            penalty: Penalty { applies_to: PenaltyTarget::All, ..Penalty::default() },
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
        (per_sample * self.n_training_rows() * self.n_networks) as f64 * self.epochs as f64
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
            "weight_decay": if self.optimizer == "adamw" { WEIGHT_DECAY } else { 0.0 },
            "n_networks": self.n_networks,
            "threads": self.threads,
        })
    }

    /// Describes the workload in one line:
    /// `784-128-10 relu, cross_entropy; 60000 samples, batch size 128, 1 epoch, adam 0.001, f32`.
    pub(crate) fn describe(&self) -> String {
        let widths: Vec<String> = self.widths.iter().map(usize::to_string).collect();
        let full = self.batch == self.n_samples;
        let networks =
            if self.n_networks == 1 { String::new() } else { format!("{} networks of ", self.n_networks) };
        let folds = match self.training_rows {
            NetworkRows::All => String::new(),
            NetworkRows::Folds(n) => format!(" in {n} folds"),
        };
        let threads = match self.threads {
            None => String::new(),
            Some(n) => format!(", {n} thread{}", if n == 1 { "" } else { "s" }),
        };
        format!(
            "{networks}{} {}, {}; {} samples{folds}, {}, {} epoch{}, {} {}, {}{threads}",
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
    use crate::suite::{all, named};

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
    fn each_row_is_held_out_in_one_fold_except_the_remainder() {
        let folds = named("folds").unwrap();
        assert_eq!((folds.n_training_rows(), folds.rows_of(0).unwrap().len()), (498, 498));
        assert_eq!(folds.rows_of(7), folds.rows_of(0));
        let first: Vec<usize> = (0..8).map(|fold| folds.rows_of(8 * fold).unwrap()[0]).collect();
        assert_eq!(first, [71, 0, 0, 0, 0, 0, 0, 0]);
        let all: Vec<usize> = (0..8).flat_map(|fold| folds.rows_of(8 * fold).unwrap()).collect();
        let n_trained = |row| all.iter().filter(|&&r| r == row).count();
        assert!((0..568).all(|row| n_trained(row) == 7) && n_trained(568) == 8);
        assert_eq!(named("restarts").unwrap().rows_of(3), None);
    }

    #[test]
    fn variants_have_the_number_of_threads_of_the_workload_and_a_peer_that_supports_it() {
        let names = |workload, peer| {
            let variants = named(workload).unwrap().variants(peer);
            variants.iter().map(PeerVariant::name).collect::<Vec<_>>()
        };
        assert_eq!(names("width-64", Peer::Jax), ["jax, 1 thread"]);
        assert_eq!(names("width-64", Peer::Torch), ["torch eager, 1 thread", "torch compile, 1 thread"]);
        assert_eq!(names("folds", Peer::Torch), ["torch eager, 1 thread"]);
        assert!(names("folds", Peer::Numpy).is_empty() && names("restarts", Peer::Torch).is_empty());
        assert_eq!(named("sines").unwrap().variants(Peer::Jax), Peer::Jax.variants());
    }

    #[test]
    fn goals_depend_on_the_level() {
        let goals = named("gaussians").unwrap().goals.unwrap();
        let over_jax = ["avx512", "avx2", "neon", "portable"].map(|level| goals.over_jax(level));
        assert_eq!(over_jax, [Some(3.0), Some(1.8), Some(1.8), None]);
    }

    #[test]
    fn weight_decay_of_adamw_is_that_of_the_peers_and_applies_to_all_parameters() {
        let workload = named("folds").unwrap();
        let settings = workload.settings().unwrap();
        assert_eq!(settings.optimizer.decay(), WEIGHT_DECAY);
        assert_eq!(settings.penalty.applies_to, PenaltyTarget::All);
        assert_eq!(workload.to_json()["weight_decay"], WEIGHT_DECAY);
        assert_eq!(named("sines").unwrap().to_json()["weight_decay"], 0.0);
    }

    #[test]
    fn descriptions_state_networks_folds_and_threads() {
        let describe = |name| named(name).unwrap().describe();
        assert_eq!(
            describe("folds"),
            "64 networks of 30-64-64-1 silu, binary_cross_entropy; 569 samples in 8 folds, batch size 32, \
             100 epochs, adamw 0.001, f32"
        );
        assert!(describe("width-512").ends_with(", 1 epoch, adam 0.001, f32, 1 thread"));
    }
}
