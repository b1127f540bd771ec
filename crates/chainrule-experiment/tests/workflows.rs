//! Evaluation of models, outcomes and reproductions as library calls with serialisable results.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use chainrule_experiment::{
    ClaimStatus, EvaluationSummary, Experiment, FitOptions, ReproductionPlan, TableProgress, TableSource,
    evaluate_model, fit,
};
use chainrule_table::{Column, ReadOptions, Table, Values, read};
use serde_json::{Value, json};

fn table(n: usize) -> Table {
    let x: Vec<f64> = (0..n).map(|i| (i * 7 % n) as f64 / 2.0).collect();
    let y = x.iter().map(|x| 3.0 * x - 1.0).collect();
    let w = (0..n).map(|i| f64::from(u8::from(i % 2 == 0))).collect();
    let columns = [("x", x), ("y", y), ("w", w)];
    Table::new(columns.map(|(name, values)| Column::new(name, Values::Numbers(values))).to_vec())
}

/// Keeps the notes about a table.
#[derive(Default)]
struct Notes(Vec<String>);

impl TableProgress for Notes {
    fn note(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
}

#[test]
fn a_model_is_evaluated_on_a_file_or_a_table_in_memory() {
    let options = FitOptions {
        target: vec!["y".to_owned()],
        hidden: Some(Vec::new()),
        sets: vec!["data.weight=w".to_owned()],
        epochs: Some(20),
        seed: Some(1),
        ..FitOptions::default()
    };
    let fitted = fit(table(60), &options, &mut (), &AtomicBool::new(false)).expect("a fit");
    assert_eq!(fitted.outcomes[0].summary().misclassified, None);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "y,x,w\n4,1,1\n7,3,0\n,5,1\n20,7,1\n").expect("a file");
    let evaluate = |source: &TableSource, weight| {
        let mut notes = Notes::default();
        let found = evaluate_model(&fitted.model, source, &ReadOptions::default(), weight, &mut notes);
        (found.expect("metrics").evaluation, notes.0)
    };
    let (by_file, notes) = evaluate(&path.clone().into(), None);
    assert_eq!(notes, ["1 of 4 rows without a target are left out (first: line 4)"]);
    assert_eq!(by_file.n_rows, 3);
    let memory = read(&path, &ReadOptions::default(), &mut |_, _| ()).expect("a table").into();
    assert_eq!(evaluate(&memory, None).0, by_file);
    let weighted = evaluate(&memory, Some("w")).0;
    assert_ne!(weighted.metrics, by_file.metrics);

    let found: Value = serde_json::to_value(EvaluationSummary::new(&by_file)).expect("JSON");
    let keys: Vec<&String> = found.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["rows", "metrics", "target_metrics", "unseen"]);
    for (name, value) in &by_file.metrics.values {
        assert_eq!(found["metrics"][name].as_f64(), Some(*value));
    }
    assert_eq!((&found["rows"], &found["target_metrics"]), (&json!(3), &json!({})));

    let missing = TableSource::from(Path::new("missing.csv"));
    let error = evaluate_model(&fitted.model, &missing, &ReadOptions::default(), None, &mut ());
    assert!(error.expect_err("no file").to_string().starts_with("missing.csv: "));
}

#[test]
fn an_outcome_has_a_summary() {
    let experiment = Experiment::open("three-rings", &["train.epochs=3".to_owned()]).expect("built in");
    let outcomes = experiment.run(&mut (), &AtomicBool::new(false)).expect("outcomes");
    for outcome in &outcomes {
        let found = serde_json::to_value(outcome.summary()).expect("JSON");
        assert_eq!(found["variant"], outcome.variant.as_str());
        assert_eq!((&found["epochs"], &found["ending"]), (&json!(3), &json!("completed")));
        assert_eq!(found["final_loss"].as_f64(), Some(outcome.final_loss.0));
        assert!(
            found["misclassified"].as_u64().expect("classes")
                <= found["n_samples"].as_u64().expect("samples")
        );
        assert!(found["validation_loss"].is_null());
    }
}

#[test]
fn claims_are_judged_and_counted() {
    let names = ["rbf-bias", "iris", "demonstrations"].map(str::to_owned);
    let plan = ReproductionPlan::new(&names).expect("built-in experiments");
    assert_eq!(plan.experiments.iter().map(|e| &*e.name).collect::<Vec<_>>(), ["rbf-bias"]);
    assert_eq!(plan.without_claims.iter().map(|e| &*e.name).collect::<Vec<_>>(), ["iris"]);
    let reproduced = plan.run(&mut (), &AtomicBool::new(false)).expect("results").expect("not cancelled");
    let claims = &reproduced.experiments[0].claims;
    assert_eq!(claims.len(), plan.experiments[0].claims.len());
    let n_matched = claims.iter().filter(|claim| claim.status == ClaimStatus::Matched).count();
    assert_eq!((reproduced.counts.matched, reproduced.counts.mismatched), (n_matched + 2, 0));
    let found = serde_json::to_value(&reproduced).expect("JSON");
    let claim = &found["experiments"][0]["claims"][0];
    assert_eq!(claim["claim"], claims[0].claim.as_str());
    assert_eq!(
        (&claim["published"], &claim["measured"]),
        (&json!(claims[0].published), &json!(claims[0].measured))
    );
    assert_eq!(found["demonstrations"][1]["status"], "matched");
    assert_eq!(plan.run(&mut (), &AtomicBool::new(true)).expect("no error"), None);

    let all = ReproductionPlan::new(&[]).expect("built-in experiments");
    assert!(all.without_claims.is_empty() && all.demonstrations.len() == 2);
    assert!(all.experiments.iter().all(|e| e.document.is_some() && !e.claims.is_empty()));
}
