//! The subcommands, one file each.

pub(crate) mod completions;
pub(crate) mod evaluate;
pub(crate) mod export;
pub(crate) mod figure;
pub(crate) mod fit;
pub(crate) mod gradcheck;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod new;
pub(crate) mod predict;
pub(crate) mod reproduce;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod trace;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule_experiment::{Experiment, Opened, Outcome, Variant};
use chainrule_model::Model;

use crate::arguments::Source;
use crate::error::Failure;
use crate::progress::Bar;

impl Source {
    /// The experiment with its changes, reduced to the variant asked for.
    fn open(&self) -> Result<Experiment, Failure> {
        if let Some(opened) = self.model()? {
            return Ok(opened.experiment);
        }
        let mut experiment = Experiment::open(&self.name, &self.set)?;
        if let Some(name) = &self.variant {
            experiment.reduce_to(name)?;
        }
        Ok(experiment)
    }

    /// The model, where the source is one.
    fn model(&self) -> Result<Option<Opened>, Failure> {
        let path = Path::new(&self.name);
        if path.extension().is_none_or(|ending| ending != "safetensors") {
            let refused = |data: &PathBuf| Failure::Argument {
                argument: "--data",
                value: data.display().to_string(),
                allowed: "left out, for SOURCE is no model".to_owned(),
            };
            return self.data.as_ref().map_or(Ok(None), |data| Err(refused(data)));
        }
        let model = Model::load(path)?;
        if model.members.len() > 1 {
            anstream::eprintln!("of the model's {} networks, the first", model.members.len());
        }
        Ok(Some(Experiment::of_model(&model, path, self.data.as_deref())?))
    }

    /// The one variant asked for; the first when none is.
    fn one(&self) -> Result<Variant, Failure> {
        Ok(self.open()?.variants.swap_remove(0))
    }
}

/// Trains every network, with the parameters kept that its claims and figures need, until somebody cancels it.
fn train(experiment: &Experiment, bar: &mut Bar, cancel: &AtomicBool) -> Result<Vec<Outcome>, Failure> {
    let mut outcomes = Vec::new();
    for variant in &experiment.variants {
        outcomes.push(variant.run(&figure::recorded(experiment, variant), bar, cancel)?);
        if cancel.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(outcomes)
}
