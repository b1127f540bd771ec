//! The result of a fit.

use chainrule_model::{Model, PermutationImportance};

use super::assess::Scores;
use crate::experiment::Experiment;
use crate::outcome::Outcome;
use crate::table::Remark;

/// The result of a fit. It is serialised as its [summary](Fitted::summary).
#[derive(Clone, Debug)]
pub struct Fitted {
    /// Model with its metrics.
    pub model: Model,
    /// Experiment with one network, or one for each fold.
    pub experiment: Experiment,
    /// Result of each network.
    pub outcomes: Vec<Outcome>,
    /// Metrics of the model and of the predictors that it is compared with.
    pub scores: Scores,
    /// Permutation importance of the columns; `None` after cancelled training.
    pub importance: Option<PermutationImportance>,
    /// What was assumed about the table, converted or left out.
    pub remarks: Vec<Remark>,
    /// Whether training was cancelled.
    pub is_cancelled: bool,
}

impl Fitted {
    /// Returns the warnings about the table and about training.
    pub fn warnings(&self) -> Vec<String> {
        let of_table = self.remarks.iter().filter(|remark| remark.is_warning).map(|r| r.text.clone());
        let of_trainings = self.outcomes.iter().flat_map(|outcome| &outcome.history.warnings);
        of_table.chain(of_trainings.map(ToString::to_string)).collect()
    }
}
