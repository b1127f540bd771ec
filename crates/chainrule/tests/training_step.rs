//! A single update with sample weights, penalties, clipping and frozen parameters, compared with
//! results calculated by hand.

use std::sync::Arc;

use chainrule::Dataset;
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Initializer, Layer, Network};
use chainrule::objective::Reduction;
use chainrule::random::RandomState;
use chainrule::train::optimizer::Optimizer;
use chainrule::train::penalty::{PenaltyDivisor, PenaltyTarget};
use chainrule::train::{Batch, Clip, Penalty, Settings, Shuffle, Training, TrainingState};

#[test]
fn integer_weights_are_equivalent_to_repeated_samples() {
    let (x, t) = ([0.5, -1.0, 2.0, 0.3, -0.7], [1.0, 0.0, 1.0, 0.0, 0.0]);
    let weighted = Dataset::new(x.to_vec(), 1, t.to_vec(), 1).unwrap();
    let weighted = weighted.with_weights(vec![1.0, 2.0, 0.0, 1.0, 3.0]).unwrap();
    let rows = [0, 1, 1, 3, 4, 4, 4];
    let repeated = Dataset::new(rows.map(|i| x[i]).to_vec(), 1, rows.map(|i| t[i]).to_vec(), 1).unwrap();
    for reduction in [Reduction::Mean, Reduction::Sum] {
        let train = |data: &Dataset<f64>| {
            let settings = Settings { epochs: 5, reduction, learning_rate: 0.3, ..Settings::default() };
            let layers = vec![Layer::new(3, Activation::tanh()), Layer::new(1, Activation::logistic())];
            let mut random = RandomState::new(2);
            let network = Network::initialize(Architecture::new(1, layers).unwrap(), &mut random);
            let loss = Loss::binary_cross_entropy();
            let mut training =
                Training::new(network, &loss, Arc::new(data.clone()), settings, random).unwrap();
            training.run(()).unwrap();
            let losses: Vec<f64> = training.history().epochs.iter().map(|epoch| epoch.loss).collect();
            (training.state().parameters.clone(), losses)
        };
        let ((parameters, losses), (expected, expected_losses)) = (train(&weighted), train(&repeated));
        assert_close(&parameters, &expected, 1e-13);
        assert_close(&losses, &expected_losses, 1e-13);
    }
}

#[test]
fn a_batch_of_total_weight_0_is_a_step_without_an_update() {
    let data = Dataset::new(vec![1.0, 2.0, 3.0, 4.0], 1, vec![1.0; 4], 1).unwrap();
    let data = data.with_weights(vec![0.0, 0.0, 1.0, 1.0]).unwrap();
    let penalty = Penalty { l2: 0.5, decoupled: 0.5, ..Penalty::default() };
    let settings = Settings {
        batch: Batch::Size(2),
        shuffle: Shuffle::Never,
        optimizer: Optimizer::adam(),
        penalty,
        ..Settings::default()
    };
    let mut training = line_training(&data, settings);
    let before = training.state().clone();
    let step = training.step().unwrap();
    assert_eq!((step.loss, step.rows, step.step), (0.0, 2, 1));
    let TrainingState { parameters, slots, updates, step, place, .. } = training.state().clone();
    assert_eq!((&parameters, &slots), (&before.parameters, &before.slots));
    assert_eq!((updates, step, place), (0, 1, 2));
    let second = training.step().unwrap();
    assert!(second.loss > 0.0 && training.state().updates == 1);
    assert_ne!(training.state().parameters, before.parameters);
    assert_eq!(
        training.history().epochs[0].loss,
        second.loss / 2.0,
        "the loss of an epoch weights batches by their rows, not by their sample weights"
    );
}

/// Returns a training run of y = w·x + b that starts at w = 3, b = -2.
fn line_training(data: &Dataset<f64>, settings: Settings) -> Training<f64> {
    let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())]).unwrap();
    let network = Network::new(line, vec![3.0, -2.0]).unwrap();
    Training::new(network, &Loss::squared_error(), Arc::new(data.clone()), settings, RandomState::new(0))
        .unwrap()
}

