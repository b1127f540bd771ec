//! Model files: a saved model is read back unchanged, and invalid files are refused.

use std::path::Path;

use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, BlockFactors, Layer, Network};
use chainrule::random::RandomState;
use chainrule_model::{FORMAT_VERSION, Member, Model, Precision, Score, Trained, TrainedEpoch};
use chainrule_table::{
    Column, ColumnHints, ColumnKinds, DateParts, EncoderOptions, Encoders, Scaling, Strings, Table, Task,
    Values,
};
use proptest::prelude::*;

fn table() -> Table {
    let number = |k: i32| f64::from(k * 37 % 11) * 0.3 - 1.0;
    let words = (0..30).map(|k| Some(["Bern", "Turin", "Lyon"][k * k % 3]).filter(|_| k != 4));
    Table::new(vec![
        Column::new("area", Values::Numbers((0..30).map(number).collect())),
        Column::new("town", Values::Strings(words.collect::<Strings>())),
        Column::new("built", Values::Dates((0..30).map(|k| f64::from(k * 401) + 0.25).collect())),
        Column::new("garden", Values::Numbers((0..30).map(|k| f64::from(k / 3 % 2)).collect())),
        Column::new(
            "class",
            Values::Strings((0..30).map(|k| Some(["a", "b", "c"][k / 10])).collect::<Strings>()),
        ),
        Column::new("price", Values::Numbers((0..30).map(|k| number(k) * 7.0 + f64::from(k)).collect())),
    ])
}

fn model(target: &str, precision: Precision, n_members: usize) -> Model {
    let table = table();
    let hints = ColumnHints { targets: vec![target.to_owned()], ..ColumnHints::default() };
    let kinds = ColumnKinds::find(&table, &hints).unwrap();
    let options = EncoderOptions {
        scaling: Scaling::Robust,
        date_parts: DateParts::Always,
        ..EncoderOptions::default()
    };
    let mut random = RandomState::new(7);
    let mut member = |k: usize| {
        let rows: Vec<usize> = (k..30).collect();
        let encoders = Encoders::fit(&table, rows[..].into(), &kinds, &hints.targets, None, options).unwrap();
        let output = if encoders.target.task() == Task::Classification {
            Activation::softmax()
        } else {
            Activation::identity()
        };
        let hidden = Activation::new("leaky_relu", &[("slope", 0.1.into())]).unwrap();
        let layers = vec![
            Layer::new(5, hidden),
            Layer::new(4, Activation::tanh()).without_bias(),
            Layer::new(encoders.target.n_outputs(), output),
        ];
        let architecture = Architecture::new(encoders.n_inputs(), layers).unwrap();
        let network = Network::<f64>::initialize(architecture, &mut random);
        let (architecture, parameters) = match precision {
            Precision::F32 => network.cast::<f32>().cast::<f64>().into_parts(),
            Precision::F64 => network.into_parts(),
        };
        Member { encoders, architecture, parameters }
    };
    let trained = Trained {
        settings: "[train]\nepochs = 3\n".to_owned(),
        data: "homes.csv".into(),
        rows: [24, 6],
        scores: vec![Score {
            part: "validation".to_owned(),
            metric: "accuracy".to_owned(),
            value: 0.1 + 0.2,
        }],
        history: vec![TrainedEpoch { epoch: 1, loss: 1.0 / 3.0, validation_loss: Some(0.7) }],
        ..Trained::default()
    };
    let loss = if target == "class" { Loss::cross_entropy() } else { Loss::squared_error() };
    Model { members: (0..n_members).map(&mut member).collect(), loss, precision, trained }
}

fn path() -> &'static Path {
    Path::new("m.safetensors")
}

#[test]
fn a_model_is_read_back_unchanged() {
    for (target, precision, n) in
        [("class", Precision::F32, 1), ("price", Precision::F64, 1), ("class", Precision::F64, 3)]
    {
        let model = model(target, precision, n);
        let again = Model::from_bytes(&model.to_bytes().unwrap(), path()).unwrap();
        assert_eq!(again, model);
        assert_eq!(again.predict(&table()).unwrap(), model.predict(&table()).unwrap());
    }
}

#[test]
fn dropout_frozen_parameters_and_factors_are_read_back() {
    let mut model = model("price", Precision::F64, 1);
    let architecture = &mut model.members[0].architecture;
    let mut layers = architecture.layers().to_vec();
    layers[0] = layers[0].clone().dropout(0.25).frozen_weights();
    layers[1] = layers[1].clone().weight_factors(BlockFactors { rate: 0.1, decay: 2.0 });
    layers[2] = layers[2].clone().frozen_bias();
    *architecture = Architecture::new(architecture.n_inputs(), layers).unwrap();
    let again = Model::from_bytes(&model.to_bytes().unwrap(), path()).unwrap();
    assert_eq!(again, model);
    assert_eq!(again.members[0].architecture.trainable().count(), 3);
}

#[test]
fn a_saved_file_is_complete_and_readable_by_all_users() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    let model = model("class", Precision::F32, 1);
    std::fs::write(&path, "previous content").unwrap();
    model.save(&path).unwrap();
    assert_eq!(Model::load(&path).unwrap(), model);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    }
    let error = model.save(&folder.path().join("none/m.safetensors")).unwrap_err().to_string();
    assert!(error.starts_with("cannot write ") && error.ends_with("choose another path"), "{error}");
}

