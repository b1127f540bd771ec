"""Generates linear.json, reference values of linear models from NumPy and scikit-learn in float64.

    pip install numpy scikit-learn && python make_linear.py

Inputs are standardised with the sample weights, as in chainrule::linear, and the parameters are
converted back to the original inputs.

Generated with scikit-learn 1.9.1 and NumPy 2.4.6.
"""
import json
import os
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression, PoissonRegressor

warnings.filterwarnings("ignore")
L2 = 1e-6
N, P = 60, 3
rs = np.random.RandomState(11)
X = rs.randn(N, P) @ np.array([[2.0, 0.3, 0.0], [0.0, 0.1, 0.0], [0.5, 0.0, 9.0]]) + [1.0, -20.0, 300.0]
WEIGHT = rs.randint(0, 4, N).astype(float)


def standardise(x, w):
    mean = np.average(x, axis=0, weights=w)
    return mean, np.sqrt(np.average((x - mean) ** 2, axis=0, weights=w))


def original(coefficients, intercept, mean, deviation):
    """Returns W (n_inputs, n_outputs) and b for the original inputs."""
    W = np.atleast_2d(coefficients).T / deviation[:, None]
    return W.ravel().tolist() + np.atleast_1d(intercept - mean @ W).tolist()


def squared_error(x, t, w):
    root = np.sqrt(w)[:, None]
    mean, deviation = standardise(x, w)
    design = np.c_[(x - mean) / deviation, np.ones(len(x))]
    solution = np.linalg.lstsq(root * design, root * t, rcond=None)[0]
    return original(solution[:-1].T, solution[-1], mean, deviation)


def logistic(x, c, w):
    """Binary or multinomial: scikit-learn minimises |W|²/2 + C·Σ w·l."""
    mean, deviation = standardise(x, w)
    model = LogisticRegression(C=1 / (L2 * w.sum()), solver="newton-cholesky", tol=1e-13, max_iter=1000)
    model.fit((x - mean) / deviation, c, sample_weight=w)
    assert len(model.classes_) == c.max() + 1
    return original(model.coef_, model.intercept_, mean, deviation)


def multilabel(x, t, w):
    each = [np.array(logistic(x, t[:, k].astype(int), w)) for k in range(t.shape[1])]
    return np.array(each).T.ravel().tolist()


def poisson(x, t, w):
    mean, deviation = standardise(x, w)
    model = PoissonRegressor(alpha=L2, solver="newton-cholesky", tol=1e-13, max_iter=1000)
    model.fit((x - mean) / deviation, t, sample_weight=w)
    return original(model.coef_, model.intercept_, mean, deviation)


def case(name, loss, t, parameters, weight):
    t = np.asarray(t, dtype=float)
    return dict(name=name, loss=loss, t=t.ravel().tolist(), parameters=parameters, weighted=weight is not None)


def main():
    z = (X - X.mean(0)) / X.std(0)
    numbers = np.c_[z @ [1.0, 2.0, -1.0] + rs.randn(N), 1e6 + 1e5 * (z @ [0.0, 0.5, 1.0] + rs.randn(N))]
    two = (z @ [1.0, -0.5, 0.3] + rs.randn(N) > 0).astype(int)
    three = np.argmax(z @ rs.randn(P, 3) + rs.gumbel(size=(N, 3)), axis=1)
    labels = np.c_[two, (z @ [0.0, 1.0, 1.0] + rs.randn(N) > 0.4).astype(int)]
    counts = rs.poisson(np.exp(1.0 + z @ [0.4, -0.2, 0.1]))
    separable = (z @ [1.0, 1.0, 0.5] > 0).astype(int)
    cases = []
    for weight in [None, WEIGHT]:
        w = np.ones(N) if weight is None else weight
        cases += [
            case("numbers", "squared_error", numbers, squared_error(X, numbers, w), weight),
            case("two classes", "binary_cross_entropy", two, logistic(X, two, w), weight),
            case("three classes", "cross_entropy", np.eye(3)[three], logistic(X, three, w), weight),
            case("labels", "binary_cross_entropy", labels, multilabel(X, labels, w), weight),
            case("counts", "poisson", counts, poisson(X, counts, w), weight),
            case("separable", "binary_cross_entropy", separable, logistic(X, separable, w), weight),
        ]
    reference = dict(x=X.ravel().tolist(), weight=WEIGHT.tolist(), cases=cases)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "linear.json"), "w") as f:
        json.dump(reference, f, separators=(",", ":"))
        f.write("\n")


main()
