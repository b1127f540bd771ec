//! Training runs that are changed between steps continue as a loop written by hand does.

use std::sync::Arc;

use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, BlockFactors, Layer, Network, Part};
use chainrule::objective::{Evaluate, Objective, Reduction};
use chainrule::random::RandomState;
use chainrule::train::optimizer::{Optimizer, UpdateStep};
use chainrule::train::schedule::Schedule;
use chainrule::train::{Batch, Monitor, Penalty, Settings, Shuffle, Stopping, Training};
use chainrule::{Dataset, Error};

fn data(n: usize) -> Arc<Dataset<f64>> {
    let x: Vec<f64> = (0..2 * n).map(|i| (i as f64 * 1.3).sin()).collect();
    let t = x.chunks(2).map(|x| x[0] * x[1]).collect();
    Arc::new(Dataset::new(x, 2, t, 1).expect("finite samples"))
}

fn network() -> Network<f64> {
    let layers = vec![Layer::new(3, Activation::tanh()), Layer::new(1, Activation::identity())];
    let architecture = Architecture::new(2, layers).expect("a valid architecture");
    Network::initialize(architecture, &mut RandomState::new(7))
}

fn settings() -> Settings {
    Settings { batch: Batch::Size(4), shuffle: Shuffle::Never, learning_rate: 0.1, ..Settings::default() }
}

fn training(network: Network<f64>, data: &Arc<Dataset<f64>>, settings: Settings) -> Training<f64> {
    Training::new(network, &Loss::squared_error(), data.clone(), settings, RandomState::new(1))
        .expect("valid settings")
}

/// A training loop written by hand: the gradient of the next rows, then an update.
struct ByHand {
    objective: Objective<f64>,
    p: Vec<f64>,
    slots: Vec<Vec<f64>>,
    updates: u64,
}

impl ByHand {
    fn new(network: &Network<f64>, data: &Arc<Dataset<f64>>) -> ByHand {
        let objective = Objective::new(network.architecture(), &Loss::squared_error(), data.clone());
        ByHand {
            objective: objective.expect("the data match the network"),
            p: network.parameters().to_vec(),
            slots: Vec::new(),
            updates: 0,
        }
    }

    fn step(&mut self, optimizer: &Optimizer, rate: f64, rows: std::ops::Range<u32>) {
        let mut g = vec![0.0; self.p.len()];
        let rows: Vec<u32> = rows.collect();
        self.objective.reduced(&self.p, &rows, &mut g, Reduction::Mean, None).expect("readable samples");
        self.updates += 1;
        optimizer.update(
            UpdateStep::new(rate, self.updates),
            0..self.p.len(),
            &mut self.p,
            &g,
            &mut self.slots,
        );
    }
}

#[test]
fn rate_then_optimizer_then_one_weight() {
    let data = data(10);
    let mut training = training(network(), &data, settings());
    let mut by_hand = ByHand::new(&network(), &data);
    let (sgd, adam) = (Optimizer::sgd(), Optimizer::adam());
    let same = |training: &Training<f64>, by_hand: &ByHand| {
        assert_eq!(training.state().parameters, by_hand.p);
    };

    training.step().expect("a finite loss");
    by_hand.step(&sgd, 0.1, 0..4);
    training.change(Settings { learning_rate: 0.02, ..settings() }).expect("a valid rate");
    training.step().expect("a finite loss");
    by_hand.step(&sgd, 0.02, 4..8);
    same(&training, &by_hand);

    let adam_settings = Settings { learning_rate: 0.02, optimizer: adam.clone(), ..settings() };
    training.change(adam_settings.clone()).expect("a valid optimizer");
    (by_hand.slots, by_hand.updates) = (adam.slots(by_hand.p.len()), 0);
    for rows in [8..10, 0..4] {
        training.step().expect("a finite loss");
        by_hand.step(&adam, 0.02, rows);
    }
    same(&training, &by_hand);

    let mut parameters = training.state().parameters.clone();
    parameters[4] = 0.25;
    training.set_parameters(&parameters).expect("finite parameters");
    by_hand.p[4] = 0.25;
    training.step().expect("a finite loss");
    by_hand.step(&adam, 0.02, 4..8);
    same(&training, &by_hand);

    // Within an epoch, another batch size applies to its remaining rows.
    training.change(Settings { batch: Batch::Size(1), ..adam_settings.clone() }).expect("a valid size");
    for rows in [8..9, 9..10, 0..1] {
        training.step().expect("a finite loss");
        by_hand.step(&adam, 0.02, rows);
    }
    same(&training, &by_hand);

    // Other options of the same optimizer keep its state.
    let slower = Optimizer::new("adam", &[("beta1", 0.5.into())]).expect("a valid option");
    training
        .change(Settings { optimizer: slower.clone(), batch: Batch::Size(4), ..adam_settings })
        .expect("valid settings");
    training.step().expect("a finite loss");
    by_hand.step(&slower, 0.02, 1..5);
    same(&training, &by_hand);
}

