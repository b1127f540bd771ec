//! What `chainrule fit` shows: what it takes the table for, how a training ended, tables of metrics.

use chainrule::train::{Batch, Ending};
use chainrule_experiment::{Outcome, PreparedTraining, TableSamples, Variant};
use chainrule_model::{Importance, Model};
use chainrule_table::{Table, Target};
use comfy_table::{Cell, CellAlignment};

use crate::progress::duration;
use crate::table;

/// What the table is taken for.
pub(super) fn describe(table: &Table, from: &TableSamples) {
    let bold = anstyle::Style::new().bold();
    let encoders = &from.encoders;
    let target = match &encoders.target {
        Target::Classes { column, classes } => {
            let shown = classes.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
            let more = if classes.len() > 12 { ", ..." } else { "" };
            format!("{column} is one of {} classes: {shown}{more}", classes.len())
        }
        Target::Labels { columns, .. } => {
            format!("{} are labels, of which any number may hold", columns.join(", "))
        }
        Target::Numbers { columns, .. } if columns.len() == 1 => format!("{} is a number", columns[0]),
        Target::Numbers { columns, .. } => format!("{} are numbers", columns.join(", ")),
    };
    anstream::println!("{bold}{}{bold:#}: {} rows; {target}", table.path.display(), table.n_rows());
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for input in &encoders.inputs {
        let kind = input.how.name();
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, columns)) => columns.push(&input.column),
            None => kinds.push((kind, vec![&input.column])),
        }
    }
    for (kind, columns) in kinds {
        let shown = columns.iter().take(8).copied().collect::<Vec<_>>().join(", ");
        let more = if columns.len() > 8 { format!(" and {} more", columns.len() - 8) } else { String::new() };
        anstream::println!("{kind}: {shown}{more}");
    }
    for (column, why) in &from.ignored {
        anstream::println!("left out: {column}, {}", why.reason());
    }
    anstream::println!(
        "{} inputs; {} rows to train on, {} held back",
        encoders.n_inputs(),
        from.rows[0].len(),
        from.rows[1].len()
    );
}

/// The network and how it is trained.
pub(super) fn network(variant: &Variant, prepared: &PreparedTraining) {
    let settings = &variant.train.settings;
    anstream::println!(
        "network: {} ({} parameters), {}, {}, rate {}, batches of {}\n",
        prepared.architecture.describe(),
        prepared.architecture.n_parameters(),
        variant.train.loss.options().short(),
        settings.optimizer.options().short(),
        settings.learning_rate,
        match settings.batch {
            Batch::Full => "all rows".to_owned(),
            Batch::Size(n) => n.to_string(),
        },
    );
}

pub(super) fn ended(outcome: &Outcome, seconds: f64) {
    let epochs = &outcome.history.epochs;
    let best = epochs
        .iter()
        .filter_map(|epoch| Some((epoch.epoch, epoch.validation_loss?)))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let how = match &outcome.ending {
        Ok(Ending::Completed) => "trained",
        Ok(Ending::Stopped) => "stopped early after",
        Ok(Ending::Cancelled) => "cancelled after",
        Err(_) => "diverged after",
    };
    let best = best
        .map_or_else(String::new, |(epoch, loss)| format!("; best epoch {epoch}, validation loss {loss:.4}"));
    anstream::println!("{how} {} epochs in {}{best}", epochs.len(), duration(seconds));
    for warning in &outcome.history.warnings {
        anstream::println!("warning: {warning}");
    }
}

/// So many columns are listed.
const LISTED: usize = 12;

/// Which columns the model needs.
pub(super) fn columns(model: &Model, all: &[Importance]) {
    let metric = chainrule::metrics::Metric::all(model.task()).next().map_or("", |metric| metric.name());
    let mut shown = table::new(&["column", &format!("{metric} lost when its cells are mixed up")]);
    for importance in all.iter().take(LISTED) {
        let (mean, deviation) = importance.loss;
        shown.add_row([importance.column.clone(), format!("{} ± {}", number(mean), number(deviation))]);
    }
    anstream::println!("\n{shown}");
    if all.len() > LISTED {
        anstream::println!("and {} columns of less weight", all.len() - LISTED);
    }
}

/// A table of metrics: one row a metric, one column a part.
pub(in crate::command) fn metrics(columns: &[(&str, Vec<(&'static str, f64)>)]) {
    let header: Vec<&str> = std::iter::once("").chain(columns.iter().map(|(name, _)| *name)).collect();
    let mut shown = table::new(&header);
    for (k, (name, _)) in columns[0].1.iter().enumerate() {
        let values = columns
            .iter()
            .map(|(_, metrics)| Cell::new(number(metrics[k].1)).set_alignment(CellAlignment::Right));
        shown.add_row(std::iter::once(Cell::new(name)).chain(values));
    }
    anstream::println!("\n{shown}");
}

/// A number in four digits; nothing where there is none.
pub(in crate::command) fn number(v: f64) -> String {
    match v.abs() {
        _ if v.is_nan() => "-".to_owned(),
        size if size >= 1e5 || size < 1e-4 && size > 0.0 => format!("{v:.3e}"),
        size if size >= 100.0 => format!("{v:.1}"),
        _ => format!("{v:.4}"),
    }
}
