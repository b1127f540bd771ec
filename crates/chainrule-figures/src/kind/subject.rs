//! What a figure is drawn from: an experiment and its trained networks.

use chainrule::registry::{self, Options};
use chainrule_experiment::{Experiment, Outcome};

use super::option;
use super::series::{SampleClasses, classes, network_name};
use crate::{Error, Figure, Panel};

/// Function that draws a kind of figure for a subject, with validated options.
pub type Draw = fn(&Subject<'_>, &Options) -> Result<Figure, Error>;

/// Data of a figure: an experiment and the outcomes of its trained networks.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// The experiment.
    pub experiment: &'s Experiment,
    /// Outcomes of all or some variants. Paths and animations use the parameters recorded after
    /// some [`epochs`](super::epochs).
    pub outcomes: &'s [Outcome],
}

impl<'s> Subject<'s> {
    /// Returns the outcome selected by the option `variant`, or all outcomes if it is empty.
    pub(super) fn selected(&self, options: &Options) -> Result<Vec<&'s Outcome>, Error> {
        let name = options.text(option::VARIANT.name);
        if name.is_empty() {
            return Ok(self.outcomes.iter().collect());
        }
        let names = || self.outcomes.iter().map(|outcome| outcome.variant.as_str());
        let found = self.outcomes.iter().find(|outcome| outcome.variant == name);
        found.map(|outcome| vec![outcome]).ok_or_else(|| Error::UnknownVariant {
            name: name.to_owned(),
            nearest: registry::nearest(name, names()).map(str::to_owned),
            choices: names().map(str::to_owned).collect(),
        })
    }

    /// Returns the name of a network in titles: its variant, or nothing if there is only one
    /// network.
    pub(super) fn title(&self, outcome: &Outcome) -> String {
        if self.outcomes.len() > 1 { outcome.variant.clone() } else { String::new() }
    }

    /// Returns a row of panels for each network to which the kind is applicable.
    ///
    /// If it is applicable to none, returns the error of the first network.
    pub(super) fn rows(
        &self,
        options: &Options,
        panels: impl Fn(&'s Outcome) -> Result<Vec<Panel>, Error>,
    ) -> Result<Vec<Vec<Panel>>, Error> {
        let mut refused = None;
        let mut rows = Vec::new();
        for outcome in self.selected(options)? {
            match panels(outcome) {
                Ok(row) => rows.push(row),
                Err(error @ Error::Unsuitable { .. }) => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        match refused {
            Some(error) if rows.is_empty() => Err(error),
            _ => Ok(rows),
        }
    }
}

/// Returns [`Error::Unsuitable`] for a network.
pub(super) fn unsuitable<X>(
    kind: &'static str,
    outcome: &Outcome,
    reason: impl Into<String>,
) -> Result<X, Error> {
    Err(Error::Unsuitable { kind, network: network_name(outcome), reason: reason.into() })
}

/// Returns the true classes of the samples, or [`Error::Unsuitable`] if the targets are not classes.
pub(super) fn classes_for(kind: &'static str, outcome: &Outcome) -> Result<SampleClasses, Error> {
    classes(outcome).map_or_else(
        || unsuitable(kind, outcome, "its targets are not classes; use \"residuals\" for regression"),
        Ok,
    )
}
