"""Generates lbfgs.json, fits of scikit-learn's MLPs with solver="lbfgs" in float64.

    pip install numpy scikit-learn && python make_lbfgs.py

Each case contains the settings, the numbers of iterations and of evaluations, and the final loss, with
the penalty. The tables are those of scikit-learn: iris and diabetes with standardised inputs, digits
with the pixels divided by 16. The pixels are stored as letters, "a" for 0 to "q" for 16. The targets of
diabetes are divided by 100.

Rounding errors are amplified along the path. The number of iterations of a case is therefore reduced
until scikit-learn itself takes the same path with the samples in three other orders, which change the
rounding errors only: the same numbers of iterations and evaluations, and a loss within 1e-7.

scikit-learn clips probabilities at the machine epsilon, which limits the loss of a sample to 36. If a trial
step leads to larger losses, it therefore takes another path. No case contains such a step.

Generated with scikit-learn 1.9.1, SciPy 1.17.1 and NumPy 2.4.6.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import scipy.optimize
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("ignore", ConvergenceWarning)

iris, digits, diabetes = load_iris(), load_digits(), load_diabetes()
TABLES = {
    "iris": (StandardScaler().fit_transform(iris.data), iris.target),
    "digits": (digits.data / 16, digits.target),
    "diabetes": (StandardScaler().fit_transform(diabetes.data), diabetes.target / 100),
}

CASES = [
    ("iris", {"hidden_layer_sizes": [10], "random_state": 3}),
    ("iris", {"hidden_layer_sizes": [100]}),
    ("iris", {"hidden_layer_sizes": [8, 8], "activation": "tanh", "alpha": 0.01}),
    ("iris", {"hidden_layer_sizes": [5], "activation": "logistic", "alpha": 0.1}),
    ("digits", {"hidden_layer_sizes": [32]}),
    ("digits", {"hidden_layer_sizes": [20, 10], "activation": "tanh", "alpha": 0.1}),
    ("digits", {"hidden_layer_sizes": [30], "activation": "logistic", "alpha": 1.0}),
    ("diabetes", {"hidden_layer_sizes": [10], "alpha": 1.0}),
    ("diabetes", {"hidden_layer_sizes": [8], "activation": "tanh", "alpha": 0.1, "max_iter": 60}),
    ("diabetes", {"hidden_layer_sizes": [6, 4], "activation": "logistic", "alpha": 0.3}),
]

results = []
minimize = scipy.optimize.minimize


def recording(*args, **kwargs):
    results.append(minimize(*args, **kwargs))
    return results[-1]


scipy.optimize.minimize = recording


def fit(table, settings, order):
    make = MLPRegressor if table == "diabetes" else MLPClassifier
    x, t = TABLES[table]
    make(solver="lbfgs", **settings).fit(x[order], t[order])
    return results[-1]


def case(table, settings):
    settings = {"activation": "relu", "alpha": 1e-4, "max_iter": 200, "tol": 1e-4, "random_state": 1} | settings
    n = len(TABLES[table][1])
    while True:
        result = fit(table, settings, np.arange(n))
        others = [fit(table, settings, np.random.RandomState(seed).permutation(n)) for seed in range(3)]
        same_counts = all((other.nit, other.nfev) == (result.nit, result.nfev) for other in others)
        if same_counts and all(abs(other.fun / result.fun - 1) < 1e-7 for other in others):
            break
        settings["max_iter"] = min(settings["max_iter"], int(result.nit)) - 10
    found = {"n_iterations": int(result.nit), "n_evaluations": int(result.nfev), "loss": float(result.fun)}
    print(table, settings, found, result.message)
    return {"table": table, "settings": settings, "is_complete": int(result.status) == 1} | found


letters = "".join(chr(ord("a") + int(v)) for v in digits.data.ravel())
assert max(letters) == "q"
reference = {
    "iris": {"x": TABLES["iris"][0].ravel().tolist(), "classes": iris.target.tolist()},
    "digits": {"pixels": letters, "classes": digits.target.tolist()},
    "diabetes": {"x": TABLES["diabetes"][0].ravel().tolist(), "t": TABLES["diabetes"][1].tolist()},
    "cases": [case(*c) for c in CASES],
}
path = Path(__file__).with_name("lbfgs.json")
path.write_text(json.dumps(reference, separators=(",", ":")) + "\n")
