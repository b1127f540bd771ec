//! Outputs of exports: one probability per class (two in binary classification), one probability
//! per label, or the values of the regression targets.
//!
//! The outputs of a network y are in the precision of the model. Their conversion to the units of
//! the table, `y·deviation + mean`, and the mean over the members are in double precision. The
//! result is rounded to the precision of the model only where this preserves the digits of all
//! targets ([`width`]).

use chainrule_table::Target;

use super::columns::is_far;
use super::language::Width;
use crate::{Model, Precision};

/// Reason for outputs in double precision, for comments and documentation.
pub(super) const DOUBLE_REASON: &str = "a target is far from 0 compared with its standard deviation";

/// Returns the number of outputs of an export per row.
pub(super) fn n_predicted(target: &Target) -> usize {
    if is_binary(target) { 2 } else { target.n_outputs() }
}

/// Returns whether the only output of the network is the probability of the second of two classes.
pub(super) fn is_binary(target: &Target) -> bool {
    matches!(target, Target::Classes { classes, .. } if classes.len() == 2)
}

/// Returns the source text of the factor of a member in the mean: `0.5 * `, or nothing for a single
/// member.
pub(super) fn weight(model: &Model) -> String {
    let n = model.members.len();
    if n == 1 { String::new() } else { format!("{:?} * ", 1.0 / n as f64) }
}

/// Returns the mean and standard deviation that convert each output to the units of the table, or
/// `None` for probabilities.
pub(super) fn scales(target: &Target) -> Option<&[[f64; 2]]> {
    match target {
        Target::Numbers { scales, .. } => Some(scales),
        Target::Classes { .. } | Target::Labels { .. } => None,
    }
}

/// Returns the precision of the outputs: double for a model in single precision with a target whose
/// mean is far from 0 compared with its standard deviation, for example seconds since 1970.
pub(super) fn width(model: &Model) -> Width {
    let mut all = model.members.iter().filter_map(|member| scales(&member.encoders.target)).flatten();
    let is_far = all.any(|[mean, deviation]| is_far(*mean, *deviation));
    if is_far && model.precision == Precision::F32 { Width::Double } else { Width::Model }
}

/// Converts predictions y (n_rows, n_outputs) of a model to the outputs (n_rows, [`n_predicted`])
/// of its exports.
pub(super) fn expanded(model: &Model, y: Vec<f64>) -> Vec<f64> {
    if is_binary(model.target()) { y.into_iter().flat_map(|p| [1.0 - p, p]).collect() } else { y }
}

/// Returns the decisions for the outputs of a row: the index of the predicted class, 0 or 1 for
/// each label, and nothing in regression.
pub(super) fn decisions(target: &Target, row: &[f64]) -> Vec<usize> {
    match target {
        Target::Classes { .. } if is_binary(target) => vec![usize::from(row[1] >= 0.5)],
        Target::Classes { .. } => {
            let largest = (0..row.len()).reduce(|best, k| if row[k] > row[best] { k } else { best });
            largest.into_iter().collect()
        }
        Target::Labels { .. } => row.iter().map(|p| usize::from(*p >= 0.5)).collect(),
        Target::Numbers { .. } => Vec::new(),
    }
}

/// Returns descriptions of the outputs for comments.
pub(super) fn descriptions(target: &Target) -> Vec<String> {
    match target {
        Target::Classes { classes, .. } => {
            classes.iter().map(|class| format!("probability of {class}")).collect()
        }
        Target::Labels { columns, words } => columns
            .iter()
            .zip(words)
            .map(|(column, [_, yes])| format!("probability that {column} is {yes}"))
            .collect(),
        Target::Numbers { columns, .. } => columns.clone(),
    }
}
