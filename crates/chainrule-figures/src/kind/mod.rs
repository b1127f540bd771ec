//! Kinds of figures that can be drawn from the networks of an experiment.
//!
//! Each kind has its own file and an entry in [`REGISTRY`]. Inputs and targets from a table are
//! shown in the units of the table, see `units.rs`.

mod activation;
mod arrange;
mod calibration;
mod confusion;
mod density;
pub(crate) mod gradients;
mod hidden;
mod loss_curve;
mod loss_surface;
mod option;
mod projection;
mod regions;
mod residuals;
mod roc;
mod samples;
mod series;
mod units;
mod weights;

use std::collections::BTreeSet;

use chainrule::registry::{self, Entry, OptionValue, Options};
use chainrule_experiment::{Experiment, Outcome};

use crate::{Error, Figure};

/// All kinds of figures, in the order of lists and reports.
pub static REGISTRY: &[Entry<Draw>] = &[
    samples::ENTRY,
    activation::ENTRY,
    density::ENTRY,
    loss_surface::ENTRY,
    loss_curve::ENTRY,
    regions::ENTRY,
    hidden::ENTRY,
    projection::ENTRY,
    weights::ENTRY,
    gradients::ENTRY,
    confusion::ENTRY,
    roc::ENTRY,
    calibration::ENTRY,
    residuals::ENTRY,
];

/// Function that draws a kind of figure for a subject, with validated options.
pub type Draw = fn(&Subject<'_>, &Options) -> Result<Figure, Error>;

/// Data of a figure: an experiment and the outcomes of its trained networks.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// The experiment.
    pub experiment: &'s Experiment,
    /// Outcomes of all or some variants. Paths and animations use the parameters recorded after
    /// some [`epochs`].
    pub outcomes: &'s [Outcome],
}

/// Draws the figure `kind` of a subject with the options `given`.
///
/// ```
/// use std::sync::atomic::AtomicBool;
///
/// use chainrule_experiment::Experiment;
/// use chainrule_figures::{Subject, draw, epochs, svg};
///
/// let experiment = Experiment::open("rbf-bias", &[])?;
/// let mut outcomes = Vec::new();
/// for variant in &experiment.variants {
///     let recorded = epochs(variant.train.settings.epochs);
///     outcomes.push(variant.run(&recorded, &mut (), &AtomicBool::new(false))?);
/// }
/// let subject = Subject { experiment: &experiment, outcomes: &outcomes };
/// let surface = draw("loss-surface", &[("x", "w_h".into()), ("y", "b_o".into())], &subject)?;
/// assert!(svg(&surface)?.starts_with("<svg"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns an error if the kind or an option is unknown, an option is out of range, the variant is
/// unknown, or the kind is not applicable to the network ([`Error::Unsuitable`]).
pub fn draw(kind: &str, given: &[(&str, OptionValue)], subject: &Subject<'_>) -> Result<Figure, Error> {
    let (options, draw) = registry::choose("figure", REGISTRY, kind, given)?;
    draw(subject, &options)
}

/// Checks the kind and options of a figure without drawing it.
///
/// # Errors
/// See [`draw`]; errors that depend on the networks are not detected.
pub fn check(kind: &str, given: &[(&str, OptionValue)]) -> Result<(), Error> {
    let (options, _) = registry::choose("figure", REGISTRY, kind, given)?;
    option::check(&options)
}

/// Draws every kind that is applicable to the subject, with default options.
pub fn all(subject: &Subject<'_>) -> Vec<(&'static str, Figure)> {
    let figure = |entry: &Entry<Draw>| Some((entry.name, draw(entry.name, &[], subject).ok()?));
    REGISTRY.iter().filter_map(figure).collect()
}

/// Sentences of captions that name the evaluated samples.
const HELD_OUT: &str = "Evaluated on the held-out samples.";
const ALL_SAMPLES: &str = "Evaluated on all samples, including the training set.";

/// Maximum number of recorded epochs, not counting the initial parameters.
const MAX_RECORDED: u64 = 100;

/// Returns the epochs after which figures require the parameters, for a run of `total` epochs:
/// all, or the start and a hundred evenly spaced epochs.
pub fn epochs(total: u64) -> BTreeSet<u64> {
    if total <= MAX_RECORDED {
        return (0..=total).collect();
    }
    (0..=MAX_RECORDED)
        .map(|k| (u128::from(total) * u128::from(k) / u128::from(MAX_RECORDED)) as u64)
        .collect()
}

impl<'s> Subject<'s> {
    /// Returns the outcome selected by the option `variant`, or all outcomes if it is empty.
    fn selected(&self, options: &Options) -> Result<Vec<&'s Outcome>, Error> {
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
    fn title(&self, outcome: &Outcome) -> String {
        if self.outcomes.len() > 1 { outcome.variant.clone() } else { String::new() }
    }

    /// Returns a row of panels for each network to which the kind is applicable.
    ///
    /// If it is applicable to none, returns the error of the first network.
    fn rows(
        &self,
        options: &Options,
        panels: impl Fn(&'s Outcome) -> Result<Vec<crate::Panel>, Error>,
    ) -> Result<Vec<Vec<crate::Panel>>, Error> {
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

    /// Like [`rows`](Subject::rows), evaluated on the held-out samples if there are any. Also
    /// returns a sentence that names the evaluated samples.
    fn rows_on_held_out(
        &self,
        options: &Options,
        panels: impl Fn(&Outcome) -> Result<Vec<crate::Panel>, Error>,
    ) -> Result<(Vec<Vec<crate::Panel>>, &'static str), Error> {
        let rows = self.rows(options, |outcome| panels(outcome.held_out().as_ref().unwrap_or(outcome)))?;
        let has_held_out = |outcome: &Outcome| {
            outcome.samples.from_table.as_ref().is_some_and(|from| from.validation.is_some())
        };
        Ok((rows, if self.outcomes.iter().any(has_held_out) { HELD_OUT } else { ALL_SAMPLES }))
    }

    /// Returns one panel, titled with the variant, for each network to which the kind is
    /// applicable.
    ///
    /// If it is applicable to none, returns the error of the first network.
    fn panels(
        &self,
        options: &Options,
        panel: impl Fn(&'s Outcome) -> Result<crate::Panel, Error>,
    ) -> Result<Vec<crate::Panel>, Error> {
        let rows = self.rows(options, |outcome| Ok(vec![panel(outcome)?.titled(self.title(outcome))]))?;
        Ok(rows.into_iter().flatten().collect())
    }
}

/// Returns [`Error::Unsuitable`] for a network.
fn unsuitable<X>(kind: &'static str, outcome: &Outcome, reason: impl Into<String>) -> Result<X, Error> {
    Err(Error::Unsuitable { kind, network: series::network_name(outcome), reason: reason.into() })
}
