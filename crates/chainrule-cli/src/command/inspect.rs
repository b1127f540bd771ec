//! `chainrule inspect`: what a model file holds.

use chainrule_model::{Model, Precision};
use chainrule_table::{Encoding, Input, Target};

use super::fit::number;
use crate::arguments::table::Inspect;
use crate::error::Failure;
use crate::progress::duration;
use crate::table;

pub(crate) fn run(arguments: &Inspect) -> Result<(), Failure> {
    let model = Model::load(&arguments.model)?;
    let first = &model.members[0];
    let precision = match model.precision {
        Precision::F32 => "f32",
        Precision::F64 => "f64",
    };
    let several = match model.members.len() {
        1 => String::new(),
        n => format!("{n} networks, averaged, each "),
    };
    anstream::println!(
        "{several}{} ({} parameters, {precision}), {}",
        first.architecture.describe(),
        first.architecture.n_parameters(),
        model.loss.options().short()
    );
    match model.target() {
        Target::Classes { column, classes } => {
            anstream::println!("predicts {column}: {}", classes.join(", "))
        }
        Target::Labels { columns, .. } => anstream::println!("predicts labels: {}", columns.join(", ")),
        Target::Numbers { columns, .. } => anstream::println!("predicts numbers: {}", columns.join(", ")),
    }
    let mut inputs = table::new(&["column", "kind", "encoded", "missing"]);
    for input in &first.encoders.inputs {
        let missing = if input.has_missing_indicator { "an input of its own" } else { "" };
        inputs.add_row([
            input.column.clone(),
            input.how.name().to_owned(),
            encoded(input),
            missing.to_owned(),
        ]);
    }
    anstream::println!("\n{inputs}");
    let trained = &model.trained;
    if !trained.date.is_empty() {
        anstream::println!(
            "\ntrained on {} of {} rows of {} ({}; {}, {} epochs, {})",
            trained.rows[0],
            trained.rows[0] + trained.rows[1],
            trained.data,
            trained.date,
            duration(trained.seconds),
            trained.history.len(),
            trained.ending
        );
    }
    if !trained.scores.is_empty() {
        let mut parts: Vec<&str> = trained.scores.iter().map(|score| score.part.as_str()).collect();
        parts.dedup();
        let mut metrics: Vec<&str> = Vec::new();
        for score in &trained.scores {
            if !metrics.contains(&score.metric.as_str()) {
                metrics.push(&score.metric);
            }
        }
        let mut scores = table::new(&[&[""], &parts[..]].concat());
        for metric in metrics {
            let value = |part: &&str| {
                let score =
                    trained.scores.iter().find(|score| score.part == **part && score.metric == metric);
                score.map_or_else(String::new, |score| number(score.value))
            };
            scores.add_row(std::iter::once(metric.to_owned()).chain(parts.iter().map(value)));
        }
        anstream::println!("\n{scores}");
    }
    if !trained.settings.is_empty() {
        anstream::println!("\nsettings that train it again:\n\n{}", trained.settings.trim_end());
    }
    Ok(())
}

/// How a column becomes inputs, in words.
fn encoded(input: &Input) -> String {
    match &input.how {
        Encoding::Number { scale, .. } | Encoding::Date { scale, .. } => {
            let bent = if scale.bent { ", outliers bent in" } else { "" };
            format!("(x - {}) / {}{bent}", number(scale.shift), number(scale.by))
        }
        Encoding::Boolean { words: [no, yes] } => format!("{no} is -1, {yes} is 1"),
        Encoding::Category { words, rare } => {
            let shown = words.iter().take(6).cloned().collect::<Vec<_>>().join(", ");
            let more = if words.len() > 6 { ", ..." } else { "" };
            let others =
                if rare.is_empty() { String::new() } else { format!("; {} rare ones together", rare.len()) };
            format!("{} words: {shown}{more}{others}", words.len())
        }
    }
}
