"""Triples x, y, z that are independent given z, or dependent to a known or fixed degree.

n: rows   d: columns
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Generator = np.random.Generator

SHAPES: tuple[Callable[[Array], Array], ...] = (
    np.sin,
    lambda t: np.sin(2 * t),
    lambda t: np.cos(2 * t),
    lambda t: t**2 / 1.5,
    np.abs,
    lambda t: 2 * np.exp(-2 * t**2),
    np.tanh,
    lambda t: t,
)
NOISES: tuple[Callable[[Generator, int], Array], ...] = (
    lambda rng, n: rng.normal(size=n),
    lambda rng, n: rng.standard_t(3, size=n),
    lambda rng, n: rng.exponential(size=n),
)


class Triple(NamedTuple):
    """Columns, and I(x; y | z) in nats where it is known."""

    x: Array
    y: Array
    z: Array
    true_mi: float = float("nan")


def smooth_null(rng: Generator, n: int, d: int) -> Triple:
    """X = f(z) + e and y = g(z) + e' with shapes, directions and noises of their own."""
    z = _smooth_z(rng, n, d)
    return Triple(_side(rng, z), _side(rng, z), z, 0.0)


def scale_null(rng: Generator, n: int, d: int) -> Triple:
    """The same, and the noise of both sides grows with z."""
    z = _smooth_z(rng, n, d)
    return Triple(_side(rng, z, scale=0.7), _side(rng, z, scale=0.7), z, 0.0)


def binary_null(rng: Generator, n: int, d: int) -> Triple:
    """The same without growing noise, and only on which side of the median x and y are."""
    x, y, z, _ = smooth_null(rng, n, d)
    return Triple((x > np.median(x)).astype(float), (y > np.median(y)).astype(float), z, 0.0)


def discrete_null(rng: Generator, n: int, d: int) -> Triple:
    """Z of 1 to 3 columns of 2 to 4 values; x and y continuous, counts or binary."""
    levels = 5 - d
    z = rng.integers(0, levels, size=(n, d))
    cell = z @ levels ** np.arange(d)
    sides = []
    for _ in range(2):
        level = rng.normal(size=levels**d)[cell]
        kind = rng.integers(3)
        if kind == 0:
            sides.append(level + np.exp(level / 3) * rng.normal(size=n))
        elif kind == 1:
            sides.append(rng.poisson(np.exp(level)).astype(float))
        else:
            sides.append((level + rng.normal(size=n) > 0).astype(float))
    return Triple(*sides, z.astype(float), 0.0)


NULLS = {
    "discrete z": discrete_null,
    "continuous z": smooth_null,
    "continuous z, scale": scale_null,
    "continuous z, binary x and y": binary_null,
}


def alternative(kind: str, rng: Generator, n: int, d: int) -> Triple:
    """X = sin(2 z_1) + e, and y = cos(z_1 + ... + z_d) + something of e and z."""
    z = rng.normal(size=(n, d))
    e, f = rng.normal(size=(2, n))
    with_e = {
        "linear": 0.3 * e + f,
        "square": 0.3 * e**2 + f,
        "sign changes with z": 0.5 * e * np.sign(z[:, 0]) + f,
        "scale": f * np.exp(0.3 * e),
    }
    return Triple(np.sin(2 * z[:, 0]) + e, np.cos(z.sum(axis=1)) + with_e[kind], z)


ALTERNATIVES = ("linear", "square", "sign changes with z", "scale")


def gaussian(rng: Generator, n: int, d: int) -> Triple:
    """d columns each, linear in z, with residual correlation 0.6 column by column."""
    z, e, f = rng.normal(size=(3, n, d))
    to_x, to_y = rng.normal(size=(2, d, d)) / np.sqrt(d)
    y = z @ to_y + 0.6 * e + 0.8 * f
    return Triple(z @ to_x + e, y, z, -d * np.log(0.8))


def curved(rng: Generator, n: int, d: int) -> Triple:
    """One column each for x and y, sine and cosine of z, with residual correlation 0.6."""
    z = rng.normal(size=(n, d))
    e, f = rng.normal(size=(2, n))
    t = 2 * z.sum(axis=1) / np.sqrt(d)
    return Triple(1.5 * np.sin(t) + e, 1.5 * np.cos(t) + 0.6 * e + 0.8 * f, z, -float(np.log(0.8)))


