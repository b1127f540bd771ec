"""JAX: the whole training run, all epochs and batches, in one jit with lax.scan.

Several networks are trained together with vmap over their weights and their rows.
"""

import os

import problem as peer

options = peer.arguments()
# XLA starts as many threads as the process may use cores.
cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
if cores:
    os.sched_setaffinity(0, cores[: options.threads])

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

problem = peer.Problem(options.directory)
if problem.precision == "f64":
    jax.config.update("jax_enable_x64", True)
x, t = jnp.asarray(problem.x), jnp.asarray(problem.t)
start = [(jnp.asarray(w), jnp.asarray(b)) for w, b in problem.stacked]

activate = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "logistic": jax.nn.sigmoid,
    "silu": jax.nn.silu,
    "identity": lambda z: z,
}[problem.activation]
lose = {
    "binary_cross_entropy": lambda z, t: jax.nn.softplus(z) - t * z,
    "cross_entropy": lambda z, t: -t * jax.nn.log_softmax(z),
    "squared_error": lambda z, t: (z - t) ** 2,
}[problem.loss]


def loss(layers, x, t):
    a = x
    for w, b in layers[:-1]:
        a = activate(a @ w + b)
    w, b = layers[-1]
    return lose(a @ w + b, t).sum() / len(x)


def update(state, batch):
    layers, m, v, step = state
    g = jax.grad(loss)(layers, *batch)
    step = step + 1
    each = jax.tree.map
    if problem.optimizer == "sgd":
        return (each(lambda p, g: p - problem.learning_rate * g, layers, g), m, v, step), None
    root = jnp.sqrt(1 - jnp.asarray(0.999, x.dtype) ** step)
    rate = problem.learning_rate * root / (1 - jnp.asarray(0.9, x.dtype) ** step)
    m = each(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    v = each(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
    if problem.optimizer == "adamw":
        layers = each(lambda p: p * (1 - problem.learning_rate * problem.weight_decay), layers)
    layers = each(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8 * root), layers, m, v)
    return (layers, m, v, step), None


def train(layers, x, t):
    whole = problem.n_training // problem.batch
    rest = whole * problem.batch
    in_batches = lambda a: a[:rest].reshape(whole, problem.batch, a.shape[1])
    x_batches, t_batches = in_batches(x), in_batches(t)

    def epoch(state, _):
        if whole == 1:
            state, _ = update(state, (x_batches[0], t_batches[0]))
        else:
            state, _ = lax.scan(update, state, (x_batches, t_batches))
        if rest < problem.n_training:
            state, _ = update(state, (x[rest:], t[rest:]))
        return state, None

    zeros = jax.tree.map(jnp.zeros_like, layers)
    state = (layers, zeros, zeros, jnp.zeros((), x.dtype))
    state, _ = lax.scan(epoch, state, None, length=problem.epochs)
    return state[0]


@jax.jit
def train_all(stacked, x, t, rows):
    if problem.n_networks == 1:
        layers = train([(w[0], b[0]) for w, b in stacked], x, t)
        return [(w[None], b[None]) for w, b in layers]
    if rows is None:
        return jax.vmap(lambda layers: train(layers, x, t))(stacked)
    return jax.vmap(lambda layers, rows: train(layers, x[rows], t[rows]))(stacked, rows)


rows = None if problem.rows is None else jnp.asarray(problem.rows)


def run():
    return jax.block_until_ready(train_all(start, x, t, rows))


def networks(stacked):
    stacked = [(np.asarray(w), np.asarray(b)) for w, b in stacked]
    return [[(w[k], b[k]) for w, b in stacked] for k in range(problem.n_networks)]


peer.measure(problem, run, networks, {"jax": jax.__version__})
