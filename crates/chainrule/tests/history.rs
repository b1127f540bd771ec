//! Observers, the recorder, cancellation, the history with its warnings, and restarts.

use std::sync::Arc;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Initializer, Layer, Network};
use chainrule::objective::{Evaluate, Objective};
use chainrule::random::RandomState;
use chainrule::train::{
    Batch, Cancel, Ending, Epoch, Observer, Recorder, Settings, Step, Training, UnitTracking, Warning,
    best_of,
};
use chainrule::{Dataset, Error};

/// Observer that records all calls and optionally stops after a step or an epoch.
#[derive(Default)]
struct CallRecorder {
    started: usize,
    steps: Vec<Step>,
    epochs: Vec<u64>,
    stop_after_step: Option<u64>,
    stop_after_epoch: Option<u64>,
}

impl Observer<f64> for CallRecorder {
    fn started(&mut self, training: &Training<f64>) {
        assert_eq!(
            training.state().step,
            self.steps.len() as u64,
            "`started` is called before the first step of a run"
        );
        self.started += 1;
    }

    fn stepped(&mut self, training: &Training<f64>, step: &Step) -> ControlFlow<()> {
        assert_eq!(training.state().step, step.step);
        self.steps.push(*step);
        stop(self.stop_after_step == Some(step.step))
    }

    fn finished_epoch(&mut self, training: &Training<f64>, epoch: &Epoch) -> ControlFlow<()> {
        assert_eq!(training.history().epochs.last(), Some(epoch));
        assert!(
            self.steps.last().unwrap().ends_epoch,
            "`finished_epoch` is called after the last step of the epoch"
        );
        self.epochs.push(epoch.epoch);
        stop(self.stop_after_epoch == Some(epoch.epoch))
    }
}

