//! What an export predicts: of two classes both probabilities, of more one each, of labels one each, or numbers.

use chainrule_table::Target;

use crate::Model;

/// How many numbers an export says of a row.
pub(super) fn n_predicted(target: &Target) -> usize {
    if is_binary(target) { 2 } else { target.n_outputs() }
}

/// Whether the network's one output is the probability of the second of two classes.
pub(super) fn is_binary(target: &Target) -> bool {
    matches!(target, Target::Classes { classes, .. } if classes.len() == 2)
}

/// How a member's share in the mean is written before what it says: `0.5 * `, and nothing for the only one.
pub(super) fn share(model: &Model) -> String {
    let n = model.members.len();
    if n == 1 { String::new() } else { format!("{:?} * ", 1.0 / n as f64) }
}

/// What a network's outputs are multiplied by, and then added, to be numbers as the table has them; none for probabilities.
pub(super) fn scales(target: &Target) -> Option<&[[f64; 2]]> {
    match target {
        Target::Numbers { scales, .. } => Some(scales),
        Target::Classes { .. } | Target::Labels { .. } => None,
    }
}

/// The model's own predictions y (n_rows, n_outputs) as exports say them, (n_rows, [`n_predicted`]).
pub(super) fn expanded(model: &Model, y: Vec<f64>) -> Vec<f64> {
    if is_binary(model.target()) { y.into_iter().flat_map(|p| [1.0 - p, p]).collect() } else { y }
}

/// What is predicted from the numbers of a row: the class, or for each label whether it holds; nothing for numbers.
pub(super) fn decided(target: &Target, row: &[f64]) -> Vec<usize> {
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

/// A target's outputs with what each is, for comments.
pub(super) fn names(target: &Target) -> Vec<String> {
    match target {
        Target::Classes { classes, .. } => {
            classes.iter().map(|class| format!("the probability of {class}")).collect()
        }
        Target::Labels { columns, words } => columns
            .iter()
            .zip(words)
            .map(|(column, [_, yes])| format!("the probability that {column} is {yes}"))
            .collect(),
        Target::Numbers { columns, .. } => columns.clone(),
    }
}
