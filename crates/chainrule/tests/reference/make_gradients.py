"""Generates gradients.json: loss, gradient and outputs of 48 networks by PyTorch's autograd.

    pip install numpy torch && python make_gradients.py

The cases are each activation in two shapes with alternating losses, the distance losses with each
of five output activations, and losses and activations with options. Parameters are flat: layer by
layer, W (n_in, n_out) in row-major order, then b. Without an output activation, the link of the
loss is applied to z of the last layer. The loss of a batch is Σ w·l, divided by Σ w for the mean.
The loss of a sample is the sum over its outputs; the squared error has no factor of a half.

Generated in float64 with PyTorch 2.15.0 and NumPy 2.4.6.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

ACTIVATIONS = {
    "identity": lambda z: z,
    "logistic": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": lambda z, slope=0.1: F.leaky_relu(z, slope),
    "elu": lambda z, alpha=1.0: F.elu(z, alpha),
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "rbf": lambda z: torch.exp(-z * z),
    "sine": torch.sin,
}
OUTPUTS = ACTIVATIONS | {"softmax": lambda z: torch.softmax(z, dim=1)}
LINKS = {"binary_cross_entropy": torch.sigmoid, "cross_entropy": OUTPUTS["softmax"], "poisson": torch.exp}
names = list(ACTIVATIONS)


def binary_cross_entropy(z, t):
    return F.binary_cross_entropy_with_logits(z, t, reduction="none")


def cross_entropy(z, t, label_smoothing=0.0):
    t = t * (1 - label_smoothing) + label_smoothing / t.shape[1]
    return -t * torch.log_softmax(z, dim=1)


def quantile(y, t, levels):
    e = t - y
    q = torch.tensor(levels)
    return torch.maximum(q * e, (q - 1) * e)


# The terms of a sample's loss, as functions of z of the last layer if the loss has a link.
LOSSES = {
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
    "squared_error": lambda y, t: (y - t) ** 2,
    "absolute_error": lambda y, t: (y - t).abs(),
    "huber": lambda y, t, delta=1.0: F.huber_loss(y, t, reduction="none", delta=delta),
    "poisson": lambda z, t: torch.exp(z) - t * z,
    "quantile": quantile,
}


def parameters(random, layers):
    """Draws W and then b for each layer."""
    pairs = zip(layers, layers[1:])
    arrays = [a for n, m in pairs for a in (random.randn(n, m) * 0.7, random.randn(m) * 0.3)]
    return [torch.tensor(a, requires_grad=True) for a in arrays]


def targets(random, loss, n, k):
    if loss == "binary_cross_entropy":
        return random.randint(0, 2, (n, k)).astype(float)
    if loss == "cross_entropy":
        return np.eye(k)[random.randint(0, k, n)]
    if loss == "poisson":
        return random.poisson(2.0, (n, k)).astype(float)
    return random.randn(n, k)


def evaluated(layers, activations, output, loss, reduction, p, x, t, weight, options):
    """Returns one case; `activations` of the hidden layers are names with options."""
    x, t = torch.tensor(x), torch.tensor(t)
    w = torch.ones(len(x)) if weight is None else torch.tensor(weight)
    a = x
    for layer, (name, activation_options) in enumerate(activations):
        a = ACTIVATIONS[name](a @ p[2 * layer] + p[2 * layer + 1], **activation_options)
    z = a @ p[-2] + p[-1]
    y = OUTPUTS[output](z) if output else LINKS.get(loss, ACTIVATIONS["identity"])(z)
    terms = LOSSES[loss](y if output else z, t, **options)
    value = (w * terms.sum(dim=1)).sum() / (w.sum() if reduction == "mean" else 1)
    value.backward()

    def flat(tensors):
        return [v for tensor in tensors for v in tensor.detach().ravel().tolist()]

    return {
        "layers": layers,
        "activations": [{"name": name, "options": options} for name, options in activations],
        "output_activation": output,
        "loss": {"name": loss, "options": options},
        "reduction": reduction,
        "n": len(x),
        "params": flat(p),
        "x": flat([x]),
        "t": flat([t]),
        "sample_weight": weight,
        "value": float(value.detach()),
        "gradient": flat(q.grad for q in p),
        "output": flat([y]),
    }


def case(random, layers, hidden, loss, n, weighted, reduction, output=None):
    p = parameters(random, layers)
    x = random.randn(n, layers[0])
    weight = (random.rand(n) + 0.25).tolist() if weighted else None
    t = targets(random, loss, n, layers[-1])
    options = {"leaky_relu": {"slope": 0.1}, "elu": {"alpha": 1.0}}
    activations = [(name, options.get(name, {})) for name in hidden]
    return evaluated(layers, activations, output, loss, reduction, p, x, t, weight, {})


def every_activation_and_output():
    random = np.random.RandomState(11)
    losses = [loss for loss in LOSSES if loss != "quantile"]
    shapes = [(name, shape) for name in names for shape in ([3, 7, 2], [2, 5, 4, 1])]
    for i, (name, shape) in enumerate(shapes):
        loss, layers = losses[i % 6], list(shape)
        if loss == "cross_entropy":
            layers[-1] = max(layers[-1], 2)
        others = [name] if i % 3 else [names[i % 14]]
        hidden = [name] + others * (len(layers) - 3)
        yield case(random, layers, hidden, loss, [5, 16, 37][i % 3], i % 4 == 1, ["mean", "sum"][i % 2])
    distances = ("squared_error", "absolute_error", "huber")
    pairs = [(loss, y) for loss in distances for y in ("logistic", "tanh", "softmax", "relu", "softplus")]
    for i, (loss, output) in enumerate(pairs):
        layers = [3, 5, 3 if output == "softmax" else 1 + i % 3]
        yield case(random, layers, ["tanh"], loss, 9, i % 2 == 0, ["mean", "sum"][i % 2], output)


def with_options():
    """Label smoothing, quantile levels, and non-default values of delta, slope and alpha."""
    plain = ("tanh", {})
    for seed, loss, k, activation, options in [
        (1, "cross_entropy", 3, plain, {"label_smoothing": 0.1}),
        (2, "quantile", 3, plain, {"levels": [0.1, 0.5, 0.9]}),
        (3, "huber", 2, plain, {"delta": 0.3}),
        (4, "huber", 2, ("leaky_relu", {"slope": 0.3}), {}),
        (5, "cross_entropy", 4, ("elu", {"alpha": 0.5}), {"label_smoothing": 0.05}),
    ]:
        random, layers = np.random.RandomState(seed), [4, 6, k]
        p = parameters(random, layers)
        x = random.randn(11, 4)
        t = targets(random, loss, 11, 1 if loss == "quantile" else k)
        yield evaluated(layers, [activation], None, loss, "mean", p, x, t, None, options)


cases = [*every_activation_and_output(), *with_options()]
path = Path(__file__).with_name("gradients.json")
path.write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")
