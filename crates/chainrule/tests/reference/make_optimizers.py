"""Generates optimizers.json, steps of the optimizers of PyTorch and scikit-learn in float64.

    pip install numpy torch scikit-learn && python make_optimizers.py

"network": twelve full-batch steps of each optimizer with a small network of three inputs, seven
tanh units and two outputs, and the mean softmax cross-entropy over ten samples. Parameters are
flat: W1 (3, 7) in row-major order, b1, W2 (7, 2), b2.
"sequence": scikit-learn's optimizer classes with given gradients and a decreasing learning rate.

Generated with PyTorch 2.15.0, scikit-learn 1.9.1 and NumPy 2.4.6.
"""

import json
from pathlib import Path

import numpy as np
import torch
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

SHAPES = [(3, 7), (7,), (7, 2), (2,)]
torch.set_default_dtype(torch.float64)

random = np.random.RandomState(99)
start = [random.randn(*shape) * (0.7 if len(shape) == 2 else 0.3) for shape in SHAPES]
x = random.randn(10, 3)
t = np.eye(2)[random.randint(0, 2, 10)]


def flat(arrays):
    return np.concatenate([np.ravel(a) for a in arrays]).tolist()


class AdamInside(torch.optim.Optimizer):
    """Adam with epsilon inside the bias correction, as in scikit-learn."""

    def __init__(self, parameters, lr):
        super().__init__(parameters, {"lr": lr})
        self.n_steps = 0

    @torch.no_grad()
    def step(self):
        self.n_steps += 1
        correction = np.sqrt(1 - 0.999**self.n_steps) / (1 - 0.9**self.n_steps)
        for group in self.param_groups:
            for p in group["params"]:
                means = self.state[p]
                means["m"] = 0.9 * means.get("m", 0.0) + 0.1 * p.grad
                means["v"] = 0.999 * means.get("v", 0.0) + 0.001 * p.grad**2
                p -= group["lr"] * correction * means["m"] / (torch.sqrt(means["v"]) + 1e-8)


def network_case(optimizer, options, rate, make, rate_times=1.0):
    """Performs twelve steps, multiplying the learning rate by `rate_times` after each."""
    w1, b1, w2, b2 = parameters = [torch.tensor(p, requires_grad=True) for p in start]
    stepper = make(parameters, rate)
    losses = []
    for _ in range(12):
        stepper.zero_grad()
        z = torch.tanh(torch.tensor(x) @ w1 + b1) @ w2 + b2
        loss = torch.nn.functional.cross_entropy(z, torch.tensor(t))
        loss.backward()
        stepper.step()
        losses.append(float(loss.detach()))
        for group in stepper.param_groups:
            group["lr"] *= rate_times
    end = flat(p.detach().numpy() for p in parameters)
    return {"optimizer": optimizer, "options": options, "rate": rate, "rate_times": rate_times, "losses": losses, "end": end}


def sgd(**options):
    return lambda parameters, rate: torch.optim.SGD(parameters, rate, **options)


network = [
    network_case("sgd", {}, 0.1, sgd()),
    network_case("sgd", {"momentum": 0.9}, 0.1, sgd(momentum=0.9)),
    network_case("sgd", {"momentum": 0.9, "kind": "nesterov"}, 0.1, sgd(momentum=0.9, nesterov=True)),
    network_case("sgd", {"momentum": 0.9}, 0.1, sgd(momentum=0.9), rate_times=0.8),
    network_case("sgd", {"momentum": 0.9, "kind": "nesterov"}, 0.1, sgd(momentum=0.9, nesterov=True), rate_times=0.8),
    network_case("rmsprop", {}, 0.01, torch.optim.RMSprop),
    network_case("rmsprop", {"alpha": 0.9, "epsilon": 0.001}, 0.01, lambda p, rate: torch.optim.RMSprop(p, rate, alpha=0.9, eps=0.001)),
    network_case("adagrad", {}, 0.1, torch.optim.Adagrad),
    network_case("adagrad", {"epsilon": 0.1}, 0.1, lambda p, rate: torch.optim.Adagrad(p, rate, eps=0.1)),
    network_case("adam", {}, 0.01, torch.optim.Adam),
    network_case("adam", {}, 0.01, torch.optim.Adam, rate_times=0.8),
    network_case("adam", {"beta1": 0.5, "beta2": 0.9, "epsilon": 0.01}, 0.01, lambda p, rate: torch.optim.Adam(p, rate, betas=(0.5, 0.9), eps=0.01)),
    network_case("adam", {"epsilon_form": "inside"}, 0.01, AdamInside),
    network_case("adamw", {"weight_decay": 0.1}, 0.01, lambda p, rate: torch.optim.AdamW(p, rate, weight_decay=0.1)),
    network_case("adamw", {}, 0.01, torch.optim.AdamW, rate_times=0.8),
    # PyTorch's Rprop is iRprop-, which is iRprop+ without the condition on the loss.
    network_case("irprop+", {}, 0.1, torch.optim.Rprop),
    network_case("irprop+", {"increase": 1.5, "decrease": 0.3, "max": 0.4}, 0.2, lambda p, rate: torch.optim.Rprop(p, rate, etas=(0.3, 1.5), step_sizes=(1e-6, 0.4))),
]

random = np.random.RandomState(7)
first = random.randn(5)
gradients = random.randn(10, 5)


def sequence_case(optimizer, options, rate, stepper, parameters):
    """Performs ten steps with the given gradients; the rate of step k >= 0 is rate/(k + 1)."""
    path = []
    for k, gradient in enumerate(gradients):
        stepper.learning_rate = stepper.learning_rate_init = rate / (k + 1)
        stepper.update_params(parameters, [gradient])
        path.append(parameters[0].tolist())
    return {"optimizer": optimizer, "options": options, "rate": rate, "path": path}


sequence = []
for kind in ("classical", "nesterov"):
    p = [first.copy()]
    options = {"momentum": 0.9, "kind": kind, "velocity": "with_rate"}
    sequence.append(sequence_case("sgd", options, 0.1, SGDOptimizer(p, momentum=0.9, nesterov=kind == "nesterov"), p))
p = [first.copy()]
sequence.append(sequence_case("adam", {"epsilon_form": "inside"}, 0.1, AdamOptimizer(p), p))
p = [first.copy()]
options = {"beta1": 0.8, "beta2": 0.95, "epsilon": 0.01, "epsilon_form": "inside"}
sequence.append(sequence_case("adam", options, 0.1, AdamOptimizer(p, beta_1=0.8, beta_2=0.95, epsilon=0.01), p))

reference = {
    "network": {"start": flat(start), "x": flat([x]), "t": flat([t]), "cases": network},
    "sequence": {"start": first.tolist(), "gradients": gradients.tolist(), "cases": sequence},
}
Path(__file__).with_name("optimizers.json").write_text(json.dumps(reference, separators=(",", ":")) + "\n")