#[test]
fn penalties_are_added_as_they_are_or_divided_by_the_batch_weight() {
    // Four samples, one of weight 2 and one of weight 0: y = 3x - 2, residuals 1, 3, 6, 0.
    let data = Dataset::new(vec![1.0, 2.0, 3.0, 0.0], 1, vec![0.0, 1.0, 1.0, 1.0], 1).unwrap();
    let data = data.with_weights(vec![1.0, 2.0, 1.0, 0.0]).unwrap();
    let (sum, weight) = (1.0 + 2.0 * 9.0 + 36.0, 4.0);
    let (dw, db) = (2.0 * (1.0 + 2.0 * 3.0 * 2.0 + 6.0 * 3.0), 2.0 * (1.0 + 2.0 * 3.0 + 6.0));
    let (l1, l2, w, b) = (0.3, 0.7, 3.0, -2.0_f64);
    let (penalty_w, slope_w) = (l1 * w + l2 / 2.0 * w * w, l1 + l2 * w);
    let (penalty_b, slope_b) = (l1 * b.abs() + l2 / 2.0 * b * b, -l1 + l2 * b);
    for (divisor, scale) in [(PenaltyDivisor::None, 1.0), (PenaltyDivisor::BatchWeight, weight)] {
        for (applies_to, penalty_b, slope_b) in
            [(PenaltyTarget::Weights, 0.0, 0.0), (PenaltyTarget::All, penalty_b, slope_b)]
        {
            let settings = |reduction| Settings {
                penalty: Penalty { l1, l2, divisor, applies_to, ..Penalty::default() },
                reduction,
                ..Settings::default()
            };
            let mut mean = line_training(&data, settings(Reduction::Mean));
            let loss = mean.step().unwrap().loss;
            assert_close(&[loss], &[sum / weight + (penalty_w + penalty_b) / scale], 1e-14);
            let gradient = [dw / weight + slope_w / scale, db / weight + slope_b / scale];
            assert_close(&mean.state().parameters, &[w - 0.01 * gradient[0], b - 0.01 * gradient[1]], 1e-14);
            assert_eq!(mean.history().epochs[0].loss, loss, "the loss in the history includes the penalty");
            // A summed loss has no divisor, so both settings have the same result.
            let mut total = line_training(&data, settings(Reduction::Sum));
            assert_close(&[total.step().unwrap().loss], &[sum + penalty_w + penalty_b], 1e-14);
            assert_close(
                &total.state().parameters,
                &[w - 0.01 * (dw + slope_w), b - 0.01 * (db + slope_b)],
                1e-14,
            );
            // `training_loss` does not include the penalty.
            let unpenalised = line_training(&data, Settings::default()).training_loss();
            assert_eq!(line_training(&data, settings(Reduction::Mean)).training_loss(), unpenalised);
        }
    }
}

#[test]
fn decoupled_decay_is_applied_before_the_step_and_not_part_of_the_loss() {
    let data = Dataset::new(vec![1.0], 1, vec![0.0], 1).unwrap();
    let step = |optimizer: Optimizer, penalty: Penalty| {
        let settings = Settings { optimizer, penalty, learning_rate: 0.1, ..Settings::default() };
        let mut training = line_training(&data, settings);
        (training.step().unwrap().loss, training.state().parameters.clone())
    };
    // y = 1: loss 1, gradient 2 for both.
    let penalty = Penalty { decoupled: 0.5, ..Penalty::default() };
    let (loss, parameters) = step(Optimizer::sgd(), penalty);
    assert_eq!(loss, 1.0);
    assert_close(&parameters, &[3.0 * (1.0 - 0.1 * 0.5) - 0.2, -2.0 - 0.2], 1e-15);
    let (_, parameters) = step(Optimizer::sgd(), Penalty { applies_to: PenaltyTarget::All, ..penalty });
    assert_close(&parameters, &[3.0 * 0.95 - 0.2, -2.0 * 0.95 - 0.2], 1e-15);
    // The weight decay of AdamW and that of the penalty add up. The first step of Adam has the size
    // of the learning rate, regardless of the gradient.
    let adamw = Optimizer::new("adamw", &[("weight_decay", 0.25.into())]).unwrap();
    let (_, parameters) = step(adamw, penalty);
    assert_close(&parameters, &[3.0 * (1.0 - 0.1 * 0.75) - 0.1, -2.0 - 0.1], 1e-8);
}

