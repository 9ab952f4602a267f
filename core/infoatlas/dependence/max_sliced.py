"""Max-sliced mutual information: the pair of low-dimensional projections that shares the most.

n: rows   d: columns of a side   k: columns after projection   r: restarts
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm.auto import tqdm

from infoatlas._checkpoint import load_model
from infoatlas._coordinates import read_pair
from infoatlas._differentiable import double_precision, fixed_critic_value
from infoatlas._estimate import Model, RandomState
from infoatlas._forward import write_critics
from infoatlas._hypernetwork import HyperNetwork
from infoatlas._pairs import move_pairs, pairs_of_all
from infoatlas._projections import Projections, random_projections, tilted_projections
from infoatlas._validation import Units, check_pair, check_random_state, check_units, per_nat
from infoatlas.dependence._batches import DELAY_SECONDS
from infoatlas.dependence.sliced import check_counts, estimate_slices, halves

ASCENT_ROWS = 256  # of the fitting half, drawn anew for every critic: less to overfit
PARTNERS = 4  # product pairs a row
STEPS_A_CRITIC = 5  # gradient steps before the critic is written again
SMOOTH_RANKS = 0.1  # bandwidth, standard deviations of a column
STEP_SIZE = 0.3  # of Adam, in units of a direction's length


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MaxSlicedMIResult:
    """The most that low-dimensional projections of x and y were found to share.

    Attributes
    ----------
    mi : float
        Mutual information of the projected pair, in `units`, read from rows that took no part in
        the search.
    stderr : float
        Standard error of `mi` for this pair of projections.
    projection_x, projection_y : ndarray of shape (d_x, k) and (d_y, k)
        Orthonormal columns.
    restarts : ndarray of shape (n_restarts,)
        Mutual information that each restart reached on the rows it searched with, in `units`, at
        its start or its end. The largest was kept. Values far apart say that more restarts may
        find more.
    units : {"nats", "bits"}
    n_samples : int
        Rows that `mi` is read from: half of those given.
    model : str
    """

    mi: float
    stderr: float
    projection_x: NDArray[np.float64]
    projection_y: NDArray[np.float64]
    restarts: NDArray[np.float64]
    units: Units
    n_samples: int
    model: str

    def __float__(self) -> float:
        return float(self.mi)

    def __repr__(self) -> str:
        return (
            f"MaxSlicedMIResult(mi={self.mi:.4f}, stderr={self.stderr:.4f}, units={self.units!r}, "
            f"n_restarts={len(self.restarts)}, n_samples={self.n_samples})"
        )


def max_sliced_mutual_information(
    x: Any,
    y: Any,
    *,
    k: int = 1,
    n_restarts: int = 5,
    n_steps: int = 40,
    units: Units = "nats",
    model: Model = "default",
    device: str | torch.device | None = None,
    random_state: RandomState = 0,
) -> MaxSlicedMIResult:
    """Largest mutual information of k-dimensional projections of x and y.

    Parameters
    ----------
    x, y : array-like of shape (n_samples, n_features)
        As for ``sliced_mutual_information``, of any width, at least 64 rows.
    k : int
        Columns after projection, 1 to 32; a side with fewer columns is rotated only.
    n_restarts : int
        Searches. Four in five start from projections tilted towards the largest covariance of x
        and y, or of the squares of one or both, so that dependence without correlation is seen;
        one in five from random ones.
    n_steps : int
        Gradient steps of each search; 0 keeps the starts.
    units, model, device
        As for ``mutual_information``.
    random_state : int, Generator or None
        Draws halves, starts and product pairs.

    Returns
    -------
    MaxSlicedMIResult

    Raises
    ------
    ValueError, TypeError
        As for ``sliced_mutual_information``.

    Notes
    -----
    Tsur, Goldfeld and Greenewald (2023), NeurIPS 36, with the zero-shot critic in place of a
    trained one. One random half of the rows is for the search, by gradient steps on the
    differentiable estimate along the Stiefel manifold; the value is read from the other half, so
    that searching adds no optimism. It is a lower bound in two ways: the search may stop in a local
    maximum, and a projection never has more information than all columns.

    Examples
    --------
    >>> import numpy as np
    >>> from infoatlas import max_sliced_mutual_information
    >>> x, y = np.random.default_rng(0).normal(size=(2, 400, 30))
    >>> y[:, 0] += 2 * x[:, 4]
    >>> result = max_sliced_mutual_information(x, y, n_restarts=1, n_steps=5)
    >>> int(np.abs(result.projection_x).argmax())
    4
    """
    check_units(units)
    check_counts(k, n_restarts, "n_restarts")
    _check_steps(n_steps)
    generator = check_random_state(random_state)
    pair = check_pair(x, y)
    network = load_model(model, device=device)
    fit, valued = halves(pair, generator, "max_sliced_mutual_information")
    x_fit, y_fit = pair.x.values[fit], pair.y.values[fit]
    starts = _starts(x_fit, y_fit, n_restarts, k, generator)
    found = _search(x_fit, y_fit, starts, double_precision(network), n_steps, generator)
    seed = int(generator.integers(2**62))
    both = Projections(*(np.concatenate(side) for side in zip(starts, found, strict=True)))
    reached = estimate_slices(x_fit, y_fit, both, network, seed).mi  # starts, then ends
    best = slice(int(reached.argmax()), int(reached.argmax()) + 1)
    kept = Projections(both.x[best], both.y[best])
    value = estimate_slices(pair.x.values[valued], pair.y.values[valued], kept, network, seed)
    scale = per_nat(units)
    return MaxSlicedMIResult(
        mi=scale * max(float(value.mi[0]), 0.0),
        stderr=scale * float(value.stderr[0]),
        projection_x=kept.x[0],
        projection_y=kept.y[0],
        restarts=scale * np.maximum(reached.reshape(2, -1).max(axis=0), 0.0),
        units=units,
        n_samples=len(valued),
        model=network.name,
    )


def _starts(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    n_restarts: int,
    k: int,
    generator: np.random.Generator,
) -> Projections:
    """Random projections, and those tilted towards what covaries: rows, or their squares."""
    square_x, square_y = (_squares(side) for side in (x, y))
    kinds = [(x, y), None, (square_x, y), (x, square_y), (square_x, square_y)]
    of_x, of_y = [], []
    for i in range(n_restarts):
        kind = kinds[i % len(kinds)]
        if kind is None:
            of_x.append(random_projections(1, x.shape[1], k, generator))
            of_y.append(random_projections(1, y.shape[1], k, generator))
        else:
            tilted = tilted_projections(kind[0], kind[1], 1, k, generator)
            of_x.append(tilted.x)
            of_y.append(tilted.y)
    return Projections(np.concatenate(of_x), np.concatenate(of_y))


def _squares(side: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squares of the columns, standardised before."""
    squares: NDArray[np.float64] = ((side - side.mean(axis=0)) / side.std(axis=0)) ** 2
    return squares