/// Checks that model files of all earlier format versions can be read. `CHAINRULE_STORE_MODEL=1`
/// writes the file of the current version, once per format version.
#[test]
fn models_of_every_version_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    let current = folder.join(format!("v{FORMAT_VERSION}.safetensors"));
    if std::env::var_os("CHAINRULE_STORE_MODEL").is_some() && !current.exists() {
        model("class", Precision::F32, 1).save(&current).unwrap();
    }
    for version in 1..=FORMAT_VERSION {
        let stored = Model::load(&folder.join(format!("v{version}.safetensors"))).unwrap();
        let mut expected = model("class", Precision::F32, 1);
        if version == 1 {
            // The formats of the columns were not stored.
            let encoders = &mut expected.members[0].encoders;
            encoders.inputs.iter_mut().for_each(|input| input.format = None);
            encoders.target_formats.clear();
        }
        assert_eq!(stored, expected, "format {version}");
    }
}

/// Returns the error message of reading invalid bytes.
fn refused(bytes: &[u8]) -> String {
    Model::from_bytes(bytes, path()).unwrap_err().to_string()
}

#[test]
fn files_that_are_not_models_are_refused() {
    let complete = model("class", Precision::F32, 1).to_bytes().unwrap();
    assert!(
        refused(b"")
            .starts_with("m.safetensors is not a Chainrule model: it is not a complete safetensors file")
    );
    assert!(refused(&complete[..complete.len() / 2]).contains("not a complete safetensors file"));
    // A short file whose header states 2^60 numbers.
    let header = br#"{"a":{"dtype":"F64","shape":[1152921504606846976],"data_offsets":[0,8]}}"#;
    let oversized = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 8]].concat();
    assert!(refused(&oversized).contains("not a complete safetensors file"), "{}", refused(&oversized));
    let other =
        safetensors::serialize(Vec::<(&str, safetensors::tensor::TensorView<'_>)>::new(), None).unwrap();
    assert_eq!(
        refused(&other),
        "m.safetensors is not a Chainrule model: it contains tensors but no model description; use a model \
         file written by `chainrule fit`"
    );
    let later = replaced(&complete, "version\\\":2", "version\\\":9");
    assert_eq!(
        refused(&later),
        "m.safetensors has model format 9, but this version of Chainrule only supports formats up to 2; use a \
         later version"
    );
    let changed = replaced(&complete, "Bern", "Bonn");
    assert_eq!(
        refused(&changed),
        "m.safetensors is damaged: its checksum does not match its contents; restore it from a copy, or train \
         the model again"
    );
}

/// Replaces a string in the bytes with another of the same length.
fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let start =
        bytes.windows(from.len()).position(|window| window == from.as_bytes()).expect("the text occurs");
    [&bytes[..start], to.as_bytes(), &bytes[start + from.len()..]].concat()
}

#[test]
fn a_custom_activation_cannot_be_saved() {
    let mut model = model("price", Precision::F64, 1);
    let custom = Activation::custom(
        |z: &[f64], a: &mut [f64]| a.copy_from_slice(z),
        |_, _, s: &mut [f64]| s.fill(1.0),
    );
    let member = &mut model.members[0];
    let layers = vec![Layer::new(2, custom), Layer::new(1, Activation::identity())];
    member.architecture = Architecture::new(member.encoders.n_inputs(), layers).unwrap();
    member.parameters = vec![0.0; member.architecture.n_parameters()];
    let error = model.to_bytes().unwrap_err().to_string();
    assert!(error.starts_with("layer \"hidden\" has a custom activation"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn every_flipped_byte_is_detected(position in 0.0..1.0, flip in 1u8..=255) {
        let mut bytes = model("class", Precision::F32, 1).to_bytes().unwrap();
        let position = (position * bytes.len() as f64) as usize;
        bytes[position] ^= flip;
        if let Ok(read) = Model::from_bytes(&bytes, path()) {
            // Bytes that are not read may change: an unused name, or the padding after the header.
            prop_assert_eq!(read, model("class", Precision::F32, 1));
        }
    }
}

#[test]
fn only_the_bytes_that_the_header_states_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    let load = |path: &Path| {
        let mut error = None;
        let allocations = allocation_counter::measure(|| error = Model::load(path).err());
        assert!(allocations.bytes_max < 1 << 20, "{} bytes were allocated", allocations.bytes_max);
        error.expect("the file is not a model").to_string()
    };
    // A file of zeros, most of which takes no space on the disk.
    let sparse = |start: &[u8]| {
        std::fs::write(&path, start).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(3 << 30).unwrap();
        load(&path)
    };
    let bytes = model("price", Precision::F32, 1).to_bytes().unwrap();
    let too_long = [&200_000_000_u64.to_le_bytes(), &bytes[8..]].concat();
    for start in [&b""[..], &bytes, &too_long] {
        let error = sparse(start);
        assert!(error.contains("it is not a complete safetensors file"), "{error}");
        let expected =
            Model::from_bytes(start, &path).map_or_else(|error| error.to_string(), |_| String::new());
        assert!(start != too_long || error == expected, "{error}");
    }
    #[cfg(unix)]
    {
        let error = load(Path::new("/dev/zero"));
        assert!(error.contains("it is not a complete safetensors file"), "{error}");
    }
    for n in [0, 5, 8, 100, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..n]).unwrap();
        let expected = Model::from_bytes(&bytes[..n], &path).unwrap_err().to_string();
        assert_eq!(load(&path), expected, "the first {n} bytes");
    }
    std::fs::write(&path, &bytes).unwrap();
    assert!(Model::load(&path).is_ok());
}
