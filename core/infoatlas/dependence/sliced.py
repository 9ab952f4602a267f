"""Sliced mutual information: the mean over low-dimensional projections of both sides.

s: projections   n: rows   d: columns of a side   k: columns after projection
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from infoatlas._checkpoint import load_model
from infoatlas._estimate import Model, RandomState
from infoatlas._projections import (
    Projections,
    check_projections,
    random_projections,
    tilted_projections,
)
from infoatlas._validation import Pair, Units, check_pair, check_random_state, check_units, per_nat
from infoatlas.dependence._batches import Estimates, estimate_items

LARGEST_K = 32  # columns a side that the network was trained for
Slices = Literal["random", "shared", "adaptive"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SlicedMIResult:
    """Sliced mutual information and what it is the mean of.

    Attributes
    ----------
    mi : float
        Mean over the projections, in `units`.
    stderr : float
        Standard error of that mean over the draw of projections, for the rows as they are: it
        does not say how the value would change with other rows. NaN for a single projection.
    values : ndarray of shape (n_projections,)
        Mutual information of each projected pair, in `units`.
    projections : Projections
        ``.x`` of shape (n_projections, d_x, k) and ``.y`` of shape (n_projections, d_y, k). Give
        them to another call to compare two data sets on the same projections.
    units : {"nats", "bits"}
    n_samples : int
        Rows that every value is read from: the second half of them with adaptive slices.
    model : str
        The checkpoint.
    """

    mi: float
    stderr: float
    values: NDArray[np.float64]
    projections: Projections
    units: Units
    n_samples: int
    model: str

    def __float__(self) -> float:
        return float(self.mi)

    def __repr__(self) -> str:
        return (
            f"SlicedMIResult(mi={self.mi:.4f}, stderr={self.stderr:.4f}, units={self.units!r}, "
            f"n_projections={len(self.values)}, n_samples={self.n_samples})"
        )


def sliced_mutual_information(
    x: Any,
    y: Any,
    *,
    k: int = 5,
    n_projections: int = 64,
    slices: Slices = "random",
    projections: Any = None,
    units: Units = "nats",
    model: Model = "default",
    device: str | torch.device | None = None,
    random_state: RandomState = 0,
) -> SlicedMIResult:
    """Mean mutual information of random k-dimensional projections of x and y.

    Parameters
    ----------
    x, y : array-like of shape (n_samples, n_features)
        As for ``mutual_information``, of any width: only projections reach the network. The
        columns keep their units, so a column of large variance weighs more; standardise first
        where that is not wanted.
    k : int
        Columns after projection, 1 to 32; a side with fewer columns is rotated only.
    n_projections : int
        Pairs of projections.
    slices : {"random", "shared", "adaptive"}
        ``"random"``: independent uniform projections of x and of y, the definition of the paper.
        ``"shared"``: the same projection for both, which then need as many columns.
        ``"adaptive"``: every second pair is tilted towards the directions of largest covariance,
        fitted on one random half of the rows; all values are read from the other half, so the
        tilt adds no optimism. Their mean is not the sliced mutual information of the paper: it
        finds linear dependence that random slices of many columns miss.
    projections : pair of array-like, optional
        Of shape (n_projections, d_x, k) and (n_projections, d_y, k): used instead of drawn ones,
        such as ``.projections`` of another result.
    units, model, device
        As for ``mutual_information``.
    random_state : int, Generator or None
        Draws projections, halves and product pairs.

    Returns
    -------
    SlicedMIResult
        ``float(result)`` is the mean.

    Raises
    ------
    ValueError, TypeError
        As for ``mutual_information``, and for options that do not fit the data.

    Notes
    -----
    Goldfeld and Greenewald (2021), NeurIPS 34, for k = 1; Goldfeld et al. (2022), NeurIPS 35, for
    k-dimensional slices. Sliced mutual information is 0 only for independent x and y, never above
    the mutual information itself, and much below it where few directions of many carry the
    dependence.

    Examples
    --------
    >>> import numpy as np
    >>> from infoatlas import sliced_mutual_information
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 500, 40))
    >>> result = sliced_mutual_information(x, x + noise, k=1, n_projections=8, slices="shared")
    >>> result.mi > 0.2
    True
    """
    check_units(units)
    _check_slices(slices)
    generator = check_random_state(random_state)
    pair = check_pair(x, y)
    x_rows, y_rows = pair.x.values, pair.y.values
    if projections is not None:
        drawn = check_projections(projections, x_rows.shape[1], y_rows.shape[1])
    else:
        check_counts(k, n_projections, "n_projections")
        if slices == "adaptive":
            fit, valued = halves(pair, generator, 'slices="adaptive"')
            drawn = _adaptive(x_rows[fit], y_rows[fit], n_projections, k, generator)
            x_rows, y_rows = x_rows[valued], y_rows[valued]
        else:
            drawn = _drawn(pair, slices, n_projections, k, generator)
    network = load_model(model, device=device)
    seed = int(generator.integers(2**62))
    estimates = estimate_slices(x_rows, y_rows, drawn, network, seed)
    scale = per_nat(units)
    return _result(estimates, drawn, units, scale, len(x_rows), network.name)


def estimate_slices(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    projections: Projections,
    network: Any,
    seed: int,
) -> Estimates:
    """Every projection of one data set through the network."""

    def draw(items: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return x @ projections.x[items], y @ projections.y[items]  # n d, b d k -> b n k

    return estimate_items(
        draw, len(projections.x), len(x), network, seed=seed, description="slices"
    )


def _result(
    estimates: Estimates,
    projections: Projections,
    units: Units,
    scale: float,
    n_samples: int,
    model: str,
) -> SlicedMIResult:
    values = scale * np.maximum(estimates.mi, 0.0)
    count = len(values)
    return SlicedMIResult(
        mi=float(values.mean()),
        stderr=float(values.std(ddof=1) / math.sqrt(count)) if count > 1 else math.nan,
        values=values,
        projections=projections,
        units=units,
        n_samples=n_samples,
        model=model,
    )


def _drawn(
    pair: Pair, slices: Slices, n_projections: int, k: int, generator: np.random.Generator
) -> Projections:
    d_x, d_y = pair.x.values.shape[1], pair.y.values.shape[1]
    of_x = random_projections(n_projections, d_x, k, generator)
    if slices == "random":
        return Projections(of_x, random_projections(n_projections, d_y, k, generator))
    if d_x != d_y:
        raise ValueError(
            f'slices="shared" needs as many columns of x as of y, got {d_x} and {d_y} (nominal '
            'variables count one a level); use slices="random".'
        )
    return Projections(of_x, of_x)


def _adaptive(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    n_projections: int,
    k: int,
    generator: np.random.Generator,
) -> Projections:
    """Random and tilted projections in turns, fitted on the rows given."""
    n_tilted = (n_projections + 1) // 2
    tilted = tilted_projections(x, y, n_tilted, k, generator)
    sides = []
    for side in tilted:
        d, width = side.shape[1:]
        drawn = np.empty((n_projections, d, width))
        drawn[::2] = side
        if n_projections > 1:
            drawn[1::2] = random_projections(n_projections // 2, d, width, generator)
        sides.append(drawn)
    return Projections(*sides)


def halves(
    pair: Pair, generator: np.random.Generator, asked: str
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Two halves of the rows, in their order."""
    if pair.n_samples < 64:
        raise ValueError(
            f"{asked} halves the rows and needs at least 64, got {pair.n_samples} rows of x and y; "
            'sliced_mutual_information with slices="random" does not.'
        )
    order = generator.permutation(pair.n_samples)
    half = pair.n_samples // 2
    return np.sort(order[:half]), np.sort(order[half:])


def _check_slices(slices: str) -> None:
    if slices not in ("random", "shared", "adaptive"):
        raise ValueError(f'slices must be "random", "shared" or "adaptive", got {slices!r}.')


def check_counts(k: Any, count: Any, name: str) -> None:
    """Check the width of slices, and how many there are."""
    for value, argument, most in ((k, "k", LARGEST_K), (count, name, None)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{argument} must be an integer, got {type(value).__name__}.")
        if value < 1 or (most is not None and value > most):
            bounds = "1 or more" if most is None else f"1 to {most}"
            raise ValueError(f"{argument} must be {bounds}, got {value}.")
