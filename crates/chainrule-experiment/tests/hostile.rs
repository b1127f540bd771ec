//! Files that somebody mangled: experiments and checkpoints get a sentence, never a panic.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use chainrule::random::RandomState;
use chainrule_experiment::{Checkpoint, CheckpointInterval, Checkpoints, Experiment, builtin};
use chainrule_model::sha256;
use safetensors::SafeTensors;

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

/// Reading a checkpoint may allocate so many times its file's length at one time.
const ALLOCATED: u64 = 20;

fn allocates_at_most(most: u64, run: impl FnOnce()) {
    let counted = allocation_counter::measure(run);
    assert!(counted.bytes_max <= most, "{} bytes, not at most {most}", counted.bytes_max);
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
        let open = || Experiment::open(file.to_str().expect("UTF-8"), &[]);
        allocates_at_most(1 << 20, || drop(open()));
        if let Err(error) = open() {
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
    let mut checkpoints = Checkpoints::new(&saved, CheckpointInterval::Epochs(2));
    let whole = run(&mut checkpoints).expect("it trains");
    let path = checkpoints.latest.clone().expect("one was written");
    let bytes = std::fs::read(&path).expect("it is there");

    let go_on = |path: &Path| {
        run(&mut Checkpoints::new(&saved, CheckpointInterval::Never).resume_from(path, &experiment)?)
    };
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

/// A checkpoint's tensors as words of eight bytes, by name, and its description.
type Contents = (BTreeMap<String, Vec<u64>>, serde_json::Value);

/// One change to what a checkpoint holds.
fn change((tensors, description): &mut Contents, random: &mut RandomState) {
    let pick = |random: &mut RandomState, n: usize| random.randint(0, n as i64) as usize;
    let absurd = [0, 1, 7, u64::from(u32::MAX), 1 << 60, u64::MAX, f64::NAN.to_bits(), 0.5f64.to_bits()];
    let absurd = absurd[pick(random, absurd.len())];
    let name = tensors.keys().nth(pick(random, tensors.len())).cloned().expect("there is one");
    let tensor = tensors.get_mut(&name).expect("it is there");
    match pick(random, 8) {
        0 => drop(tensors.remove(&name)),
        1 => drop(tensor.pop()),
        2 => tensor.push(absurd),
        3 => description["widths"][pick(random, 4)] = absurd.into(),
        4 => description["n_slots"] = absurd.into(),
        5 => description["has_best"] = (!description["has_best"].as_bool().unwrap_or(false)).into(),
        _ if !tensor.is_empty() => {
            let k = pick(random, tensor.len());
            tensor[k] = absurd;
        }
        _ => {}
    }
}

/// The checkpoint with this in it, and a checksum that is right.
fn sealed((tensors, description): &Contents) -> Vec<u8> {
    use safetensors::tensor::{Dtype, TensorView, serialize};
    let bytes = |words: &Vec<u64>| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let all: Vec<(&String, Vec<u8>)> = tensors.iter().map(|(name, words)| (name, bytes(words))).collect();
    let mut description = description.clone();
    description["checksum"] = sha256(all.iter().map(|(_, data)| data)).into();
    let views = all.iter().map(|(name, data)| {
        (name.as_str(), TensorView::new(Dtype::U64, vec![data.len() / 8], data).expect("whole words"))
    });
    serialize(views, Some([("chainrule-checkpoint".to_owned(), description.to_string())].into()))
        .expect("tensors of their own lengths")
}

#[test]
fn made_up_checkpoints_get_a_sentence_or_go_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let toml = folder.path().join("moons.toml");
    let text = "[data]\ngenerator = { name = \"moons\", n_samples = 20 }\n[network]\nhidden = [2]\nactivation = \"tanh\"\n\
                [train]\nloss = \"binary_cross_entropy\"\noptimizer = \"adam\"\nepochs = 4\nbatch = 6\n\
                metrics = [\"accuracy\"]\nvalidation_fraction = 0.2\nstopping = { patience = 9 }\n";
    std::fs::write(&toml, text).expect("a file");
    let experiment = Experiment::open(toml.to_str().expect("UTF-8"), &[]).expect("an experiment");
    let variant = &experiment.variants[0];
    let run = |mut checkpoints: Checkpoints| {
        let (prepared, cancel) = (variant.prepare().expect("moons"), AtomicBool::new(false));
        let outcome =
            variant.run_prepared(prepared, &[0, 1].into(), &mut (), &cancel, Some(&mut checkpoints));
        outcome.map(|outcome| (outcome, checkpoints.latest))
    };
    let saved = Checkpoints::new(&folder.path().join("saved"), CheckpointInterval::Epochs(2));
    let path = run(saved).expect("it trains").1.expect("one was written");
    let bytes = std::fs::read(&path).expect("it is there");
    let file = SafeTensors::deserialize(&bytes).expect("tensors");
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("a header");
    let description = &header.metadata().as_ref().expect("a description")["chainrule-checkpoint"];
    let words = |data: &[u8]| data.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect();
    let tensors = file.tensors().into_iter().map(|(name, view)| (name, words(view.data()))).collect();
    let contents: Contents = (tensors, serde_json::from_str(description).expect("JSON"));

    let made_up = folder.path().join("made-up.safetensors");
    let mut random = RandomState::new(8);
    let (mut refused, mut went_on) = (0, 0);
    for round in 0..3000 {
        let mut contents = contents.clone();
        for _ in 0..if round == 0 { 0 } else { random.randint(1, 4) } {
            change(&mut contents, &mut random);
        }
        let bytes = sealed(&contents);
        std::fs::write(&made_up, &bytes).expect("a file");
        allocates_at_most(ALLOCATED * bytes.len() as u64, || drop(Checkpoint::open(&made_up)));
        let never = Checkpoints::new(folder.path(), CheckpointInterval::Never);
        match never.resume_from(&made_up, &experiment).and_then(run) {
            Ok((outcome, _)) => {
                went_on += 1;
                // What is drawn of it later.
                outcome.network().predict(outcome.samples.dataset.x());
                assert!(outcome.trajectory().iter().all(|(_, parameters)| parameters.len() == 9));
            }
            Err(error) => {
                assert!(round > 0, "{error}");
                assert!(error.to_string().contains("no checkpoint to go on from"), "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 1000 && went_on > 100, "{refused} refused, {went_on} went on");
}
