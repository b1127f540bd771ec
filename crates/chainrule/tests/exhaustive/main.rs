//! How far `kernel::math` is from the truth over every f32, and over 10^8 f64: `cargo xtask test --exhaustive`.
//!
//! Takes minutes, so that without `CHAINRULE_EXHAUSTIVE=1` in the environment every test here passes at once.
//! An f64 is held to `double_double`, which knows some 30 digits. An f32 is held to the same function in f64, whose own
//! error, as measured here, is below a hundred millionth of the f32's last place. Either is computed plainly and with
//! a `mul_add` that rounds once.

mod double_double;
#[path = "../fused/mod.rs"]
mod fused;

use chainrule::kernel::{Lanes, math};
use double_double::{Double, exactly};
use fused::Fused;

/// The largest errors allowed, in ULP of the true value.
const ALLOWED_32: f64 = 2.0;
const ALLOWED_64: f64 = 4.0;

/// How many f64 each function is tried at.
const N_DOUBLES: usize = 100_000_000;

/// How many numbers are tried at a time: few enough to stay in the nearest cache.
const BLOCK: usize = 1024;

/// A function and its truth.
trait Function {
    const NAME: &'static str;
    /// Up to where the bounds hold, in f32 and f64; beyond, results must be within [-1, 1].
    const REACH: [f64; 2] = [f64::INFINITY; 2];
    /// Half the width of the interval around 0 where the function is most of interest.
    const SPAN: f64;

    fn of<L: Lanes>(x: L) -> L;
    fn truth(x: f64) -> Double;
}

