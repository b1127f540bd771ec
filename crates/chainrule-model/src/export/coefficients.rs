//! The coefficients and constants of the functions that exports bring along: the engine's, but for bounds and the parts of
//! ln 2, which go with how the exports take a power of two.

use chainrule::kernel::math::coefficients as engine;

use crate::Precision;

/// The polynomials by name, the lowest power first.
pub(super) fn polynomials(precision: Precision) -> &'static [(&'static str, &'static [f64])] {
    match precision {
        Precision::F32 => &POLYNOMIALS_32,
        Precision::F64 => &POLYNOMIALS_64,
    }
}

/// The constants by name.
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

// ln 2 is in two parts, the first of so few bits that its product with an exponent is exact.
const CONSTANTS_32: [(&str, f64); 12] = [
    ("LOG2_E", std::f64::consts::LOG2_E),
    ("LN_2_HIGH", 0.693359375),
    ("LN_2_LOW", -0.00021219444005469057),
    ("TWO_OVER_PI", std::f64::consts::FRAC_2_PI),
    ("HALF_PI_0", engine::HALF_PI_32[0]),
    ("HALF_PI_1", engine::HALF_PI_32[1]),
    ("HALF_PI_2", engine::HALF_PI_32[2]),
    ("HALF_PI_3", engine::HALF_PI_32[3]),
    ("EXP_LEAST", -87.33654),
    ("EXP_MOST", 88.72283),
    ("TANH_MOST", 10.0),
    ("ERF_MOST", 4.0),
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
    ("EXP_LEAST", -708.3964185322641),
    ("EXP_MOST", 709.782712893384),
    ("TANH_MOST", 20.0),
    ("ERF_MOST", 6.0),
];
