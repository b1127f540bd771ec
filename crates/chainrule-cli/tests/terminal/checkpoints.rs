//! Interrupted trainings and full disks: nothing is lost, and resumed trainings give the same bits.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::session::Session;
use crate::tables::iris;

/// A training of about two seconds with frequent checkpoints.
const LONG: [&str; 12] = [
    "fit",
    "iris.csv",
    "--target",
    "species",
    "--epochs",
    "4000",
    "--patience",
    "100000",
    "--checkpoint-interval",
    "20 epochs",
    "--output",
    "m.safetensors",
];

/// The command that it prints after Ctrl-C.
const RESUME: &str =
    "fit --force --output m.safetensors --checkpoint-interval 20 epochs --resume m.checkpoints";

/// Starts a command with its standard output and error in pipes.
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
fn a_killed_training_resumes_to_the_same_bits() {
    let whole = iris();
    assert_eq!(whole.run(&LONG).2, 0);
    let expected = whole.run(&["predict", "m.safetensors", "iris.csv"]).0;
    let mut resumed = 0;
    for moment in 0..20 {
        let session = iris();
        let mut running = start(&session);
        // Delays count from the first checkpoint, however slow the machine.
        while !session.path("m.checkpoints").exists()
            && running.try_wait().expect("the process exists").is_none()
        {
            sleep(Duration::from_millis(2));
        }
        sleep(Duration::from_millis(5 + moment * 29));
        running.kill().expect("the process can be killed");
        running.wait().expect("the process ends");
        let saved = std::fs::read_dir(session.path("m.checkpoints")).into_iter().flatten().flatten();
        let has_checkpoint =
            saved.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().starts_with("epoch-"));
        if !has_checkpoint || session.path("m.safetensors").exists() {
            continue;
        }
        let (_, err, code) = session.run(&["fit", "--resume", "m.checkpoints", "--output", "m.safetensors"]);
        assert_eq!(code, 0, "after {moment}: {err}");
        assert!(err.contains("resuming after epoch "), "{err}");
        assert_eq!(session.run(&["predict", "m.safetensors", "iris.csv"]).0, expected, "after {moment}");
        assert!(!session.path("m.checkpoints").exists(), "after {moment}: the checkpoints are removed");
        resumed += 1;
    }
    assert!(resumed >= 5, "only {resumed} trainings were killed between two checkpoints");
}

/// Waits for a command and returns its standard output, standard error and exit code.
fn wait(mut running: Child) -> (String, String, i32) {
    let (mut out, mut err) = (String::new(), String::new());
    running.stdout.take().expect("a pipe").read_to_string(&mut out).expect("UTF-8");
    running.stderr.take().expect("a pipe").read_to_string(&mut err).expect("UTF-8");
    (out, err, running.wait().expect("the process ends").code().expect("no signal"))
}

/// Sends Ctrl-C to a command once a file or folder exists; returns the printed command that resumes.
fn interrupted(session: &Session, arguments: &[&str], once: &str) -> Vec<String> {
    let mut running = start_with(session, arguments);
    while !session.path(once).exists() && running.try_wait().expect("the process exists").is_none() {
        sleep(Duration::from_millis(2));
    }
    let id = running.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
    let (_, err, code) = wait(running);
    assert_eq!(code, 130, "{err}");
    assert!(err.ends_with("error: cancelled\n"), "{err}");
    let line = err.lines().find_map(|line| line.strip_prefix("resume with: chainrule ")).expect("a command");
    shlex::split(line).expect("valid shell syntax")
}