/// A [`Function`] of the name of its `math` function, and its test.
macro_rules! function {
    ($type:ident, $name:ident, $span:expr, |$x:ident| $truth:expr $(, reach $reach:expr)?) => {
        struct $type;

        impl Function for $type {
            const NAME: &'static str = stringify!($name);
            $(const REACH: [f64; 2] = $reach;)?
            const SPAN: f64 = $span;

            #[inline(always)]
            fn of<L: Lanes>(x: L) -> L {
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
function!(Sin, sin, 1e5, |x| double_double::sin(x, 0), reach [3200.0, 1e5]);
function!(Cos, cos, 1e5, |x| double_double::sin(x, 1), reach [3200.0, 1e5]);

/// The errors of the plain and the fused form at each number of a block, in ULP.
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
    judge::<F, _>("f32", worst, ALLOWED_32);
}

/// The errors at the f32 with the bits `first`, `first + 1` and so on. Loops that the compiler can turn into vectors.
#[inline(always)]
fn single_errors<F: Function>(first: u32, errors: &mut Errors) {
    // Plain loops: `array::map` would be compiled apart, for a machine without the instructions.
    let mut x = [0.0; BLOCK];
    for (i, x) in x.iter_mut().enumerate() {
        *x = f32::from_bits(first + i as u32);
    }
    let mut truths = [0.0; BLOCK];
    for (truth, &x) in truths.iter_mut().zip(&x) {
        *truth = F::of(f64::from(x));
    }
    let mut results = [[0.0; BLOCK]; 2];
    for (y, &x) in results[0].iter_mut().zip(&x) {
        *y = F::of(x);
    }
    for (y, &x) in results[1].iter_mut().zip(&x) {
        *y = F::of(Fused(x)).0;
    }
    for (errors, results) in errors.iter_mut().zip(&results) {
        for (i, error) in errors.iter_mut().enumerate() {
            let (y, truth) = (f64::from(results[i]), exactly(truths[i]));
            let ulps =
                ulps(y, truth, f64::from(f32::MIN_POSITIVE), 2.0_f64.powi(127), f64::from(f32::EPSILON));
            *error = if f64::from(x[i].abs()) <= F::REACH[0] { ulps } else { out_of_reach(y) };
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
    judge::<F, _>("f64", worst, ALLOWED_64);
}

#[inline(always)]
fn double_errors<F: Function>(x: &[f64; BLOCK], errors: &mut Errors) {
    for (i, &x) in x.iter().enumerate() {
        let within = x.abs() <= F::REACH[1];
        let truth = if within { F::truth(x) } else { exactly(0.0) };
        for (errors, y) in errors.iter_mut().zip([F::of(x), F::of(Fused(x)).0]) {
            let ulps = ulps(y, truth, f64::MIN_POSITIVE, 2.0_f64.powi(1023), f64::EPSILON);
            errors[i] = if within { ulps } else { out_of_reach(y) };
        }
    }
}

/// Says on stderr how far a function has come, at each quarter of its numbers.
fn progress<F: Function>(precision: &str, first: usize, n: usize) {
    let quarter = |k: usize| k * 4 / n;
    if first > 0 && quarter(first) > quarter(first - BLOCK) {
        eprintln!("{:9} {precision} {} %", F::NAME, 25 * quarter(first));
    }
}

/// The distance of `y` from the truth, in units of the last place that a number near the truth has.
///
/// `least` is the smallest normal number of the precision, `most` its largest power of two. An infinite result counts
/// as the next power of two, and so does a truth beyond it. Below the normal numbers a result may be off by the
/// smallest of them: it may come out as 0.
#[inline(always)]
fn ulps(y: f64, truth: Double, least: f64, most: f64, epsilon: f64) -> f32 {
    // Halves of large numbers, as twice `most` is no f64 if that is the precision.
    let scale = if truth.high.abs() > 1.0 { 0.5 } else { 1.0 };
    let end = |v: f64| v.clamp(-most, most);
    let (scaled, high) = (end(scale * y), end(scale * truth.high));
    let low = if high.abs() < most { scale * truth.low } else { 0.0 };
    let distance = ((scaled - high) - low).abs();
    let exponent = f64::from_bits(truth.high.to_bits() & 0x7ff0_0000_0000_0000);
    let exponent = if exponent < most { exponent } else { most };
    // Near the end of f64 the truth's lower part is rounded off, half a unit or less, which is not held against y.
    let unknown = if truth.high.abs() < 1e-300 { 0.5 } else { 0.0 };
    let ulps = if truth.high.abs() >= least {
        (distance / (scale * epsilon * exponent) - unknown).max(0.0)
    } else if distance <= least {
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

/// Beyond the reach of a sine any number from -1 to 1 will do, and NaN where there is none.
#[inline(always)]
fn out_of_reach(y: f64) -> f32 {
    if y.abs() > 1.0 { f32::INFINITY } else { 0.0 }
}

/// Where the largest of the errors stands, if it is larger than `bound`.
fn larger_than(bound: f32, errors: &[f32; BLOCK]) -> Option<usize> {
    // The bits of numbers that are not negative are in the order of the numbers, and their maximum is quickly found.
    let most = errors.iter().fold(0, |most, error| error.to_bits().max(most));
    (most > bound.to_bits())
        .then(|| errors.iter().position(|error| error.to_bits() == most).expect("it is there"))
}

/// Number k of a sequence: in turn any f64 at all, one of any order of magnitude from 2^-60 to 2^16, one from -2 to 2,
/// and one within the span.
fn random_double(k: u64, span: f64) -> f64 {
    // SplitMix64 (Steele, Lea and Flood 2014).
    let mut bits = (k + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    // From -1 to 1.
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
    // What becomes of NaN is held elsewhere.
    if x.is_nan() { uniform } else { x }
}

/// Prints where the plain and the fused form are worst, and fails where that is worse than allowed.
fn judge<F: Function, X: std::fmt::LowerExp>(precision: &str, worst: [(f32, X); 2], allowed: f64) {
    for (form, (ulps, x)) in ["plain", "fused"].iter().zip(worst) {
        println!("{:9} {precision} {form}: {ulps:.4} ULP at {x:e}", F::NAME);
        assert!(f64::from(ulps) <= allowed, "{} {precision} {form} is off by {ulps} ULP at {x:e}", F::NAME);
    }
}

/// Does the work with the widest vectors and the fused multiply-add that the machine has: in software the fused form
/// would take hours.
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
            #[expect(unsafe_code, reason = "the compiler cannot know the machine")]
            // SAFETY: the machine has the features.
            return unsafe { with_avx512(work) };
        } else if fma && is_x86_feature_detected!("avx2") {
            #[expect(unsafe_code, reason = "the compiler cannot know the machine")]
            // SAFETY: the machine has the features.
            return unsafe { with_avx2(work) };
        }
    }
    work();
}