fn stop(stop: bool) -> ControlFlow<()> {
    if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

#[test]
fn observers_are_called_at_the_start_and_after_every_step_and_epoch() {
    let data = data();
    let mut calls = CallRecorder::default();
    assert_eq!(training(&data, 1).run(&mut calls), Ok(Ending::Completed));
    assert_eq!(calls.started, 1);
    assert_eq!(calls.steps.iter().map(|step| step.step).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    assert_eq!(calls.steps.iter().filter(|step| step.ends_epoch).count(), 4);
    assert_eq!(calls.epochs, [1, 2, 3, 4]);
}

#[test]
fn a_training_stopped_by_an_observer_can_be_continued() {
    let data = data();
    let mut whole = training(&data, 1);
    whole.run(()).unwrap();
    for (step, epoch, steps) in [(Some(5), None, 5), (Some(6), None, 6), (None, Some(2), 6)] {
        let mut training = training(&data, 1);
        let stopper =
            CallRecorder { stop_after_step: step, stop_after_epoch: epoch, ..CallRecorder::default() };
        let mut both = (stopper, CallRecorder::default());
        assert_eq!(training.run(&mut both), Ok(Ending::Cancelled));
        assert_eq!(
            (training.state().step, both.0.steps.len(), both.1.steps.len()),
            (steps, steps as usize, steps as usize)
        );
        let mut both = (both.1, CallRecorder { steps: both.0.steps, ..CallRecorder::default() });
        assert_eq!(training.run(&mut both), Ok(Ending::Completed));
        assert_eq!((both.0.started, both.0.steps.len(), both.1.started), (2, 12, 1));
        assert_eq!(training.state().parameters, whole.state().parameters);
    }
}

#[test]
fn cancellation_ends_a_training_after_the_current_step() {
    let (data, flag) = (data(), AtomicBool::new(false));
    let mut training = training(&data, 1);
    flag.store(true, Ordering::Relaxed);
    assert_eq!(training.run((CallRecorder::default(), Cancel(&flag))), Ok(Ending::Cancelled));
    assert_eq!(training.state().step, 1);
    flag.store(false, Ordering::Relaxed);
    assert_eq!(training.run(Cancel(&flag)), Ok(Ending::Completed));
    assert_eq!(training.state().step, 12);
}

#[test]
fn the_recorder_stores_the_start_and_every_kth_step() {
    let data = data();
    let mut stepped = training(&data, 1);
    let mut path = vec![stepped.state().parameters.clone()];
    for _ in 0..12 {
        stepped.step().unwrap();
        path.push(stepped.state().parameters.clone());
    }
    for (every, steps) in [(1, (0..=12).collect()), (5, vec![0, 5, 10]), (12, vec![0, 12]), (13, vec![0])] {
        let mut recorder = Recorder::every(every);
        let mut training = training(&data, 1);
        // The start must not be recorded again when a stopped run is continued.
        let stop = CallRecorder { stop_after_step: Some(7), ..CallRecorder::default() };
        assert_eq!(training.run((&mut recorder, stop)), Ok(Ending::Cancelled));
        assert_eq!(training.run(&mut recorder), Ok(Ending::Completed));
        assert_eq!(recorder.steps, steps);
        let expected: Vec<_> = steps.iter().map(|&step| path[step as usize].clone()).collect();
        assert_eq!(recorder.parameters, expected);
    }
}

#[test]
fn gradient_norms_are_recorded_in_the_last_step_of_an_epoch() {
    let data = data();
    let mut training = training(&data, 1);
    for _ in 0..2 {
        training.step().unwrap();
    }
    let (parameters, order) = (training.state().parameters.clone(), training.state().order.clone());
    training.step().unwrap();
    let mut objective =
        Objective::new(training.architecture(), &Loss::squared_error(), Arc::new(data.clone())).unwrap();
    let (mut gradient, last_batch) = (vec![0.0; parameters.len()], &order[8..]);
    let sums = objective.sums(&parameters, last_batch, Some(&mut gradient), None).unwrap();
    let norm = |range: std::ops::Range<usize>| {
        gradient[range].iter().map(|g| (g / sums.weight).powi(2)).sum::<f64>().sqrt()
    };
    let norms = &training.history().epochs[0].gradient_norm;
    assert_eq!((norms.len(), last_batch.len()), (2, 2));
    for (actual, expected) in norms.iter().zip([norm(0..6), norm(6..9)]) {
        assert!((actual - expected).abs() < 1e-14, "{actual}, expected {expected}");
    }
}

#[test]
fn dead_and_saturated_units_are_counted_by_layer() {
    // x ranges from -1 to 1. A ReLU with a bias of -100 is inactive for all samples. A logistic
    // unit with a weight of 100 is saturated for all samples, one with a weight of 1 for none.
    let fractions = |activation: Activation, hidden: [f64; 8]| {
        let layers = vec![
            Layer::new(4, activation.clone()),
            Layer::new(2, activation),
            Layer::new(1, Activation::identity()),
        ];
        let parameters =
            hidden.iter().copied().chain([0.1; 8]).chain([0.0; 2]).chain([0.0; 2]).chain([0.0]).collect();
        let network = Network::new(Architecture::new(1, layers).unwrap(), parameters).unwrap();
        let x: Vec<f64> = (0..301).map(|i| f64::from(i) / 150.0 - 1.0).filter(|x| x.abs() > 0.1).collect();
        let data = Dataset::new(x.clone(), 1, x, 1).unwrap();
        // The learning rate is too small to change any parameter.
        let settings = Settings { epochs: 2, learning_rate: 1e-300, ..Settings::default() };
        let mut training = Training::new(
            network,
            &Loss::squared_error(),
            Arc::new(data.clone()),
            settings,
            RandomState::new(0),
        )
        .unwrap();
        training.run(()).unwrap();
        let history = training.history().clone();
        assert_eq!(history.epochs[0].dead, history.epochs[1].dead);
        (history.epochs[1].dead.clone(), history.epochs[1].saturated.clone(), history.warnings)
    };
    let (w, b) = ([1.0, 1.0, 1.0, 1.0], [0.0, -100.0, 0.5, -100.0]);
    let hidden: [f64; 8] = std::array::from_fn(|i| if i < 4 { w[i] } else { b[i - 4] });
    let (dead, saturated, warnings) = fractions(Activation::relu(), hidden);
    assert_eq!((dead, saturated), (vec![0.5, 0.0], vec![0.0, 0.0]));
    let expected = Warning::DeadUnits { epoch: 1, layer: "hidden1".to_owned(), dead: 2, of: 4 };
    assert_eq!(warnings, [expected], "the warning is not repeated in every epoch");
    assert!(warnings[0].to_string().starts_with("epoch 1: 2 of 4 units in layer \"hidden1\" are dead"));
    assert_eq!(fractions(Activation::leaky_relu(0.1), hidden).0, [0.0, 0.0]);
    assert_eq!(
        fractions(Activation::leaky_relu(0.01), hidden).1,
        [0.5, 0.0],
        "a slope of 0.01 compared with a maximum of 1 is saturated"
    );

    let (dead, saturated, warnings) =
        fractions(Activation::logistic(), [100.0, 1.0, 1.0, 60.0, 0.0, 0.0, 900.0, 0.0]);
    assert_eq!((dead, saturated), (vec![0.25, 0.0], vec![0.5, 0.0]));
    assert_eq!(warnings.len(), 1);
}

#[test]
fn units_are_not_counted_if_tracking_is_disabled() {
    let data = data();
    let layers = vec![Layer::new(2, Activation::relu()), Layer::new(1, Activation::identity())];
    let architecture = Architecture::new(2, layers).unwrap();
    let parameters = vec![0.0, 0.0, 0.0, 0.0, -1.0, -1.0, 0.0, 0.0, 0.0];
    let dead = |track_dead_units| {
        let network = Network::new(architecture.clone(), parameters.clone()).unwrap();
        let settings = Settings { epochs: 1, track_dead_units, ..Settings::default() };
        let random = RandomState::new(0);
        let mut training =
            Training::new(network, &Loss::squared_error(), Arc::new(data.clone()), settings, random).unwrap();
        training.run(()).unwrap();
        (training.history().epochs[0].dead.clone(), training.history().warnings.len())
    };
    assert_eq!(dead(UnitTracking::EachEpoch), (vec![1.0], 1));
    assert_eq!(dead(UnitTracking::Never), (vec![0.0], 0));
}

#[test]
fn a_restored_training_tracks_units_on_the_training_rows_of_its_state() {
    // The unit is active only for the last sample, so it is dead if that is in the validation set.
    let x: Vec<f64> = (0..20).map(f64::from).collect();
    let data = Dataset::new(x.clone(), 1, x, 1).unwrap();
    let layers = vec![Layer::new(1, Activation::relu()), Layer::new(1, Activation::identity())];
    let architecture = Architecture::new(1, layers).unwrap();
    let training = |seed| {
        let network = Network::new(architecture.clone(), vec![1.0, -18.5, 1.0, 0.0]).unwrap();
        let validation_fraction = Some(0.5);
        let settings =
            Settings { epochs: 1, learning_rate: 1e-300, validation_fraction, ..Settings::default() };
        Training::new(
            network,
            &Loss::squared_error(),
            Arc::new(data.clone()),
            settings,
            RandomState::new(seed),
        )
        .unwrap()
    };
    let trains_on_last = |seed: &u32| training(*seed).state().order.contains(&19);
    let with_last = (0..100).find(trains_on_last).unwrap();
    let without_last = (0..100).find(|seed| !trains_on_last(seed)).unwrap();
    for (saved, initial, dead) in [(with_last, without_last, 0.0), (without_last, with_last, 1.0)] {
        let mut restored = training(initial);
        restored.restore(training(saved).state().clone()).unwrap();
        assert_eq!(restored.epoch().unwrap().dead, [dead]);
    }
}

#[test]
fn restarts_select_the_seed_with_the_lowest_loss() {
    let data = data();
    let (architecture, loss) = (architecture(), Loss::squared_error());
    for validation_fraction in [None, Some(0.3)] {
        let settings = Settings { validation_fraction, ..settings() };
        let start = |seed| seeded(&architecture, &loss, &data, &settings, seed);
        let train = |seed: u32| {
            let mut training = start(seed).unwrap();
            training.run(()).unwrap();
            let final_loss =
                training.validation_loss().unwrap().unwrap_or_else(|| training.training_loss().unwrap());
            (final_loss, training.state().parameters.clone())
        };
        let seeds = [3, 1, 4, 15, 9];
        let best = best_of(&seeds, 1, start, |_| ()).unwrap();
        assert_eq!(best.losses, seeds.map(|seed| (seed, train(seed).0)));
        let lowest = best.losses.iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert_eq!((best.seed, best.ending), (lowest.0, Ending::Completed));
        assert_eq!(best.best.state().parameters, train(best.seed).1);
        assert_ne!(best.seed, 3, "the test requires a best seed that is not the first");
    }
}

#[test]
fn restarts_do_not_select_a_seed_whose_loss_is_nan() {
    // If the last sample is in the validation set, y can be infinity minus infinity.
    let data = Dataset::new(vec![1.0, 0.0, 1e308], 1, vec![0.0, 0.0, 0.0], 1).unwrap();
    let hidden =
        Layer::new(2, Activation::identity()).weight_init(Initializer::uniform(-5.0, 5.0)).without_bias();
    let output = Layer::new(1, Activation::identity()).weight_init(Initializer::constant(1.0)).without_bias();
    let plane = Architecture::new(1, vec![hidden, output]).unwrap();
    let settings = Settings { epochs: 1, validation_fraction: Some(0.3), ..Settings::default() };
    let loss = Loss::absolute_error();
    let start = |seed| seeded(&plane, &loss, &data, &settings, seed);
    let final_loss = |seed: u32| {
        let mut training = start(seed).unwrap();
        training.run(()).ok().and_then(|_| training.validation_loss().unwrap())
    };
    let nan = (0..1000).find(|&seed| final_loss(seed).is_some_and(f64::is_nan)).unwrap();
    let finite = (0..1000).find(|&seed| final_loss(seed).is_some_and(f64::is_finite)).unwrap();
    for seeds in [[nan, finite], [finite, nan]] {
        let best = best_of(&seeds, 1, start, |_| ()).unwrap();
        assert_eq!(best.seed, finite);
        assert!(best.losses.contains(&(nan, f64::INFINITY)));
    }
}

#[test]
fn restarts_skip_seeds_that_diverge() {
    let data = Dataset::new(vec![1.0, 2.0], 1, vec![1.0, 1.0], 1).unwrap();
    let line =
        Architecture::new(1, vec![Layer::new(2, Activation::sine()), Layer::new(1, Activation::exp())])
            .unwrap();
    let restarts = |learning_rate, seeds: &[u32], n_threads_each, cancelled_seed| {
        let settings = Settings { epochs: 5, learning_rate, ..Settings::default() };
        let start = |seed| seeded(&line, &Loss::poisson(), &data, &settings, seed);
        let observe = |seed| CallRecorder {
            stop_after_epoch: (Some(seed) == cancelled_seed).then_some(1),
            ..Default::default()
        };
        best_of(seeds, n_threads_each, start, observe).map(|best| (best.seed, best.losses, best.ending))
    };
    let (seed, losses, _) = restarts(60.0, &[0, 1, 2, 3, 4, 5, 6, 7], 1, None).unwrap();
    assert!(losses.iter().any(|(_, loss)| *loss == f64::INFINITY), "{losses:?}");
    assert!(losses.iter().any(|(other, loss)| loss.is_finite() && *other == seed), "{losses:?}");
    assert!(matches!(restarts(1e6, &[0, 1, 2], 1, None), Err(Error::Diverged { .. })));
    // If the second of runs one after another is cancelled, the better of the two is returned.
    let (_, losses, _) = restarts(0.01, &[0, 1, 2], usize::MAX, Some(1)).unwrap();
    assert_eq!(losses.len(), 2);
}

/// Returns a training run whose weights, validation split and shuffles are drawn from a seed.
fn seeded(
    architecture: &Architecture,
    loss: &Loss,
    data: &Dataset<f64>,
    settings: &Settings,
    seed: u32,
) -> Result<Training<f64>, Error> {
    let mut random = RandomState::new(seed);
    let network = Network::initialize(architecture.clone(), &mut random);
    Training::new(network, loss, Arc::new(data.clone()), Settings { seed, ..settings.clone() }, random)
}

fn architecture() -> Architecture {
    let layers = vec![Layer::new(2, Activation::tanh()), Layer::new(1, Activation::identity())];
    Architecture::new(2, layers).unwrap()
}

fn data() -> Dataset<f64> {
    let x: Vec<f64> = (0..20).map(|i| (f64::from(i) * 1.3).sin()).collect();
    let t: Vec<f64> = x.chunks(2).map(|x| x[0] * x[1]).collect();
    Dataset::new(x, 2, t, 1).unwrap()
}

/// Returns settings that split the ten samples into batches of 4, 4 and 2.
fn settings() -> Settings {
    Settings { epochs: 4, batch: Batch::Size(4), learning_rate: 0.1, ..Settings::default() }
}

fn training(data: &Dataset<f64>, seed: u32) -> Training<f64> {
    let mut random = RandomState::new(seed);
    let network = Network::initialize(architecture(), &mut random);
    Training::new(network, &Loss::squared_error(), Arc::new(data.clone()), settings(), random).unwrap()
}
