//! Small tables on which an earlier version failed, modelled on reports about other programs.

use std::path::Path;

use crate::session::Session;

/// A session with copies of the given files.
fn session(files: &[&str]) -> Session {
    let session = Session::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    for file in files {
        session.write(file, std::fs::read(folder.join(file)).expect("a file in tests/cases"));
    }
    session
}

/// Runs a command that succeeds and returns its standard output.
fn run(session: &Session, command: &str) -> String {
    let (out, err, code) = session.run(&words(command));
    assert_eq!(code, 0, "chainrule {command}\n{out}{err}");
    out
}

/// Runs a command that fails and returns its message.
fn error(session: &Session, command: &str) -> String {
    let (out, err, code) = session.run(&words(command));
    assert_eq!(code, 2, "chainrule {command}\n{out}{err}");
    err
}

/// Runs `fit FILE` with further arguments and without training, and returns its output.
fn plan(file: &str, arguments: &str) -> String {
    run(&session(&[file]), &format!("fit {file} --dry-run {arguments}"))
}

/// Runs `fit FILE` with further arguments, which fails.
fn refused(file: &str, arguments: &str) -> String {
    error(&session(&[file]), &format!("fit {file} {arguments}"))
}

/// The words of a command; single quotes keep spaces together.
fn words(command: &str) -> Vec<&str> {
    let parts = command.split('\'').enumerate();
    parts
        .flat_map(|(k, part)| if k % 2 == 1 { vec![part] } else { part.split_whitespace().collect() })
        .collect()
}

/// The value of a metric on the validation rows after a training.
fn validation(file: &str, arguments: &str, metric: &str) -> f64 {
    let out = run(&session(&[file]), &format!("fit {file} --json --epochs 100 {arguments}"));
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    json["metrics"]["validation"][metric].as_f64().unwrap_or_else(|| panic!("{metric} in {out}"))
}

/// The predictions of a model for a table, without the header.
fn predictions(session: &Session, model: &str, table: &str) -> Vec<String> {
    let out = run(session, &format!("predict {model} {table}"));
    out.lines().skip(1).map(str::to_owned).collect()
}

#[track_caller]
fn assert_contains(text: &str, part: &str) {
    assert!(text.contains(part), "\"{part}\" is not in:\n{text}");
}

#[test]
fn classes_that_mix_numbers_and_text_have_one_order() {
    assert_contains(
        &plan("c07-mixed-labels.csv", "--target code"),
        "code, classification with 49 classes: -3, 1, 2, 3",
    );
}

#[test]
fn columns_that_differ_only_by_rounding_are_not_scaled_up() {
    let r2 = validation("c05b-constant-then-changed-time.csv", "--target y --time t", "r2");
    assert!(r2 > 0.9, "{r2}");
    assert_contains(&refused("c06-constant-target.csv", "--target y"), "the target is 0.1 in every row");
}

#[test]
fn words_are_compared_as_text() {
    let session = session(&["c08-leading-zero-codes.csv", "c08-predict.csv"]);
    let out = run(&session, "fit c08-leading-zero-codes.csv --target y --epochs 100");
    assert_contains(
        &out,
        "site: read as text because some numbers are padded with zeros, first \"03\" (line 2)",
    );
    let (out, err, _) = session.run(&["predict", "c08-leading-zero-codes.safetensors", "c08-predict.csv"]);
    let y: Vec<&str> = out.lines().skip(1).collect();
    // The sites 1, 01, 02, 2 and 99, of which 01, 2 and 99 are unknown.
    assert!(y[0] != y[1] && y[1] == y[3] && y[3] == y[4], "{out}");
    assert_contains(&err, "site: 3 cells have values that did not occur in training");
}

#[test]
fn integers_beyond_the_precision_of_numbers_do_not_merge() {
    let out = plan("c09-long-int-labels.csv", "--target id");
    assert_contains(&out, "4 classes: 1100000000000000000, 1100000000000000001");
    assert_contains(&out, "--kind id=number");
}

#[test]
fn na_can_be_a_text() {
    let out = plan("c10b-target-na.csv", "--target country");
    assert_contains(&out, "3 classes: DE, FR, ZA");
    assert_contains(&out, "NA or NaN counts as missing in 49 cells, first \"NA\" (line 4)");
    assert_contains(&out, "49 rows without a target are left out (first: line 4)");
    let out = plan("c10b-target-na.csv", "--target country --missing-only ''");
    assert_contains(&out, "4 classes: DE, FR, NA, ZA");
    assert!(!out.contains("note:"), "{out}");
    assert!(!plan("c10-namibia.csv", "--target grows --missing-only ''").contains("note:"));
    let r2 = validation("c79b-drop-na-survey.csv", "--target y --missing-only ''", "r2");
    assert!(r2 > 0.98, "{r2}");
    // In a typed format, `NA` is text: a missing cell is a null.
    let session = session(&["c100-none.parquet"]);
    run(&session, "fit c100-none.parquet --target y --epochs 2");
    assert_contains(&run(&session, "inspect c100-none.safetensors"), "NA");
}

