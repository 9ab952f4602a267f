"""33 tasks with non-Gaussian or discrete columns whose mutual information is known exactly.

Every task has d independent pairs of columns, so its truth is d times that of one pair. The five
columns of the original's poster are Beta-1d, Gamma-5d, Bern-5d, Poisson-5d and Cat-5d. Letters are
nominal (dtype str): their order means nothing.
"""

# n: samples   d: pairs of columns   k: letters

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr
from scipy.stats import beta, gamma, poisson

from benchmarks.task import Array, Pair, Task

Quantile = Callable[[Array], Array]

DIMENSIONS = (1, 3, 5)
POSTER_COLUMNS = ("Beta-1d", "Gamma-5d", "Bern-5d", "Poisson-5d", "Cat-5d")
ALPHABET = np.array(list("abcdefghijklmnopqrstuvwxyz"))
POISSON_CUT = 120  # values above have probability below 1e-70 at the rates used here

# Joint probabilities of one pair of letters: rows are letters of x, columns letters of y. Three
# kinds of dependence, ours: a cyclic preference, two blocks of letters, a rare but sure letter.
TABLES: dict[str, Array] = {
    "3x3": np.array([[16, 10, 4], [4, 18, 12], [14, 4, 18]]) / 100,
    "4x4": np.array([[9, 8, 3, 4], [8, 10, 4, 3], [3, 3, 9, 11], [4, 3, 10, 8]]) / 100,
    "5x5": np.array(
        [[3, 6, 5, 8, 0], [7, 2, 6, 6, 0], [6, 7, 3, 5, 0], [5, 6, 8, 4, 1], [0, 0, 1, 0, 11]]
    )
    / 100,
}


def copula_task(name: str, dim: int, to_x: Quantile, to_y: Quantile) -> Task:
    """d pairs joined by a Gaussian copula with correlation 0.5; margins by quantile functions."""
    correlation = 0.5

    def sample(n_samples: int, generator: np.random.Generator) -> Pair:
        first, noise = generator.standard_normal((2, n_samples, dim))
        second = correlation * first + np.sqrt(1 - correlation**2) * noise
        return to_x(ndtr(first)), to_y(ndtr(second))

    return Task(name, dim, dim, -dim / 2 * float(np.log1p(-(correlation**2))), sample)


def bernoulli_task(name: str, dim: int, agreement: float) -> Task:
    """x_i is a fair coin and y_i equals x_i with probability ``agreement``."""

    def sample(n_samples: int, generator: np.random.Generator) -> Pair:
        x = generator.integers(0, 2, size=(n_samples, dim))
        same = generator.uniform(size=(n_samples, dim)) < agreement
        return x.astype(float), np.where(same, x, 1 - x).astype(float)

    return Task(name, dim, dim, dim * symmetric_channel_mutual_information(2, agreement), sample)


def poisson_task(name: str, dim: int, shared_rate: float) -> Task:
    """x_i = u + v and y_i = u + w with u ~ Poisson(shared_rate) and v, w ~ Poisson(2)."""
    own_rate = 2.0

    def sample(n_samples: int, generator: np.random.Generator) -> Pair:
        shared = generator.poisson(shared_rate, size=(n_samples, dim))
        own_x, own_y = generator.poisson(own_rate, size=(2, n_samples, dim))
        return (shared + own_x).astype(float), (shared + own_y).astype(float)

    truth = table_mutual_information(poisson_table(shared_rate, own_rate))
    return Task(name, dim, dim, dim * truth, sample)


def poisson_table(shared_rate: float, own_rate: float) -> Array:
    """Joint probabilities P(x = a, y = b): the sum over u of P(u) P(a - u) P(b - u)."""
    values = np.arange(POISSON_CUT)
    own = poisson.pmf(values[:, None] - values, own_rate)  # a, u
    return np.asarray((own * poisson.pmf(values, shared_rate)) @ own.T)


def symmetric_task(name: str, dim: int, n_letters: int, agreement: float) -> Task:
    """x_i uniform on k letters; y_i equals it with probability ``agreement``, else any other."""
    table = np.full((n_letters, n_letters), (1 - agreement) / (n_letters * (n_letters - 1)))
    np.fill_diagonal(table, agreement / n_letters)
    truth = dim * symmetric_channel_mutual_information(n_letters, agreement)
    return Task(name, dim, dim, truth, letter_sampler(table, dim))


def table_task(name: str, dim: int, table: Array) -> Task:
    """d independent pairs of letters with the joint probabilities of ``table``."""
    return Task(name, dim, dim, dim * table_mutual_information(table), letter_sampler(table, dim))


def letter_sampler(table: Array, dim: int) -> Callable[[int, np.random.Generator], Pair]:
    """Sampler of d pairs of letters, each with the joint probabilities of ``table``."""

    def sample(n_samples: int, generator: np.random.Generator) -> Pair:
        cell = generator.choice(table.size, size=(n_samples, dim), p=table.ravel())
        row, column = np.divmod(cell, table.shape[1])
        return ALPHABET[row], ALPHABET[column]

    return sample


def symmetric_channel_mutual_information(n_letters: int, agreement: float) -> float:
    """Mutual information of one pair of ``symmetric_task``, in nats."""
    other = 1 - agreement
    lost = agreement * np.log(agreement) + other * np.log(other / (n_letters - 1))
    return float(np.log(n_letters) + lost)


def table_mutual_information(table: Array) -> float:
    """Sum of p log(p / (p_row p_column)) over the cells, in nats."""
    margins = np.outer(table.sum(axis=1), table.sum(axis=0))
    seen = table > 0
    return float(np.sum(table[seen] * np.log(table[seen] / margins[seen])))


def beta_task(dim: int) -> Task:
    """Beta(2, 5) and Beta(5, 2) margins."""
    return copula_task(f"Beta-{dim}d", dim, beta(2, 5).ppf, beta(5, 2).ppf)


def gamma_task(dim: int) -> Task:
    """Gamma(2) and Gamma(5) margins, of scale 1 and 0.5."""
    return copula_task(f"Gamma-{dim}d", dim, gamma(2).ppf, gamma(5, scale=0.5).ppf)


TASKS: list[Task] = [
    *[beta_task(dim) for dim in DIMENSIONS],
    *[gamma_task(dim) for dim in DIMENSIONS],
    *[bernoulli_task(f"Bern-q0.6-{dim}d", dim, 0.6) for dim in DIMENSIONS],
    *[bernoulli_task(f"Bern-{dim}d", dim, 0.75) for dim in DIMENSIONS],
    *[bernoulli_task(f"Bern-q0.9-{dim}d", dim, 0.9) for dim in DIMENSIONS],
    *[poisson_task(f"Poisson-rate1-{dim}d", dim, 1.0) for dim in DIMENSIONS],
    *[poisson_task(f"Poisson-{dim}d", dim, 2.0) for dim in DIMENSIONS],
    *[poisson_task(f"Poisson-rate4-{dim}d", dim, 4.0) for dim in DIMENSIONS],
    # q = 0.355 with k = 6 gives the poster's 0.516; the released script's k = 5, q = 0.44 does not
    symmetric_task("Cat-1d", 1, 6, 0.355),
    symmetric_task("Cat-5d", 5, 6, 0.355),
    symmetric_task("Cat-k5-5d", 5, 5, 0.44),
    *[table_task(f"Cat-{size}-{dim}d", dim, TABLES[size]) for size in TABLES for dim in (1, 5)],
]