#[test]
fn training_continues_on_other_data_with_the_state_of_its_optimizer() {
    let (first, second) = (data(10), data(6));
    let adam = Optimizer::adam();
    let settings = Settings { optimizer: adam.clone(), batch: Batch::Size(4), ..settings() };
    let mut training = training(network(), &first, settings);
    let mut by_hand = ByHand::new(&network(), &first);
    by_hand.slots = adam.slots(by_hand.p.len());
    // Training continues on the other data in the middle of an epoch.
    training.step().expect("a finite loss");
    by_hand.step(&adam, 0.1, 0..4);
    training.continue_on(second.clone()).expect("data with the same columns");
    assert_eq!((training.steps_per_epoch(), training.state().place), (2, 0));
    by_hand.objective = ByHand::new(&network(), &second).objective;
    for rows in [0..4, 4..6, 0..4] {
        training.step().expect("a finite loss");
        by_hand.step(&adam, 0.1, rows);
    }
    assert_eq!(training.state().parameters, by_hand.p);
    assert_eq!((training.history().epochs.len(), training.state().step), (1, 4));

    let wide = Dataset::new(vec![0.0; 9], 3, vec![0.0; 3], 1).expect("finite samples");
    assert!(matches!(training.continue_on(Arc::new(wide)), Err(Error::InputWidth { .. })));
    assert_eq!(training.state().parameters, by_hand.p, "the training run is unchanged");
}

#[test]
fn a_new_validation_set_is_split_off_other_data() {
    let settings = Settings {
        validation_fraction: Some(0.25),
        stopping: Some(Stopping { monitor: Monitor::ValidationLoss, patience: 5, tol: 0.0 }),
        ..settings()
    };
    let mut training = training(network(), &data(12), settings);
    training.epoch().expect("a finite loss");
    training.continue_on(data(20)).expect("data with the same columns");
    assert_eq!(training.state().order.len(), 15);
    assert_eq!(training.state().best, None);
    training.epoch().expect("a finite loss");
    assert!(training.validation_loss().expect("readable samples").is_some());
    // The state can be saved and restored afterwards.
    let state = training.state().clone();
    training.restore(state).expect("its own state");
}

#[test]
fn changes_that_do_not_suit_the_run_are_refused_and_change_nothing() {
    let mut training = training(network(), &data(10), settings());
    training.step().expect("a finite loss");
    let (state, rate) = (training.state().clone(), training.learning_rate());
    let stopping = Stopping { monitor: Monitor::ValidationLoss, patience: 5, tol: 0.0 };
    let refused = [
        Settings { learning_rate: -1.0, ..settings() },
        Settings { validation_fraction: Some(0.5), ..settings() },
        Settings { stopping: Some(stopping), ..settings() },
        Settings {
            metrics: vec![chainrule::metrics::Metric::new("r2", &[]).expect("a metric")],
            ..settings()
        },
        Settings { penalty_schedule: Schedule::reduce_on_plateau(), ..settings() },
    ];
    for settings in refused {
        assert!(matches!(training.change(settings), Err(Error::Setting { .. })));
    }
    assert!(matches!(training.set_parameters(&[0.0]), Err(Error::ParameterCount { .. })));
    let nan = vec![f64::NAN; state.parameters.len()];
    assert!(matches!(training.set_parameters(&nan), Err(Error::ParameterNotFinite { .. })));
    for rates in [&[0.5][..], &[1.0, 0.0], &[0.0, 0.5]] {
        assert!(matches!(training.set_dropout(rates), Err(Error::Setting { .. })));
    }
    assert_eq!((training.state(), training.learning_rate()), (&state, rate));
}

