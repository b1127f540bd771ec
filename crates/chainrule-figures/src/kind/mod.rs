//! The kinds of figures: what can be drawn of an experiment's networks. One file a kind; to add one, write the file and
//! add its line to [`REGISTRY`]. Inputs and numbers of a table are shown in its units, by `units.rs`.

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
mod parts;
mod projection;
mod regions;
mod residuals;
mod roc;
mod samples;
mod units;
mod weights;

use std::collections::BTreeSet;

use chainrule::registry::{self, Entry, OptionValue, Options};
use chainrule_experiment::{Experiment, Outcome};

use crate::{Error, Figure};

/// All kinds of figures, in the order in which lists and reports show them.
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

/// What a kind's file implements: the figure of a subject, from checked options.
pub type Draw = fn(&Subject<'_>, &Options) -> Result<Figure, Error>;

/// What a figure is drawn of: an experiment and what came of training its networks, or some of them.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// The experiment.
    pub experiment: &'s Experiment,
    /// What came of its networks; for paths and animations with the parameters after some [`epochs`].
    pub outcomes: &'s [Outcome],
}

/// The figure called `kind` with the options `given` of a subject.
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
/// An unknown kind or option, with the nearest one; an option outside its range; a network that the kind does not suit,
/// with what would.
pub fn draw(kind: &str, given: &[(&str, OptionValue)], subject: &Subject<'_>) -> Result<Figure, Error> {
    let (options, draw) = registry::choose("figure", REGISTRY, kind, given)?;
    draw(subject, &options)
}

/// Whether there is such a kind with such options, before anything is trained.
///
/// # Errors
/// As [`draw`], but for what only the networks can tell.
pub fn check(kind: &str, given: &[(&str, OptionValue)]) -> Result<(), Error> {
    let (options, _) = registry::choose("figure", REGISTRY, kind, given)?;
    option::check(&options)
}

/// Every kind that suits the subject, drawn without options: what a report shows of an experiment that asks for nothing.
pub fn all(subject: &Subject<'_>) -> Vec<(&'static str, Figure)> {
    let figure = |entry: &Entry<Draw>| Some((entry.name, draw(entry.name, &[], subject).ok()?));
    REGISTRY.iter().filter_map(figure).collect()
}

/// Which samples a model is evaluated on.
const HELD_BACK: &str = "The samples held back from the training.";
const ALL_SAMPLES: &str = "All samples, those of the training among them.";

/// At most so many states of a training are recorded for paths, and one more for the start.
const RECORDED: u64 = 100;

/// The epochs after which figures want the parameters, of a training of `total` epochs: all, or a hundred evenly spaced.
pub fn epochs(total: u64) -> BTreeSet<u64> {
    if total <= RECORDED {
        return (0..=total).collect();
    }
    (0..=RECORDED).map(|k| (u128::from(total) * u128::from(k) / u128::from(RECORDED)) as u64).collect()
}

impl<'s> Subject<'s> {
    /// The outcomes that the option `variant` names, or all.
    fn chosen(&self, options: &Options) -> Result<Vec<&'s Outcome>, Error> {
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

    /// What an outcome's network is called in a title: its variant, or nothing where there is but one.
    fn title(&self, outcome: &Outcome) -> String {
        if self.outcomes.len() > 1 { outcome.variant.clone() } else { String::new() }
    }

    /// The figure of rows of panels, those of networks for which `panels` has something to show.
    ///
    /// Where it has for none, the first network's reason is the error.
    fn rows(
        &self,
        options: &Options,
        panels: impl Fn(&'s Outcome) -> Result<Vec<crate::Panel>, Error>,
    ) -> Result<Vec<Vec<crate::Panel>>, Error> {
        let mut refused = None;
        let mut rows = Vec::new();
        for outcome in self.chosen(options)? {
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

    /// As [`rows`](Subject::rows), of the samples that were held back where some were, with a sentence that says which samples
    /// are shown.
    fn rows_held_back(
        &self,
        options: &Options,
        panels: impl Fn(&Outcome) -> Result<Vec<crate::Panel>, Error>,
    ) -> Result<(Vec<Vec<crate::Panel>>, &'static str), Error> {
        let rows = self.rows(options, |outcome| panels(outcome.held_out().as_ref().unwrap_or(outcome)))?;
        let held = |outcome: &Outcome| {
            outcome.samples.from_table.as_ref().is_some_and(|from| from.validation.is_some())
        };
        Ok((rows, if self.outcomes.iter().any(held) { HELD_BACK } else { ALL_SAMPLES }))
    }

    /// One panel for each network that a kind suits, called by its variant.
    ///
    /// Where it suits none, the first network's reason is the error.
    fn panels(
        &self,
        options: &Options,
        panel: impl Fn(&'s Outcome) -> Result<crate::Panel, Error>,
    ) -> Result<Vec<crate::Panel>, Error> {
        let rows = self.rows(options, |outcome| Ok(vec![panel(outcome)?.titled(self.title(outcome))]))?;
        Ok(rows.into_iter().flatten().collect())
    }
}

/// The error that `kind` does not suit a network.
fn unsuitable<X>(kind: &'static str, outcome: &Outcome, reason: impl Into<String>) -> Result<X, Error> {
    Err(Error::Unsuitable { kind, network: parts::shape(outcome), reason: reason.into() })
}
