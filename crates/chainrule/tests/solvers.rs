//! Trainings with L-BFGS and with the Levenberg-Marquardt method.

use std::sync::Arc;

use chainrule::kernel::Scalar;
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer, Network, jacobian};
use chainrule::objective::{Evaluate, Objective, Reduction, SymmetricMatrix};
use chainrule::random::RandomState;
use chainrule::train::penalty::PenaltyTarget;
use chainrule::train::schedule::Schedule;
use chainrule::train::solver::Solver;
use chainrule::train::{
    Batch, Clip, Ending, Penalty, Settings, StateValues, Stopping, Training, TrainingState,
};
use chainrule::{Dataset, Error};

/// Returns a training of a 2-6-`n_outputs` tanh network on 150 samples of a smooth function.
fn smooth<T: Scalar>(loss: &Loss, settings: Settings) -> Training<T> {
    let n = 150;
    let x: Vec<f64> = (0..2 * n).map(|i| (f64::from(i) * 0.7).sin() * 2.0).collect();
    let value = |row: &[f64]| (row[0] + row[1] * row[1]).sin();
    let x_t: Vec<T> = x.iter().map(|x| T::from_f64(*x)).collect();
    let data = match loss.name() {
        "cross_entropy" => {
            let classes: Vec<usize> = x.chunks(2).map(|row| (1.5 + 1.4 * value(row)) as usize).collect();
            Dataset::from_classes(x_t, 2, &classes, 3)
        }
        "squared_error" => Dataset::new(x_t, 2, x.chunks(2).map(|row| T::from_f64(value(row))).collect(), 1),
        _ => {
            let count = |row: &[f64]| if value(row) > 0.0 { T::ONE } else { T::ZERO };
            Dataset::new(x_t, 2, x.chunks(2).map(count).collect(), 1)
        }
    };
    let weights = (0..n).map(|i| T::from_f64(f64::from(i % 3) / 2.0)).collect();
    let data = data.unwrap().with_weights(weights).unwrap();
    let output = Layer::new(loss.n_outputs(data.n_targets()), loss.link().activation());
    let architecture = Architecture::new(2, vec![Layer::new(6, Activation::tanh()), output]).unwrap();
    let mut random = RandomState::new(5);
    let network = Network::initialize(architecture, &mut random);
    Training::new(network, loss, Arc::new(data), settings, random).unwrap()
}

fn all_solvers() -> [Solver; 3] {
    let factors = [("damping", "factors".into())];
    [Solver::lbfgs(), Solver::levenberg_marquardt(), Solver::new("lm", &factors).unwrap()]
}

fn losses() -> [Loss; 4] {
    [Loss::squared_error(), Loss::cross_entropy(), Loss::binary_cross_entropy(), Loss::poisson()]
}

fn bits<T: Scalar>(v: &[T]) -> Vec<u64> {
    v.iter().map(|v| v.to_f64().to_bits()).collect()
}

#[test]
fn the_loss_decreases_in_every_epoch_and_converges_for_every_loss() {
    let penalty = Penalty { l2: 1e-3, ..Penalty::default() };
    for solver in all_solvers() {
        for loss in losses() {
            let settings = Settings { epochs: 2000, solver: solver.clone(), penalty, ..Settings::default() };
            let mut training = smooth::<f64>(&loss, settings);
            let ending = training.run(()).unwrap();
            assert_eq!(ending, Ending::Converged, "{solver} {loss}");
            let epochs = &training.history().epochs;
            assert!(epochs.windows(2).all(|pair| pair[1].loss < pair[0].loss), "{solver} {loss}");
            let largest = training.gradient().iter().fold(0.0, |max: f64, g| max.max(g.abs()));
            assert!(largest < 1e-3, "{solver} {loss}: {largest}");
        }
    }
}

