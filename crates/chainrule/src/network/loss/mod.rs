//! Losses: `l(y, t)`, the discrepancy between the outputs `y` of a sample and its targets `t`.
//!
//! Each loss has a file of its own, with the loss of one sample and its derivative with respect to
//! each output, generic over [`Lanes`](crate::Lanes); the same as a function of the last layer's `z`, in which
//! the link of the loss is fused for numerical stability; the kinks; and the accepted targets. To
//! add a loss, write its file and add its entry to [`REGISTRY`].

mod absolute_error;
mod binary_cross_entropy;
mod cross_entropy;
mod huber;
mod loops;
#[expect(clippy::module_inception, reason = "a file is named after the type that it defines")]
mod loss;
mod per_sample;
mod poisson;
mod quantile;
mod squared_error;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use self::loops::{LossFunction, LossLoops};
pub use self::loss::Loss;
pub use self::per_sample::{Curvature, Domain, Link};
use crate::Error;
use crate::registry::{self, Entry, OptionValue};

/// All losses, in display order.
pub static REGISTRY: &[Entry<Arc<dyn LossFunction>>] = &[
    binary_cross_entropy::ENTRY,
    cross_entropy::ENTRY,
    squared_error::ENTRY,
    absolute_error::ENTRY,
    huber::ENTRY,
    quantile::ENTRY,
    poisson::ENTRY,
];

impl Loss {
    /// Creates the loss called `name`; omitted options have their default values.
    ///
    /// # Errors
    /// Returns [`Error::UnknownName`] or [`Error::UnknownOption`], with the nearest match, if the
    /// name or an option does not exist, and [`Error::OptionRange`] if a value is out of range.
    pub fn new(name: &str, options: &[(&str, OptionValue)]) -> Result<Loss, Error> {
        let (options, function) = registry::choose("loss", REGISTRY, name, options)?;
        let empty =
            options.iter().find(|(_, value)| matches!(value, OptionValue::List(list) if list.is_empty()));
        if let Some((key, value)) = empty {
            let allowed = "a list of one or more numbers".to_owned();
            return Err(Error::OptionRange { of: options.name(), key, value: value.to_string(), allowed });
        }
        Ok(Loss { options, function, scale: 1.0, as_deviance: false })
    }

    /// Creates a registered loss; used by the constructor of each loss.
    ///
    /// # Panics
    /// Panics if an option is out of range.
    fn from_registry(name: &str, options: &[(&str, OptionValue)]) -> Loss {
        Loss::new(name, options).unwrap_or_else(|error| panic!("{error}"))
    }
}
