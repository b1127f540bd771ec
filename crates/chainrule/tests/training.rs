//! Complete training runs: reproducibility, resuming, the order of random draws and of samples,
//! batches and learning rates.

use std::sync::Arc;

use chainrule::Dataset;
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Initializer, Layer, Network};
use chainrule::objective::Reduction;
use chainrule::random::RandomState;
use chainrule::train::optimizer::Optimizer;
use chainrule::train::schedule::Schedule;
use chainrule::train::{Batch, Ending, Epoch, Settings, Shuffle, Step, Training, TrainingState};
use chainrule::{Error, Scalar};

const N: usize = 23;

/// Returns settings with random draws and state: shuffled mini-batches with a shorter last one,
/// Adam, a schedule and validation (and dropout in the architecture).
fn settings() -> Settings {
    Settings {
        epochs: 6,
        batch: Batch::Size(5),
        optimizer: Optimizer::adam(),
        learning_rate: 0.05,
        schedule: Schedule::new("reduce_on_plateau", &[("patience", 0.0.into())]).unwrap(),
        validation_fraction: Some(0.2),
        seed: 9,
        ..Settings::default()
    }
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let data = data::<f64>();
    let train = |seed, settings: Settings| {
        let mut training = training(&data, settings, seed);
        assert_eq!(training.run(()), Ok(Ending::Completed));
        (bits(&training.state().parameters), without_times(training.history().epochs.clone()))
    };
    assert_eq!(train(1, settings()), train(1, settings()));
    assert_ne!(train(1, settings()).0, train(2, settings()).0);
    // The seed in the settings only affects the dropout masks, not the weights and batches.
    assert_ne!(train(1, settings()).0, train(1, Settings { seed: 10, ..settings() }).0);
}

#[test]
fn a_restored_training_ends_with_the_same_bits() {
    let data = data::<f32>();
    let mut whole = training(&data, settings(), 1);
    let mut states = vec![whole.state().clone()];
    while whole.state().epoch < settings().epochs {
        whole.step().unwrap();
        states.push(whole.state().clone());
    }
    assert_eq!(states.len(), 6 * 4 + 1);
    assert!(states.iter().any(|state| state.schedule.factor < 1.0), "the schedule changes the learning rate");
    for (steps, state) in states.into_iter().enumerate() {
        // Another seed gives other weights and another split, which the state replaces.
        let mut resumed = training(&data, settings(), 77);
        resumed.restore(state).unwrap();
        resumed.run(()).unwrap();
        // `assert_eq` would print the 624 words of the random number generator.
        assert!(resumed.state() == whole.state(), "restored after {steps} steps");
        let first = whole.history().epochs.len() - resumed.history().epochs.len();
        assert_eq!(first, steps / 4);
        let expected = without_times(whole.history().epochs[first..].to_vec());
        assert_eq!(without_times(resumed.history().epochs.clone()), expected, "restored after {steps} steps");
    }
}

