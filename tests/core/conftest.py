"""Kinds of data that a law must hold for, drawn at any size, and the shipped network."""

import numpy as np
import pytest

from infoatlas import load_model


def _gaussian(rng, n, d=1):
    x = rng.normal(size=(n, d))
    return x, x + rng.normal(size=(n, d))


def _counts(rng, n):
    z, e = rng.normal(size=(2, n, 2))
    return rng.poisson(np.exp(z / 2)).astype(float), np.round(z + e)


def _mixed(rng, n):
    z, e = rng.normal(size=(2, n, 2))
    x = np.column_stack([z[:, 0], z[:, 1] > 0])
    return x, np.column_stack([np.round(z[:, 0] + e[:, 0]), z[:, 1] + e[:, 1]])


def _binary(rng, n):
    z, e = rng.normal(size=(2, n, 1))
    return (z > 0).astype(float), (z + e > 0).astype(float)


def _binary_and_continuous(rng, n):
    z, e = rng.normal(size=(2, n, 1))
    return (z > 0).astype(float), z + e


def _censored(rng, n):
    z, e = rng.normal(size=(2, n, 2))
    return np.maximum(z, 0), np.maximum(z + e, 0)


def _unequal(rng, n):
    x = rng.normal(size=(n, 3))
    return x, x[:, :1] ** 2 + rng.normal(size=(n, 1))


def _wavy(rng, n):
    z, e = rng.normal(size=(2, n, 2))
    return np.tan(z / 2), np.sin(3 * z) + 0.2 * e


KINDS = {
    "binary": _binary,
    "binary and continuous": _binary_and_continuous,
    "censored": _censored,
    "counts": _counts,
    "gaussian 1": _gaussian,
    "gaussian 3": lambda rng, n: _gaussian(rng, n, 3),
    "independent": lambda rng, n: tuple(rng.normal(size=(2, n, 2))),
    "mixed": _mixed,
    "unequal sides": _unequal,
    "wavy, heavy tails": _wavy,
}


@pytest.fixture(params=sorted(KINDS))
def kind(request):
    """Name of a kind of data: a test that asks for it runs once for each."""
    return request.param


@pytest.fixture
def draw():
    """draw(kind, n, seed) -> x, y of shape (n, d_x) and (n, d_y)."""
    return lambda kind, n, seed=0: KINDS[kind](np.random.default_rng(seed), n)


@pytest.fixture(scope="session")
def network():
    """The checkpoint that ships with the package."""
    return load_model()


def _walk(n, keep, seed):
    """A stationary AR(1) series of variance 1 as one column: (n, 1). Seed or generator."""
    steps = np.random.default_rng(seed).normal(size=(n, 1))
    for i in range(1, n):
        steps[i] = keep * steps[i - 1] + np.sqrt(1 - keep**2) * steps[i]
    return steps


@pytest.fixture
def walk():
    """Draws series with memory: (rows, lag-one correlation, seed) to (n, 1)."""
    return _walk
