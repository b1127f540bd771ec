//! Comparison of exports with their models, using a C compiler, rustc and a JSON parser. The tests
//! of ONNX and of other processors require additional tools and are ignored by default.

mod models;

use chainrule_model::{
    Arithmetic, DifferenceUnit, Export, ExportFormat, ExportOptions, Libm, Model, Precision, Tools, Verified,
    export, verify, verify_all,
};
use chainrule_table::{Table, Target};

const PRECISIONS: [Precision; 2] = [Precision::F32, Precision::F64];

/// Exports each model with a different prefix.
fn exports(format: ExportFormat, options: &ExportOptions<'_>, models: &[Model]) -> Vec<Export> {
    let export_one = |(k, model): (usize, &Model)| {
        export(model, format, &ExportOptions { prefix: format!("m{k}"), ..options.clone() }).unwrap()
    };
    models.iter().enumerate().map(export_one).collect()
}

fn verify_exports(models: &[Model], exports: &[Export], tools: &Tools, table: &Table) -> Vec<Verified> {
    let all: Vec<_> = models.iter().zip(exports).collect();
    verify_all(&all, tools, table).unwrap_or_else(|error| panic!("{error}"))
}

/// Verifies the exports of models and prints the largest difference for each precision.
fn check(format: ExportFormat, options: &ExportOptions<'_>, tools: &Tools, models: &[Model], table: &Table) {
    let verified = verify_exports(models, &exports(format, options, models), tools, table);
    assert_eq!(verified.len(), models.len());
    for precision in PRECISIONS {
        let selected = models.iter().zip(&verified).filter(|(model, _)| model.precision == precision);
        let largest = selected.clone().map(|(_, v)| v.largest_difference).fold(0.0, f64::max);
        println!(
            "{} {precision:?}: {} models, largest difference {largest:.2e}",
            format.name(),
            selected.count()
        );
    }
    for (model, verified) in models.iter().zip(verified) {
        let description = model.members[0].architecture.describe();
        // Networks of a few dozen terms agree far better than the documented tolerance.
        assert!(
            verified.largest_difference <= 0.25 * verified.tolerance.unwrap(),
            "{description} {:?}: {verified:?}",
            model.precision
        );
        let Verified { n_rows, agreeing_predictions, .. } = verified;
        assert_eq!(n_rows, table.n_rows());
        assert!(
            agreeing_predictions.is_none_or(|n| n == n_rows),
            "{description}: {agreeing_predictions:?} of {n_rows} predictions agree"
        );
    }
}

/// Checks every activation with every kind of output in both precisions, and networks with unusual
/// shapes and weights.
fn check_activations(format: ExportFormat, options: &ExportOptions<'_>, tools: &Tools) {
    let each = |precision| models::activations(precision).into_iter().chain(models::unusual(precision));
    let models: Vec<Model> = PRECISIONS.into_iter().flat_map(each).collect();
    check(format, options, tools, &models, &models::table());
}

/// Checks targets far from 0, for which a difference in single precision would be several tenths of
/// a standard deviation.
fn check_far_targets(format: ExportFormat, options: &ExportOptions<'_>, tools: &Tools) {
    let models: Vec<Model> = PRECISIONS.into_iter().flat_map(models::far_targets).collect();
    check(format, options, tools, &models, &models::table());
}

/// Checks every encoding, ensembles, and cells that did not occur in training.
fn check_encoders(format: ExportFormat, options: &ExportOptions<'_>, tools: &Tools) {
    let models: Vec<Model> = PRECISIONS.into_iter().flat_map(models::encoders).collect();
    check(format, options, tools, &models, &models::table());
    check(format, options, tools, &models, &models::unseen_table());
}

/// Checks column and category names that are difficult to express as identifiers.
fn check_hostile(format: ExportFormat, options: &ExportOptions<'_>, tools: &Tools) {
    let (table, model) = models::hostile();
    let export = export(&model, format, options).unwrap();
    let verified = verify(&model, &export, tools, &table).unwrap_or_else(|error| panic!("{error}"));
    assert!(verified.largest_difference <= 1e-5, "{verified:?}");
}

fn without_libm() -> ExportOptions<'static> {
    ExportOptions { libm: Libm::None, ..ExportOptions::default() }
}

