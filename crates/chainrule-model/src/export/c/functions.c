Templates of the functions that exported C brings along; `mathematics.rs` says how they are read.

//@ square
static REAL P_square(REAL x) { return x * x; }

//@ max
/* The larger; x where it is NaN, that a NaN stays visible. */
static REAL P_max(REAL x, REAL y) { return x < y ? y : x; }

//@ min
static REAL P_min(REAL x, REAL y) { return y < x ? y : x; }

//@ abs
static REAL P_abs(REAL x) { return x < 0 ? -x : x; }

//@ power
/* 2^n, for n from 1 - BIAS to BIAS; infinite for BIAS + 1. */
static REAL P_power(int n) {
    union { BITS bits; REAL value; } u;
    u.bits = (BITS)(n + BIAS) << MANTISSA;
    return u.value;
}

//@ nearest
static int P_nearest(REAL x) { return (int)(x < 0 ? x - NUMBER{0.5} : x + NUMBER{0.5}); }

//@ exp: power nearest
/* e^x; relative error at most 1.5 EPSILON, 0 below the normal numbers. */
static REAL P_exp(REAL x) {
    int n;
    REAL r;
    if (!(x > EXP_LEAST)) return x == x ? NUMBER{0} : x;
    if (x > EXP_MOST) return P_power(BIAS + 1);
    n = P_nearest(x * LOG2_E);
    r = (x - (REAL)n * LN_2_HIGH) - (REAL)n * LN_2_LOW;
    r = NUMBER{1} + (r + r * r * POLYNOMIAL_EXP(r));
    return r * P_power(n / 2) * P_power(n - n / 2);
}

//@ exp_m1: power nearest
/* e^x - 1, for x from -45 to 45. */
static REAL P_exp_m1(REAL x) {
    const int n = P_nearest(x * LOG2_E);
    const REAL r = (x - (REAL)n * LN_2_HIGH) - (REAL)n * LN_2_LOW;
    const REAL power = P_power(n);
    return power * (r + r * r * POLYNOMIAL_EXP(r)) + (power - NUMBER{1});
}

//@ ln_1p: power
/* ln(1 + x), for x from 0 to 1; relative error at most 1.5 EPSILON. */
static REAL P_ln_1p(REAL x) {
    const int e = x > NUMBER{0.4142135623730951} ? 1 : 0;
    const REAL scale = e ? NUMBER{0.5} : NUMBER{1};
    const REAL f = x * scale + (scale - NUMBER{1});
    const REAL s = f / (NUMBER{2} + f);
    const REAL u = s * s;
    const REAL half = NUMBER{0.5} * f * f;
    const REAL tail = u * POLYNOMIAL_LN(u);
    return (REAL)e * LN_2_HIGH + (f - (half - (s * (half + tail) + (REAL)e * LN_2_LOW)));
}

//@ tanh: exp_m1
/* tanh x; relative error at most 2.5 EPSILON. */
static REAL P_tanh(REAL x) {
    REAL u = x < 0 ? -x : x;
    if (x != x) return x;
    if (u > TANH_MOST) return x < 0 ? -NUMBER{1} : NUMBER{1};
    u = P_exp_m1(u + u);
    u = u / (u + NUMBER{2});
    return x < 0 ? -u : u;
}

//@ erf: exp_m1
/* erf x; relative error at most 2 EPSILON. */
static REAL P_erf(REAL x) {
    REAL u = x < 0 ? -x : x;
    if (x != x) return x;
    if (u > ERF_MOST) return x < 0 ? -NUMBER{1} : NUMBER{1};
    u = -P_exp_m1(-(u + u * POLYNOMIAL_ERF(u)));
    return x < 0 ? -u : u;
}

//@ of_quadrant
/* sin(n*pi/2 + r), for r from -pi/4 to pi/4. */
static REAL P_of_quadrant(int n, REAL r) {
    const REAL u = r * r;
    const REAL sine = r + u * r * POLYNOMIAL_SIN(u);
    const REAL cosine = NUMBER{1} + (u * u * POLYNOMIAL_COS(u) - NUMBER{0.5} * u);
    const REAL y = n & 1 ? cosine : sine;
    return n & 2 ? -y : y;
}

//@ minus_quadrants
/* x - n*pi/2 */
static REAL P_minus_quadrants(REAL x, int n) {
    const REAL k = (REAL)n;
    return ((x - k * HALF_PI_0) - k * HALF_PI_1) - k * HALF_PI_2 - k * HALF_PI_3;
}

//@ sin: nearest of_quadrant minus_quadrants
/* sin x, for |x| up to RANGE; absolute error at most 1 EPSILON. Some number from -1 to 1 beyond. */
static REAL P_sin(REAL x) {
    int n;
    if (x != x) return x;
    if (!(x > -NUMBER{1e5} && x < NUMBER{1e5})) return NUMBER{0};
    n = P_nearest(x * TWO_OVER_PI);
    return P_of_quadrant(n, P_minus_quadrants(x, n));
}

//@ cos: nearest of_quadrant minus_quadrants
/* cos x, for |x| up to 1e5; absolute error at most 1 EPSILON. */
static REAL P_cos(REAL x) {
    const int n = P_nearest(x * TWO_OVER_PI);
    return P_of_quadrant(n + 1, P_minus_quadrants(x, n));
}

//@ sqrt
/* The square root of an x of at least 1 by Newton's steps from half the exponent; relative error at most 1.5 EPSILON. */
static double P_sqrt(double x) {
    union { double value; uint64_t bits; } u;
    int k;
    if (!(x < 1e308)) return x;
    u.value = x;
    u.bits = (u.bits >> 1) + ((uint64_t)1023 << 51);
    for (k = 0; k < 4; k++) u.value = 0.5 * (u.value + x / u.value);
    return u.value;
}

//@ fract
/* What x is beyond a whole number, with its sign. */
static double P_fract(double x) { return x > -1e15 && x < 1e15 ? x - (double)(long long)x : 0; }

//@ to_int8
/* The nearest whole number from -127 to 127. */
static int8_t P_to_int8(REAL x) {
    if (!(x > -NUMBER{127})) return -127;
    if (x > NUMBER{127}) return 127;
    return (int8_t)(x < 0 ? x - NUMBER{0.5} : x + NUMBER{0.5});
}

//@ rescaled
/* sum * multiplier / 2^shift, rounded, from -128 to 127. */
static int P_rescaled(int32_t sum, int32_t multiplier, int shift) {
    const int64_t product = (int64_t)sum * multiplier;
    const int64_t size = ((product < 0 ? -product : product) + ((int64_t)1 << (shift - 1))) >> shift;
    if (size > 127) return product < 0 ? -128 : 127;
    return (int)(product < 0 ? -size : size);
}

