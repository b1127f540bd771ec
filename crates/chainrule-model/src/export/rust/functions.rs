Templates of the functions that exported Rust brings along; `mathematics.rs` says how they are read.

//@ square
fn own_square(x: REAL) -> REAL {
    x * x
}

//@ max
/// The larger; x where it is NaN, that a NaN stays visible.
fn own_max(x: REAL, y: REAL) -> REAL {
    if x < y { y } else { x }
}

//@ min
fn own_min(x: REAL, y: REAL) -> REAL {
    if y < x { y } else { x }
}

//@ abs
fn own_abs(x: REAL) -> REAL {
    if x < 0.0 { -x } else { x }
}

//@ power
/// 2^n, for n from 1 - BIAS to BIAS; infinite for BIAS + 1.
fn own_power(n: i32) -> REAL {
    REAL::from_bits(((n + BIAS) as BITS) << MANTISSA)
}

//@ nearest
fn own_nearest(x: REAL) -> i32 {
    (if x < 0.0 { x - 0.5 } else { x + 0.5 }) as i32
}

//@ exp: power nearest
/// e^x; relative error at most 1.5 EPSILON, 0 below the normal numbers.
fn own_exp(x: REAL) -> REAL {
    if x <= EXP_LEAST {
        return 0.0;
    }
    if x > EXP_MOST {
        return REAL::INFINITY;
    }
    let n = own_nearest(x * LOG2_E);
    let r = (x - n as REAL * LN_2_HIGH) - n as REAL * LN_2_LOW;
    let y = 1.0 + (r + r * r * POLYNOMIAL_EXP(r));
    y * own_power(n / 2) * own_power(n - n / 2)
}

//@ exp_m1: power nearest
/// e^x - 1, for x from -45 to 45.
fn own_exp_m1(x: REAL) -> REAL {
    let n = own_nearest(x * LOG2_E);
    let r = (x - n as REAL * LN_2_HIGH) - n as REAL * LN_2_LOW;
    let power = own_power(n);
    power * (r + r * r * POLYNOMIAL_EXP(r)) + (power - 1.0)
}

//@ ln_1p
/// ln(1 + x), for x from 0 to 1; relative error at most 1.5 EPSILON.
fn own_ln_1p(x: REAL) -> REAL {
    let (e, scale): (REAL, REAL) = if x > NUMBER{0.4142135623730951} { (1.0, 0.5) } else { (0.0, 1.0) };
    let f = x * scale + (scale - 1.0);
    let s = f / (2.0 + f);
    let u = s * s;
    let half = 0.5 * f * f;
    let tail = u * POLYNOMIAL_LN(u);
    e * LN_2_HIGH + (f - (half - (s * (half + tail) + e * LN_2_LOW)))
}

//@ tanh: exp_m1
/// tanh x; relative error at most 2.5 EPSILON.
fn own_tanh(x: REAL) -> REAL {
    let u = if x < 0.0 { -x } else { x };
    let y = if u > TANH_MOST {
        1.0
    } else {
        let e = own_exp_m1(u + u);
        e / (e + 2.0)
    };
    if x < 0.0 { -y } else { y }
}

//@ erf: exp_m1
/// erf x; relative error at most 2 EPSILON.
fn own_erf(x: REAL) -> REAL {
    let u = if x < 0.0 { -x } else { x };
    let y = if u > ERF_MOST { 1.0 } else { -own_exp_m1(-(u + u * POLYNOMIAL_ERF(u))) };
    if x < 0.0 { -y } else { y }
}

//@ of_quadrant
/// sin(n*pi/2 + r), for r from -pi/4 to pi/4.
fn own_of_quadrant(n: i32, r: REAL) -> REAL {
    let u = r * r;
    let y = if n & 1 == 0 {
        r + u * r * POLYNOMIAL_SIN(u)
    } else {
        1.0 + (u * u * POLYNOMIAL_COS(u) - 0.5 * u)
    };
    if n & 2 == 0 { y } else { -y }
}

//@ minus_quadrants
/// x - n*pi/2
fn own_minus_quadrants(x: REAL, n: i32) -> REAL {
    let k = n as REAL;
    ((x - k * HALF_PI_0) - k * HALF_PI_1) - k * HALF_PI_2 - k * HALF_PI_3
}

//@ sin: nearest of_quadrant minus_quadrants
/// sin x, for |x| up to RANGE; absolute error at most 1 EPSILON. Some number from -1 to 1 beyond.
fn own_sin(x: REAL) -> REAL {
    if !(-1e5..1e5).contains(&x) {
        return if x.is_nan() { x } else { 0.0 };
    }
    let n = own_nearest(x * TWO_OVER_PI);
    own_of_quadrant(n, own_minus_quadrants(x, n))
}

//@ cos: nearest of_quadrant minus_quadrants
/// cos x, for |x| up to 1e5; absolute error at most 1 EPSILON.
fn own_cos(x: REAL) -> REAL {
    let n = own_nearest(x * TWO_OVER_PI);
    own_of_quadrant(n + 1, own_minus_quadrants(x, n))
}

//@ sqrt
/// The square root of an x of at least 1 by Newton's steps from half the exponent; relative error at most 1.5 EPSILON.
fn own_sqrt(x: f64) -> f64 {
    if !(x < 1e308) {
        return x;
    }
    let mut y = f64::from_bits((x.to_bits() >> 1) + (1023 << 51));
    for _ in 0..4 {
        y = 0.5 * (y + x / y);
    }
    y
}

//@ dense
/// z = x W + b; a unit's weights lie side by side.
fn own_dense<const N: usize, const M: usize>(x: &[REAL; N], w: &[[REAL; N]; M], b: &[REAL; M]) -> [REAL; M] {
    let mut z = *b;
    for (z, w) in z.iter_mut().zip(w) {
        for (x, w) in x.iter().zip(w) {
            *z += x * w;
        }
    }
    z
}

//@ softmax: exp
/// The outputs as a distribution; the largest is taken off first, so that nothing overflows.
fn own_softmax<const N: usize>(z: [REAL; N]) -> [REAL; N] {
    let largest = z.iter().fold(z[0], |a, b| if *b > a { *b } else { a });
    let e = z.map(|z| own_exp(z - largest));
    let sum: REAL = e.iter().sum();
    e.map(|e| e / sum)
}

