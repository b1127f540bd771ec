//! How training ends: early stopping, restored best weights, divergence.

use std::sync::Arc;

use std::ops::ControlFlow;

use chainrule::Dataset;
use chainrule::Error;
use chainrule::metrics::Metric;
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Initializer, Layer, Network};
use chainrule::random::RandomState;
use chainrule::train::optimizer::Optimizer;
use chainrule::train::schedule::Schedule;
use chainrule::train::{
    Batch, Ending, Epoch, Monitor, Observer, Recorder, Settings, Stopping, Training, TrainingState,
};

#[test]
fn patience_allows_as_many_epochs_as_in_scikit_learn() {
    // y = w with the loss |y|, which falls by the learning rate, 1/64, per epoch; both are exact.
    let epochs = |tol: f64, patience| {
        let stopping = Some(Stopping { monitor: Monitor::Loss, patience, tol });
        let settings = Settings { epochs: 40, learning_rate: 0.015625, stopping, ..Settings::default() };
        let mut training = descent(settings);
        let ending = training.run(()).unwrap();
        (training.history().epochs.len(), ending)
    };
    // The first epoch is always an improvement. After it, scikit-learn stops when the number of
    // epochs without improvement exceeds n_iter_no_change.
    assert_eq!(epochs(1.0, 3), (1 + 3 + 1, Ending::Stopped));
    assert_eq!(epochs(1.0, 10), (1 + 10 + 1, Ending::Stopped));
    assert_eq!(epochs(1.0, 0), (2, Ending::Stopped));
    // An improvement of exactly tol counts. A smaller one does not, although the best loss is still
    // updated.
    assert_eq!(epochs(0.015625, 3), (40, Ending::Completed));
    assert_eq!(epochs(0.015626, 3), (5, Ending::Stopped));
}

#[test]
fn a_constant_loss_is_an_improvement_of_0() {
    let stopping = |tol| Some(Stopping { monitor: Monitor::Loss, patience: 2, tol });
    let settings =
        |tol| Settings { epochs: 20, learning_rate: 1e-30, stopping: stopping(tol), ..Settings::default() };
    assert_eq!(descent(settings(0.0)).run(()), Ok(Ending::Completed));
    assert_eq!(descent(settings(1e-9)).run(()), Ok(Ending::Stopped));
}

/// Observer that records the state after each epoch.
struct States(Vec<TrainingState<f64>>);

impl Observer<f64> for States {
    fn finished_epoch(&mut self, training: &Training<f64>, _epoch: &Epoch) -> ControlFlow<()> {
        self.0.push(training.state().clone());
        ControlFlow::Continue(())
    }
}

#[test]
fn an_adaptive_rate_is_reduced_before_training_stops() {
    // Only the first epoch is an improvement by tol. With a patience of 1, every second epoch
    // reduces the rate, until it is at most 0.001.
    let schedule = Schedule::new("adaptive", &[("divisor", 4.0.into()), ("min_rate", 0.001.into())]).unwrap();
    let stopping = Some(Stopping { monitor: Monitor::Loss, patience: 1, tol: 1.0 });
    let settings =
        Settings { epochs: 40, learning_rate: 0.015625, stopping, schedule, ..Settings::default() };
    let (mut states, mut whole) = (States(Vec::new()), descent(settings.clone()));
    assert_eq!(whole.run(&mut states), Ok(Ending::Stopped));
    let rates: Vec<f64> = whole.history().epochs.iter().map(|epoch| 64.0 * epoch.learning_rate).collect();
    assert_eq!(rates, [1.0, 1.0, 1.0, 0.25, 0.25, 0.0625, 0.0625]);
    for (epoch, state) in (1..).zip(states.0) {
        let mut resumed = descent(settings.clone());
        resumed.restore(state).unwrap();
        assert_eq!(resumed.run(()), Ok(Ending::Stopped));
        assert_eq!((epoch + resumed.history().epochs.len(), resumed.state()), (7, whole.state()));
    }
    // Fewer epochs end training before the rate is reduced for the last time.
    assert_eq!(descent(Settings { epochs: 6, ..settings.clone() }).run(()), Ok(Ending::Completed));

    let error = Settings { stopping: None, ..settings }.check().unwrap_err();
    assert_eq!(
        error.to_string(),
        "schedule is adaptive, but must be another schedule, since it depends on early stopping, which is not set \
         (set stopping)"
    );
}

