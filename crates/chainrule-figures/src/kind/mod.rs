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
mod precision_recall;
mod projection;
mod regions;
mod residuals;
mod roc;
mod rows;
mod samples;
mod series;
mod subject;
mod units;
mod weights;

use std::collections::BTreeSet;

use chainrule::registry::{self, Entry, OptionValue};
use chainrule_experiment::Outcome;

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
    precision_recall::ENTRY,
    calibration::ENTRY,
    residuals::ENTRY,
];

/// Names of the kinds that evaluate a network.
const EVALUATIONS: [&str; 5] = [
    confusion::ENTRY.name,
    roc::ENTRY.name,
    precision_recall::ENTRY.name,
    calibration::ENTRY.name,
    residuals::ENTRY.name,
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
    let Some(rows) = rows::selected(&options) else { return draw(subject, &options) };
    let outcomes = rows::outcomes_on(rows, subject);
    let on_rows = Subject { outcomes: outcomes.as_deref().unwrap_or(subject.outcomes), ..*subject };
    let mut figure = draw(&on_rows, &options)?;
    // The samples of a generator are named where the network is evaluated on them.
    let is_from_table = subject.outcomes.iter().any(|outcome| outcome.samples.from_table.is_some());
    if is_from_table || EVALUATIONS.contains(&options.name()) {
        let separator = if figure.caption.is_empty() { "" } else { " " };
        figure.caption = [&figure.caption, separator, &rows::sentence(rows, subject)].concat();
    }
    Ok(figure)
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

/// Returns the names of the classes and the class of each sample, if the task is the classification of
/// exclusive classes.
pub(crate) fn sample_classes(outcome: &Outcome) -> Option<(Vec<String>, Vec<usize>)> {
    series::classes(outcome).map(|classes| (classes.names, classes.labels))
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
