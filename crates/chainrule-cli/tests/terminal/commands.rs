//! What each command does with valid input: files, output, exit codes.

use chainrule_table::{NumberArray, read_arrays, write_arrays};

use crate::session::Session;

#[test]
fn run_writes_settings_history_and_weights_that_train_the_same_again() {
    let session = Session::new();
    let (out, err, code) =
        session.run(&["run", "three-rings", "--variant", "logistic", "--set", "train.epochs=7"]);
    assert_eq!(code, 0, "{err}");
    let folder = written(&out);
    let settings = session.read(format!("{folder}/logistic/settings.toml"));
    assert!(settings.contains("epochs = 7") && settings.contains("units = 3"), "{settings}");

    let history = session.read(format!("{folder}/logistic/history.jsonl"));
    assert_eq!(history.lines().count(), 7);
    assert!(history.starts_with("{\"epoch\":1,\"loss\":"), "{history}");
    assert!(history.contains("\"gradient_norm\":[") && history.contains("\"learning_rate\":0.01"));

    // The settings of the run reproduce its bytes.
    let settings = format!("{folder}/logistic/settings.toml");
    let (again, err, code) = session.run(&["run", &settings, "--runs", "again"]);
    assert_eq!(code, 0, "{err}");
    let weights = |path: String| std::fs::read(session.path(&path)).expect("weights");
    let first = weights(format!("{folder}/logistic/weights.safetensors"));
    assert_eq!(first, weights(format!("{}/weights.safetensors", written(&again))));
    let header = String::from_utf8_lossy(&first[8..]).into_owned();
    assert!(header.contains("\"W0\":{\"dtype\":\"F64\",\"shape\":[2,3]"), "{header}");
    assert!(header.contains("\"b1\":{\"dtype\":\"F64\",\"shape\":[3]"), "{header}");
}

/// The run folder named in the output.
fn written(out: &str) -> String {
    out.lines().find_map(|line| line.strip_prefix("written to ")).expect("a folder is printed").to_owned()
}

#[test]
fn a_csv_next_to_its_experiment_is_found_from_the_run_folder_too() {
    let session = Session::new();
    std::fs::create_dir(session.path("mine")).expect("a folder");
    session.write("mine/d.csv", "a,b,kind\n0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n");
    let toml = "[data]\ntable = \"d.csv\"\ntarget = \"kind\"\n[network]\nhidden = [{ units = 8, activation = \"tanh\" }]\n\
                [train]\nloss = \"binary_cross_entropy\"\noptimizer = \"adam\"\nlearning_rate = 0.1\nepochs = 200\n";
    session.write("mine/xor.toml", toml);
    let (out, err, code) = session.run(&["run", "mine/xor.toml"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("0 of 4") && out.contains("classes: no, yes"), "{out}");
    let settings = format!("{}/settings.toml", written(&out));
    let (again, err, code) = session.run(&["run", &settings]);
    assert_eq!(code, 0, "{err}");
    assert!(again.contains("0 of 4"), "{again}");
}

#[test]
fn embedded_data_are_found_from_a_run_folder() {
    let session = Session::new();
    let (out, err, code) = session.run(&["run", "iris", "--set", "train.epochs=2"]);
    assert_eq!(code, 0, "{err}");
    let (_, err, code) = session.run(&["run", &format!("{}/settings.toml", written(&out))]);
    assert_eq!(code, 0, "{err}");
}

#[test]
fn restarts_try_each_seed_and_keep_the_best() {
    let session = Session::new();
    let (out, err, code) = session.run(&["run", "iris", "--restarts", "3", "--set", "train.epochs=5"]);
    assert_eq!(code, 0, "{err}");
    let line = out.lines().find(|line| line.contains("final loss by seed")).expect("the seeds' losses");
    let losses: Vec<f64> = line
        .split(": ")
        .skip(2)
        .map(|part| part.split(',').next().expect("a number").parse().expect("a loss"))
        .collect();
    assert_eq!(losses.len(), 3, "{line}");
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let row = out.lines().find(|line| line.trim_start().starts_with("- ")).expect("the summary's row");
    assert!(row.contains(&format!("{best:.5}")[..6]), "{row} does not contain the lowest of {losses:?}");
}

#[test]
fn a_diverged_training_keeps_its_results_and_is_reported_once() {
    let session = Session::new();
    let sets = ["train.learning_rate=1e30", "train.loss=squared_error", "network.output.activation=identity"];
    let mut arguments = vec!["run", "sine-classes", "--variant", "straight"];
    arguments.extend(sets.iter().flat_map(|set| ["--set", *set]));
    let (out, err, code) = session.run(&arguments);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("training diverged: in epoch") && err.contains("Lower the learning rate"), "{err}");
    let folder = written(&out);
    assert!(session.path(&format!("{folder}/straight/weights.safetensors")).is_file());
    assert_eq!(err.matches("diverged").count() + out.matches("diverged").count(), 1, "reported once");
}

