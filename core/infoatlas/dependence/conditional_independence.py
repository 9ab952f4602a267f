"""Test of conditional independence: rows of y change places where z is alike.

n: rows   p: permutations, the rows as they are first   e: pieces of evidence
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from infoatlas._checkpoint import load_model
from infoatlas._estimate import Model, RandomState
from infoatlas._validation import Pair, Side, check_random_state
from infoatlas.dependence._cells import find_cells, some_cells
from infoatlas.dependence._evidence import (
    SCALES,
    SIMILARITIES,
    normal_scores,
    products,
    similarities,
    similarity_weights,
)
from infoatlas.dependence._given import Given, read_given
from infoatlas.dependence._permutations import Exchange, check_permutations
from infoatlas.dependence._residuals import randomised_residuals, residuals
from infoatlas.dependence.independence import (
    SIMILARITY_ROWS,
    Evidence,
    IndependenceTestResult,
    check_evidence,
    network_evidence,
    weigh_evidence,
)


def conditional_independence_test(
    x: Any,
    y: Any,
    z: Any,
    *,
    n_permutations: int = 199,
    evidence: Evidence = "all",
    discrete_x: str = "auto",
    discrete_y: str = "auto",
    discrete_z: str = "auto",
    model: Model = "default",
    device: str | torch.device | None = None,
    random_state: RandomState = 0,
) -> IndependenceTestResult:
    """Test whether x and y are independent given z.

    Parameters
    ----------
    x, y, z : array-like of shape (n_samples,) or (n_samples, n_features)
        As for ``mutual_information``; row i of each was observed with row i of the others.
    n_permutations : int
        At least 19, with which the smallest p-value is 0.05.
    evidence : {"all", "closed form"}
        ``"all"``: the network's estimate, and the closed-form statistics. ``"closed form"``: those
        only, ten to a hundred times faster.
    discrete_x, discrete_y, discrete_z, model, device
        As for ``mutual_information``.
    random_state : int, Generator or None
        Draws permutations, the rows that carry the regression, and product pairs.

    Returns
    -------
    IndependenceTestResult
        ``.mi`` is the network's value less its mean over the permutations, in nats: a by-product,
        rougher than ``conditional_mutual_information``.

    Raises
    ------
    ValueError, TypeError
        As for ``mutual_information``, and for a z of another number of rows.

    Notes
    -----
    Rows of y change places inside cells of z only, a local permutation test (Kim, Neykov,
    Balakrishnan and Wasserman, 2022, Annals of Statistics 50(6)). Where z takes few values, at
    least 8 rows to each on average, the cells are these values and the test is *exact*: the chance
    to reject x and y that are independent given z at level alpha is at most alpha.

    No test can be both exact and powerful for every continuous z (Shah and Peters, 2020, Annals of
    Statistics 48(3)). Cells then hold 8 to 15 rows whose z is alike, and the level is approximate:
    it needs the distributions of x and y given z to change little inside a cell. Before any row
    moves, the regressions of x and of y on z are taken away (kernel ridge, by leave-one-out error),
    so that only what they miss counts. Ties are parted at random, and columns of few values become
    randomised quantile residuals, which costs some power: without it, two binary columns that
    follow z look dependent. Trust the level less for few rows, many columns of z, and x and y that
    jump or oscillate with z. Measured levels are in docs/conditional.md.

    The statistics are those of ``independence_test`` on the residuals, and the same again over
    pairs of rows whose z is alike, for dependence that changes with z. The network reads the
    residuals of y against those of x with z beside them.

    Examples
    --------
    >>> import numpy as np
    >>> from infoatlas import conditional_independence_test
    >>> z, e, f = np.random.default_rng(0).normal(size=(3, 200))
    >>> x, y = np.sin(2 * z) + 0.3 * e, z**2 + 0.3 * f
    >>> conditional_independence_test(x, y, z, evidence="closed form").pvalue > 0.05
    True
    >>> conditional_independence_test(x, y + 0.3 * e, z, evidence="closed form").pvalue
    0.005
    """
    n_permutations = check_permutations(n_permutations)
    check_evidence(evidence)
    generator = check_random_state(random_state)
    discrete = {"discrete_x": discrete_x, "discrete_y": discrete_y, "discrete_z": discrete_z}
    given = read_given(x, y, z, **discrete)
    labels, exact = find_cells(given.z)
    left = _without_z(given, generator, exact=exact)
    rows = some_cells(labels, SIMILARITY_ROWS, generator)
    orders = Exchange(len(labels), labels).draw(n_permutations, generator, among=rows)
    closed, names = _closed_form(left, given.z, orders, rows)
    weights = np.tile(similarity_weights(), 2) / 2
    if evidence == "closed form":
        return weigh_evidence(closed, names, None, len(labels), weights)
    network = load_model(model, device=device)
    x_and_z = replace(left.x, values=np.hstack([left.x.values, given.z]))
    seed = int(generator.integers(2**62))
    estimates = network_evidence(replace(left, x=x_and_z), orders, network, seed=seed)
    found = weigh_evidence(closed, names, estimates, len(labels), weights)
    return replace(found, mi=max(float(estimates[0] - estimates[1:].mean()), 0.0))


def _without_z(given: Given, generator: np.random.Generator, *, exact: bool) -> Pair:
    """Residuals of x and y, free of atoms where cells hold rows of different z."""

    def left(side: Side) -> Side:
        if exact:
            return replace(side, values=residuals(normal_scores(side.values), given.z, generator))
        return replace(side, values=randomised_residuals(side.values, given.z, generator))

    return replace(given.pair, x=left(given.pair.x), y=left(given.pair.y))


def _closed_form(
    left: Pair, z: NDArray[np.float64], orders: NDArray[np.intp], rows: NDArray[np.intp]
) -> tuple[NDArray[np.float64], list[str]]:
    """Products of similarities of residuals, over all pairs of rows and over those of like z."""
    of_x, of_y = (similarities(normal_scores(side.values[rows])) for side in (left.x, left.y))
    place = np.empty(len(z), dtype=np.intp)  # of a row among those compared
    place[rows] = np.arange(len(rows))
    moved = place[orders[:, rows]]
    distances = pdist(z[rows])
    width = np.quantile(distances, SCALES["narrow"]) or distances.mean()
    alike = np.exp(-0.5 * (squareform(distances) / width) ** 2).astype(np.float32)
    both = np.concatenate([of_x, of_x * alike[:, :, None]], axis=2)
    sides_of_x = [*SIMILARITIES, *(f"{name} and like z" for name in SIMILARITIES)]
    names = [f"{a} x, {b} y" for a in sides_of_x for b in SIMILARITIES]
    return products(both, of_y, moved), names