#[test]
fn the_model_knows_which_texts_are_missing() {
    let session = session(&["c11-minus999.csv", "c11-predict.csv"]);
    run(&session, "fit c11-minus999.csv --target y --missing=-999 --epochs 100");
    let y = predictions(&session, "c11-minus999.safetensors", "c11-predict.csv");
    let y: Vec<f64> = y.iter().map(|y| y.parse().expect("a number")).collect();
    assert!(y.iter().all(|y| y.abs() < 150.0), "{y:?}");
    let out = run(&session, "evaluate c11-minus999.safetensors c11-minus999.csv --json");
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert!(json["metrics"]["r2"].as_f64().is_some_and(|r2| r2 > 0.9), "{out}");
}

#[test]
fn booleans_are_the_same_in_every_spelling_and_format() {
    let files = ["c12-predict.jsonl", "c12-predict-01.csv", "c12-predict-R.csv", "c12-predict-yes.csv"];
    let session = session(&[&["c12-pandas-bool.csv", "c100.csv", "c100-none.parquet"], &files[..]].concat());
    run(&session, "fit c12-pandas-bool.csv --target y --epochs 100");
    let all = files.map(|file| predictions(&session, "c12-pandas-bool.safetensors", file));
    assert!(all.iter().all(|y| *y == all[0]), "{all:?}");
    assert!(all[0][0] != all[0][1], "{all:?}");
    run(&session, "fit c100-none.parquet --target y --epochs 5");
    let model = "c100-none.safetensors";
    assert_eq!(predictions(&session, model, "c100.csv"), predictions(&session, model, "c100-none.parquet"));
    assert_contains(&plan("c80b-mixed-case-bool.csv", "--target y"), "boolean: ok");
    let out = plan("c102-bool-target.parquet", "--target win");
    assert_contains(&out, "2 classes: false, true");
}

#[test]
fn marks_of_missing_numbers_do_not_make_a_column_text() {
    for (name, mark) in [
        ("dash", "-"),
        ("hash", "#N/A"),
        ("div", "#DIV/0!"),
        ("nat", "<NA>"),
        ("dot", "."),
        ("star", "*"),
        ("unknown", "unknown"),
    ] {
        let out = plan(&format!("c04-{name}-in-numbers.csv"), "--target y");
        assert_contains(&out, "number: a, b");
        assert_contains(
            &out,
            &format!("a: 8 cells with a mark of missing values, first \"{mark}\" (line 5)"),
        );
    }
}

#[test]
fn a_typo_among_numbers_is_missing_with_its_line() {
    for kind in ["", "--kind a=number"] {
        let out = plan("c87-one-typo.csv", &format!("--target y {kind}"));
        assert_contains(
            &out,
            "warning: a: 1 cell is not a number and counts as missing: \"1O.5\" (line 1402)",
        );
    }
    for task in ["", "--task regression"] {
        let message = refused("c87b-one-typo-target.csv", &format!("--target y {task}"));
        assert_contains(&message, "column \"y\": 1 cell is not a number: \"3.2 kg\" (line 1402)");
    }
}

#[test]
fn numbers_have_separators_signs_and_units() {
    for (file, arguments, notation) in [
        (
            "c03-thousands-input.csv",
            "--target price",
            "tax: read as numbers with the thousands separator \",\"",
        ),
        (
            "c03b-thousands-target.csv",
            "--target price",
            "price: read as numbers with the thousands separator \",\"",
        ),
        ("c03i-quoted-decimal-comma.csv", "--target y", "a: read as numbers with a decimal comma"),
        (
            "c03c-currency.csv",
            "--target price",
            "fee: read as numbers with the thousands separator \",\" and the sign \"$\"",
        ),
        ("c03d-percent.csv", "--target price", "share: read as numbers with percent signs"),
        ("c88-units.csv", "--target y", "weight: read as numbers with the unit \"kg\""),
    ] {
        assert_contains(&plan(file, arguments), notation);
    }
    assert!(validation("c03-thousands-input.csv", "--target price", "r2") > 0.99);
    assert!(validation("c88-units.csv", "--target y", "r2") > 0.9);
    // Strings in JSON, and the same numbers in a column with commas.
    let out = plan("c33d-string-numbers.jsonl", "--target y");
    assert_contains(&out, "number: a, b");
    assert_contains(&out, "note: a: strings are read as numbers, first ");
}

#[test]
fn dates_are_found_in_common_formats() {
    let out = plan("c21-dmy.csv", "--target y --time when");
    assert_contains(&out, "when: read as dates in the format %d.%m.%Y");
    assert_contains(&plan("c21-mdy.csv", "--target y"), "when: read as dates in the format %m/%d/%Y");
    assert_contains(&plan("c21-nat-date.csv", "--target y"), "date: when");
    let session = session(&["c21-target-date.csv"]);
    run(&session, "fit c21-target-date.csv --target due --epochs 30");
    let y = predictions(&session, "c21-target-date.safetensors", "c21-target-date.csv");
    assert!(y.iter().all(|y| y.starts_with("20") && y.contains('T')), "{:?}", &y[..3]);
}

