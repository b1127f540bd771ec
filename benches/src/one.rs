//! Latency and throughput of single-sample predictions, and time per sample of batch predictions.

use std::hint::black_box;
use std::time::Instant;

use chainrule::Scalar;
use chainrule::network::Network;
use chainrule::random::RandomState;

use crate::error::Error;
use crate::workload::Workload;

/// Nanoseconds per sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Nanoseconds {
    /// Single samples, of which each input depends on the previous output, as in a control loop.
    pub(crate) latency: f64,
    /// Single samples with independent inputs, so the processor can overlap consecutive
    /// predictions.
    pub(crate) throughput: f64,
    /// Batches of [`BATCH`] samples on one thread.
    pub(crate) batch_on_one_thread: f64,
    /// Batches of [`BATCH`] samples on the default number of threads.
    pub(crate) batch: f64,
}

/// Number of samples of a batch.
pub(crate) const BATCH: usize = 8192;
/// Number of single-sample predictions per round, which take a few milliseconds with a small
/// network.
const PREDICTIONS: u32 = 20_000;
/// Number of rounds, of which the fastest counts, since other load can only slow one down.
const ROUNDS: usize = 20;

/// Measures predictions of the untrained network of `workload` in precision `T`.
pub(crate) fn measure<T: Scalar>(workload: &Workload) -> Result<Nanoseconds, Error> {
    let network = Network::<T>::initialize(workload.architecture()?, &mut RandomState::new(0));
    let mut predictor = network.predictor();
    let (mut x, mut y) = (vec![T::ONE; workload.n_inputs()], vec![T::ZERO; workload.n_outputs()]);
    let latency = fastest(PREDICTIONS, || {
        predictor.predict(&x, &mut y);
        x[0] = y[0];
    });
    let throughput = fastest(PREDICTIONS, || {
        predictor.predict(black_box(&x), &mut y);
        black_box(&y);
    });
    let mut random = RandomState::new(1);
    let x: Vec<T> = (0..BATCH * workload.n_inputs()).map(|_| T::from_f64(random.standard_normal())).collect();
    let mut y = vec![T::ZERO; BATCH * workload.n_outputs()];
    let mut batch = || {
        // The workspaces of the threads are allocated in the first round.
        let nanoseconds = fastest(1, || {
            predictor.predict(black_box(&x), &mut y);
            black_box(&y);
        });
        nanoseconds / BATCH as f64
    };
    chainrule::set_threads(1);
    let batch_on_one_thread = batch();
    chainrule::set_threads(0);
    Ok(Nanoseconds { latency, throughput, batch_on_one_thread, batch: batch() })
}

/// Returns the nanoseconds per call in the fastest round of `n` calls.
fn fastest(n: u32, mut predict: impl FnMut()) -> f64 {
    let mut round = || {
        let start = Instant::now();
        for _ in 0..n {
            predict();
        }
        start.elapsed().as_secs_f64() / f64::from(n)
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min) * 1e9
}
