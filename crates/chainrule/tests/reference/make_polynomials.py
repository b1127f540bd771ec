"""Computes the polynomials of `src/kernel/math`, and generates math.json for its tests.

Requires mpmath (pip install mpmath) and must be run in this directory:

    python make_polynomials.py              prints the coefficients as Rust arrays
    python make_polynomials.py table        writes math.json

The polynomials are weighted minimax approximations: the Remez exchange algorithm minimises the
maximum of weight(x)·|f(x) - p(x)| over the interval. The weight converts the error of the
polynomial to the relative error of the function that uses it. The comment above each array is that
error in units of half a ULP, before the coefficients are rounded.
"""

import json
import struct
import sys

from mpmath import mp, mpf

mp.dps = 50
LN2 = mp.log(2)


def remez(f, weight, low, high, degree):
    """Returns the minimax coefficients of f on [low, high], lowest first, and the error."""
    n = degree + 2
    low, high = mpf(low), mpf(high)
    at = lambda u: (low + high) / 2 + (high - low) / 2 * u
    grid = [at(-mp.cos(mp.pi * i / (40 * n))) for i in range(40 * n + 1)]
    grid = [x for x in grid if x and weight(x) > 0]
    values, weights = [f(x) for x in grid], [weight(x) for x in grid]
    picks = [round(i * (len(grid) - 1) / (n - 1)) for i in range(n)]
    for _ in range(60):
        # Powers of x/high keep the linear system well conditioned.
        rows = [[weights[k] * (grid[k] / high) ** j for j in range(degree + 1)] + [(-1) ** i] for i, k in enumerate(picks)]
        solution = mp.lu_solve(mp.matrix(rows), mp.matrix([weights[k] * values[k] for k in picks]))
        c = [solution[j] / high**j for j in range(degree + 1)]
        errors = [w * (y - mp.polyval(c[::-1], x)) for x, y, w in zip(grid, values, weights)]
        # One extremum per interval of constant sign. If there are too many, the smaller one of the
        # first and the last is removed.
        extremes = []
        for k, e in enumerate(errors):
            if extremes and (e > 0) == (errors[extremes[-1]] > 0):
                if abs(e) > abs(errors[extremes[-1]]):
                    extremes[-1] = k
            else:
                extremes.append(k)
        while len(extremes) > n:
            extremes.pop(0 if abs(errors[extremes[0]]) < abs(errors[extremes[-1]]) else -1)
        if len(extremes) < n or extremes == picks:
            break
        picks = extremes
    return c, max(abs(e) for e in errors)


def show(name, f, weight, low, high, degree, single):
    c, error = remez(f, weight, low, high, degree)
    c = [nearest(v, single) for v in c]
    unit = mpf(2) ** (-24 if single else -53)
    body = ", ".join(repr(v) for v in c)
    print(f"// {mp.nstr(error / unit, 2)} half-ULP\nconst {name}: [f64; {len(c)}] = [{body}];", flush=True)


def nearest(v, single):
    """Rounds v to f32 or f64 and returns it as a Python float."""
    return struct.unpack("<f", struct.pack("<f", v))[0] if single else float(v)


def series(f, terms):
    """Returns f with a power series near 0, where the formula of f suffers from cancellation."""
    return lambda x: f(x) if abs(x) > mpf(10) ** -8 else mp.polyval(terms[::-1], x)


exp_tail = series(lambda r: (mp.exp(r) - 1 - r) / r**2, [mpf(1) / mp.factorial(k + 2) for k in range(6)])
ln_tail = series(
    lambda u: (2 * mp.atanh(mp.sqrt(u)) / mp.sqrt(u) - 2) / u, [mpf(2) / (2 * k + 3) for k in range(6)]
)
sin_tail = series(
    lambda u: (mp.sin(mp.sqrt(u)) / mp.sqrt(u) - 1) / u, [(-1) ** (k + 1) / mp.factorial(2 * k + 3) for k in range(6)]
)
cos_tail = series(
    lambda u: (mp.cos(mp.sqrt(u)) - 1 + u / 2) / u**2, [(-1) ** k / mp.factorial(2 * k + 4) for k in range(6)]
)
tanh_tail = series(
    lambda u: (mp.tanh(mp.sqrt(u)) / mp.sqrt(u) - 1) / u, [-mpf(1) / 3, mpf(2) / 15, -mpf(17) / 315, mpf(62) / 2835]
)
erf_rate = series(lambda x: -mp.log(mp.erfc(x)) / x - 1, [2 / mp.sqrt(mp.pi) - 1, 2 / mp.pi])


def ln_1p_tail(v):
    """Returns (ln(1 + q) - q)/q² at q = 1 - v."""
    q = 1 - v
    return (mp.log1p(q) - q) / q**2 if q > mpf(10) ** -8 else -mpf(1) / 2 + q / 3 - q**2 / 4


def erf_weight(unit):
    # The error of the rate times x·erfc/erf is the relative error of erf. The second term keeps a
    # small weight for large x.
    return lambda x: x * mp.erfc(x) / mp.erf(x) + unit * x if x > 0 else mpf(1)


