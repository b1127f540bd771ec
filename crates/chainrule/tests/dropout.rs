//! Dropout: masks that depend only on seed, step, layer, position in the batch and unit, and no
//! dropout outside of training steps.

use std::sync::Arc;

use std::collections::BTreeSet;

use chainrule::gradcheck;
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Dropout, Layer, Network};
use chainrule::objective::{Evaluate, Objective, Reduction};
use chainrule::random::RandomState;
use chainrule::train::{Batch, Settings, Shuffle, Training};
use chainrule::{Dataset, Scalar};

const UNITS: usize = 37;
const RATE: f64 = 0.3;

/// Returns the mask of hidden layer `layer` for the sample at `position` in a batch of `n`, true
/// for units that are not dropped.
///
/// The mask is derived from the gradient. All parameters are 1 and only the sample at `position`
/// has a non-zero weight, so the gradient with respect to a bias is 0 if and only if the unit is
/// dropped.
fn mask<T: Scalar>(dropout: Dropout, layer: usize, n: usize, position: usize) -> Vec<bool> {
    let unit = || Layer::new(UNITS, Activation::identity()).dropout(RATE);
    let layers = vec![unit(), unit(), Layer::new(1, Activation::identity())];
    let architecture = Architecture::new(1, layers).unwrap();
    let weights = (0..n).map(|i| if i == position { T::ONE } else { T::ZERO }).collect();
    let data = Dataset::new(vec![T::ONE; n], 1, vec![T::ZERO; n], 1).unwrap().with_weights(weights).unwrap();
    let mut objective =
        Objective::new(&architecture, &Loss::squared_error(), Arc::new(data.clone())).unwrap();
    let (parameters, rows) = (vec![T::ONE; architecture.n_parameters()], (0..n as u32).collect::<Vec<_>>());
    let mut gradient = vec![T::ZERO; architecture.n_parameters()];
    objective.sums(&parameters, &rows, Some(&mut gradient), Some(dropout)).unwrap();
    architecture.bias(layer, &gradient).unwrap().iter().map(|g| *g != T::ZERO).collect()
}

#[test]
fn masks_are_the_same_in_both_precisions() {
    for (seed, step) in [(0, 0), (7, 3), (u32::MAX, u64::from(u32::MAX) + 5)] {
        let dropout = Dropout { seed, step, factor: 1.0 };
        for (layer, position) in [(0, 0), (0, 63), (1, 64), (1, 129)] {
            let (single, double) =
                (mask::<f32>(dropout, layer, 130, position), mask::<f64>(dropout, layer, 130, position));
            assert_eq!(single, double);
            assert!(single.contains(&true) && single.contains(&false));
        }
    }
}

#[test]
fn masks_depend_on_the_position_in_the_batch_and_not_on_its_size() {
    let dropout = Dropout { seed: 5, step: 2, factor: 1.0 };
    for position in [0, 1, 63, 64, 69] {
        // 70, 130 and 1000 samples are split into different tiles and chunks.
        let expected = mask::<f64>(dropout, 0, 70, position);
        assert_eq!(expected, mask::<f64>(dropout, 0, 130, position));
        assert_eq!(expected, mask::<f64>(dropout, 0, 1000, position));
    }
    let mask =
        |seed, step, layer, position| mask::<f64>(Dropout { seed, step, factor: 1.0 }, layer, 130, position);
    let masks = [mask(5, 2, 0, 3), mask(6, 2, 0, 3), mask(5, 3, 0, 3), mask(5, 2, 1, 3), mask(5, 2, 0, 67)];
    let large_step = [mask(5, 2 + (1 << 32), 0, 3)];
    assert_eq!(
        masks.iter().chain(&large_step).collect::<BTreeSet<_>>().len(),
        6,
        "the mask depends on seed, step, layer and position"
    );
}

#[test]
fn the_dropout_rate_is_correct_and_the_other_units_are_scaled_up() {
    let n = 200;
    let dropout = Dropout { seed: 1, step: 0, factor: 1.0 };
    let n_dropped: usize =
        (0..n).map(|i| mask::<f64>(dropout, 1, n, i).iter().filter(|kept| !**kept).count()).sum();
    let (total, expected) = ((n * UNITS) as f64, (n * UNITS) as f64 * RATE);
    let deviation = (total * RATE * (1.0 - RATE)).sqrt();
    assert!((n_dropped as f64 - expected).abs() < 4.0 * deviation, "{n_dropped} of {total}");

    // The mean output of a linear network over many masks is its output without dropout. The
    // absolute error for the target 0 is the output, since all outputs are positive.
    let layers =
        vec![Layer::new(50, Activation::identity()).dropout(RATE), Layer::new(1, Activation::identity())];
    let architecture = Architecture::new(1, layers).unwrap();
    let network = Network::<f64>::initialize(architecture.clone(), &mut RandomState::new(2));
    let parameters: Vec<f64> = network.parameters().iter().map(|p| p.abs()).collect();
    let data = Dataset::new(vec![1.0; 400], 1, vec![0.0; 400], 1).unwrap();
    let mut objective =
        Objective::new(&architecture, &Loss::absolute_error(), Arc::new(data.clone())).unwrap();
    let rows: Vec<u32> = (0..400).collect();
    let without = objective.value(&parameters, &rows, Reduction::Mean).unwrap();
    let steps = 20;
    let mean = |step| {
        objective.sums(&parameters, &rows, None, Some(Dropout { seed: 3, step, factor: 1.0 })).unwrap().loss
            / 400.0
    };
    let with = (0..steps).map(mean).sum::<f64>() / steps as f64;
    // The relative standard deviation of one output is about sqrt(rate/(1 - rate)·Σc²)/Σc, roughly
    // a tenth. The mean is over 8,000 outputs.
    assert!((with / without - 1.0).abs() < 0.006, "{with} with dropout, {without} without");
}

