//! Training as a whole: the same bits from the same seed, the order of draws and of samples, batches and rates.

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

/// Everything that draws or remembers: dropout, shuffled mini-batches with a short one, Adam, a schedule, validation.
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
    let end = |seed, settings: Settings| {
        let mut training = training(&data, settings, seed);
        assert_eq!(training.run(()), Ok(Ending::Completed));
        (bits(&training.state().parameters), timeless(training.history().epochs.clone()))
    };
    assert_eq!(end(1, settings()), end(1, settings()));
    assert_ne!(end(1, settings()).0, end(2, settings()).0);
    // The seed in the settings is dropout's: it draws other masks for the same weights and batches.
    assert_ne!(end(1, settings()).0, end(1, Settings { seed: 10, ..settings() }).0);
}

#[test]
fn a_restored_training_goes_on_to_the_same_bits() {
    let data = data::<f32>();
    let mut whole = training(&data, settings(), 1);
    let mut states = vec![whole.state().clone()];
    while whole.state().epoch < settings().epochs {
        whole.step().unwrap();
        states.push(whole.state().clone());
    }
    assert_eq!(states.len(), 6 * 4 + 1);
    assert!(states.iter().any(|state| state.schedule.factor < 1.0), "the schedule has something to remember");
    for (done, state) in states.into_iter().enumerate() {
        // Another process: started from other weights and another split, which the state replaces.
        let mut rest = training(&data, settings(), 77);
        rest.restore(state).unwrap();
        rest.run(()).unwrap();
        // Not assert_eq, which would print the generator's 624 words.
        assert!(rest.state() == whole.state(), "restored after {done} steps");
        let since = whole.history().epochs.len() - rest.history().epochs.len();
        assert_eq!(since, done / 4);
        let expected = timeless(whole.history().epochs[since..].to_vec());
        assert_eq!(timeless(rest.history().epochs.clone()), expected, "restored after {done} steps");
    }
}

#[test]
fn a_state_of_another_training_is_refused() {
    let data = data::<f64>();
    let mut adam = training(&data, settings(), 1);
    let refused = |training: &mut Training<'_, f64>, change: &dyn Fn(&mut TrainingState<f64>)| {
        let mut state = training.state().clone();
        change(&mut state);
        match training.restore(state) {
            Err(Error::StateMismatch { what, .. }) => what,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&mut adam, &|state| state.parameters.truncate(3)), "parameters");
    assert_eq!(refused(&mut adam, &|state| state.slots.truncate(1)), "optimizer vectors");
    assert_eq!(refused(&mut adam, &|state| state.slots[1].truncate(1)), "an optimizer vector's numbers");
    assert_eq!(refused(&mut adam, &|state| state.order.truncate(1)), "training rows");
    assert_eq!(refused(&mut adam, &|state| state.order[3] = N), "the data's rows, of which one is named");
    let mut state = adam.state().clone();
    state.finite[1] = f64::NAN;
    let name = adam.architecture().parameter_name(1);
    assert!(matches!(adam.restore(state), Err(Error::ParameterNotFinite { name: of, .. }) if of == name));
}

#[test]
fn a_history_of_another_training_is_refused() {
    let data = data::<f64>();
    let mut whole = training(&data, settings(), 1);
    whole.epoch().unwrap();
    let refused = |change: &dyn Fn(&mut Epoch)| {
        let mut history = whole.history().clone();
        change(&mut history.epochs[0]);
        let mut other = training(&data, settings(), 2);
        let before = other.state().clone();
        let error = other.resume(whole.state().clone(), history).unwrap_err();
        assert!(other.state() == &before, "nothing is taken of what is refused");
        match error {
            Error::StateMismatch { what, .. } => what,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&|epoch| epoch.metrics.push(0.5)), "the metrics of an epoch");
    let norms = "the layers of an epoch's gradient norms";
    assert_eq!(refused(&|epoch| epoch.gradient_norm.clear()), norms);
    assert_eq!(refused(&|epoch| epoch.dead.clear()), "the hidden layers of an epoch's dead units");
    assert_eq!(
        refused(&|epoch| epoch.saturated.push(0.0)),
        "the hidden layers of an epoch's saturated units"
    );
    let mut other = training(&data, settings(), 2);
    other.resume(whole.state().clone(), whole.history().clone()).unwrap();
    assert_eq!(other.history(), whole.history());
}