#[test]
fn reproduce_marks_every_claim_and_fails_on_a_mismatch() {
    let session = Session::new();
    insta::assert_snapshot!(session.transcript(&["reproduce", "rbf-weights", "rbf-bias"]));
    // The last digits of the differences depend on the machine.
    let (out, err, code) = session.run(&["reproduce", "demonstrations"]);
    assert_eq!(code, 0, "{err}");
    for text in [
        "FAILED: 9 of 21",
        "FAILED: 9 of 9",
        "PASSED: all 21",
        "PASSED: all 9",
        "hidden.W[1][1]",
        "2 matched",
    ] {
        assert!(out.contains(text), "{text}: {out}");
    }
}

#[test]
fn gradcheck_passes_ours_and_fails_a_wrong_one_by_name() {
    let session = Session::new();
    let (out, err, code) = session.run(&["gradcheck", "rbf-bias"]);
    assert!(code == 0 && out.contains("PASSED: all 2 derivatives"), "{out}{err}");
    let (out, err, code) = session.run(&["gradcheck", "rbf-bias", "--epoch", "20"]);
    assert!(code == 0 && out.contains("PASSED"), "{out}{err}");

    session.write("mine.csv", "parameter,gradient\nhidden.W[0][0],0.5\noutput.W[0][0],0\noutput.b[0],0.34\n");
    let (out, err, code) = session.run(&["gradcheck", "rbf-bias", "--gradient", "mine.csv"]);
    assert_eq!(code, 1, "{err}");
    assert!(out.contains("FAILED") && out.contains("hidden.W[0][0]"), "{out}");
    assert!(out.lines().any(|line| line.contains("hidden.W[0][0]") && line.ends_with("WRONG")), "{out}");
}

#[test]
fn gradcheck_explains_a_common_factor() {
    let session = Session::new();
    session.write("lin.toml", include_str!("teach/lin.toml")).write("lin.csv", include_str!("teach/lin.csv"));
    session.write("mine_ok.csv", include_str!("teach/mine_ok.csv"));
    session.write("mine_sum.csv", include_str!("teach/mine_sum.csv"));
    session.write("mine_half.csv", include_str!("teach/mine_half.csv"));
    // 0 and 1 are numbers here, not a boolean.
    let kinds = "data.kinds={ x2 = \"number\" }";
    let check = |file| session.run(&["gradcheck", "lin.toml", "--set", kinds, "--gradient", file]);
    let (out, err, code) = check("mine_ok.csv");
    assert!(code == 0 && !out.contains("times"), "{out}{err}");
    for (file, sentence) in [
        ("mine_sum.csv", "4 times the numeric derivative: a sum over the 4 samples instead of their mean?"),
        ("mine_half.csv", "1/2 times the numeric derivative: a missing factor 2 from the square?"),
    ] {
        let (out, err, code) = check(file);
        assert_eq!(code, 1, "{out}{err}");
        assert!(out.contains(&format!("  Each wrong derivative is {sentence}\n")), "{out}");
    }
}

