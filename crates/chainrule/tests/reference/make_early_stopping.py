"""Generates early_stopping.json: scikit-learn's stratified splits, and training runs that end early.

    pip install numpy scikit-learn && python make_early_stopping.py

"splits": the class of each sample, the training rows of train_test_split(stratify=classes) in their
order, and the next number of the random stream.

"cases": training runs of MLPClassifier and MLPRegressor in float64, in the format of scikit.json.
They test early stopping on the validation score, and the learning rate "adaptive". MLPClassifier
stratifies the validation set only for two classes. "rate" is the learning rate of SGD in the last epoch.

Generated with scikit-learn 1.9.1 and NumPy 2.4.6.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor

warnings.simplefilter("ignore", ConvergenceWarning)


def split(counts, fraction, seed):
    """Splits samples of classes with the given counts, in a random order."""
    classes = np.random.RandomState(seed + 100).permutation(np.repeat(np.arange(len(counts)), counts))
    random = np.random.RandomState(seed)
    train, _ = train_test_split(np.arange(len(classes)), test_size=fraction, random_state=random, stratify=classes)
    return {
        "classes": classes.tolist(),
        "fraction": fraction,
        "seed": seed,
        "train": train.tolist(),
        "next": random.random_sample(),
    }


# Equal counts have equal remainders, which are ordered at random. The second draw of counts, for
# the validation set, depends on rounding errors.
SPLITS = [
    split(counts, fraction, seed)
    for seed, (counts, fraction) in enumerate(
        [
            ([7, 5], 0.25),
            ([10, 10], 0.1),
            ([13, 2], 0.2),
            ([9, 9, 9], 0.35),
            ([5, 6, 7, 8, 9], 0.3),
            ([11, 3, 29, 3, 3, 17], 0.21),
            ([4, 4, 4, 4, 4, 4, 4], 0.55),
            ([31, 2, 2], 0.9),
            ([49, 2, 23, 57, 7], 1 / 3),
            ([61, 83], 0.123),
        ]
    )
]

N = 90
random = np.random.RandomState(21)
x = random.randn(N, 3)
TARGETS = {
    "two classes": (x[:, 0] + 0.5 * random.randn(N) > 0.6).astype(int),
    "three classes": np.digitize(x[:, 0] - x[:, 1] + 0.5 * random.randn(N), [-0.7, 0.7]),
    "one number": np.sin(x[:, 0]) + x[:, 1] + 0.1 * random.randn(N),
}
ADAPTIVE = {"solver": "sgd", "learning_rate": "adaptive", "max_iter": 600, "n_iter_no_change": 3, "tol": 1e-3}
EARLY = {"early_stopping": True, "validation_fraction": 0.2, "n_iter_no_change": 6, "max_iter": 200}
CASES = [
    ("two classes", EARLY | {"solver": "adam", "random_state": 1}),
    ("two classes", EARLY | {"solver": "adam", "random_state": 2, "validation_fraction": 0.1, "activation": "tanh"}),
    ("two classes", EARLY | {"solver": "sgd", "random_state": 3, "validation_fraction": 0.45}),
    ("two classes", EARLY | {"solver": "adam", "random_state": 4, "sample_weight": True}),
    ("two classes", EARLY | {"solver": "sgd", "random_state": 5, "shuffle": False}),
    ("two classes", EARLY | {"solver": "sgd", "random_state": 6, "max_iter": 5}),
    ("three classes", EARLY | {"solver": "adam", "random_state": 7, "validation_fraction": 0.3}),
    ("three classes", EARLY | {"solver": "sgd", "random_state": 8, "hidden_layer_sizes": [6, 4]}),
    ("two classes", ADAPTIVE),
    ("three classes", ADAPTIVE | {"tol": 1e-2, "n_iter_no_change": 2, "random_state": 9}),
    # 1e-6 is reached by five divisions, up to rounding errors.
    ("one number", ADAPTIVE | {"learning_rate_init": 0.003125, "momentum": 0.5, "random_state": 10}),
    ("two classes", EARLY | ADAPTIVE | {"random_state": 11}),
    ("three classes", EARLY | ADAPTIVE | {"random_state": 12, "validation_fraction": 0.15}),
    ("one number", EARLY | ADAPTIVE | {"random_state": 13}),
    ("one number", EARLY | ADAPTIVE | {"random_state": 14, "max_iter": 25}),
]
SHARED = {
    "hidden_layer_sizes": [5],
    "activation": "relu",
    "alpha": 0.01,
    "batch_size": 16,
    "learning_rate_init": 0.02,
    "random_state": 42,
}


def flat(estimator):
    layers = zip(estimator.coefs_, estimator.intercepts_)
    return np.concatenate([a.ravel() for pair in layers for a in pair]).tolist()


def case(kind, settings):
    settings = SHARED | settings
    weight = random.uniform(0, 2, N) if settings.pop("sample_weight", False) else None
    make = MLPClassifier if "classes" in kind else MLPRegressor
    y = TARGETS[kind]
    # With a negligible learning rate, the final weights are the initial weights.
    start = make(**settings | {"max_iter": 1, "learning_rate_init": 1e-300, "early_stopping": False}).fit(x, y)
    estimator = make(**settings).fit(x, y, sample_weight=weight)
    targets = np.eye(3)[y] if kind == "three classes" else np.reshape(y, (N, -1)).astype(float)
    return {
        "kind": kind,
        "settings": settings,
        "weight": None if weight is None else weight.tolist(),
        "t": targets.ravel().tolist(),
        "start": flat(start),
        "loss_curve": estimator.loss_curve_,
        "scores": estimator.validation_scores_,
        # Adam's rate includes the bias correction.
        "rate": estimator._optimizer.learning_rate if settings["solver"] == "sgd" else None,
        "end": flat(estimator),
    }


reference = {"splits": SPLITS, "x": x.ravel().tolist(), "cases": [case(*c) for c in CASES]}
path = Path(__file__).with_name("early_stopping.json")
path.write_text(json.dumps(reference, separators=(",", ":")) + "\n")