def polynomials():
    half = LN2 / 2
    ln_end = (mp.sqrt(2) - 1) ** 4
    tanh_end = (mpf("0.75") * half * mpf("1.001")) ** 2
    for single, exp_n, ln_n, ln_1p_n, tanh_n, sin_n, cos_n, erf_n in [
        (True, 4, 2, 8, 2, 2, 2, 8),
        (False, 9, 6, 19, 6, 5, 5, 22),
    ]:
        bits = "32" if single else "64"
        unit = mpf(2) ** (-24 if single else -53)
        relative = lambda r: r**2 / abs(mp.expm1(r)) if r else mpf(0)
        show("EXP_" + bits, exp_tail, relative, -half, half, exp_n, single)
        show("LN_" + bits, ln_tail, lambda u: u / 2, 0, ln_end * mpf("1.001"), ln_n, single)
        ln_1p_weight = lambda v: (1 - v) ** 2 / mp.log1p(1 - v) if v < 1 else mpf(0)
        show("LN_1P_" + bits, ln_1p_tail, ln_1p_weight, 0, 1, ln_1p_n, single)
        show("TANH_" + bits, tanh_tail, lambda u: u, 0, tanh_end, tanh_n, single)
        show("SIN_" + bits, sin_tail, lambda u: u, 0, mpf("0.8") ** 2, sin_n, single)
        show("COS_" + bits, cos_tail, lambda u: u**2 / mp.cos(mp.sqrt(u)), 0, mpf("0.8") ** 2, cos_n, single)
        show("ERF_" + bits, erf_rate, erf_weight(unit), 0, 4 if single else 6, erf_n, single)
    for name, value in [("LN_2", LN2), ("HALF_PI", mp.pi / 2)]:
        for single, widths in [(True, {"LN_2": [15], "HALF_PI": [13, 11, 13]}), (False, {"LN_2": [41], "HALF_PI": [37] * 2})]:
            print(name, "single" if single else "double", *(repr(part) for part in parts(value, widths[name])))


def parts(value, widths):
    """Splits a positive value into floats with the given numbers of bits, and a remainder."""
    out = []
    for width in widths:
        exponent = mp.floor(mp.log(abs(value), 2)) + 1
        scale = mpf(2) ** (width - exponent)
        part = mp.floor(value * scale) / scale
        out.append(float(part))
        value -= part
    return out + [float(value)]


def neighbours(x, count=2):
    """Returns x and its neighbouring floats."""
    (bits,) = struct.unpack("<q", struct.pack("<d", x))
    return [struct.unpack("<d", struct.pack("<q", bits + k))[0] for k in range(-count, count + 1)]


def spread(low, high, count):
    """Returns floats from low to high with logarithmic spacing and perturbed last digits."""
    ratio = (mpf(high) / low) ** (mpf(1) / (count - 1))
    return [float(mpf(low) * ratio**k * (1 + mp.sin(k * k + 1) / 1000)) for k in range(count)]


def table():
    both = lambda points: [s * p for p in points for s in (1.0, -1.0)]
    small = both(spread(1e-300, 1e-3, 40))
    middle = both(spread(1e-3, 45, 120))
    steps = [x for k in (-3, -2, -1, 1, 2, 3) for x in neighbours(float((k / mpf(2)) * LN2))]
    roots = [x for k in (1, 2, 3, 7, 113, 1000, 9999, 31830) for x in neighbours(float(k * mp.pi / 2))]
    powers = [x for k in (-1022, -500, -2, -1, 0, 1, 2, 500, 1023) for x in neighbours(2.0**k)]
    halves = [x for k in (-1, 1) for x in neighbours(float(mp.sqrt(2) ** k))]
    exponents = [x for x in small + middle + steps + both(spread(45, 708, 60)) if abs(x) < 708.3]
    angles = small + middle + roots + both(spread(45, 1e5, 150))
    functions = {
        "exp": (mp.exp, exponents + [709.7, 709.78, -708.39]),
        "exp_m1": (mp.expm1, exponents + [709.7, 709.78]),
        "ln": (mp.log, powers + halves + spread(1e-307, 1e307, 150) + spread(0.5, 2, 100) + [5e-324, 1e-310, 3e-320]),
        "ln_1p": (mp.log1p, small + [x for x in middle if x > -1] + spread(45, 1e307, 60)
                  + [x for h in (-0.5, -0.75, float(mp.sqrt(2) - 1), float(mp.sqrt(0.5) - 1), 1.0) for x in neighbours(h)]
                  + [-float(1 - mpf(2) ** -k) for k in range(2, 54)]),
        "logistic": (lambda x: 1 / (1 + mp.exp(-x)), exponents),
        "tanh": (mp.tanh, small + middle + steps + [x / 2 for x in steps]
                 + both([x for k in (0.75, 1.75, 2.75, 30.75) for x in neighbours(float(k * LN2 / 2))])),
        "erf": (mp.erf, small + both(spread(1e-3, 6.5, 250)) + both([5.9, 5.92, 5.95, 6.0])),
        "softplus": (lambda x: mp.log1p(mp.exp(x)), exponents + [x - 0.8813735870195430 for x in steps]),
        "sin": (mp.sin, angles),
        "cos": (mp.cos, angles),
    }
    out = {}
    for name, (f, points) in functions.items():
        # Cancellation at tiny arguments requires more digits.
        with mp.workdps(400 if name in ("softplus", "logistic") else 60):
            pairs = [[repr(x), repr(float(f(mpf(x))))] for x in sorted(set(points))]
        out[name] = [p for p in pairs if abs(float(p[1])) >= 2.3e-308]
    lines = [f"{json.dumps(k)}: [\n" + ",\n".join(json.dumps(p) for p in v) + "\n]" for k, v in out.items()]
    with open("math.json", "w") as file:
        file.write("{" + ",\n".join(lines) + "}\n")
    print({k: len(v) for k, v in out.items()})


table() if sys.argv[1:] == ["table"] else polynomials()
