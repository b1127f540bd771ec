//! Trainings that are ended or find no room: nothing is lost, and they go on to the same bits.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::session::Session;
use crate::tables::iris;

/// A training of about two seconds, saved after every few epochs.
const LONG: [&str; 12] = [
    "fit",
    "iris.csv",
    "--target",
    "species",
    "--epochs",
    "4000",
    "--patience",
    "100000",
    "--checkpoint",
    "20 epochs",
    "--out",
    "m.safetensors",
];

/// What it says after Ctrl-C.
const GO_ON: &str = "fit --out m.safetensors --checkpoint 20 epochs --resume m.checkpoints";

/// Begins a command, its standard output and its standard error in pipes.
fn start_with(session: &Session, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_chainrule"))
        .args(arguments)
        .current_dir(session.path(""))
        .env("TMPDIR", session.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs")
}

fn start(session: &Session) -> Child {
    start_with(session, &LONG)
}

#[test]
fn a_training_that_is_killed_goes_on_to_the_same_bits() {
    let whole = iris();
    assert_eq!(whole.run(&LONG).2, 0);
    let expected = whole.run(&["predict", "m.safetensors", "iris.csv"]).0;
    let mut resumed = 0;
    for moment in 0..20 {
        let session = iris();
        let mut running = start(&session);
        // Moments count from the first checkpoint, whenever a machine comes to it.
        while !session.path("m.checkpoints").exists() && running.try_wait().expect("it runs").is_none() {
            sleep(Duration::from_millis(2));
        }
        sleep(Duration::from_millis(5 + moment * 29));
        running.kill().expect("it can be killed");
        running.wait().expect("it ends");
        let saved = std::fs::read_dir(session.path("m.checkpoints")).into_iter().flatten().flatten();
        let begun =
            saved.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().starts_with("epoch-"));
        if !begun || session.path("m.safetensors").exists() {
            continue;
        }
        let (out, err, code) = session.run(&["fit", "--resume", "m.checkpoints", "--out", "m.safetensors"]);
        assert_eq!(code, 0, "after {moment}: {err}");
        assert!(out.contains("going on after epoch "), "{out}");
        assert_eq!(session.run(&["predict", "m.safetensors", "iris.csv"]).0, expected, "after {moment}");
        assert!(!session.path("m.checkpoints").exists(), "after {moment}: nothing half-written is left");
        resumed += 1;
    }
    assert!(resumed >= 5, "only {resumed} trainings were killed between two checkpoints");
}

/// What a command says until it ends, on standard output and on standard error, and its exit code.
fn end(mut running: Child) -> (String, String, i32) {
    let (mut out, mut err) = (String::new(), String::new());
    running.stdout.take().expect("it is piped").read_to_string(&mut out).expect("UTF-8");
    running.stderr.take().expect("it is piped").read_to_string(&mut err).expect("UTF-8");
    (out, err, running.wait().expect("it ends").code().expect("no signal"))
}

/// Ends a command by Ctrl-C once a file or folder is there; the command that it says goes on.
fn interrupted(session: &Session, arguments: &[&str], once: &str) -> Vec<String> {
    let mut running = start_with(session, arguments);
    while !session.path(once).exists() && running.try_wait().expect("it runs").is_none() {
        sleep(Duration::from_millis(2));
    }
    let id = running.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
    let (out, err, code) = end(running);
    assert_eq!((code, err.as_str()), (130, "error: cancelled\n"), "{out}");
    let line = out.lines().find_map(|line| line.strip_prefix("go on with: chainrule ")).expect("it says how");
    shlex::split(line).expect("as a shell reads it")
}

