//! Exports, held to their models by the tools that run them: a C compiler, rustc, and what reads JSON. ONNX and other processors
//! need more than every machine has, and are ignored unless they are asked for.

mod models;

use chainrule_model::{
    Arithmetic, Export, ExportOptions, Format, Libm, Model, Precision, Tools, Verified, export, verify,
    verify_all,
};
use chainrule_table::Table;

const PRECISIONS: [Precision; 2] = [Precision::F32, Precision::F64];

/// How far an export may be from its model: some units in the last place of sums of a few dozen terms.
fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::F32 => 1e-5,
        Precision::F64 => 1e-12,
    }
}

/// Each model's export, with a prefix of its own.
fn exports(format: Format, options: &ExportOptions<'_>, models: &[Model]) -> Vec<Export> {
    let of = |(k, model): (usize, &Model)| {
        export(model, format, &ExportOptions { prefix: format!("m{k}"), ..options.clone() }).unwrap()
    };
    models.iter().enumerate().map(of).collect()
}

fn verify_exports(models: &[Model], exports: &[Export], tools: &Tools, table: &Table) -> Vec<Verified> {
    let all: Vec<_> = models.iter().zip(exports).collect();
    verify_all(&all, tools, table).unwrap_or_else(|error| panic!("{error}"))
}

/// Verifies models together, and says the largest difference for each precision.
fn check(format: Format, options: &ExportOptions<'_>, tools: &Tools, models: &[Model], table: &Table) {
    let verified = verify_exports(models, &exports(format, options, models), tools, table);
    assert_eq!(verified.len(), models.len());
    for precision in PRECISIONS {
        let of = models.iter().zip(&verified).filter(|(model, _)| model.precision == precision);
        let largest = of.clone().map(|(_, v)| v.largest_difference).fold(0.0, f64::max);
        println!("{} {precision:?}: {} models, largest difference {largest:.2e}", format.name(), of.count());
    }
    for (model, Verified { largest_difference, n_rows, agreeing_predictions }) in models.iter().zip(verified)
    {
        let what = model.members[0].architecture.describe();
        assert!(
            largest_difference <= tolerance(model.precision),
            "{what} {:?}: {largest_difference:e}",
            model.precision
        );
        assert_eq!(n_rows, table.n_rows());
        assert!(
            agreeing_predictions.is_none_or(|n| n == n_rows),
            "{what}: {agreeing_predictions:?} of {n_rows}"
        );
    }
}

/// Every activation with every output in both precisions, and networks of unusual shapes and weights.
fn check_activations(format: Format, options: &ExportOptions<'_>, tools: &Tools) {
    let each = |precision| models::activations(precision).into_iter().chain(models::unusual(precision));
    let models: Vec<Model> = PRECISIONS.into_iter().flat_map(each).collect();
    check(format, options, tools, &models, &models::table());
}

/// Every way to encode, ensembles, and cells as no training saw them.
fn check_encoders(format: Format, options: &ExportOptions<'_>, tools: &Tools) {
    let models: Vec<Model> = PRECISIONS.into_iter().flat_map(models::encoders).collect();
    check(format, options, tools, &models, &models::table());
    check(format, options, tools, &models, &models::strange_table());
}

fn check_hostile(format: Format, options: &ExportOptions<'_>, tools: &Tools) {
    let (table, model) = models::hostile();
    let export = export(&model, format, options).unwrap();
    let verified = verify(&model, &export, tools, &table).unwrap_or_else(|error| panic!("{error}"));
    assert!(verified.largest_difference <= 1e-5, "{verified:?}");
}

fn without_libm() -> ExportOptions<'static> {
    ExportOptions { libm: Libm::None, ..ExportOptions::default() }
}

#[test]
fn c_says_what_the_model_says() {
    for options in [ExportOptions::default(), without_libm()] {
        check_activations(Format::C, &options, &Tools::default());
        check_encoders(Format::C, &options, &Tools::default());
        check_hostile(Format::C, &options, &Tools::default());
    }
}

/// With 8 bits an export says what it says of itself: the loss in its header is that of the compiled code.
#[test]
fn eight_bits_cost_what_the_file_says() {
    let table = models::table();
    let options = ExportOptions { arithmetic: Arithmetic::Int8(&table), ..without_libm() };
    for precision in PRECISIONS {
        let models: Vec<Model> =
            models::activations(precision).into_iter().chain(models::encoders(precision)).collect();
        let exports = exports(Format::C, &options, &models);
        let verified = verify_exports(&models, &exports, &Tools::default(), &table);
        let mut largest = (0.0, String::new());
        for ((model, export), verified) in models.iter().zip(exports).zip(verified) {
            let what = model.members[0].architecture.describe();
            let loss = export.int8.unwrap();
            let said = (loss.largest_difference - verified.largest_difference).abs();
            assert!(said <= 1e-6, "{what}: {loss:?}, but {verified:?}");
            // An exponential of an exponential grows in steps too large for 8 bits; the file says so, and no more is promised.
            if model.members[0].architecture.layers()[0].activation.name() == "exp" {
                continue;
            }
            assert!(loss.largest_difference < 0.07, "{what}: {loss:?}");
            assert!(loss.agreeing_predictions.is_none_or(|n| n >= 55), "{what}: {loss:?}");
            if loss.largest_difference > largest.0 {
                largest = (loss.largest_difference, what);
            }
        }
        println!("c with 8 bits {precision:?}: largest difference {:.1e} ({})", largest.0, largest.1);
    }
}

#[test]
fn rust_says_what_the_model_says() {
    let options = ExportOptions::default();
    check_activations(Format::Rust, &options, &Tools::default());
    check_encoders(Format::Rust, &options, &Tools::default());
    check_hostile(Format::Rust, &options, &Tools::default());
}