#[test]
fn the_order_of_day_and_month_is_asked_for_where_it_is_ambiguous() {
    let session = Session::new();
    let rows: String = (0..60).map(|i| format!("0{}/0{}/2022,{i}\n", 1 + i % 9, 1 + i % 7)).collect();
    session.write("d.csv", format!("day,y\n{rows}"));
    let message = error(&session, "fit d.csv --target y");
    assert_contains(&message, "column \"day\": the order of day and month is ambiguous");
    assert_contains(&message, "--date-format \"%m/%d/%Y\"");
    let out = run(&session, "fit d.csv --target y --dry-run --date-format %m/%d/%Y");
    assert_contains(&out, "day: read as dates in the format %m/%d/%Y");
    assert_contains(
        &error(&session, "fit d.csv --target y --date-format %H"),
        "a pattern with day, month and year",
    );
}

#[test]
fn weights_count_everywhere() {
    assert!(validation("c19b-zero-weight-outlier.csv", "--target y --weight w", "r2") > 0.99);
    assert_contains(
        &plan("c19b-zero-weight-outlier.csv", "--target y --weight w"),
        "100 rows without a positive weight are left out (first: line 2)",
    );
    let message = refused("c19c-all-zero.csv", "--target y --weight w");
    assert_contains(&message, "the weight is 0 in every row");
    let message = refused("c19-zero-weights.csv", "--target y --class-weight balanced");
    assert_contains(&message, "used with a classification only");
}

#[test]
fn identifiers_are_left_out_with_the_true_reason() {
    assert_contains(
        &plan("c15-shuffled-row-number.csv", "--target species"),
        "ignored: id (it numbers the rows)",
    );
    // Unless nothing else is left.
    assert_contains(&plan("c02-x-counts-up.csv", "--target y"), "number: x");
    assert_contains(
        &refused("c75-vector-cells.csv", "--target y"),
        "v (nearly every row has a value of its own)",
    );
    let out = plan("c42-zero-padded-numbers.csv", "--target y");
    assert_contains(&out, "--kind reading=number");
    assert!(validation("c42-zero-padded-numbers.csv", "--target y --kind reading=number", "r2") > 0.9);
}

#[test]
fn tiny_tables_and_unusual_targets_get_advice_that_works() {
    assert_contains(
        &refused("c53-two-rows.csv", "--target y"),
        "only 1 of the 2 rows of the table is left for training",
    );
    let out = plan("c53-two-rows.csv", "--target y --validation 0");
    assert_contains(&out, "2 training rows, 0 validation rows");
    assert_contains(&out, "warning: 2 training rows are few for 4353 parameters");
    let out = run(&session(&["c52-xor4.csv"]), "fit c52-xor4.csv --target xor --validation 0 --json");
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(json["metrics"]["train"]["accuracy"], 1.0, "{out}");
    assert_contains(&refused("c56-counts.csv", "--target n"), "specify --task regression");
    assert_contains(&plan("c56-counts.csv", "--target n --task regression"), "n, regression");
    assert_contains(&refused("c54b-huge-target.csv", "--target y"), "whose squares are out of range");
    assert_contains(&plan("c92-stars.csv", "--target stars --kind stars=number"), "stars, regression");
    assert_contains(&plan("c92-stars.csv", "--target stars"), "stars, classification with 5 classes");
}

#[test]
fn names_and_classes_are_matched_as_one_sees_them() {
    let out = plan("c41-column-comma-name.csv", "--target y --ignore 'Price, USD'");
    assert_contains(&out, "ignored: Price, USD (as requested)");
    for file in ["c95c-tab-target.csv", "c95d-nbsp-target.csv"] {
        assert_contains(&plan(file, "--target ok"), "2 classes: fail, pass");
    }
}

#[test]
fn rows_without_a_target_are_left_out_or_refused() {
    let out = plan("c57-missing-targets.csv", "--target y");
    assert_contains(&out, "20 rows without a target are left out (first: line 6)");
    let message = refused("c57-missing-targets.csv", "--target y --strict");
    assert_contains(&message, "line 6, column \"y\": the target is missing in 20 of 200 rows");
}

#[test]
fn a_column_of_0_and_1_stays_as_it_is_without_scaling() {
    let session = session(&["lin.csv", "lin.toml", "mine_ok.csv"]);
    let out = run(&session, "gradcheck lin.toml --gradient mine_ok.csv");
    assert_contains(&out, "PASSED");
}

#[test]
fn control_characters_in_names_do_not_reach_the_terminal() {
    let out = plan("c72-escape-names.csv", "--target y");
    assert_contains(&out, "number: a\\x1b[31mred, b");
    assert!(!out.contains('\u{1b}'), "{out:?}");
}
