//! Where results are written: full disks and closed pipes, special files, permissions, and several processes at once.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::session::Session;
use crate::tables::iris;

/// The command in the folder of a session.
fn command(session: &Session, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chainrule"));
    command.args(arguments).current_dir(session.path("")).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a shell command in the folder of a session, with the program as `chainrule`.
fn shell(session: &Session, script: &str) -> i32 {
    let script = script.replace("chainrule ", &format!("{} ", env!("CARGO_BIN_EXE_chainrule")));
    let status = Command::new("sh").args(["-c", &script]).current_dir(session.path("")).status();
    status.expect("the shell runs").code().expect("no signal")
}

fn mode(session: &Session, name: &str) -> u32 {
    fs::metadata(session.path(name)).expect("the file exists").permissions().mode() & 0o777
}

const QUICK: [&str; 6] = ["fit", "iris.csv", "--target", "species", "--epochs", "5"];

#[test]
fn a_failed_print_does_not_lose_the_results() {
    let session = iris();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").expect("the device exists");
    let output = command(&session, &QUICK).stdout(full()).output().expect("the command runs");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{err}");
    assert!(err.contains("cannot write standard output: No space left on device"), "{err}");
    assert_eq!(session.run(&["evaluate", "iris.safetensors", "iris.csv"]).2, 0);
    let commands: [&[&str]; 16] = [
        &["predict", "iris.safetensors", "iris.csv"],
        &["fit", "iris.csv", "--target", "species", "--dry-run"],
        &["figure", "loss-curve", "iris.safetensors", "-o", "loss.svg"],
        &["new", "mine"],
        &["reproduce", "rbf-no-bias"],
        &["evaluate", "iris.safetensors", "iris.csv"],
        &["inspect", "iris.safetensors"],
        &["export", "iris.safetensors", "--to", "json"],
        &["run", "gaussians", "--set", "train.epochs=5", "--no-report"],
        &["runs"],
        &["gradcheck", "gaussians"],
        &["trace", "gaussians"],
        &["list", "activations"],
        &["completions", "bash"],
        &["man"],
        &["inspect", "iris.safetensors", "--json"],
    ];
    for arguments in commands {
        let output = command(&session, arguments).stdout(full()).output().expect("the command runs");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{arguments:?}: {err}");
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
        // The reader of the pipe has gone.
        let mut running = command(&session, arguments).spawn().expect("the command runs");
        drop(running.stdout.take());
        let mut err = String::new();
        running.stderr.take().expect("a pipe").read_to_string(&mut err).expect("UTF-8");
        let code = running.wait().expect("the process ends").code();
        let exists = ["export", "new"].contains(&arguments[0]) && code == Some(2);
        assert!(code == Some(0) || exists, "{arguments:?}: {err}");
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
        let closed = format!("chainrule {} >&-", shlex::try_join(arguments.iter().copied()).expect("no NUL"));
        let code = shell(&session, &closed);
        assert!(code == 0 || exists && code == 2, "{arguments:?}: {code}");
    }
}

#[test]
fn a_full_device_is_not_replaced() {
    let session = iris();
    assert_eq!(session.run(&QUICK).2, 0);
    let fit = [&QUICK[..], &["-o"]].concat();
    let commands: [&[&str]; 6] = [
        &["predict", "iris.safetensors", "iris.csv", "--to", "csv", "-o"],
        &["predict", "iris.safetensors", "iris.csv", "--to", "parquet", "-o"],
        &["predict", "iris.safetensors", "iris.csv", "--to", "npy", "-o"],
        &["export", "iris.safetensors", "--to", "c", "-o"],
        &["figure", "loss-curve", "iris.safetensors", "-o"],
        &fit,
    ];
    // The device has a name with an extension here, since the figure's format follows it.
    assert_eq!(shell(&session, "ln -s /dev/full full.svg && ln -s /dev/fd/1 stdout.svg"), 0);
    for arguments in commands {
        let is_device =
            || fs::metadata("/dev/full").is_ok_and(|metadata| metadata.file_type().is_char_device());
        let path = if arguments[0] == "figure" { "full.svg" } else { "/dev/full" };
        let (out, err, code) = session.run(&[arguments, &[path]].concat());
        assert!(is_device(), "{arguments:?}");
        // A model is saved elsewhere, since training it again would take long.
        let expected = if arguments[0] == "fit" { 4 } else { 2 };
        assert_eq!(code, expected, "{arguments:?}: {out}{err}");
        assert!(err.contains("No space left on device"), "{arguments:?}: {err}");
    }
    // The end of the file behind standard output is written to.
    let script =
        "(echo first; chainrule predict iris.safetensors iris.csv --to csv -o /dev/stdout) > both.csv 2> log";
    assert_eq!(shell(&session, script), 0);
    assert!(session.read("both.csv").starts_with("first\nprediction,"), "{}", session.read("both.csv"));
    let is_link = fs::symlink_metadata("/dev/stdout").is_ok_and(|metadata| metadata.is_symlink());
    assert!(is_link, "standard output was replaced");
}

#[test]
fn a_folder_of_checkpoints_is_resumed_by_one_process_at_a_time() {
    let session = iris();
    let long = [&QUICK[..4], &["--epochs", "100000000", "--patience", "100000000"]].concat();
    let long = [&long[..], &["--checkpoint-interval", "1 epoch"]].concat();
    let has_saved = || {
        let entries = fs::read_dir(session.path("iris.checkpoints")).into_iter().flatten().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("epoch-")).count() >= 2
    };
    let wait_for = |condition: &dyn Fn() -> bool| {
        while !condition() {
            sleep(Duration::from_millis(5));
        }
    };
    let mut first = command(&session, &long).spawn().expect("the command runs");
    wait_for(&has_saved);
    let resume = ["fit", "--resume", "iris.checkpoints", "--force", "--checkpoint-interval", "1 epoch"];
    let (_, err, code) = session.run(&resume);
    assert!(code == 2 && err.contains("another process is training with these checkpoints"), "{err}");
    first.kill().expect("the process can be killed");
    first.wait().expect("the process ends");
    // Of eight processes that resume at once one trains, and the others are refused.
    let mut all: Vec<_> = (0..8).map(|_| command(&session, &resume).spawn().expect("it runs")).collect();
    let mut codes = Vec::new();
    while codes.len() < 7 {
        all.retain_mut(|process| match process.try_wait().expect("the process exists") {
            Some(status) => {
                codes.push(status.code());
                false
            }
            None => true,
        });
        sleep(Duration::from_millis(5));
    }
    assert_eq!(codes, [Some(2); 7]);
    assert_eq!(all.len(), 1);
    assert_eq!(shell(&session, &format!("kill -TERM {}", all[0].id())), 0);
    assert_eq!(all[0].wait().expect("the process ends").code(), Some(143));
}

