//! Models: one network or an ensemble of several, each with the encoders of its table.

use std::path::PathBuf;

use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Network};
use chainrule::{Scalar, metrics};
use chainrule_table::{ColumnFormat, Encoders, Table, Target};
use serde::{Deserialize, Serialize};

/// A trained network with its encoders, or an ensemble with one network per cross-validation fold.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Networks, at least one; their predictions are averaged.
    pub members: Vec<Member>,
    /// Loss function used in training.
    pub loss: Loss,
    /// Floating-point precision of the networks.
    pub precision: Precision,
    /// Training record.
    pub trained: Trained,
}

/// A network with the encoders that were fitted on its training rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Encoders of the inputs and targets.
    pub encoders: Encoders,
    /// Architecture of the network.
    pub architecture: Architecture,
    /// Parameters, in f64, which represents them exactly.
    pub parameters: Vec<f64>,
}

/// Floating-point precision of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32 bits: faster, and the default.
    F32,
    /// 64 bits: for gradient checks and for agreement with NumPy.
    F64,
}

/// Training record of a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trained {
    /// Settings that reproduce the training run, as TOML.
    pub settings: String,
    /// Path of the table.
    #[serde(with = "crate::path_text")]
    pub data: PathBuf,
    /// SHA-256 of the encoded samples, which identifies the data.
    pub fingerprint: String,
    /// Date and time of training in RFC 3339 format.
    pub date: String,
    /// Duration of training in seconds.
    pub seconds: f64,
    /// Reason why training ended.
    pub ending: String,
    /// Number of training rows and number of validation rows.
    pub rows: [usize; 2],
    /// Metrics on each part of the rows.
    pub scores: Vec<Score>,
    /// Losses of every epoch, one member after another.
    pub history: Vec<TrainedEpoch>,
}

/// Value of a metric on a part of the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Name of the part: `train`, `validation`, `test` or `folds`.
    pub part: String,
    /// Name of the metric.
    pub metric: String,
    /// Value of the metric.
    pub value: f64,
}

/// Losses of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainedEpoch {
    /// Number of the epoch, from 1.
    pub epoch: u64,
    /// Training loss.
    pub loss: f64,
    /// Validation loss, if there is a validation set.
    pub validation_loss: Option<f64>,
}

/// Predictions of a model for the rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// Outputs (n_rows, n_outputs), row-major: values in the units of the table in regression,
    /// otherwise probabilities.
    pub y: Vec<f64>,
    /// Number of outputs per row.
    pub n_outputs: usize,
    /// Number of cells in each column whose category did not occur in training, or that are missing
    /// although the column had no missing values in training.
    pub unseen: Vec<(String, u64)>,
}

/// Maximum number of rows that a thread predicts at once.
const MAX_ROWS_PER_THREAD: usize = 65_536;

impl Model {
    /// Returns the target. It is the same for all members except for the scales of regression
    /// targets.
    ///
    /// # Panics
    /// Panics if the model has no member.
    pub fn target(&self) -> &Target {
        &self.members[0].encoders.target
    }

    /// Returns the kind of the outputs, which determines the metrics.
    pub fn task(&self) -> metrics::OutputKind {
        metrics::OutputKind::of(&self.members[0].architecture.output().activation)
    }

    /// Returns the names of the input columns and the format to read each of them with.
    pub fn formats(&self) -> Vec<(&str, ColumnFormat)> {
        self.members[0].encoders.formats()
    }

    /// Returns the names of the target columns and the format to read each of them with.
    pub fn target_formats(&self) -> Vec<(&str, ColumnFormat)> {
        self.members[0].encoders.target_formats()
    }

    /// Predicts the rows of a table as the mean over the predictions of the members.
    ///
    /// # Errors
    /// Returns [`chainrule_table::Error`] if an input column does not exist.
    pub fn predict(&self, table: &Table) -> Result<Predictions, chainrule_table::Error> {
        table.columns_named(self.formats().into_iter().map(|(name, _)| name))?;
        let n_outputs = self.target().n_outputs();
        let mut y = vec![0.0; table.n_rows() * n_outputs];
        let mut unseen: Vec<(String, u64)> = Vec::new();
        for (k, member) in self.members.iter().enumerate() {
            let (x, n_unseen) = member.encoders.encode(table);
            if k == 0 {
                unseen = n_unseen.into_iter().map(|(name, n)| (name.to_owned(), n)).collect();
            }
            let mut member_y = self.outputs(member, &x);
            member.encoders.target.decode(&mut member_y);
            let weight = 1.0 / self.members.len() as f64;
            y.iter_mut().zip(member_y).for_each(|(y, member_y)| *y += weight * member_y);
        }
        Ok(Predictions { y, n_outputs, unseen })
    }

    /// Computes the raw network outputs (n, n_outputs) of a member for encoded inputs x (n,
    /// n_inputs).
    ///
    /// # Panics
    /// Panics if the number of parameters does not match the architecture of the member.
    pub fn outputs(&self, member: &Member, x: &[f64]) -> Vec<f64> {
        let network = Network::new(member.architecture.clone(), member.parameters.clone())
            .expect("the parameters match the architecture");
        match self.precision {
            Precision::F32 => outputs(&network.cast::<f32>(), x),
            Precision::F64 => outputs(&network, x),
        }
    }
}

impl Predictions {
    /// Returns the outputs of a row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.y[row * self.n_outputs..][..self.n_outputs]
    }
}

/// Computes the outputs of a network, with the rows distributed over threads.
fn outputs<T: Scalar>(network: &Network<T>, x: &[f64]) -> Vec<f64> {
    let (n_in, n_out) = (network.architecture().n_inputs(), network.architecture().n_outputs());
    let n_rows = x.len() / n_in;
    let mut y = vec![0.0; n_rows * n_out];
    let per_thread = n_rows.div_ceil(chainrule::threads()).clamp(1, MAX_ROWS_PER_THREAD);
    std::thread::scope(|scope| {
        let mut chunks = x.chunks(per_thread * n_in).zip(y.chunks_mut(per_thread * n_out));
        loop {
            let running: Vec<_> = chunks
                .by_ref()
                .take(chainrule::threads())
                .map(|(x, y)| {
                    scope.spawn(move || {
                        let x: Vec<T> = x.iter().map(|x| T::from_f64(*x)).collect();
                        network.predict(&x).iter().zip(y).for_each(|(from, to)| *to = from.to_f64());
                    })
                })
                .collect();
            if running.is_empty() {
                break;
            }
            running.into_iter().for_each(|thread| thread.join().expect("prediction does not panic"));
        }
    });
    y
}
