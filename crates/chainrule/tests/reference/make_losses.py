"""Generates losses.json, values of the losses from their textbook formulas with 4500 digits.

    pip install mpmath && python make_losses.py

With 4500 digits no numerically stable formulas are required: 1 - 1/(1 + e^-10000) is still
positive. Derivatives are computed numerically by mpmath. All inputs are exact in float32, so that
both precisions can be compared with the same values.
"""
import json
import os

import mpmath as mp

mp.mp.dps = 4500


def logistic(z):
    return [1 / (1 + mp.exp(-v)) for v in z]


def softmax(z):
    e = [mp.exp(v) for v in z]
    return [v / sum(e) for v in e]


def binary_cross_entropy(y, t):
    return -sum(b * mp.log(a) + (1 - b) * mp.log(1 - a) for a, b in zip(y, t))


def cross_entropy(y, t, label_smoothing=0.0):
    s = mp.mpf(label_smoothing)
    return -sum((b * (1 - s) + s / len(t)) * mp.log(a) for a, b in zip(y, t))


def squared_error(y, t):
    return sum((a - b) ** 2 for a, b in zip(y, t))


def absolute_error(y, t):
    return sum(abs(a - b) for a, b in zip(y, t))


def huber(y, t, delta=1.0):
    d = mp.mpf(delta)
    return sum((a - b) ** 2 / 2 if abs(a - b) <= d else d * (abs(a - b) - d / 2) for a, b in zip(y, t))


def poisson(y, t):
    return sum(a - b * mp.log(a) for a, b in zip(y, t))


def quantile(y, t, levels=(0.5,)):
    e = [(q, b - a) for (b, q), a in zip(((b, q) for b in t for q in levels), y)]
    return sum(max(q * v, (q - 1) * v) for q, v in e)


IDENTITY, EXP = (lambda z: z), (lambda z: [mp.exp(v) for v in z])
CASES = [
    (binary_cross_entropy, logistic, {}, z, t)
    for z, t in (
        ([0.0], [1.0]), ([0.75], [0.0]), ([-2.5, 3.25], [1.0, 1.0]), ([20.0], [1.0]), ([-30.5], [0.0]),
        ([0.5, -1.5], [0.25, 0.875]), ([1e4], [0.0]), ([1e4], [1.0]), ([-1e4], [1.0]), ([-1e4], [0.0]),
    )
] + [
    (cross_entropy, softmax, o, z, t)
    for o, z, t in (
        ({}, [0.5, -1.25, 2.0], [0.0, 0.0, 1.0]), ({}, [0.5, -1.25, 2.0], [1.0, 0.0, 0.0]),
        ({}, [3.0, 3.0], [1.0, 0.0]), ({}, [0.25, -0.5], [0.75, 0.25]), ({}, [25.0, 0.0, -3.0], [1.0, 0.0, 0.0]),
        ({}, [1e4, -1e4, 0.0], [1.0, 0.0, 0.0]), ({}, [1e4, -1e4, 0.0], [0.0, 1.0, 0.0]),
        ({"label_smoothing": 0.125}, [0.5, -1.25, 2.0, 0.0], [0.0, 1.0, 0.0, 0.0]),
        ({"label_smoothing": 0.25}, [1e4, -1e4], [0.0, 1.0]),
    )
] + [
    (poisson, EXP, {}, z, t) for z, t in (([0.0], [0.0]), ([1.5, -2.0], [3.0, 0.0]), ([-4.25], [7.0]), ([20.0], [1.0]))
] + [
    (f, IDENTITY, o, z, t)
    for f, o in (
        (squared_error, {}), (absolute_error, {}), (huber, {}), (huber, {"delta": 0.25}), (quantile, {}),
        (quantile, {"levels": [0.75]}),
    )
    for z, t in (([0.5], [0.125]), ([-2.25, 1.0], [3.5, 0.75]))
] + [(quantile, IDENTITY, {"levels": [0.125, 0.5, 0.75]}, [0.5, 1.5, 2.0, -1.0, 0.0, 4.0], [1.25, -0.5])]


def with_gradient(f, v):
    v = [mp.mpf(x) for x in v]
    partial = lambda k: mp.diff(lambda x: f(v[:k] + [x] + v[k + 1:]), v[k])
    return {"value": float(f(v)), "gradient": [float(partial(k)) for k in range(len(v))]}


def case(f, link, options, z, t):
    result = {"loss": f.__name__, "options": options, "z": z, "t": t}
    result["on_link"] = with_gradient(lambda z: f(link(z), t, **options), z)
    # Outputs are in (0, 1) or positive if the loss requires it, otherwise z; exact in float32.
    y = {logistic: [0.125 + k / 2 for k in range(len(z))], softmax: [(k + 1) / 16 for k in range(len(z))],
         EXP: [k + 0.5 for k in range(len(z))]}.get(link, z)
    return {**result, "y": y, "on_outputs": with_gradient(lambda y: f(y, t, **options), y)}


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "losses.json"), "w") as file:
    json.dump({"cases": [case(*c) for c in CASES]}, file, indent=1)
    file.write("\n")
