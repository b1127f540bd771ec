//! Coefficients and constants of the mathematical functions that exports define.
//!
//! They are those of the engine, except for the bounds and the parts of ln 2, which depend on how
//! the exports compute powers of two.

use chainrule::kernel::math::coefficients as engine;

use crate::Precision;

/// Returns the name and coefficients of each polynomial, the constant term first.
pub(super) fn polynomials(precision: Precision) -> &'static [(&'static str, &'static [f64])] {
    match precision {
        Precision::F32 => &POLYNOMIALS_32,
        Precision::F64 => &POLYNOMIALS_64,
    }
}

/// Returns the name and value of each constant.
pub(super) fn constants(precision: Precision) -> &'static [(&'static str, f64)] {
    match precision {
        Precision::F32 => &CONSTANTS_32,
        Precision::F64 => &CONSTANTS_64,
    }
}

const POLYNOMIALS_32: [(&str, &[f64]); 5] = [
    ("EXP", &engine::EXP_32),
    ("LN", &engine::LN_32),
    ("ERF", &engine::ERF_32),
    ("SIN", &engine::SIN_32),
    ("COS", &engine::COS_32),
];

const POLYNOMIALS_64: [(&str, &[f64]); 5] = [
    ("EXP", &engine::EXP_64),
    ("LN", &engine::LN_64),
    ("ERF", &engine::ERF_64),
    ("SIN", &engine::SIN_64),
    ("COS", &engine::COS_64),
];

// ln 2 is split into two parts. The first has so few significant bits that its product with an
// exponent is exact.
const CONSTANTS_32: [(&str, f64); 12] = [
    ("LOG2_E", std::f64::consts::LOG2_E),
    ("LN_2_HIGH", 0.693359375),
    ("LN_2_LOW", -0.00021219444005469057),
    ("TWO_OVER_PI", std::f64::consts::FRAC_2_PI),
    ("HALF_PI_0", engine::HALF_PI_32[0]),
    ("HALF_PI_1", engine::HALF_PI_32[1]),
    ("HALF_PI_2", engine::HALF_PI_32[2]),
    ("HALF_PI_3", engine::HALF_PI_32[3]),
    ("EXP_MIN", -87.33654),
    ("EXP_MAX", 88.72283),
    ("TANH_MAX", 10.0),
    ("ERF_MAX", 4.0),
];

const CONSTANTS_64: [(&str, f64); 12] = [
    ("LOG2_E", std::f64::consts::LOG2_E),
    ("LN_2_HIGH", 0.6931471803691238),
    ("LN_2_LOW", 1.9082149292705877e-10),
    ("TWO_OVER_PI", std::f64::consts::FRAC_2_PI),
    ("HALF_PI_0", engine::HALF_PI_64[0]),
    ("HALF_PI_1", engine::HALF_PI_64[1]),
    ("HALF_PI_2", engine::HALF_PI_64[2]),
    ("HALF_PI_3", 0.0),
    ("EXP_MIN", -708.3964185322641),
    ("EXP_MAX", 709.782712893384),
    ("TANH_MAX", 20.0),
    ("ERF_MAX", 6.0),
];
