//! Corrupted experiments and checkpoints yield an error message and never a panic.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use chainrule::random::RandomState;
use chainrule_experiment::{
    Checkpoint, CheckpointInterval, Checkpoints, Experiment, FitOptions, OpenedFit, builtin,
};
use chainrule_model::sha256;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

/// Replaces, inserts, removes or duplicates some bytes, or truncates them.
fn corrupted(bytes: &[u8], random: &mut RandomState) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.randint(1, 5) {
        if bytes.is_empty() {
            break;
        }
        let index = random.randint(0, bytes.len() as i64) as usize;
        match random.randint(0, 5) {
            0 => bytes[index] = random.randint(0, 256) as u8,
            1 => drop(bytes.remove(index)),
            2 => bytes.insert(index, b"0-9\"[]{}=.,e"[random.randint(0, 12) as usize]),
            3 => bytes.truncate(index),
            _ => {
                let end = (index + random.randint(1, 30) as usize).min(bytes.len());
                let piece = bytes[index..end].to_vec();
                bytes.splice(index..index, piece);
            }
        }
    }
    bytes
}

/// Maximum memory that reading a checkpoint may allocate, as a multiple of the file size.
const MAX_ALLOCATED: u64 = 20;

fn allocates_at_most(max: u64, run: impl FnOnce()) {
    let counted = allocation_counter::measure(run);
    assert!(counted.bytes_max <= max, "{} bytes were allocated, more than {max}", counted.bytes_max);
}

#[test]
fn corrupted_experiments_yield_an_error_message() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("corrupted.toml");
    let mut random = RandomState::new(5);
    let names = builtin::names();
    let mut n_refused = 0;
    for round in 0..4000 {
        let text = builtin::text(&names[round % names.len()]).expect("a built-in experiment");
        std::fs::write(&file, corrupted(text.as_bytes(), &mut random)).expect("a file");
        let open = || Experiment::open(file.to_str().expect("UTF-8"), &[]);
        allocates_at_most(1 << 20, || drop(open()));
        if let Err(error) = open() {
            assert!(error.to_string().len() > 20, "{error}");
            n_refused += 1;
        }
    }
    assert!(n_refused > 1000, "{n_refused}");
}

#[test]
fn corrupted_checkpoints_yield_an_error_message() {
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
    let options = FitOptions { sets: sets.to_vec(), ..FitOptions::default() };
    let experiment = OpenedFit::open(None, &options, &mut ()).expect("a table").experiment;
    let variant = &experiment.variants[0];
    let run = |checkpoints: &mut Checkpoints| {
        let (prepared, cancel) = (variant.prepare().expect("a table"), AtomicBool::new(false));
        variant.run_prepared(prepared, &[0, 2].into(), &mut (), &cancel, Some(checkpoints))
    };
    let saved = folder.path().join("saved");
    let mut checkpoints = Checkpoints::new(&saved, CheckpointInterval::Epochs(2));
    let whole = run(&mut checkpoints).expect("training succeeds");
    let path = checkpoints.latest.clone().expect("a checkpoint");
    let bytes = std::fs::read(&path).expect("the file exists");

    let resume = |path: &Path| {
        run(&mut Checkpoints::new(&saved, CheckpointInterval::Never).resume_from(path, &experiment, &[])?)
    };
    let resumed = resume(&path).expect("training resumes");
    assert_eq!((&resumed.parameters, resumed.trajectory()), (&whole.parameters, whole.trajectory()));
    assert_eq!(resumed.history.epochs.len(), 3);

    let file = folder.path().join("corrupted.safetensors");
    let mut random = RandomState::new(6);
    let mut n_refused = 0;
    for _ in 0..3000 {
        std::fs::write(&file, corrupted(&bytes, &mut random)).expect("a file");
        match resume(&file) {
            // The changed bytes are not used, for example those of the settings, which only the
            // command reads.
            Ok(outcome) => assert_eq!(outcome.parameters, whole.parameters),
            Err(error) => {
                assert!(error.to_string().contains("cannot resume from "), "{error}");
                n_refused += 1;
            }
        }
    }
    assert!(n_refused > 2000, "{n_refused}");
}

/// The tensors of a checkpoint by name, as 64-bit words with their types, and its header.
type Contents = (BTreeMap<String, (Dtype, Vec<u64>)>, String);

