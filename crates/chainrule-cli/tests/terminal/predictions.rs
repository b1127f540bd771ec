//! Predictions in every format, and CSVs that require reading options.

use crate::session::Session;
use crate::tables::{IRIS, iris, refused};

#[test]
fn predictions_are_the_same_in_every_format() {
    let session = iris();
    assert_eq!(session.run(&["fit", "iris.csv", "--target", "species", "--epochs", "20"]).2, 0);
    let predict = ["predict", "iris.safetensors", "iris.csv"];
    let run = |rest: &[&str]| {
        let (out, err, code) = session.run(&[&predict[..], rest].concat());
        assert_eq!(code, 0, "{rest:?}: {err}");
        (out, err)
    };
    let (csv, _) = run(&["--keep", "species"]);
    assert!(csv.starts_with("species,prediction,probability_setosa,"), "{csv}");
    let (out, err) = run(&["--keep", "species", "-o", "p.parquet"]);
    assert_eq!((out.as_str(), err.as_str()), ("", "written to p.parquet\n"));
    let read = |name: &str| {
        let path = session.path(name);
        chainrule_table::read(&path, &chainrule_table::ReadOptions::default(), &mut |_, _| {}).unwrap()
    };
    session.write("p.csv", &csv);
    let (lines, _) = run(&["--keep", "species", "--to", "jsonl"]);
    session.write("p.jsonl", &lines);
    run(&["--keep", "species", "--to", "parquet", "-o", "p.dat"]);
    let cells = |name: &str| {
        let columns = read(name).columns.into_iter();
        columns.map(|column| (column.name, column.values)).collect::<Vec<_>>()
    };
    for name in ["p.jsonl", "p.parquet", "p.dat"] {
        assert!(cells(name) == cells("p.csv"), "{name}");
    }
    run(&["-o", "p.npy"]);
    let npy = std::fs::read(session.path("p.npy")).unwrap();
    let header = String::from_utf8_lossy(&npy[10..]).into_owned();
    assert!(
        header.starts_with("{'descr': [('prediction', '<U10'), ('probability_setosa', '<f8'), "),
        "{header}"
    );
    assert!(header.contains("'shape': (150,), }"), "{header}");
    let begin = 10 + usize::from(u16::from_le_bytes([npy[8], npy[9]]));
    assert_eq!(npy.len(), begin + 150 * (4 * 10 + 3 * 8));
    session.write("again.csv", IRIS.replacen("species", "prediction", 1));
    refused(
        "predict",
        &session,
        &[
            &[&predict[..], &["-o", "p.xlsx"]].concat(),
            &[&predict[..], &["-o", "p"]].concat(),
            &[&predict[..], &["--keep", "species", "-o", "kept.npy"]].concat(),
            &[&predict[..], &["--keep", "species", "--to", "npy"]].concat(),
            &[&predict[..], &["--to", "xlsx"]].concat(),
            &[&predict[..], &["-o", "none/p.parquet"]].concat(),
            &["predict", "iris.safetensors", "again.csv", "--keep", "prediction"],
        ],
    );
}

#[test]
fn reading_options_override_what_is_detected() {
    let session = Session::new();
    // The names are numbers themselves, and the commas could separate thousands.
    let rows: String = (0..60).map(|i| format!("{};{},5\n", i % 7, 2 * (i % 7))).collect();
    session.write("years.csv", format!("2023;2024\n{rows}"));
    session.write("bare.csv", &rows);
    let reading = ["--header", "present", "--decimal", "comma"];
    let fit = ["fit", "years.csv", "--target", "2024", "--task", "regression", "--epochs", "5"];
    let (out, err, code) = session.run(&[&fit[..], &reading].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("years.csv: 60 rows\ntarget: 2024, regression"), "{out}");
    let (out, err, code) =
        session.run(&[&["evaluate", "years.safetensors", "years.csv"][..], &reading].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("years.csv: 60 rows"), "{out}");
    let (out, err, code) =
        session.run(&[&["predict", "years.safetensors", "years.csv"][..], &reading].concat());
    assert_eq!((code, out.lines().count()), (0, 61), "{err}");
    // Without a header; with a decimal point, cells with a comma are text.
    let bare = [
        "fit",
        "bare.csv",
        "--target",
        "column2",
        "--header",
        "absent",
        "--epochs",
        "5",
        "--force",
        "--decimal",
    ];
    let (out, err, code) = session.run(&[&bare[..], &["comma"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("bare.csv: 60 rows\ntarget: column2, regression"), "{out}");
    let (out, err, code) = session.run(&[&bare[..], &["point", "--delimiter", ";"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("column2, classification with 7 classes"), "{out}");
}
