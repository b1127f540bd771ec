//! Tests of the reports of fits, evaluations and reproductions.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use chainrule_experiment::published::DEMONSTRATIONS;
use chainrule_experiment::{Experiment, FitOptions, Fitted, ModelRows, evaluate_model, fit, format_number};
use chainrule_figures::{
    PlotlyScript, ReportEntry, Subject, demonstrations_report, draw, epochs, evaluation_report, fit_report,
    index, report,
};
use chainrule_table::ReadOptions;

/// Scripts that are not repeated in each page of these tests.
const SHARED: PlotlyScript<'_> = PlotlyScript::File("plotly.min.js");

/// A table with numbers, categories, missing cells, a column that is not used, and names with
/// characters that HTML escapes.
fn table(folder: &Path) -> PathBuf {
    let mut text = "id,<b>age</b>,town,price,label,other\n".to_owned();
    for i in 0..120 {
        let age = i * 37 % 71;
        let town = ["Bern", "<i>Ulm</i>", "Rome"][i % 3];
        let price = if i % 11 == 4 { "n/a".to_owned() } else { format!("{}.5", i * 13 % 40) };
        let label = if age + i % 7 > 40 { "old & rich" } else { "young" };
        writeln!(text, "row{i},{age},{town},{price},{label},{}", age * 3 + i % 5).expect("a string");
    }
    let path = folder.join("t.csv");
    std::fs::write(&path, text).expect("a file in a temporary folder");
    path
}

fn fitted(path: &Path, target: &str, folds: Option<usize>) -> Fitted {
    let options = FitOptions {
        target: vec![target.to_owned()],
        hidden: Some(vec![6]),
        epochs: Some(20),
        seed: Some(1),
        folds,
        ..FitOptions::default()
    };
    fit(path, &options, &mut (), &AtomicBool::new(false)).expect("a fit")
}

/// Returns the titles of the sections, in order.
fn sections(page: &str) -> Vec<&str> {
    page.split("<h2>").skip(1).map(|rest| rest.split("</h2>").next().expect("a title")).collect()
}

#[test]
fn the_report_of_a_fit_starts_with_the_result_and_contains_what_the_terminal_prints() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = table(folder.path());
    let fitted = fitted(&path, "label", None);
    let page = fit_report(&fitted, SHARED).expect("a report");
    let expected = [
        "Result",
        "Importance of the columns",
        "Predictions",
        "Classes",
        "Columns",
        "Warnings and notes",
        "Training",
        "Network",
        "Gradient check",
        "Gradient trace of one sample",
        "Settings",
    ];
    assert_eq!(sections(&page), expected);
    for title in expected {
        assert!(page.contains(&format!("\">{title}</a>")), "{title} is not in the table of contents");
    }

    let n_old = fitted.outcomes[0].samples.from_table.as_ref().map_or(0, |from| {
        let chainrule_table::Values::Strings(labels) = &from.table.column("label").expect("a column").values
        else {
            panic!("text");
        };
        (0..120).filter(|i| labels.get(*i).is_some_and(|word| word.starts_with("old"))).count()
    });
    let share = format!("old &amp; rich {:.1} %", n_old as f64 / 1.2);
    assert!(page.contains(&share), "{share}");

    let cell = |text: &str| assert!(page.contains(&format!(">{text}</td>")), "{text}");
    let scores = fitted.scores.table(fitted.model.target());
    assert_eq!(scores.header, ["", "train", "validation", "linear model", "baseline: majority class"]);
    scores.rows.iter().flat_map(|(_, values)| values).for_each(|v| cell(&format_number(*v)));
    fitted.score_remarks().iter().for_each(|remark| assert!(page.contains(remark.as_str()), "{remark}"));
    let summary = fitted.summary();
    for (class, scores) in &summary.classes.0 {
        cell(&class.replace('&', "&amp;"));
        [scores.precision, scores.recall, scores.f1].into_iter().for_each(|v| cell(&format_number(v)));
    }
    for column in &summary.permutation_importance {
        cell(&format!("{} ± {}", format_number(column.mean), format_number(column.std)));
    }
    cell("nearly every row has a value of its own");
    let escape = |text: &str| {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    for remark in &fitted.remarks {
        assert!(page.contains(&escape(&remark.text)), "{}", remark.text);
    }
    assert!(!page.contains("<b>age</b>") && !page.contains("<i>Ulm</i>"), "a name is not escaped");
    assert_eq!(
        page.matches("Samples: the 24 validation rows.").count(),
        page.matches("Samples: the ").count()
    );
    for title in ["Confusion matrix", "ROC curve", "Precision-recall curve", "Calibration curve"] {
        let n = page.matches(&format!("<b>{title}<\\/b>")).count();
        assert!(n >= 1, "{title}");
    }
}

