"""Generates scikit.json, training runs of scikit-learn's MLPClassifier and MLPRegressor in float64.

    pip install numpy scikit-learn && python make_scikit.py

Each case contains the settings of the estimator, the data, the initial weights, the loss curve and
the final weights (with early stopping, the restored best weights). For several targets, the loss
that scikit-learn reports is the mean squared error over the targets, but it minimises the sum.
These cases have no penalty, so the reported loss is proportional to the minimised one. Parameters
are flat: layer by layer, W (n_in, n_out) in row-major order, then b.

Generated with scikit-learn 1.9.1 and NumPy 2.4.6.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

warnings.simplefilter("ignore", ConvergenceWarning)
random = np.random.RandomState(20)
x = random.randn(53, 3)
TARGETS = {
    "two classes": (x[:, 0] + 0.5 * random.randn(53) > 0).astype(int),
    "three classes": np.digitize(x[:, 0] - x[:, 1] + 0.5 * random.randn(53), [-0.7, 0.7]),
    "one number": np.sin(x[:, 0]) + x[:, 1] + 0.1 * random.randn(53),
    "two numbers": np.c_[x[:, 0] * x[:, 1], x[:, 2] + 0.1 * random.randn(53)],
}

CASES = [
    ("two classes", {"solver": "sgd", "nesterovs_momentum": False}),
    ("two classes", {"solver": "sgd", "activation": "tanh", "alpha": 0.1}),
    ("three classes", {"solver": "adam", "activation": "logistic", "hidden_layer_sizes": [6, 4]}),
    ("three classes", {"solver": "adam", "batch_size": "auto", "learning_rate_init": 0.01}),
    ("three classes", {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.25, "momentum": 0.5}),
    ("one number", {"solver": "adam", "activation": "tanh", "alpha": 0.5, "sample_weight": True}),
    ("two numbers", {"solver": "sgd", "momentum": 0.0, "shuffle": False, "learning_rate_init": 0.01, "alpha": 0.0}),
    ("two numbers", {"solver": "adam", "activation": "identity", "alpha": 0.0, "sample_weight": True}),
    # These two test the number of epochs: early stopping on the loss and on a validation score.
    ("one number", {"solver": "sgd", "max_iter": 200, "tol": 1e-3, "n_iter_no_change": 3}),
    (
        "one number",
        {"solver": "adam", "max_iter": 400, "early_stopping": True, "validation_fraction": 0.25, "n_iter_no_change": 5},
    ),
]
SHARED = {
    "hidden_layer_sizes": [5],
    "activation": "relu",
    "alpha": 0.01,
    "batch_size": 12,
    "learning_rate_init": 0.05,
    "max_iter": 8,
    "random_state": 42,
}


def flat(estimator):
    layers = zip(estimator.coefs_, estimator.intercepts_)
    return np.concatenate([a.ravel() for pair in layers for a in pair]).tolist()


def case(kind, settings):
    settings = SHARED | settings
    weight = random.uniform(0, 2, 53) if settings.pop("sample_weight", False) else None
    make = MLPClassifier if "classes" in kind else MLPRegressor
    y = TARGETS[kind]
    # With a negligible learning rate, the final weights are the initial weights.
    start = make(**settings | {"max_iter": 1, "learning_rate_init": 1e-300, "early_stopping": False}).fit(x, y)
    estimator = make(**settings).fit(x, y, sample_weight=weight)
    targets = np.eye(3)[y] if kind == "three classes" else np.reshape(y, (53, -1)).astype(float)
    return {
        "kind": kind,
        "settings": settings,
        "weight": None if weight is None else weight.tolist(),
        "t": targets.ravel().tolist(),
        "start": flat(start),
        "loss_curve": estimator.loss_curve_,
        "scores": getattr(estimator, "validation_scores_", None),
        "end": flat(estimator),
    }


reference = {"x": x.ravel().tolist(), "cases": [case(*c) for c in CASES]}
path = Path(__file__).with_name("scikit.json")
path.write_text(json.dumps(reference, separators=(",", ":")) + "\n")
