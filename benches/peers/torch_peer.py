"""PyTorch, eager or with torch.compile: modules, autograd and fused optimizers.

Several networks are trained one after another.
"""

import problem as peer

options = peer.arguments()

import torch

torch.set_num_threads(options.threads)
problem = peer.Problem(options.directory)
x, t = torch.from_numpy(problem.x), torch.from_numpy(problem.t)
if problem.loss == "cross_entropy":
    t = t.argmax(dim=1)

ACTIVATIONS = {
    "relu": torch.nn.ReLU,
    "tanh": torch.nn.Tanh,
    "logistic": torch.nn.Sigmoid,
    "silu": torch.nn.SiLU,
    "identity": torch.nn.Identity,
}
LOSSES = {
    "binary_cross_entropy": torch.nn.functional.binary_cross_entropy_with_logits,
    "cross_entropy": torch.nn.functional.cross_entropy,
    # The sum over the outputs, averaged over the samples.
    "squared_error": lambda z, t: torch.nn.functional.mse_loss(z, t) * t.shape[1],
}
criterion = LOSSES[problem.loss]


def network(layers):
    modules = []
    for w, b in layers:
        linear = torch.nn.Linear(*w.shape, dtype=x.dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w.T))
            linear.bias.copy_(torch.from_numpy(b))
        modules += [linear, ACTIVATIONS[problem.activation]()]
    return torch.nn.Sequential(*modules[:-1])


# All runs use the same module, so that it is already compiled in the second.
model = network(problem.layers)
starts = [network(layers).state_dict() for layers in problem.networks]
if problem.rows is None:
    samples = [(x, t)] * problem.n_networks
else:
    samples = [(x[rows], t[rows]) for rows in torch.from_numpy(problem.rows)]


def loss(x, t):
    return criterion(model(x), t)


if options.mode == "compile":
    loss = torch.compile(loss, dynamic=False)


def train(start, x, t):
    model.load_state_dict(start)
    rate = problem.learning_rate
    if problem.optimizer == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    elif problem.optimizer == "adamw":
        decay = problem.weight_decay
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay, fused=True)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=rate, fused=True)
    batches = problem.batches()
    for _ in range(problem.epochs):
        for rows in batches:
            optimizer.zero_grad()
            loss(x[rows], t[rows]).backward()
            optimizer.step()
    return {name: value.clone() for name, value in model.state_dict().items()}


def run():
    return [train(start, x, t) for start, (x, t) in zip(starts, samples)]


def layers(state):
    values = [value.numpy() for value in state.values()]
    return [(w.T, b) for w, b in zip(values[::2], values[1::2])]


peer.measure(problem, run, lambda states: [layers(state) for state in states], {"torch": torch.__version__})
