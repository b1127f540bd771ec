//! Error messages: each states the location and the remedy, and contains the key once.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use chainrule_experiment::{Error, Experiment, FitOptions, FitPlan, ModelRows, OpenedFit};

const GENERATOR: &str = "\
[data]
generator = \"moons\"
[network]
hidden = [{ units = 3, activation = \"tanh\" }]
[train]
loss = \"binary_cross_entropy\"
";

/// Writes a TOML file and returns the error of opening it, without the path of its folder.
fn refused(text: &str, sets: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("x.toml");
    std::fs::write(&file, text).expect("a file");
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let error = Experiment::open(file.to_str().expect("a path in UTF-8"), &sets).expect_err("it is refused");
    error.to_string().replace(&format!("{}/", folder.path().display()), "")
}

/// Returns the error of fitting `table` with a configuration.
fn refused_fit(table: &Path, config: &str, sets: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("fit.toml");
    std::fs::write(&file, config).expect("a file");
    let data =
        (!table.as_os_str().is_empty()).then(|| format!("data.table={:?}", table.display().to_string()));
    let sets: Vec<String> = data.into_iter().chain(sets.iter().map(|set| (*set).to_owned())).collect();
    let config = (!config.is_empty()).then(|| file.to_str().expect("a path in UTF-8"));
    let error = open_fit(config.map(Path::new), &sets).expect_err("it is refused");
    error.to_string().replace(&format!("{}/", folder.path().display()), "")
}

/// Opens a fit with the settings of a file and others that override them.
fn open_fit(config: Option<&Path>, sets: &[String]) -> Result<Experiment, Error> {
    let options =
        FitOptions { config: config.map(Path::to_owned), sets: sets.to_vec(), ..FitOptions::default() };
    Ok(OpenedFit::open(None, &options, &mut ())?.experiment)
}

#[test]
fn values_that_are_set_have_their_key_once() {
    for (set, expected) in [
        ("train.epochs=0", "--set train.epochs is 0, but must be a whole number of at least 1"),
        ("train.learning_rate=-1e-30", "--set train.learning_rate is -1e-30, but must be a number above 0"),
        ("train.learning_rate=nan", "--set train.learning_rate is nan, but must be a number above 0"),
        (
            "network.hidden.0.units=1e99",
            "--set network.hidden.0.units is 1e99, but must be a whole number from 1 to 1000000",
        ),
        (
            "train={ loss = \"huber\", epochs = 0 }",
            "--set train: epochs is 0, but must be a whole number of at least 1",
        ),
        (
            "train.clip={ norm = 1, value = 1 }",
            "--set train.clip: value cannot be combined with train.clip.norm: a gradient is clipped either by value or \
             by norm; remove one of them",
        ),
        (
            "train.stopping.monitor=accuracy",
            "--set train.stopping.monitor is accuracy, but must be loss, validation_loss or one of the recorded \
             metrics",
        ),
        (
            "train.validation_split=group",
            "--set train.validation_split is \"group\", but must be one of \"random\", \"stratified\"",
        ),
        (
            "train.schedule=adaptive",
            "--set train.schedule is adaptive, but must be another schedule, since it depends on early stopping, which \
             is not set (set stopping)",
        ),
        (
            "train.loss.name=3",
            "--set train.loss.name=3: train.loss is \"binary_cross_entropy\", not a table; write a \
          name with options as { name = \"binary_cross_entropy\", ... }",
        ),
        (
            "network.hidden.7.units=2",
            "--set network.hidden.7.units=2: network.hidden has 1 entry, so its index must be 0",
        ),
        (
            "network.hidden=3",
            "--set network.hidden is 3, but must be a list of layer widths, for example [64, 64], or of \
          tables",
        ),
        ("epochs", "--set epochs: this is not KEY=VALUE, for example train.learning_rate=0.05"),
        (
            "title.x=3",
            "--set title.x: title belongs at the top level of the file and cannot be set in a variant or with \
          --set",
        ),
    ] {
        assert_eq!(refused(GENERATOR, &[set]), expected);
    }
    let unknown = refused(GENERATOR, &["train.learning_rat=1"]);
    let expected = "--set train.learning_rat is not a known key (did you mean \"learning_rate\"?); the keys of [train] are: \
                    loss, loss_scale, ";
    assert!(unknown.starts_with(expected), "{unknown}");
}

#[test]
fn a_split_that_cannot_be_stratified_is_located() {
    let settings = "train.validation_fraction=0.001";
    let text = format!("{GENERATOR}validation_split = \"stratified\"\n");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("x.toml");
    std::fs::write(&file, text).expect("a file");
    let experiment = Experiment::open(&file, &[settings.to_owned()]).expect("the settings are valid");
    let error = experiment.variants[0].check().expect_err("one validation sample for two classes");
    assert_eq!(
        error.to_string(),
        "--set train.validation_fraction is 0.001, but must be large enough to hold out at least 2 of the 300 samples, \
         one per class (or set validation_split to random)"
    );
}

#[test]
fn keys_of_tables_are_refused_next_to_a_generator() {
    let reason = "applies only to a table, but the samples come from a generator, which has no columns; replace \
                  data.generator with data.table, or use `chainrule fit`";
    assert_eq!(refused(GENERATOR, &["data.target=y"]), format!("--set data.target {reason}"));
    assert_eq!(refused(GENERATOR, &["data.fold=[1, 5]"]), format!("--set data.fold {reason}"));
    let text = GENERATOR.replace("[network]", "target = \"y\"\n[network]");
    assert_eq!(refused(&text, &[]), format!("x.toml:3:1: data.target {reason}"));
    let both = "samples come from one source; remove one of them";
    let set = refused(GENERATOR, &["data.table=d.csv"]);
    assert_eq!(set, format!("--set data.table cannot be combined with data.generator: {both}"));
}

#[test]
fn keys_of_generators_are_refused_next_to_a_table() {
    let table = GENERATOR.replace("generator = \"moons\"", "table = \"t.csv\"\ntarget = \"y\"");
    let both = "samples come from one source; remove one of them";
    let set = refused(&table, &["data.generator=moons"]);
    assert_eq!(set, format!("--set data.generator cannot be combined with data.table: {both}"));
    let set = refused(&table, &["data.generator.noise=1"]);
    assert_eq!(
        set,
        format!("--set data.generator.noise: data.generator cannot be combined with data.table: {both}")
    );
    assert_eq!(
        refused(&table, &["data.noise=1"]),
        "--set data.noise is an option of generators, but the samples come from a table; remove it"
    );
    assert_eq!(
        refused(&table, &["train.validation_split=random"]),
        "--set train.validation_split applies to generated samples only; use data.split, which splits the rows of a \
         table"
    );
    assert_eq!(
        refused(GENERATOR, &["data.noise=1"]),
        "--set data.noise is an option of generators; write generator = { name = \"...\", noise = ... }"
    );
}

#[test]
fn old_and_new_keys_are_refused_together() {
    let text = format!("{GENERATOR}lr = 1\nlearning_rate = 1\n");
    let expected = "x.toml:7:1: \"lr\" and \"learning_rate\" are the same key of [train]; remove \"lr\"";
    assert_eq!(refused(&text, &[]), expected);
}

#[test]
fn fit_lists_the_columns_if_the_target_is_missing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in [
        ("t.csv", "a,b,c\n1,2,3\n4,5,6\n"),
        ("t.jsonl", "{\"a\": 1, \"b\": 2}\n{\"a\": 1, \"b\": 2, \"c\": 3}\n"),
    ] {
        let table = folder.path().join(name);
        std::fs::write(&table, text).expect("a file");
        let expected = format!(
            "no target column is given; choose one with --target; the columns of {} are: a, b, c",
            table.display()
        );
        assert_eq!(refused_fit(&table, "", &[]), expected);
        assert_eq!(refused_fit(&table, "[data]\ntarget = []\n", &[]), expected);
    }
    let table = folder.path().join("t.csv");
    assert_eq!(
        refused_fit(&table, "", &["data.target=c", "train.epochs=0"]),
        "train.epochs is 0, but must be a whole number of at least 1"
    );
    let no_table = "no table is given; pass its file as DATA: chainrule fit DATA --target COLUMN";
    assert_eq!(refused_fit(Path::new(""), "", &["data.target=c"]), no_table);
    let generator = "fit.toml:2:1: data.generator cannot be used with `chainrule fit`, which trains on a table; use \
                     `chainrule run`, or replace it with data.table";
    assert_eq!(refused_fit(Path::new(""), GENERATOR, &[]), generator);
    let inline = refused_fit(Path::new(""), "[data]\nx = [1]\nt = [1]\n", &[]);
    assert_eq!(inline, generator.replace("generator", "x"));
    let variant = "fit.toml:1:3: variant cannot be used with `chainrule fit`, which trains a single model; use `chainrule \
                   run`";
    assert_eq!(refused_fit(Path::new(""), "[[variant]]\nname = \"a\"\n", &[]), variant);
}

#[test]
fn notes_about_old_names_reach_the_experiment() {
    let variants =
        "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\ntrain = { watch_units = \"never\" }\n";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("x.toml");
    std::fs::write(&file, format!("{GENERATOR}{variants}")).expect("a file");
    let path = file.to_str().expect("a path in UTF-8");
    let experiment = Experiment::open(path, &["train.penalty.on=all".to_owned()]).expect("an experiment");
    let expected = [
        format!("{path}:11:11: watch_units is now called track_dead_units"),
        "--set train.penalty.on is now called applies_to".to_owned(),
    ];
    assert_eq!(experiment.notes, expected);
    for variant in &experiment.variants {
        assert!(!variant.settings().contains("watch_units"), "{}", variant.settings());
        assert!(variant.settings().contains("applies_to = \"all\""), "{}", variant.settings());
    }
    assert!(experiment.variants[1].settings().contains("track_dead_units = \"never\""));

    let table = folder.path().join("t.csv");
    std::fs::write(&table, "a,t\n1,0\n2,1\n3,0\n").expect("a file");
    let config = folder.path().join("fit.toml");
    std::fs::write(&config, "[fit]\nout = \"m.safetensors\"\n").expect("a file");
    let sets = [
        format!("data.table={:?}", table.display().to_string()),
        "data.target=t".to_owned(),
        "data.task=classes".to_owned(),
    ];
    let plan = FitPlan::open(Some(&config), &sets).expect("a plan");
    assert_eq!(plan.output, Some(folder.path().join("m.safetensors")));
    let config = config.to_str().expect("a path in UTF-8");
    let experiment = open_fit(Some(Path::new(config)), &sets).expect("an experiment");
    let expected = [
        format!("{config}:2:1: out is now called output"),
        "data.task: task = \"classes\" is now task = \"classification\"".to_owned(),
    ];
    assert_eq!(experiment.notes, expected);
}

#[test]
fn models_of_version_1_with_old_settings_can_be_opened() {
    let path =
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../chainrule-model/tests/models/v1.safetensors"));
    let mut model = chainrule_model::Model::load(path).expect("a model");
    model.trained.settings = "\
[data]
table = \"homes.csv\"
target = \"class\"
task = \"classes\"
header = \"guess\"
[network]
weights_from = \"he_normal\"
hidden = [{ units = 5, activation = \"tanh\", bias_from = \"zeros\" }]
[train]
loss = \"cross_entropy\"
loss_zero = \"perfect\"
watch_units = \"never\"
[train.penalty]
share = \"per_weight\"
on = \"all\"
"
    .to_owned();
    let opened = Experiment::of_model(&model, path, None, ModelRows::All).expect("an experiment");
    assert_eq!(opened.experiment.notes, [""; 0]);
    let settings = opened.experiment.variants[0].settings();
    for new in [
        "task = \"classification\"",
        "header = \"auto\"",
        "weight_init = \"he_normal\"",
        "bias_init = \"zeros\"",
        "loss_offset = \"deviance\"",
        "track_dead_units = \"never\"",
        "divisor = \"batch_weight\"",
        "applies_to = \"all\"",
    ] {
        assert!(settings.contains(new), "{new}: {settings}");
    }
}

/// Returns the error of an experiment with these lines in `[data]`.
fn refused_data(lines: &str, sets: &[&str]) -> String {
    refused(&format!("[data]\n{lines}\n[network]\n[train]\nloss = \"squared_error\"\n"), sets)
}

#[test]
fn inline_samples_are_refused_with_their_location() {
    for (lines, expected) in [
        (
            "x = [[1, 2], [3]]\nt = [0, 1]",
            "x.toml:2:14: data.x[1] has 1 number, but data.x[0] has 2; all rows must have the same number of columns",
        ),
        ("x = [[1, 2], 3]\nt = [0, 1]", "x.toml:2:14: data.x[1] is 3, but must be a list of 2 numbers"),
        (
            "x = [1, [2]]\nt = [0, 1]",
            "x.toml:2:9: data.x[1] is [2], but must be a finite number, or a row of numbers if all others are rows",
        ),
        (
            "x = [[1], [2]]\nt = [0]",
            "x.toml:3:1: data.t has 1 row, but data.x has 2 rows; write one row per sample in both",
        ),
        ("x = [[1, inf]]\nt = [0]", "x.toml:2:10: data.x[0][1] is inf, but must be a finite number"),
        (
            "x = [1, nan]\nt = [0, 1]",
            "x.toml:2:9: data.x[1] is nan, but must be a finite number, or a row of numbers if all others are rows",
        ),
        ("x = [[1, \"a\"]]\nt = [0]", "x.toml:2:10: data.x[0][1] is \"a\", but must be a finite number"),
        ("x = []\nt = []", "x.toml:2:1: data.x is [], but must be a list of at least one row"),
        ("x = [[]]\nt = [1]", "x.toml:2:6: data.x[0] is [], but must be a list of at least one number"),
        (
            "x = 3\nt = [1]",
            "x.toml:2:1: data.x is 3, but must be a list of rows, one per sample, or of numbers",
        ),
        ("x = [1]", "x.toml:1:2: [data] requires the key \"t\": the targets, one row per sample: [[0], [1]]"),
        (
            "t = [1]",
            "x.toml:1:2: [data] requires the key \"x\": the inputs, one row per sample: [[0, 1], [1, 1]]",
        ),
        (
            "x = [1]\nt = [1]\ngenerator = \"moons\"",
            "x.toml:4:1: data.generator cannot be combined with data.x: samples come from one source; remove one of them",
        ),
        (
            "t = [1]\ntable = \"t.csv\"",
            "x.toml:3:1: data.table cannot be combined with data.t: samples come from one source; remove one of them",
        ),
        (
            "x = [1]\nt = [1]\nscaling = \"none\"",
            "x.toml:4:1: data.scaling applies only to a table, but the samples are given by data.x and data.t, which are \
             used as written; remove it",
        ),
        (
            "x = [1]\nt = [1]\nnoise = 1",
            "x.toml:4:1: data.noise is an option of generators, but the samples are given by data.x and data.t; remove it",
        ),
    ] {
        assert_eq!(refused_data(lines, &[]), expected, "{lines}");
    }
    let one = "x = [[1, 2]]\nt = [3]";
    assert_eq!(
        refused_data(one, &["data.x=[[1, 2], [3, 4]]"]),
        "--set data.x has 2 rows, but data.t has 1 row; write one row per sample in both"
    );
    assert_eq!(
        refused_data(one, &["data.x=[[1, true]]"]),
        "--set data.x: [0][1] is true, but must be a finite number"
    );
    assert_eq!(
        refused(GENERATOR, &["data.x=[1]"]),
        "--set data.x cannot be combined with data.generator: samples come from one source; remove one of them"
    );
}

#[test]
fn a_value_too_large_for_the_precision_is_located() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("x.toml");
    std::fs::write(&file, "[data]\nx = [1]\nt = [1e300]\n[network]\n[train]\nloss = \"squared_error\"\n")
        .expect("a file");
    let check = |sets: &[String]| Experiment::open(&file, sets).expect("valid settings").variants[0].check();
    let error = check(&[]).expect_err("f32 cannot represent 1e300").to_string();
    assert!(error.contains("x.toml:3:1: t is 1e300 in row 1, column 1"), "{error}");
    check(&["precision=f64".to_owned()]).expect("f64 can");
}

#[test]
fn the_unit_output_and_sample_of_a_claim_are_checked() {
    let judged = |claim: &str| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("x.toml");
        let text = format!(
            "[data]\nx = [[1, 2]]\nt = [[1, 0, 0]]\n[network]\nhidden = [2]\nactivation = \"tanh\"\n[train]\n\
             loss = \"cross_entropy\"\nepochs = 1\n[[claim]]\ntext = \"c\"\n{claim}\n"
        );
        std::fs::write(&file, text).expect("a file");
        let experiment = Experiment::open(&file, &[]).map_err(|error| error.to_string())?;
        let outcomes = experiment.run(&mut (), &AtomicBool::new(false)).map_err(|error| error.to_string())?;
        experiment.claims[0].judge(&outcomes).map(|result| result.actual).map_err(|error| error.to_string())
    };
    let refused = |claim: &str| {
        let error = judged(claim).expect_err("it is refused");
        error[error.find("x.toml").expect("a location")..].to_owned()
    };
    for (claim, expected) in [
        (
            "quantity = \"delta\"\nof = \"hidden[2]\"",
            "x.toml:10:1: of is \"hidden[2]\", but must be a unit of the network, such as hidden[0]",
        ),
        (
            "quantity = \"activation\"\nof = \"hidden\"",
            "x.toml:10:1: of is \"hidden\", but must be a unit of the network, such as hidden[0]",
        ),
        (
            "quantity = \"pre_activation\"\nof = \"hidden[0]\"\nsample = 2",
            "x.toml:10:1: sample is 2, but must be from 1 to 1, the number of samples",
        ),
        (
            "quantity = \"gradient\"\nof = \"w\"",
            "x.toml:10:1: of is \"w\", but must be a parameter of the network",
        ),
        (
            "quantity = \"output\"\nof = [0, 0]\noutput = 3",
            "x.toml:10:1: output is 3, but must be the index of an output, from 0 to 2, or the name of its class or target",
        ),
        (
            "quantity = \"output\"\nof = [0, 0]\noutput = \"class 3\"",
            "x.toml:10:1: output is \"class 3\", but must be the index of an output, from 0 to 2, or the name of its \
             class or target",
        ),
        ("quantity = \"loss\"\noutput = 1", "x.toml:13:1: claim[0].output applies only to output; remove it"),
        (
            "quantity = \"loss\"\nsample = 1",
            "x.toml:13:1: claim[0].sample applies only to pre_activation, activation and delta; remove it",
        ),
    ] {
        assert_eq!(refused(claim), expected, "{claim}");
    }
    let of =
        |output: &str| judged(&format!("quantity = \"output\"\nof = [0, 0]\n{output}")).expect("a number");
    assert_eq!(of("output = 2"), of("output = \"class 2\""));
    assert_eq!(of(""), of("output = 0"));
    assert_ne!(of("output = 1"), of("output = 0"));
}

#[test]
fn metrics_must_suit_the_outputs() {
    let metric = |sets: &[&str]| {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        let experiment = Experiment::open("iris", &sets).expect("an experiment");
        experiment.variants[0].check().expect_err("an unsuitable metric").to_string()
    };
    let found = metric(&["train.metrics=r2"]);
    assert!(
        found.contains(
            "but must be one of accuracy, log_loss, roc_auc, f1, brier, since the outputs are probabilities"
        ),
        "{found}"
    );
    let found = metric(&["train.loss=squared_error", "data.task=classification", "train.metrics=accuracy"]);
    assert!(
        found.contains("but must be one of r2, rmse, mae, since the outputs are real numbers"),
        "{found}"
    );
}