#[test]
fn the_output_of_gradcheck_names_the_reduction_and_shows_a_difference() {
    let session = Session::new();
    let (out, err, code) = session.run(&["gradcheck", "worked-example"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("L is the mean over 1 sample of squared_error, times 0.5\n"), "{out}");
    let number = |label: &str| {
        let line = out.lines().find_map(|line| line.trim().strip_prefix(label)).expect(label);
        line.parse::<f64>().expect("a number")
    };
    let (h, above, below) = {
        let line = out.lines().find(|line| line.contains(", h = ")).expect("the step");
        let h = line.split_once("h = ").expect("the step").1.parse::<f64>().expect("a number");
        (h, number("L(p + h) = "), number("L(p - h) = "))
    };
    let quotient = number("(L(p + h) - L(p - h))/(2·h) = ");
    assert_eq!(format!("{:.10e}", (above - below) / (2.0 * h)), format!("{quotient:.10e}"));
    let (out, _, _) = session.run(&["gradcheck", "xor", "--set", "train.reduction=sum"]);
    assert!(out.contains("L is the sum over 4 samples of binary_cross_entropy\n"), "{out}");
}

#[test]
fn weights_are_exported_and_a_gradient_is_read_as_csv_and_npz() {
    let session = Session::new();
    for name in ["w.csv", "w.npz"] {
        let (out, err, code) = session.run(&["gradcheck", "worked-example", "--weights-out", name]);
        assert!(code == 0 && out.ends_with(&format!("weights written to {name}\n")), "{out}{err}");
    }
    let csv = session.read("w.csv");
    assert!(csv.starts_with("name,value\nhidden.W[0][0],0.15\nhidden.W[0][1],0.25\n"), "{csv}");
    let arrays = read_arrays(&session.path("w.npz")).expect("arrays");
    let shapes: Vec<(&str, &[usize])> = arrays.iter().map(|a| (a.name.as_str(), &a.shape[..])).collect();
    assert_eq!(shapes, [("W0", &[2, 2][..]), ("b0", &[2]), ("W1", &[2, 2]), ("b1", &[2])]);
    assert_eq!(arrays[0].values, [0.15, 0.25, 0.2, 0.3]);

    // The published derivatives, without those of the frozen biases.
    let array = |name: &str, values: [f64; 4]| NumberArray {
        name: name.to_owned(),
        shape: vec![2, 2],
        values: values.to_vec(),
    };
    let exact = [
        array(
            "W0",
            [
                4.385_677_344_743_465e-4,
                4.977_127_352_608_599e-4,
                8.771_354_689_486_93e-4,
                9.954_254_705_217_2e-4,
            ],
        ),
        array(
            "W1",
            [
                0.082_167_040_564_230_77,
                -0.022_602_540_477_475_07,
                0.082_667_627_847_533_25,
                -0.022_740_242_215_978_222,
            ],
        ),
    ];
    write_arrays(&session.path("g.npz"), &exact).expect("a file");
    let trainable: String =
        exact.iter().flat_map(|array| &array.values).map(|value| format!("{value:?}\n")).collect();
    session.write("g.csv", trainable);
    for file in ["g.npz", "g.csv"] {
        let (out, err, code) = session.run(&["gradcheck", "worked-example", "--gradient", file]);
        assert!(code == 0 && out.contains(&format!("{file}: PASSED: all 8")), "{out}{err}");
    }
    let wrong = [exact[0].clone(), array("W1", [0.1; 4])];
    write_arrays(&session.path("wrong.npz"), &wrong).expect("a file");
    let (out, _, code) = session.run(&["gradcheck", "worked-example", "--gradient", "wrong.npz"]);
    assert!(code == 1 && out.contains("FAILED: 4 of 8"), "{out}");
    // A weight that is exported after training differs.
    session.run(&["gradcheck", "worked-example", "--epoch", "1", "--weights-out", "w.csv"]);
    assert!(session.read("w.csv").starts_with("name,value\nhidden.W[0][0],0.14978071613276"));
}

#[test]
fn trace_has_ranges_of_samples_digits_and_the_encoding_of_inputs() {
    let session = Session::new();
    let run = |arguments: &[&str]| {
        let (out, err, code) = session.run(&[&["trace"], arguments].concat());
        assert_eq!(code, 0, "{err}");
        out
    };
    assert_eq!(run(&["xor", "--sample", "1-3"]), run(&["xor", "--sample", "1,2,3"]));
    assert_eq!(run(&["xor", "--sample", "4,1-2"]), run(&["xor", "--sample", "4,1,2"]));
    let digits = run(&["worked-example", "--digits", "9"]);
    for number in ["0.593269992", "0.298371109", "0.138498562", "0.0821670406"] {
        assert!(digits.contains(number), "{number}: {digits}");
    }
    assert!(digits.contains("\nInputs: x1, x2 as is.\n"), "{digits}");
    assert_eq!(run(&["xor", "--digits", "4"]), run(&["xor"]));
    let table = run(&["iris"]);
    assert!(table.contains("\nInputs: sepal_length as (x - 5.8717) / 0.8436; "), "{table}");
}

#[test]
fn run_states_how_the_inputs_are_encoded() {
    let session = Session::new();
    let rows: String = (0..24)
        .map(|i| {
            format!(
                "{},{},{},{},{}\n",
                i % 2,
                (i * i) % 11,
                ["no", "yes"][i % 2],
                ["a", "b", "c"][i % 3],
                i % 4
            )
        })
        .collect();
    session.write("t.csv", format!("flag,size,ok,town,y\n{rows}"));
    let toml = "[data]\ntable = \"t.csv\"\ntarget = \"y\"\ntask = \"regression\"\n[network]\n[train]\n\
                loss = \"squared_error\"\nepochs = 1\n";
    session.write("t.toml", toml);
    let line = |sets: &[&str]| {
        let (out, err, code) = session.run(&[&["run", "t.toml", "--no-report"], sets].concat());
        assert_eq!(code, 0, "{err}");
        out.lines().find(|line| line.starts_with("  inputs: ")).expect("the inputs").to_owned()
    };
    let categories = "ok as no: -1, yes: 1; town as one-hot (3 categories)";
    let standard = format!("  inputs: flag as 0: -1, 1: 1; size as (x - 3.7083) / 2.8792; {categories}");
    assert_eq!(line(&[]), standard);
    assert_eq!(line(&["--set", "data.scaling=none"]), format!("  inputs: flag, size as is; {categories}"));
    assert_eq!(
        line(&["--set", "data.inputs=[\"flag\"]", "--set", "data.scaling=none"]),
        "  inputs: flag as is"
    );
}

#[test]
fn trace_writes_text_markdown_and_latex() {
    let session = Session::new();
    let steps = ["trace", "rbf-weights", "--sample", "3", "--step", "5"];
    let (text, err, code) = session.run(&steps);
    assert!(code == 0 && text.contains("hidden"), "{err}");
    let (markdown, _, code) = session.run(&[&steps[..], &["--format", "markdown"]].concat());
    assert!(code == 0 && markdown.contains("\n## "), "{markdown}");
    let (latex, _, code) = session.run(&[&steps[..], &["--format", "latex"]].concat());
    assert!(
        code == 0 && latex.contains("\\begin{document}") && latex.contains("\\frac{\\partial"),
        "{latex}"
    );
    // The numbers differ at another step.
    assert_ne!(text, session.run(&["trace", "rbf-weights", "--sample", "3"]).0);
}

#[test]
fn new_writes_an_experiment_that_runs() {
    let session = Session::new();
    let (_, err, code) = session.run(&["new", "mine"]);
    assert_eq!(code, 0, "{err}");
    let (out, err, code) = session.run(&["run", "mine.toml", "--set", "train.epochs=2"]);
    assert_eq!(code, 0, "{out}{err}");
    let (_, _, code) = session.run(&["new", "rings", "--from", "three-rings"]);
    assert_eq!(code, 0);
    assert!(session.read("rings.toml").contains("three_rings"));
}

#[test]
fn output_is_coloured_only_on_a_terminal() {
    let session = Session::new();
    for arguments in [&["list", "losses"][..], &["reproduce", "rbf-bias"], &["run", "nothing"]] {
        let (out, err, _) = session.run(arguments);
        assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "{arguments:?}");
    }
}