#[test]
fn a_resumed_training_stops_in_the_same_epoch() {
    let stopping = Some(Stopping { monitor: Monitor::Loss, patience: 3, tol: 1.0 });
    let settings = Settings { epochs: 40, learning_rate: 0.015625, stopping, ..Settings::default() };
    let mut states = States(Vec::new());
    let mut whole = descent(settings.clone());
    assert_eq!(whole.run(&mut states).unwrap(), Ending::Stopped);
    assert_eq!(states.0.len(), 5);
    for (epoch, state) in (1..).zip(states.0) {
        let mut resumed = descent(settings.clone());
        resumed.restore(state).unwrap();
        assert_eq!(resumed.run(()).unwrap(), Ending::Stopped);
        assert_eq!((epoch + resumed.history().epochs.len(), resumed.state()), (5, whole.state()));
    }
}

#[test]
fn metrics_for_several_outputs_per_target_are_rejected() {
    let data = Dataset::new(vec![1.0, 2.0], 1, vec![0.0, 1.0], 1).unwrap();
    let plane = Architecture::new(1, vec![Layer::new(2, Activation::identity())]).unwrap();
    let mut random = RandomState::new(0);
    let network = Network::<f64>::initialize(plane, &mut random);
    let settings = Settings { metrics: vec![Metric::new("r2", &[]).unwrap()], ..Settings::default() };
    let error =
        Training::new(network, &Loss::quantile(&[0.1, 0.9]), Arc::new(data.clone()), settings, random)
            .err()
            .unwrap();
    assert!(error.to_string().contains("2 outputs for one target"), "{error}");
}

/// Returns a training run of y = w with the loss |y| that starts at w = 10, with gradient 1.
fn descent(settings: Settings) -> Training<f64> {
    let data = Box::leak(Box::new(Dataset::new(vec![1.0], 1, vec![0.0], 1).unwrap()));
    let line = Architecture::new(1, vec![Layer::new(1, Activation::identity()).without_bias()]).unwrap();
    let network = Network::new(line, vec![10.0]).unwrap();
    Training::new(network, &Loss::absolute_error(), Arc::new(data.clone()), settings, RandomState::new(0))
        .unwrap()
}

