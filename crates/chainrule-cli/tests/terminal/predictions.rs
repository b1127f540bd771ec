//! Predictions in every form, and tables that cannot be read before it is said how.

use crate::session::Session;
use crate::tables::{IRIS, iris, refused};

#[test]
fn predictions_are_the_same_in_every_form() {
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
    let (out, err) = run(&["--keep", "species", "-o", "said.parquet"]);
    assert_eq!((out.as_str(), err.as_str()), ("", "written to said.parquet\n"));
    let read = |name: &str| {
        let path = session.path(name);
        chainrule_table::read(&path, &chainrule_table::ReadOptions::default(), &mut |_, _| {}).unwrap()
    };
    session.write("said.csv", &csv);
    let (lines, _) = run(&["--keep", "species", "--to", "jsonl"]);
    session.write("said.jsonl", &lines);
    run(&["--keep", "species", "--to", "parquet", "-o", "said.dat"]);
    let expected = read("said.csv").columns;
    for name in ["said.jsonl", "said.parquet", "said.dat"] {
        assert!(read(name).columns == expected, "{name}");
    }
    run(&["-o", "said.npy"]);
    let npy = std::fs::read(session.path("said.npy")).unwrap();
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
            &[&predict[..], &["-o", "said.xlsx"]].concat(),
            &[&predict[..], &["-o", "said"]].concat(),
            &[&predict[..], &["--keep", "species", "-o", "kept.npy"]].concat(),
            &[&predict[..], &["--keep", "species", "--to", "npy"]].concat(),
            &[&predict[..], &["--to", "xlsx"]].concat(),
            &[&predict[..], &["-o", "none/said.parquet"]].concat(),
            &["predict", "iris.safetensors", "again.csv", "--keep", "prediction"],
        ],
    );
}

#[test]
fn what_cannot_be_found_in_a_csv_can_be_said() {
    let session = Session::new();
    // The names are years, and so could be numbers; a comma is in every number, and could part thousands.
    let rows: String = (0..60).map(|i| format!("{};{},5\n", i % 7, 2 * (i % 7))).collect();
    session.write("years.csv", format!("2023;2024\n{rows}"));
    session.write("bare.csv", &rows);
    let reading = ["--header", "present", "--decimal", "comma"];
    let fit = ["fit", "years.csv", "--target", "2024", "--task", "numbers", "--epochs", "5"];
    let (out, err, code) = session.run(&[&fit[..], &reading].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("years.csv: 60 rows; 2024 is a number"), "{out}");
    let (out, err, code) =
        session.run(&[&["evaluate", "years.safetensors", "years.csv"][..], &reading].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("60 rows of years.csv"), "{out}");
    let (out, err, code) =
        session.run(&[&["predict", "years.safetensors", "years.csv"][..], &reading].concat());
    assert_eq!((code, out.lines().count()), (0, 61), "{err}");
    // Without names; and with a point, what has a comma is a text.
    let bare = ["fit", "bare.csv", "--target", "column2", "--header", "absent", "--epochs", "5", "--decimal"];
    let (out, err, code) = session.run(&[&bare[..], &["comma"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("bare.csv: 60 rows; column2 is a number"), "{out}");
    let (out, err, code) = session.run(&[&bare[..], &["point", "--delimiter", ";"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("column2 is one of 7 classes"), "{out}");
}