#[test]
fn paths_need_not_be_utf8() {
    let session = Session::new();
    let (data, model) = (OsStr::from_bytes(b"caf\xe9.csv"), OsStr::from_bytes(b"caf\xe9.safetensors"));
    let text =
        "x,y\n".to_owned() + &(0..40).map(|i| format!("{},{}\n", i % 7, i % 7 * 3)).collect::<String>();
    fs::write(session.path("").join(data), text).expect("a file");
    let run = |arguments: &[&OsStr]| {
        let output = command(&session, &[]).args(arguments).output().expect("the command runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    };
    let [fit, target, y, epochs, five] = ["fit", "--target", "y", "--epochs", "5"].map(OsStr::new);
    run(&[fit, data, target, y, epochs, five]);
    run(&[
        fit,
        data,
        target,
        y,
        epochs,
        five,
        OsStr::new("--runs"),
        OsStr::from_bytes(b"r\xe9"),
        OsStr::new("--force"),
    ]);
    assert_eq!(run(&[OsStr::new("predict"), model, data]).lines().count(), 41);
    run(&[OsStr::new("evaluate"), model, data]);
    run(&[OsStr::new("gradcheck"), model]);
    let runs =
        run(&[OsStr::new("runs"), OsStr::new("--runs"), OsStr::from_bytes(b"r\xe9"), OsStr::new("caf")]);
    assert!(runs.contains("caf"), "{runs}");
    let settings = fs::read_dir(session.path("").join(OsStr::from_bytes(b"r\xe9"))).expect("a folder");
    let settings = settings.flatten().next().expect("a run").path().join("settings.toml");
    run(&[OsStr::new("run"), settings.as_os_str(), OsStr::new("--no-report")]);
}

#[test]
fn an_output_does_not_replace_an_input_or_another_output() {
    let session = iris();
    let (_, err, code) = session.run(&QUICK);
    assert_eq!(code, 0, "{err}");
    session.write("a.safetensors", session.read("iris.csv"));
    fs::create_dir(session.path("sub")).expect("a folder");
    let commands: [&[&str]; 7] = [
        &["fit", "iris.csv", "--target", "species", "-o", "iris.csv", "--force"],
        &["fit", "iris.csv", "--target", "species", "-o", "sub/../iris.csv", "--force"],
        &["fit", "iris.csv", "--target", "species", "-o", "z", "--report", "z"],
        &["fit", "iris.csv", "--target", "species", "-o", "z", "--report", "iris.csv", "--force"],
        &["fit", "a.safetensors", "--target", "species", "--force"],
        &["export", "iris.safetensors", "--to", "json", "-o", "iris.safetensors"],
        &["predict", "iris.safetensors", "iris.csv", "-o", "iris.csv"],
    ];
    for arguments in commands {
        let (out, err, code) = session.run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {out}{err}");
        assert!(err.contains("are the same file"), "{arguments:?}: {err}");
    }
    assert!(session.read("iris.csv").starts_with("sepal_length"));
    assert!(session.read("a.safetensors").starts_with("sepal_length"));
    // An output that the command does not name is overwritten only by force.
    let export = ["export", "iris.safetensors", "--to", "json"];
    assert_eq!(session.run(&export).2, 0);
    let (_, err, code) = session.run(&export);
    assert!(code == 2 && err.contains("iris.json already exists; use --force"), "{err}");
    assert_eq!(session.run(&[&export[..], &["--force"]].concat()).2, 0);
}

#[test]
fn special_files_are_written_to_and_links_are_replaced() {
    let session = iris();
    assert_eq!(session.run(&QUICK).2, 0);
    assert_eq!(shell(&session, "mkfifo pipe && ln -s iris.csv link"), 0);
    let script = "cat pipe > copy.json & chainrule export iris.safetensors --to json -o pipe && wait";
    assert_eq!(shell(&session, script), 0);
    assert!(fs::metadata(session.path("pipe")).expect("the pipe exists").file_type().is_fifo());
    assert!(session.read("copy.json").contains("chainrule-json"));
    assert_eq!(session.run(&["export", "iris.safetensors", "--to", "json", "-o", "link"]).2, 0);
    assert!(session.read("iris.csv").starts_with("sepal_length"));
    assert!(fs::symlink_metadata(session.path("link")).expect("a file").is_file());
}

#[test]
fn permissions_follow_the_umask() {
    let session = iris();
    let fit = "chainrule fit iris.csv --target species --epochs 5 --runs runs";
    assert_eq!(shell(&session, &format!("umask 077; {fit} -o private.safetensors > log")), 0);
    assert_eq!(mode(&session, "private.safetensors"), 0o600);
    for (command, file) in [
        ("predict private.safetensors iris.csv -o p.csv", "p.csv"),
        ("predict private.safetensors iris.csv -o p.parquet", "p.parquet"),
        ("export private.safetensors --to c -o p.c", "p.c"),
        ("figure loss-curve private.safetensors -o p.svg", "p.svg"),
        ("new p", "p.toml"),
    ] {
        assert_eq!(shell(&session, &format!("umask 077; chainrule {command} > log")), 0, "{command}");
        assert_eq!(mode(&session, file), 0o600, "{command}");
    }
    let run = session.runs().pop().expect("a run");
    assert_eq!(mode(&session, &format!("runs/{run}")), 0o700);
    assert_eq!(shell(&session, &format!("umask 022; {fit} -o private.safetensors --force > log")), 0);
    assert_eq!(mode(&session, "private.safetensors"), 0o600, "an existing file keeps its permissions");
    assert_eq!(shell(&session, &format!("umask 022; {fit} -o public.safetensors > log")), 0);
    assert_eq!(mode(&session, "public.safetensors"), 0o644);
}

#[test]
fn each_process_has_a_checkpoint_folder_of_its_own() {
    let session = iris();
    let long = ["run", "gaussians", "--set", "train.epochs=100000000", "--checkpoint-interval", "1 epoch"];
    let mut running: Vec<_> =
        (0..4).map(|_| command(&session, &long).spawn().expect("the command runs")).collect();
    let fit = [&QUICK[..4], &["--epochs", "100000000", "--patience", "100000000"]].concat();
    let fit = [&fit[..], &["--checkpoint-interval", "1 epoch", "-o"]].concat();
    for name in ["m_lr0.01", "m_lr0.02", "m.safetensors", "m.safetensors"] {
        let arguments = [&fit[..], &[name]].concat();
        running.push(command(&session, &arguments).spawn().expect("the command runs"));
    }
    let folders = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(session.path(folder)).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.ends_with(".checkpoints")).collect()
    };
    let has_all = || folders("runs").len() == 4 && folders("").len() == 4;
    for _ in 0..1000 {
        if has_all() {
            break;
        }
        sleep(Duration::from_millis(20));
    }
    for process in &mut running {
        process.kill().expect("the process can be killed");
        process.wait().expect("the process ends");
    }
    let own = ["m-2.checkpoints", "m.checkpoints", "m_lr0.01.checkpoints", "m_lr0.02.checkpoints"];
    assert_eq!(folders(""), own.map(str::to_owned).into(), "{:?}", folders("runs"));
    assert_eq!(folders("runs").len(), 4, "{:?}", folders("runs"));
    // The next run removes the unfinished folders of killed ones.
    let unfinished = || session.runs().iter().filter(|name| name.starts_with(".unfinished")).count();
    assert_eq!(unfinished(), 4);
    let (out, err, code) = session.run(&["run", "gaussians", "--set", "train.epochs=5", "--no-report"]);
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(unfinished(), 0);
}

