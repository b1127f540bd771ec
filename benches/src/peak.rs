//! The machine's peak: how many floating-point operations a second a loop of multiply-adds reaches.

use std::array;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch};
use serde_json::{Value, json};

use crate::workload::Precision;

/// Operations a second, a multiply-add counting as two, on all cores together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Peak {
    pub(crate) f32: f64,
    pub(crate) f64: f64,
}

/// Chains of multiply-adds side by side: enough to hide four cycles of latency on two units, and few enough for
/// sixteen registers.
const CHAINS: usize = 12;
/// Multiply-adds of each chain, for some hundredths of a second.
const LENGTH: usize = 20_000_000;

impl Peak {
    /// Measures for a fifth of a second or so on all cores.
    pub(crate) fn measure() -> Peak {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Peak { f32: on(cores, Precision::F32), f64: on(cores, Precision::F64) }
    }

    /// The greater of two measurements: whatever else runs only lowers one.
    pub(crate) fn or(self, other: Peak) -> Peak {
        Peak { f32: self.f32.max(other.f32), f64: self.f64.max(other.f64) }
    }

    pub(crate) fn of(self, precision: Precision) -> f64 {
        match precision {
            Precision::F32 => self.f32,
            Precision::F64 => self.f64,
        }
    }

    pub(crate) fn to_json(self) -> Value {
        json!({"f32": self.f32, "f64": self.f64})
    }
}

/// Operations a second on this many threads, which begin together; the last to end stops the clock.
fn on(n_threads: usize, precision: Precision) -> f64 {
    let level = Level::new();
    let barrier = Barrier::new(n_threads);
    let work = || {
        barrier.wait();
        let began = Instant::now();
        let operations = match precision {
            Precision::F32 => dispatch!(level, simd => f32_products(simd)),
            Precision::F64 => dispatch!(level, simd => f64_products(simd)),
        };
        (operations, began.elapsed().as_secs_f64())
    };
    let done: Vec<(f64, f64)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a loop without panics")).collect()
    });
    let operations: f64 = done.iter().map(|(operations, _)| operations).sum();
    operations / done.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max)
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

/// `v ← v·a + b` in each of the chains; the operations done, of one lane.
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
    fn the_greater_of_two_peaks_is_kept_for_each_precision() {
        let peak = Peak { f32: 1.0, f64: 4.0 }.or(Peak { f32: 2.0, f64: 3.0 });
        assert_eq!((peak.of(Precision::F32), peak.of(Precision::F64)), (2.0, 4.0));
    }
}