fn run(session: &Session, words: &[String]) -> String {
    let (out, err, code) = session.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    out
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_says_how_to_go_on() {
    let session = iris();
    let go_on = interrupted(&session, &LONG, "m.checkpoints");
    assert_eq!(go_on.join(" "), GO_ON);
    let out = run(&session, &go_on);
    assert!(out.contains("going on after epoch "), "{out}");
    assert!(!session.path("m.checkpoints").exists(), "nobody needs it any more");
}

#[cfg(unix)]
#[test]
fn folds_that_are_ended_go_on_to_the_same_bits() {
    let arguments = [&LONG[..], &["--folds", "3"]].concat();
    let whole = iris();
    assert_eq!(whole.run(&arguments).2, 0);
    let expected = whole.run(&["predict", "m.safetensors", "iris.csv"]).0;
    for once in ["m.checkpoints/fold-1", "m.checkpoints/fold-2", "m.checkpoints/fold-3"] {
        let session = iris();
        let go_on = interrupted(&session, &arguments, once);
        assert_eq!(go_on.join(" "), GO_ON);
        let file = std::fs::read_dir(session.path(once)).expect("a folder").next().expect("one").expect("it");
        let file = file.path().strip_prefix(session.path("")).expect("it is there").display().to_string();
        for part in [once, &file] {
            let (_, err, code) = session.run(&["fit", "--resume", part]);
            assert_eq!(code, 2, "{err}");
            assert!(
                err.contains("must be the folder of all 3 folds, m.checkpoints: this is of fold "),
                "{err}"
            );
        }
        let out = run(&session, &go_on);
        assert!(out.contains("averages the networks of all 3 folds"), "{out}");
        assert!(out.contains(&format!("from {once}/epoch-")), "{out}");
        assert_eq!(session.run(&["predict", "m.safetensors", "iris.csv"]).0, expected, "{once}");
    }
}

#[cfg(unix)]
#[test]
fn runs_that_are_ended_go_on_to_the_same_bits() {
    let arguments = [
        "run",
        "three-rings",
        "--set",
        "train.epochs=60000",
        "--no-report",
        "--checkpoint",
        "500 epochs",
        "--runs",
    ];
    let weights = |session: &Session, runs: &str| {
        let runs =
            std::fs::read_dir(session.path(runs)).expect("a folder").map(|run| run.expect("a run").path());
        let latest = runs.filter(|path| path.extension().is_none()).max().expect("a run");
        ["leaky_relu", "logistic", "linear"]
            .map(|variant| std::fs::read(latest.join(variant).join("weights.safetensors")).expect("weights"))
    };
    let session = Session::new();
    assert_eq!(session.run(&[&arguments[..], &["whole"]].concat()).2, 0);
    let mut running = start_with(&session, &[&arguments[..], &["cut"]].concat());
    let checkpoints = || {
        let runs = std::fs::read_dir(session.path("cut")).into_iter().flatten().flatten();
        runs.map(|run| run.path()).find(|path| path.extension().is_some_and(|ending| ending == "checkpoints"))
    };
    let saved = |folder: std::path::PathBuf| {
        let files = std::fs::read_dir(folder.join("leaky_relu")).into_iter().flatten().flatten();
        files.map(|file| file.file_name()).any(|name| name.to_string_lossy().starts_with("epoch-"))
    };
    while !checkpoints().is_some_and(saved) && running.try_wait().expect("it runs").is_none() {
        sleep(Duration::from_millis(2));
    }
    running.kill().expect("it can be killed");
    running.wait().expect("it ends");
    let folder = checkpoints().expect("it was killed before its end");
    let folder = folder.strip_prefix(session.path("")).expect("it is there").display().to_string();
    let (out, err, code) = session.run(&[&arguments[..], &["cut", "--resume", &folder]].concat());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains(&format!("from {folder}/leaky_relu/epoch-")), "{out}");
    assert_eq!(weights(&session, "cut"), weights(&session, "whole"));
    assert!(!session.path(&folder).exists());
    let (_, err, code) = session.run(&[&arguments[..], &["cut", "--resume", &folder]].concat());
    assert_eq!(code, 2, "{err}");
}

#[cfg(unix)]
#[test]
fn what_has_no_room_is_written_elsewhere() {
    let session = iris();
    std::fs::create_dir(session.path("out")).expect("a folder");
    let arguments = [
        &["fit", "iris.csv", "--target", "species", "--epochs", "4000", "--patience", "100000"][..],
        &["--checkpoint", "never", "--out", "out/m.safetensors", "--runs", "out/runs"],
    ];
    let mut running = start_with(&session, &arguments.concat());
    // Its place is looked at before the training, and gone after it.
    let mut lines = BufReader::new(running.stdout.take().expect("it is piped")).lines();
    assert!(lines.any(|line| line.expect("UTF-8").starts_with("network: ")));
    std::fs::remove_dir_all(session.path("out")).expect("it was there");
    let out: Vec<String> = lines.map(|line| line.expect("UTF-8")).collect();
    let mut err = String::new();
    running.stderr.take().expect("it is piped").read_to_string(&mut err).expect("UTF-8");
    assert_eq!(running.wait().expect("it ends").code(), Some(4), "{err}");
    assert!(err.starts_with("warning: cannot write out/m.safetensors: "), "{err}");
    assert!(
        err.ends_with("error: what was trained is not where it was to be; the lines above say where it is\n"),
        "{err}"
    );
    let place = |what: &str| {
        let line = out.iter().find_map(|line| line.strip_prefix(what)).expect("it says where");
        std::path::PathBuf::from(line)
    };
    let model = place("model written to ");
    assert!(model.starts_with(session.path("")) && model.ends_with("m.safetensors"), "{}", model.display());
    let (said, _, code) = session.run(&["predict", &model.display().to_string(), "iris.csv"]);
    assert_eq!((code, said.lines().count()), (0, 151));
    assert!(place("run written to ").join("history.jsonl").is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn a_checkpoint_that_cannot_be_written_ends_no_training() {
    let session = iris();
    // No file may be longer than 100 KB, less than the whole state and more than the model; a write beyond is an error.
    let command = format!("trap '' XFSZ; ulimit -f 200; exec {} \"$@\"", env!("CARGO_BIN_EXE_chainrule"));
    let arguments = [
        &["-c", &command, "sh", "fit", "iris.csv", "--target", "species", "--epochs", "300"][..],
        &["--patience", "1000", "--checkpoint", "10 epochs", "--out", "m.safetensors"],
    ];
    let output =
        Command::new("sh").args(arguments.concat()).current_dir(session.path("")).output().expect("sh runs");
    let err = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(err.matches("warning: no checkpoint can be written: ").count(), 1, "{err}");
    assert!(err.contains("; the training goes on\n"), "{err}");
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert_eq!(session.run(&["predict", "m.safetensors", "iris.csv"]).2, 0);
    assert!(!session.path("m.checkpoints").exists());
}
