"""Common functions of the peers: reading a problem, timing a run, and printing the result as JSON.

The directory of a problem contains workload.json, x.npy, t.npy, and w<l>.npy (n_in, n_out) and
b<l>.npy for each layer l.
"""

import argparse
import json
import os
import pathlib
import sys
import time


def arguments():
    """Parses the command line and sets the number of threads in the environment.

    Must be called before NumPy, PyTorch or JAX is imported.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--mode", default="plain")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    return options


class Problem:
    """Workload with its samples `x`, `t` and initial weights `layers`, a list of (W, b)."""

    def __init__(self, directory):
        import numpy as np

        self.workload = json.loads((directory / "workload.json").read_text())
        for key in ("batch", "epochs", "optimizer", "learning_rate", "activation", "loss", "precision", "widths"):
            setattr(self, key, self.workload[key])
        read = lambda name: np.load(directory / f"{name}.npy")
        self.x, self.t = read("x"), read("t")
        self.layers = [(read(f"w{l}"), read(f"b{l}")[0]) for l in range(len(self.widths) - 1)]
        self.n = len(self.x)

    def batches(self):
        """Returns the slices of the batches of one epoch, including a shorter last batch."""
        return [slice(first, min(first + self.batch, self.n)) for first in range(0, self.n, self.batch)]

    def final_loss(self, layers):
        """Returns the mean loss over all rows, computed in float64 identically for all peers."""
        import numpy as np

        a = self.x.astype(np.float64)
        for l, (w, b) in enumerate(layers):
            z = a @ np.asarray(w, np.float64) + np.asarray(b, np.float64)
            if l + 1 < len(layers):
                a = {
                    "relu": lambda z: np.maximum(z, 0),
                    "tanh": np.tanh,
                    "logistic": lambda z: 1 / (1 + np.exp(-z)),
                    "identity": lambda z: z,
                }[self.activation](z)
        t = self.t.astype(np.float64)
        if self.loss == "squared_error":
            losses = (z - t) ** 2
        elif self.loss == "binary_cross_entropy":
            losses = np.logaddexp(0, z) - t * z
        else:
            m = z.max(axis=1, keepdims=True)
            losses = t * (m + np.log(np.exp(z - m).sum(axis=1, keepdims=True)) - z)
        return float(losses.sum() / self.n)


def measure(problem, run, to_numpy, versions):
    """Calls `run()` twice, times the second call and prints the result.

    `run` trains from the initial weights and returns when the computation is complete. `to_numpy`
    converts its result to a list of (W, b).
    """
    run()
    start = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - start
    versions = {"python": sys.version.split()[0], **versions}
    report = {"seconds": seconds, "final_loss": problem.final_loss(to_numpy(result)), "versions": versions}
    print(json.dumps(report))
