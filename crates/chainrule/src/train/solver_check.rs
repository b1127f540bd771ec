//! The check that settings, network and loss suit the solver.

use super::batch::Batch;
use super::clip::Clip;
use super::schedule::Schedule;
use super::settings::Settings;
use super::solver::{MAX_PARAMETERS, Method, Solver};
use crate::Error;
use crate::kernel::symmetric::SymmetricMatrix;
use crate::network::Architecture;
use crate::network::loss::Loss;

impl Solver {
    /// Checks that the other settings, the network and the loss suit the solver.
    pub(super) fn check(
        &self,
        settings: &Settings,
        architecture: &Architecture,
        loss: &Loss,
    ) -> Result<(), Error> {
        if self.uses_optimizer() {
            return Ok(());
        }
        let refuse = |setting: &str, value: String, allowed: String| {
            Err(Error::Setting { setting: setting.to_owned(), value, allowed })
        };
        let uses = |what: &str| format!("{what} with the solver {}", self.name());
        if let Batch::Size(size) = settings.batch {
            let allowed = uses("\"full\", since all samples are used in each step,");
            return refuse("batch", size.to_string(), allowed);
        }
        if let Some(layer) = architecture.layers().iter().find(|layer| layer.dropout > 0.0) {
            let allowed = uses("0, since random changes of the loss would mislead its steps,");
            return refuse("dropout", layer.dropout.to_string(), allowed);
        }
        match settings.clip {
            Some(Clip::Norm(max)) => return refuse("clip.norm", max.to_string(), uses("omitted")),
            Some(Clip::Value(max)) => return refuse("clip.value", max.to_string(), uses("omitted")),
            None => {}
        }
        let decay = settings.penalty.decoupled;
        if decay > 0.0 {
            let allowed = uses("0, since it is not part of the loss (use penalty.l2),");
            return refuse("penalty.decoupled", decay.to_string(), allowed);
        }
        if settings.penalty.adds_to_loss() && settings.penalty_schedule != Schedule::constant() {
            let value = settings.penalty_schedule.name().to_owned();
            return refuse("penalty_schedule", value, uses("constant"));
        }
        let Method::LevenbergMarquardt(_) = self.made else { return Ok(()) };
        if loss.curvature(&architecture.output().activation).is_none() {
            let allowed = format!(
                "lbfgs or optimizer with the loss {} and the output activation {}; {} requires squared_error, or \
                 a cross-entropy or poisson with its link (logistic, softmax or exp)",
                loss.name(),
                architecture.output().activation.name(),
                self.name()
            );
            return refuse("solver", self.name().to_owned(), allowed);
        }
        let n = architecture.n_parameters();
        if n > MAX_PARAMETERS {
            let allowed = format!(
                "lbfgs or optimizer for a network of {n} parameters; {} needs {:.1} GB for its two matrices, and is \
                 limited to {} parameters",
                self.name(),
                2.0 * SymmetricMatrix::n_bytes(n) as f64 / 1e9,
                MAX_PARAMETERS
            );
            return refuse("solver", self.name().to_owned(), allowed);
        }
        Ok(())
    }
}
