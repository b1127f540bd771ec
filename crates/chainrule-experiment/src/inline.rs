//! Samples that are written in an experiment as `data.x` and `data.t`. They are used as written:
//! nothing is inferred, encoded or scaled.

use std::sync::Arc;

use chainrule::Dataset;
use chainrule::network::loss::{Link, Loss};

use crate::Error;
use crate::section::Section;
use crate::tree::{SettingNode, TreeValue};

/// Keys of `[data]` that contain the samples.
pub(crate) const INLINE_KEYS: [&str; 2] = ["x", "t"];

/// Samples that are written in an experiment.
#[derive(Clone, Debug)]
pub(crate) struct InlineSamples {
    pub(crate) dataset: Arc<Dataset<f64>>,
}

impl InlineSamples {
    /// Reads `x` and `t`: a list of rows each, or a list of numbers if there is a single column.
    pub(crate) fn read(section: &Section<'_>) -> Result<InlineSamples, Error> {
        let purpose = [
            "the inputs, one row per sample: [[0, 1], [1, 1]]",
            "the targets, one row per sample: [[0], [1]]",
        ];
        let [x, t] = [0, 1].map(|k| {
            let key = INLINE_KEYS[k];
            rows(section, key)?.ok_or_else(|| section.missing(key, purpose[k]))
        });
        let (x, t) = (x?, t?);
        let (n, n_targets) = (x.n_rows(), t.n_rows());
        if n != n_targets {
            // The error concerns the key given on the command line, if there is one.
            let (key, got, other, expected) = match section.origin_of("x").key() {
                Some(_) => ("x", n, "t", n_targets),
                None => ("t", n_targets, "x", n),
            };
            let of = |n: usize| if n == 1 { "1 row".to_owned() } else { format!("{n} rows") };
            let problem = format!(
                "has {}, but {} has {}; write one row per sample in both",
                of(got),
                section.path_of(other),
                of(expected)
            );
            return Err(section.misplaced(key, problem));
        }
        let dataset = Dataset::new(x.values, x.n_columns, t.values, t.n_columns);
        Ok(InlineSamples { dataset: Arc::new(dataset.expect("the rows are complete and finite")) })
    }

    /// Returns the names of the inputs, which have none of their own: `x1`, `x2`, ...
    pub(crate) fn inputs(&self) -> Vec<String> {
        (1..=self.dataset.n_inputs()).map(|i| format!("x{i}")).collect()
    }

    /// Returns the names of the classes, `class 0`, `class 1`, ..., if the loss is one of
    /// classification and the targets are those of classes: a single column of zeros and ones, or
    /// one-hot rows. Under other losses, zeros and ones are numbers.
    pub(crate) fn classes(&self, loss: &Loss) -> Vec<String> {
        let (t, n) = (self.dataset.t(), self.dataset.n_targets());
        let is_one_hot = |row: &[f64]| {
            row.iter().all(|t| *t == 0.0 || *t == 1.0) && row.iter().filter(|t| **t == 1.0).count() == 1
        };
        let n_classes = match loss.link() {
            Link::Logistic if n == 1 && t.iter().all(|t| *t == 0.0 || *t == 1.0) => 2,
            Link::Softmax if t.chunks_exact(n).all(is_one_hot) => n,
            _ => 0,
        };
        (0..n_classes).map(|k| format!("class {k}")).collect()
    }
}

/// Rows of numbers.
struct NumberRows {
    /// Row-major.
    values: Vec<f64>,
    n_columns: usize,
}

impl NumberRows {
    fn n_rows(&self) -> usize {
        self.values.len() / self.n_columns
    }
}

/// Reads a list of rows of equal length, or a list of numbers, which is a single column.
fn rows(section: &Section<'_>, key: &'static str) -> Result<Option<NumberRows>, Error> {
    let Some(node) = section.node(key) else { return Ok(None) };
    let TreeValue::List(list) = &node.value else {
        return Err(section.refuse(key, "a list of rows, one per sample, or of numbers"));
    };
    let Some(first) = list.first() else {
        return Err(section.refuse(key, "a list of at least one row"));
    };
    let path = |i: usize| format!("{}[{i}]", section.path_of(key));
    if !matches!(first.value, TreeValue::List(_)) {
        let allowed = "a finite number, or a row of numbers if all others are rows";
        let values = list.iter().enumerate().map(|(i, node)| number(node, path(i), allowed));
        return Ok(Some(NumberRows { values: values.collect::<Result<_, _>>()?, n_columns: 1 }));
    }
    let (mut values, mut n_columns) = (Vec::new(), 0);
    for (i, node) in list.iter().enumerate() {
        let row = match &node.value {
            TreeValue::List(row) if i == 0 && !row.is_empty() => row,
            TreeValue::List(row) if i > 0 && row.len() == n_columns => row,
            _ if i == 0 => return Err(refused(node, path(i), "a list of at least one number")),
            TreeValue::List(row) => {
                let key = path(i);
                let problem = format!(
                    "has {}, but {} has {n_columns}; all rows must have the same number of columns",
                    numbers(row.len()),
                    path(0)
                );
                return Err(Error::Misplaced { origin: node.origin.clone(), key, problem });
            }
            _ => return Err(refused(node, path(i), &format!("a list of {}", numbers(n_columns)))),
        };
        n_columns = row.len();
        for (j, node) in row.iter().enumerate() {
            values.push(number(node, format!("{}[{j}]", path(i)), "a finite number")?);
        }
    }
    Ok(Some(NumberRows { values, n_columns }))
}

fn number(node: &SettingNode, key: String, allowed: &str) -> Result<f64, Error> {
    match node.value {
        TreeValue::Integer(v) => Ok(v as f64),
        TreeValue::Float(v) if v.is_finite() => Ok(v),
        _ => Err(refused(node, key, allowed)),
    }
}

fn refused(node: &SettingNode, key: String, allowed: &str) -> Error {
    let (origin, value) = (node.origin.clone(), node.value.describe());
    Error::Value { origin, key, value, allowed: allowed.to_owned() }
}

fn numbers(n: usize) -> String {
    if n == 1 { "1 number".to_owned() } else { format!("{n} numbers") }
}
