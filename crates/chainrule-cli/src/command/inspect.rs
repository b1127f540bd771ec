//! `chainrule inspect`: shows the contents of a model file.

use chainrule_experiment::{InputSummary, TargetSummary, describe_encoding};
use chainrule_model::{Model, Precision, path_to_text};
use chainrule_table::Target;
use serde_json::json;

use super::json;
use crate::arguments::InspectArguments;
use crate::error::Failure;
use crate::output::outln;
use crate::progress::duration;
use crate::table::{self, number};

pub(crate) fn run(arguments: &InspectArguments) -> Result<(), Failure> {
    let model = Model::load(&arguments.model)?;
    if arguments.json {
        print_json(&model);
    } else {
        print_text(&model);
    }
    Ok(())
}

fn precision(model: &Model) -> &'static str {
    match model.precision {
        Precision::F32 => "f32",
        Precision::F64 => "f64",
    }
}

fn print_text(model: &Model) {
    let first = &model.members[0];
    let count = match model.members.len() {
        1 => String::new(),
        n => format!("{n} averaged networks, each "),
    };
    outln!(
        "{count}{} ({} parameters, {}), {}",
        first.architecture.describe(),
        first.architecture.n_parameters(),
        precision(model),
        model.loss.options().short()
    );
    match model.target() {
        Target::Classes { column, classes } => {
            outln!("classification of {column}: {}", classes.join(", "))
        }
        Target::Labels { columns, .. } => {
            outln!("multilabel classification of {}", columns.join(", "))
        }
        Target::Numbers { columns, .. } => outln!("regression of {}", columns.join(", ")),
    }
    let mut inputs = table::new(&["column", "kind", "encoding", "missing values"]);
    for input in &first.encoders.inputs {
        let missing = if input.has_missing_indicator { "indicator input" } else { "" };
        let kind = input.how.name().to_owned();
        inputs.add_row([input.column.clone(), kind, describe_encoding(input), missing.to_owned()]);
    }
    outln!();
    table::print(&inputs);
    let trained = &model.trained;
    if !trained.date.is_empty() {
        outln!(
            "\ntrained on {} of {} rows of {} ({}; {}, {} epochs, {})",
            trained.rows[0],
            trained.rows[0] + trained.rows[1],
            trained.data.display(),
            trained.date,
            duration(trained.seconds),
            trained.history.len(),
            trained.ending
        );
    }
    if !trained.scores.is_empty() {
        print_scores(model);
    }
    if !trained.settings.is_empty() {
        outln!("\nsettings that reproduce the training:\n\n{}", trained.settings.trim_end());
    }
}

/// Prints the stored metrics: one row per metric, one column per set of rows.
fn print_scores(model: &Model) {
    let scores = &model.trained.scores;
    let mut sets: Vec<&str> = scores.iter().map(|score| score.part.as_str()).collect();
    sets.dedup();
    let mut metrics: Vec<&str> = Vec::new();
    for score in scores {
        if !metrics.contains(&score.metric.as_str()) {
            metrics.push(&score.metric);
        }
    }
    let mut shown = table::new(&[&[""], &sets[..]].concat());
    for metric in metrics {
        let value = |set: &&str| {
            let score = scores.iter().find(|score| score.part == **set && score.metric == metric);
            score.map_or_else(String::new, |score| number(score.value))
        };
        shown.add_row(std::iter::once(metric.to_owned()).chain(sets.iter().map(value)));
    }
    outln!();
    table::print(&shown);
}

fn print_json(model: &Model) {
    let (first, trained) = (&model.members[0], &model.trained);
    let scores = trained
        .scores
        .iter()
        .map(|score| json!({"rows": score.part, "metric": score.metric, "value": score.value}));
    json::print(&json!({
        "n_networks": model.members.len(),
        "network": first.architecture.describe(),
        "n_parameters": first.architecture.n_parameters(),
        "precision": precision(model),
        "loss": model.loss.options().to_string(),
        "target": TargetSummary::new(model.target()),
        "inputs": InputSummary::all(&first.encoders),
        "training": {
            "table": path_to_text(&trained.data),
            "fingerprint": trained.fingerprint,
            "date": trained.date,
            "seconds": trained.seconds,
            "epochs": trained.history.len(),
            "ending": trained.ending,
            "rows": {"train": trained.rows[0], "validation": trained.rows[1]},
            "settings": trained.settings,
        },
        "metrics": scores.collect::<Vec<_>>(),
    }));
}
