//! Encodings of the inputs of a network in words.

use chainrule_experiment::{Samples, describe_encoding};
use chainrule_table::{Encoding, Input};

/// Maximum number of columns that are printed in one line.
const MAX_COLUMNS: usize = 8;

/// Describes in one line which inputs are used as they are, and how the others are encoded:
/// `x1, x2 as is; age as (x - 41.2000) / 9.1000`.
pub(crate) fn inputs(samples: &Samples) -> String {
    let Some(from) = &samples.from_table else {
        return format!("{} as is", first(samples.inputs.clone(), ", "));
    };
    let inputs = from.encoders.inputs.iter();
    let (unchanged, encoded): (Vec<&Input>, Vec<&Input>) =
        inputs.partition(|input| input.is_unchanged() && !input.has_missing_indicator);
    let names: Vec<String> = unchanged.iter().map(|input| input.column.clone()).collect();
    let unchanged = (!names.is_empty()).then(|| format!("{} as is", first(names, ", ")));
    let described = |input: &&Input| {
        let how = match &input.how {
            Encoding::Category { words, .. } => format!("one-hot ({} categories)", words.len()),
            _ if input.is_unchanged() => "is".to_owned(),
            _ => describe_encoding(input),
        };
        let indicator = if input.has_missing_indicator { " with a missing indicator" } else { "" };
        format!("{} as {how}{indicator}", input.column)
    };
    let encoded: Vec<String> = encoded.iter().map(described).collect();
    let encoded = (!encoded.is_empty()).then(|| first(encoded, "; "));
    unchanged.into_iter().chain(encoded).collect::<Vec<_>>().join("; ")
}

/// Joins the first items of a list and the number of the others.
fn first(items: Vec<String>, separator: &str) -> String {
    let more = items.len().saturating_sub(MAX_COLUMNS);
    let shown: Vec<String> = items.into_iter().take(MAX_COLUMNS).collect();
    let more = if more > 0 { format!("{separator}{more} more columns") } else { String::new() };
    shown.join(separator) + &more
}