/// With the Gauss-Newton matrix, a linear model is a least-squares problem, which a step without
/// damping solves, and a generalised linear model is solved by Newton's method.
#[test]
fn optima_of_linear_models_are_found_in_a_few_steps() {
    for loss in losses() {
        let options = [("mu", 1e-12.into()), ("gtol", 1e-13.into()), ("ftol", 0.0.into())];
        let solver = Solver::new("lm", &options).unwrap();
        let penalty = Penalty { l2: 0.1, applies_to: PenaltyTarget::All, ..Penalty::default() };
        let settings = Settings { epochs: 50, solver, penalty, ..Settings::default() };
        let smooth = smooth::<f64>(&loss, settings.clone());
        let data = smooth.objective().data().unwrap().clone();
        let output = Layer::new(smooth.architecture().n_outputs(), loss.link().activation());
        let architecture = Architecture::new(2, vec![output]).unwrap();
        let network = Network::initialize(architecture, &mut RandomState::new(1));
        let run = |solver: Solver, epochs| {
            let settings = Settings { solver, epochs, ..settings.clone() };
            let mut training =
                Training::new(network.clone(), &loss, data.clone(), settings, RandomState::new(1)).unwrap();
            let ending = training.run(()).unwrap();
            (training, ending)
        };
        let (newton, ending) = run(settings.solver.clone(), 50);
        assert!([Ending::Converged, Ending::NoDecrease].contains(&ending), "{loss}");
        let n_iterations = newton.state().epoch;
        assert!(n_iterations <= if loss.name() == "squared_error" { 3 } else { 9 }, "{loss}: {n_iterations}");
        let largest = newton.gradient().iter().fold(0.0, |max: f64, g| max.max(g.abs()));
        // The Hessian is at least 0.1, so the distance from the optimum is below 1e-10.
        assert!(largest < 1e-12, "{loss}: {largest}");
        let tight = [("gtol", 1e-12.into()), ("ftol", 0.0.into())];
        let (lbfgs, _) = run(Solver::new("lbfgs", &tight).unwrap(), 500);
        for (a, b) in newton.state().parameters.iter().zip(&lbfgs.state().parameters) {
            // The decrease is below the rounding errors of the loss before this distance from it.
            assert!((a - b).abs() < 1e-7, "{loss}: {a} {b}");
        }
    }
}

/// For a linear model, the Gauss-Newton matrix is the Hessian, which is compared with differences of
/// the gradient; for a network, it is compared with products of the Jacobian.
#[test]
fn the_gauss_newton_matrix_agrees_with_its_definition() {
    for loss in losses() {
        let settings = Settings { solver: Solver::levenberg_marquardt(), ..Settings::default() };
        let training = smooth::<f64>(&loss, settings);
        let network = training.network();
        let data = training.objective().data().unwrap().clone();
        let n = data.n_samples();
        let rows: Vec<u32> = (0..n as u32).collect();
        let mut objective = Objective::new(network.architecture(), &loss, data.clone()).unwrap();
        let order = network.parameters().len();
        let mut matrix = SymmetricMatrix::zeros(order);
        objective.gauss_newton(network.parameters(), &rows, &mut matrix).unwrap();

        // The Jacobian of the last pre-activations is that of a network without output activation.
        let mut layers = network.architecture().layers().to_vec();
        layers.last_mut().unwrap().activation = Activation::identity();
        let linear = Architecture::new(2, layers).unwrap();
        let linear = Network::new(linear, network.parameters().to_vec()).unwrap();
        let outputs = objective.outputs(network.parameters(), &rows).unwrap();
        let n_outputs = network.architecture().n_outputs();
        let mut x = vec![0.0; 2 * n];
        let (mut t, mut weight) = (vec![0.0; n * data.n_targets()], vec![0.0; n]);
        data.gather(&rows, &mut x, &mut t, &mut weight).unwrap();
        let x: Vec<f64> = (0..n).flat_map(|s| [x[s], x[n + s]]).collect();
        let j = jacobian(&linear, &x);
        let derivative = |s: usize, k: usize, p: usize| j[(s * n_outputs + k) * order + p];
        for (p, q) in (0..order).flat_map(|p| (0..=p).map(move |q| (p, q))) {
            let mut expected = 0.0;
            for (s, w) in weight.iter().enumerate() {
                let y = &outputs.y[s * n_outputs..][..n_outputs];
                for (k, l) in (0..n_outputs).flat_map(|k| (0..n_outputs).map(move |l| (k, l))) {
                    let h = match loss.name() {
                        "squared_error" => 2.0,
                        "binary_cross_entropy" => y[0] * (1.0 - y[0]),
                        "poisson" => y[0],
                        _ => y[k] * (if k == l { 1.0 } else { 0.0 } - y[l]),
                    };
                    expected += w * derivative(s, k, p) * h * derivative(s, l, q);
                }
            }
            let got = matrix.get(p, q);
            assert!((got - expected).abs() < 1e-10 * (1.0 + expected.abs()), "{loss}: {got} {expected}");
        }
    }
}

