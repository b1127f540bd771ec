//! Text output of `chainrule fit`.

use std::path::Path;

use crate::command::{Written, print_remarks};
use crate::output::{bold, outln};
use crate::progress::duration;
use crate::table::{self, number, print_scores};
use chainrule::train::{Batch, Settings};
use chainrule_experiment::{Fitted, Outcome, PreparedFit, PreparedTraining, TableSamples, Variant};
use chainrule_model::{Importance, PermutationImportance};
use chainrule_table::{Table, Target};

/// Maximum number of items of a list that are printed.
const MAX_CLASSES: usize = 12;
const MAX_COLUMNS: usize = 8;
const MAX_IMPORTANCES: usize = 12;

/// Prints how the table at `path` is read, encoded and split, and the network.
pub(super) fn prepared(path: &Path, prepared: &PreparedFit) {
    describe(path, &prepared.opened.table, prepared.from_table());
    print_remarks("", &prepared.remarks);
    network(&prepared.opened.experiment.variants[0], &prepared.network);
}

/// Prints what was inferred from the table.
fn describe(path: &Path, table: &Table, from: &TableSamples) {
    let encoders = &from.encoders;
    outln!("{}: {} rows", bold(path.display()), table.n_rows());
    outln!("target: {}", target(&encoders.target));
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
        outln!("{kind}: {shown}{more}");
    }
    for (column, reason) in &from.ignored {
        outln!("ignored: {column} ({})", reason.reason());
    }
    outln!(
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
fn network(variant: &Variant, prepared: &PreparedTraining) {
    let settings = &variant.train.settings;
    outln!(
        "network: {} ({} parameters)\ntraining: {}, {}\n",
        prepared.architecture.describe(),
        prepared.architecture.n_parameters(),
        variant.train.loss.options().short(),
        describe_updates(settings),
    );
}

/// Describes how the parameters are updated: the optimizer with its learning rate and batch size, or
/// the solver.
fn describe_updates(settings: &Settings) -> String {
    if !settings.solver.uses_optimizer() {
        return settings.solver.options().short();
    }
    let batch = match settings.batch {
        Batch::Full => "full".to_owned(),
        Batch::Size(n) => n.to_string(),
    };
    let (optimizer, rate) = (settings.optimizer.options().short(), settings.learning_rate);
    format!("{optimizer}, learning rate {rate}, batch size {batch}")
}

/// Prints how a training ended.
pub(super) fn ending(outcome: &Outcome) {
    let epochs = &outcome.history.epochs;
    let verb = outcome.ending.as_ref().map_or("diverged after", |ending| ending.describe());
    let best = outcome.best_epoch().map_or_else(String::new, |(epoch, loss)| {
        format!("; lowest validation loss {loss:.4} in epoch {epoch}")
    });
    outln!("{verb} {} epochs in {}{best}", epochs.len(), duration(outcome.seconds));
    for warning in &outcome.history.warnings {
        outln!("warning: {warning}");
    }
}

/// Prints the metrics of a model and the permutation importance of its columns.
pub(super) fn assessment(fitted: &Fitted) {
    print_scores(&fitted.scores.table(fitted.model.target()));
    fitted.score_remarks().iter().for_each(|remark| outln!("{remark}"));
    fitted.scores.target_table().iter().for_each(print_scores);
    if let Some(importance) = &fitted.importance {
        self::importance(importance);
    }
}

fn importance(importance: &PermutationImportance) {
    let measure = importance.measure.describe();
    let mut shown = table::new(&["column", &format!("permutation importance (increase in {measure})")]);
    for Importance { column, increase: (mean, deviation) } in importance.columns.iter().take(MAX_IMPORTANCES)
    {
        shown.add_row([column.clone(), format!("{} ± {}", number(*mean), number(*deviation))]);
    }
    outln!();
    table::print(&shown);
    let more = importance.columns.len().saturating_sub(MAX_IMPORTANCES);
    if more > 0 {
        outln!("and {more} less important columns");
    }
}

/// Prints the files that were written.
pub(super) fn written(written: &[(&str, Written)]) {
    outln!();
    for (name, written) in written {
        outln!("{name} written to {}", written.path.display());
    }
}
