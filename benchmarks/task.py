"""What a task is: a name, a sampler and the exact mutual information. No task lives here."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, or letters (dtype str) for nominal columns
Pair = tuple[Array, Array]
Sampler = Callable[[int, np.random.Generator], Pair]


@dataclass(frozen=True, slots=True)
class Task:
    """A distribution of pairs (x, y) whose mutual information is known.

    Parameters
    ----------
    name : str
        Unique over all task lists; names of BMI tasks are those of the BMI benchmark.
    dim_x, dim_y : int
        Number of columns of x and of y.
    mutual_information : float
        The exact value, in nats.
    sample : callable
        ``sample(n_samples, generator)`` returns x of shape (n_samples, dim_x) and y of shape
        (n_samples, dim_y), row by row independent, but for the series of ``memory.py``.
    """

    name: str
    dim_x: int
    dim_y: int
    mutual_information: float
    sample: Sampler

    def draw(self, n_samples: int, seed: int) -> Pair:
        """Rows of this task which every method sees, the same ones for the same seed."""
        return self.sample(n_samples, generator_for(self.name, seed))


def generator_for(name: str, seed: int) -> np.random.Generator:
    """Random generator of one task and seed: tasks do not share their random numbers."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def fingerprint(x: Array, y: Array) -> str:
    """Eight hexadecimal digits that tell draws apart, blind to the last bits of a float.

    A record keeps it, so that numbers computed on other rows are never taken for numbers on these.
    """
    code = 0
    for values in (x, y):
        if values.dtype.kind == "f":
            values = np.round(values, 6) + 0.0  # + 0.0 turns -0.0 into 0.0
        code = zlib.crc32(np.ascontiguousarray(values).tobytes(), code)
    return f"{code:08x}"
