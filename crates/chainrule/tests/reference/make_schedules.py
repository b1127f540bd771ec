"""Generates schedules.json, the learning rate factors of the schedules of PyTorch and scikit-learn.

    pip install numpy torch scikit-learn && python make_schedules.py

"curves": the factor before each tick, starting with tick 0.
"plateau": losses, and the factor after each loss.

Generated in float64 with PyTorch 2.15.0, scikit-learn 1.9.1 and NumPy 2.4.6.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import torch
from sklearn.neural_network import MLPRegressor
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer
from torch.optim import lr_scheduler

warnings.filterwarnings("ignore")


def sgd():
    """Returns a PyTorch optimizer with learning rate 1, so that its rate equals the factor."""
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)


def rate(optimizer):
    return float(optimizer.param_groups[0]["lr"])


def curve(schedule, options, total, n_ticks, make):
    """Returns the factors of the first n_ticks of `total` ticks."""
    optimizer = sgd()
    scheduler = make(optimizer)
    factors = []
    for tick in range(n_ticks):
        factors.append(rate(optimizer))
        if tick + 1 < n_ticks:
            optimizer.step()
            scheduler.step()
    return {"schedule": schedule, "options": options, "total": total, "ticks": list(range(n_ticks)), "factors": factors}


def one_cycle(n, **options):
    return lambda optimizer: lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=n, **options)


curves = [
    curve("step", {}, 100, 100, lambda o: lr_scheduler.StepLR(o, 30)),
    curve("step", {"factor": 0.5, "every": 3}, 20, 20, lambda o: lr_scheduler.StepLR(o, 3, 0.5)),
    curve("exponential", {}, 200, 200, lambda o: lr_scheduler.ExponentialLR(o, 0.95)),
    curve("linear", {}, 17, 20, lambda o: lr_scheduler.LinearLR(o, 1.0, 0.0, 17)),
    curve("linear", {"end": 0.25, "over": 8}, 50, 20, lambda o: lr_scheduler.LinearLR(o, 1.0, 0.25, 8)),
    curve("cosine", {}, 40, 41, lambda o: lr_scheduler.CosineAnnealingLR(o, 40)),
    curve("cosine", {"end": 0.1, "over": 7}, 40, 8, lambda o: lr_scheduler.CosineAnnealingLR(o, 7, 0.1)),
    curve("one_cycle", {}, 100, 100, one_cycle(100)),
    curve("one_cycle", {"peak": 0.25, "start_divisor": 10, "end_divisor": 100}, 37, 37, one_cycle(37, pct_start=0.25, div_factor=10, final_div_factor=100)),
]

# scikit-learn's inverse scaling depends on the number of samples processed, updated once per epoch.
random = np.random.RandomState(3)
x = random.randn(40, 2)
t = np.sin(2 * x[:, 0]) + 0.3 * random.randn(40)
for power in (0.5, 0.25):
    network = MLPRegressor(hidden_layer_sizes=(4,), solver="sgd", learning_rate="invscaling", power_t=power, learning_rate_init=1e-3, random_state=0)
    factors = [1.0]
    for _ in range(9):
        network.partial_fit(x, t)
        factors.append(network._optimizer.learning_rate / 1e-3)
    ticks = [40 * epoch for epoch in range(10)]
    curves.append({"schedule": "inverse_scaling", "options": {"power": power}, "total": 400, "ticks": ticks, "factors": factors})


def plateau(options, losses, make):
    optimizer = sgd()
    scheduler = make(optimizer)
    factors = []
    for loss in losses:
        optimizer.step()
        scheduler.step(loss)
        factors.append(rate(optimizer))
    return {"options": options, "losses": losses, "factors": factors}


# A noisy loss that decreases and levels off.
losses = (1 + np.exp(-np.arange(120) / 8) + 0.002 * random.randn(120)).tolist()
plateaus = [
    plateau({}, losses, lambda o: lr_scheduler.ReduceLROnPlateau(o)),
    plateau({"factor": 0.5, "patience": 4, "tol": 0.01}, losses, lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=4, threshold=0.01)),
    plateau(
        {"factor": 0.5, "patience": 1, "tol": 0.02, "improvement": "absolute", "min_factor": 0.1},
        losses,
        lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=1, threshold=0.02, threshold_mode="abs", min_lr=0.1),
    ),
]


# scikit-learn's "adaptive": the rate at the end of an epoch depends on the losses before it.
rates = []
SGDOptimizer.iteration_ends = lambda self, time_step: rates.append(self.learning_rate)
network = MLPRegressor(hidden_layer_sizes=(4,), solver="sgd", learning_rate="adaptive", learning_rate_init=0.2, momentum=0.9, batch_size=10, tol=2e-3, n_iter_no_change=3, max_iter=60, random_state=0)
network.fit(x, t)
plateaus.append({
    "options": {"factor": 0.2, "patience": 3, "tol": 2e-3, "improvement": "lowest"},
    "losses": network.loss_curve_[: len(rates) - 1],
    "factors": [r / 0.2 for r in rates[1:]],
})

reference = {"curves": curves, "plateau": plateaus}
Path(__file__).with_name("schedules.json").write_text(json.dumps(reference, separators=(",", ":")) + "\n")
