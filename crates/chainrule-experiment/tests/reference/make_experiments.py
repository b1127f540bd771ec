"""Writes experiments.json: reference results of the five published experiments, computed by NumPy in float64.

    pip install numpy && python make_experiments.py

Parameters are flat: for each layer W (n_in, n_out) in row-major order, then b. The loss at index k is the
loss after k steps. Losses are computed from the last layer's z, so that no digits are lost where a
probability is close to 0 or 1.

The file was written with NumPy 2.4.6.
"""

import json
from pathlib import Path

import numpy as np


def flat(*arrays):
    return np.concatenate([np.ravel(np.asarray(a, float)) for a in arrays]).tolist()


def logistic(z):
    return 1 / (1 + np.exp(-z))


def binary_cross_entropy(z, t):
    return np.logaddexp(0, z) - t * z


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy(z, t):
    m = z.max(axis=1, keepdims=True)
    return ((np.log(np.exp(z - m).sum(axis=1, keepdims=True)) + m - z) * t).sum(axis=1)


# Hidden activations: value as a function of z, derivative as a function of z and a.
ACTIVATIONS = {
    "tanh": (np.tanh, lambda z, a: 1 - a * a),
    "logistic": (logistic, lambda z, a: a * (1 - a)),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.1 * z), lambda z, a: np.where(z > 0, 1.0, 0.1)),
}


def train(x, t, weights, activation, output, loss_of, divisor, rate, epochs, every=100):
    """Minimises the sum of the losses divided by `divisor` by full-batch gradient descent from zero biases."""
    f, derivative = ACTIVATIONS[activation]
    weights = [w.copy() for w in weights]
    biases = [np.zeros(w.shape[1]) for w in weights]

    def forward():
        z, a = [], [x]
        for w, b in zip(weights, biases):
            z.append(a[-1] @ w + b)
            a.append(f(z[-1]))
        return z, a

    losses, first = [], None
    for _ in range(epochs):
        z, a = forward()
        losses.append(loss_of(z[-1], t).sum() / divisor)
        dz = (output(z[-1]) - t) / divisor
        gradient = []
        for layer in reversed(range(len(weights))):
            gradient[:0] = [a[layer].T @ dz, dz.sum(axis=0)]
            if layer:
                dz = (dz @ weights[layer].T) * derivative(z[layer - 1], a[layer])
        first = first or flat(*gradient)
        for layer in range(len(weights)):
            weights[layer] -= rate * gradient[2 * layer]
            biases[layer] -= rate * gradient[2 * layer + 1]
    y = output(forward()[0][-1])
    losses.append(loss_of(forward()[0][-1], t).sum() / divisor)
    wrong = (y >= 0.5) != t if y.shape[1] == 1 else y.argmax(axis=1) != t.argmax(axis=1)
    return {
        "losses_every": every,
        "losses": flat(losses[::every]),
        "final_loss": float(losses[-1]),
        "misclassified": int(wrong.sum()),
        "first_gradient": first,
        "params": flat(*(p for pair in zip(weights, biases) for p in pair)),
    }


def rbf_line():
    """Draws 20 samples of class 1 around 0, and 10 of class 0 around -2 and 10 around 2."""
    middle = np.random.randn(20, 1) * 0.5
    left, right = np.random.randn(10, 1) * 0.5 - 2, np.random.randn(10, 1) * 0.5 + 2
    return np.vstack((middle, left, right)), np.repeat([1.0, 0.0], 20)[:, None]


def rbf_weights():
    """z = w_o·exp(-(w_h·x)²) - 1, summed loss; the learning rate decreases by a fiftieth before each of 50 steps."""
    np.random.seed(1)
    rbf_line()  # The document's cell was run twice.
    x, t = rbf_line()
    w_h, w_o, trajectory = 2.0, -5.0, []
    for step in range(51):
        z_h = x * w_h
        h = np.exp(-(z_h**2))
        z = h * w_o - 1
        trajectory.append(flat(w_h, w_o, binary_cross_entropy(z, t).sum()))
        dz, rate = logistic(z) - t, 0.2 * (1 - (step + 1) / 50)
        dw_h, dw_o = (x * -2 * z_h * h * w_o * dz).sum(), (h * dz).sum()
        w_h, w_o = w_h - rate * dw_h, w_o - rate * dw_o
    return {"x": flat(x), "t": flat(t), "trajectory": trajectory}


def rbf_bias():
    """z = exp(-(w_h·x)²) + b_o, mean loss, 20 steps with learning rate 2."""
    np.random.seed(4)
    x, t = rbf_line()
    w_h, b_o, trajectory = 2.3, 1.4, []
    for _ in range(21):
        z_h = x * w_h
        h = np.exp(-(z_h**2))
        trajectory.append(flat(w_h, b_o, binary_cross_entropy(h + b_o, t).mean()))
        dz = logistic(h + b_o) - t
        w_h, b_o = w_h - 2 * (x * -2 * z_h * h * dz).mean(), b_o - 2 * dz.mean()
    return {"x": flat(x), "t": flat(t), "trajectory": trajectory}


