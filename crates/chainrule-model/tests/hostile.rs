//! Corrupted model files with a valid checksum. Each is either refused with an error message or is
//! a model that predicts; none causes a panic or uses more memory than a multiple of its size.

use std::path::Path;

use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer, Network};
use chainrule::random::RandomState;
use chainrule_model::{
    ExportFormat, ExportOptions, Member, Model, Precision, Trained, evaluate, export, importance, sha256,
};
use chainrule_table::{
    Column, ColumnHints, ColumnKinds, DateParts, EncoderOptions, Encoders, Scaling, Strings, Table, Values,
};
use safetensors::SafeTensors;
use serde_json::{Value, json};

const N: usize = 40;

fn table() -> Table {
    let number = |k: usize| ((k * 37 % 11) as f64) * 0.3 - 1.0;
    let words = (0..N).map(|k| Some(["Bern", "Turin", "Lyon", "Oslo"][k * k % 4]).filter(|_| k != 4));
    Table::new(vec![
        Column::new("area", Values::Numbers((0..N).map(number).collect())),
        Column::new("town", Values::Strings(words.collect::<Strings>())),
        Column::new("built", Values::Dates((0..N).map(|k| (k * 401) as f64 + 0.25).collect())),
        Column::new("garden", Values::Strings((0..N).map(|k| Some(["no", "yes"][k / 3 % 2])).collect())),
        Column::new("class", Values::Strings((0..N).map(|k| Some(["a", "b", "c"][k % 3])).collect())),
        Column::new("yes", Values::Strings((0..N).map(|k| Some(["0", "1"][k * k % 5 % 2])).collect())),
        Column::new("price", Values::Numbers((0..N).map(|k| number(k) * 7.0 + k as f64).collect())),
        Column::new("rent", Values::Numbers((0..N).map(|k| number(k) * 3.0 - k as f64).collect())),
    ])
}

/// Creates a model for the given targets.
fn model(targets: &[&str]) -> Model {
    let table = table();
    let targets: Vec<String> = targets.iter().map(|target| (*target).to_owned()).collect();
    let others = ["class", "yes", "price", "rent"].map(str::to_owned);
    let hints = ColumnHints { targets: targets.clone(), ignore: others.to_vec(), ..ColumnHints::default() };
    let hints = ColumnHints {
        ignore: hints.ignore.into_iter().filter(|name| !targets.contains(name)).collect(),
        ..hints
    };
    let kinds = ColumnKinds::find(&table, &hints).unwrap();
    let options = EncoderOptions {
        scaling: Scaling::Robust,
        date_parts: DateParts::Always,
        ..EncoderOptions::default()
    };
    let rows: Vec<usize> = (0..N).collect();
    let encoders = Encoders::fit(&table, rows[..].into(), &kinds, &targets, None, options).unwrap();
    let (output, loss) = match (encoders.target.n_outputs(), targets[0].as_str()) {
        (_, "price") => (Activation::identity(), Loss::squared_error()),
        (3, _) => (Activation::softmax(), Loss::cross_entropy()),
        _ => (Activation::logistic(), Loss::binary_cross_entropy()),
    };
    let layers = vec![
        Layer::new(4, Activation::new("leaky_relu", &[("slope", 0.1.into())]).unwrap()),
        Layer::new(encoders.target.n_outputs(), output),
    ];
    let architecture = Architecture::new(encoders.n_inputs(), layers).unwrap();
    let network = Network::<f64>::initialize(architecture, &mut RandomState::new(7));
    let (architecture, parameters) = network.into_parts();
    let members = vec![Member { encoders, architecture, parameters }];
    Model { members, loss, precision: Precision::F64, trained: Trained::default() }
}

/// Changes a random value in a description.
fn mangle(value: &mut Value, random: &mut RandomState) {
    let pick = |random: &mut RandomState, n: usize| random.randint(0, n as i64) as usize;
    // Descends to the value to change.
    match value {
        Value::Object(map) if !map.is_empty() && pick(random, 8) > 0 => {
            let k = pick(random, map.len());
            let value = map.values_mut().nth(k).expect("k is less than the length");
            return mangle(value, random);
        }
        Value::Array(list) if !list.is_empty() && pick(random, 6) > 0 => {
            let k = pick(random, list.len());
            return mangle(&mut list[k], random);
        }
        _ => {}
    }
    match value {
        Value::Object(map) => {
            let key = map.keys().nth(pick(random, map.len().max(1))).cloned();
            key.map(|key| map.remove(&key));
        }
        Value::Array(list) if !list.is_empty() => {
            let k = pick(random, list.len());
            if pick(random, 2) == 0 {
                list.remove(k);
            } else {
                list.insert(k, list[k].clone());
            }
        }
        Value::Number(_) => {
            let others = [json!(0), json!(-1), json!(1), json!(1e300), json!(-1e300), json!(1u64 << 60)];
            *value = others[pick(random, others.len())].clone();
        }
        Value::Bool(b) => *b = !*b,
        Value::String(text) => {
            let others = ["", "town", "area", "price", "category", "number", "labels", "softmax", "a\"b\n\\"];
            others[pick(random, others.len())].clone_into(text);
        }
        other => *other = json!([1.5]),
    }
}

