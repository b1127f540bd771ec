//! All registered activations: kernels compared with formulas, slopes compared with finite
//! differences, values and slopes for large arguments; and softmax.

use chainrule::network::activation::{Activation, REGISTRY};
use chainrule::registry::OptionKind;
use chainrule::{Error, Scalar};
use proptest::prelude::*;

/// Returns each activation with its default options, and with each numeric option set to 0.3.
fn all() -> Vec<Activation> {
    let mut all = Vec::new();
    for entry in REGISTRY {
        all.push(Activation::new(entry.name, &[]).unwrap());
        for option in entry.options.iter().filter(|option| matches!(option.kind, OptionKind::Number(..))) {
            all.push(Activation::new(entry.name, &[(option.name, 0.3.into())]).unwrap());
        }
    }
    all
}

fn value<T: Scalar>(f: &Activation, z: f64) -> f64 {
    let mut a = [T::ZERO];
    f.values(&[T::from_f64(z)], &mut a);
    a[0].to_f64()
}

fn slope<T: Scalar>(f: &Activation, z: f64) -> f64 {
    let (z, mut a, mut slope) = ([T::from_f64(z)], [T::ZERO], [T::ZERO]);
    f.values(&z, &mut a);
    f.slopes(&z, &a, &mut slope);
    slope[0].to_f64()
}

/// Asserts that a value agrees with the formula up to a few rounding errors relative to the
/// argument and the value.
fn assert_formula<T: Scalar>(f: &Activation, z: f64) {
    let z = T::from_f64(z).to_f64();
    let (actual, expected) = (value::<T>(f, z), f.formula().unwrap().evaluate(z));
    if T::from_f64(expected).is_finite() {
        let tolerance = 4.0 * T::EPSILON * (1.0 + z.abs().max(expected.abs()));
        assert!(
            (actual - expected).abs() <= tolerance,
            "{f} in {} at {z}: {actual}, expected {expected}",
            T::NAME
        );
    } else {
        assert_eq!(actual, expected.signum() * f64::INFINITY, "{f} in {} at {z}", T::NAME);
    }
}

proptest! {
    #[test]
    fn kernels_agree_with_formulas(z in -40.0..40.0_f64) {
        for f in all() {
            assert_formula::<f64>(&f, z);
            assert_formula::<f32>(&f, z);
        }
    }

    #[test]
    fn slopes_agree_with_central_differences(z in -20.0..20.0_f64) {
        let h = 1e-5;
        for f in all().iter().filter(|f| f.kinks().iter().all(|kink| (z - kink).abs() > 2.0 * h)) {
            let difference = (value::<f64>(f, z + h) - value::<f64>(f, z - h)) / (2.0 * h);
            let actual = slope::<f64>(f, z);
            let tolerance = 1e-9 * (1.0 + actual.abs() + value::<f64>(f, z).abs());
            prop_assert!(
                (actual - difference).abs() <= tolerance,
                "{f}' at {z}: {actual}, but the central difference is {difference}"
            );
        }
    }

    #[test]
    fn slopes_in_f32_and_f64_agree(z in -40.0..40.0_f32) {
        for f in all() {
            let (single, double) = (slope::<f32>(&f, z.into()), slope::<f64>(&f, z.into()));
            let tolerance = 4.0 * f64::from(f32::EPSILON) * (1.0 + f64::from(z.abs()).max(double.abs()));
            prop_assert!((single - double).abs() <= tolerance, "{f}' at {z}: {single} in f32, {double} in f64");
        }
    }
}

#[test]
fn kinks_are_the_discontinuities_of_the_first_two_derivatives() {
    let h = 1e-4;
    for f in all() {
        let second = |z: f64| (slope::<f64>(&f, z + h) - slope::<f64>(&f, z - h)) / (2.0 * h);
        let jump = (slope::<f64>(&f, h) - slope::<f64>(&f, -h)).abs() / 2.0
            + (second(3.0 * h) - second(-3.0 * h)).abs();
        assert_eq!(f.kinks(), if jump > 0.01 { vec![0.0] } else { vec![] }, "{f} has a jump of {jump} at 0");
    }
}

fn assert_extreme_arguments<T: Scalar>() {
    for f in all() {
        for z in [1e4, 1e30, f64::from(f32::MAX), 0.0, 1e-30, 1e-40] {
            for z in [z, -z] {
                assert_formula::<T>(&f, z);
                let slope = slope::<T>(&f, z);
                assert!(
                    slope.is_finite() || f.name() == "exp" && z > 0.0,
                    "{f}' in {} at {z} is {slope}",
                    T::NAME
                );
            }
        }
        assert!(value::<T>(&f, f64::NAN).is_nan(), "{f} in {} does not propagate NaN", T::NAME);
    }
}

#[test]
fn values_are_correct_for_extreme_arguments_and_propagate_nan() {
    assert_extreme_arguments::<f32>();
    assert_extreme_arguments::<f64>();
}

#[test]
fn slopes_at_large_arguments_equal_their_limits() {
    for (name, below, above) in [
        ("logistic", 0.0, 0.0),
        ("tanh", 0.0, 0.0),
        ("relu", 0.0, 1.0),
        ("elu", 0.0, 1.0),
        ("gelu", 0.0, 1.0),
        ("silu", 0.0, 1.0),
        ("mish", 0.0, 1.0),
        ("softplus", 0.0, 1.0),
        ("rbf", 0.0, 0.0),
    ] {
        let f = Activation::new(name, &[]).unwrap();
        assert_eq!([slope::<f64>(&f, -1e4), slope::<f64>(&f, 1e4)], [below, above], "{f} in f64");
        assert_eq!([slope::<f32>(&f, -1e4), slope::<f32>(&f, 1e4)], [below, above], "{f} in f32");
    }
}

