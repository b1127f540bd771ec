"""What every peer shares: reading a problem, measuring a run, and the one line of JSON that answers.

A problem's directory holds workload.json, x.npy, t.npy and for each layer l w<l>.npy (n_in, n_out) and b<l>.npy.
"""

import argparse
import json
import os
import pathlib
import sys
import time


def arguments():
    """The command line; the number of threads is set for every library that reads it from the environment.

    To be called before NumPy, PyTorch or JAX is imported.
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
    """One workload with its samples `x`, `t` and starting weights `layers`, a list of (W, b), as NumPy arrays."""

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
        """The slices of one epoch's batches, the last, short one too."""
        return [slice(first, min(first + self.batch, self.n)) for first in range(0, self.n, self.batch)]

    def final_loss(self, layers):
        """The mean loss over all rows at these layers, in float64: one yardstick for all peers."""
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
    """Runs `run()` twice, measures the second time and prints the answer.

    `run` trains from the starting weights and returns only when all is computed; `to_numpy` turns what it returns into
    a list of (W, b).
    """
    run()
    began = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - began
    versions = {"python": sys.version.split()[0], **versions}
    answer = {"seconds": seconds, "final_loss": problem.final_loss(to_numpy(result)), "versions": versions}
    print(json.dumps(answer))
