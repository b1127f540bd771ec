//! Columns and their encodings in machine-readable results.

use chainrule_table::{ColumnFormat, Encoders, Encoding, Input, Target};
use serde::Serialize;

use crate::number::format_number;

/// The target of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TargetSummary {
    /// Task: `classification`, `multilabel` or `regression`.
    pub task: &'static str,
    /// Target columns.
    pub columns: Vec<String>,
    /// Classes, in classification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<String>>,
}

impl TargetSummary {
    /// Summarises a target.
    pub fn new(target: &Target) -> TargetSummary {
        let classes = if let Target::Classes { classes, .. } = target { Some(classes.clone()) } else { None };
        TargetSummary { task: target.task().name(), columns: target.columns().to_vec(), classes }
    }
}

/// An input column with its encoding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InputSummary {
    /// Name of the column.
    pub column: String,
    /// Kind: `number`, `boolean`, `category` or `date`.
    pub kind: &'static str,
    /// Number of inputs of the network.
    pub n_inputs: usize,
    /// Whether one of the inputs indicates missing cells.
    pub missing_indicator: bool,
    /// Format of the cells.
    pub format: ColumnFormat,
    /// Scale of numbers and dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<ScaleSummary>,
    /// The two values of a boolean column: the one encoded as -1 and the one encoded as 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
    /// Categories with an input of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<String>>,
}

/// A scale: `(x - shift) / divisor`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ScaleSummary {
    /// Number that is subtracted.
    pub shift: f64,
    /// Number that is divided by.
    pub divisor: f64,
}

impl InputSummary {
    /// Summarises the input columns of encoders.
    pub fn all(encoders: &Encoders) -> Vec<InputSummary> {
        encoders.inputs.iter().map(InputSummary::new).collect()
    }

    fn new(input: &Input) -> InputSummary {
        let (mut scale, mut values, mut categories) = (None, None, None);
        match &input.how {
            Encoding::Number { scale: by, .. } | Encoding::Date { scale: by, .. } => {
                scale = Some(ScaleSummary { shift: by.shift, divisor: by.by });
            }
            Encoding::Boolean { words } => values = Some(words.to_vec()),
            Encoding::Category { words, .. } => categories = Some(words.clone()),
        }
        InputSummary {
            column: input.column.clone(),
            kind: input.how.name(),
            n_inputs: input.width(),
            missing_indicator: input.has_missing_indicator,
            format: input.format(),
            scale,
            values,
            categories,
        }
    }
}

/// Maximum number of categories that are listed.
const MAX_CATEGORIES: usize = 6;

/// Describes how a column is encoded.
pub fn describe_encoding(input: &Input) -> String {
    match &input.how {
        _ if input.is_unchanged() => "as is".to_owned(),
        Encoding::Number { scale, .. } | Encoding::Date { scale, .. } => {
            let clipped = if scale.bent { ", outliers clipped" } else { "" };
            let unit = if matches!(input.how, Encoding::Date { .. }) { ", x in days since 1970" } else { "" };
            format!("(x - {}) / {}{clipped}{unit}", format_number(scale.shift), format_number(scale.by))
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
