//! A model: one network, or several that are asked together, each with the encoders of its table.

use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Network};
use chainrule::{Scalar, metrics};
use chainrule_table::{CellType, Encoders, Table, Target};
use serde::{Deserialize, Serialize};

/// A trained network with its encoders; of cross-validation, one network for each fold.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The networks, at least one; what they predict is averaged.
    pub members: Vec<Member>,
    /// The loss that they were trained with.
    pub loss: Loss,
    /// The numbers that they calculate with.
    pub precision: Precision,
    /// How they were trained.
    pub trained: Trained,
}

/// A network with the encoders that were fitted on the rows that it was trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// What turns a table into its inputs.
    pub encoders: Encoders,
    /// Its shape.
    pub architecture: Architecture,
    /// Its parameters, exactly, in f64.
    pub parameters: Vec<f64>,
}

/// The numbers that a network calculates with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32 bits: the default, for speed.
    F32,
    /// 64 bits: for proofs, and for agreement with NumPy.
    F64,
}

/// How a model came about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trained {
    /// The settings as TOML that train it again.
    pub settings: String,
    /// The file of the table.
    pub data: String,
    /// What tells the table from others: the SHA-256 of its encoded samples.
    pub fingerprint: String,
    /// When, in the form of RFC 3339.
    pub date: String,
    /// How many seconds the training took.
    pub seconds: f64,
    /// How it ended.
    pub ending: String,
    /// How many rows were trained on, and how many validated with.
    pub rows: [usize; 2],
    /// How well it did.
    pub scores: Vec<Score>,
    /// Every epoch, of one member after the other.
    pub history: Vec<TrainedEpoch>,
}

/// A metric on a part of the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The part: `train`, `validation`, `test`.
    pub part: String,
    /// The metric's name.
    pub metric: String,
    /// Its value.
    pub value: f64,
}

/// What an epoch of the training came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainedEpoch {
    /// Its number, from 1.
    pub epoch: u64,
    /// The loss on the rows of the training.
    pub loss: f64,
    /// The loss on those of the validation.
    pub validation_loss: Option<f64>,
}

/// What a model says of the rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// (n_rows, n_outputs) row-major: numbers as the table has them, or probabilities.
    pub y: Vec<f64>,
    /// How many outputs a row has.
    pub n_outputs: usize,
    /// For each column the cells of which the training had none like.
    pub unseen: Vec<(String, u64)>,
}

/// So many rows are encoded and predicted at once.
const ROWS: usize = 65_536;

impl Model {
    /// What is predicted; the same for all members but for the scales of numbers.
    ///
    /// # Panics
    /// When there is no member.
    pub fn target(&self) -> &Target {
        &self.members[0].encoders.target
    }

    /// What the outputs mean to metrics.
    pub fn task(&self) -> metrics::OutputKind {
        metrics::OutputKind::of(&self.members[0].architecture.output().activation)
    }

    /// The columns that are to be read, with what each is to be read as.
    pub fn wanted(&self) -> Vec<(&str, CellType)> {
        self.members[0].encoders.cell_types()
    }

    /// Predicts the rows of a table; the mean of what the members say.
    ///
    /// # Errors
    /// A column that is not there.
    pub fn predict(&self, table: &Table) -> Result<Predictions, chainrule_table::Error> {
        for (name, _) in self.wanted() {
            table.column(name)?;
        }
        let n_outputs = self.target().n_outputs();
        let mut y = vec![0.0; table.n_rows() * n_outputs];
        let mut unseen: Vec<(String, u64)> = Vec::new();
        for (k, member) in self.members.iter().enumerate() {
            let (x, new) = member.encoders.encode(table);
            if k == 0 {
                unseen = new.into_iter().map(|(name, n)| (name.to_owned(), n)).collect();
            }
            let mut own = self.outputs(member, &x);
            member.encoders.target.decode(&mut own);
            let share = 1.0 / self.members.len() as f64;
            y.iter_mut().zip(own).for_each(|(y, own)| *y += share * own);
        }
        Ok(Predictions { y, n_outputs, unseen })
    }

    /// A member's outputs (n, n_outputs), as its network gives them, for encoded inputs x (n, n_inputs).
    ///
    /// # Panics
    /// When the member's parameters do not fit its architecture.
    pub fn outputs(&self, member: &Member, x: &[f64]) -> Vec<f64> {
        let network = Network::new(member.architecture.clone(), member.parameters.clone())
            .expect("parameters that fit");
        match self.precision {
            Precision::F32 => outputs(&network.cast::<f32>(), x),
            Precision::F64 => outputs(&network, x),
        }
    }
}

impl Predictions {
    /// The outputs of a row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.y[row * self.n_outputs..][..self.n_outputs]
    }
}

/// A network's outputs, pieces of the rows on each thread.
fn outputs<T: Scalar>(network: &Network<T>, x: &[f64]) -> Vec<f64> {
    let (n_in, n_out) = (network.architecture().n_inputs(), network.architecture().n_outputs());
    let n_rows = x.len() / n_in;
    let mut y = vec![0.0; n_rows * n_out];
    let per_thread = n_rows.div_ceil(chainrule::threads()).clamp(1, ROWS);
    std::thread::scope(|scope| {
        let mut pieces = x.chunks(per_thread * n_in).zip(y.chunks_mut(per_thread * n_out));
        loop {
            let round: Vec<_> = pieces
                .by_ref()
                .take(chainrule::threads())
                .map(|(x, y)| {
                    scope.spawn(move || {
                        let x: Vec<T> = x.iter().map(|x| T::from_f64(*x)).collect();
                        network.predict(&x).iter().zip(y).for_each(|(from, to)| *to = from.to_f64());
                    })
                })
                .collect();
            if round.is_empty() {
                break;
            }
            round.into_iter().for_each(|thread| thread.join().expect("predicting does not panic"));
        }
    });
    y
}