#[test]
fn the_last_short_batch_is_trained_and_weighs_by_its_rows() {
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

#[test]
fn one_stream_draws_weights_then_the_split_then_the_shuffles() {
    let data = data::<f64>();
    let training_of = |shuffle| training(&data, Settings { shuffle, ..settings() }, 5);
    let mut random = RandomState::new(5);
    let start = Network::<f64>::initialize(architecture(), &mut random);
    let permutation = random.permutation(N);
    let split = random.clone();
    let mut order = permutation[5..].to_vec();

    let mut shuffled = training_of(Shuffle::EachEpoch);
    assert_eq!(shuffled.state().parameters, start.parameters());
    assert_eq!(shuffled.state().order, order);
    let mut fixed = training_of(Shuffle::Never);
    for epoch in 0..3 {
        fixed.epoch().unwrap();
        assert_eq!(fixed.state().order, permutation[5..]);
        assert!(fixed.state().random == split, "no shuffle is drawn");
        random.shuffle(&mut order);
        shuffled.epoch().unwrap();
        assert_eq!(shuffled.state().order, order, "epoch {epoch} permutes the order before it");
        assert!(shuffled.state().random == random);
    }
}

#[test]
fn the_validation_samples_are_the_first_of_the_permutation() {
    for (n, share, expected) in [(10, 0.1, 1), (23, 0.2, 5), (25, 0.1, 3), (4, 0.7, 3)] {
        let x: Vec<f64> = (0..n).map(f64::from).collect();
        let data = Dataset::new(x.clone(), 1, x, 1).unwrap();
        let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())]).unwrap();
        let network = Network::new(line, vec![0.0, 0.0]).unwrap();
        let settings = Settings { validation_fraction: Some(share), ..Settings::default() };
        let loss = Loss::squared_error();
        let mut training = Training::new(network, &loss, &data, settings, RandomState::new(3)).unwrap();
        let permutation = RandomState::new(3).permutation(n as usize);
        let (validation, rest) = permutation.split_at(expected);
        assert_eq!(training.state().order, rest);
        // y = 0, t = the row's number: the mean of the squares says which rows they are.
        let mean = validation.iter().map(|row| (row * row) as f64).sum::<f64>() / expected as f64;
        assert!((training.validation_loss().unwrap() - mean).abs() <= 1e-14 * mean, "{n}, {share}");
    }
    let data = data::<f64>();
    let settings = Settings { validation_fraction: Some(0.96), ..settings() };
    let mut random = RandomState::new(0);
    let network = Network::initialize(architecture(), &mut random);
    let refused = Training::new(network, &Loss::cross_entropy(), &data, settings, random).err().unwrap();
    assert_eq!(
        refused.to_string(),
        "validation_fraction is 0.96, but must be small enough to leave one of the 23 samples for training"
    );
}

#[test]
fn a_full_batch_keeps_the_datas_order_and_draws_nothing() {
    let data = data::<f64>();
    let settings = Settings { batch: Batch::Full, validation_fraction: None, ..settings() };
    let mut full = training(&data, settings.clone(), 1);
    let random = full.state().random.clone();
    full.run(()).unwrap();
    assert_eq!(full.state().order, (0..N).collect::<Vec<_>>());
    assert!(full.state().random == random);
    // A mini-batch of all samples is shuffled, as in scikit-learn.
    let mut one = training(&data, Settings { batch: Batch::Size(N), ..settings }, 1);
    one.run(()).unwrap();
    assert_ne!(one.state().order, (0..N).collect::<Vec<_>>());
    assert!(one.state().random != random);
}

#[test]
fn rates_follow_the_schedules_clocks() {
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
        let of_epochs: Vec<f64> = training.history().epochs.iter().map(|epoch| epoch.learning_rate).collect();
        assert_eq!(of_epochs, [rates[2], rates[5], rates[8]], "an epoch's rate is that of its last step");
        rates
    };
    let close = |found: Vec<f64>, expected: [f64; 9]| {
        assert!(
            found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-15),
            "{found:?}, not {expected:?}"
        );
    };
    assert_eq!(rates("constant", &[]), [0.5; 9]);
    let steps: [f64; 9] = std::array::from_fn(|step| step as f64);
    close(rates("linear", &[]), steps.map(|step| 0.5 * (1.0 - step / 9.0)));
    let before = rates("linear", &[("when", "before".into())]);
    assert_eq!(before[8], 0.0, "lowered before each step, the last step has rate 0");
    close(before, steps.map(|step| 0.5 * (1.0 - (step + 1.0) / 9.0)));
    let each_epoch = [0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125];
    assert_eq!(rates("step", &[("factor", 0.5.into()), ("every", 1.0.into())]), each_epoch);
    let by_samples = rates("inverse_scaling", &[("power", 0.5.into())]);
    close(by_samples, steps.map(|step| 0.5 / ((step / 3.0).floor() * N as f64 + 1.0).sqrt()));
}

#[test]
fn f32_trains_as_f64_does_roughly() {
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

/// Three classes, lying at three corners.
fn data<T: Scalar>() -> Dataset<T> {
    let mut random = RandomState::new(100);
    let classes: Vec<usize> = (0..N).map(|i| i % 3).collect();
    let corner = [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]];
    let x: Vec<f64> =
        classes.iter().flat_map(|&class| corner[class]).map(|v| v + random.standard_normal()).collect();
    Dataset::from_classes(x, 2, &classes, 3).unwrap().cast().unwrap()
}

fn training<T: Scalar>(data: &Dataset<T>, settings: Settings, seed: u32) -> Training<'_, T> {
    let mut random = RandomState::new(seed);
    let network = Network::initialize(architecture(), &mut random);
    Training::new(network, &Loss::cross_entropy(), data, settings, random).unwrap()
}

fn bits(parameters: &[f64]) -> Vec<u64> {
    parameters.iter().map(|p| p.to_bits()).collect()
}

fn timeless(epochs: Vec<Epoch>) -> Vec<Epoch> {
    epochs.into_iter().map(|epoch| Epoch { seconds: 0.0, ..epoch }).collect()
}
