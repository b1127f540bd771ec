//! Traces: numbers compared with the engine's gradient, renderings compared with snapshots.

use std::sync::Arc;

use chainrule::network::activation::{self, Activation};
use chainrule::network::loss::{self, Loss};
use chainrule::network::{Architecture, Layer, Network};
use chainrule::objective::{Evaluate, Objective, Reduction};
use chainrule::random::RandomState;
use chainrule::trace::{self, Slope, Trace, TraceFormat};
use chainrule::train::optimizer::{self, Optimizer};
use chainrule::train::penalty::Penalty;
use chainrule::train::{Batch, Clip, Settings, Training};
use chainrule::{Dataset, Error};

/// Returns a network of two inputs, two tanh units and one logistic output, with round weights.
fn small_network() -> Network<f64> {
    let layers = vec![Layer::new(2, Activation::tanh()), Layer::new(1, Activation::logistic())];
    let parameters = vec![0.5, -0.25, 0.75, 1.0, 0.1, -0.1, 1.5, -2.0, 0.25];
    Network::new(Architecture::new(2, layers).unwrap(), parameters).unwrap()
}

fn four_samples() -> Dataset<f64> {
    let x = vec![1.0, -0.5, 0.25, 2.0, 0.0, 1.0, -1.5, 0.5];
    Dataset::new(x, 2, vec![1.0, 0.0, 1.0, 0.0], 1).unwrap()
}

fn small_training(data: &Dataset<f64>, loss: &Loss, settings: Settings) -> Training<f64> {
    Training::new(small_network(), loss, Arc::new(data.clone()), settings, RandomState::new(0)).unwrap()
}