#[test]
fn signals_save_a_checkpoint_and_have_exit_codes_of_their_own() {
    for (signal, code) in [("TERM", 143), ("HUP", 129)] {
        let session = iris();
        let arguments = [&QUICK[..4], &["--epochs", "100000000", "--patience", "100000000"]].concat();
        let arguments = [&arguments[..], &["--checkpoint-interval", "1 epoch"]].concat();
        let mut running = command(&session, &arguments).spawn().expect("the command runs");
        while !session.path("iris.checkpoints").exists() {
            sleep(Duration::from_millis(5));
        }
        assert_eq!(shell(&session, &format!("kill -{signal} {}", running.id())), 0);
        let mut err = String::new();
        running.stderr.take().expect("a pipe").read_to_string(&mut err).expect("UTF-8");
        assert_eq!(running.wait().expect("the process ends").code(), Some(code), "{err}");
        assert!(err.contains("resume with: chainrule fit"), "{err}");
    }
}

#[test]
fn a_table_of_thousands_of_columns_is_assessed() {
    let session = Session::new();
    let names: Vec<String> = (0..4000).map(|c| format!("x{c}")).collect();
    let rows: String = (0..60_u64)
        .map(|i| {
            let cells = (0..4000_u64).map(|c| ((i * 7919 + c * 104_729) % 1009).to_string());
            format!("{},{}\n", cells.collect::<Vec<_>>().join(","), i % 17)
        })
        .collect();
    session.write("wide.csv", format!("{},y\n{rows}", names.join(",")));
    let (out, err, code) =
        session.run(&["fit", "wide.csv", "--target", "y", "--task", "regression", "--epochs", "5"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("and 3988 less important columns"), "{out}");
}

#[test]
fn unusable_values_are_errors() {
    let session = iris();
    let fit = ["fit", "iris.csv", "--target", "species", "--epochs", "2"];
    assert_eq!(session.run(&[&fit[..], &["--checkpoint-interval", "1e300"]].concat()).2, 0);
    let (_, err, code) = session.run(&[&fit[..], &["--hidden", "1000000,1000000", "--force"]].concat());
    assert!(code == 2 && err.contains("parameters, which require about"), "{err}");
    let (_, err, code) = session.run(&["gradcheck", "gaussians", "--parameters", "0"]);
    assert!(code == 2 && err.contains("--parameters is 0, but must be at least 1"), "{err}");
    for (variable, value) in [("CHAINRULE_SIMD", "sse9"), ("CHAINRULE_THREADS", "many")] {
        let output = command(&session, &["list", "losses"]).env(variable, value).output().expect("it runs");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && err.contains(variable), "{err}");
    }
}

#[test]
fn formulas_are_escaped_on_request() {
    let session = Session::new();
    let rows: String =
        (0..40).map(|i| format!("{},=cmd|' /C calc'!A{},{}\n", i % 7, i % 2, -(i % 3))).collect();
    session.write("f.csv", format!("x,t,k\n{rows}"));
    let (_, err, code) = session.run(&["fit", "f.csv", "--target", "t", "--epochs", "2"]);
    assert_eq!(code, 0, "{err}");
    let predict = ["predict", "f.safetensors", "f.csv", "--keep", "t,k"];
    let (out, _, _) = session.run(&predict);
    assert!(out.lines().nth(2).is_some_and(|line| line.starts_with("=cmd|' /C calc'!A1,-1,=cmd")), "{out}");
    let (out, _, _) = session.run(&[&predict[..], &["--escape-formulas"]].concat());
    assert!(out.lines().nth(2).is_some_and(|line| line.starts_with("'=cmd|' /C calc'!A1,-1,'=cmd")), "{out}");
}
