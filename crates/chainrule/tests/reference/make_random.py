"""Generates random.json, numbers drawn by NumPy's RandomState, for tests/random.rs.

    pip install numpy && python make_random.py

Each case contains a seed, a list of calls with every `every`-th of the returned values, and the
state after the calls.
"""
import json
import pathlib

import numpy as np


def call(random, name, arguments, n, every=1):
    """Draws n numbers, in one call if n is even and in n calls if it is odd."""
    if name == "shuffle":
        items = np.arange(n)
        random.shuffle(items)
        values = items
    elif name == "permutation":
        values = random.permutation(n)
    elif n % 2:
        values = [getattr(random, name)(*arguments) for _ in range(n)]
    else:
        values = getattr(random, name)(*arguments, size=n)
    values = np.asarray(values)[::every].tolist()
    return dict(call=name, arguments=arguments, n=n, every=every, values=values)


MIXED = [
    ("standard_normal", [], 3), ("random_sample", [], 2), ("standard_normal", [], 1), ("uniform", [-2.5, 0.5], 3),
    ("normal", [1.5, 0.25], 5), ("randint", [0, 10], 7), ("permutation", [], 11), ("standard_normal", [], 2),
    ("randint", [-5, 2**31], 4), ("shuffle", [], 150), ("normal", [0.0, 0.1], 4), ("randint", [7, 8], 3),
    ("randint", [0, 2**32], 3), ("randint", [0, 2**32 + 1], 6), ("randint", [-2**63, 2**63 - 1], 3),
    ("random_sample", [], 1), ("standard_normal", [], 1),
]
LONG = [
    ("random_sample", [], 5001, 100), ("standard_normal", [], 5001, 100), ("randint", [0, 1000], 3001, 100),
    ("permutation", [], 2000, 50), ("uniform", [0.0, 1e-3], 4000, 100), ("normal", [-1.0, 3.0], 3333, 100),
]
# After 623 of 624 words, the state is regenerated between the two words of the next number.
EDGE = [("randint", [0, 2**32], 623), ("random_sample", [], 3)]

cases = []
for seed, calls in [(0, MIXED), (1, MIXED), (42, MIXED), (4242, MIXED), (2**32 - 1, MIXED), (0, LONG), (7, LONG), (3, EDGE)]:
    random = np.random.RandomState(seed)
    results = [call(random, *c) for c in calls]
    _, key, pos, has_gauss, cached = random.get_state()
    state = dict(key=key.tolist(), pos=pos, has_gauss=bool(has_gauss), cached_gaussian=cached)
    cases.append(dict(seed=seed, calls=results, state=state))

path = pathlib.Path(__file__).with_name("random.json")
path.write_text(json.dumps(dict(numpy=np.__version__, cases=cases), separators=(",", ":")) + "\n")
