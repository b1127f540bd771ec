//! Figures of the published experiments.

use std::sync::atomic::AtomicBool;

use chainrule_experiment::{Experiment, builtin};
use chainrule_figures::{Figure, Subject, draw, epochs, figures};

/// Trains the built-in experiments that request figures, and returns the figures with names such as
/// `rbf-weights-3-loss-surface`; also the computational graph of one of their networks.
pub(crate) fn all() -> Vec<(String, Figure)> {
    let mut all = Vec::new();
    for name in builtin::names() {
        let experiment = Experiment::open(&name, &[]).expect("built-in experiments are valid");
        if experiment.figures.is_empty() {
            continue;
        }
        let run = |variant: &chainrule_experiment::Variant| {
            let recorded = epochs(variant.train.settings.epochs);
            variant.run(&recorded, &mut (), &AtomicBool::new(false)).expect("the training succeeds")
        };
        let outcomes: Vec<_> = experiment.variants.iter().map(run).collect();
        let figures = figures(&Subject { experiment: &experiment, outcomes: &outcomes });
        let figures = figures.unwrap_or_else(|error| panic!("{error}"));
        for (k, (plan, figure)) in experiment.figures.iter().zip(figures).enumerate() {
            all.push((format!("{name}-{}-{}", k + 1, plan.kind), figure));
        }
        if name == "sine-classes" {
            let subject = Subject { experiment: &experiment, outcomes: &outcomes };
            let graph = draw("graph", &[("variant", "hidden-2".into())], &subject);
            all.push((format!("{name}-graph"), graph.expect("the network is small")));
        }
    }
    all
}