def _search(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    starts: Projections,
    network: HyperNetwork,
    n_steps: int,
    generator: np.random.Generator,
) -> Projections:
    """Gradient ascent from every start."""
    found = Projections(starts.x.copy(), starts.y.copy())
    device = network.pair_first.weight.device
    total = len(starts.x) * n_steps
    bar = tqdm(total=total, desc="search", delay=DELAY_SECONDS, disable=None, leave=False)
    with bar:
        for i in range(len(starts.x)):
            free = [torch.tensor(side[i], device=device, requires_grad=True) for side in starts]
            ascent = torch.optim.Adam(free, lr=STEP_SIZE / x.shape[1] ** 0.5, maximize=True)
            for done in range(0, n_steps, STEPS_A_CRITIC):
                rows = np.sort(generator.permutation(len(x))[:ASCENT_ROWS])
                sides = [torch.from_numpy(side[rows])[None].to(device) for side in (x, y)]
                n_now = min(STEPS_A_CRITIC, n_steps - done)
                _ascend(sides, free, ascent, network, n_now, generator)
                bar.update(n_now)
            for side, f in zip(found, free, strict=True):
                side[i] = _orthonormal(f).detach().cpu().numpy()
    return found


def _ascend(
    sides: list[Tensor],
    free: list[Tensor],
    ascent: torch.optim.Optimizer,
    network: HyperNetwork,
    n_steps: int,
    generator: np.random.Generator,
) -> None:
    """Write the critic of the projected rows (1, n, d), and raise its value by some steps."""
    few = pairs_of_all(sides[0].shape[1], generator).first(PARTNERS)
    pairs = move_pairs(few, sides[0].device)

    def projected() -> tuple[Tensor, Tensor]:
        x, y = (side @ _orthonormal(f) for side, f in zip(sides, free, strict=True))
        return x, y

    with torch.no_grad():
        pair = read_pair(*projected(), bandwidth=SMOOTH_RANKS)
        critic = write_critics(network, pair, generator, pairs=pairs).critic
    for _ in range(n_steps):
        x, y = projected()
        value = fixed_critic_value(critic, x, y, pairs).sum()
        ascent.zero_grad()
        value.backward()
        ascent.step()


def _orthonormal(free: Tensor) -> Tensor:
    """Nearest signs-fixed orthonormal columns: d k -> d k, differentiable."""
    q, r = torch.linalg.qr(free)
    return q * r.diagonal().sign()


def _check_steps(n_steps: Any) -> None:
    if isinstance(n_steps, bool) or not isinstance(n_steps, int | np.integer):
        raise TypeError(f"n_steps must be an integer, got {type(n_steps).__name__}.")
    if n_steps < 0:
        raise ValueError(f"n_steps must be 0 or more, got {n_steps}.")