/// Interrupts trainings after each evaluation, in the middle of line searches and damping loops, and
/// continues from the named parts of the state.
#[test]
fn trainings_continue_from_any_evaluation_with_the_same_bits() {
    fn check<T: Scalar>() {
        for solver in all_solvers() {
            for loss in [Loss::squared_error(), Loss::cross_entropy()] {
                let settings = Settings { epochs: 40, solver: solver.clone(), ..Settings::default() };
                let mut whole = smooth::<T>(&loss, settings.clone());
                whole.run(()).unwrap();
                let mut resumed = smooth::<T>(&loss, settings.clone());
                let mut n_within = 0;
                while !resumed.is_over() {
                    let step = resumed.step().unwrap();
                    n_within += u64::from(!step.ends_epoch && resumed.state().epoch > 0);
                    let named = resumed.state().to_named();
                    let history = resumed.history().clone();
                    resumed = smooth::<T>(&loss, settings.clone());
                    resumed.resume(TrainingState::from_named(&named).unwrap(), history).unwrap();
                }
                assert!(n_within > 0, "{solver} {loss}: every step was accepted");
                assert_eq!(resumed.state(), whole.state(), "{solver} {loss}");
            }
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    for solver in all_solvers() {
        let run = |n_threads: usize| {
            chainrule::set_threads(n_threads);
            let settings = Settings { epochs: 5, solver: solver.clone(), ..Settings::default() };
            let network = Architecture::new(
                2,
                vec![
                    Layer::new(40, Activation::tanh()),
                    Layer::new(20, Activation::tanh()),
                    Layer::new(1, Activation::identity()),
                ],
            );
            let data =
                smooth::<f32>(&Loss::squared_error(), settings.clone()).objective().data().unwrap().clone();
            let network = Network::initialize(network.unwrap(), &mut RandomState::new(2));
            let mut training =
                Training::new(network, &Loss::squared_error(), data, settings, RandomState::new(2)).unwrap();
            training.run(()).unwrap();
            chainrule::set_threads(0);
            bits(&training.state().parameters)
        };
        assert_eq!(run(1), run(3), "{solver}");
    }
}

#[test]
fn frozen_parameters_remain_and_sums_have_the_same_optimum() {
    for solver in all_solvers() {
        let layers =
            vec![Layer::new(4, Activation::tanh()).frozen_weights(), Layer::new(1, Activation::identity())];
        let network = Network::initialize(Architecture::new(2, layers).unwrap(), &mut RandomState::new(3));
        let start = network.parameters()[..8].to_vec();
        let settings = Settings { epochs: 300, solver, ..Settings::default() };
        let data =
            smooth::<f64>(&Loss::squared_error(), settings.clone()).objective().data().unwrap().clone();
        let losses = [Reduction::Mean, Reduction::Sum].map(|reduction| {
            let settings = Settings { reduction, ..settings.clone() };
            let mut training = Training::new(
                network.clone(),
                &Loss::squared_error(),
                data.clone(),
                settings,
                RandomState::new(3),
            )
            .unwrap();
            training.run(()).unwrap();
            assert_eq!(training.state().parameters[..8], start[..]);
            let loss = training.training_loss().unwrap();
            if reduction == Reduction::Sum { loss / 150.0 } else { loss }
        });
        // The weights are 0, 1/2 and 1, so that their sum is half the number of samples.
        assert!((losses[1] * 2.0 / losses[0] - 1.0).abs() < 0.02, "{losses:?}");
    }
}

/// All inputs are 0 and there is no bias, so the outputs do not depend on the parameters: the
/// Gauss-Newton matrix is 0 and the loss is flat.
#[test]
fn a_flat_loss_ends_in_one_epoch_with_the_initial_weights() {
    for solver in all_solvers() {
        let data = Dataset::new(vec![0.0_f64; 10], 1, vec![1.0; 10], 1).unwrap();
        let layers = vec![
            Layer::new(3, Activation::tanh()).without_bias(),
            Layer::new(1, Activation::identity()).without_bias(),
        ];
        let network = Network::initialize(Architecture::new(1, layers).unwrap(), &mut RandomState::new(1));
        let settings = Settings { solver, ..Settings::default() };
        let mut training = Training::new(
            network.clone(),
            &Loss::squared_error(),
            Arc::new(data),
            settings,
            RandomState::new(1),
        )
        .unwrap();
        assert_eq!(training.run(()), Ok(Ending::Converged));
        assert_eq!(training.history().epochs.len(), 1);
        assert_eq!(training.network(), network);
        // Further steps begin again and end at once.
        assert_eq!(training.epoch().unwrap().loss, 1.0);
    }
}

/// exp overflows for large steps: the loss is infinite or NaN there, and the steps are shortened.
#[test]
fn steps_to_an_infinite_loss_are_shortened() {
    for solver in [Solver::lbfgs(), Solver::new("lm", &[("mu", 1e-9.into())]).unwrap()] {
        let x: Vec<f64> = (0..40).map(|i| f64::from(i) * 5.0).collect();
        let data = Arc::new(Dataset::new(x, 1, (0..40).map(|i| f64::from(i % 5)).collect(), 1).unwrap());
        let layers = vec![Layer::new(3, Activation::exp()), Layer::new(1, Activation::identity())];
        let architecture = Architecture::new(1, layers).unwrap();
        let network = Network::new(architecture, vec![1e-3, -2e-3, 3e-3, 0.0, 0.0, 0.0, 1.0, -1.0, 0.5, 0.0]);
        let settings = Settings { epochs: 60, solver: solver.clone(), ..Settings::default() };
        let mut training =
            Training::new(network.unwrap(), &Loss::squared_error(), data, settings, RandomState::new(1))
                .unwrap();
        let before = training.training_loss().unwrap();
        training.run(()).unwrap();
        assert!(training.state().step > training.state().epoch + 1, "{solver}: no step was shortened");
        let after = training.training_loss().unwrap();
        assert!(after.is_finite() && after < before, "{solver}: {before} {after}");
    }
}

#[test]
fn an_infinite_loss_at_the_start_is_an_error_and_keeps_the_weights() {
    for solver in all_solvers() {
        let data = Arc::new(Dataset::new(vec![1e300_f64, 1.0], 1, vec![0.0, 1.0], 1).unwrap());
        let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())]).unwrap();
        let network = Network::new(line, vec![1.0, 0.0]).unwrap();
        let settings = Settings { solver, ..Settings::default() };
        let mut training =
            Training::new(network, &Loss::squared_error(), data, settings, RandomState::new(1)).unwrap();
        assert!(matches!(training.run(()), Err(Error::Diverged { epoch: 1, step: 1, .. })));
        assert_eq!(training.state().parameters, [1.0, 0.0]);
    }
}

