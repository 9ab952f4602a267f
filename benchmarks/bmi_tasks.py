"""The 40 tasks of the BMI benchmark, drawn with NumPy from their published recipes.

Czyz, Grabowski, Vogt, Beerenwinkel and Marx (2023), "Beyond Normal: On the Evaluation of Mutual
Information Estimators", NeurIPS. Names and truths are those of their package `benchmark-mi`;
`check_against_bmi.py` compares both with this file, and the samples too.
"""

# n: samples   d: features of one side

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import digamma, gammaln, ndtr

from benchmarks.task import Array, Pair, Task

Map = Callable[[Array], Array]

CORRELATION = 0.75  # of every 1 x 1 Gaussian task


# Base distributions ---------------------------------------------------------------------------


def gaussian_task(name: str, covariance: Array, dim_x: int) -> Task:
    """Jointly Gaussian x and y; x is the first ``dim_x`` coordinates."""
    factor = np.linalg.cholesky(covariance)

    def sample(n_samples: int, generator: np.random.Generator) -> Pair:
        xy = generator.standard_normal((n_samples, len(factor))) @ factor.T
        return xy[:, :dim_x], xy[:, dim_x:]

    dim_y = len(covariance) - dim_x
    return Task(name, dim_x, dim_y, gaussian_mutual_information(covariance, dim_x), sample)


def gaussian_mutual_information(covariance: Array, dim_x: int) -> float:
    """(log det S_xx + log det S_yy - log det S) / 2, in nats."""
    blocks = covariance[:dim_x, :dim_x], covariance[dim_x:, dim_x:], covariance
    log_x, log_y, log_xy = (float(np.linalg.slogdet(block)[1]) for block in blocks)
    return (log_x + log_y - log_xy) / 2


def bivariate_normal() -> Task:
    """Two Gaussian coordinates with correlation 0.75."""
    covariance = np.array([[1.0, CORRELATION], [CORRELATION, 1.0]])
    return gaussian_task(f"1v1-normal-{CORRELATION}", covariance, 1)


def dense(dim: int) -> Task:
    """Every pair of the 2 d coordinates has correlation 0.5."""
    covariance = np.full((2 * dim, 2 * dim), 0.5) + 0.5 * np.eye(2 * dim)
    return gaussian_task(f"multinormal-dense-{dim}-{dim}-0.5", covariance, dim)


def sparse(dim: int) -> Task:
    """Two pairs (x_i, y_i) have correlation 0.8; everything else is independent.

    In BMI's words: 2 interacting pairs of strength 2, that is correlation 4 / (1 + 4).
    """
    covariance = np.eye(2 * dim)
    for i in range(2):
        covariance[i, dim + i] = covariance[dim + i, i] = 0.8
    return gaussian_task(f"multinormal-sparse-{dim}-{dim}-2-2.0", covariance, dim)


def student(dim: int, degrees_of_freedom: int) -> Task:
    """Student-t with identity dispersion: x and y share nothing but one random scale."""

    def sample(n_samples: int, generator: np.random.Generator) -> Pair:
        normal = generator.standard_normal((n_samples, 2 * dim))
        scale = np.sqrt(degrees_of_freedom / generator.chisquare(degrees_of_freedom, n_samples))
        xy = normal * scale[:, None]
        return xy[:, :dim], xy[:, dim:]

    side, both = (student_entropy(d, degrees_of_freedom) for d in (dim, 2 * dim))
    name = f"student-identity-{dim}-{dim}-{degrees_of_freedom}"
    return Task(name, dim, dim, 2 * side - both, sample)


def student_entropy(dim: int, degrees_of_freedom: float) -> float:
    """Entropy of a Student-t with identity dispersion, in nats.

    Arellano-Valle, Contreras-Reyes and Genton (2013), Scand. J. Statist. 40, equation (7).
    """
    half = degrees_of_freedom / 2
    both = half + dim / 2
    log_constant = gammaln(half) - gammaln(both) + dim / 2 * np.log(degrees_of_freedom * np.pi)
    return float(log_constant + both * (digamma(both) - digamma(half)))


def additive(noise: float) -> Task:
    """x uniform on (0, 1) and y = x + uniform noise on (-noise, noise)."""

    def sample(n_samples: int, generator: np.random.Generator) -> Pair:
        x = generator.uniform(size=(n_samples, 1))
        return x, x + generator.uniform(-noise, noise, size=(n_samples, 1))

    truth = noise - np.log(2 * noise) if noise <= 0.5 else 1 / (4 * noise)
    return Task(f"1v1-additive-{noise}", 1, 1, float(truth), sample)


# Maps that keep mutual information: one-to-one, on x and on y apart ----------------------------


def mapped(prefix: str, base: Task, map_x: Map, map_y: Map) -> Task:
    """``base`` seen through a one-to-one map of each side, under a name of its own."""

    def sample(n_samples: int, generator: np.random.Generator) -> Pair:
        x, y = base.sample(n_samples, generator)
        return map_x(x), map_y(y)

    return Task(prefix + base.name, base.dim_x, base.dim_y, base.mutual_information, sample)


