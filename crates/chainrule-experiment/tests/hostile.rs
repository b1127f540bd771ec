//! Files that somebody mangled: experiments and checkpoints get a sentence, never a panic.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use chainrule::random::RandomState;
use chainrule_experiment::{Checkpoints, Every, Experiment, builtin};

/// The bytes with some of them replaced, removed, doubled or cut off.
fn mangled(bytes: &[u8], random: &mut RandomState) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.randint(1, 5) {
        if bytes.is_empty() {
            break;
        }
        let place = random.randint(0, bytes.len() as i64) as usize;
        match random.randint(0, 5) {
            0 => bytes[place] = random.randint(0, 256) as u8,
            1 => drop(bytes.remove(place)),
            2 => bytes.insert(place, b"0-9\"[]{}=.,e"[random.randint(0, 12) as usize]),
            3 => bytes.truncate(place),
            _ => {
                let end = (place + random.randint(1, 30) as usize).min(bytes.len());
                let piece = bytes[place..end].to_vec();
                bytes.splice(place..place, piece);
            }
        }
    }
    bytes
}

#[test]
fn mangled_experiments_get_a_sentence() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("mangled.toml");
    let mut random = RandomState::new(5);
    let names = builtin::names();
    let mut refused = 0;
    for round in 0..4000 {
        let text = builtin::text(&names[round % names.len()]).expect("it is built in");
        std::fs::write(&file, mangled(text.as_bytes(), &mut random)).expect("a file");
        if let Err(error) = Experiment::open(file.to_str().expect("UTF-8"), &[]) {
            assert!(error.to_string().len() > 20, "{error}");
            refused += 1;
        }
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn mangled_checkpoints_get_a_sentence() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows: String = (0..40).map(|i| format!("{},{},{}\n", i * i % 13, i * 7 % 11, i % 2)).collect();
    let table = folder.path().join("t.csv");
    std::fs::write(&table, format!("a,b,t\n{rows}")).expect("a file");
    let sets = [
        format!("data.table={:?}", table.display().to_string()),
        "data.target=\"t\"".to_owned(),
        "train.epochs=3".to_owned(),
        "network.hidden=[3]".to_owned(),
    ];
    let experiment = Experiment::fit(None, &sets, &mut |_, _| ()).expect("a table");
    let variant = &experiment.variants[0];
    let run = |checkpoints: &mut Checkpoints| {
        let (prepared, cancel) = (variant.prepare().expect("a table"), AtomicBool::new(false));
        variant.run_prepared(prepared, &[0, 2].into(), &mut (), &cancel, Some(checkpoints))
    };
    let saved = folder.path().join("saved");
    let mut checkpoints = Checkpoints::new(&saved, Every::Epochs(2));
    let whole = run(&mut checkpoints).expect("it trains");
    let path = checkpoints.latest.clone().expect("one was written");
    let bytes = std::fs::read(&path).expect("it is there");

    let go_on =
        |path: &Path| run(&mut Checkpoints::new(&saved, Every::Never).going_on_from(path, &experiment)?);
    let again = go_on(&path).expect("it goes on");
    assert_eq!((&again.parameters, again.trajectory()), (&whole.parameters, whole.trajectory()));
    assert_eq!(again.history.epochs.len(), 3);

    let file = folder.path().join("mangled.safetensors");
    let mut random = RandomState::new(6);
    let mut refused = 0;
    for _ in 0..3000 {
        std::fs::write(&file, mangled(&bytes, &mut random)).expect("a file");
        match go_on(&file) {
            // What was changed is not read: a letter of the settings, say, which the command reads and not this.
            Ok(outcome) => assert_eq!(outcome.parameters, whole.parameters),
            Err(error) => {
                assert!(error.to_string().contains("no checkpoint to go on from"), "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 2000, "{refused}");
}