#[test]
fn reports_of_folds_and_of_regression_have_what_applies_to_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = table(folder.path());
    let page = fit_report(&fitted(&path, "label", Some(3)), SHARED).expect("a report");
    assert!(page.contains("120 rows, cross-validated with 3 folds.") && page.contains("mean over folds"));
    assert!(page.contains("Metrics of each fold on its validation rows"));
    assert!(page.contains("class (validation rows)") && page.contains("Confusion matrix"));

    let page = fit_report(&fitted(&path, "other", None), SHARED).expect("a report");
    assert!(
        page.contains("<b>R² ") && page.contains("baseline: mean") && page.contains("<b>Residuals<\\/b>")
    );
    assert!(!page.contains("Confusion matrix") && !sections(&page).contains(&"Classes"));
}

#[test]
fn the_report_of_an_evaluation_compares_it_with_the_training() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = table(folder.path());
    let model = fitted(&path, "label", None).model;
    let rows: String =
        std::fs::read_to_string(&path).expect("a file").lines().take(41).map(|l| format!("{l}\n")).collect();
    let other = folder.path().join("other.csv");
    std::fs::write(&other, rows.replace("Rome", "Oslo")).expect("a file");
    let evaluated = evaluate_model(&model, &other.as_path().into(), &ReadOptions::default(), None, &mut ());
    let evaluated = evaluated.expect("metrics");
    let opened = Experiment::of_model(&model, Path::new("m.safetensors"), Some(&other), ModelRows::All);
    let opened = opened.expect("an experiment").on_table(&evaluated.table);
    let outcomes = [opened.experiment.variants[0].initial_outcome(opened.history).expect("an outcome")];
    let subject = Subject { experiment: &opened.experiment, outcomes: &outcomes };
    let page = evaluation_report(&model, &other, &evaluated, &subject, SHARED).expect("a report");
    assert_eq!(sections(&page), ["Result", "Predictions", "Warnings", "Settings of the training"]);
    for (_, value) in &evaluated.evaluation.metrics.values {
        assert!(page.contains(&format!(">{}</td>", format_number(*value))), "{value}");
    }
    assert!(
        page.contains("validation rows of the training")
            && page.contains("Samples: all 40 rows of the table.")
    );
    assert!(page.contains("town: 13 cells with values that did not occur in training"));
}

#[test]
fn figures_of_a_table_show_the_selected_rows() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let fitted = fitted(&table(folder.path()), "label", None);
    let subject = Subject { experiment: &fitted.experiment, outcomes: &fitted.outcomes };
    let n_samples = |rows: &str| {
        let given = [("rows", rows.into())];
        let figure =
            draw("confusion", if rows.is_empty() { &[] } else { &given }, &subject).expect("a figure");
        let chainrule_figures::Mark::Matrix { values, .. } = &figure.rows[0][0].series[0].mark else {
            panic!("a matrix");
        };
        (values.iter().sum::<f64>(), figure.caption)
    };
    assert_eq!(n_samples(""), (24.0, "Samples: the 24 validation rows.".to_owned()));
    assert_eq!(n_samples("validation"), n_samples(""));
    assert_eq!(n_samples("train"), (96.0, "Samples: the 96 training rows.".to_owned()));
    let all = "Samples: all 120 rows, of which 96 are training rows.";
    assert_eq!(n_samples("all"), (120.0, all.to_owned()));
}

#[test]
fn an_index_groups_reports_by_document() {
    let mut entries = Vec::new();
    for name in ["rbf-bias", "rbf-no-bias", "rbf-constant-rate"] {
        let experiment = Experiment::open(name, &["train.epochs=2".to_owned()]).expect("built in");
        let outcomes = experiment.run_recording(&|_| epochs(2), &mut (), &AtomicBool::new(false), None);
        let outcomes = outcomes.expect("outcomes");
        let subject = Subject { experiment: &experiment, outcomes: &outcomes };
        let page = report(&subject, SHARED).expect("a report");
        assert!(
            page.contains("<script src=\"plotly.min.js\"></script>") && page.len() < 2_500_000,
            "{}",
            page.len()
        );
        entries.push(
            ReportEntry::new(format!("{name}.html"), "3 matched".to_owned(), &subject).expect("an entry"),
        );
    }
    let checked: Vec<_> = DEMONSTRATIONS.iter().map(|d| (d, d.check().expect("a check"))).collect();
    entries.push(ReportEntry::of_demonstrations("demonstrations.html".to_owned(), "2 matched".to_owned()));
    let page = index(&entries);
    assert_eq!(page.matches("class=\"card\"").count(), 4);
    assert_eq!(page.matches("data:image/png;base64,").count(), 3, "thumbnails");
    assert_eq!(page.matches("class=\"cards\"").count(), 3, "two remarks of one document, another one, none");
    let page = demonstrations_report(&checked);
    assert_eq!(page.matches("✓ rejected, and ours is accepted").count(), 2);
    assert!(page.contains("Published gradient") && page.contains("relative error"));
}
