"""Generates incremental.json: sequences of scikit-learn's partial_fit, and of fit with warm_start.

    pip install numpy scikit-learn && python make_incremental.py

Each case is a sequence of calls of MLPClassifier or MLPRegressor in float64. "parts" are the rows of
the samples of each call: different ones for partial_fit, which trains for one epoch per call and
keeps the state of the optimizer; all of them for warm_start, which keeps the weights only. With an
integer random_state, every call starts the random stream again. "losses" are those of the epochs of
each call, and "weights" those after it.

Generated with scikit-learn 1.9.1 and NumPy 2.4.6.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

warnings.simplefilter("ignore", ConvergenceWarning)

N = 90
random = np.random.RandomState(31)
x = random.randn(N, 3)
TARGETS = {
    "two classes": (x[:, 0] + 0.5 * random.randn(N) > 0.2).astype(int),
    "three classes": np.digitize(x[:, 0] - x[:, 1] + 0.5 * random.randn(N), [-0.7, 0.7]),
    "one number": np.sin(x[:, 0]) + x[:, 1] + 0.1 * random.randn(N),
}
# Numbers of samples per call that are not multiples of the batch size, and the same samples again.
CHUNKS = [range(0, 40), range(40, 50), range(50, 90), range(0, 40)]
ALL = [range(N)] * 3
SGD = {"solver": "sgd", "learning_rate_init": 0.05}
CASES = [
    ("two classes", "partial_fit", {"solver": "adam", "random_state": 1}),
    ("three classes", "partial_fit", {"solver": "adam", "random_state": 2, "activation": "relu"}),
    ("one number", "partial_fit", SGD | {"random_state": 3}),
    ("one number", "partial_fit", SGD | {"learning_rate": "invscaling", "random_state": 4, "shuffle": False}),
    ("two classes", "warm_start", {"solver": "adam", "random_state": 5, "max_iter": 3}),
    ("three classes", "warm_start", SGD | {"random_state": 6, "max_iter": 2}),
    ("one number", "warm_start", SGD | {"learning_rate": "invscaling", "random_state": 7, "max_iter": 4}),
]
SHARED = {
    "hidden_layer_sizes": [5],
    "activation": "tanh",
    "alpha": 0.01,
    "batch_size": 16,
    "learning_rate_init": 0.02,
}


def flat(estimator):
    layers = zip(estimator.coefs_, estimator.intercepts_)
    return np.concatenate([a.ravel() for pair in layers for a in pair]).tolist()


def case(kind, how, settings):
    settings = SHARED | settings
    make = MLPClassifier if "classes" in kind else MLPRegressor
    y = TARGETS[kind]
    estimator = make(**settings, warm_start=how == "warm_start")
    parts = CHUNKS if how == "partial_fit" else ALL
    losses, weights, n_before = [], [], 0
    for rows in parts:
        rows = list(rows)
        if how == "warm_start":
            estimator.fit(x[rows], y[rows])
        elif make is MLPClassifier:
            estimator.partial_fit(x[rows], y[rows], classes=np.unique(y))
        else:
            estimator.partial_fit(x[rows], y[rows])
        losses.append(estimator.loss_curve_[n_before:])
        n_before = len(estimator.loss_curve_)
        weights.append(flat(estimator))
    targets = np.eye(3)[y] if kind == "three classes" else np.reshape(y, (N, -1)).astype(float)
    return {
        "kind": kind,
        "how": how,
        "settings": settings,
        "t": targets.ravel().tolist(),
        "parts": [[rows.start, rows.stop] for rows in parts],
        "losses": losses,
        "weights": weights,
    }


reference = {"x": x.ravel().tolist(), "cases": [case(*c) for c in CASES]}
path = Path(__file__).with_name("incremental.json")
path.write_text(json.dumps(reference, separators=(",", ":")) + "\n")
