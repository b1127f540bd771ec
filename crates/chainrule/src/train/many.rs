//! Many training runs side by side, each on one thread.

use super::observer::Observer;
use super::run::Ending;
use super::training::Training;
use crate::Error;
use crate::kernel::Scalar;
use crate::kernel::pool::{self, threads};

/// Runs several training runs side by side and returns how each ended, in the same order.
///
/// Each run uses one thread, so nothing is handed over within a step; its results are the same bits
/// as if it were run alone. If a few runs of large networks would leave threads idle, they are run
/// one after another instead, each on several threads. `observers[k]` observes `trainings[k]`.
///
/// ```
/// use std::sync::Arc;
///
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation, loss::Loss};
/// use chainrule::random::RandomState;
/// use chainrule::train::{Ending, Settings, Training, fit_many};
/// use chainrule::Dataset;
///
/// let data = Arc::new(Dataset::new(vec![0.0, 1.0, 2.0], 1, vec![1.0, 3.0, 5.0], 1)?);
/// let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())])?;
/// let mut trainings = Vec::new();
/// for learning_rate in [0.01, 0.1, 0.3] {
///     let settings = Settings { learning_rate, epochs: 50, ..Settings::default() };
///     let network = Network::new(line.clone(), vec![0.0, 0.0])?;
///     let random = RandomState::new(0);
///     trainings.push(Training::new(network, &Loss::squared_error(), data.clone(), settings, random)?);
/// }
/// let endings = fit_many(&mut trainings, &mut [(), (), ()]);
/// assert!(endings.iter().all(|ending| *ending == Ok(Ending::Completed)));
/// assert!(trainings[1].training_loss()? < trainings[0].training_loss()?);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Panics
/// Panics if the numbers of training runs and observers differ.
pub fn fit_many<T: Scalar, O: Observer<T> + Send>(
    trainings: &mut [Training<T>],
    observers: &mut [O],
) -> Vec<Result<Ending, Error>> {
    assert_eq!(trainings.len(), observers.len(), "one observer per training run");
    let n_threads_each = trainings.iter().map(Training::n_threads).max().unwrap_or(1);
    let mut runs: Vec<_> = trainings
        .iter_mut()
        .zip(observers)
        .map(|(training, observer)| (training, observer, Ok(Ending::Cancelled)))
        .collect();
    spread(&mut runs, n_threads_each, &|_, (training, observer, ending)| {
        *ending = training.run(observer);
    });
    runs.into_iter().map(|(_, _, ending)| ending).collect()
}

/// Runs `job(k)` for k from 0 to `n_jobs` - 1, each on one thread, and returns the results in
/// order.
///
/// A job trains networks, each of which could use `n_threads_each` threads alone. The jobs are run
/// one after another, each on several threads, if that is expected to take less time.
///
/// # Panics
/// Panics if a job panics.
pub fn side_by_side<O: Send>(
    n_jobs: usize,
    n_threads_each: usize,
    job: impl Fn(usize) -> O + Sync,
) -> Vec<O> {
    let mut results: Vec<Option<O>> = (0..n_jobs).map(|_| None).collect();
    spread(&mut results, n_threads_each, &|k, result| *result = Some(job(k)));
    results.into_iter().map(|result| result.expect("every job has been run")).collect()
}

fn spread<J: Send>(jobs: &mut [J], n_threads_each: usize, run: &(impl Fn(usize, &mut J) + Sync)) {
    let n_jobs = jobs.len();
    if n_jobs.div_ceil(threads()).saturating_mul(n_threads_each) <= n_jobs {
        // The pool is busy then, so each step runs on the thread of its job.
        pool::each(threads(), jobs, run);
    } else {
        jobs.iter_mut().enumerate().for_each(|(k, job)| run(k, job));
    }
}
