//! Dropout: its masks, which nothing but seed, step, layer, place and unit decides, and its absence outside of training.

use std::collections::BTreeSet;

use chainrule::gradcheck;
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Dropout, Layer, Network};
use chainrule::objective::{Objective, Reduction};
use chainrule::random::RandomState;
use chainrule::train::{Batch, Settings, Shuffle, Training};
use chainrule::{Dataset, Scalar};

const UNITS: usize = 37;
const SHARE: f64 = 0.3;

/// Which units of hidden layer `layer` are kept for the sample at `place` of a batch of `n`.
///
/// Seen from outside: all weights are 1, and the place's sample alone has a weight, so that the gradient by a unit's
/// bias is 0 where the unit was dropped.
fn kept<T: Scalar>(dropout: Dropout, layer: usize, n: usize, place: usize) -> Vec<bool> {
    let unit = || Layer::new(UNITS, Activation::identity()).dropout(SHARE);
    let layers = vec![unit(), unit(), Layer::new(1, Activation::identity())];
    let architecture = Architecture::new(1, layers).unwrap();
    let weights = (0..n).map(|i| if i == place { T::ONE } else { T::ZERO }).collect();
    let data = Dataset::new(vec![T::ONE; n], 1, vec![T::ZERO; n], 1).unwrap().with_weights(weights).unwrap();
    let mut objective = Objective::new(&architecture, &Loss::squared_error(), &data).unwrap();
    let (parameters, rows) = (vec![T::ONE; architecture.n_parameters()], (0..n).collect::<Vec<_>>());
    let mut gradient = vec![T::ZERO; architecture.n_parameters()];
    objective.sums(&parameters, &rows, Some(&mut gradient), Some(dropout));
    architecture.bias(layer, &gradient).unwrap().iter().map(|g| *g != T::ZERO).collect()
}

#[test]
fn masks_are_the_same_in_both_precisions() {
    for (seed, step) in [(0, 0), (7, 3), (u32::MAX, u64::from(u32::MAX) + 5)] {
        let dropout = Dropout { seed, step };
        for (layer, place) in [(0, 0), (0, 63), (1, 64), (1, 129)] {
            let (single, double) =
                (kept::<f32>(dropout, layer, 130, place), kept::<f64>(dropout, layer, 130, place));
            assert_eq!(single, double);
            assert!(single.contains(&true) && single.contains(&false));
        }
    }
}

#[test]
fn a_mask_depends_on_the_place_in_the_batch_and_not_on_the_batch() {
    let dropout = Dropout { seed: 5, step: 2 };
    for place in [0, 1, 63, 64, 69] {
        // 70, 130 and 1000 samples are cut into different tiles and chunks.
        let of_70 = kept::<f64>(dropout, 0, 70, place);
        assert_eq!(of_70, kept::<f64>(dropout, 0, 130, place));
        assert_eq!(of_70, kept::<f64>(dropout, 0, 1000, place));
    }
    let with = |seed, step, layer, place| kept::<f64>(Dropout { seed, step }, layer, 130, place);
    let all = [with(5, 2, 0, 3), with(6, 2, 0, 3), with(5, 3, 0, 3), with(5, 2, 1, 3), with(5, 2, 0, 67)];
    let long = [with(5, 2 + (1 << 32), 0, 3)];
    assert_eq!(all.iter().chain(&long).collect::<BTreeSet<_>>().len(), 6, "each of the five has its part");
}

#[test]
fn the_share_is_dropped_and_the_rest_makes_good_for_it() {
    let n = 200;
    let dropout = Dropout { seed: 1, step: 0 };
    let dropped: usize =
        (0..n).map(|place| kept::<f64>(dropout, 1, n, place).iter().filter(|kept| !**kept).count()).sum();
    let (of, expected) = ((n * UNITS) as f64, (n * UNITS) as f64 * SHARE);
    let deviation = (of * SHARE * (1.0 - SHARE)).sqrt();
    assert!((dropped as f64 - expected).abs() < 4.0 * deviation, "{dropped} of {of}");

    // A linear network's mean output over many masks is its output without; the absolute error of 0 shows it.
    let layers =
        vec![Layer::new(50, Activation::identity()).dropout(SHARE), Layer::new(1, Activation::identity())];
    let architecture = Architecture::new(1, layers).unwrap();
    let network = Network::<f64>::initialize(architecture.clone(), &mut RandomState::new(2));
    let parameters: Vec<f64> = network.parameters().iter().map(|p| p.abs()).collect();
    let data = Dataset::new(vec![1.0; 400], 1, vec![0.0; 400], 1).unwrap();
    let mut objective = Objective::new(&architecture, &Loss::absolute_error(), &data).unwrap();
    let rows: Vec<usize> = (0..400).collect();
    let without = objective.value(&parameters, &rows, Reduction::Mean);
    let steps = 20;
    let mean = |step| objective.sums(&parameters, &rows, None, Some(Dropout { seed: 3, step })).loss / 400.0;
    let with = (0..steps).map(mean).sum::<f64>() / steps as f64;
    // One output's relative deviation is about sqrt(share/(1 - share)·Σc²)/Σc, some tenth, over 8,000 of them.
    assert!((with / without - 1.0).abs() < 0.006, "{with} against {without}");
}

