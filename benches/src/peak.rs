//! Peak floating-point performance of the machine, measured with a loop of multiply-adds.

use std::array;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch};
use serde_json::{Value, json};

use crate::workload::WorkloadPrecision;

/// Floating-point operations per second on all cores, with a multiply-add counted as two
/// operations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Peak {
    pub(crate) f32: f64,
    pub(crate) f64: f64,
}

/// Number of independent multiply-add chains: enough to hide a latency of four cycles on two units,
/// and few enough for sixteen registers.
const CHAINS: usize = 12;
/// Number of multiply-adds per chain, which take a few hundredths of a second.
const LENGTH: usize = 20_000_000;

impl Peak {
    /// Measures the peak on all cores, which takes about a fifth of a second.
    pub(crate) fn measure() -> Peak {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Peak { f32: flops(cores, WorkloadPrecision::F32), f64: flops(cores, WorkloadPrecision::F64) }
    }

    /// Returns the larger of two measurements, since other load can only lower a measurement.
    pub(crate) fn max(self, other: Peak) -> Peak {
        Peak { f32: self.f32.max(other.f32), f64: self.f64.max(other.f64) }
    }

    pub(crate) fn in_precision(self, precision: WorkloadPrecision) -> f64 {
        match precision {
            WorkloadPrecision::F32 => self.f32,
            WorkloadPrecision::F64 => self.f64,
        }
    }

    pub(crate) fn to_json(self) -> Value {
        json!({"f32": self.f32, "f64": self.f64})
    }
}

/// Returns the operations per second of `n_threads` threads that start together, measured until the
/// last one finishes.
fn flops(n_threads: usize, precision: WorkloadPrecision) -> f64 {
    let level = Level::new();
    let barrier = Barrier::new(n_threads);
    let work = || {
        barrier.wait();
        let start = Instant::now();
        let operations = match precision {
            WorkloadPrecision::F32 => dispatch!(level, simd => f32_products(simd)),
            WorkloadPrecision::F64 => dispatch!(level, simd => f64_products(simd)),
        };
        (operations, start.elapsed().as_secs_f64())
    };
    let results: Vec<(f64, f64)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("the loop does not panic")).collect()
    });
    let operations: f64 = results.iter().map(|(operations, _)| operations).sum();
    operations / results.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max)
}

#[inline(always)]
fn f32_products<S: Simd>(simd: S) -> f64 {
    let [a, b] = black_box([0.999_f32, 1e-3]);
    products(S::f32s::splat(simd, a), S::f32s::splat(simd, b)) * S::f32s::LEN as f64
}

#[inline(always)]
fn f64_products<S: Simd>(simd: S) -> f64 {
    let [a, b] = black_box([0.999_f64, 1e-3]);
    products(S::f64s::splat(simd, a), S::f64s::splat(simd, b)) * S::f64s::LEN as f64
}

/// Computes `v ← v·a + b` in each chain and returns the number of operations per lane.
#[inline(always)]
fn products<S: Simd, V: SimdFloat<S>>(a: V, b: V) -> f64 {
    let mut chains: [V; CHAINS] = array::from_fn(|_| b);
    for _ in 0..LENGTH {
        for v in &mut chains {
            *v = v.mul_add(a, b);
        }
    }
    black_box(chains);
    (2 * CHAINS * LENGTH) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maximum_of_two_peaks_is_taken_per_precision() {
        let peak = Peak { f32: 1.0, f64: 4.0 }.max(Peak { f32: 2.0, f64: 3.0 });
        assert_eq!(
            (peak.in_precision(WorkloadPrecision::F32), peak.in_precision(WorkloadPrecision::F64)),
            (2.0, 4.0)
        );
    }
}