#[test]
fn the_best_weights_are_restored_only_with_validation() {
    // The optimum is w = 2 on the training set and w = 1 on the validation set.
    let training_data = Dataset::new(vec![1.0, 1.0], 1, vec![2.0, 2.0], 1).unwrap();
    let validation_data = Dataset::new(vec![1.0], 1, vec![1.0], 1).unwrap();
    let line = Architecture::new(1, vec![Layer::new(1, Activation::identity()).without_bias()]).unwrap();
    let train = |monitor: Option<Monitor>, with_validation: bool| {
        let stopping = monitor.map(|monitor| Stopping { monitor, patience: 4, tol: 0.0 });
        let metrics = vec![Metric::new("rmse", &[]).unwrap(), Metric::new("r2", &[]).unwrap()];
        let settings = Settings { epochs: 30, learning_rate: 0.05, stopping, metrics, ..Settings::default() };
        let (network, random) = (Network::new(line.clone(), vec![0.0]).unwrap(), RandomState::new(0));
        let loss = Loss::squared_error();
        let mut training = if with_validation {
            Training::with_validation(
                network,
                &loss,
                Arc::new(training_data.clone()),
                Arc::new(validation_data.clone()),
                settings,
                random,
            )
        } else {
            Training::new(network, &loss, Arc::new(training_data.clone()), settings, random)
        }
        .unwrap();
        let mut recorder = Recorder::every(1);
        let ending = training.run(&mut recorder).unwrap();
        (ending, recorder.parameters, training.state().clone(), training.history().epochs.clone())
    };
    // w = 2·(1 - 0.9^k) is closest to 1 after 7 epochs (1.04). Training stops five epochs later.
    for monitor in [Monitor::ValidationLoss, Monitor::Metric("rmse")] {
        let (ending, path, state, epochs) = train(Some(monitor), true);
        let residual: f64 = path[7][0] - 1.0;
        assert_eq!((ending, epochs.len()), (Ending::Stopped, 7 + 5));
        assert_eq!(state.best.unwrap().epoch, 7);
        assert_eq!(state.parameters, path[7]);
        let losses: Vec<f64> = epochs.iter().map(|epoch| epoch.validation_loss.unwrap()).collect();
        assert!(losses.iter().all(|loss| *loss >= losses[6]), "{losses:?}");
        assert!(
            (losses[6] - residual * residual).abs() < 1e-15,
            "the validation loss is computed after the epoch"
        );
        assert!(
            (epochs[6].metrics[0] - losses[6].sqrt()).abs() < 1e-15,
            "metrics are computed on the validation set"
        );
    }
    // The best weights are not restored without early stopping or without validation.
    let (ending, path, state, _) = train(None, true);
    assert_eq!((ending, &state.parameters, &state.best), (Ending::Completed, &path[30], &None));
    let (_, path, state, epochs) = train(Some(Monitor::Loss), false);
    assert_eq!((&state.parameters, &state.best, epochs.len()), (path.last().unwrap(), &None, 30));
    assert!(epochs.iter().all(|epoch| epoch.validation_loss.is_none()));
    // The best epoch can be the last one, since the training loss keeps falling.
    let (_, path, state, _) = train(Some(Monitor::Loss), true);
    assert_eq!((&state.parameters, state.best.unwrap().epoch), (&path[30], 30));
}

#[test]
fn metrics_to_maximise_improve_when_they_increase() {
    let x: Vec<f64> = (0..20).map(f64::from).collect();
    let data = Dataset::new(x.clone(), 1, x.iter().map(|x| 0.1 * x).collect(), 1).unwrap();
    let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())]).unwrap();
    let stopping = Some(Stopping { monitor: Monitor::Metric("r2"), patience: 3, tol: 1e-3 });
    let metrics = vec![Metric::new("r2", &[]).unwrap()];
    let validation_fraction = Some(0.3);
    let settings = Settings {
        epochs: 500,
        learning_rate: 1e-3,
        metrics,
        stopping,
        validation_fraction,
        ..Settings::default()
    };
    let network = Network::new(line, vec![0.0, 0.0]).unwrap();
    let mut training =
        Training::new(network, &Loss::squared_error(), Arc::new(data.clone()), settings, RandomState::new(1))
            .unwrap();
    assert_eq!(training.run(()), Ok(Ending::Stopped));
    let scores: Vec<f64> = training.history().epochs.iter().map(|epoch| epoch.metrics[0]).collect();
    assert!(scores.len() > 8 && scores[0] < 0.8 && scores[scores.len() - 4] > 0.9, "{scores:?}");
}

#[test]
fn invalid_stopping_settings_are_rejected() {
    let data = Dataset::new(vec![1.0], 1, vec![0.0], 1).unwrap();
    let error = |stopping: Stopping| {
        let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())]).unwrap();
        let network = Network::new(line, vec![0.0, 0.0]).unwrap();
        let settings = Settings { stopping: Some(stopping), ..Settings::default() };
        let training = Training::new(
            network,
            &Loss::squared_error(),
            Arc::new(data.clone()),
            settings,
            RandomState::new(1),
        );
        training.err().expect("the settings are invalid").to_string()
    };
    assert_eq!(
        error(Stopping::on_validation_loss(3)),
        "stopping.monitor is validation_loss, but must be loss, since there are no validation samples (set \
         validation_fraction to split some off)"
    );
    assert_eq!(
        error(Stopping { monitor: Monitor::Metric("r2"), patience: 3, tol: 0.0 }),
        "stopping.monitor is r2, but must be loss, validation_loss or one of the recorded metrics"
    );
    assert_eq!(
        error(Stopping { monitor: Monitor::Loss, patience: 3, tol: -1.0 }),
        "stopping.tol is -1, but must be a number of at least 0"
    );
}