/// A crate of exported modules that has no standard library compiles, whatever the activation and the encoders.
#[test]
fn exported_rust_needs_core_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "#![no_std]\n".to_owned();
    let models = models::activations(Precision::F32).into_iter().chain(models::encoders(Precision::F64));
    for (k, model) in models.enumerate() {
        let export = export(&model, Format::Rust, &ExportOptions::default()).unwrap();
        std::fs::write(folder.path().join(format!("m{k}.rs")), export.bytes).unwrap();
        text += &format!("pub mod m{k};\n");
    }
    std::fs::write(folder.path().join("lib.rs"), text).unwrap();
    let mut rustc = std::process::Command::new(Tools::default().rustc);
    rustc.current_dir(&folder).args(["--edition", "2021", "--crate-type", "lib", "-D", "warnings", "lib.rs"]);
    let output = rustc.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Held to single precision: the reader calculates in double.
#[test]
fn json_says_what_the_model_says() {
    let options = ExportOptions::default();
    check_activations(Format::Json, &options, &Tools::default());
    check_encoders(Format::Json, &options, &Tools::default());
    check_hostile(Format::Json, &options, &Tools::default());
}

/// `CHAINRULE_PYTHON` names a Python with `onnxruntime`, `numpy` and, to check the files once more, `onnx`.
#[test]
#[ignore = "needs Python with onnxruntime"]
fn onnx_says_what_the_model_says() {
    let options = ExportOptions::default();
    check_activations(Format::Onnx, &options, &Tools::default());
    check_encoders(Format::Onnx, &options, &Tools::default());
    check_hostile(Format::Onnx, &options, &Tools::default());
}

/// A 32-bit processor, emulated.
#[test]
#[ignore = "needs gcc-arm-linux-gnueabihf and qemu-user"]
fn c_says_the_same_on_arm() {
    let tools = Tools {
        cc: "arm-linux-gnueabihf-gcc".into(),
        cc_options: vec!["-static".to_owned()],
        runner: vec!["qemu-arm".to_owned()],
        ..Tools::default()
    };
    for options in [ExportOptions::default(), without_libm()] {
        check_activations(Format::C, &options, &tools);
        check_encoders(Format::C, &options, &tools);
        check_hostile(Format::C, &options, &tools);
    }
}

/// The file of another model is far from this one.
#[test]
fn another_models_file_is_found_out() {
    let table = models::table();
    let [model, other] =
        [1.0, 1.5].map(|gain| models::Recipe { gain, ..models::Recipe::new(0, Precision::F32) }.make(&table));
    for format in [Format::C, Format::Rust, Format::Json] {
        let export = export(&other, format, &ExportOptions::default()).unwrap();
        let verified = verify(&model, &export, &Tools::default(), &table).unwrap();
        assert!(verified.largest_difference > 0.02, "{}: {verified:?}", format.name());
        assert!(verified.agreeing_predictions.is_some_and(|n| n < 60), "{}: {verified:?}", format.name());
    }
}

#[test]
fn a_missing_tool_says_what_to_install() {
    let tools = Tools {
        cc: "no-such-cc".into(),
        rustc: "no-such-rustc".into(),
        python: "no-such-python".into(),
        ..Tools::default()
    };
    let (table, model) = models::hostile();
    for (format, says) in [
        (Format::C, "apt install gcc"),
        (Format::Rust, "rustup.rs"),
        (Format::Onnx, "pip install onnxruntime"),
    ] {
        let export = export(&model, format, &ExportOptions::default()).unwrap();
        let error = verify(&model, &export, &tools, &table).unwrap_err().to_string();
        assert!(error.starts_with("cannot run no-such-") && error.contains(says), "{error}");
    }
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let (_, mut model) = models::hostile();
    let error = |model: &Model, format, prefix: &str| {
        let options = ExportOptions { prefix: prefix.to_owned(), ..ExportOptions::default() };
        export(model, format, &options).unwrap_err().to_string()
    };
    assert!(error(&model, Format::C, "2x").starts_with("\"2x\" cannot begin the names of a C file"));
    assert!(error(&model, Format::C, "double").starts_with("\"double\" cannot begin"));
    let table = models::table();
    let rows = Arithmetic::Int8(&table);
    let options = ExportOptions { arithmetic: rows, ..ExportOptions::default() };
    let refused = export(&model, Format::Rust, &options).unwrap_err().to_string();
    assert!(refused.starts_with("rust has no form of 8 bits"), "{refused}");
    let (mut words, _) = models::hostile();
    words.columns[0].values = words.columns[1].values.clone();
    let options = ExportOptions { arithmetic: Arithmetic::Int8(&words), ..ExportOptions::default() };
    assert!(export(&model, Format::C, &options).unwrap_err().to_string().contains("\"double\" holds texts"));
    let none = table.subset(&[]);
    let options = ExportOptions { arithmetic: Arithmetic::Int8(&none), ..ExportOptions::default() };
    assert!(export(&model, Format::C, &options).unwrap_err().to_string().contains("has no rows"));
    let mut unlike = model.clone();
    unlike.members.push(model.members[0].clone());
    unlike.members[1].encoders.inputs[2].column = "another".to_owned();
    assert!(error(&unlike, Format::C, "m").contains("do not all read the column \"another\""));
    let mut unnamed = model.clone();
    unnamed.members[0].encoders.inputs[2].column = String::new();
    assert!(error(&unnamed, Format::Onnx, "m").contains("it has no name"));
    model.members[0].parameters[3] = f64::INFINITY;
    assert!(error(&model, Format::Json, "m").starts_with("the parameter hidden1.W[0][3] is inf"));
}
