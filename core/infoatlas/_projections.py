"""Projections with orthonormal columns: drawn at random, or tilted towards what covaries.

s: projections   d: columns of a side   k: columns after projection
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

POWER_STEPS = 2  # of subspace iteration; each sharpens the tilt towards the leading directions


class Projections(NamedTuple):
    """Paired projections of the two sides: item s of `x` goes with item s of `y`."""

    x: NDArray[np.float64]  # s d_x k_x
    y: NDArray[np.float64]  # s d_y k_y


def random_projections(
    n_projections: int, d: int, k: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Uniform draws from the Stiefel manifold: (s, d, min(k, d)), orthonormal columns.

    The Q of a Gaussian matrix whose R has a positive diagonal (Stewart, 1980, SIAM J. Numer. Anal.
    17(3)).
    """
    drawn = [orthonormal(generator.standard_normal((d, min(k, d)))) for _ in range(n_projections)]
    return np.stack(drawn)


def tilted_projections(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    n_projections: int,
    k: int,
    generator: np.random.Generator,
) -> Projections:
    """Random projections tilted towards the directions of largest covariance of x and y.

    Each starts from a Gaussian draw and takes two steps of subspace iteration with the
    cross-covariance matrix (Halko, Martinsson and Tropp, 2011, SIAM Review 53(2)), whose singular
    vectors are the directions of partial least squares. That matrix is never formed.
    """
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    k_x, k_y = min(k, x.shape[1]), min(k, y.shape[1])
    of_x, of_y = [], []
    for _ in range(n_projections):
        left = orthonormal(generator.standard_normal((x.shape[1], max(k_x, k_y))))
        for _ in range(POWER_STEPS):
            right = orthonormal(y.T @ (x @ left))
            left = orthonormal(x.T @ (y @ right))
        of_x.append(_completed(left, k_x, generator))
        of_y.append(_completed(right, k_y, generator))
    return Projections(np.stack(of_x), np.stack(of_y))


def _completed(
    directions: NDArray[np.float64], k: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """The first k directions; random ones beside them where the other side has fewer than k."""
    d, found = directions.shape
    if found >= k:
        return directions[:, :k]
    return orthonormal(np.hstack([directions, generator.standard_normal((d, k - found))]))


def orthonormal(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal columns (d, min(d, k)) of the same span as those of ``matrix`` (d, k)."""
    q, r = np.linalg.qr(matrix)
    signs: NDArray[np.float64] = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return signs


def check_projections(given: Any, d_x: int, d_y: int) -> Projections:
    """Check projections that the caller brings.

    Raises
    ------
    ValueError
        If ``given`` is not two finite stacks of shape (s, d_x, k_x) and (s, d_y, k_y).
    """
    try:
        of_x, of_y = (np.asarray(side, dtype=np.float64) for side in given)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "projections must be two arrays, of x and of y, of shape (n_projections, n_features, "
            f"k); got {type(given).__name__}: {error}."
        ) from error
    for side, d, argument in ((of_x, d_x, "x"), (of_y, d_y, "y")):
        if side.ndim != 3 or side.shape[1] != d or 0 in side.shape:
            raise ValueError(
                f"projections of {argument} must have shape (n_projections, {d}, k), since "
                f"{argument} has {d} columns; got {side.shape}."
            )
        if not np.isfinite(side).all() or not side.any(axis=1).all():
            raise ValueError(f"projections of {argument} have NaN, infinite or all-zero columns.")
    if len(of_x) != len(of_y):
        raise ValueError(f"projections must be paired, got {len(of_x)} of x and {len(of_y)} of y.")
    return Projections(of_x, of_y)
