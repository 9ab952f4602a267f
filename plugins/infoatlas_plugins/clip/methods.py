"""What can be asked of slices: our estimator and its peers, as functions of the same stacks.

Each takes two stacks of shape (s, n, k), one slice after another, and gives s values in nats.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import infoatlas
from infoatlas_plugins.clip.ksg import ksg
from infoatlas_plugins.clip.neural_peers import info_nce_bound, mine

Stack = NDArray[np.float64]
SliceMethod = Callable[[Stack, Stack], NDArray[np.float64]]


def infoatlas_of_slices(x: Stack, y: Stack) -> NDArray[np.float64]:
    """The pretrained estimator: all slices in one batched pass."""
    return np.array([result.mi for result in infoatlas.mutual_information_batch(x, y)])


def _one_by_one(estimate: Callable[[Stack, Stack], float]) -> SliceMethod:
    def of_slices(x: Stack, y: Stack) -> NDArray[np.float64]:
        return np.array([estimate(a, b) for a, b in zip(x, y, strict=True)])

    return of_slices


METHODS: dict[str, SliceMethod] = {
    "infoatlas": infoatlas_of_slices,
    "gaussian": infoatlas.gaussian_mutual_information,
    "ksg": _one_by_one(ksg),
    "mine": _one_by_one(mine),
    "info_nce": _one_by_one(info_nce_bound),
}


def find_method(method: str | SliceMethod) -> SliceMethod:
    """A function by its name in METHODS, or the function itself."""
    if callable(method):
        return method
    if method not in METHODS:
        raise ValueError(f"method must be one of {sorted(METHODS)} or a function, got {method!r}.")
    return METHODS[method]
