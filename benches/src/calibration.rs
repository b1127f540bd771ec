//! Calibration: a fixed amount of work, repeated to find out whether other load disturbs measurements.

use std::fmt;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::level;
use crate::peak::multiply_adds;
use crate::workload::WorkloadPrecision;

/// Spreads of the durations of equal pieces of work, `(90th percentile - minimum) / minimum`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Calibration {
    /// Spread on one thread.
    pub(crate) one_core: f64,
    /// Largest spread of a thread while all cores are in use.
    pub(crate) all_cores: f64,
}

/// Maximum spread on a machine that is quiet enough for a record.
///
/// The goals differ from the speedups of other programs by 10 % and more, and so do most changes of
/// speed that are worth a record. A spread of half that size does not hide them. Variations of the
/// clock frequency on a machine without other load are smaller.
const MAX_SPREAD: f64 = 0.05;
/// Number of pieces on one thread and on all cores, about a second each.
const N_PIECES: usize = 80;
/// Number of multiply-adds per chain in a piece, which take about 10 ms.
const PIECE: usize = 5_000_000;
/// Number of checks before a workload is measured in spite of other load.
const N_CHECKS: usize = 4;
/// Time between two checks.
const PAUSE: Duration = Duration::from_secs(5);

impl Calibration {
    /// Measures both spreads, which takes about two seconds.
    pub(crate) fn measure() -> Calibration {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Calibration { one_core: largest_spread(1), all_cores: largest_spread(cores) }
    }

    /// Measures until the machine is quiet, at most four times, and returns the last measurement.
    /// Progress messages contain the name of `workload`, which is measured next.
    pub(crate) fn before(workload: &str) -> Calibration {
        let calibration = first_quiet(N_CHECKS, PAUSE, || {
            let calibration = Calibration::measure();
            if !calibration.is_quiet() {
                eprintln!("{workload:12} {calibration}");
            }
            calibration
        });
        if !calibration.is_quiet() {
            eprintln!("{workload:12} measured although the machine is not quiet after {N_CHECKS} checks");
        }
        calibration
    }

    pub(crate) fn is_quiet(self) -> bool {
        self.one_core.max(self.all_cores) <= MAX_SPREAD
    }

    pub(crate) fn to_json(self) -> Value {
        json!({"one_core": self.one_core, "all_cores": self.all_cores, "is_quiet": self.is_quiet()})
    }
}

impl fmt::Display for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "spread {:.1} % on one core, {:.1} % on all cores: the machine is {}quiet enough for a record (at \
             most {:.0} %)",
            100.0 * self.one_core,
            100.0 * self.all_cores,
            if self.is_quiet() { "" } else { "not " },
            100.0 * MAX_SPREAD,
        )
    }
}

/// Measures at most `n_checks` times, with pauses, and returns the first measurement of a quiet
/// machine, else the last one.
fn first_quiet(n_checks: usize, pause: Duration, mut measure: impl FnMut() -> Calibration) -> Calibration {
    let mut calibration = measure();
    for _ in 1..n_checks {
        if calibration.is_quiet() {
            break;
        }
        thread::sleep(pause);
        calibration = measure();
    }
    calibration
}

/// Returns the largest spread of `n_threads` threads that start together. The threads are compared
/// with themselves, since cores may differ in speed.
fn largest_spread(n_threads: usize) -> f64 {
    let level = level::of_kernels();
    let barrier = Barrier::new(n_threads);
    let piece = |_| {
        let start = Instant::now();
        multiply_adds(level, WorkloadPrecision::F32, PIECE);
        start.elapsed().as_secs_f64()
    };
    let work = || {
        barrier.wait();
        spread((0..N_PIECES).map(piece).collect())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        let spreads = threads.into_iter().map(|thread| thread.join().expect("the loop does not panic"));
        spreads.fold(0.0, f64::max)
    })
}

/// Returns `(90th percentile - minimum) / minimum` of at least one duration.
fn spread(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    let percentile = seconds[(9 * seconds.len()).div_ceil(10) - 1];
    (percentile - seconds[0]) / seconds[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Calibration = Calibration { one_core: 0.01, all_cores: 0.05 };
    const NOISY: Calibration = Calibration { one_core: 0.01, all_cores: 0.051 };

    #[test]
    fn the_spread_is_that_of_the_ninetieth_percentile() {
        // The slowest of ten pieces does not count.
        assert_eq!(spread(vec![4.0, 2.0, 2.0, 3.0, 2.0, 2.0, 9.0, 2.0, 2.0, 2.0]), 1.0);
        assert_eq!(spread((0..100).map(|i| 100.0 + f64::from(i)).collect()), 0.89);
        assert_eq!(spread(vec![5.0]), 0.0);
    }

    #[test]
    fn both_spreads_must_be_small() {
        assert!(QUIET.is_quiet() && !NOISY.is_quiet());
        assert!(!Calibration { one_core: 0.2, all_cores: 0.0 }.is_quiet());
        assert_eq!(NOISY.to_json()["is_quiet"], false);
    }

    #[test]
    fn the_check_is_repeated_until_the_machine_is_quiet() {
        let first_of = |calibrations: &[Calibration]| {
            let mut rest = calibrations.iter();
            let calibration = first_quiet(3, Duration::ZERO, || *rest.next().unwrap());
            (calibration, rest.len())
        };
        assert_eq!(first_of(&[QUIET, NOISY]), (QUIET, 1));
        assert_eq!(first_of(&[NOISY, NOISY, QUIET, QUIET]), (QUIET, 1));
        assert_eq!(first_of(&[NOISY, NOISY, NOISY, QUIET]), (NOISY, 1));
    }

    #[test]
    fn the_text_states_both_spreads_and_the_decision() {
        assert_eq!(
            NOISY.to_string(),
            "spread 1.0 % on one core, 5.1 % on all cores: the machine is not quiet enough for a record (at \
             most 5 %)"
        );
    }
}
