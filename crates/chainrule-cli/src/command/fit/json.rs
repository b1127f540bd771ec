//! JSON output of `chainrule fit`.

use chainrule::train::Ending;
use chainrule_experiment::{Outcome, PreparedTraining, Remark, TableSamples};
use chainrule_model::{Importance, Metrics, Model};
use serde_json::{Map, Value, json};

use super::assess::{Assessment, Comparison, Scores, Spread, from_table};
use super::text;
use crate::command::Written;
use crate::command::json::{self, numbers};

/// Prints the result of a fit as one JSON object.
pub(super) fn print(
    model: &Model,
    outcomes: &[Outcome],
    assessment: &Assessment,
    remarks: &[Remark],
    written: &[(&str, Written)],
) {
    let from = from_table(&outcomes[0].samples);
    let files = written.iter().map(|(name, written)| ((*name).to_owned(), json!(written.path)));
    let importance = assessment.importance.iter().flat_map(|importance| &importance.columns).map(
        |Importance { column, increase: (mean, std) }| json!({"column": column, "mean": mean, "std": std}),
    );
    let measure = assessment.importance.as_ref().map(|importance| importance.measure.name());
    let comparison = match &assessment.scores {
        Scores::Single { comparison, .. } => *comparison,
        Scores::Folds { .. } => None,
    };
    let [metrics, target_metrics] = metrics(&assessment.scores);
    let of_table = remarks.iter().filter(|remark| remark.is_warning).map(|remark| remark.text.clone());
    let of_trainings = outcomes.iter().flat_map(|outcome| &outcome.history.warnings).map(ToString::to_string);
    let warnings = of_table.chain(of_trainings);
    json::print(&json!({
        "files": files.collect::<Map<_, _>>(),
        "table": from.table.path,
        "rows": rows(from),
        "target": json::target(model.target()),
        "inputs": json::inputs(&model.members[0].encoders),
        "ignored": ignored(from),
        "remarks": remarks.iter().map(remark).collect::<Vec<_>>(),
        "network": model.members[0].architecture.describe(),
        "n_parameters": model.members[0].architecture.n_parameters(),
        "trainings": outcomes.iter().map(training).collect::<Vec<_>>(),
        "seconds": model.trained.seconds,
        "metrics": metrics,
        "target_metrics": target_metrics,
        "linear_model_is_better": comparison.map(|better| better == Comparison::Linear),
        "permutation_importance": importance.collect::<Vec<_>>(),
        "permutation_importance_measure": measure,
        "warnings": warnings.collect::<Vec<_>>(),
    }));
}

/// Prints what a fit would do as one JSON object.
pub(super) fn plan(prepared: &PreparedTraining, from: &TableSamples, remarks: &[Remark]) {
    json::print(&json!({
        "table": from.table.path,
        "rows": rows(from),
        "target": json::target(&from.encoders.target),
        "inputs": json::inputs(&from.encoders),
        "ignored": ignored(from),
        "network": prepared.architecture.describe(),
        "n_parameters": prepared.architecture.n_parameters(),
        "remarks": remarks.iter().map(remark).collect::<Vec<_>>(),
    }));
}

fn rows(from: &TableSamples) -> Value {
    json!({"total": from.table.n_rows(), "train": from.rows[0].len(), "validation": from.rows[1].len()})
}

fn ignored(from: &TableSamples) -> Value {
    let ignored = from.ignored.iter();
    ignored.map(|(column, reason)| json!({"column": column, "reason": reason.reason()})).collect()
}

fn remark(remark: &Remark) -> Value {
    json!({"kind": if remark.is_warning { "warning" } else { "note" }, "text": remark.text})
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

/// The metrics by set of rows or predictor, and those of each of several targets.
fn metrics(scores: &Scores) -> [Value; 2] {
    let (mut all, mut targets) = (Map::new(), Map::new());
    let mut add = |name: &str, metrics: &Metrics| {
        let name = name.replace(' ', "_");
        all.insert(name.clone(), numbers(metrics.values.iter().copied()));
        if !metrics.targets.is_empty() {
            targets.insert(name, json::targets(&metrics.targets));
        }
    };
    match scores {
        Scores::Single { sets, others, .. } => {
            sets.iter().chain(others).for_each(|(name, metrics)| add(name, metrics));
        }
        Scores::Folds { metrics, test } => {
            if let Some(test) = test {
                add("test", test);
            }
            let fold = |(name, mean, deviation): &Spread| {
                ((*name).to_owned(), json!({"mean": mean, "std": deviation}))
            };
            let fold = |spreads: &[Spread]| Value::Object(spreads.iter().map(fold).collect());
            all.insert("folds".to_owned(), fold(&metrics.values));
            if !metrics.targets.is_empty() {
                let each = metrics.targets.iter().map(|(column, spreads)| (column.clone(), fold(spreads)));
                targets.insert("folds".to_owned(), Value::Object(each.collect()));
            }
        }
    }
    [all.into(), targets.into()]
}
