//! Errors of `kernel::math` for every f32 and for 10^8 f64: `cargo xtask test --exhaustive`.
//!
//! The tests take minutes and pass immediately unless `CHAINRULE_EXHAUSTIVE=1` is set in the
//! environment. f64 results are compared with `double_double`, which is accurate to about 30
//! digits. f32 results are compared with the same function in f64, whose error, as measured here,
//! is below 1e-8 ULP of the f32. Both are computed with a `mul_add` that rounds twice and one that
//! rounds once.

mod double_double;
#[path = "../fused/mod.rs"]
mod fused;

use chainrule::kernel::{Lanes, math};
use double_double::{Double, exactly};
use fused::Fused;

/// Maximum errors in ULP of the true value.
const MAX_ERROR_32: f64 = 2.0;
const MAX_ERROR_64: f64 = 4.0;

/// Number of f64 arguments per function.
const N_DOUBLES: usize = 100_000_000;

/// Number of arguments per block, small enough for the L1 cache.
const BLOCK: usize = 1024;

/// Function with its reference implementation.
trait Function {
    const NAME: &'static str;
    /// Maximum `|x|` for which the error bounds apply, in f32 and f64. Beyond it, results must be
    /// within [-1, 1].
    const RANGE: [f64; 2] = [f64::INFINITY; 2];
    /// Half the width of the interval around 0 that is sampled uniformly.
    const SPAN: f64;

    fn evaluate<L: Lanes>(x: L) -> L;
    fn truth(x: f64) -> Double;
}

/// Defines a [`Function`] for a function of `math`, and its test.
macro_rules! function {
    ($type:ident, $name:ident, $span:expr, |$x:ident| $truth:expr $(, range $range:expr)?) => {
        struct $type;

        impl Function for $type {
            const NAME: &'static str = stringify!($name);
            $(const RANGE: [f64; 2] = $range;)?
            const SPAN: f64 = $span;

            #[inline(always)]
            fn evaluate<L: Lanes>(x: L) -> L {
                math::$name(x)
            }
            #[inline(always)]
            fn truth($x: f64) -> Double {
                $truth
            }
        }

        #[test]
        fn $name() {
            if std::env::var_os("CHAINRULE_EXHAUSTIVE").is_some_and(|value| value == "1") {
                every_single::<$type>();
                many_doubles::<$type>();
            }
        }
    };
}

function!(Exp, exp, 750.0, |x| double_double::exp(exactly(x)));
function!(ExpM1, exp_m1, 750.0, |x| double_double::exp_m1(exactly(x)));
function!(Ln, ln, 10.0, |x| match x {
    _ if x == 0.0 => exactly(f64::NEG_INFINITY),
    _ if x < 0.0 => exactly(f64::NAN),
    _ if x < f64::INFINITY => double_double::ln_1p(exactly(x) - exactly(1.0)),
    _ => exactly(x),
});
function!(Ln1p, ln_1p, 10.0, |x| match x {
    _ if x == -1.0 => exactly(f64::NEG_INFINITY),
    _ if x < -1.0 => exactly(f64::NAN),
    _ if x < f64::INFINITY => double_double::ln_1p(exactly(x)),
    _ => exactly(x),
});
function!(Logistic, logistic, 40.0, |x| {
    let q = double_double::exp(exactly(-x.abs()));
    (if x < 0.0 { q } else { exactly(1.0) }) / (exactly(1.0) + q)
});
function!(Tanh, tanh, 20.0, |x| {
    let e = double_double::exp_m1(exactly(2.0 * x.clamp(-40.0, 40.0)));
    e / (e + exactly(2.0))
});
function!(Erf, erf, 6.0, |x| double_double::erf(x));
function!(Softplus, softplus, 40.0, |x| {
    exactly(x.max(0.0)) + double_double::ln_1p(double_double::exp(exactly(-x.abs())))
});
function!(Sin, sin, 1e5, |x| double_double::sin(x, 0), range [3200.0, 1e5]);
function!(Cos, cos, 1e5, |x| double_double::sin(x, 1), range [3200.0, 1e5]);

/// Errors in ULP of the plain and the fused form for each argument of a block.
type Errors = [[f32; BLOCK]; 2];