#[test]
fn a_state_of_another_training_is_rejected() {
    let data = data::<f64>();
    let mut adam = training(&data, settings(), 1);
    let mismatch = |training: &mut Training<f64>, change: &dyn Fn(&mut TrainingState<f64>)| {
        let mut state = training.state().clone();
        change(&mut state);
        match training.restore(state) {
            Err(Error::StateMismatch { what, .. }) => what,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(mismatch(&mut adam, &|state| state.parameters.truncate(3)), "number of parameters");
    assert_eq!(mismatch(&mut adam, &|state| state.slots.truncate(1)), "number of optimizer state vectors");
    assert_eq!(
        mismatch(&mut adam, &|state| state.slots[1].truncate(1)),
        "length of an optimizer state vector"
    );
    assert_eq!(mismatch(&mut adam, &|state| state.order.truncate(1)), "number of training rows");
    assert_eq!(
        mismatch(&mut adam, &|state| state.order[3] = N as u32),
        "upper bound (exclusive) of the row indices"
    );
    let mut state = adam.state().clone();
    state.finite[1] = f64::NAN;
    let expected = adam.architecture().parameter_name(1);
    assert!(matches!(adam.restore(state), Err(Error::ParameterNotFinite { name, .. }) if name == expected));
}

#[test]
fn a_history_of_another_training_is_rejected() {
    let data = data::<f64>();
    let mut whole = training(&data, settings(), 1);
    whole.epoch().unwrap();
    let mismatch = |change: &dyn Fn(&mut Epoch)| {
        let mut history = whole.history().clone();
        change(&mut history.epochs[0]);
        let mut other = training(&data, settings(), 2);
        let before = other.state().clone();
        let error = other.resume(whole.state().clone(), history).unwrap_err();
        assert!(other.state() == &before, "a failed call must not change the training");
        match error {
            Error::StateMismatch { what, .. } => what,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(mismatch(&|epoch| epoch.metrics.push(0.5)), "number of metrics in the history");
    let norms = "number of gradient norms in the history";
    assert_eq!(mismatch(&|epoch| epoch.gradient_norm.clear()), norms);
    assert_eq!(mismatch(&|epoch| epoch.dead.clear()), "number of dead-unit fractions in the history");
    assert_eq!(
        mismatch(&|epoch| epoch.saturated.push(0.0)),
        "number of saturated-unit fractions in the history"
    );
    let mut other = training(&data, settings(), 2);
    other.resume(whole.state().clone(), whole.history().clone()).unwrap();
    assert_eq!(other.history(), whole.history());
}

#[test]
fn a_shorter_last_batch_is_trained_and_weighted_by_its_rows() {
    let data = data::<f64>();
    for (reduction, batch) in
        [(Reduction::Mean, 5), (Reduction::Sum, 5), (Reduction::Mean, 22), (Reduction::Mean, 40)]
    {
        let batch = Batch::Size(batch);
        let settings = Settings { batch, reduction, validation_fraction: None, ..settings() };
        let mut training = training(&data, settings, 1);
        let mut steps: Vec<Step> = Vec::new();
        while steps.last().is_none_or(|step| !step.ends_epoch) {
            let before = training.state().parameters.clone();
            steps.push(training.step().unwrap());
            assert_ne!(training.state().parameters, before);
        }
        let rows: Vec<usize> = steps.iter().map(|step| step.rows).collect();
        let expected = match batch {
            Batch::Size(5) => vec![5, 5, 5, 5, 3],
            Batch::Size(22) => vec![22, 1],
            _ => vec![N],
        };
        assert_eq!(rows, expected);
        assert_eq!(training.steps_per_epoch(), rows.len() as u64);
        assert_eq!(training.state().updates, rows.len() as u64);
        let loss = match reduction {
            Reduction::Sum => steps.iter().map(|step| step.loss).sum::<f64>(),
            Reduction::Mean => steps.iter().map(|step| step.loss * step.rows as f64).sum::<f64>() / N as f64,
        };
        assert_eq!(training.history().epochs[0].loss, loss);
    }
}

fn rows(permutation: &[usize]) -> Vec<u32> {
    permutation.iter().map(|row| *row as u32).collect()
}

#[test]
fn weights_split_and_shuffles_are_drawn_from_one_stream_in_this_order() {
    let data = data::<f64>();
    let with_shuffle = |shuffle| training(&data, Settings { shuffle, ..settings() }, 5);
    let mut random = RandomState::new(5);
    let start = Network::<f64>::initialize(architecture(), &mut random);
    let permutation = rows(&random.permutation(N));
    let split = random.clone();
    let mut order = permutation[5..].to_vec();

    let mut shuffled = with_shuffle(Shuffle::EachEpoch);
    assert_eq!(shuffled.state().parameters, start.parameters());
    assert_eq!(shuffled.state().order, order);
    let mut fixed = with_shuffle(Shuffle::Never);
    for epoch in 0..3 {
        fixed.epoch().unwrap();
        assert_eq!(fixed.state().order, permutation[5..]);
        assert!(fixed.state().random == split, "a disabled shuffle does not draw random numbers");
        random.shuffle(&mut order);
        shuffled.epoch().unwrap();
        assert_eq!(shuffled.state().order, order, "epoch {epoch} shuffles the previous order");
        assert!(shuffled.state().random == random);
    }
}

#[test]
fn the_validation_set_is_the_start_of_the_permutation() {
    for (n, fraction, expected) in [(10, 0.1, 1), (23, 0.2, 5), (25, 0.1, 3), (4, 0.7, 3)] {
        let x: Vec<f64> = (0..n).map(f64::from).collect();
        let data = Dataset::new(x.clone(), 1, x, 1).unwrap();
        let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())]).unwrap();
        let network = Network::new(line, vec![0.0, 0.0]).unwrap();
        let settings = Settings { validation_fraction: Some(fraction), ..Settings::default() };
        let loss = Loss::squared_error();
        let mut training =
            Training::new(network, &loss, Arc::new(data.clone()), settings, RandomState::new(3)).unwrap();
        let permutation = rows(&RandomState::new(3).permutation(n as usize));
        let (validation, rest) = permutation.split_at(expected);
        assert_eq!(training.state().order, rest);
        // y = 0 and t is the row number, so the mean squared error identifies the rows.
        let mean = validation.iter().map(|row| f64::from(row * row)).sum::<f64>() / expected as f64;
        assert!(
            (training.validation_loss().unwrap().unwrap() - mean).abs() <= 1e-14 * mean,
            "{n}, {fraction}"
        );
    }
    let data = data::<f64>();
    let settings = Settings { validation_fraction: Some(0.96), ..settings() };
    let mut random = RandomState::new(0);
    let network = Network::initialize(architecture(), &mut random);
    let error = Training::new(network, &Loss::cross_entropy(), Arc::new(data.clone()), settings, random)
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "validation_fraction is 0.96, but must be small enough to leave at least one of the 23 samples for training"
    );
}

