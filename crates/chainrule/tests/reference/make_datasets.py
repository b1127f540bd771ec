"""Generates datasets.json, the datasets computed with NumPy, for tests/datasets.rs.

    pip install numpy && python make_datasets.py

Each case contains the name and the options of a dataset, the seed, every `every`-th row of x with
its class, and the next number of the random number generator.
"""
import json
import pathlib

import numpy as np

TAU = 2 * np.pi


def rbf_line(random, draws=1):
    for _ in range(draws):
        blue = random.randn(20, 1) * 0.5
        left = random.randn(10, 1) * 0.5 - 2
        right = random.randn(10, 1) * 0.5 + 2
    return np.vstack((blue, left, right)), np.repeat([1, 0], 20)


def two_curves(first, second):
    a, b = np.linspace(-5, 5, 10), np.linspace(-4.5, 4.8, 15)
    return np.vstack((np.c_[a, first(a)], np.c_[b, second(b)])), np.repeat([0, 1], [10, 15])


def sine_curves(random):
    return two_curves(np.sin, lambda v: np.sin(v) + 1)


def straight_lines(random):
    return two_curves(lambda v: -2 * v + 2, lambda v: -2 * v + 4)


def three_rings(random, n_samples=150, noise=0.2):
    n = n_samples // 3
    angle = np.linspace(0, TAU, n, endpoint=False)
    ring = np.vstack((np.cos(angle), np.sin(angle))).T
    disc = random.randn(n, 2) * noise
    inner = ring * 0.75 + random.randn(n, 2) * noise
    outer = ring * 1.25 + random.randn(n, 2) * noise
    x, classes = np.vstack((disc, inner, outer)), np.repeat([0, 1, 2], n)
    order = random.permutation(np.arange(3 * n))
    return x[order], classes[order]


def two_gaussians(random, n_samples=20000, mean=6, noise=1):
    n = n_samples // 2
    left = random.randn(n) * noise - mean
    right = random.randn(n) * noise + mean
    return np.r_[left, right][:, None], np.repeat([0, 1], n)


def circle(random, n_samples=300, noise=0.05):
    x, classes = [], np.repeat([0, 1], n_samples // 2)
    for k in classes:
        inner, outer = [(0.7, 1.0), (0.0, 0.5)][k]
        radius = np.sqrt(random.uniform(inner * inner, outer * outer))
        angle = random.uniform(0, TAU)
        x.append(radius * np.array([np.cos(angle), np.sin(angle)]) + noise * random.randn(2))
    return np.array(x), classes


def xor(random, n_samples=200, noise=0.2, layout="corners"):
    x, classes = [], []
    for corner in np.repeat([(-1, -1), (1, 1), (-1, 1), (1, -1)], n_samples // 4, axis=0):
        place = corner if layout == "corners" else random.uniform(-1, 1, 2)
        x.append(place + noise * random.randn(2))
        classes.append(int(place[0] * place[1] < 0))
    return np.array(x), np.array(classes)


def moons(random, n_samples=300, noise=0.1):
    n = n_samples // 2
    a, b = np.linspace(0, np.pi, n), np.linspace(0, np.pi, n_samples - n)
    x = np.vstack((np.c_[np.cos(a), np.sin(a)], np.c_[1 - np.cos(b), 1 - np.sin(b) - 0.5]))
    return x + random.normal(scale=noise, size=x.shape), np.repeat([0, 1], [n, n_samples - n])


def spiral(random, n_samples=300, n_classes=2, noise=0.02, turns=1.5):
    x, n = [], n_samples // n_classes
    for k in range(n_classes):
        radius = np.linspace(0.05, 1, n)
        angle = TAU * (turns * radius + k / n_classes)
        x.append(np.c_[radius * np.cos(angle), radius * np.sin(angle)] + noise * random.randn(n, 2))
    return np.vstack(x), np.repeat(np.arange(n_classes), n)


def blobs(random, n_samples=300, n_classes=3, noise=0.3, centers="circle"):
    angle = TAU * np.arange(n_classes) / n_classes
    at = np.c_[np.cos(angle), np.sin(angle)] if centers == "circle" else random.uniform(-2, 2, (n_classes, 2))
    classes = np.repeat(np.arange(n_classes), n_samples // n_classes)
    return at[classes] + noise * random.randn(n_samples, 2), classes


CASES = [
    # Datasets of the published experiments, complete except for two_gaussians (every 97th row).
    (rbf_line, dict(draws=2), 1, 1), (rbf_line, {}, 4, 1), (sine_curves, {}, 0, 1), (straight_lines, {}, 0, 1),
    (three_rings, {}, 0, 1), (two_gaussians, {}, 0, 97),
    # Other datasets and options.
    (three_rings, dict(n_samples=9, noise=0.0), 3, 1), (two_gaussians, dict(n_samples=10, mean=2, noise=0.25), 5, 1),
    (circle, {}, 1, 7), (xor, {}, 2, 7), (xor, dict(layout="square", n_samples=40, noise=0.01), 3, 1),
    (moons, {}, 4, 7), (moons, dict(n_samples=31, noise=0.3), 5, 1), (spiral, {}, 6, 7),
    (spiral, dict(n_classes=4, n_samples=40, turns=0.75, noise=0.1), 7, 1), (blobs, {}, 8, 7),
    (blobs, dict(n_classes=2, centers="drawn", n_samples=20), 9, 1),
]

cases = []
for generate, options, seed, every in CASES:
    random = np.random.RandomState(seed)
    x, classes = generate(random, **options)
    cases.append(dict(name=generate.__name__, options=options, seed=seed, every=every, n_samples=len(x),
                      x=x[::every].tolist(), classes=classes[::every].tolist(), next=random.random_sample()))

path = pathlib.Path(__file__).with_name("datasets.json")
path.write_text(json.dumps(dict(numpy=np.__version__, cases=cases), separators=(",", ":")) + "\n")
