//! The subcommands, one file each.

pub(crate) mod completions;
pub(crate) mod gradcheck;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod new;
pub(crate) mod reproduce;
pub(crate) mod run;
pub(crate) mod trace;

use chainrule_experiment::{Experiment, Variant};

use crate::arguments::Source;
use crate::error::Failure;

impl Source {
    /// The experiment with its changes, reduced to the variant asked for.
    fn open(&self) -> Result<Experiment, Failure> {
        let mut experiment = Experiment::open(&self.name, &self.set)?;
        if let Some(name) = &self.variant {
            experiment.variant(name)?;
            experiment.variants.retain(|variant| variant.name == *name);
        }
        Ok(experiment)
    }

    /// The one variant asked for; the first when none is.
    fn one(&self) -> Result<Variant, Failure> {
        Ok(self.open()?.variants.swap_remove(0))
    }
}