def sign_changes(rng: Generator, n: int, d: int) -> Triple:
    """Y = x sign(z_1) + f: no correlation, and ln(2) / 2 nats given z."""
    z = rng.normal(size=(n, d))
    e, f = rng.normal(size=(2, n))
    return Triple(e, e * np.sign(z[:, 0]) + f, z, float(np.log(2) / 2))


def chain(rng: Generator, n: int, d: int) -> Triple:
    """Markov chain x - z - y of four states: independent given z."""
    z = rng.integers(0, 4, size=(n, d))
    x, y = (np.where(rng.uniform(size=n) < 0.7, z[:, 0], rng.integers(0, 4, n)) for _ in range(2))
    return Triple(*(side.astype(float) for side in (x, y, z)), 0.0)


def next_step(rng: Generator, n: int, d: int) -> Triple:
    """Markov chain z - x - y of four states: given z, y still follows x."""
    keep = 0.7
    z = rng.integers(0, 4, size=(n, d))
    x = np.where(rng.uniform(size=n) < keep, z[:, 0], rng.integers(0, 4, n))
    y = np.where(rng.uniform(size=n) < keep, x, rng.integers(0, 4, n))
    step = keep * np.eye(4) + (1 - keep) / 4
    joint = 0.25 * step[:, :, None] * step[None]  # z x y
    x_given, y_given = joint.sum(2, keepdims=True), joint.sum(1, keepdims=True)
    ratio = joint * joint.sum((1, 2), keepdims=True) / (x_given * y_given)
    truth = float((joint * np.log(ratio)).sum())
    return Triple(*(side.astype(float) for side in (x, y, z)), truth)


def exclusive_or(rng: Generator, n: int, d: int) -> Triple:
    """Y = x xor z, wrong in a tenth of the rows."""
    x, z = rng.integers(0, 2, size=n), rng.integers(0, 2, size=(n, d))
    y = x ^ z[:, 0] ^ (rng.uniform(size=n) < 0.1)
    truth = np.log(2) + 0.1 * np.log(0.1) + 0.9 * np.log(0.9)
    return Triple(*(side.astype(float) for side in (x, y, z)), float(truth))


KNOWN: dict[str, tuple[Callable[[Generator, int, int], Triple], int]] = {
    "gaussian 1": (gaussian, 1),
    "gaussian 2": (gaussian, 2),
    "gaussian 3": (gaussian, 3),
    "curved 1": (curved, 1),
    "curved 3": (curved, 3),
    "curved null 3": (smooth_null, 3),
    "sign changes": (sign_changes, 1),
    "chain x-z-y": (chain, 1),
    "chain z-x-y": (next_step, 1),
    "xor": (exclusive_or, 1),
}


COLLIDERS = ((0, 2), (1, 2), (2, 4), (3, 4))  # a -> c <- b, c -> e <- d


def colliders(rng: Generator, n: int) -> Array:
    """Five columns a to e; only c and e are correlated: n 5."""
    a, b, d, of_c, of_e = rng.normal(size=(5, n))
    c = a**2 + 2 * np.abs(b) - 2.6 + 0.7 * of_c
    return np.column_stack([a, b, c, d, 2 * np.tanh(c) + 2 * np.abs(d) + 0.7 * of_e])


def _smooth_z(rng: Generator, n: int, d: int) -> Array:
    return rng.normal(size=(n, d)) if rng.uniform() < 0.7 else rng.uniform(-2, 2, size=(n, d))


def _side(rng: Generator, z: Array, scale: float = 0.0) -> Array:
    """A random shape of a random direction of z, with noise of a random kind."""
    direction = rng.normal(size=z.shape[1])
    along = z @ (direction / np.linalg.norm(direction))
    shape, noise = SHAPES[rng.integers(len(SHAPES))], NOISES[rng.integers(len(NOISES))]
    strength = rng.uniform(0.3, 1) * np.exp(scale * np.tanh(along))
    return np.asarray(shape(along) + strength * noise(rng, len(z)))
