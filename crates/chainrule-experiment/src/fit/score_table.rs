//! The metrics of a fit as tables of results, for the terminal and for reports.

use chainrule_table::Target;

use super::assess::{Comparison, Scores, Spread};
use super::fitted::Fitted;

/// A table of numbers; NaN where a value is undefined.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreTable {
    /// Names of the columns; the first one is that of the row names, and may be empty.
    pub header: Vec<String>,
    /// Rows with their names.
    pub rows: Vec<(String, Vec<f64>)>,
}

impl ScoreTable {
    /// Creates a table of metrics, one row each, from columns with the same metrics.
    pub fn of_columns(columns: &[(&str, &[(&'static str, f64)])]) -> ScoreTable {
        let header = std::iter::once("").chain(columns.iter().map(|(name, _)| *name));
        let row = |(k, (metric, _)): (usize, &(&str, f64))| {
            ((*metric).to_owned(), columns.iter().map(|(_, values)| values[k].1).collect())
        };
        ScoreTable {
            header: header.map(str::to_owned).collect(),
            rows: columns[0].1.iter().enumerate().map(row).collect(),
        }
    }

    /// Creates a table of the metrics of several targets, one row each, computed over the rows called
    /// `rows`; `None` for a single target.
    pub fn of_targets(rows: &str, targets: &[(String, Vec<(&'static str, f64)>)]) -> Option<ScoreTable> {
        let (_, metrics) = targets.first()?;
        let corner = if rows.is_empty() { "target".to_owned() } else { format!("target ({rows})") };
        let header = std::iter::once(corner).chain(metrics.iter().map(|(name, _)| (*name).to_owned()));
        let row = |(target, values): &(String, Vec<(&str, f64)>)| {
            (target.clone(), values.iter().map(|(_, value)| *value).collect())
        };
        Some(ScoreTable { header: header.collect(), rows: targets.iter().map(row).collect() })
    }
}

impl Scores {
    /// Returns the metrics, one row each, by set of rows and predictor. `target` is that of the model.
    pub fn table(&self, target: &Target) -> ScoreTable {
        match self {
            Scores::Single { sets, others, .. } => {
                let others =
                    others.iter().map(|(other, metrics)| (other.describe(target), &metrics.values[..]));
                let sets = sets.iter().map(|(name, metrics)| (*name, &metrics.values[..]));
                ScoreTable::of_columns(&sets.chain(others).collect::<Vec<_>>())
            }
            Scores::Folds { metrics, test, .. } => {
                let header = ["metric", "mean over folds", "standard deviation", "test"];
                let row = |(k, Spread { metric, mean, deviation }): (usize, &Spread)| {
                    let test = test.iter().map(|test| test.values[k].1);
                    ((*metric).to_owned(), [*mean, *deviation].into_iter().chain(test).collect())
                };
                ScoreTable {
                    header: header[..if test.is_some() { 4 } else { 3 }]
                        .iter()
                        .map(|&name| name.to_owned())
                        .collect(),
                    rows: metrics.values.iter().enumerate().map(row).collect(),
                }
            }
        }
    }

    /// Returns the metrics of each of several targets on the last set of rows.
    pub fn target_table(&self) -> Option<ScoreTable> {
        match self {
            Scores::Single { sets, .. } => {
                let (last, metrics) = sets.last()?;
                ScoreTable::of_targets(&format!("{last} rows"), &metrics.targets)
            }
            Scores::Folds { test: Some(test), .. } => ScoreTable::of_targets("test rows", &test.targets),
            Scores::Folds { metrics, .. } => {
                let means = |spreads: &[Spread]| spreads.iter().map(|s| (s.metric, s.mean)).collect();
                let targets =
                    metrics.targets.iter().map(|(column, spreads)| (column.clone(), means(spreads)));
                ScoreTable::of_targets("mean over folds", &targets.collect::<Vec<_>>())
            }
        }
    }
}

impl Fitted {
    /// Returns remarks on the metrics: on which rows they are computed, and whether a linear model is
    /// better.
    pub fn score_remarks(&self) -> Vec<String> {
        match &self.scores {
            Scores::Single { sets, comparison, .. } => {
                let (last, _) = &sets[sets.len() - 1];
                let rows = format!("The linear model and the baseline are evaluated on the {last} rows.");
                let linear = format!(
                    "The linear model is better than the network on the {last} rows; try --hidden none, or more data."
                );
                let is_linear = *comparison == Some(Comparison::Linear);
                [(sets.len() > 1).then_some(rows), is_linear.then_some(linear)]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            Scores::Folds { .. } => {
                vec![format!("The model averages the networks of {} folds.", self.model.members.len())]
            }
        }
    }
}