#[test]
fn backward_multiplies_by_the_slope() {
    for f in all() {
        let z: Vec<f64> = (0..30).map(|k| f64::from(k) * 0.37 - 5.1).collect();
        let (mut a, mut slope, mut da) = (vec![0.0; 30], vec![0.0; 30], z.clone());
        f.apply(3, &z, &mut a);
        f.slopes(&z, &a, &mut slope);
        f.backward(3, &z, &a, &mut da);
        for k in 0..30 {
            assert_eq!(da[k], z[k] * slope[k], "{f}");
        }
    }
}

#[test]
fn constructors_use_the_defaults_of_the_registry() {
    let made = [
        Activation::identity(),
        Activation::logistic(),
        Activation::tanh(),
        Activation::relu(),
        Activation::leaky_relu(0.01),
        Activation::elu(1.0),
        Activation::selu(),
        Activation::gelu(),
        Activation::silu(),
        Activation::mish(),
        Activation::softplus(),
        Activation::softsign(),
        Activation::rbf(),
        Activation::sine(),
        Activation::exp(),
        Activation::softmax(),
    ];
    let named: Vec<_> = Activation::names().map(|(name, _)| Activation::new(name, &[]).unwrap()).collect();
    assert_eq!(made.as_slice(), named);
    assert_ne!(Activation::elu(1.0), Activation::elu(2.0));
    assert_ne!(Activation::softmax(), Activation::exp());
}

#[test]
fn formulas_read_as_one_would_write_them() {
    let lines = REGISTRY.iter().map(|entry| {
        let formula = Activation::new(entry.name, &[]).unwrap().formula().unwrap();
        format!("{}: {formula}\n    {}", entry.name, formula.latex())
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_misspelt_softmax_is_suggested() {
    let error = Activation::new("softmx", &[]).unwrap_err();
    let Error::UnknownName { nearest, choices, .. } = &error else { panic!("{error}") };
    assert_eq!(*nearest, Some("softmax"));
    assert!(choices.contains(&"softmax") && choices.contains(&"tanh"));
    assert!(matches!(Activation::new("softmax", &[("slope", 1.0.into())]), Err(Error::UnknownOption { .. })));
}

#[test]
fn the_greatest_slope_is_the_maximum_of_the_derivative() {
    assert_eq!(Activation::relu().greatest_slope(), 1.0);
    assert_eq!(Activation::leaky_relu(-3.0).greatest_slope(), 3.0);
    let rbf = (2.0 / std::f64::consts::E).sqrt();
    assert!((Activation::rbf().greatest_slope() - rbf).abs() < 1e-4);
}

/// Computes softmax of one sample in f64 by its definition.
fn softmax(z: &[f64]) -> Vec<f64> {
    let sum: f64 = z.iter().map(|z| z.exp()).sum();
    z.iter().map(|z| z.exp() / sum).collect()
}

proptest! {
    #[test]
    fn softmax_normalises_over_the_units_of_each_sample(n_units in 1..6_usize, n in 1..40_usize, seed in 0..1000_u32) {
        let number = |k: usize| (f64::from(seed) + k as f64 * 1.7).sin() * 5.0;
        let z: Vec<f64> = (0..n_units * n).map(number).collect();
        let da: Vec<f64> = (0..n_units * n).map(|k| number(k + 999)).collect();
        let (mut a, mut dz) = (vec![0.0; z.len()], da.clone());
        Activation::softmax().apply(n_units, &z, &mut a);
        Activation::softmax().backward(n_units, &z, &a, &mut dz);
        for s in 0..n {
            let sample = |tile: &[f64]| (0..n_units).map(|j| tile[j * n + s]).collect::<Vec<f64>>();
            let (z, da) = (sample(&z), sample(&da));
            let expected = softmax(&z);
            for k in 0..n_units {
                prop_assert!((a[k * n + s] - expected[k]).abs() < 1e-14);
                // Σ_j da_j·∂a_j/∂z_k, with ∂a_j/∂z_k = a_j·(δ_jk - a_k).
                let delta = |j| if j == k { 1.0 } else { 0.0 };
                let dz_k: f64 = (0..n_units).map(|j| da[j] * expected[j] * (delta(j) - expected[k])).sum();
                prop_assert!((dz[k * n + s] - dz_k).abs() < 1e-13);
            }
        }
    }
}

#[test]
fn softmax_does_not_overflow_and_propagates_nan() {
    let mut a = [0.0_f32; 3];
    Activation::softmax().values(&[-1e4, 1e4, f32::NEG_INFINITY], &mut a);
    assert_eq!(a, [0.0, 1.0, 0.0]);
    for k in 0..3 {
        let mut z = [1.0_f32; 3];
        z[k] = f32::NAN;
        Activation::softmax().values(&z, &mut a);
        assert!(a.iter().all(|a| a.is_nan()));
    }
}

#[test]
#[should_panic(expected = "softmax couples the units")]
fn slopes_of_softmax_panic() {
    Activation::softmax().slopes(&[0.0], &[1.0], &mut [0.0]);
}