/// Changes the description of a file and updates its checksum.
fn with_description(bytes: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let tensors = SafeTensors::deserialize(bytes).unwrap();
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let (key, envelope) = header.metadata().as_ref().unwrap().iter().next().unwrap();
    let mut envelope: Value = serde_json::from_str(envelope).unwrap();
    change(&mut envelope["model"]);
    let mut all = tensors.tensors();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let description = envelope["model"].to_string();
    let pieces = std::iter::once(description.as_bytes()).chain(all.iter().map(|(_, view)| view.data()));
    envelope["checksum"] = json!(sha256(pieces));
    let metadata = [(key.clone(), envelope.to_string())].into();
    safetensors::serialize(all, Some(metadata)).unwrap()
}

/// Maximum ratio of the memory allocated while reading a model to the size of its file; 6 was
/// measured.
const MAX_MEMORY_RATIO: u64 = 20;

#[test]
fn corrupted_models_are_refused_or_predict() {
    let table = table();
    let mut random = RandomState::new(11);
    let (mut n_refused, mut n_used) = (0, 0);
    for targets in [&["class"][..], &["yes"], &["yes", "garden"], &["price", "rent"], &["price"]] {
        let mut original = model(targets);
        // The first and the last model are ensembles of two networks.
        if targets.len() == 1 && targets != ["yes"] {
            original.members.push(original.members[0].clone());
        }
        let original_bytes = original.to_bytes().unwrap();
        let unchanged = with_description(&original_bytes, |_| ());
        let read = Model::from_bytes(&unchanged, Path::new("m.safetensors")).unwrap();
        assert_eq!(read, original, "an unchanged file with an updated checksum is the same model");
        for _ in 0..1500 {
            let bytes = with_description(&original_bytes, |description| {
                for _ in 0..random.randint(1, 4) {
                    mangle(description, &mut random);
                }
            });
            let mut read = None;
            let allocations = allocation_counter::measure(|| {
                read = Some(Model::from_bytes(&bytes, Path::new("m.safetensors")));
            });
            let max_bytes = MAX_MEMORY_RATIO * bytes.len() as u64;
            let got = allocations.bytes_max;
            assert!(got <= max_bytes, "reading {} bytes allocated {got} bytes", bytes.len());
            match read.expect("the closure has run") {
                Ok(model) => {
                    n_used += usize::from(use_model(&model, &table));
                }
                Err(error) => {
                    n_refused += 1;
                    assert!(error.to_string().starts_with("m.safetensors is "), "{error}");
                }
            }
        }
    }
    assert!(n_refused > 2000 && n_used > 500, "{n_refused} refused, {n_used} used");
}

/// Checks that no operation on a model panics. Returns false if the table does not have the columns
/// of the model.
fn use_model(model: &Model, table: &Table) -> bool {
    // A table with each input and target column once.
    let wanted = model.formats().into_iter().chain(model.target_formats());
    let mut columns: Vec<Column> = Vec::new();
    for (name, format) in wanted {
        assert!(columns.iter().all(|column| column.name != name), "{name} is read twice");
        let Ok(column) = table.column(name) else { return false };
        let is_readable = matches!(
            (&column.values, format.cell_type()),
            (Values::Strings(_), chainrule_table::CellType::Strings)
                | (
                    Values::Numbers(_),
                    chainrule_table::CellType::Numbers | chainrule_table::CellType::Strings
                )
                | (Values::Dates(_), chainrule_table::CellType::Dates | chainrule_table::CellType::Strings)
        );
        if !is_readable {
            return false;
        }
        columns.push(column.clone());
    }
    let table = Table::new(columns);
    let predictions = model.predict(&table).expect("the table has the input columns");
    assert_eq!(predictions.y.len(), table.n_rows() * model.target().n_outputs());
    let _ = evaluate(model, &table, None);
    let _ = importance(model, &table, &[0, 5, 7], None, 0, &mut |_, _| std::ops::ControlFlow::Continue(()));
    for format in [ExportFormat::C, ExportFormat::Rust, ExportFormat::Json, ExportFormat::Onnx] {
        let _ = export(model, format, &ExportOptions::default());
    }
    let _ = model.to_bytes();
    true
}