fn resume(session: &Session, words: &[String]) -> (String, String) {
    let (out, err, code) = session.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(code, 0, "{err}");
    (out, err)
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_prints_the_command_that_resumes() {
    let session = iris();
    let words = interrupted(&session, &LONG, "m.checkpoints");
    assert_eq!(words.join(" "), RESUME);
    let (_, err) = resume(&session, &words);
    assert!(err.contains("resuming after epoch "), "{err}");
    assert!(!session.path("m.checkpoints").exists(), "checkpoints of a completed training are removed");
}

#[cfg(unix)]
#[test]
fn interrupted_folds_resume_to_the_same_bits() {
    let arguments = [&LONG[..], &["--folds", "3"]].concat();
    let whole = iris();
    assert_eq!(whole.run(&arguments).2, 0);
    let expected = whole.run(&["predict", "m.safetensors", "iris.csv"]).0;
    for once in ["m.checkpoints/fold-1", "m.checkpoints/fold-2", "m.checkpoints/fold-3"] {
        let session = iris();
        let words = interrupted(&session, &arguments, once);
        assert_eq!(words.join(" "), RESUME);
        let file = std::fs::read_dir(session.path(once))
            .expect("a folder")
            .next()
            .expect("a file")
            .expect("an entry");
        let file =
            file.path().strip_prefix(session.path("")).expect("a path in the session").display().to_string();
        for part in [once, &file] {
            let (_, err, code) = session.run(&["fit", "--resume", part]);
            assert_eq!(code, 2, "{err}");
            assert!(err.contains("must be the folder of all 3 folds, m.checkpoints; this is fold "), "{err}");
        }
        let (out, err) = resume(&session, &words);
        assert!(out.contains("averages the networks of 3 folds"), "{out}");
        assert!(err.contains(&format!("from {once}/epoch-")), "{err}");
        assert_eq!(session.run(&["predict", "m.safetensors", "iris.csv"]).0, expected, "{once}");
    }
}

#[cfg(unix)]
#[test]
fn interrupted_runs_resume_to_the_same_bits() {
    let arguments = [
        "run",
        "three-rings",
        "--set",
        "train.epochs=60000",
        "--no-report",
        "--checkpoint-interval",
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
        runs.map(|run| run.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "checkpoints"))
    };
    let saved = |folder: std::path::PathBuf| {
        let files = std::fs::read_dir(folder.join("leaky_relu")).into_iter().flatten().flatten();
        files.map(|file| file.file_name()).any(|name| name.to_string_lossy().starts_with("epoch-"))
    };
    while !checkpoints().is_some_and(saved) && running.try_wait().expect("the process exists").is_none() {
        sleep(Duration::from_millis(2));
    }
    running.kill().expect("the process can be killed");
    running.wait().expect("the process ends");
    let folder = checkpoints().expect("the run was killed before its end");
    let folder = folder.strip_prefix(session.path("")).expect("a path in the session").display().to_string();
    let (out, err, code) = session.run(&[&arguments[..], &["cut", "--resume", &folder]].concat());
    assert_eq!(code, 0, "{out}{err}");
    assert!(err.contains(&format!("from {folder}/leaky_relu/epoch-")), "{err}");
    assert_eq!(weights(&session, "cut"), weights(&session, "whole"));
    assert!(!session.path(&folder).exists());
    let (_, err, code) = session.run(&[&arguments[..], &["cut", "--resume", &folder]].concat());
    assert_eq!(code, 2, "{err}");
}

#[cfg(unix)]
#[test]
fn output_that_cannot_be_written_is_saved_elsewhere() {
    let session = iris();
    std::fs::create_dir(session.path("out")).expect("a folder");
    let arguments = [
        &["fit", "iris.csv", "--target", "species", "--epochs", "4000", "--patience", "100000"][..],
        &["--checkpoint-interval", "never", "--output", "out/m.safetensors", "--runs", "out/runs"],
    ];
    let mut running = start_with(&session, &arguments.concat());
    // The path is checked before training; it disappears during training.
    let mut lines = BufReader::new(running.stdout.take().expect("a pipe")).lines();
    assert!(lines.any(|line| line.expect("UTF-8").starts_with("network: ")));
    std::fs::remove_dir_all(session.path("out")).expect("the folder exists");
    let out: Vec<String> = lines.map(|line| line.expect("UTF-8")).collect();
    let mut err = String::new();
    running.stderr.take().expect("a pipe").read_to_string(&mut err).expect("UTF-8");
    assert_eq!(running.wait().expect("the process ends").code(), Some(4), "{err}");
    assert!(err.starts_with("warning: cannot write out/m.safetensors: "), "{err}");
    assert!(
        err.ends_with(
            "error: output could not be written to the requested path; it was saved elsewhere (path above)\n"
        ),
        "{err}"
    );
    let path = |prefix: &str| {
        let line = out.iter().find_map(|line| line.strip_prefix(prefix)).expect("a path is printed");
        std::path::PathBuf::from(line)
    };
    let model = path("model written to ");
    assert!(model.starts_with(session.path("")) && model.ends_with("m.safetensors"), "{}", model.display());
    let (predictions, _, code) = session.run(&["predict", &model.display().to_string(), "iris.csv"]);
    assert_eq!((code, predictions.lines().count()), (0, 151));
    assert!(path("run written to ").join("history.jsonl").is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn training_continues_if_a_checkpoint_cannot_be_written() {
    let session = iris();
    // Files are limited to 100 KB: less than a checkpoint and more than the model.
    let command = format!("trap '' XFSZ; ulimit -f 200; exec {} \"$@\"", env!("CARGO_BIN_EXE_chainrule"));
    let arguments = [
        &["-c", &command, "sh", "fit", "iris.csv", "--target", "species", "--epochs", "300"][..],
        &["--patience", "1000", "--checkpoint-interval", "10 epochs", "--output", "m.safetensors"],
    ];
    let output =
        Command::new("sh").args(arguments.concat()).current_dir(session.path("")).output().expect("sh runs");
    let err = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(err.matches("warning: cannot write checkpoints: ").count(), 1, "{err}");
    assert!(err.contains("; training continues\n"), "{err}");
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert_eq!(session.run(&["predict", "m.safetensors", "iris.csv"]).2, 0);
    assert!(!session.path("m.checkpoints").exists());
}