fn names<F>(registry: &'static [chainrule::registry::Entry<F>]) -> impl Iterator<Item = &'static str> {
    registry.iter().map(|entry| entry.name)
}

/// Returns networks with each activation and each loss, with the link of the loss and with other
/// output activations, some with frozen parameters or without biases.
fn networks() -> Vec<(Architecture, Loss)> {
    let hidden = |name| Layer::new(3, Activation::new(name, &[]).unwrap());
    let mut networks = Vec::new();
    for (k, name) in names(activation::REGISTRY).enumerate() {
        let loss = Loss::new(loss::REGISTRY[k % loss::REGISTRY.len()].name, &[]).unwrap();
        let first = if k % 3 == 0 { hidden(name).frozen_weights() } else { hidden(name) };
        let second = if k % 2 == 0 {
            Layer::new(2, Activation::tanh()).without_bias()
        } else {
            hidden(name).frozen_bias()
        };
        for output in [loss.link().activation(), Activation::softmax(), Activation::logistic()] {
            let layers = vec![first.clone(), second.clone(), Layer::new(2, output)];
            networks.push((Architecture::new(2, layers).unwrap(), loss.clone()));
        }
    }
    networks
}

fn dataset() -> Dataset<f64> {
    let x = vec![1.0, -0.5, 0.25, 2.0, 0.5, 1.0, -1.5, 0.5];
    let t = vec![1.0, 0.0, 0.0, 1.0, 0.25, 0.75, 1.0, 0.0];
    Dataset::new(x, 2, t, 2).unwrap().with_weights(vec![1.0, 0.5, 2.0, 0.25]).unwrap()
}

fn parameters(architecture: &Architecture) -> Vec<f64> {
    (0..architecture.n_parameters()).map(|k| ((k * 37 + 11) % 29) as f64 / 20.0 - 0.7).collect()
}

fn assert_close(actual: &[f64], expected: &[f64], label: &str) {
    assert_eq!(actual.len(), expected.len(), "{label}");
    for (actual, expected) in actual.iter().zip(expected) {
        assert!(
            (actual - expected).abs() <= 1e-12 * expected.abs().max(1.0),
            "{label}: {actual}, expected {expected}"
        );
    }
}

#[test]
fn gradients_agree_with_the_engine() {
    let (data, rows) = (dataset(), [3, 0, 2, 1, 0]);
    for (architecture, loss) in networks() {
        let mut objective = Objective::new(&architecture, &loss, Arc::new(data.clone())).unwrap();
        let parameters = parameters(&architecture);
        let mut gradient = vec![0.0; parameters.len()];
        let sums = objective.sums(&parameters, &rows, Some(&mut gradient), None).unwrap();
        for reduction in [Reduction::Sum, Reduction::Mean] {
            let label = format!("{}, {loss}, {reduction:?}", architecture.describe());
            let trace = Trace::new(&objective, &parameters, &rows, reduction).unwrap();
            let divisor = reduction.divisor(sums);
            let expected: Vec<f64> = gradient.iter().map(|g| g / divisor).collect();
            assert_close(&trace.gradient(), &expected, &label);
            assert_close(&[trace.total], &[sums.loss / divisor], &label);
            assert!(trace.gradient().iter().any(|g| *g != 0.0), "{label}");
        }
    }
}

#[test]
fn single_precision_is_traced_in_double_precision() {
    let (architecture, loss) = &networks()[1];
    let data = dataset();
    let single_data = data.cast::<f32>().unwrap();
    let parameters: Vec<f32> = parameters(architecture).iter().map(|p| *p as f32).collect();
    let doubled: Vec<f64> = parameters.iter().map(|p| f64::from(*p)).collect();
    let single = Objective::new(architecture, loss, Arc::new(single_data.clone())).unwrap();
    let double = Objective::new(architecture, loss, Arc::new(data.clone())).unwrap();
    let single = Trace::new(&single, &parameters, &[0, 1], Reduction::Mean).unwrap();
    let double = Trace::new(&double, &doubled, &[0, 1], Reduction::Mean).unwrap();
    assert_eq!(single.gradient(), double.gradient());
}

#[test]
fn sample_gradients_add_up_to_the_batch_gradient() {
    let data = dataset();
    for (architecture, loss) in networks() {
        let objective = Objective::new(&architecture, &loss, Arc::new(data.clone())).unwrap();
        let trace =
            Trace::new(&objective, &parameters(&architecture), &[0, 1, 2, 3], Reduction::Mean).unwrap();
        for layer in &trace.layers {
            let mut sum = vec![0.0; layer.dw.values.len()];
            for (dw, w) in layer.dw_per_sample.iter().zip(&trace.weight) {
                sum.iter_mut().zip(&dw.values).for_each(|(sum, dw)| *sum += w * dw / trace.divisor);
            }
            assert_close(&sum, &layer.dw.values, &layer.name);
        }
    }
}

#[test]
fn the_simplified_derivative_equals_the_product_of_the_factors() {
    let data = dataset();
    let mut n_simplified = 0;
    for (architecture, loss) in networks() {
        let objective = Objective::new(&architecture, &loss, Arc::new(data.clone())).unwrap();
        let trace =
            Trace::new(&objective, &parameters(&architecture), &[0, 1, 2, 3], Reduction::Mean).unwrap();
        let output = trace.output();
        assert_close(&output.slope.backward(&trace.dy).values, &output.dz.values, loss.name());
        if let Some(simplification) = &trace.simplification {
            n_simplified += 1;
            let dz = trace.y().zip(&simplification.t, |y, t| simplification.factor * (y - t));
            assert_close(&dz.values, &output.dz.values, loss.name());
        }
    }
    assert!(n_simplified >= 8, "{n_simplified}");
}

#[test]
fn softmax_has_a_jacobian_for_each_sample() {
    let architecture = Architecture::new(2, vec![Layer::new(2, Activation::softmax())]).unwrap();
    let data = dataset();
    let objective = Objective::new(&architecture, &Loss::cross_entropy(), Arc::new(data.clone())).unwrap();
    let trace = Trace::new(&objective, &[0.0; 6], &[0, 2], Reduction::Mean).unwrap();
    let Slope::Jacobian(jacobians) = &trace.output().slope else { panic!("softmax has a Jacobian") };
    assert_eq!(jacobians.len(), 2);
    assert_eq!(jacobians[1].values, [0.25, -0.25, -0.25, 0.25]);
}

#[test]
fn a_traced_step_records_its_update() {
    let data = four_samples();
    let settings = Settings { learning_rate: 0.5, ..Settings::default() };
    let mut training = small_training(&data, &Loss::binary_cross_entropy(), settings.clone());
    let trace = trace::step(&mut training, &[0, 1, 2, 3]).unwrap();
    let update = trace.update.as_ref().unwrap();
    assert_eq!(update.before, small_network().parameters());
    assert_eq!(update.after, training.state().parameters);
    assert_close(&trace.gradient(), &update.gradient, "gradient");
    assert_close(&[trace.total], &[update.loss], "loss");
    for ((p, g), after) in update.before.iter().zip(&update.gradient).zip(&update.after) {
        assert_close(&[p - 0.5 * g], &[*after], "p - rate·g");
    }

    let mut untraced = small_training(&data, &Loss::binary_cross_entropy(), settings);
    untraced.step().unwrap();
    assert_eq!(untraced.state(), training.state(), "tracing does not change the training");
}

#[test]
fn the_recorded_batch_is_that_of_the_shuffled_step() {
    let data = four_samples();
    let settings = Settings { batch: Batch::Size(3), epochs: 5, ..Settings::default() };
    let mut training = small_training(&data, &Loss::binary_cross_entropy(), settings);
    let mut rows = Vec::new();
    for step in 1..=4 {
        let before = training.state().parameters.clone();
        let update = trace::step(&mut training, &[0]).unwrap().update.unwrap();
        assert_eq!((update.step, update.batch.len()), (step, if step % 2 == 1 { 3 } else { 1 }));
        let trace = Trace::new(training.objective(), &before, &update.batch, Reduction::Mean).unwrap();
        assert_close(&trace.gradient(), &update.gradient, "gradient of the batch");
        rows.extend(update.batch);
    }
    rows[..4].sort_unstable();
    assert_eq!(rows[..4], [0, 1, 2, 3]);
}

#[test]
fn the_text_of_an_update_depends_on_the_settings() {
    let data = four_samples();
    let text = |settings: Settings, rows: &[u32]| {
        let mut training = small_training(&data, &Loss::binary_cross_entropy(), settings);
        let text = trace::step(&mut training, rows).unwrap().to_text();
        text[text.find("Update\n").unwrap()..].replace('\n', " ")
    };
    let all = [2, 0, 1, 3];
    let plain = text(Settings::default(), &all);
    assert!(plain.contains("The batch of this step consists of the samples traced above."), "{plain}");
    assert!(plain.contains("g is the derivative dL/dp for each parameter p, as computed above."), "{plain}");
    assert!(plain.contains("p' = p - rate·g"), "{plain}");

    let other = text(Settings::default(), &[0]);
    assert!(
        other.contains(
            "consists of samples 1, 2, 3, 4 of the data (counted from 1), so g is the gradient of that batch and \
             not of sample 1 alone."
        ),
        "{other}"
    );
    assert!(!other.contains("as computed above."), "{other}");

    let penalty = Penalty { l2: 0.1, ..Penalty::default() };
    let penalised = text(Settings { penalty, clip: Some(Clip::Norm(1.0)), ..Settings::default() }, &all);
    assert!(
        penalised.contains(
            "It includes the penalty on each weight (l1 = 0, l2 = 0.1). Its norm is clipped to at most 1."
        ),
        "{penalised}"
    );
    assert!(!penalised.contains("as computed above."), "{penalised}");

    let penalty = Penalty { decoupled: 0.1, ..Penalty::default() };
    let decayed = text(Settings { penalty, ..Settings::default() }, &all);
    assert!(
        decayed.contains("Weight decay is applied to each weight beforehand: p ← p·(1 - rate·0.1)."),
        "{decayed}"
    );
    assert!(!decayed.contains("p' = p - rate·g"), "{decayed}");

    let adam = text(Settings { optimizer: Optimizer::adam(), ..Settings::default() }, &all);
    assert!(adam.contains("Update rule of adam: p ← p - rate·m̂"), "{adam}");
    assert!(!adam.contains("p' = p - rate·g"), "{adam}");
}

#[test]
fn a_batch_of_total_weight_0_has_no_update() {
    let data = four_samples().with_weights(vec![0.0; 4]).unwrap();
    let mut training = small_training(&data, &Loss::binary_cross_entropy(), Settings::default());
    let trace = trace::step(&mut training, &[0, 1]).unwrap();
    assert!(!trace.update.as_ref().unwrap().happened);
    let text = trace.to_text();
    assert!(text.contains("The sample weights sum to 0, so the mean is undefined."), "{text}");
    assert!(text.contains("so there is no update."), "{text}");
}

#[test]
fn the_text_mentions_dropout_frozen_parameters_and_missing_biases() {
    let layers = vec![
        Layer::new(2, Activation::relu()).frozen_weights().frozen_bias(),
        Layer::new(2, Activation::tanh()).frozen_weights().dropout(0.5),
        Layer::new(1, Activation::identity()).without_bias(),
    ];
    let network = Network::<f64>::initialize(Architecture::new(2, layers).unwrap(), &mut RandomState::new(1));
    let data = four_samples();
    let mut training = Training::new(
        network,
        &Loss::squared_error(),
        Arc::new(data.clone()),
        Settings::default(),
        RandomState::new(0),
    )
    .unwrap();
    let text = trace::step(&mut training, &[1]).unwrap().to_text();
    for expected in [
        "Layer hidden1: 2 inputs, 2 units, relu activation. Its weights are frozen. Its bias is frozen.",
        "1 unit, identity activation. It has no bias.",
        "W_2 is frozen, so it is not updated and its derivative is not needed.",
        "Layer output has no bias.",
        "No earlier layer is trainable, so the backward pass ends here.",
        "It was computed with dropout, unlike the pass above.",
        "Frozen parameters, which are not updated: hidden1.W, hidden1.b, hidden2.W.",
        "dL/dz_3 = 2·(y - t)",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("dL/dW_1") && !text.contains("Backward pass: layer hidden1"), "{text}");
}

#[test]
fn the_text_mentions_inaccurate_factors() {
    let architecture = Architecture::new(1, vec![Layer::new(1, Activation::logistic())]).unwrap();
    let data = Dataset::new(vec![800.0], 1, vec![0.0], 1).unwrap();
    let objective =
        Objective::new(&architecture, &Loss::binary_cross_entropy(), Arc::new(data.clone())).unwrap();
    let trace = Trace::new(&objective, &[1.0, 0.0], &[0], Reduction::Mean).unwrap();
    assert_eq!(trace.output().dz.values, [1.0]);
    assert!(trace.to_text().contains("The two factors are inaccurate here"), "{trace}");
}

#[test]
fn large_matrices_are_truncated_with_a_note() {
    let layers = vec![Layer::new(20, Activation::tanh()), Layer::new(1, Activation::identity())];
    let network = Network::<f64>::initialize(Architecture::new(3, layers).unwrap(), &mut RandomState::new(1));
    let x = (0..36).map(f64::from).collect();
    let data = Dataset::new(x, 3, (0..12).map(f64::from).collect(), 1).unwrap();
    let mut training = Training::new(
        network,
        &Loss::squared_error(),
        Arc::new(data.clone()),
        Settings::default(),
        RandomState::new(0),
    )
    .unwrap();
    let rows: Vec<u32> = (0..12).collect();
    let trace = trace::step(&mut training, &rows).unwrap();
    assert_eq!((trace.layers[0].dw.n_columns, trace.layers[0].dw_per_sample.len()), (20, 12));
    let format = TraceFormat { digits: 2, limit: 4, parameters: 10, width: 80 };
    let document = trace.document(format);
    let text = document.text();
    for expected in [
        "4 of 20 columns of W_1",
        "Shown: 4 of 12 rows of x",
        "The calculation is the same for the remaining 8 samples.",
        "Only 10 of 101 trainable parameters are shown.",
    ] {
        assert!(text.replace('\n', " ").contains(expected), "{expected}: {text}");
        assert!(document.markdown().replace('`', "").contains(expected), "{expected}");
    }
    let longest = text.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(longest <= 80, "{longest}: {text}");
    assert!(document.latex().contains("\\setcounter{MaxMatrixCols}{5}"));
    let smallest = TraceFormat { digits: 0, limit: 0, parameters: 0, width: 0 };
    assert!(trace.document(smallest).text().contains("..."));
}

/// Checks that braces, `\left` and environments are balanced, that the rows of a matrix have equal
/// length, and that all characters are ASCII, for all activations, losses and optimizers.
#[test]
fn latex_is_well_formed() {
    for (architecture, loss) in networks() {
        let data = dataset();
        for name in names(optimizer::REGISTRY) {
            let optimizer = Optimizer::new(name, &[]).unwrap();
            let network = Network::new(architecture.clone(), parameters(&architecture)).unwrap();
            let settings = Settings { optimizer, ..Settings::default() };
            let mut training = Training::new(
                network,
                &loss.clone().scaled(0.5),
                Arc::new(data.clone()),
                settings,
                RandomState::new(0),
            )
            .unwrap();
            check_latex(&trace::step(&mut training, &[0, 1]).unwrap().to_latex());
        }
    }
}

fn check_latex(latex: &str) {
    if let Some(c) = latex.chars().find(|c| !c.is_ascii()) {
        panic!("{c} in {latex}");
    }
    let count = |pattern: &str| latex.matches(pattern).count();
    assert_eq!(count(r"\left"), count(r"\right") + count(r"\leftarrow"), "{latex}");
    assert_eq!(count("$") % 2, 0, "{latex}");
    assert_eq!(count("$$"), 0, "{latex}");
    let plain = latex.replace(r"\{", "").replace(r"\}", "");
    let mut depth = 0;
    for c in plain.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        assert!(depth >= 0, "{latex}");
    }
    assert_eq!(depth, 0, "{latex}");

    let mut open = Vec::new();
    for piece in latex.split('\\') {
        if let Some(rest) = piece.strip_prefix("begin{") {
            open.push(rest[..rest.find('}').unwrap()].to_owned());
        } else if let Some(rest) = piece.strip_prefix("end{") {
            assert_eq!(open.pop().as_deref(), rest.find('}').map(|end| &rest[..end]), "{latex}");
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for matrix in latex.split(r"\begin{bmatrix}").skip(1) {
        let rows = matrix[..matrix.find(r"\end{bmatrix}").unwrap()].split(r"\\");
        let lengths: Vec<usize> = rows.map(|row| row.matches('&').count()).collect();
        assert!(lengths.windows(2).all(|pair| pair[0] == pair[1]), "{lengths:?} in {matrix}");
    }
}

#[test]
fn rows_of_markdown_tables_have_equal_numbers_of_cells() {
    let data = dataset();
    for (architecture, loss) in networks() {
        let objective = Objective::new(&architecture, &loss, Arc::new(data.clone())).unwrap();
        let trace = Trace::new(&objective, &parameters(&architecture), &[0, 1], Reduction::Sum).unwrap();
        let markdown = trace.to_markdown();
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let lines: Vec<&str> = markdown.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair.iter().all(|line| line.starts_with('|'))) {
            assert_eq!(cells(pair[0]), cells(pair[1]), "{pair:?}");
        }
    }
}

#[test]
fn invalid_rows_and_parameters_are_rejected() {
    let data = four_samples();
    let network = small_network();
    let objective =
        Objective::new(network.architecture(), &Loss::squared_error(), Arc::new(data.clone())).unwrap();
    let error = |parameters: &[f64], rows: &[u32]| {
        Trace::new(&objective, parameters, rows, Reduction::Mean).unwrap_err()
    };
    assert_eq!(error(network.parameters(), &[]), Error::NoSamples);
    assert_eq!(error(&[0.0; 3], &[0]), Error::ParameterCount { expected: 9, got: 3 });
    let error = error(network.parameters(), &[0, 4]);
    insta::assert_snapshot!(error, @"there is no sample 5; choose a sample from 1 to 4");

    let mut training = small_training(&data, &Loss::squared_error(), Settings::default());
    assert!(trace::step(&mut training, &[9]).is_err());
    assert_eq!(training.state().step, 0, "a failed trace does not perform a step");
}

#[test]
fn snapshot_of_one_sample_in_a_small_network() {
    let data = four_samples().subset(&[0]);
    let settings = Settings { learning_rate: 0.5, ..Settings::default() };
    let mut training = small_training(&data, &Loss::binary_cross_entropy(), settings);
    let trace = trace::step(&mut training, &[0]).unwrap();
    insta::assert_snapshot!("small_text", trace.to_text());
    insta::assert_snapshot!("small_markdown", trace.to_markdown());
    insta::assert_snapshot!("small_latex", trace.to_latex());
}

#[test]
fn snapshot_of_a_batch_with_softmax_outputs() {
    let layers = vec![Layer::new(2, Activation::relu()), Layer::new(3, Activation::softmax())];
    let architecture = Architecture::new(2, layers).unwrap();
    let data = Dataset::from_classes(vec![1.0, -0.5, 0.25, 2.0, 0.0, 1.0], 2, &[2, 0, 1], 3).unwrap();
    let parameters: Vec<f64> = (0..15).map(|k| f64::from(k * 7 % 11) / 8.0 - 0.5).collect();
    let objective = Objective::new(&architecture, &Loss::cross_entropy(), Arc::new(data.clone())).unwrap();
    let trace = Trace::new(&objective, &parameters, &[2, 0], Reduction::Mean).unwrap();
    insta::assert_snapshot!("softmax_text", trace.to_text());
    insta::assert_snapshot!("softmax_markdown", trace.to_markdown());
    insta::assert_snapshot!("softmax_latex", trace.to_latex());
}

/// The derivative of the squared error does not cancel the slope of the logistic function.
#[test]
fn snapshot_of_the_squared_error_of_a_logistic_unit() {
    let data = four_samples();
    let mut training = small_training(
        &data,
        &Loss::squared_error(),
        Settings { optimizer: Optimizer::adam(), ..Settings::default() },
    );
    let trace = trace::step(&mut training, &[3]).unwrap();
    assert_eq!(trace.simplification, None);
    insta::assert_snapshot!("squared_error_text", trace.to_text());
    insta::assert_snapshot!("squared_error_markdown", trace.to_markdown());
    insta::assert_snapshot!("squared_error_latex", trace.to_latex());
}
