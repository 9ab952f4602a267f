"""Independent pairs: the truth is zero, whatever the columns of either side look like."""

# n: samples   d: features of one side

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.task import Array, Pair, Task

Draw = Callable[[int, np.random.Generator], Array]  # one side: n d


def independent_task(name: str, dim_x: int, dim_y: int, draw_x: Draw, draw_y: Draw) -> Task:
    """x and y drawn one after the other, neither knowing of the other."""

    def sample(n_samples: int, generator: np.random.Generator) -> Pair:
        return draw_x(n_samples, generator), draw_y(n_samples, generator)

    return Task(f"independent-{name}", dim_x, dim_y, 0.0, sample)


def gaussian(dim: int) -> Draw:
    """Independent standard normal columns."""
    return lambda n_samples, generator: generator.standard_normal((n_samples, dim))


def correlated_gaussian(dim: int) -> Draw:
    """Correlation 0.8 between any two columns of the same side."""

    def draw(n_samples: int, generator: np.random.Generator) -> Array:
        shared = generator.standard_normal((n_samples, 1))
        own = generator.standard_normal((n_samples, dim))
        return np.asarray(np.sqrt(0.8) * shared + np.sqrt(0.2) * own)

    return draw


def student(dim: int, degrees_of_freedom: float) -> Draw:
    """Heavy tails: the columns of a side share one scale."""

    def draw(n_samples: int, generator: np.random.Generator) -> Array:
        scale = np.sqrt(degrees_of_freedom / generator.chisquare(degrees_of_freedom, n_samples))
        return np.asarray(generator.standard_normal((n_samples, dim)) * scale[:, None])

    return draw


def uniform(dim: int) -> Draw:
    """Independent columns, uniform on (0, 1)."""
    return lambda n_samples, generator: generator.uniform(size=(n_samples, dim))


def ring(n_samples: int, generator: np.random.Generator) -> Array:
    """Points near the unit circle: the two columns depend on each other, and on nothing else."""
    angle = generator.uniform(0, 2 * np.pi, n_samples)
    radius = 1 + 0.05 * generator.standard_normal(n_samples)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def binary(dim: int, probability: float) -> Draw:
    """Independent columns of 0 and 1; ``probability`` is that of 1."""
    return lambda n_samples, generator: generator.binomial(1, probability, (n_samples, dim)) * 1.0


def letters(dim: int, alphabet: str) -> Draw:
    """Nominal columns: letters of dtype str."""
    return lambda n_samples, generator: generator.choice(list(alphabet), size=(n_samples, dim))


TASKS: list[Task] = [
    independent_task("gaussian-1-1", 1, 1, gaussian(1), gaussian(1)),
    independent_task("gaussian-3-3", 3, 3, gaussian(3), gaussian(3)),
    independent_task("gaussian-5-5", 5, 5, gaussian(5), gaussian(5)),
    independent_task("gaussian-10-10", 10, 10, gaussian(10), gaussian(10)),
    independent_task(
        "correlated-gaussian-5-5", 5, 5, correlated_gaussian(5), correlated_gaussian(5)
    ),
    independent_task("cauchy-1-1", 1, 1, student(1, 1), student(1, 1)),
    independent_task("student-3-3", 3, 3, student(3, 2), student(3, 2)),
    independent_task("uniform-2-2", 2, 2, uniform(2), uniform(2)),
    independent_task("ring-2-2", 2, 2, ring, ring),
    independent_task("binary-1-1", 1, 1, binary(1, 0.5), binary(1, 0.2)),
    independent_task("binary-5-5", 5, 5, binary(5, 0.5), binary(5, 0.2)),
    independent_task("letters-1-1", 1, 1, letters(1, "abcd"), letters(1, "abcdef")),
    independent_task("letters-3-3", 3, 3, letters(3, "abcd"), letters(3, "abcdef")),
    independent_task("gaussian-letters-2-1", 2, 1, gaussian(2), letters(1, "abcd")),
]
