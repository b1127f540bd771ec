//! How far `kernel::math` is from the truth: from the platform's f64 for f32, from a table of correctly rounded values
//! (`reference/math.json`, made by `reference/make_polynomials.py`) for f64.

mod fused;

use std::collections::BTreeMap;

use chainrule::kernel::math;
use fused::Fused;

/// The largest error allowed, in ULP: of the true value in f32, of the correctly rounded one in f64.
const ALLOWED: f64 = 2.0;

/// One function in all its forms.
struct Case {
    name: &'static str,
    truth: fn(f64) -> f64,
    /// Largest `|x|` for which the bounds hold in f32; the table keeps to what holds in f64.
    reach: f64,
    single: [fn(f32) -> f32; 2],
    double: [fn(f64) -> f64; 2],
}

/// A [`Case`] of the generic function `math::$name`: plain, and with a `mul_add` that rounds once.
macro_rules! case {
    ($name:ident, $reach:expr, $truth:expr) => {
        Case {
            name: stringify!($name),
            truth: $truth,
            reach: $reach,
            single: [math::$name, |x| math::$name(Fused(x)).0],
            double: [math::$name, |x| math::$name(Fused(x)).0],
        }
    };
}

fn cases() -> Vec<Case> {
    vec![
        case!(exp, f64::MAX, f64::exp),
        case!(exp_m1, f64::MAX, f64::exp_m1),
        case!(ln, f64::MAX, f64::ln),
        case!(ln_1p, f64::MAX, f64::ln_1p),
        case!(logistic, f64::MAX, |x| 1.0 / (1.0 + (-x).exp())),
        case!(tanh, f64::MAX, f64::tanh),
        case!(erf, f64::MAX, math::erf),
        case!(softplus, f64::MAX, |x| x.max(0.0) + (-x.abs()).exp().ln_1p()),
        case!(sin, 3200.0, f64::sin),
        case!(cos, 3200.0, f64::cos),
    ]
}

#[test]
fn single_precision_is_near_the_platforms_double() {
    for case in cases() {
        for (form, f) in ["plain", "fused"].iter().zip(case.single) {
            let (mut worst, mut at) = (0.0_f64, 0.0_f32);
            for x in single_arguments().filter(|x| f64::from(x.abs()) <= case.reach) {
                let truth = (case.truth)(x.into());
                let error = ulps_32(f(x), truth);
                if error > worst {
                    (worst, at) = (error, x);
                }
            }
            println!("{:9} f32 {form}: {worst:.3} ULP at {at:e}", case.name);
            assert!(worst <= ALLOWED, "{} {form} is off by {worst} ULP at {at:e}", case.name);
        }
    }
}

#[test]
fn double_precision_is_near_the_table() {
    let table: BTreeMap<String, Vec<[String; 2]>> =
        serde_json::from_str(include_str!("reference/math.json")).expect("a table of pairs by function");
    for case in cases() {
        let rows = &table[case.name];
        assert!(rows.len() > 200);
        for (form, f) in ["plain", "fused"].iter().zip(case.double) {
            let (mut worst, mut at) = (0, 0.0);
            for [x, truth] in rows {
                let (x, truth): (f64, f64) = (x.parse().unwrap(), truth.parse().unwrap());
                let error = (f(x).to_bits() as i64).wrapping_sub(truth.to_bits() as i64).unsigned_abs();
                if error > worst {
                    (worst, at) = (error, x);
                }
            }
            println!("{:9} f64 {form}: {worst} ULP at {at:e}", case.name);
            assert!(worst as f64 <= ALLOWED, "{} {form} is off by {worst} ULP at {at:e}", case.name);
        }
    }
}