#[test]
fn settings_that_do_not_suit_the_solver_are_refused() {
    let solver = Solver::lbfgs();
    let settings = || Settings { solver: solver.clone(), ..Settings::default() };
    let cases: [(&str, Settings); 5] = [
        ("batch", Settings { batch: Batch::Size(8), ..settings() }),
        ("clip.norm", Settings { clip: Some(Clip::Norm(1.0)), ..settings() }),
        ("clip.value", Settings { clip: Some(Clip::Value(1.0)), ..settings() }),
        (
            "penalty.decoupled",
            Settings { penalty: Penalty { decoupled: 0.1, ..Penalty::default() }, ..settings() },
        ),
        (
            "penalty_schedule",
            Settings {
                penalty: Penalty { l2: 0.1, ..Penalty::default() },
                penalty_schedule: Schedule::new("cosine", &[]).unwrap(),
                ..settings()
            },
        ),
    ];
    for (name, settings) in cases {
        let mut training = smooth::<f64>(&Loss::squared_error(), Settings::default());
        match training.change(settings) {
            Err(Error::Setting { setting, allowed, .. }) => {
                assert_eq!(setting, name);
                assert!(allowed.contains("with the solver lbfgs"), "{allowed}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    let mut training = smooth::<f64>(&Loss::squared_error(), settings());
    assert!(training.set_dropout(&[0.1, 0.0]).is_err());

    let lm = || Settings { solver: Solver::levenberg_marquardt(), ..Settings::default() };
    let wide = Architecture::new(
        10,
        vec![Layer::new(500, Activation::tanh()), Layer::new(1, Activation::identity())],
    );
    let data = Arc::new(Dataset::new(vec![0.0_f64; 10], 10, vec![1.0], 1).unwrap());
    let network = Network::initialize(wide.unwrap(), &mut RandomState::new(0));
    let error =
        Training::new(network, &Loss::squared_error(), data, lm(), RandomState::new(0)).err().unwrap();
    assert_eq!(
        error.to_string(),
        "solver is levenberg_marquardt, but must be lbfgs or optimizer for a network of 6001 parameters; \
         levenberg_marquardt needs 0.3 GB for its two matrices, and is limited to 5000 parameters"
    );
    let mut training = smooth::<f64>(&Loss::huber(1.0), Settings::default());
    let error = training.change(lm()).unwrap_err().to_string();
    assert!(error.contains("with the loss huber and the output activation identity"), "{error}");
}

#[test]
fn changes_restart_the_solver() {
    let settings = Settings { epochs: 30, solver: Solver::lbfgs(), ..Settings::default() };
    let mut training = smooth::<f64>(&Loss::squared_error(), settings.clone());
    training.epoch().unwrap();
    assert!(training.state().solver.is_some());
    training.set_parameters(&training.state().parameters.clone()).unwrap();
    assert!(training.state().solver.is_none());
    training.epoch().unwrap();
    training.change(Settings { solver: Solver::levenberg_marquardt(), ..settings.clone() }).unwrap();
    let before = training.history().epochs.last().unwrap().loss;
    assert!(training.epoch().unwrap().loss < before);
    training.change(Settings { solver: Solver::optimizer(), ..settings }).unwrap();
    training.epoch().unwrap();
    assert!(training.state().solver.is_none());
}

#[test]
fn a_state_of_another_solver_is_refused() {
    let settings = |solver| Settings { epochs: 30, solver, ..Settings::default() };
    let mut lbfgs = smooth::<f64>(&Loss::squared_error(), settings(Solver::lbfgs()));
    lbfgs.epoch().unwrap();
    let mut lm = smooth::<f64>(&Loss::squared_error(), settings(Solver::levenberg_marquardt()));
    let error = lm.restore(lbfgs.state().clone()).unwrap_err();
    assert_eq!(error, Error::MissingState { name: "solver.levenberg_marquardt".to_owned() });
}

#[test]
fn early_stopping_ends_a_solver_with_the_weights_of_the_best_epoch() {
    let settings = Settings {
        epochs: 500,
        solver: Solver::levenberg_marquardt(),
        validation_fraction: Some(0.3),
        stopping: Some(Stopping::on_validation_loss(5)),
        ..Settings::default()
    };
    let mut training = smooth::<f64>(&Loss::squared_error(), settings);
    let ending = training.run(()).unwrap();
    let losses: Vec<f64> =
        training.history().epochs.iter().map(|epoch| epoch.validation_loss.unwrap()).collect();
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(training.validation_loss().unwrap(), Some(best), "{ending:?}");
    // The run remains over, and a further step begins from the restored weights.
    assert!(training.is_over());
    let loss = training.training_loss().unwrap();
    let step = training.step().unwrap();
    assert!((step.loss / loss - 1.0).abs() < 1e-12, "{} {loss}", step.loss);
}

/// A damping that does not grow would never end.
#[test]
fn damaged_damping_is_refused() {
    let settings = Settings { epochs: 30, solver: Solver::levenberg_marquardt(), ..Settings::default() };
    let mut training = smooth::<f64>(&Loss::squared_error(), settings);
    training.epoch().unwrap();
    for part in ["mu", "growth"] {
        for value in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let mut named = training.state().to_named();
            let name = format!("solver.levenberg_marquardt.{part}");
            assert!(named.insert(name.clone(), StateValues::Numbers(vec![value])).is_some());
            let damaged = TrainingState::from_named(&named).unwrap();
            assert_eq!(training.restore(damaged), Err(Error::MissingState { name }));
        }
    }
}
