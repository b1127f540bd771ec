//! Kinds of figures that can be drawn from the networks of an experiment.
//!
//! Each kind has its own file and an entry in [`REGISTRY`]. Inputs and targets from a table are
//! shown in the units of the table, see `units.rs`.

mod activation;
mod animation;
mod arrange;
mod axis;
mod calibration;
mod class_colours;
mod confusion;
mod density;
mod diagram;
pub(crate) mod gradients;
mod graph;
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
mod subject;
mod units;
mod weights;

use std::collections::BTreeSet;

use chainrule::registry::{self, Entry, OptionValue};

pub use subject::{Draw, Subject};

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
    graph::ENTRY,
    gradients::ENTRY,
    confusion::ENTRY,
    roc::ENTRY,
    calibration::ENTRY,
    residuals::ENTRY,
];

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
    let entry = REGISTRY.iter().find(|entry| entry.name == options.name());
    option::check(&options, entry.map_or(&[], |entry| entry.options))
}

/// Draws every kind that is applicable to the subject, with default options.
pub fn all(subject: &Subject<'_>) -> Vec<(&'static str, Figure)> {
    let figure = |entry: &Entry<Draw>| Some((entry.name, draw(entry.name, &[], subject).ok()?));
    REGISTRY.iter().filter_map(figure).collect()
}

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