#[test]
fn c_predicts_the_same_as_the_model() {
    for options in [ExportOptions::default(), without_libm()] {
        check_activations(ExportFormat::C, &options, &Tools::default());
        check_encoders(ExportFormat::C, &options, &Tools::default());
        check_far_targets(ExportFormat::C, &options, &Tools::default());
        check_hostile(ExportFormat::C, &options, &Tools::default());
    }
}

/// Checks that the quantisation error in the header of an 8-bit export is that of the compiled
/// code.
#[test]
fn the_reported_int8_error_is_that_of_the_compiled_code() {
    let table = models::table();
    let options = ExportOptions { arithmetic: Arithmetic::Int8(&table), ..without_libm() };
    for precision in PRECISIONS {
        let models: Vec<Model> =
            models::activations(precision).into_iter().chain(models::encoders(precision)).collect();
        let models: Vec<Model> = models.into_iter().chain(models::far_targets(precision)).collect();
        let exports = exports(ExportFormat::C, &options, &models);
        let verified = verify_exports(&models, &exports, &Tools::default(), &table);
        let mut largest = (0.0, String::new());
        for ((model, export), verified) in models.iter().zip(exports).zip(verified) {
            let description = model.members[0].architecture.describe();
            let report = export.int8.unwrap();
            let deviation = (report.largest_difference - verified.largest_difference).abs();
            // The report does not include the rounding of outputs in single precision.
            assert!(deviation <= 1e-5, "{description}: {report:?}, but {verified:?}");
            // An exponential of an exponential has too large a range for 8 bits, so only the report
            // is checked.
            if model.members[0].architecture.layers()[0].activation.name() == "exp" {
                continue;
            }
            assert!(report.largest_difference < 0.07, "{description}: {report:?}");
            assert!(report.agreeing_predictions.is_none_or(|n| n >= 55), "{description}: {report:?}");
            if report.largest_difference > largest.0 {
                largest = (report.largest_difference, description);
            }
        }
        println!("8-bit C {precision:?}: largest difference {:.1e} ({})", largest.0, largest.1);
    }
}

#[test]
fn rust_predicts_the_same_as_the_model() {
    let options = ExportOptions::default();
    check_activations(ExportFormat::Rust, &options, &Tools::default());
    check_encoders(ExportFormat::Rust, &options, &Tools::default());
    check_far_targets(ExportFormat::Rust, &options, &Tools::default());
    check_hostile(ExportFormat::Rust, &options, &Tools::default());
}

/// Compiles exported modules with every activation and encoder in a `no_std` crate.
#[test]
fn exported_rust_depends_only_on_core() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "#![no_std]\n".to_owned();
    let models = models::activations(Precision::F32).into_iter().chain(models::encoders(Precision::F64));
    for (k, model) in models.enumerate() {
        let export = export(&model, ExportFormat::Rust, &ExportOptions::default()).unwrap();
        std::fs::write(folder.path().join(format!("m{k}.rs")), export.bytes).unwrap();
        text += &format!("pub mod m{k};\n");
    }
    std::fs::write(folder.path().join("lib.rs"), text).unwrap();
    let mut rustc = std::process::Command::new(Tools::default().rustc);
    rustc.current_dir(&folder).args(["--edition", "2021", "--crate-type", "lib", "-D", "warnings", "lib.rs"]);
    let output = rustc.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The parser computes in double precision, so models in single precision agree only to single
/// precision.
#[test]
fn json_predicts_the_same_as_the_model() {
    let options = ExportOptions::default();
    check_activations(ExportFormat::Json, &options, &Tools::default());
    check_encoders(ExportFormat::Json, &options, &Tools::default());
    check_far_targets(ExportFormat::Json, &options, &Tools::default());
    check_hostile(ExportFormat::Json, &options, &Tools::default());
}

/// Requires `CHAINRULE_PYTHON` to be a Python with `onnxruntime`, `numpy` and optionally `onnx`,
/// which checks the files.
#[test]
#[ignore = "requires Python with onnxruntime"]
fn onnx_predicts_the_same_as_the_model() {
    let options = ExportOptions::default();
    check_activations(ExportFormat::Onnx, &options, &Tools::default());
    check_encoders(ExportFormat::Onnx, &options, &Tools::default());
    check_far_targets(ExportFormat::Onnx, &options, &Tools::default());
    check_hostile(ExportFormat::Onnx, &options, &Tools::default());
}

