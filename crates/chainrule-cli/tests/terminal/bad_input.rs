//! Invalid input: an error that states what is wrong, where, and what to change; exit code 2, no panic, no run folder.

use chainrule_table::{NumberArray, write_arrays};

use crate::session::Session;

const GOOD: &str = "\
[data]
generator = \"moons\"
[network]
hidden = [{ units = 3, activation = \"tanh\" }]
[train]
loss = \"binary_cross_entropy\"
epochs = 3
";

/// Runs commands that fail with exit code 2, and compares the transcript with the snapshot `name`.
fn refused(name: &str, session: &Session, commands: &[&[&str]]) {
    let mut transcript = String::new();
    for arguments in commands {
        let (_, err, code) = session.run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {err}");
        assert!(err.starts_with("error: "), "{arguments:?}: {err}");
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
        transcript += &session.transcript(arguments);
    }
    assert_eq!(session.runs(), [""; 0], "nothing is written for bad input");
    insta::assert_snapshot!(name, transcript);
}

#[test]
fn missing_sources() {
    let session = Session::new();
    refused(
        "sources",
        session.write("good.toml", GOOD),
        &[
            &["run", "nothing"],
            &["run", "thre-rings"],
            &["run", "missing.toml"],
            &["reproduce", "rbf-weight"],
            &["gradcheck", "three-rings", "--variant", "logstic"],
            &["trace", "good.toml", "--variant", "x"],
        ],
    );
}

#[test]
fn invalid_settings() {
    let session = Session::new();
    session.write("good.toml", GOOD);
    let sets = [
        "train.learning_rat=0.1",
        "train.learning_rate=-0.1",
        "train.learning_rate=0",
        "train.learning_rate=nan",
        "train.batch=0",
        "train.batch=-5",
        "train.batch=half",
        "train.epochs=0",
        "train.epochs=1.5",
        "train.loss=crossentropy",
        "train.loss.name=3",
        "train.loss={ name = \"huber\", delt = 2 }",
        "train.loss={ name = \"huber\", delta = -2 }",
        "train.loss={ name = \"quantile\", levels = [0.5, 2] }",
        "train.loss=cross_entropy",
        "train.loss_scale=0",
        "train.optimizer=adamm",
        "train.schedule={ name = \"step\", every = 0.5 }",
        "train.reduction=total",
        "train.metrics=[\"accurracy\"]",
        "train.validation_fraction=1",
        "train.validation_fraction=0.9999",
        "train.penalty.l2=-1",
        "train.clip={ norm = 1, value = 1 }",
        "train.stopping.monitor=validation_loss",
        "train.stopping.monitor=accuracy",
        "train.seed=-1",
        "train.restarts=0",
        "network.hidden.0.activation=tahn",
        "network.hidden.0.activation=softmax",
        "network.hidden.0.units=0",
        "network.hidden.0.units=1e99",
        "network.hidden.0.dropout=1",
        "network.hidden.0.weight_init={ name = \"values\", values = [1, 2] }",
        "network.hidden.7.units=2",
        "network.hidden=3",
        "network.output.units=4",
        "network.names.w=\"hidden.W[9][9]\"",
        "data.seed=1.5",
        "data.seed=abc",
        "data.seed=4294967296",
        "data.generator=moon",
        "data.generator={ name = \"moons\", n_samples = 0 }",
        "data.table=d.csv",
        "data.target=y",
        "precision=f16",
        "nonsense",
        "=3",
        "nothing.like.this=3",
        "title.x=3",
    ];
    let commands: Vec<[&str; 4]> = sets.iter().map(|set| ["run", "good.toml", "--set", set]).collect();
    let commands: Vec<&[&str]> = commands.iter().map(<[&str; 4]>::as_slice).collect();
    refused("settings", &session, &commands);
}

#[test]
fn invalid_files() {
    let session = Session::new();
    let files = [
        ("empty.toml", ""),
        ("syntax.toml", "[data]\ngenerator = \"moons\n"),
        ("unknown.toml", "titel = \"x\"\n[data]\ngenerator = \"moons\"\n[train]\nloss = \"poisson\"\n"),
        ("no-loss.toml", "[data]\ngenerator = \"moons\"\n"),
        (
            "no-name.toml",
            "[data]\ngenerator = \"moons\"\n[train]\nloss = \"huber\"\n[[variant]]\nprecision = \"f64\"\n",
        ),
        (
            "claim.toml",
            "[data]\ngenerator = \"moons\"\n[train]\nloss = \"huber\"\n[[claim]]\ntext = \"x\"\nquantity = \"los\"\n",
        ),
        (
            "claim2.toml",
            "[data]\ngenerator = \"moons\"\n[train]\nloss = \"huber\"\n[[claim]]\ntext = \"x\"\nquantity = \"loss\"\nvariant = \"a\"\n",
        ),
        ("date.toml", "title = 1979-05-27\n"),
        ("twice.toml", "[data]\n[data]\n"),
        (
            "outside.toml",
            "[data]\ngenerator = \"moons\"\n[train]\nloss = \"huber\"\n[[variant]]\nname = \"../x\"\n",
        ),
        (
            "same.toml",
            "[data]\ngenerator = \"moons\"\n[train]\nloss = \"huber\"\n[[variant]]\nname = \"a\"\n[[variant]]\nname = \"a\"\n",
        ),
    ];
    for (name, text) in files {
        session.write(name, text);
    }
    session.write("latin.toml", b"title = \"caf\xe9\"\n");
    let commands: Vec<[&str; 2]> =
        files.iter().map(|(name, _)| ["run", *name]).chain([["run", "latin.toml"]]).collect();
    let commands: Vec<&[&str]> = commands.iter().map(<[&str; 2]>::as_slice).collect();
    refused("files", &session, &commands);
}

#[test]
fn unusable_tables() {
    let session = Session::new();
    let tables: [(&str, &[u8], &str); 14] = [
        ("negative-count", b"x,y\n1,-1\n2,3\n", "poisson"),
        ("fraction-of-class", b"x,y\n1,2\n3,0.5\n", "binary_cross_entropy"),
        ("nan-target", b"x,y\n1,nan\n2,3\n", "squared_error"),
        ("infinite", b"x,y\n1,2\ninf,3\n", "squared_error"),
        ("no-class", b"x,y\n1,a\n2,\n", "cross_entropy"),
        ("header-only", b"x,y\n", "squared_error"),
        ("empty", b"", "squared_error"),
        ("ragged", b"x,y\n1,2\n3\n", "squared_error"),
        ("one-class", b"x,y\n1,a\n3,a\n", "cross_entropy"),
        ("no-target", b"x,z\n1,2\n3,4\n", "squared_error"),
        ("same-name", b"x,x,y\n1,2,3\n3,5,1\n", "squared_error"),
        ("too-large", b"x,y\n1,2\n1e300,5\n", "squared_error"),
        ("two-classes", b"x,y\n1,a\n2,b\n3,a\n", "cross_entropy"),
        ("latin", b"x,y\n1,caf\xe9\n2,the\n", "cross_entropy"),
    ];
    for (name, table, loss) in tables {
        session.write(&format!("{name}.csv"), table);
        let toml = format!(
            "[data]\ntable = \"{name}.csv\"\ntarget = \"y\"\n[train]\nloss = \"{loss}\"\nepochs = 2\n"
        );
        session.write(&format!("{name}.toml"), toml);
    }
    session
        .write("absent.toml", "[data]\ntable = \"absent.csv\"\ntarget = \"y\"\n[train]\nloss = \"huber\"\n");
    session.write("untold.toml", "[data]\ntable = \"latin.csv\"\n[train]\nloss = \"huber\"\n");
    session.write(
        "quantiles.toml",
        "[data]\ntable = \"too-large.csv\"\ntarget = \"y\"\n[train]\nloss = { name = \"quantile\", levels = [0.1, 0.9] }\n",
    );
    let names = tables.iter().map(|(name, ..)| *name).chain(["absent", "untold", "quantiles"]);
    let files: Vec<String> = names.map(|name| format!("{name}.toml")).collect();
    let commands: Vec<[&str; 2]> = files.iter().map(|file| ["run", file.as_str()]).collect();
    let commands: Vec<&[&str]> = commands.iter().map(<[&str; 2]>::as_slice).collect();
    refused("tables", &session, &commands);
}

#[test]
fn invalid_arguments() {
    let session = Session::new();
    session.write("good.toml", GOOD).write("taken", "").write("unknown.csv", "hidden.W[0][9],1\n");
    session
        .write("short.csv", "1\n2\n")
        .write("twice.csv", "hidden.b[0],1\nhidden.b[0],1\n")
        .write("word.csv", "1\nx\n")
        .write("mixed.csv", "hidden.W[0][0],1\n2\n")
        .write("few.csv", "1\n2\n3\n")
        .write("word.npz", "1\nx\n");
    let array = |name: &str, shape: &[usize]| NumberArray {
        name: name.to_owned(),
        shape: shape.to_vec(),
        values: vec![1.0; shape.iter().product()],
    };
    for (file, arrays) in [
        ("shape.npz", [array("W0", &[3, 2])]),
        ("name.npz", [array("weights", &[3])]),
        ("part.npz", [array("b0", &[3])]),
    ] {
        write_arrays(&session.path(file), &arrays).expect("a file");
    }
    refused(
        "arguments",
        &session,
        &[
            &["run", "good.toml", "--runs", "taken"],
            &["run", "good.toml", "--runs", "taken/below"],
            &["run", "good.toml", "--restarts", "0"],
            &["gradcheck", "good.toml", "--gradient", "absent.csv"],
            &["gradcheck", "good.toml", "--gradient", "unknown.csv"],
            &["gradcheck", "good.toml", "--gradient", "short.csv"],
            &["gradcheck", "good.toml", "--gradient", "twice.csv"],
            &["gradcheck", "good.toml", "--gradient", "word.csv"],
            &["gradcheck", "good.toml", "--gradient", "mixed.csv"],
            &["gradcheck", "good.toml", "--gradient", "few.csv"],
            &["gradcheck", "worked-example", "--gradient", "few.csv"],
            &["gradcheck", "good.toml", "--gradient", "word.npz"],
            &["gradcheck", "good.toml", "--gradient", "shape.npz"],
            &["gradcheck", "good.toml", "--gradient", "name.npz"],
            &["gradcheck", "good.toml", "--gradient", "part.npz"],
            &["gradcheck", "good.toml", "--gradient", "few.csv", "--weights-out", "few.csv"],
            &["gradcheck", "three-rings", "--weights-out", "w.csv"],
            &["trace", "good.toml", "--sample", "3-1"],
            &["trace", "good.toml", "--sample", "300-301"],
            &["trace", "good.toml", "--sample", "1-"],
            &["trace", "good.toml", "--digits", "0"],
            &["trace", "good.toml", "--sample", "0"],
            &["trace", "good.toml", "--sample", "301"],
            &["trace", "good.toml", "--step", "3"],
            &["trace", "good.toml", "--format", "word"],
            &["new", "good"],
            &["new", "no/such/folder"],
            &["new", "mine", "--from", "three-ring"],
            &["list", "nothing"],
            &["fgure", "regions", "good.toml"],
            &["strudio"],
            &["run", "good.toml", "--data", "short.csv"],
        ],
    );
}

#[test]
fn invalid_figures() {
    let session = Session::new();
    session.write("kind.toml", format!("{GOOD}[[figure]]\nkind = \"region\"\n"));
    session.write("option.toml", format!("{GOOD}[[figure]]\nkind = \"regions\"\nx_rang = [0, 1]\n"));
    session.write("range.toml", format!("{GOOD}[[figure]]\nkind = \"regions\"\nx_range = [1, 0]\n"));
    session.write("none.toml", format!("{GOOD}[[figure]]\nx_range = [1, 0]\n"));
    refused(
        "figures",
        &session,
        &[
            &["figure", "regions", "good.toml"],
            &["figure", "regions", "rbf-bias", "resolution"],
            &["figure", "regions", "rbf-bias", "resolution=1"],
            &["figure", "regions", "rbf-bias", "x_range=3,1"],
            &["figure", "regions", "rbf-bias", "xrange=1,3"],
            &["figure", "regions", "rbf-bias", "-o", "x.bmp"],
            &["figure", "regions", "rbf-bias", "-o", "no/such/folder/x.svg"],
            &["figure", "regions", "three-rings", "variant=logstic"],
            &["figure", "regions", "iris", "x=petal_lenght", "y=petal_width", "--set", "train.epochs=2"],
            &["figure", "density", "three-rings", "--set", "train.epochs=2"],
            &["figure", "projection", "three-rings", "--set", "train.epochs=2"],
            &["figure", "residuals", "rbf-bias"],
            &["figure", "hidden", "three-rings", "--variant", "linear", "--set", "train.epochs=2"],
            &[
                "figure",
                "hidden",
                "three-rings",
                "layer=hiden",
                "--variant",
                "logistic",
                "--set",
                "train.epochs=2",
            ],
            &["figure", "loss-surface", "rbf-bias", "x=w_x", "y=b_o"],
            &["figure", "loss-surface", "rbf-bias", "view=1"],
            &["run", "kind.toml"],
            &["run", "option.toml"],
            &["run", "range.toml"],
            &["run", "none.toml"],
        ],
    );
}
