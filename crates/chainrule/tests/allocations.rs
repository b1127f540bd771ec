//! Training steps and predictions do not allocate memory, since all buffers are allocated in
//! advance.

use std::sync::Arc;

use allocation_counter::measure;
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer, Network};
use chainrule::objective::{Evaluate, Objective};
use chainrule::random::RandomState;
use chainrule::train::optimizer::{self, Optimizer};
use chainrule::train::schedule::Schedule;
use chainrule::train::{Batch, Clip, Penalty, Settings, Training, UnitTracking};
use chainrule::{Dataset, Scalar, threads};

#[test]
fn mini_batch_steps_do_not_allocate() {
    assert_steps_do_not_allocate::<f32>(Batch::Size(64), 0.2);
    assert_steps_do_not_allocate::<f64>(Batch::Size(17), 0.2);
    assert_steps_do_not_allocate::<f64>(Batch::Size(300), 0.0);
}

#[test]
fn full_batch_steps_do_not_allocate() {
    assert_steps_do_not_allocate::<f32>(Batch::Full, 0.0);
    assert_steps_do_not_allocate::<f64>(Batch::Full, 0.2);
}

fn assert_steps_do_not_allocate<T: Scalar>(batch: Batch, dropout: f64) {
    for optimizer in optimizer::REGISTRY.iter().map(|entry| Optimizer::new(entry.name, &[]).unwrap()) {
        let data = data::<T>();
        let settings = Settings {
            epochs: 20,
            batch,
            optimizer,
            schedule: Schedule::linear(),
            penalty: Penalty { l1: 1e-4, l2: 1e-4, decoupled: 1e-4, ..Penalty::default() },
            clip: Some(Clip::Norm(1.0)),
            track_dead_units: UnitTracking::Never,
            ..Settings::default()
        };
        let mut random = RandomState::new(1);
        let network = Network::initialize(architecture(dropout), &mut random);
        let loss = Loss::cross_entropy();
        let mut training = Training::new(network, &loss, Arc::new(data.clone()), settings, random).unwrap();
        training.epoch().unwrap();
        for step in 0..4 * training.steps_per_epoch() {
            let mut ends_epoch = false;
            let allocated = measure(|| ends_epoch = training.step().unwrap().ends_epoch);
            if ends_epoch {
                // The history grows by one entry with a few vectors, and its list is sometimes
                // reallocated.
                assert!(allocated.count_total <= 8, "{:?}, step {step}: {allocated:?}", training.settings());
            } else {
                assert_eq!(allocated.count_total, 0, "{:?}, step {step}: {allocated:?}", training.settings());
            }
        }
    }
}

#[test]
fn repeated_evaluation_of_the_objective_does_not_allocate() {
    let (data, loss) = (data::<f32>(), Loss::cross_entropy());
    let network = Network::initialize(architecture(0.0), &mut RandomState::new(1));
    let mut objective = Objective::new(network.architecture(), &loss, Arc::new(data.clone())).unwrap();
    let (rows, mut gradient) = ((0..1000).collect::<Vec<_>>(), vec![0.0; network.parameters().len()]);
    let mut count = |n: usize| {
        measure(|| {
            objective.sums(network.parameters(), &rows[..n], Some(&mut gradient), None).unwrap();
        })
        .count_total
    };
    assert!(count(1000) > 0, "the first evaluation allocates");
    // Fewer rows require fewer levels of the summation tree. The levels must not be released.
    assert_eq!([count(1000), count(64), count(1000), count(3)], [0; 4]);
}

#[test]
fn predictions_do_not_allocate() {
    assert_predictions_do_not_allocate::<f32>();
    assert_predictions_do_not_allocate::<f64>();
}

fn assert_predictions_do_not_allocate<T: Scalar>() {
    let (data, network) =
        (data::<T>(), Network::<T>::initialize(architecture(0.2), &mut RandomState::new(1)));
    let (x, mut y) = (data.x(), vec![T::ZERO; 1000 * 3]);
    assert!(measure(|| drop(network.predictor())).count_total > 0, "a new predictor allocates");
    let mut predictor = network.predictor();
    for n in [1, 3, 20, 1000, 1] {
        let allocated = measure(|| predictor.predict(&x[..n * 4], &mut y[..n * 3]));
        assert_eq!(allocated.count_total, 0, "{n} samples in {}", T::NAME);
    }
}

#[test]
fn repeated_predictions_on_several_threads_do_not_allocate() {
    let layers = vec![Layer::new(200, Activation::relu()), Layer::new(50, Activation::relu())];
    let architecture = Architecture::new(4, layers).unwrap();
    let network = Network::<f32>::initialize(architecture, &mut RandomState::new(1));
    let (data, mut y) = (data::<f32>(), vec![0.0; 1000 * 50]);
    let mut predictor = network.predictor();
    let mut count =
        |n: usize| measure(|| predictor.predict(&data.x()[..n * 4], &mut y[..n * 50])).count_total;
    assert_eq!(count(1000) > 0, threads() > 1, "the first prediction allocates a workspace per thread");
    assert_eq!([count(1000), count(64), count(999)], [0; 3]);
}

fn architecture(dropout: f64) -> Architecture {
    let layers = vec![
        Layer::new(16, Activation::tanh()).dropout(dropout),
        Layer::new(8, Activation::relu()),
        Layer::new(3, Activation::softmax()),
    ];
    Architecture::new(4, layers).unwrap()
}

fn data<T: Scalar>() -> Dataset<T> {
    let mut random = RandomState::new(3);
    let x: Vec<f64> = (0..4 * 1000).map(|_| random.standard_normal()).collect();
    let classes: Vec<usize> = (0..1000).map(|_| random.randint(0, 3) as usize).collect();
    Dataset::from_classes(x, 4, &classes, 3).unwrap().cast().unwrap()
}