/// Runs on an emulated 32-bit processor.
#[test]
#[ignore = "requires gcc-arm-linux-gnueabihf and qemu-user"]
fn c_predicts_the_same_on_arm() {
    let tools = Tools {
        cc: "arm-linux-gnueabihf-gcc".into(),
        cc_options: vec!["-static".to_owned()],
        runner: vec!["qemu-arm".to_owned()],
        ..Tools::default()
    };
    for options in [ExportOptions::default(), without_libm()] {
        check_activations(ExportFormat::C, &options, &tools);
        check_encoders(ExportFormat::C, &options, &tools);
        check_far_targets(ExportFormat::C, &options, &tools);
        check_hostile(ExportFormat::C, &options, &tools);
    }
}

#[test]
fn the_export_of_another_model_is_detected() {
    let table = models::table();
    let [model, other] =
        [1.0, 1.5].map(|gain| models::Recipe { gain, ..models::Recipe::new(0, Precision::F32) }.make(&table));
    for format in [ExportFormat::C, ExportFormat::Rust, ExportFormat::Json] {
        let export = export(&other, format, &ExportOptions::default()).unwrap();
        let verified = verify(&model, &export, &Tools::default(), &table).unwrap();
        assert!(verified.largest_difference > 0.02, "{}: {verified:?}", format.name());
        assert!(verified.agreeing_predictions.is_some_and(|n| n < 60), "{}: {verified:?}", format.name());
    }
}

/// A minute is less than the spacing of single-precision numbers at 1.7e9, and a relative difference
/// of 3.5e-8.
#[test]
fn an_offset_of_a_minute_is_detected_in_seconds_since_1970() {
    let table = models::table();
    for model in models::far_targets(Precision::F32).into_iter().take(4) {
        let mut late = model.clone();
        let mut deviation = f64::INFINITY;
        for member in &mut late.members {
            let Target::Numbers { scales, .. } = &mut member.encoders.target else { unreachable!() };
            let [mean, of_member] = scales.last_mut().unwrap();
            *mean += 60.0;
            deviation = deviation.min(*of_member);
        }
        for format in [ExportFormat::C, ExportFormat::Rust, ExportFormat::Json] {
            let export = export(&late, format, &ExportOptions::default()).unwrap();
            let verified = verify(&model, &export, &Tools::default(), &table).unwrap();
            assert_eq!(verified.unit, DifferenceUnit::TargetDeviation);
            let expected = 60.0 / deviation;
            assert!((verified.largest_difference - expected).abs() < 1e-4, "{verified:?}, not {expected}");
            assert_eq!(verified.is_within_tolerance(), Some(false), "{verified:?}");
        }
    }
}

