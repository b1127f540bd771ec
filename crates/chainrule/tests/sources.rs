//! Training on a data source that reads samples on demand, and that can fail.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer, Network};
use chainrule::objective::{Evaluate, Objective};
use chainrule::random::RandomState;
use chainrule::train::{Batch, Settings, Training};
use chainrule::{DataSource, Dataset, Error};

/// A source that records what is announced, and fails while `broken` is set.
struct Recording {
    data: Dataset<f64>,
    broken: AtomicBool,
    announced: Mutex<Vec<Vec<u32>>>,
}

impl DataSource<f64> for Recording {
    fn n_samples(&self) -> usize {
        self.data.n_samples()
    }

    fn n_inputs(&self) -> usize {
        self.data.n_inputs()
    }

    fn n_targets(&self) -> usize {
        self.data.n_targets()
    }

    fn gather(&self, rows: &[u32], x: &mut [f64], t: &mut [f64], weight: &mut [f64]) -> Result<(), Error> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(Error::Unreadable { row: 1, reason: "the file has been truncated".to_owned() });
        }
        self.data.gather(rows, x, t, weight)
    }

    fn gather_targets(&self, rows: &[u32], t: &mut [f64]) -> Result<(), Error> {
        self.data.gather_targets(rows, t)
    }

    fn prefetch(&self, rows: &[u32]) {
        self.announced.lock().expect("no panic").push(rows.to_vec());
    }
}

fn source() -> Arc<Recording> {
    let x: Vec<f64> = (0..10).map(f64::from).collect();
    let data = Dataset::new(x.clone(), 1, x, 1).expect("finite samples");
    Arc::new(Recording { data, broken: AtomicBool::new(false), announced: Mutex::default() })
}

fn training() -> (Arc<Recording>, Training<f64>) {
    let source = source();
    let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())]).expect("a network");
    let network = Network::new(line, vec![0.0; 2]).expect("finite parameters");
    let settings = Settings { batch: Batch::Size(4), learning_rate: 1e-3, ..Settings::default() };
    let random = RandomState::new(0);
    let training = Training::new(network, &Loss::squared_error(), source.clone(), settings, random);
    (source, training.expect("valid settings"))
}

#[test]
fn the_next_batch_of_an_epoch_is_announced() {
    let (source, mut training) = training();
    training.epoch().expect("readable samples");
    let order = &training.state().order;
    assert_eq!(*source.announced.lock().expect("no panic"), [&order[4..8], &order[8..10]]);
}

#[test]
fn samples_that_cannot_be_read_are_an_error_and_the_step_can_be_repeated() {
    let [(_, mut undisturbed), (source, mut training)] = [training(), training()];
    // Within an epoch, and before the first step of one, for which the rows are shuffled.
    for _ in 0..7 {
        source.broken.store(true, Ordering::Relaxed);
        let state = training.state().clone();
        let error = training.step().expect_err("the source is broken");
        assert!(
            matches!(error, Error::Unreadable { .. }) && error.to_string().contains("truncated"),
            "{error}"
        );
        assert!(training.training_loss().is_err());
        assert_eq!(training.state(), &state, "the state is that of the last step");
        source.broken.store(false, Ordering::Relaxed);
        assert_eq!(training.step(), undisturbed.step());
        assert_eq!(training.state(), undisturbed.state());
    }
    assert_eq!(training.history().epochs.len(), 2);
}

#[test]
fn outputs_of_samples_that_cannot_be_read_are_an_error() {
    let (source, loss) = (source(), Loss::squared_error());
    let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())]).expect("a network");
    // So many rows that several threads evaluate them.
    let rows: Vec<u32> = (0..10).cycle().take(2_000_000).collect();
    let mut objective = Objective::new(&line, &loss, source.clone()).expect("valid targets");
    source.broken.store(true, Ordering::Relaxed);
    let error = objective.outputs(&[2.0, 0.0], &rows).expect_err("unreadable samples");
    assert!(matches!(error, Error::Unreadable { .. }));
    source.broken.store(false, Ordering::Relaxed);
    let outputs = objective.outputs(&[2.0, 0.0], &rows).expect("readable samples");
    assert!(outputs.y.iter().zip(&rows).all(|(y, row)| *y == 2.0 * f64::from(*row)));
}
