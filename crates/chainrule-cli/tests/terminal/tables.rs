//! From a table to predictions as in the README, and invalid files.

use crate::session::Session;

pub(crate) const IRIS: &str = include_str!("../../../../experiments/data/iris.csv");

pub(crate) fn iris() -> Session {
    let session = Session::new();
    session.write("iris.csv", IRIS);
    session
}

/// Replaces times, dates and the name of the session's folder, which differ from run to run.
fn timeless(session: &Session, text: &str) -> String {
    let folder = session.path("").display().to_string();
    let words = |line: &str| {
        let line = line.replace(folder.trim_end_matches('/'), "FOLDER");
        let mut parts: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for k in 1..parts.len() {
            let is_unit = parts[k].trim_end_matches([';', ',', ')']) == "ms"
                || parts[k].trim_end_matches([';', ',']) == "s";
            if is_unit && parts[k - 1].parse::<f64>().is_ok() {
                "N".clone_into(&mut parts[k - 1]);
                parts[k] = parts[k].replacen("ms", "s", 1);
            }
            if parts[k].contains('T') && parts[k].contains(':') && parts[k].contains("Z;") {
                "(DATE;".clone_into(&mut parts[k]);
            }
        }
        parts.join(" ")
    };
    text.lines().map(words).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_table_becomes_a_model_that_predicts() {
    let session = iris();
    let steps: [&[&str]; 4] = [
        &["fit", "iris.csv", "--target", "species", "--seed", "1", "--report", "iris.html", "--threads", "1"],
        &["inspect", "iris.safetensors"],
        &["evaluate", "iris.safetensors", "iris.csv"],
        &["predict", "iris.safetensors", "iris.csv", "--keep", "petal_width,species"],
    ];
    let mut transcript = String::new();
    for arguments in steps {
        let text = session.transcript(arguments);
        let lines: Vec<&str> = text.lines().take(60).collect();
        transcript += &timeless(&session, &lines.join("\n"));
        transcript.push('\n');
    }
    insta::assert_snapshot!("iris", transcript);
    assert!(session.read("iris.html").contains("Confusion"));
    assert!(!session.path("iris.checkpoints").exists(), "a completed training leaves no checkpoints");
}

#[test]
fn a_model_is_the_same_bits_on_any_number_of_threads() {
    let session = iris();
    let predictions = |threads: &str| {
        let out = format!("{threads}.safetensors");
        let (_, err, code) = session.run(&[
            "fit",
            "iris.csv",
            "--target",
            "petal_length",
            "--output",
            &out,
            "--threads",
            threads,
            "--epochs",
            "20",
        ]);
        assert_eq!(code, 0, "{err}");
        session.run(&["predict", &out, "iris.csv"]).0
    };
    let one = predictions("1");
    assert_eq!(one, predictions("2"));
    assert_eq!(one.lines().count(), 151);
}

#[test]
fn columns_are_matched_by_name_and_formats_by_extension() {
    let session = Session::new();
    let rows: String = (0..60)
        .map(|i| {
            let (size, town) = (i % 7, ["Bern", "Turin", "Lyon"][i % 3]);
            let missing = if i == 5 { String::new() } else { size.to_string() };
            format!("{i},{missing},{town},{},2024-01-{:02}\n", 3 * size + i % 3, 1 + i % 28)
        })
        .collect();
    session.write("homes.csv", format!("id,size,town,price,sold\n{rows}"));
    let (out, err, code) =
        session.run(&["fit", "homes.csv", "--target", "price", "--task", "regression", "--epochs", "30"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("ignored: id (it numbers the rows)"), "{out}");
    assert!(out.contains("number: size\ncategory: town\ndate: sold\n"), "{out}");
    // Other columns, another order, a new town, another delimiter.
    session.write("more.csv", "town;x;sold;size\nLyon;1;2024-02-01;4\nOslo;2;;1\n");
    let (out, err, code) = session.run(&[
        "predict",
        "homes.safetensors",
        "more.csv",
        "-o",
        "predictions.jsonl",
        "--keep",
        "town",
    ]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(err.contains("town: 1 cells have values that did not occur in training"), "{err}");
    let predictions = session.read("predictions.jsonl");
    let first: serde_json::Value = serde_json::from_str(predictions.lines().next().unwrap()).unwrap();
    assert_eq!(first["town"], "Lyon");
    assert!(first["prediction"].is_f64());
    assert_eq!(predictions.lines().count(), 2);
}

#[test]
fn settings_may_come_from_toml_and_folds_become_one_model() {
    let session = iris();
    session.write(
        "run.toml",
        "[data]\ntable = \"iris.csv\"\ntarget = \"species\"\nkinds = { sepal_width = \"category\" }\n\
         [train]\nepochs = 7\n\
         [fit]\nfolds = 3\noutput = \"m.safetensors\"\nreport = \"config.html\"\ntest = \"iris.csv\"\ncheckpoint_interval = 5\n",
    );
    let (out, err, code) =
        session.run(&["fit", "--config", "run.toml", "--batch", "50", "--report", "other.html"]);
    assert_eq!(code, 0, "{err}");
    let report = session.read("other.html");
    assert!(report.contains("fold-3"));
    assert!(!session.path("config.html").exists(), "arguments override the file");
    assert!(out.contains("standard deviation") && out.contains("test"), "{out}");
    assert!(out.contains("averages the networks of 3 folds"), "{out}");
    let (out, _, _) = session.run(&["inspect", "m.safetensors"]);
    assert!(out.starts_with("3 averaged networks"), "{out}");
    assert!(out.contains("epochs = 7\n") && out.contains("batch = 50\n"), "{out}");
}

/// Runs commands that fail with exit code 2, and compares their messages with the snapshot `name`;
/// they must not leave files.
pub(crate) fn refused(name: &str, session: &Session, commands: &[&[&str]]) {
    let files = || {
        let mut files: Vec<String> = std::fs::read_dir(session.path(""))
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        files.sort();
        files
    };
    let before = files();
    let mut transcript = String::new();
    for arguments in commands {
        let (out, err, code) = session.run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {out}{err}");
        assert!(err.starts_with("error: ") && !err.contains("panicked"), "{arguments:?}: {err}");
        transcript += &timeless(session, &format!("$ chainrule {}\n{err}", arguments.join(" ")));
        transcript.push('\n');
    }
    assert_eq!(files(), before, "nothing is written for bad input");
    insta::assert_snapshot!(name, transcript);
}

#[test]
fn tables_that_cannot_be_trained_on() {
    let session = Session::new();
    let many = |row: &dyn Fn(usize) -> String| (0..40).map(|i| row(i) + "\n").collect::<String>();
    session.write("ragged.csv", "a,b,t\n1,2,x\n1,2\n");
    session.write("quote.csv", "a,t\n1,x\n\"2,y\n3,x\n");
    session.write("latin.csv", b"a,t\n1,caf\xe9\n2,bar\n");
    session.write("twice.csv", "a,a,t\n1,2,x\n3,4,y\n");
    session.write("nameless.csv", "a,,t\n1,2,x\n3,4,y\n");
    session.write("empty.csv", "");
    session.write("header.csv", "a,t\n");
    session.write("infinite.csv", "a,t\n1,x\ninf,y\n3,x\n");
    session.write("one.csv", "a,t\n1,x\n2,x\n3,x\n");
    session.write(
        "lonely.csv",
        format!("a,t\n{}7,z\n", many(&|i| format!("{},{}", i * i % 13, ["x", "y"][i % 2]))),
    );
    session.write(
        "missing.csv",
        format!("a,t\n{}7,\n", many(&|i| format!("{},{}", i * i % 13, ["x", "y"][i % 2]))),
    );
    session.write("void.csv", format!("a,t\n{}", many(&|i| format!(",{}", ["x", "y"][i % 2]))));
    session.write(
        "weight.csv",
        format!("a,w,t\n{}", many(&|i| format!("{},{},{}", i * 7 % 11, i as i64 - 3, ["x", "y"][i % 2]))),
    );
    let words: String = (0..24_000).map(|i| format!("{},w{},{}\n", i * 31 % 17, i / 2, i % 2)).collect();
    session.write("words.csv", format!("a,word,t\n{words}"));
    session.write("torn.parquet", b"PAR1 and nothing more");
    session.write("good.csv", format!("a,t\n{}", many(&|i| format!("{},{}", i * i % 13, ["x", "y"][i % 2]))));
    let fit = |file: &'static str| ["fit", file, "--target", "t"];
    let mut commands: Vec<Vec<&str>> = [
        "ragged.csv",
        "quote.csv",
        "latin.csv",
        "twice.csv",
        "nameless.csv",
        "empty.csv",
        "header.csv",
        "infinite.csv",
        "one.csv",
        "lonely.csv",
        "void.csv",
        "words.csv",
        "torn.parquet",
        "nothing.csv",
    ]
    .map(|file| fit(file).to_vec())
    .to_vec();
    commands.push(vec!["fit", "weight.csv", "--target", "t", "--weight", "w"]);
    commands.push(vec!["fit", "missing.csv", "--target", "t", "--strict"]);
    commands.push(vec!["fit", "good.csv", "--target", "a", "--target", "a"]);
    commands.push(vec!["fit", "good.csv"]);
    for rest in [
        &["--target", "tt"][..],
        &["--target", "t", "--hidden", "64,x"],
        &["--target", "t", "--activation", "relo"],
        &["--target", "t", "--task", "regression"],
        &["--target", "t", "--kind", "a=colour"],
        &["--target", "t", "--kind", "a"],
        &["--target", "t", "--inputs", "b"],
        &["--target", "t", "--group", "g"],
        &["--target", "t", "--validation", "1.5"],
        &["--target", "t", "--set", "train.epoch=3"],
        &["--target", "t", "--output", "none/m.safetensors"],
    ] {
        commands.push([&["fit", "good.csv"], rest].concat());
    }
    let commands: Vec<&[&str]> = commands.iter().map(Vec::as_slice).collect();
    refused("tables", &session, &commands);
}

#[test]
fn models_and_tables_that_do_not_match() {
    let session = iris();
    assert_eq!(session.run(&["fit", "iris.csv", "--target", "species", "--epochs", "3"]).2, 0);
    let model = std::fs::read(session.path("iris.safetensors")).unwrap();
    session.write("half.safetensors", &model[..model.len() / 2]);
    let mut flipped = model.clone();
    let last = flipped.len() - 9;
    flipped[last] ^= 1;
    session.write("flipped.safetensors", flipped);
    session.write("text.safetensors", "no model");
    session.write("lacks.csv", "sepal_length,sepal_width\n1,2\n");
    session.write(
        "words.csv",
        "sepal_length,sepal_width,petal_length,petal_width,species\n1,2,three,4,setosa\n",
    );
    session.write("other.csv", IRIS.replace("setosa", "rosa"));
    refused(
        "models",
        &session,
        &[
            &["predict", "half.safetensors", "iris.csv"],
            &["predict", "flipped.safetensors", "iris.csv"],
            &["inspect", "text.safetensors"],
            &["inspect", "nothing.safetensors"],
            &["predict", "iris.safetensors", "lacks.csv"],
            &["predict", "iris.safetensors", "words.csv", "-o", "out.csv"],
            &["gradcheck", "iris.safetensors", "--data", "words.csv"],
            &["fit", "iris.csv", "--target", "species", "--test", "words.csv", "-o", "m.safetensors"],
            &["predict", "iris.safetensors", "iris.csv", "-o", "out.xlsx"],
            &["predict", "iris.safetensors", "iris.csv", "--threshold", "2"],
            &["predict", "iris.safetensors", "iris.csv", "--keep", "species,colour"],
            &["evaluate", "iris.safetensors", "other.csv"],
            &["fit", "--resume", "iris.safetensors", "--output", "m.safetensors"],
        ],
    );
}

#[test]
fn exports_agree_with_the_model() {
    let session = iris();
    assert_eq!(
        session.run(&["fit", "iris.csv", "--target", "species", "--hidden", "8", "--epochs", "30"]).2,
        0
    );
    for (format, file) in [("c", "iris.c"), ("rust", "iris.rs"), ("json", "iris.json")] {
        let (out, err, code) =
            session.run(&["export", "iris.safetensors", "--to", format, "--verify", "iris.csv"]);
        assert_eq!(code, 0, "{err}");
        assert!(out.starts_with(&format!("written to {file}")), "{out}");
        assert!(out.contains(" in the probabilities (tolerance 1.0e-4)"), "{out}");
        assert!(out.contains("150 of 150 predictions agree"), "{out}");
    }
    let (out, err, code) = session.run(&[
        "export",
        "iris.safetensors",
        "-o",
        "small.c",
        "--int8",
        "iris.csv",
        "--no-libm",
        "--prefix",
        "iris8",
    ]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("int8 on 150 rows; largest difference"), "{out}");
    assert!(session.read("small.c").contains("iris8_predict"));
    assert_eq!(session.run(&["export", "iris.safetensors", "--to", "onnx"]).2, 0);
    refused(
        "exports",
        &session,
        &[
            &["export", "iris.safetensors"],
            &["export", "iris.safetensors", "--to", "tflite"],
            &["export", "iris.safetensors", "--to", "rust", "--int8", "iris.csv", "-o", "x.rs"],
            &["export", "iris.safetensors", "--to", "c", "--prefix", "8bits", "-o", "x.c"],
        ],
    );
}

#[test]
fn models_are_sources_like_experiments() {
    let session = iris();
    let fit = [
        "fit",
        "iris.csv",
        "--target",
        "species",
        "--hidden",
        "3",
        "--epochs",
        "30",
        "--set",
        "precision=f64",
    ];
    assert_eq!(session.run(&fit).2, 0);
    let (out, err, code) = session.run(&["gradcheck", "iris.safetensors"]);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.starts_with("iris (4 -> 3 silu -> 3 softmax), L is the mean over 150 samples of cross_entropy"),
        "{out}"
    );
    // The forward pass of the trace gives the prediction of the row.
    let (out, err, code) = session.run(&["trace", "iris.safetensors", "--sample", "51"]);
    assert_eq!(code, 0, "{err}");
    let predictions = session.run(&["predict", "iris.safetensors", "iris.csv"]).0;
    let p = predictions.lines().nth(51).unwrap().split(',').nth(2).unwrap()[..5].to_owned();
    assert!(out.contains(&p), "{p} is not in {out}");
    for (kind, option) in [("confusion", ""), ("loss-curve", ""), ("regions", "x=petal_length")] {
        let mut arguments = vec!["figure", kind, "iris.safetensors", "-o", "f.svg", "--data", "iris.csv"];
        if !option.is_empty() {
            arguments.extend([option, "y=petal_width"]);
        }
        let (_, err, code) = session.run(&arguments);
        assert_eq!(code, 0, "{kind}: {err}");
        assert!(session.read("f.svg").starts_with("<svg"));
    }
    let (_, err, code) = session.run(&["figure", "samples", "rbf-bias", "--data", "iris.csv"]);
    assert_eq!(code, 2);
    assert!(err.starts_with("error: --data cannot be used with an experiment"), "{err}");
    for (argument, value) in [("--set", "train.epochs=3"), ("--variant", "tanh")] {
        let (_, err, code) = session.run(&["gradcheck", "iris.safetensors", argument, value]);
        assert_eq!(code, 2);
        assert!(err.starts_with(&format!("error: {argument} cannot be used with a model")), "{err}");
    }
    let (_, err, code) = session.run(&["run", "iris.safetensors", "--restarts", "3"]);
    assert_eq!(code, 2);
    assert!(err.starts_with("error: --restarts cannot be used with a model"), "{err}");
}

#[test]
fn runs_are_compared() {
    let session = Session::new();
    for rate in ["0.01", "0.5"] {
        let set = format!("train.learning_rate={rate}");
        let arguments = ["run", "rbf-bias", "--no-report", "--set", &set, "--set", "train.epochs=4"];
        assert_eq!(session.run(&arguments).2, 0);
    }
    let (out, err, code) = session.run(&["runs", "--best"]);
    assert_eq!(code, 0, "{err}");
    let rows: Vec<&str> = out.lines().filter(|line| line.contains("rbf-bias-")).collect();
    assert!(rows.len() == 2 && out.contains("train.learning_rate"), "{out}");
    assert!(rows[0].contains("0.5") && rows[1].contains("0.01"), "{out}");
    let (out, _, _) = session.run(&["runs", "rbf", "--where", "train.learning_rate=0.01"]);
    assert_eq!(out.lines().filter(|line| line.contains("rbf-bias-")).count(), 1, "{out}");
    // The runs have the same data. If many settings differ, they are listed below, one per row.
    let data: Vec<&str> = rows.iter().map(|row| row.split('┆').nth(2).unwrap().trim()).collect();
    assert_eq!((data[0].len(), data[0]), (8, data[1]), "{rows:?}");
    let same = format!("data.fingerprint={}", data[0]);
    let (out, _, _) = session.run(&["runs", "--where", &same]);
    assert_eq!(out.lines().filter(|line| line.contains("rbf-bias-")).count(), 2, "{out}");
    assert_eq!(session.run(&["run", "iris", "--no-report", "--set", "train.epochs=2"]).2, 0);
    let (out, _, _) = session.run(&["runs"]);
    assert!(out.lines().any(|line| line.contains(" setting ") && line.contains('3')), "{out}");
    assert!(
        out.lines().any(|line| line.starts_with(" data.table ") && line.contains("data/iris.csv")),
        "{out}"
    );
    assert_eq!(session.run(&["runs", "--where", "x"]).2, 2);
    assert_eq!(session.run(&["runs", "--runs", "none"]).2, 2);
}

#[test]
fn an_existing_model_or_report_is_overwritten_only_by_force() {
    let session = iris();
    let fit = ["fit", "iris.csv", "--target", "species", "--epochs", "2", "--report", "iris.html"];
    assert_eq!(session.run(&fit).2, 0);
    let model = std::fs::read(session.path("iris.safetensors")).expect("a model");
    session.write("iris-2.safetensors", "taken");
    let (_, err, code) = session.run(&[&fit[..], &["--seed", "5"]].concat());
    assert_eq!(code, 2);
    let expected = "error: iris.safetensors already exists; use --force to overwrite it, or --output iris-3.safetensors \
                    to keep both\n";
    assert_eq!(err, expected);
    assert!(std::fs::read(session.path("iris.safetensors")).expect("a model") == model);
    let (_, err, code) = session.run(&[&fit[..], &["--output", "iris-3.safetensors"]].concat());
    assert_eq!(code, 2);
    assert!(
        err.starts_with("error: iris.html already exists; use --force to overwrite it, or --report "),
        "{err}"
    );
    assert_eq!(session.run(&[&fit[..], &["--seed", "5", "--force"]].concat()).2, 0);
    assert!(std::fs::read(session.path("iris.safetensors")).expect("a model") != model);
}

#[test]
fn former_names_are_accepted_with_a_note_and_aliases_without() {
    let session = iris();
    let fit = ["fit", "iris.csv", "--target", "species", "--epochs", "2", "--out", "m.safetensors"];
    let (_, err, code) = session.run(&[&fit[..], &["--task", "classes", "--hidden", "8", "4"]].concat());
    assert_eq!(code, 0, "{err}");
    let notes: Vec<&str> = err.lines().collect();
    assert_eq!(notes.len(), 2, "{err}");
    assert!(notes.iter().all(|note| note.starts_with("note: ")), "{err}");
    assert!(err.contains("--output") && err.contains("classification"), "{err}");
    let (out, _, _) = session.run(&["inspect", "m.safetensors"]);
    assert!(out.contains("hidden = [8, 4]") && out.contains("task = \"classification\""), "{out}");
    let run = ["run", "iris", "--no-report", "--set", "train.lr=0.1", "--set", "train.epochs=2"];
    let (_, err, code) = session.run(&[&run[..], &["--set", "network.hidden.0.activation=sigmoid"]].concat());
    assert_eq!((code, err.as_str()), (0, ""));
    let (_, err, code) = session.run(&["fit", "iris.csv", "--target", "species", "--preset", "plain"]);
    assert_eq!(code, 2);
    assert!(err.contains("--scaling none"), "{err}");
}

#[test]
fn results_are_printed_as_json() {
    let session = iris();
    let json = |arguments: &[&str]| -> serde_json::Value {
        let (out, err, code) = session.run(arguments);
        assert_eq!(code, 0, "{err}");
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
    };
    let fit = json(&["fit", "iris.csv", "--target", "species", "--epochs", "20", "--json"]);
    assert_eq!(fit["target"]["task"], "classification");
    assert_eq!(fit["rows"]["train"], 120);
    assert_eq!(fit["files"]["model"], "iris.safetensors");
    assert!(fit["metrics"]["validation"]["accuracy"].as_f64().expect("a number") > 0.8, "{fit}");
    assert!(fit["metrics"]["baseline"]["accuracy"].as_f64().expect("a number") < 0.5, "{fit}");
    assert_eq!(fit["permutation_importance"].as_array().expect("a list").len(), 4);
    let evaluate = json(&["evaluate", "iris.safetensors", "iris.csv", "--json"]);
    assert_eq!(evaluate["rows"], 150);
    let inspect = json(&["inspect", "iris.safetensors", "--json"]);
    assert_eq!(inspect["inputs"][0]["column"], "sepal_length");
    assert_eq!(session.run(&["run", "rbf-bias", "--no-report", "--set", "train.epochs=2"]).2, 0);
    let runs = json(&["runs", "--json"]);
    assert_eq!(runs[0]["settings"]["train.epochs"], "2");
    let list = json(&["list", "--json"]);
    assert_eq!(list["activations"][0]["name"], "identity");
    let folds = json(&[
        "fit", "iris.csv", "--target", "species", "--folds", "3", "--epochs", "3", "--json", "--force",
    ]);
    assert!(folds["metrics"]["folds"]["accuracy"]["std"].is_f64(), "{folds}");
}

#[test]
fn a_split_far_from_the_requested_fraction_is_a_warning() {
    let session = Session::new();
    let groups = [("A", 90), ("B", 5), ("C", 5)];
    let rows = groups.iter().flat_map(|(group, n)| (0..*n).map(move |i| format!("{group},{i},{}\n", i * i)));
    session.write("groups.csv", format!("g,x,y\n{}", rows.collect::<String>()));
    let fit = ["fit", "groups.csv", "--target", "y", "--group", "g", "--epochs", "2", "--force"];
    let warning = "held out 10 % of the rows instead of 20 %, because rows of the same group stay together";
    let (out, err, code) = session.run(&fit);
    assert!(code == 0 && out.contains(&format!("warning: {warning}\n")), "{out}{err}");
    let (out, err, _) = session.run(&[&fit[..], &["--json"]].concat());
    let result: serde_json::Value = serde_json::from_str(&out).expect(&err);
    assert_eq!(result["warnings"], serde_json::json!([warning]));
    let (out, err, _) = session.run(&[&fit[..], &["--folds", "2"]].concat());
    assert!(out.contains("warning: fold 1 held out 90 % of the rows instead of 50 %, because"), "{out}{err}");
}