def normal_cdf(base: Task) -> Task:
    """Uniform margins."""
    return mapped("normal_cdf-", base, ndtr, ndtr)


def asinh(base: Task) -> Task:
    """Heavy tails pulled in, coordinate by coordinate."""
    return mapped("asinh-", base, np.arcsinh, np.arcsinh)


def half_cube(base: Task) -> Task:
    """Tails pushed out: x sqrt|x|."""

    def signed_power(values: Array) -> Array:
        return np.asarray(values * np.sqrt(np.abs(values)))

    return mapped("half_cube-", base, signed_power, signed_power)


def wiggly(base: Task) -> Task:
    """Monotone, with waves in the slope."""

    def wiggle_x(x: Array) -> Array:
        waves = 0.4 * np.sin(x) + 0.2 * np.sin(1.7 * x + 1) + 0.03 * np.sin(3.3 * x - 2.5)
        return np.asarray(x + waves)

    def wiggle_y(y: Array) -> Array:
        waves = -0.4 * np.sin(0.4 * y) + 0.17 * np.sin(1.3 * y + 3.5) + 0.02 * np.sin(4.3 * y - 2.5)
        return np.asarray(y + waves)

    return mapped("wiggly-", base, wiggle_x, wiggle_y)


def bimodal() -> Task:
    """The bivariate normal with two-humped margins, each a mixture of two unit Gaussians."""
    base = bivariate_normal()
    to_x = quantile_map(lambda t: 0.3 * ndtr(t) + 0.7 * ndtr(t - 5))
    to_y = quantile_map(lambda t: 0.5 * ndtr(t + 1) + 0.5 * ndtr(t - 3))
    task = mapped("", base, to_x, to_y)
    name = f"1v1-bimodal-{CORRELATION}"
    return Task(name, 1, 1, task.mutual_information, task.sample)


def quantile_map(cumulative: Map) -> Map:
    """Map from standard normal values to values whose distribution function is ``cumulative``."""

    def invert(normal: Array) -> Array:
        target = ndtr(normal)
        low, high = np.full_like(target, -10.0), np.full_like(target, 10.0)
        for _ in range(60):  # bisection: 20 / 2**60 is below the spacing of floats
            middle = (low + high) / 2
            too_low = cumulative(middle) < target
            low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
        return np.asarray((low + high) / 2)

    return invert


def swiss_roll(base: Task) -> Task:
    """x, a number in (0, 1), rolled up in the plane; y unchanged."""

    def sample(n_samples: int, generator: np.random.Generator) -> Pair:
        x, y = base.sample(n_samples, generator)
        angle = 1.5 * np.pi * (1 + 2 * x)
        return np.hstack([angle * np.cos(angle), angle * np.sin(angle)]) / 21, y  # n 1 -> n 2

    return Task(f"swissroll_x-{base.name}", 2, base.dim_y, base.mutual_information, sample)


def spiral(base: Task) -> Task:
    """Each side turned by an angle of its squared norm / d: x in plane (0, 1), y in (1, 2)."""
    return mapped("spiral-", base, lambda x: turn(x, 0, 1), lambda y: turn(y, 1, 2))


def turn(values: Array, first: int, second: int) -> Array:
    """Rotate each row in one coordinate plane, by the mean square of its coordinates."""
    angle = np.mean(values**2, axis=1)  # n d -> n
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = values.copy()
    turned[:, first] = cosine * values[:, first] - sine * values[:, second]
    turned[:, second] = sine * values[:, first] + cosine * values[:, second]
    return turned


TASKS: list[Task] = [
    bivariate_normal(),
    normal_cdf(bivariate_normal()),
    additive(0.1),
    additive(0.75),
    bimodal(),
    wiggly(bivariate_normal()),
    half_cube(bivariate_normal()),
    student(1, 1),
    asinh(student(1, 1)),
    swiss_roll(normal_cdf(bivariate_normal())),
    dense(2),
    dense(3),
    dense(5),
    dense(25),
    dense(50),
    sparse(2),
    sparse(3),
    sparse(5),
    sparse(25),
    student(2, 1),
    student(2, 2),
    student(3, 2),
    student(3, 3),
    student(5, 2),
    student(5, 3),
    normal_cdf(sparse(3)),
    normal_cdf(sparse(5)),
    normal_cdf(sparse(25)),
    half_cube(sparse(3)),
    half_cube(sparse(5)),
    half_cube(sparse(25)),
    spiral(sparse(3)),
    spiral(sparse(5)),
    spiral(sparse(25)),
    spiral(normal_cdf(sparse(3))),
    spiral(normal_cdf(sparse(5))),
    spiral(normal_cdf(sparse(25))),
    asinh(student(2, 1)),
    asinh(student(3, 2)),
    asinh(student(5, 2)),
]
