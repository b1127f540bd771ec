"""NumPy: hand-written backpropagation with in-place updates."""

import problem as peer

options = peer.arguments()

import numpy as np

problem = peer.Problem(options.directory)
x, t = problem.x, problem.t
dtype = x.dtype.type


def logistic(z):
    return dtype(1) / (dtype(1) + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# The activation as a function of z, and its derivative as a function of a.
ACTIVATIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda a: a > 0),
    "tanh": (np.tanh, lambda a: dtype(1) - a * a),
    "logistic": (logistic, lambda a: a * (dtype(1) - a)),
    "identity": (lambda z: z, None),
}
# The derivative of a sample's loss with respect to the pre-activations z of the output layer.
OUTPUTS = {
    "binary_cross_entropy": lambda z, t: logistic(z) - t,
    "cross_entropy": lambda z, t: softmax(z) - t,
    "squared_error": lambda z, t: dtype(2) * (z - t),
}
activate, slope = ACTIVATIONS[problem.activation]
output = OUTPUTS[problem.loss]


def gradients(layers, x, t):
    activations = [x]
    for w, b in layers[:-1]:
        activations.append(activate(activations[-1] @ w + b))
    w, b = layers[-1]
    dz = output(activations[-1] @ w + b, t)
    dz *= dtype(1 / len(x))
    result = []
    for l in range(len(layers) - 1, -1, -1):
        result.append((activations[l].T @ dz, dz.sum(axis=0)))
        if l > 0:
            dz = dz @ layers[l][0].T
            if slope is not None:
                dz *= slope(activations[l])
    return result[::-1]


def run():
    layers = [(w.copy(), b.copy()) for w, b in problem.layers]
    parameters = [p for layer in layers for p in layer]
    m, v = [np.zeros_like(p) for p in parameters], [np.zeros_like(p) for p in parameters]
    rate, beta1, beta2, step = problem.learning_rate, 0.9, 0.999, 0
    batches = problem.batches()
    for _ in range(problem.epochs):
        for rows in batches:
            step += 1
            flat = [g for layer in gradients(layers, x[rows], t[rows]) for g in layer]
            if problem.optimizer == "sgd":
                for p, g in zip(parameters, flat):
                    p -= dtype(rate) * g
                continue
            root = np.sqrt(1 - beta2**step)
            decay = dtype(1 - rate * problem.weight_decay)
            scaled, epsilon = dtype(rate * root / (1 - beta1**step)), dtype(1e-8 * root)
            for p, g, m_p, v_p in zip(parameters, flat, m, v):
                m_p *= dtype(beta1)
                m_p += dtype(1 - beta1) * g
                v_p *= dtype(beta2)
                v_p += dtype(1 - beta2) * (g * g)
                if problem.weight_decay:
                    p *= decay
                p -= scaled * m_p / (np.sqrt(v_p) + epsilon)
    return layers


peer.measure(problem, run, lambda layers: [layers], {"numpy": np.__version__})