#[test]
fn a_divergence_error_contains_the_epoch_and_the_last_finite_weights_are_kept() {
    let data = Dataset::new(vec![1.0, 2.0, 3.0, 4.0, 5.0], 1, vec![1.0; 5], 1).unwrap();
    for (batch, steps_per_epoch) in [(Batch::Full, 1), (Batch::Size(2), 3)] {
        let layers = vec![Layer::new(2, Activation::identity()), Layer::new(1, Activation::identity())];
        let layers =
            layers.into_iter().map(|layer| layer.weight_init(Initializer::uniform(-1.0, 1.0))).collect();
        let mut random = RandomState::new(1);
        let network = Network::<f64>::initialize(Architecture::new(1, layers).unwrap(), &mut random);
        let settings = Settings { epochs: 1000, batch, learning_rate: 10.0, ..Settings::default() };
        let mut training =
            Training::new(network, &Loss::squared_error(), Arc::new(data.clone()), settings, random).unwrap();
        let error = training.run(()).unwrap_err();
        let Error::Diverged { epoch, step, loss, learning_rate } = error.clone() else { panic!("{error}") };
        assert!(!loss.is_finite() && learning_rate == 10.0);
        assert_eq!((step - 1) / steps_per_epoch, epoch - 1, "step {step} is in epoch {epoch}");
        assert_eq!(training.history().epochs.len() as u64, epoch - 1);
        assert!(training.history().epochs.iter().all(|epoch| epoch.loss.is_finite()));
        assert!(training.state().parameters.iter().all(|p| p.is_finite()));
        assert!(training.training_loss().unwrap().is_finite());
        assert_eq!(training.network().parameters(), training.state().parameters);
        assert!(error.to_string().contains(&format!("in epoch {epoch} (step {step})")), "{error}");
    }
}

#[test]
fn an_overflow_in_the_last_step_is_detected_in_the_same_epoch() {
    // In f32, the loss of 1e38 is finite, but the weight overflows in the step.
    let data = Dataset::new(vec![1e19_f32], 1, vec![0.0], 1).unwrap();
    let line = Architecture::new(1, vec![Layer::new(1, Activation::identity()).without_bias()]).unwrap();
    let network = Network::new(line, vec![0.5]).unwrap();
    let settings = Settings { epochs: 1, learning_rate: 100.0, ..Settings::default() };
    let mut training =
        Training::new(network, &Loss::squared_error(), Arc::new(data.clone()), settings, RandomState::new(0))
            .unwrap();
    assert!(matches!(training.run(()), Err(Error::Diverged { epoch: 1, .. })));
    assert_eq!((&training.state().parameters[..], training.history().epochs.len()), (&[0.5][..], 0));
}

#[test]
fn a_diverged_training_can_be_restored() {
    let data = Dataset::new(vec![1.0, 2.0], 1, vec![1.0, 1.0], 1).unwrap();
    let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())]).unwrap();
    let network = Network::<f64>::new(line, vec![0.5, 0.0]).unwrap();
    let optimizer = Optimizer::sgd_with_momentum(0.9);
    let settings = Settings { epochs: 5000, optimizer, learning_rate: 1.0, ..Settings::default() };
    let mut training =
        Training::new(network, &Loss::squared_error(), Arc::new(data.clone()), settings, RandomState::new(0))
            .unwrap();
    let start = training.state().clone();
    assert!(training.run(()).is_err());
    training.restore(start.clone()).unwrap();
    assert!(training.state() == &start);
    assert!(training.step().unwrap().loss.is_finite());
}