#[test]
fn full_batches_are_not_shuffled() {
    let data = data::<f64>();
    let settings = Settings { batch: Batch::Full, validation_fraction: None, ..settings() };
    let mut full = training(&data, settings.clone(), 1);
    let random = full.state().random.clone();
    full.run(()).unwrap();
    assert_eq!(full.state().order, (0..N as u32).collect::<Vec<_>>());
    assert!(full.state().random == random);
    // A mini-batch of all samples is shuffled, as in scikit-learn.
    let mut mini_batch = training(&data, Settings { batch: Batch::Size(N), ..settings }, 1);
    mini_batch.run(()).unwrap();
    assert_ne!(mini_batch.state().order, (0..N as u32).collect::<Vec<_>>());
    assert!(mini_batch.state().random != random);
}

#[test]
fn learning_rates_follow_the_schedule_by_step_epoch_or_sample() {
    let data = data::<f64>();
    let rates = |name: &str, given: &[(&str, chainrule::registry::OptionValue)]| -> Vec<f64> {
        let schedule = Schedule::new(name, given).unwrap();
        let settings = Settings {
            epochs: 3,
            batch: Batch::Size(8),
            schedule,
            learning_rate: 0.5,
            validation_fraction: None,
            ..settings()
        };
        let mut training = training(&data, settings, 1);
        let rates: Vec<f64> = (0..9).map(|_| training.step().unwrap().learning_rate).collect();
        let by_epoch: Vec<f64> = training.history().epochs.iter().map(|epoch| epoch.learning_rate).collect();
        assert_eq!(
            by_epoch,
            [rates[2], rates[5], rates[8]],
            "the learning rate of an epoch is that of its last step"
        );
        rates
    };
    let assert_close = |actual: Vec<f64>, expected: [f64; 9]| {
        assert!(
            actual.iter().zip(expected).all(|(a, e)| (a - e).abs() < 1e-15),
            "{actual:?}, expected {expected:?}"
        );
    };
    assert_eq!(rates("constant", &[]), [0.5; 9]);
    let steps: [f64; 9] = std::array::from_fn(|step| step as f64);
    assert_close(rates("linear", &[]), steps.map(|step| 0.5 * (1.0 - step / 9.0)));
    let before = rates("linear", &[("when", "before".into())]);
    assert_eq!(before[8], 0.0, "if it is updated before each step, the last learning rate is 0");
    assert_close(before, steps.map(|step| 0.5 * (1.0 - (step + 1.0) / 9.0)));
    let by_epoch = [0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125];
    assert_eq!(rates("step", &[("factor", 0.5.into()), ("every", 1.0.into())]), by_epoch);
    let by_sample = rates("inverse_scaling", &[("power", 0.5.into())]);
    assert_close(by_sample, steps.map(|step| 0.5 / ((step / 3.0).floor() * N as f64 + 1.0).sqrt()));
}

#[test]
fn losses_in_f32_and_f64_are_close() {
    fn losses<T: Scalar>() -> Vec<f64> {
        let (data, settings) = (data::<T>(), Settings { schedule: Schedule::constant(), ..settings() });
        let mut training = training(&data, settings, 1);
        training.run(()).unwrap();
        training.history().epochs.iter().map(|epoch| epoch.loss).collect()
    }
    let (single, double) = (losses::<f32>(), losses::<f64>());
    assert_ne!(single, double);
    assert!(single.iter().zip(&double).all(|(s, d)| (s - d).abs() < 1e-4 * d), "{single:?} {double:?}");
    assert!(double[5] < 0.8 * double[0], "{double:?}");
}

fn architecture() -> Architecture {
    let layers = vec![
        Layer::new(6, Activation::tanh()).dropout(0.3),
        Layer::new(4, Activation::relu()).bias_init(Initializer::uniform(-0.1, 0.1)),
        Layer::new(3, Activation::softmax()),
    ];
    Architecture::new(2, layers).unwrap()
}

/// Returns samples of three classes around three corners.
fn data<T: Scalar>() -> Dataset<T> {
    let mut random = RandomState::new(100);
    let classes: Vec<usize> = (0..N).map(|i| i % 3).collect();
    let corner = [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]];
    let x: Vec<f64> =
        classes.iter().flat_map(|&class| corner[class]).map(|v| v + random.standard_normal()).collect();
    Dataset::from_classes(x, 2, &classes, 3).unwrap().cast().unwrap()
}

fn training<T: Scalar>(data: &Dataset<T>, settings: Settings, seed: u32) -> Training<T> {
    let mut random = RandomState::new(seed);
    let network = Network::initialize(architecture(), &mut random);
    Training::new(network, &Loss::cross_entropy(), Arc::new(data.clone()), settings, random).unwrap()
}

fn bits(parameters: &[f64]) -> Vec<u64> {
    parameters.iter().map(|p| p.to_bits()).collect()
}

fn without_times(epochs: Vec<Epoch>) -> Vec<Epoch> {
    epochs.into_iter().map(|epoch| Epoch { seconds: 0.0, ..epoch }).collect()
}
