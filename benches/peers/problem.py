"""Common functions of the peers: reading a problem, timing a run, and printing the result as JSON.

The directory of a problem contains workload.json, x.npy, t.npy, and w<l>.npy (n_networks * n_in,
n_out) and b<l>.npy (n_networks, n_out) for each layer l. If networks are trained on some of the
rows, rows.npy (n_networks, n_training_rows) contains their indices.
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
    """Workload with its samples `x`, `t`, its initial weights and its training rows.

    `stacked` is a list of (W, b) for each layer, in which the first axis is the network. `networks`
    contains a list of (W, b) for each network, and `layers` is the first of them. `rows`
    (n_networks, n_training_rows) is None if all networks are trained on all rows.
    """

    def __init__(self, directory):
        import numpy as np

        self.workload = json.loads((directory / "workload.json").read_text())
        keys = "batch epochs optimizer learning_rate weight_decay activation loss precision widths n_networks"
        for key in keys.split():
            setattr(self, key, self.workload[key])
        read = lambda name: np.load(directory / f"{name}.npy")
        self.x, self.t = read("x"), read("t")
        self.stacked = [
            (read(f"w{l}").reshape(self.n_networks, n_in, n_out), read(f"b{l}"))
            for l, (n_in, n_out) in enumerate(zip(self.widths, self.widths[1:]))
        ]
        self.networks = [[(w[k], b[k]) for w, b in self.stacked] for k in range(self.n_networks)]
        self.layers = self.networks[0]
        self.rows = read("rows").astype(np.int32) if (directory / "rows.npy").exists() else None
        self.n = len(self.x)
        # The number of training rows of each network.
        self.n_training = self.n if self.rows is None else self.rows.shape[1]

    def batches(self):
        """Returns the slices of the batches of one epoch, including a shorter last batch."""
        n = self.n_training
        return [slice(first, min(first + self.batch, n)) for first in range(0, n, self.batch)]

    def final_loss(self, networks):
        """Returns the mean loss over all rows and networks."""
        return sum(self.loss_of(layers) for layers in networks) / len(networks)

    def loss_of(self, layers):
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
                    "silu": lambda z: z / (1 + np.exp(-z)),
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
    converts its result to a list of (W, b) for each network.
    """
    run()
    start = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - start
    versions = {"python": sys.version.split()[0], **versions}
    report = {"seconds": seconds, "final_loss": problem.final_loss(to_numpy(result)), "versions": versions}
    print(json.dumps(report))
