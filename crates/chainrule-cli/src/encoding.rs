//! Encodings of the inputs of a network in words.

use chainrule_experiment::Samples;
use chainrule_table::{Encoding, Input};

use crate::table::number;

/// Maximum number of categories of a column that are printed.
const MAX_CATEGORIES: usize = 6;

/// Maximum number of columns that are printed in one line.
const MAX_COLUMNS: usize = 8;

/// Describes how a column is encoded.
pub(crate) fn encoding(input: &Input) -> String {
    match &input.how {
        _ if is_unchanged(input) => "as is".to_owned(),
        Encoding::Number { scale, .. } | Encoding::Date { scale, .. } => {
            let clipped = if scale.bent { ", outliers clipped" } else { "" };
            format!("(x - {}) / {}{clipped}", number(scale.shift), number(scale.by))
        }
        Encoding::Boolean { words: [no, yes] } => format!("{no}: -1, {yes}: 1"),
        Encoding::Category { words, rare } => {
            let shown = words.iter().take(MAX_CATEGORIES).cloned().collect::<Vec<_>>().join(", ");
            let more = if words.len() > MAX_CATEGORIES { ", ..." } else { "" };
            let rare = match rare.len() {
                0 => String::new(),
                n => format!("; {n} rare categories share one input"),
            };
            format!("one-hot, {} categories: {shown}{more}{rare}", words.len())
        }
    }
}

/// Describes in one line which inputs are used as they are, and how the others are encoded:
/// `x1, x2 as is; age as (x - 41.2000) / 9.1000`.
pub(crate) fn inputs(samples: &Samples) -> String {
    let Some(from) = &samples.from_table else {
        return format!("{} as is", first(samples.inputs.clone(), ", "));
    };
    let inputs = from.encoders.inputs.iter();
    let (unchanged, encoded): (Vec<&Input>, Vec<&Input>) =
        inputs.partition(|input| is_unchanged(input) && !input.has_missing_indicator);
    let names: Vec<String> = unchanged.iter().map(|input| input.column.clone()).collect();
    let unchanged = (!names.is_empty()).then(|| format!("{} as is", first(names, ", ")));
    let described = |input: &&Input| {
        let how = match &input.how {
            Encoding::Category { words, .. } => format!("one-hot ({} categories)", words.len()),
            _ if is_unchanged(input) => "is".to_owned(),
            _ => encoding(input),
        };
        let indicator = if input.has_missing_indicator { " with a missing indicator" } else { "" };
        format!("{} as {how}{indicator}", input.column)
    };
    let encoded: Vec<String> = encoded.iter().map(described).collect();
    let encoded = (!encoded.is_empty()).then(|| first(encoded, "; "));
    unchanged.into_iter().chain(encoded).collect::<Vec<_>>().join("; ")
}

/// Whether the numbers of a column are used as they are.
fn is_unchanged(input: &Input) -> bool {
    match &input.how {
        Encoding::Number { scale, .. } | Encoding::Date { scale, .. } => {
            scale.shift == 0.0 && scale.by == 1.0 && !scale.bent
        }
        Encoding::Boolean { .. } | Encoding::Category { .. } => false,
    }
}

/// Joins the first items of a list and the number of the others.
fn first(items: Vec<String>, separator: &str) -> String {
    let more = items.len().saturating_sub(MAX_COLUMNS);
    let shown: Vec<String> = items.into_iter().take(MAX_COLUMNS).collect();
    let more = if more > 0 { format!("{separator}{more} more columns") } else { String::new() };
    shown.join(separator) + &more
}