fn every_single<F: Function>() {
    let mut worst = [(0.0, 0.0_f32); 2];
    let mut errors = [[0.0; BLOCK]; 2];
    for first in (0..=u32::MAX).step_by(BLOCK) {
        progress::<F>("f32", first as usize, 1 << 32);
        on_this_machine(
            #[inline(always)]
            || single_errors::<F>(first, &mut errors),
        );
        for (worst, errors) in worst.iter_mut().zip(&errors) {
            if let Some(i) = larger_than(worst.0, errors) {
                *worst = (errors[i], f32::from_bits(first + i as u32));
            }
        }
    }
    check_worst::<F, _>("f32", worst, MAX_ERROR_32);
}

/// Computes the errors for the f32 with the bits `first`, `first + 1`, …, in loops that the
/// compiler can vectorise.
#[inline(always)]
fn single_errors<F: Function>(first: u32, errors: &mut Errors) {
    // `array::map` would be compiled as a separate function without the target features.
    let mut x = [0.0; BLOCK];
    for (i, x) in x.iter_mut().enumerate() {
        *x = f32::from_bits(first + i as u32);
    }
    let mut truths = [0.0; BLOCK];
    for (truth, &x) in truths.iter_mut().zip(&x) {
        *truth = F::evaluate(f64::from(x));
    }
    let mut results = [[0.0; BLOCK]; 2];
    for (y, &x) in results[0].iter_mut().zip(&x) {
        *y = F::evaluate(x);
    }
    for (y, &x) in results[1].iter_mut().zip(&x) {
        *y = F::evaluate(Fused(x)).0;
    }
    for (errors, results) in errors.iter_mut().zip(&results) {
        for (i, error) in errors.iter_mut().enumerate() {
            let (y, truth) = (f64::from(results[i]), exactly(truths[i]));
            let ulps =
                ulps(y, truth, f64::from(f32::MIN_POSITIVE), 2.0_f64.powi(127), f64::from(f32::EPSILON));
            *error = if f64::from(x[i].abs()) <= F::RANGE[0] { ulps } else { out_of_range_error(y) };
        }
    }
}

fn many_doubles<F: Function>() {
    let mut worst = [(0.0, 0.0_f64); 2];
    let mut errors = [[0.0; BLOCK]; 2];
    for first in (0..N_DOUBLES).step_by(BLOCK) {
        progress::<F>("f64", first, N_DOUBLES);
        let x = std::array::from_fn(|i| random_double((first + i) as u64, F::SPAN));
        on_this_machine(
            #[inline(always)]
            || double_errors::<F>(&x, &mut errors),
        );
        for (worst, errors) in worst.iter_mut().zip(&errors) {
            if let Some(i) = larger_than(worst.0, errors) {
                *worst = (errors[i], x[i]);
            }
        }
    }
    check_worst::<F, _>("f64", worst, MAX_ERROR_64);
}

#[inline(always)]
fn double_errors<F: Function>(x: &[f64; BLOCK], errors: &mut Errors) {
    for (i, &x) in x.iter().enumerate() {
        let in_range = x.abs() <= F::RANGE[1];
        let truth = if in_range { F::truth(x) } else { exactly(0.0) };
        for (errors, y) in errors.iter_mut().zip([F::evaluate(x), F::evaluate(Fused(x)).0]) {
            let ulps = ulps(y, truth, f64::MIN_POSITIVE, 2.0_f64.powi(1023), f64::EPSILON);
            errors[i] = if in_range { ulps } else { out_of_range_error(y) };
        }
    }
}

/// Prints the progress of a function to stderr after each quarter of its arguments.
fn progress<F: Function>(precision: &str, first: usize, n: usize) {
    let quarter = |k: usize| k * 4 / n;
    if first > 0 && quarter(first) > quarter(first - BLOCK) {
        eprintln!("{:9} {precision} {} %", F::NAME, 25 * quarter(first));
    }
}