#[test]
fn figures_are_written_in_the_format_of_the_extension() {
    let session = Session::new();
    let beginnings: [(&str, &[u8]); 4] =
        [("svg", b"<svg"), ("png", b"\x89PNG"), ("html", b"<!doctype html>"), ("json", b"{")];
    for (extension, beginning) in beginnings {
        let file = format!("picture.{extension}");
        let (_, err, code) = session.run(&["figure", "projection", "rbf-weights", "-o", &file]);
        assert_eq!(code, 0, "{err}");
        assert!(std::fs::read(session.path(&file)).expect("a file").starts_with(beginning), "{extension}");
    }
    let animated = ["figure", "regions", "rbf-bias", "animate=yes", "resolution=40"];
    let (out, err, code) = session.run(&animated);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("written to rbf-bias-regions.svg"), "{out}");
    assert!(session.read("rbf-bias-regions.svg").contains(">epoch 20<"));
}

#[test]
fn run_and_reproduce_write_reports() {
    let session = Session::new();
    let (out, err, code) = session.run(&["run", "rbf-bias"]);
    assert_eq!(code, 0, "{err}");
    let report = session.read(format!("{}/report.html", written(&out)));
    for part in [
        "Published and reproduced values",
        "Figures",
        "Training history",
        "Gradient check",
        "Gradient trace",
        "Settings",
    ] {
        assert!(
            report.contains(&format!("<h2>{part}")) || report.contains(&format!("{part}</h2>")),
            "{part}"
        );
    }
    assert!(report.contains("\n[network]\n") && report.contains("\n  output.b[0]"), "line breaks are kept");
    let (out, err, code) = session.run(&["run", "rbf-bias", "--no-report"]);
    assert_eq!(code, 0, "{err}");
    assert!(!session.path(&format!("{}/report.html", written(&out))).exists());

    let (_, err, code) = session.run(&["reproduce", "rbf-bias", "rbf-weights", "--report", "out"]);
    assert_eq!(code, 0, "{err}");
    let index = session.read("out/index.html");
    assert!(index.contains("href=\"rbf-bias.html\"") && index.contains("matched"), "{index}");
    assert!(session.read("out/rbf-weights.html").contains("! error in the document"));
}