/// Checks the declared type of the outputs, and that it is double only for targets far from 0.
#[test]
fn outputs_are_double_only_for_targets_far_from_0() {
    let far = models::far_targets(Precision::F32);
    let near = models::Recipe::new(3, Precision::F32).make(&models::table());
    let text = |model: &Model, format| {
        let bytes = export(model, format, &ExportOptions::default()).unwrap().bytes;
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let reason = "because a target is far from 0";
    for (format, double, single) in [
        (ExportFormat::C, "double *out", "float *out"),
        (ExportFormat::Rust, "[f64; N_OUTPUTS]", "[f32; N_OUTPUTS]"),
        (ExportFormat::Onnx, "in double precision", "prediction"),
    ] {
        for model in &far {
            let text = text(model, format);
            assert!(text.contains(double) && text.contains(reason), "{}", format.name());
        }
        let text = text(&near, format);
        assert!(text.contains(single) && !text.contains(double) && !text.contains(reason), "{text}");
    }
}

/// Without a scale in the model, the unit is the standard deviation of the predictions.
#[test]
fn unscaled_targets_are_compared_in_deviations_of_the_predictions() {
    let table = models::table();
    let mut model = models::Recipe::new(3, Precision::F32).make(&table);
    let mut other = model.clone();
    for (model, offset) in [(&mut model, 0.0), (&mut other, 1.0)] {
        let member = &mut model.members[0];
        let Target::Numbers { scales, .. } = &mut member.encoders.target else { unreachable!() };
        *scales = vec![[0.0, 1.0]; 2];
        // The last parameters are the biases of the outputs.
        let n = member.parameters.len();
        member.parameters[n - 2..].fill(1000.0 + offset);
    }
    let y = model.predict(&table).unwrap().y;
    let deviation = |k: usize| {
        let y: Vec<f64> = y.iter().skip(k).step_by(2).copied().collect();
        let mean = y.iter().sum::<f64>() / y.len() as f64;
        (y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / y.len() as f64).sqrt()
    };
    let expected = 1.0 / deviation(0).min(deviation(1));
    for (export_of, expected) in [(&model, 0.0), (&other, expected)] {
        let export = export(export_of, ExportFormat::C, &ExportOptions::default()).unwrap();
        let verified = verify(&model, &export, &Tools::default(), &table).unwrap();
        assert_eq!(verified.unit, DifferenceUnit::PredictionDeviation);
        assert!((verified.largest_difference - expected).abs() < 1e-2, "{verified:?}, not {expected}");
        assert_eq!(verified.is_within_tolerance(), Some(expected == 0.0), "{verified:?}");
    }
}

#[test]
fn the_error_of_a_missing_tool_explains_its_installation() {
    let tools = Tools {
        cc: "no-such-cc".into(),
        rustc: "no-such-rustc".into(),
        python: "no-such-python".into(),
        ..Tools::default()
    };
    let (table, model) = models::hostile();
    for (format, instruction) in [
        (ExportFormat::C, "apt install gcc"),
        (ExportFormat::Rust, "rustup.rs"),
        (ExportFormat::Onnx, "pip install onnxruntime"),
    ] {
        let export = export(&model, format, &ExportOptions::default()).unwrap();
        let error = verify(&model, &export, &tools, &table).unwrap_err().to_string();
        assert!(error.starts_with("cannot run no-such-") && error.contains(instruction), "{error}");
    }
}

#[test]
fn unsupported_exports_are_refused() {
    let (_, mut model) = models::hostile();
    let error = |model: &Model, format, prefix: &str| {
        let options = ExportOptions { prefix: prefix.to_owned(), ..ExportOptions::default() };
        export(model, format, &options).unwrap_err().to_string()
    };
    assert!(
        error(&model, ExportFormat::C, "2x").starts_with("\"2x\" is not a valid prefix of C identifiers")
    );
    assert!(error(&model, ExportFormat::C, "double").starts_with("\"double\" is not a valid prefix"));
    let table = models::table();
    let options = ExportOptions { arithmetic: Arithmetic::Int8(&table), ..ExportOptions::default() };
    let refused = export(&model, ExportFormat::Rust, &options).unwrap_err().to_string();
    assert_eq!(refused, "--int8 is only supported with --to c, not with --to rust");
    let (mut text_table, _) = models::hostile();
    text_table.columns[0].values = text_table.columns[1].values.clone();
    let options = ExportOptions { arithmetic: Arithmetic::Int8(&text_table), ..ExportOptions::default() };
    assert!(
        export(&model, ExportFormat::C, &options)
            .unwrap_err()
            .to_string()
            .contains("\"double\" contains text")
    );
    let empty = table.subset(&[]);
    let options = ExportOptions { arithmetic: Arithmetic::Int8(&empty), ..ExportOptions::default() };
    assert!(export(&model, ExportFormat::C, &options).unwrap_err().to_string().contains("has no rows"));
    let mut different = model.clone();
    different.members.push(model.members[0].clone());
    different.members[1].encoders.inputs[2].column = "another".to_owned();
    assert!(error(&different, ExportFormat::C, "m").contains("do not all read the column \"another\""));
    let mut unnamed = model.clone();
    unnamed.members[0].encoders.inputs[2].column = String::new();
    assert!(error(&unnamed, ExportFormat::Onnx, "m").contains("it has no name"));
    model.members[0].parameters[3] = f64::INFINITY;
    assert!(error(&model, ExportFormat::Json, "m").starts_with("parameter hidden1.W[0][3] is inf"));
}
