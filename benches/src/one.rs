//! Latency and throughput of single-sample predictions.

use std::hint::black_box;
use std::time::Instant;

use chainrule::Scalar;
use chainrule::network::Network;
use chainrule::random::RandomState;

use crate::error::Error;
use crate::workload::Workload;

/// Nanoseconds per prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Nanoseconds {
    /// Each input depends on the previous output, as in a control loop.
    pub(crate) latency: f64,
    /// Inputs are independent, so the processor can overlap consecutive predictions.
    pub(crate) throughput: f64,
}

/// Number of predictions per round, which take a few milliseconds with a small network.
const PREDICTIONS: u32 = 20_000;
/// Number of rounds, of which the fastest counts, since other load can only slow one down.
const ROUNDS: usize = 20;

/// Measures predictions of the untrained network of `workload` in precision `T`.
pub(crate) fn measure<T: Scalar>(workload: &Workload) -> Result<Nanoseconds, Error> {
    let network = Network::<T>::initialize(workload.architecture()?, &mut RandomState::new(0));
    let mut predictor = network.predictor();
    let (mut x, mut y) = (vec![T::ONE; workload.n_inputs()], vec![T::ZERO; workload.n_outputs()]);
    let latency = fastest(|| {
        predictor.predict(&x, &mut y);
        x[0] = y[0];
    });
    let throughput = fastest(|| {
        predictor.predict(black_box(&x), &mut y);
        black_box(&y);
    });
    Ok(Nanoseconds { latency, throughput })
}

fn fastest(mut predict: impl FnMut()) -> f64 {
    let mut round = || {
        let start = Instant::now();
        for _ in 0..PREDICTIONS {
            predict();
        }
        start.elapsed().as_secs_f64() / f64::from(PREDICTIONS)
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min) * 1e9
}