#[test]
fn nan_infinities_and_poles_come_out_as_they_should() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    // At -inf, inf and some places of its own.
    let at_ends: [(&str, f64, f64, &[[f64; 2]]); 10] = [
        ("exp", 0.0, inf, &[[0.0, 1.0], [-1e4, 0.0], [1e4, inf]]),
        ("exp_m1", -1.0, inf, &[[0.0, 0.0], [-1e4, -1.0], [1e4, inf]]),
        ("ln", nan, inf, &[[0.0, -inf], [-0.0, -inf], [1.0, 0.0], [-1.0, nan]]),
        ("ln_1p", nan, inf, &[[-1.0, -inf], [0.0, 0.0], [-1.5, nan]]),
        ("logistic", 0.0, 1.0, &[[0.0, 0.5], [-1e4, 0.0], [1e4, 1.0]]),
        ("tanh", -1.0, 1.0, &[[0.0, 0.0], [-1e4, -1.0], [1e4, 1.0]]),
        ("erf", -1.0, 1.0, &[[0.0, 0.0], [-1e4, -1.0], [1e4, 1.0]]),
        ("softplus", 0.0, inf, &[[-1e4, 0.0], [1e4, 1e4]]),
        ("sin", nan, nan, &[[0.0, 0.0]]),
        ("cos", nan, nan, &[[0.0, 1.0]]),
    ];
    for (case, (name, below, above, places)) in cases().iter().zip(at_ends) {
        assert_eq!(case.name, name);
        for [x, y] in [[-inf, below], [inf, above]].iter().chain(places) {
            for got in case.double.map(|f| f(*x)).into_iter().chain(case.single.map(|f| f(*x as f32).into()))
            {
                assert!(got == *y || got.is_nan() && y.is_nan(), "{name}({x}) is {got}, not {y}");
            }
        }
        for payload in [0x7fc0_0000, 0x7f80_0001, 0x7fff_ffff, 0xffff_ffff, 0xffd5_5555] {
            assert!(case.single.iter().all(|f| f(f32::from_bits(payload)).is_nan()), "{name} swallows a NaN");
            let payload = u64::from(payload) << 32 | 0x7ff0_0000_1234_5678;
            assert!(case.double.iter().all(|f| f(f64::from_bits(payload)).is_nan()), "{name} swallows a NaN");
        }
    }
}

#[test]
fn exp_ends_where_the_normal_numbers_do() {
    assert_eq!(math::exp(88.72283_f32), 3.4027985e38);
    assert_eq!(math::exp(88.72284_f32), f32::INFINITY);
    assert_eq!(math::exp(-87.33654_f32), 1.1754997e-38);
    assert_eq!(math::exp(-87.33655_f32), 0.0);
    assert_eq!(math::exp(709.782712893384), 1.7976931348622732e308);
    assert_eq!(math::exp(709.7827128933841), f64::INFINITY);
    assert_eq!(math::exp(-708.3964185322641), 2.2250738585072626e-308);
    assert_eq!(math::exp(-708.3964185322642), 0.0);
}

#[test]
fn sine_and_cosine_stay_within_one() {
    for case in cases().iter().filter(|case| ["sin", "cos"].contains(&case.name)) {
        for x in single_arguments().filter(|x| x.is_finite()) {
            assert!(case.single.iter().all(|f| f(x).abs() <= 1.0), "{}({x}) in f32", case.name);
            for x in [f64::from(x) * f64::from(x) * 1.2345, f64::MAX / f64::from(x).abs().max(1.0)] {
                assert!(case.double.iter().all(|f| f(x).abs() <= 1.0), "{}({x}) in f64", case.name);
            }
        }
    }
}

/// Every bit pattern of f32 in steps, a million of them, and closer from -20 to 20, all around where `exp`
/// overflows or vanishes and logarithms have a root or a pole.
fn single_arguments() -> impl Iterator<Item = f32> {
    let all = (0..=u32::MAX).step_by(4093).map(f32::from_bits).filter(|x| !x.is_nan());
    let near = |x: f32| (0..2000).map(move |k| f32::from_bits(x.to_bits() - 1000 + k));
    let far = f32::from_bits(f32::MAX.to_bits() - 1000);
    let edges = [1.0, -1.0, 88.72284, -87.33654, far].into_iter().flat_map(near).filter(|x| !x.is_nan());
    let small = (0..400_000).map(|k| (k - 200_000) as f32 * 1.0003e-4);
    all.chain(edges).chain(small)
}

/// The distance of `y` from `truth` in units of the last place that an f32 near `truth` has; results that may
/// underflow count as right.
fn ulps_32(y: f32, truth: f64) -> f64 {
    if truth.is_nan() || y.is_nan() {
        return if truth.is_nan() && y.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if truth.abs() < f64::from(f32::MIN_POSITIVE) && (y == 0.0 || y.abs() <= f32::MIN_POSITIVE) {
        return 0.0;
    }
    if y.is_infinite() {
        return if truth.signum() == f64::from(y.signum()) && truth.abs() >= f64::from(f32::MAX) {
            0.0
        } else {
            f64::INFINITY
        };
    }
    let exponent = truth.abs().log2().floor().max(-126.0) as i32;
    (f64::from(y) - truth).abs() / 2.0_f64.powi(exponent - 23)
}
