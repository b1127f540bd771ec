//! JSON output of `chainrule fit`.

use chainrule::train::Ending;
use chainrule_experiment::Outcome;
use chainrule_model::Model;
use serde_json::{Map, Value, json};

use super::assess::{Assessment, Metrics, Scores};
use super::{from_table, text};
use crate::command::Written;
use crate::command::json::{self, numbers};

/// Prints the result of a fit as one JSON object.
pub(super) fn print(
    model: &Model,
    outcomes: &[Outcome],
    assessment: &Assessment,
    written: &[(&str, Written)],
) {
    let from = from_table(&outcomes[0].samples);
    let files = written.iter().map(|(name, written)| ((*name).to_owned(), json!(written.path)));
    let ignored =
        from.ignored.iter().map(|(column, reason)| json!({"column": column, "reason": reason.reason()}));
    let importance = assessment.importance.iter().map(|importance| {
        json!({"column": importance.column, "mean": importance.loss.0, "std": importance.loss.1})
    });
    let warnings = outcomes.iter().flat_map(|outcome| {
        let of_training = outcome.history.warnings.iter().map(ToString::to_string);
        from_table(&outcome.samples).warnings.iter().cloned().chain(of_training)
    });
    json::print(&json!({
        "files": files.collect::<Map<_, _>>(),
        "table": from.table.path,
        "rows": {"total": from.table.n_rows(), "train": from.rows[0].len(), "validation": from.rows[1].len()},
        "target": json::target(model),
        "inputs": json::inputs(model),
        "ignored": ignored.collect::<Vec<_>>(),
        "network": model.members[0].architecture.describe(),
        "n_parameters": model.members[0].architecture.n_parameters(),
        "trainings": outcomes.iter().map(training).collect::<Vec<_>>(),
        "seconds": model.trained.seconds,
        "metrics": metrics(&assessment.scores),
        "permutation_importance": importance.collect::<Vec<_>>(),
        "warnings": warnings.collect::<Vec<_>>(),
    }));
}

fn training(outcome: &Outcome) -> Value {
    let best = text::best_epoch(outcome);
    json!({
        "epochs": outcome.history.epochs.len(),
        "best_epoch": best.map(|(epoch, _)| epoch),
        "validation_loss": best.map(|(_, loss)| loss),
        "ending": match &outcome.ending {
            Ok(Ending::Completed) => "completed",
            Ok(Ending::Stopped) => "stopped early",
            Ok(Ending::Cancelled) => "cancelled",
            Err(_) => "diverged",
        },
    })
}

fn metrics(scores: &Scores) -> Value {
    let named =
        |(name, metrics): &(&'static str, Metrics)| ((*name).to_owned(), numbers(metrics.iter().copied()));
    match scores {
        Scores::Single { sets, others } => {
            let others = others
                .iter()
                .map(|(name, metrics)| (name.replace(' ', "_"), numbers(metrics.iter().copied())));
            sets.iter().map(named).chain(others).collect::<Map<_, _>>().into()
        }
        Scores::Folds { metrics, test } => {
            let fold = |(name, mean, deviation): &(&'static str, f64, f64)| {
                ((*name).to_owned(), json!({"mean": mean, "std": deviation}))
            };
            let mut all = Map::new();
            all.insert("folds".to_owned(), metrics.iter().map(fold).collect::<Map<_, _>>().into());
            if let Some(test) = test {
                all.insert("test".to_owned(), numbers(test.iter().copied()));
            }
            all.into()
        }
    }
}