#[test]
fn clipping_changes_the_step_but_not_the_recorded_norm() {
    let data = Dataset::new(vec![3.0], 1, vec![2.0], 1).unwrap();
    // y = 7, so the gradient is 2·5·(3, 1), with the norm 10·√10.
    let clipped = |clip| {
        let mut training = line_training(&data, Settings { clip, ..Settings::default() });
        training.epoch().unwrap();
        let norms = &training.history().epochs[0].gradient_norm;
        assert_close(norms, &[10.0 * 10.0_f64.sqrt()], 1e-14);
        training.state().parameters.clone()
    };
    let root = 10.0_f64.sqrt();
    assert_close(&clipped(None), &[3.0 - 0.3, -2.0 - 0.1], 1e-15);
    assert_close(&clipped(Some(Clip::Norm(5.0))), &[3.0 - 0.05 * 3.0 / root, -2.0 - 0.05 / root], 1e-15);
    assert_close(&clipped(Some(Clip::Norm(32.0))), &[3.0 - 0.3, -2.0 - 0.1], 1e-15);
    assert_close(&clipped(Some(Clip::Value(12.0))), &[3.0 - 0.12, -2.0 - 0.1], 1e-15);
}

#[test]
fn frozen_parameters_are_bit_identical_after_training() {
    let uniform = || Initializer::uniform(-1.0, 1.0);
    let layer = |n, activation| Layer::new(n, activation).weight_init(uniform()).bias_init(uniform());
    let layers = vec![
        layer(4, Activation::tanh()).frozen_weights(),
        layer(3, Activation::tanh()).without_bias(),
        layer(2, Activation::tanh()).frozen_weights().frozen_bias(),
        layer(1, Activation::identity()).frozen_bias(),
    ];
    let architecture = Architecture::new(2, layers).unwrap();
    assert_eq!(architecture.n_parameters(), (8 + 4) + 12 + (6 + 2) + (2 + 1));
    let blocks = [(0, false), (0, true), (1, true), (2, false), (2, false), (3, true), (3, false)];
    assert_eq!(architecture.blocks().len(), blocks.len());
    let x: Vec<f64> = (0..20).map(|i| f64::from(i).sin()).collect();
    let t: Vec<f64> = (0..10).map(|i| f64::from(i).cos()).collect();
    let data = Dataset::new(x, 2, t, 1).unwrap();
    let momentum = Optimizer::sgd_with_momentum(0.9);
    for optimizer in [Optimizer::adam(), Optimizer::new("adamw", &[]).unwrap(), momentum] {
        let penalty = Penalty {
            l1: 0.1,
            l2: 0.1,
            decoupled: 0.1,
            applies_to: PenaltyTarget::All,
            ..Penalty::default()
        };
        let (batch, clip) = (Batch::Size(3), Some(Clip::Norm(0.1)));
        let settings = Settings { epochs: 5, batch, optimizer, penalty, clip, ..Settings::default() };
        let mut random = RandomState::new(8);
        let network = Network::initialize(architecture.clone(), &mut random);
        let start: Vec<f64> = network.parameters().to_vec();
        let mut training =
            Training::new(network, &Loss::squared_error(), Arc::new(data.clone()), settings, random).unwrap();
        training.run(()).unwrap();
        let end = &training.state().parameters;
        for (block, (layer, is_trainable)) in architecture.blocks().iter().zip(blocks) {
            assert_eq!(block.layer, layer);
            for i in block.range.clone() {
                assert_eq!(
                    start[i].to_bits() != end[i].to_bits(),
                    is_trainable,
                    "{}",
                    architecture.parameter_name(i)
                );
            }
        }
    }
}

#[test]
fn a_completely_frozen_network_does_not_change() {
    let layers = vec![Layer::new(1, Activation::identity()).frozen_weights().frozen_bias()];
    let network = Network::new(Architecture::new(1, layers).unwrap(), vec![3.0, -2.0]).unwrap();
    let data = Dataset::new(vec![1.0], 1, vec![0.0], 1).unwrap();
    let settings = Settings { epochs: 2, ..Settings::default() };
    let mut training =
        Training::new(network, &Loss::squared_error(), Arc::new(data.clone()), settings, RandomState::new(0))
            .unwrap();
    training.run(()).unwrap();
    assert_eq!(training.state().parameters, [3.0, -2.0]);
    assert_eq!(
        (training.history().epochs[1].loss, &training.history().epochs[1].gradient_norm[..]),
        (1.0, &[0.0][..])
    );
}

fn assert_close(actual: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len());
    for (a, e) in actual.iter().zip(expected) {
        assert!((a - e).abs() <= tolerance * e.abs().max(1e-3), "{actual:?}, expected {expected:?}");
    }
}