#[test]
fn dropout_can_be_changed_and_follows_its_schedule() {
    let data = data(40);
    let dropped = |rate, schedule: Schedule| {
        let architecture = network().architecture().with_dropout(&[rate, 0.0]).expect("a valid rate");
        let network = Network::new(architecture, network().parameters().to_vec()).expect("finite");
        training(network, &data, Settings { dropout_schedule: schedule, ..settings() })
    };
    let epoch = |mut training: Training<f64>| {
        training.epoch().expect("a finite loss");
        training.state().parameters.clone()
    };
    let with_rate = epoch(dropped(0.5, Schedule::constant()));
    let without = epoch(dropped(0.0, Schedule::constant()));
    assert_ne!(with_rate, without);
    // A rate that is set later is that of the architecture, which the network keeps.
    let mut changed = dropped(0.0, Schedule::constant());
    changed.set_dropout(&[0.5, 0.0]).expect("valid rates");
    assert_eq!(changed.network().architecture().layers()[0].dropout, 0.5);
    assert_eq!(epoch(changed), with_rate);
    // In the first epoch the factor of this schedule is 1, in the second 0.
    let once =
        Schedule::new("linear", &[("end", 0.0.into()), ("over", 1.0.into()), ("clock", "epoch".into())]);
    let mut scheduled = dropped(0.5, once.expect("a schedule"));
    scheduled.epoch().expect("a finite loss");
    assert_eq!(scheduled.state().parameters, with_rate);
    let mut plain = dropped(0.0, Schedule::constant());
    plain.set_parameters(&with_rate).expect("finite parameters");
    assert_eq!(epoch(scheduled), epoch(plain));
}

#[test]
fn penalties_follow_their_schedule_and_blocks_have_factors() {
    let data = data(8);
    let penalty = Penalty { l2: 0.3, decoupled: 0.2, ..Penalty::default() };
    let halved = Schedule::new("step", &[("factor", 0.5.into()), ("every", 1.0.into())]).expect("a schedule");
    let run = |network: Network<f64>, penalty, schedule, epochs| {
        let settings = Settings { penalty, penalty_schedule: schedule, batch: Batch::Full, ..settings() };
        let mut training = training(network, &data, settings);
        for _ in 0..epochs {
            training.epoch().expect("a finite loss");
        }
        training.network()
    };
    let first = run(network(), penalty, Schedule::constant(), 1);
    let half = Penalty { l2: 0.15, decoupled: 0.1, ..penalty };
    assert_eq!(
        run(network(), penalty, halved, 2).parameters(),
        run(first, half, Schedule::constant(), 1).parameters()
    );

    // The weights of the hidden layer are trained with a tenth of the rate and without a penalty.
    let factors = BlockFactors { rate: 0.125, decay: 0.0 };
    let mut layers = network().architecture().layers().to_vec();
    layers[0] = layers[0].clone().weight_factors(factors);
    let architecture = Architecture::new(2, layers).expect("valid factors");
    let block = architecture.block(0, Part::Weights).expect("weights").range.clone();
    let with_factors =
        Network::new(architecture, network().parameters().to_vec()).expect("finite parameters");
    let trained = run(with_factors, penalty, Schedule::constant(), 1);
    let [plain, penalised] = [Penalty::default(), penalty]
        .map(|penalty| run(network(), penalty, Schedule::constant(), 1).parameters().to_vec());
    for (k, p) in trained.parameters().iter().enumerate() {
        let start = network().parameters()[k];
        if block.contains(&k) {
            // The update without a penalty, times an exact factor.
            let expected = start + 0.125 * (plain[k] - start);
            assert!((p - expected).abs() < 1e-15, "{p} {expected}");
        } else {
            assert_eq!(*p, penalised[k]);
        }
    }
    let negative = Layer::new(1, Activation::tanh()).bias_factors(BlockFactors { rate: -1.0, decay: 1.0 });
    assert!(matches!(Architecture::new(1, vec![negative]), Err(Error::Setting { .. })));
}