#[test]
fn the_gradient_under_a_mask_is_the_derivative_under_that_mask() {
    let tanh = |n| Layer::new(n, Activation::tanh()).dropout(0.4);
    let layers = vec![tanh(5), tanh(6), Layer::new(2, Activation::softmax())];
    let architecture = Architecture::new(3, layers).unwrap();
    let mut random = RandomState::new(4);
    let network = Network::<f64>::initialize(architecture.clone(), &mut random);
    let x: Vec<f64> = (0..70 * 3).map(|_| random.standard_normal()).collect();
    let classes: Vec<usize> = (0..70).map(|i| i % 2).collect();
    let data = Dataset::from_classes(x, 3, &classes, 2).unwrap();
    let mut objective = Objective::new(&architecture, &Loss::cross_entropy(), &data).unwrap();
    let rows: Vec<usize> = (0..70).collect();
    let dropout = Some(Dropout { seed: 6, step: 1 });
    let mut gradient = vec![0.0; architecture.n_parameters()];
    objective.sums(network.parameters(), &rows, Some(&mut gradient), dropout);
    let value = |p: &[f64]| objective.sums(p, &rows, None, dropout).loss;
    let report = gradcheck::against(value, &gradient, network.parameters());
    assert!(report.passed(), "{report}");
}

#[test]
fn nothing_is_dropped_outside_of_training_steps() {
    let layers = |share| {
        vec![Layer::new(20, Activation::tanh()).dropout(share), Layer::new(1, Activation::logistic())]
    };
    let (with, without) =
        (Architecture::new(2, layers(0.5)).unwrap(), Architecture::new(2, layers(0.0)).unwrap());
    let mut random = RandomState::new(4);
    let x: Vec<f64> = (0..80).map(|_| random.standard_normal()).collect();
    let t = x.chunks(2).map(|x| if x[0] > x[1] { 1.0 } else { 0.0 }).collect();
    let (data, loss) = (Dataset::new(x.clone(), 2, t, 1).unwrap(), Loss::binary_cross_entropy());
    let network = Network::<f64>::initialize(with.clone(), &mut random);
    let settings =
        Settings { epochs: 3, batch: Batch::Size(7), validation_fraction: Some(0.2), ..Settings::default() };
    let mut training = Training::new(network, &loss, &data, settings, random).unwrap();
    training.run(()).unwrap();
    let parameters = training.state().parameters.clone();
    let mut training_rows = training.state().order.clone();
    training_rows.sort_unstable();
    let validation_rows: Vec<usize> = (0..40).filter(|row| !training_rows.contains(row)).collect();
    let mut plain = Objective::new(&without, &loss, &data).unwrap();
    let mut value = |rows: &[usize]| plain.value(&parameters, rows, Reduction::Mean);
    assert_eq!(training.training_loss(), value(&training_rows));
    assert_eq!(training.validation_loss(), Some(value(&validation_rows)));
    assert_eq!(training.history().epochs[2].validation_loss, Some(value(&validation_rows)));
    let bare = Network::new(without, parameters.clone()).unwrap();
    assert_eq!(training.network().predict(&x), bare.predict(&x));
    // Within a step it is dropped.
    let mut dropping = Objective::new(&with, &loss, &data).unwrap();
    let dropped = dropping.sums(&parameters, &training_rows, None, Some(Dropout { seed: 0, step: 0 })).loss;
    assert_ne!(dropped / training_rows.len() as f64, training.training_loss());
}

#[test]
fn a_step_without_an_update_draws_its_mask_too() {
    // Two batches: the first has no weight, so that the second is the second step, though the first update.
    let data = Dataset::new(vec![1.0; 4], 1, vec![0.0; 4], 1).unwrap();
    let data = data.with_weights(vec![0.0, 0.0, 1.0, 1.0]).unwrap();
    let unit = Layer::new(UNITS, Activation::identity()).dropout(SHARE);
    let architecture = Architecture::new(1, vec![unit, Layer::new(1, Activation::identity())]).unwrap();
    let network = Network::new(architecture, vec![1.0; 3 * UNITS + 1]).unwrap();
    let settings =
        Settings { batch: Batch::Size(2), shuffle: Shuffle::Never, seed: 5, ..Settings::default() };
    let loss = Loss::squared_error();
    let mut objective = Objective::new(network.architecture(), &loss, &data).unwrap();
    let expected = |step| {
        objective.sums(network.parameters(), &[2, 3], None, Some(Dropout { seed: 5, step })).loss / 2.0
    };
    let [first, second] = [0, 1].map(expected);
    let mut training = Training::new(network.clone(), &loss, &data, settings, RandomState::new(0)).unwrap();
    training.step().unwrap();
    assert_eq!(training.step().unwrap().loss, second);
    assert_ne!(first, second);
}
