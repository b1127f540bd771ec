//! Text output of `chainrule fit`.

use std::fmt::Display;
use std::path::Path;

use super::assess::{Assessment, BASELINE, Scores};
use crate::command::Written;
use crate::progress::duration;
use crate::table::{self, number, print_metrics};
use chainrule::train::{Batch, Ending};
use chainrule_experiment::{Outcome, PreparedTraining, TableSamples, Variant};
use chainrule_model::Model;
use chainrule_table::{Table, Target};

/// Maximum number of items of a list that are printed.
const MAX_CLASSES: usize = 12;
const MAX_COLUMNS: usize = 8;
const MAX_IMPORTANCES: usize = 12;

/// Prints what was inferred from the table.
pub(super) fn describe(path: &Path, table: &Table, from: &TableSamples) {
    let bold = anstyle::Style::new().bold();
    let encoders = &from.encoders;
    anstream::println!("{bold}{}{bold:#}: {} rows", path.display(), table.n_rows());
    anstream::println!("target: {}", target(&encoders.target));
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for input in &encoders.inputs {
        let kind = input.how.name();
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, columns)) => columns.push(&input.column),
            None => kinds.push((kind, vec![&input.column])),
        }
    }
    for (kind, columns) in kinds {
        let shown = columns.iter().take(MAX_COLUMNS).copied().collect::<Vec<_>>().join(", ");
        let more = columns.len().saturating_sub(MAX_COLUMNS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        anstream::println!("{kind}: {shown}{more}");
    }
    for (column, reason) in &from.ignored {
        anstream::println!("ignored: {column} ({})", reason.reason());
    }
    anstream::println!(
        "{} inputs; {} training rows, {} validation rows",
        encoders.n_inputs(),
        from.rows[0].len(),
        from.rows[1].len()
    );
}

/// The task and its columns in words.
fn target(target: &Target) -> String {
    match target {
        Target::Classes { column, classes } => {
            let shown = classes.iter().take(MAX_CLASSES).cloned().collect::<Vec<_>>().join(", ");
            let more = if classes.len() > MAX_CLASSES { ", ..." } else { "" };
            format!("{column}, classification with {} classes: {shown}{more}", classes.len())
        }
        Target::Labels { columns, .. } => format!("{}, multilabel classification", columns.join(", ")),
        Target::Numbers { columns, .. } => format!("{}, regression", columns.join(", ")),
    }
}

/// Prints the network and the main settings of its training.
pub(super) fn network(variant: &Variant, prepared: &PreparedTraining) {
    let settings = &variant.train.settings;
    anstream::println!(
        "network: {} ({} parameters)\ntraining: {}, {}, learning rate {}, batch size {}\n",
        prepared.architecture.describe(),
        prepared.architecture.n_parameters(),
        variant.train.loss.options().short(),
        settings.optimizer.options().short(),
        settings.learning_rate,
        match settings.batch {
            Batch::Full => "full".to_owned(),
            Batch::Size(n) => n.to_string(),
        },
    );
}

/// Prints how a training ended.
pub(super) fn ending(outcome: &Outcome, seconds: f64) {
    let epochs = &outcome.history.epochs;
    let verb = match &outcome.ending {
        Ok(Ending::Completed) => "trained for",
        Ok(Ending::Stopped) => "stopped early after",
        Ok(Ending::Cancelled) => "cancelled after",
        Err(_) => "diverged after",
    };
    let best = best_epoch(outcome).map_or_else(String::new, |(epoch, loss)| {
        format!("; lowest validation loss {loss:.4} in epoch {epoch}")
    });
    anstream::println!("{verb} {} epochs in {}{best}", epochs.len(), duration(seconds));
    warnings(&outcome.history.warnings);
}

/// Prints one line per warning.
pub(super) fn warnings(warnings: &[impl Display]) {
    for warning in warnings {
        anstream::println!("warning: {warning}");
    }
}

/// The epoch with the lowest validation loss, and that loss.
pub(super) fn best_epoch(outcome: &Outcome) -> Option<(u64, f64)> {
    let epochs = outcome.history.epochs.iter();
    epochs.filter_map(|epoch| Some((epoch.epoch, epoch.validation_loss?))).min_by(|a, b| a.1.total_cmp(&b.1))
}

/// Prints the metrics of a model and the permutation importance of its columns.
pub(super) fn assessment(model: &Model, assessment: &Assessment) {
    match &assessment.scores {
        Scores::Single { sets, others } => {
            let baseline = match model.target() {
                Target::Numbers { .. } => "baseline: mean",
                Target::Classes { .. } | Target::Labels { .. } => "baseline: majority class",
            };
            let mut columns = sets.clone();
            columns.extend(
                others.iter().map(|(name, metrics)| {
                    (if *name == BASELINE { baseline } else { name }, metrics.clone())
                }),
            );
            print_metrics(&columns);
            if let [_, .., (last, _)] = &sets[..] {
                anstream::println!("The linear model and the baseline are evaluated on the {last} rows.");
            }
        }
        Scores::Folds { metrics, test } => {
            let header = ["metric", "mean over folds", "standard deviation", "test"];
            let mut shown = table::new(if test.is_some() { &header[..] } else { &header[..3] });
            for (k, (name, mean, deviation)) in metrics.iter().enumerate() {
                let mut row = vec![(*name).to_owned(), number(*mean), number(*deviation)];
                row.extend(test.as_ref().map(|test| number(test[k].1)));
                shown.add_row(row);
            }
            anstream::println!();
            table::print(&shown);
            anstream::println!("The model averages the networks of {} folds.", model.members.len());
        }
    }
    if !assessment.importance.is_empty() {
        importance(model, assessment);
    }
}

fn importance(model: &Model, assessment: &Assessment) {
    let metric = chainrule::metrics::Metric::all(model.task()).next().map_or("", |metric| metric.name());
    let mut shown = table::new(&["column", &format!("permutation importance (drop in {metric})")]);
    for importance in assessment.importance.iter().take(MAX_IMPORTANCES) {
        let (mean, deviation) = importance.loss;
        shown.add_row([importance.column.clone(), format!("{} ± {}", number(mean), number(deviation))]);
    }
    anstream::println!();
    table::print(&shown);
    let more = assessment.importance.len().saturating_sub(MAX_IMPORTANCES);
    if more > 0 {
        anstream::println!("and {more} less important columns");
    }
}

/// Prints the files that were written.
pub(super) fn written(written: &[(&str, Written)]) {
    anstream::println!();
    for (name, written) in written {
        anstream::println!("{name} written to {}", written.path.display());
    }
}
