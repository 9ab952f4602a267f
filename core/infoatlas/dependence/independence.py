"""Test of independence by permutations, each of which goes through the whole procedure.

n: rows   p: permutations, the rows as they are first   e: pieces of evidence
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from infoatlas._checkpoint import load_model
from infoatlas._estimate import Model, RandomState
from infoatlas._hypernetwork import HyperNetwork
from infoatlas._validation import Pair, check_pair, check_random_state
from infoatlas.dependence._batches import estimate_items
from infoatlas.dependence._evidence import (
    SIMILARITIES,
    combine,
    log_tails,
    normal_scores,
    products,
    similarities,
    similarity_weights,
)
from infoatlas.dependence._permutations import Exchange, check_permutations, permutation_pvalue

SIMILARITY_ROWS = 512  # rows whose pairs are compared; the cost grows with their square
NETWORK_SHARE = 0.2  # of the combined evidence; the rest is shared by the closed-form statistics
Evidence = Literal["all", "closed form"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class IndependenceTestResult:
    """Outcome of a test of independence, or of conditional independence.

    Attributes
    ----------
    statistic : float
        The combined evidence of the rows as they are: the log of the weighted mean of 1 / p over
        the pieces of evidence, each p a fitted tail probability. It has no units, and grows with
        dependence.
    pvalue : float
        (1 + permutations with at least as large a statistic) / (1 + permutations).
    null_distribution : ndarray of shape (n_permutations,)
        The statistic of every permutation.
    mi : float
        The network's estimate of the mutual information in nats; NaN where the network was not
        asked.
    evidence : dict of str to float
        For each piece of evidence alone, its permutation p-value. Looking for the smallest of them
        is no test; `pvalue` is.
    n_samples : int
    """

    statistic: float
    pvalue: float
    null_distribution: NDArray[np.float64]
    mi: float
    evidence: dict[str, float]
    n_samples: int

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(statistic={self.statistic:.4f}, pvalue={self.pvalue:.4g}, "
            f"mi={self.mi:.4f}, n_permutations={len(self.null_distribution)}, "
            f"n_samples={self.n_samples})"
        )


def independence_test(
    x: Any,
    y: Any,
    *,
    n_permutations: int = 199,
    evidence: Evidence = "all",
    blocks: Any = None,
    discrete_x: str = "auto",
    discrete_y: str = "auto",
    model: Model = "default",
    device: str | torch.device | None = None,
    random_state: RandomState = 0,
) -> IndependenceTestResult:
    """Test whether x and y are independent.

    Parameters
    ----------
    x, y : array-like of shape (n_samples,) or (n_samples, n_features)
        As for ``mutual_information``.
    n_permutations : int
        At least 19, with which the smallest p-value is 0.05.
    evidence : {"all", "closed form"}
        ``"all"``: the network's estimate of mutual information, and the closed-form statistics.
        ``"closed form"``: those only, ten to a hundred times faster; the level is as exact.
    blocks : int or array-like of shape (n_samples,), optional
        For rows that are not exchangeable. A number, for time series: so many consecutive rows stay
        together, and whole blocks change places; the level is then approximate, and the better the
        longer the blocks are beside the memory of the series. Labels, for grouped rows: rows change
        places within their label only.
    discrete_x, discrete_y, model, device
        As for ``mutual_information``.
    random_state : int, Generator or None
        Draws permutations and product pairs.

    Returns
    -------
    IndependenceTestResult
        ``.statistic``, ``.pvalue``, ``.null_distribution``, ``.mi`` and ``.evidence``.

    Raises
    ------
    ValueError, TypeError
        As for ``mutual_information``, and for options that do not fit the data.

    Notes
    -----
    Every permutation of the rows of y goes through everything the rows as they are go through:
    the network writes a critic for it, every closed-form statistic is taken, every statistic is set
    against those of all other permutations, and all are combined in one number. The order of these
    numbers gives the p-value, so the chance to reject independent x and y at level alpha is at most
    alpha whatever the margins, and whatever the statistics are worth (Lehmann and Romano, 2005,
    Testing Statistical Hypotheses, 15.2).

    The closed-form statistics are 49 products of 7 similarities of rows of each side: linear,
    distance, quadratic, two Gaussian kernels, nearest neighbours and radius, all of normal scores.
    Linear with linear and distance with distance have forty times the weight of the others each,
    quadratic with quadratic twelve times. The network's estimate has a fifth of the weight. Above
    512 rows the similarities are those of 512 rows drawn at random; the network reads all.

    Examples
    --------
    >>> import numpy as np
    >>> from infoatlas import independence_test
    >>> x = np.random.default_rng(0).uniform(-1, 1, size=100)
    >>> y = np.cos(4 * x) + 0.3 * np.random.default_rng(1).normal(size=100)
    >>> independence_test(x, y, evidence="closed form").pvalue
    0.005
    """
    n_permutations = check_permutations(n_permutations)
    check_evidence(evidence)
    generator = check_random_state(random_state)
    pair = check_pair(x, y, discrete_x=discrete_x, discrete_y=discrete_y)
    exchange = Exchange(pair.n_samples, blocks)
    rows = exchange.some_rows(SIMILARITY_ROWS, generator)
    orders = exchange.draw(n_permutations, generator, among=rows)
    network = load_model(model, device=device) if evidence == "all" else None
    seed = int(generator.integers(2**62))
    return compare_orders(pair, orders, rows, network, seed=seed)


def compare_orders(
    pair: Pair,
    orders: NDArray[np.intp],
    rows: NDArray[np.intp],
    network: HyperNetwork | None,
    *,
    seed: int,
) -> IndependenceTestResult:
    """Test the first of several orders of the rows of y against the others.

    Parameters
    ----------
    pair : Pair
    orders : ndarray of shape (p, n)
        Under independence any of them could have been first. Each maps ``rows`` to themselves.
    rows : ndarray
        The rows whose similarities are taken.
    network : HyperNetwork or None
        None for the closed-form evidence only.
    seed : int
        Draws the product pairs.
    """
    closed = closed_form_evidence(pair, orders, rows)
    names = [f"{a} x, {b} y" for a in SIMILARITIES for b in SIMILARITIES]
    estimates = None if network is None else network_evidence(pair, orders, network, seed=seed)
    return weigh_evidence(closed, names, estimates, pair.n_samples, similarity_weights())


def weigh_evidence(
    closed: NDArray[np.float64],
    names: list[str],
    estimates: NDArray[np.float64] | None,
    n_samples: int,
    weights: NDArray[np.float64],
) -> IndependenceTestResult:
    """Combine closed-form statistics (p, e), with a name for each, and the network's values (p).

    ``weights`` are those of the closed-form statistics (e), of sum 1.
    """
    logs = combine(log_tails(closed), weights)
    mi = float("nan")
    if estimates is not None:
        mi = max(float(estimates[0]), 0.0)
        shares = np.array([1 - NETWORK_SHARE, NETWORK_SHARE])
        logs = combine(np.column_stack([-logs, log_tails(estimates[:, None])]), shares)
        closed = np.column_stack([closed, estimates])
        names = [*names, "network"]
    return IndependenceTestResult(
        statistic=float(logs[0]),
        pvalue=permutation_pvalue(logs[0], logs[1:]),
        null_distribution=logs[1:],
        mi=mi,
        evidence={
            name: permutation_pvalue(values[0], values[1:])
            for name, values in zip(names, closed.T, strict=True)
        },
        n_samples=n_samples,
    )


def closed_form_evidence(
    pair: Pair, orders: NDArray[np.intp], rows: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Products of similarities of some rows, for each order of y: p n -> p e."""
    of_x, of_y = (similarities(normal_scores(side.values[rows])) for side in (pair.x, pair.y))
    place = np.empty(pair.n_samples, dtype=np.intp)  # of a row among those compared
    place[rows] = np.arange(len(rows))
    return products(of_x, of_y, place[orders[:, rows]])


def network_evidence(
    pair: Pair, orders: NDArray[np.intp], network: HyperNetwork, *, seed: int
) -> NDArray[np.float64]:
    """The network's estimate for each order of y, not stopped at 0: p n -> p."""
    x, y = pair.x.values, pair.y.values

    def draw(items: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        moved = y[orders[items]]  # b n d
        return np.broadcast_to(x, (len(moved), *x.shape)), moved

    return estimate_items(
        draw, len(orders), pair.n_samples, network, seed=seed, description="permutations"
    ).mi


def check_evidence(evidence: str) -> None:
    """Check the option that says what the test rests on."""
    if evidence not in ("all", "closed form"):
        raise ValueError(f'evidence must be "all" or "closed form", got {evidence!r}.')