/// Reads the contents of a checkpoint.
fn contents(bytes: &[u8]) -> Contents {
    let file = SafeTensors::deserialize(bytes).expect("tensors");
    let (_, metadata) = SafeTensors::read_metadata(bytes).expect("metadata");
    let header = &metadata.metadata().as_ref().expect("metadata")["chainrule-checkpoint"];
    let words = |data: &[u8]| data.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect();
    let tensor = |(name, view): (String, TensorView<'_>)| (name, (view.dtype(), words(view.data())));
    (file.tensors().into_iter().map(tensor).collect(), header.clone())
}

/// Makes one random change to the contents of a checkpoint.
fn change((tensors, header): &mut Contents, random: &mut RandomState) {
    let pick = |random: &mut RandomState, n: usize| random.randint(0, n as i64) as usize;
    let values = [0, 1, 7, u64::from(u32::MAX), 1 << 60, u64::MAX, f64::NAN.to_bits(), 0.5f64.to_bits()];
    let value = values[pick(random, values.len())];
    let name = tensors.keys().nth(pick(random, tensors.len())).cloned().expect("the checkpoint has tensors");
    let (dtype, tensor) = tensors.get_mut(&name).expect("the name is one of the keys");
    match pick(random, 8) {
        0 => drop(tensors.remove(&name)),
        1 => drop(tensor.pop()),
        2 => tensor.push(value),
        3 => {
            let widths = header.find("\"widths\":[").expect("the header has widths") + "\"widths\":[".len();
            let end = widths + header[widths..].find(',').expect("four widths");
            header.replace_range(widths..end, &value.to_string());
        }
        4 => *dtype = if *dtype == Dtype::F64 { Dtype::U64 } else { Dtype::F64 },
        _ if !tensor.is_empty() => {
            let k = pick(random, tensor.len());
            tensor[k] = value;
        }
        _ => {}
    }
}

/// Serialises the contents of a checkpoint with a valid checksum: that of the header without its
/// checksum, and of the names and bytes of the tensors.
fn serialised((tensors, header): &Contents) -> Vec<u8> {
    let bytes = |words: &Vec<u64>| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let all: Vec<(&String, Dtype, Vec<u8>)> =
        tensors.iter().map(|(name, (dtype, words))| (name, *dtype, bytes(words))).collect();
    let checksum =
        header.find("\"checksum\":\"").expect("the header has a checksum") + "\"checksum\":\"".len();
    let (before, after) = (&header[..checksum], &header[checksum + 64..]);
    let unsigned = format!("{before}{after}");
    let parts = all.iter().flat_map(|(name, _, data)| [name.as_bytes(), data]);
    let checksum = sha256(std::iter::once(unsigned.as_bytes()).chain(parts));
    let views = all.iter().map(|(name, dtype, data)| {
        let view = TensorView::new(*dtype, vec![data.len() / 8], data);
        (name.as_str(), view.expect("each element has eight bytes"))
    });
    let header = format!("{before}{checksum}{after}");
    serialize(views, Some([("chainrule-checkpoint".to_owned(), header)].into()))
        .expect("each tensor has the length of its data")
}

#[test]
fn altered_checkpoints_yield_an_error_message_or_resume() {
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
    let path = run(saved).expect("training succeeds").1.expect("a checkpoint");
    let bytes = std::fs::read(&path).expect("the file exists");
    let contents = contents(&bytes);

    let altered = folder.path().join("altered.safetensors");
    let mut random = RandomState::new(8);
    let (mut n_refused, mut n_resumed) = (0, 0);
    for round in 0..3000 {
        let mut contents = contents.clone();
        for _ in 0..if round == 0 { 0 } else { random.randint(1, 4) } {
            change(&mut contents, &mut random);
        }
        let bytes = serialised(&contents);
        std::fs::write(&altered, &bytes).expect("a file");
        allocates_at_most(MAX_ALLOCATED * bytes.len() as u64, || drop(Checkpoint::open(&altered)));
        let never = Checkpoints::new(folder.path(), CheckpointInterval::Never);
        match never.resume_from(&altered, &experiment, &[]).and_then(run) {
            Ok((outcome, _)) => {
                n_resumed += 1;
                // Figures use the network and the trajectory.
                outcome.network().predict(outcome.samples.dataset.x());
                assert!(outcome.trajectory().iter().all(|(_, parameters)| parameters.len() == 9));
            }
            Err(error) => {
                assert!(round > 0, "{error}");
                assert!(error.to_string().contains("cannot resume from "), "{error}");
                n_refused += 1;
            }
        }
    }
    assert!(n_refused > 1000 && n_resumed > 100, "{n_refused} refused, {n_resumed} resumed");
}

/// The settings of a checkpoint are not the user's, so there are no notes about their old keys.
#[test]
fn old_keys_in_a_checkpoint_are_read_without_notes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let table = folder.path().join("t.csv");
    let rows: String = (0..40).map(|i| format!("{},{}\n", i * i % 13, i % 2)).collect();
    std::fs::write(&table, format!("a,t\n{rows}")).expect("a file");
    let sets = [
        format!("data.table={:?}", table.display().to_string()),
        "data.target=\"t\"".to_owned(),
        "train.epochs=2".to_owned(),
    ];
    let options = FitOptions { sets: sets.to_vec(), ..FitOptions::default() };
    let experiment = OpenedFit::open(None, &options, &mut ()).expect("a table").experiment;
    let variant = &experiment.variants[0];
    let mut checkpoints = Checkpoints::new(&folder.path().join("saved"), CheckpointInterval::Epochs(1));
    let prepared = variant.prepare().expect("a table");
    let cancel = AtomicBool::new(false);
    variant
        .run_prepared(prepared, &[].into(), &mut (), &cancel, Some(&mut checkpoints))
        .expect("training succeeds");
    let path = checkpoints.latest.clone().expect("a checkpoint");
    let mut contents = contents(&std::fs::read(&path).expect("the checkpoint"));
    assert!(contents.1.contains("track_dead_units"), "the setting that is renamed");
    contents.1 = contents.1.replace("track_dead_units", "watch_units");
    let old = folder.path().join("old.safetensors");
    std::fs::write(&old, serialised(&contents)).expect("a file");
    let options = FitOptions { resume: Some(old), ..FitOptions::default() };
    let opened = OpenedFit::open(None, &options, &mut ()).expect("the old key is read");
    assert_eq!(opened.experiment.notes, [""; 0]);
}