def sine_classes():
    first, second = np.linspace(-5, 5, 10), np.linspace(-4.5, 4.8, 15)
    column = np.r_[first, second]
    x = np.c_[column, np.r_[np.sin(first), np.sin(second) + 1]]
    x_linear = np.c_[column, np.r_[-2 * first + 2, -2 * second + 4]]
    t = np.r_[np.zeros(10), np.ones(15)][:, None]

    def run(x, weights, epochs):
        return train(x, t, weights, "tanh", logistic, binary_cross_entropy, 25, 0.1, epochs)

    def draw(seed, *shapes):
        np.random.seed(seed)
        return [np.random.randn(*shape) * 0.1 for shape in shapes]

    regression = [np.array([[1.0], [2.0]])]
    two, deep = draw(4242, (2, 2), (2, 1)), draw(42, (2, 20), (20, 20), (20, 2), (2, 1))
    return {
        "x": flat(x),
        "t": flat(t),
        "x_linear": flat(x_linear),
        "logistic-regression": run(x, regression, 500),
        "logistic-regression-linear-data": run(x_linear, regression, 500),
        "hidden-2": run(x, two, 10_000) | {"initial_weights": [flat(w) for w in two]},
        "deep": run(x, deep, 2000) | {"initial_weights": [flat(w) for w in deep]},
    }


def three_rings():
    np.random.seed(0)
    angle = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    ring = np.c_[np.cos(angle), np.sin(angle)]
    x = np.vstack([radius * ring + np.random.randn(50, 2) * 0.2 for radius in (0.0, 0.75, 1.25)])
    order = np.random.permutation(150)
    x, classes = x[order], np.repeat([0, 1, 2], 50)[order]
    t = np.eye(3)[classes]
    weights = [np.random.randn(2, 3), np.random.randn(3, 3)]
    runs = {
        name: train(x, t, weights, name, softmax, cross_entropy, 1, 0.01, 1000) for name in ("leaky_relu", "logistic")
    }
    # The published derivative of the leaky ReLU is a matrix: 1 on the diagonal where z > 0, 0.3 off the diagonal.
    z = x @ weights[0]
    a = np.where(z > 0, z, 0.1 * z)
    dz_out = softmax(a @ weights[1]) - t
    matrices = 0.3 * (1 - np.eye(3)) + np.eye(3) * (z > 0)[:, None, :]
    dz = np.einsum("nk,nkm->nm", dz_out @ weights[1].T, matrices)
    wrong = flat(x.T @ dz, dz.sum(axis=0), a.T @ dz_out, dz_out.sum(axis=0))
    return {
        "x": flat(x),
        "classes": classes.tolist(),
        "initial_weights": [flat(w) for w in weights],
        "published_wrong_first_gradient": wrong,
    } | runs


def gaussians():
    """2 x 10,000 samples. The document minimises the exact cross-entropy, but prints a guarded one with y and t swapped."""
    np.random.seed(0)
    x = np.r_[np.random.randn(10_000) - 6, np.random.randn(10_000) + 6][:, None]
    t = np.repeat([0.0, 1.0], 10_000)[:, None]
    w_h, b_h, w_o, b_o = np.random.randn(1, 32), np.zeros(32), np.random.randn(32, 1), np.zeros(1)
    exact, printed = [], []
    for step in range(1000):
        h = logistic(x @ w_h + b_h)
        z = h @ w_o + b_o
        y = logistic(z)
        if step % 100 == 0:
            exact.append(binary_cross_entropy(z, t).mean())
            printed.append((-y * np.log(t + 1e-4) - (1 - y) * np.log(1 - t + 1e-4)).mean())
        dz = (y - t) / len(x)
        dz_h = (dz @ w_o.T) * h * (1 - h)
        w_o, b_o = w_o - h.T @ dz, b_o - dz.sum(axis=0)
        w_h, b_h = w_h - x.T @ dz_h, b_h - dz_h.sum(axis=0)

    def probability(v):
        return float(logistic(logistic(v * w_h + b_h) @ w_o + b_o)[0, 0])

    return {
        "losses_every": 100,
        "cross_entropy": flat(exact),
        "printed_by_the_source": flat(printed),
        "params": flat(w_h, b_h, w_o, b_o),
        "probability_at": {str(v): probability(v) for v in (-10.0, -6.0, -2.5, 0.0, 2.5, 6.0, 10.0)},
    }


reference = {
    "rbf-weights": rbf_weights(),
    "rbf-bias": rbf_bias(),
    "sine-classes": sine_classes(),
    "three-rings": three_rings(),
    "gaussians": gaussians(),
}
path = Path(__file__).with_name("experiments.json")
path.write_text(json.dumps(reference, separators=(",", ":")) + "\n")
