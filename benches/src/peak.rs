//! Peak floating-point performance of the machine, measured with a loop of multiply-adds at the SIMD
//! level of Chainrule's kernels.

use std::array;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch};
use serde_json::{Value, json};

use crate::level;
use crate::workload::WorkloadPrecision;

/// Peak at the SIMD level of Chainrule's kernels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Peak {
    pub(crate) one_core: PeakRates,
    pub(crate) all_cores: PeakRates,
}

/// Floating-point operations per second, with a multiply-add counted as two operations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct PeakRates {
    pub(crate) f32: f64,
    pub(crate) f64: f64,
}

/// Number of independent multiply-add chains: enough to hide a latency of four cycles on two units,
/// and few enough for sixteen registers.
const CHAINS: usize = 12;
/// Number of multiply-adds per chain, which take a few hundredths of a second.
const LENGTH: usize = 20_000_000;

impl Peak {
    /// Measures the peak on one core and on all cores, which takes a few tenths of a second.
    pub(crate) fn measure() -> Peak {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Peak { one_core: PeakRates::measure(1), all_cores: PeakRates::measure(cores) }
    }

    /// Returns the larger of two measurements, since other load can only lower a measurement.
    pub(crate) fn max(self, other: Peak) -> Peak {
        Peak { one_core: self.one_core.max(other.one_core), all_cores: self.all_cores.max(other.all_cores) }
    }

    /// Returns the rates for a fixed number of threads, which are those of all cores unless it is
    /// 1.
    pub(crate) fn with_threads(self, threads: Option<usize>) -> PeakRates {
        if threads == Some(1) { self.one_core } else { self.all_cores }
    }

    pub(crate) fn to_json(self) -> Value {
        json!({"one_core": self.one_core.to_json(), "all_cores": self.all_cores.to_json()})
    }
}

impl PeakRates {
    fn measure(n_threads: usize) -> PeakRates {
        let flops = |precision| flops(n_threads, precision);
        PeakRates { f32: flops(WorkloadPrecision::F32), f64: flops(WorkloadPrecision::F64) }
    }

    fn max(self, other: PeakRates) -> PeakRates {
        PeakRates { f32: self.f32.max(other.f32), f64: self.f64.max(other.f64) }
    }

    pub(crate) fn in_precision(self, precision: WorkloadPrecision) -> f64 {
        match precision {
            WorkloadPrecision::F32 => self.f32,
            WorkloadPrecision::F64 => self.f64,
        }
    }

    fn to_json(self) -> Value {
        json!({"f32": self.f32, "f64": self.f64})
    }
}

/// Returns the operations per second of `n_threads` threads that start together, measured until the
/// last one finishes.
fn flops(n_threads: usize, precision: WorkloadPrecision) -> f64 {
    let level = level::of_kernels();
    let barrier = Barrier::new(n_threads);
    let work = || {
        barrier.wait();
        let start = Instant::now();
        let operations = multiply_adds(level, precision, LENGTH);
        (operations, start.elapsed().as_secs_f64())
    };
    let results: Vec<(f64, f64)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("the loop does not panic")).collect()
    });
    let operations: f64 = results.iter().map(|(operations, _)| operations).sum();
    operations / results.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max)
}

/// Computes `length` multiply-adds of vectors in each of 12 chains and returns the number of
/// floating-point operations.
pub(crate) fn multiply_adds(level: Level, precision: WorkloadPrecision, length: usize) -> f64 {
    match precision {
        WorkloadPrecision::F32 => dispatch!(level, simd => f32_products(simd, length)),
        WorkloadPrecision::F64 => dispatch!(level, simd => f64_products(simd, length)),
    }
}

#[inline(always)]
fn f32_products<S: Simd>(simd: S, length: usize) -> f64 {
    let [a, b] = black_box([0.999_f32, 1e-3]);
    products(S::f32s::splat(simd, a), S::f32s::splat(simd, b), length) * S::f32s::LEN as f64
}

#[inline(always)]
fn f64_products<S: Simd>(simd: S, length: usize) -> f64 {
    let [a, b] = black_box([0.999_f64, 1e-3]);
    products(S::f64s::splat(simd, a), S::f64s::splat(simd, b), length) * S::f64s::LEN as f64
}

/// Computes `v ← v·a + b` in each chain and returns the number of operations per lane.
#[inline(always)]
fn products<S: Simd, V: SimdFloat<S>>(a: V, b: V, length: usize) -> f64 {
    let mut chains: [V; CHAINS] = array::from_fn(|_| b);
    for _ in 0..length {
        for v in &mut chains {
            *v = v.mul_add(a, b);
        }
    }
    black_box(chains);
    (2 * CHAINS * length) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maximum_of_two_peaks_is_taken_per_precision_and_number_of_cores() {
        let peak = |f32, f64| Peak {
            one_core: PeakRates { f32, f64 },
            all_cores: PeakRates { f32: 2.0 * f32, f64: 2.0 * f64 },
        };
        let peak = peak(1.0, 4.0).max(peak(2.0, 3.0));
        assert_eq!(peak.with_threads(Some(1)), PeakRates { f32: 2.0, f64: 4.0 });
        let all = peak.with_threads(None);
        assert_eq!(
            (all.in_precision(WorkloadPrecision::F32), all.in_precision(WorkloadPrecision::F64)),
            (4.0, 8.0)
        );
    }

    #[test]
    fn the_number_of_operations_is_proportional_to_the_length() {
        let level = level::of_kernels();
        let operations = |length| multiply_adds(level, WorkloadPrecision::F64, length);
        assert_eq!(operations(30), 3.0 * operations(10));
        assert_eq!(multiply_adds(level, WorkloadPrecision::F32, 10), 2.0 * operations(10));
    }
}