/// Returns the distance of `y` from the truth in ULP of the truth.
///
/// `min_normal` is the smallest normal number of the precision and `max_power` its largest power of
/// two. An infinite result and a truth beyond the largest number count as the next power of two. If
/// the truth is subnormal, an absolute error of `min_normal` is allowed, so the result may be 0.
#[inline(always)]
fn ulps(y: f64, truth: Double, min_normal: f64, max_power: f64, epsilon: f64) -> f32 {
    // Large numbers are halved, since twice `max_power` overflows in f64.
    let scale = if truth.high.abs() > 1.0 { 0.5 } else { 1.0 };
    let clamp = |v: f64| v.clamp(-max_power, max_power);
    let (scaled, high) = (clamp(scale * y), clamp(scale * truth.high));
    let low = if high.abs() < max_power { scale * truth.low } else { 0.0 };
    let distance = ((scaled - high) - low).abs();
    let exponent = f64::from_bits(truth.high.to_bits() & 0x7ff0_0000_0000_0000);
    let exponent = if exponent < max_power { exponent } else { max_power };
    // For tiny numbers the low part of the truth underflows, so up to half a unit is not counted.
    let unknown = if truth.high.abs() < 1e-300 { 0.5 } else { 0.0 };
    let ulps = if truth.high.abs() >= min_normal {
        (distance / (scale * epsilon * exponent) - unknown).max(0.0)
    } else if distance <= min_normal {
        0.0
    } else {
        f64::INFINITY
    };
    if truth.high.is_nan() && y.is_nan() {
        0.0
    } else if distance.is_nan() {
        f32::INFINITY
    } else {
        ulps as f32
    }
}

/// Returns the error for an argument outside of the range of a sine: 0 if the result is from -1 to
/// 1 or NaN, and otherwise infinity.
#[inline(always)]
fn out_of_range_error(y: f64) -> f32 {
    if y.abs() > 1.0 { f32::INFINITY } else { 0.0 }
}

/// Returns the index of the largest error if it is larger than `bound`.
fn larger_than(bound: f32, errors: &[f32; BLOCK]) -> Option<usize> {
    // The bits of non-negative floats have the same order as the floats, and their maximum is fast
    // to compute.
    let max = errors.iter().fold(0, |max, error| error.to_bits().max(max));
    (max > bound.to_bits())
        .then(|| errors.iter().position(|error| error.to_bits() == max).expect("the maximum is an element"))
}

/// Returns number k of a sequence that cycles through arbitrary f64, numbers of magnitude 2^-60 to
/// 2^16, numbers from -2 to 2, and numbers within the span.
fn random_double(k: u64, span: f64) -> f64 {
    // SplitMix64 (Steele, Lea and Flood 2014).
    let mut bits = (k + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    // Uniform from -1 to 1.
    let uniform = bits as i64 as f64 / 2.0_f64.powi(63);
    let x = match k % 4 {
        0 => f64::from_bits(bits),
        1 => {
            let order = (bits >> 5) % 77 + 1023 - 60;
            f64::from_bits(bits & !0x7ff0_0000_0000_0000 | order << 52)
        }
        2 => 2.0 * uniform,
        _ => span * uniform,
    };
    // NaN is tested in `math.rs`.
    if x.is_nan() { uniform } else { x }
}

/// Prints the largest errors of the plain and the fused form, and asserts that they are at most
/// `max_error`.
fn check_worst<F: Function, X: std::fmt::LowerExp>(precision: &str, worst: [(f32, X); 2], max_error: f64) {
    for (form, (ulps, x)) in ["plain", "fused"].iter().zip(worst) {
        println!("{:9} {precision} {form}: {ulps:.4} ULP at {x:e}", F::NAME);
        assert!(
            f64::from(ulps) <= max_error,
            "{} {precision} {form} has an error of {ulps} ULP at {x:e}",
            F::NAME
        );
    }
}

/// Calls `work` with the widest vectors and the fused multiply-add of the machine. Emulated in
/// software, the fused form would take hours.
fn on_this_machine(work: impl FnOnce()) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,fma")]
        fn with_avx512(work: impl FnOnce()) {
            work();
        }
        #[target_feature(enable = "avx2,fma")]
        fn with_avx2(work: impl FnOnce()) {
            work();
        }
        let fma = is_x86_feature_detected!("fma");
        let (f, vl) = (is_x86_feature_detected!("avx512f"), is_x86_feature_detected!("avx512vl"));
        let (bw, dq) = (is_x86_feature_detected!("avx512bw"), is_x86_feature_detected!("avx512dq"));
        if fma && f && vl && bw && dq {
            #[expect(unsafe_code, reason = "the features are detected at run time")]
            // SAFETY: the machine has the features.
            return unsafe { with_avx512(work) };
        } else if fma && is_x86_feature_detected!("avx2") {
            #[expect(unsafe_code, reason = "the features are detected at run time")]
            // SAFETY: the machine has the features.
            return unsafe { with_avx2(work) };
        }
    }
    work();
}
