//! How long one sample's prediction takes: when its inputs wait for the last one's outputs, and when they do not.

use std::hint::black_box;
use std::time::Instant;

use chainrule::Scalar;
use chainrule::network::Network;
use chainrule::random::RandomState;

use crate::error::Error;
use crate::workload::Workload;

/// Nanoseconds of one prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Nanoseconds {
    /// Each input waits for the outputs before, as in a control loop.
    pub(crate) latency: f64,
    /// Inputs are there already, so that one prediction may begin before the last one ends.
    pub(crate) throughput: f64,
}

/// Predictions of a loop, for some milliseconds of a small network.
const PREDICTIONS: u32 = 20_000;
/// The loop is run so often; the fastest counts, for whatever else runs only slows one down.
const ROUNDS: usize = 20;

/// Predicts with the network of `workload` as it starts, in precision `T` whatever the workload's.
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
        let began = Instant::now();
        for _ in 0..PREDICTIONS {
            predict();
        }
        began.elapsed().as_secs_f64() / f64::from(PREDICTIONS)
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min) * 1e9
}
