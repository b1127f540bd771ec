"""PyTorch, eager or with torch.compile: modules, autograd and fused optimizers."""

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
    "identity": torch.nn.Identity,
}
LOSSES = {
    "binary_cross_entropy": torch.nn.functional.binary_cross_entropy_with_logits,
    "cross_entropy": torch.nn.functional.cross_entropy,
    # The sum over the outputs, averaged over the samples.
    "squared_error": lambda z, t: torch.nn.functional.mse_loss(z, t) * t.shape[1],
}
criterion = LOSSES[problem.loss]


def network():
    modules = []
    for w, b in problem.layers:
        linear = torch.nn.Linear(*w.shape, dtype=x.dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w.T))
            linear.bias.copy_(torch.from_numpy(b))
        modules += [linear, ACTIVATIONS[problem.activation]()]
    return torch.nn.Sequential(*modules[:-1])


# Both runs use the same module, so that it is already compiled in the second.
model = network()
start = {name: value.clone() for name, value in model.state_dict().items()}


def loss(x, t):
    return criterion(model(x), t)


if options.mode == "compile":
    loss = torch.compile(loss, dynamic=False)


def run():
    model.load_state_dict(start)
    rate = problem.learning_rate
    if problem.optimizer == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=rate, fused=True)
    batches = problem.batches()
    for _ in range(problem.epochs):
        for rows in batches:
            optimizer.zero_grad()
            loss(x[rows], t[rows]).backward()
            optimizer.step()


def layers(_):
    linears = [module for module in model if isinstance(module, torch.nn.Linear)]
    return [(linear.weight.detach().numpy().T, linear.bias.detach().numpy()) for linear in linears]


peer.measure(problem, run, layers, {"torch": torch.__version__})