#[test]
fn gradients_with_dropout_are_the_derivatives_for_the_same_mask() {
    let tanh = |n| Layer::new(n, Activation::tanh()).dropout(0.4);
    let layers = vec![tanh(5), tanh(6), Layer::new(2, Activation::softmax())];
    let architecture = Architecture::new(3, layers).unwrap();
    let mut random = RandomState::new(4);
    let network = Network::<f64>::initialize(architecture.clone(), &mut random);
    let x: Vec<f64> = (0..70 * 3).map(|_| random.standard_normal()).collect();
    let classes: Vec<usize> = (0..70).map(|i| i % 2).collect();
    let data = Dataset::from_classes(x, 3, &classes, 2).unwrap();
    let mut objective =
        Objective::new(&architecture, &Loss::cross_entropy(), Arc::new(data.clone())).unwrap();
    let rows: Vec<u32> = (0..70).collect();
    let dropout = Some(Dropout { seed: 6, step: 1, factor: 1.0 });
    let mut gradient = vec![0.0; architecture.n_parameters()];
    objective.sums(network.parameters(), &rows, Some(&mut gradient), dropout).unwrap();
    let value = |p: &[f64]| objective.sums(p, &rows, None, dropout).unwrap().loss;
    let report = gradcheck::against(value, &gradient, network.parameters());
    assert!(report.passed(), "{report}");
}

#[test]
fn nothing_is_dropped_outside_of_training_steps() {
    let layers =
        |rate| vec![Layer::new(20, Activation::tanh()).dropout(rate), Layer::new(1, Activation::logistic())];
    let (with, without) =
        (Architecture::new(2, layers(0.5)).unwrap(), Architecture::new(2, layers(0.0)).unwrap());
    let mut random = RandomState::new(4);
    let x: Vec<f64> = (0..80).map(|_| random.standard_normal()).collect();
    let t = x.chunks(2).map(|x| if x[0] > x[1] { 1.0 } else { 0.0 }).collect();
    let (data, loss) = (Dataset::new(x.clone(), 2, t, 1).unwrap(), Loss::binary_cross_entropy());
    let network = Network::<f64>::initialize(with.clone(), &mut random);
    let settings =
        Settings { epochs: 3, batch: Batch::Size(7), validation_fraction: Some(0.2), ..Settings::default() };
    let mut training = Training::new(network, &loss, Arc::new(data.clone()), settings, random).unwrap();
    training.run(()).unwrap();
    let parameters = training.state().parameters.clone();
    let mut training_rows = training.state().order.clone();
    training_rows.sort_unstable();
    let validation_rows: Vec<u32> = (0..40).filter(|row| !training_rows.contains(row)).collect();
    let mut objective = Objective::new(&without, &loss, Arc::new(data.clone())).unwrap();
    let mut value = |rows: &[u32]| objective.value(&parameters, rows, Reduction::Mean).unwrap();
    assert_eq!(training.training_loss().unwrap(), value(&training_rows));
    assert_eq!(training.validation_loss().unwrap(), Some(value(&validation_rows)));
    assert_eq!(training.history().epochs[2].validation_loss, Some(value(&validation_rows)));
    let network_without = Network::new(without, parameters.clone()).unwrap();
    assert_eq!(training.network().predict(&x), network_without.predict(&x));
    // With a mask, as in a training step, the loss differs.
    let mut objective = Objective::new(&with, &loss, Arc::new(data.clone())).unwrap();
    let loss = objective
        .sums(&parameters, &training_rows, None, Some(Dropout { seed: 0, step: 0, factor: 1.0 }))
        .unwrap()
        .loss;
    assert_ne!(loss / training_rows.len() as f64, training.training_loss().unwrap());
}

#[test]
fn masks_depend_on_the_step_and_not_on_the_number_of_updates() {
    // The first of two batches has weight 0, so the second is step 2 but update 1.
    let data = Dataset::new(vec![1.0; 4], 1, vec![0.0; 4], 1).unwrap();
    let data = data.with_weights(vec![0.0, 0.0, 1.0, 1.0]).unwrap();
    let unit = Layer::new(UNITS, Activation::identity()).dropout(RATE);
    let architecture = Architecture::new(1, vec![unit, Layer::new(1, Activation::identity())]).unwrap();
    let network = Network::new(architecture, vec![1.0; 3 * UNITS + 1]).unwrap();
    let settings =
        Settings { batch: Batch::Size(2), shuffle: Shuffle::Never, seed: 5, ..Settings::default() };
    let loss = Loss::squared_error();
    let mut objective = Objective::new(network.architecture(), &loss, Arc::new(data.clone())).unwrap();
    let expected = |step| {
        objective
            .sums(network.parameters(), &[2, 3], None, Some(Dropout { seed: 5, step, factor: 1.0 }))
            .unwrap()
            .loss
            / 2.0
    };
    let [first, second] = [0, 1].map(expected);
    let mut training =
        Training::new(network.clone(), &loss, Arc::new(data.clone()), settings, RandomState::new(0)).unwrap();
    training.step().unwrap();
    assert_eq!(training.step().unwrap().loss, second);
    assert_ne!(first, second);
}
