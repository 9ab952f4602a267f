"""Conditional mutual information: the chain rule, on what is left of x and y without z."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from infoatlas._estimate import Model, RandomState
from infoatlas._many_pairs import Asked, estimate_pairs
from infoatlas._result import MIResult
from infoatlas._validation import Side, Units, check_random_state, check_units, per_nat
from infoatlas.dependence._evidence import normal_scores
from infoatlas.dependence._given import Given, read_given
from infoatlas.dependence._residuals import has_few_values, residuals

DETERMINED = 1e-6  # of a column's variance: what a regression leaves by rounding


class ChainTerms(NamedTuple):
    """The two terms of the chain rule for one order of the sides, in the units of the result.

    Attributes
    ----------
    joint : float
        Mutual information of this side with the other side and z together.
    alone : float
        Mutual information of this side with z: small, since its regression on z is taken away.
    """

    joint: float
    alone: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionalMIResult:
    """A conditional mutual information and the terms it is made of.

    Attributes
    ----------
    mi : float
        I(x; y | z) in `units`: the mean of ``joint - alone`` over both orders, or 0 if that is
        negative.
    stderr : float
        In `units`, from the standard errors of the terms as if those of one order were
        independent and those of the two orders the same.
    of_x, of_y : ChainTerms
        I(x; (y, z)) and I(x; z); I(y; (x, z)) and I(y; z); all of the residuals.
    units : {"nats", "bits"}
    n_samples : int
    n_features : tuple of int
        Columns of x, y and z, as the caller gave them.
    reliable : bool
        False when one of the four estimates is not.
    warnings : tuple of str
    model : str
        The checkpoint.
    """

    mi: float
    stderr: float
    of_x: ChainTerms
    of_y: ChainTerms
    units: Units
    n_samples: int
    n_features: tuple[int, int, int]
    reliable: bool
    warnings: tuple[str, ...]
    model: str

    def __float__(self) -> float:
        return float(self.mi)


def conditional_mutual_information(
    x: Any,
    y: Any,
    z: Any,
    *,
    units: Units = "nats",
    discrete_x: str = "auto",
    discrete_y: str = "auto",
    discrete_z: str = "auto",
    model: Model = "default",
    device: str | torch.device | None = None,
    random_state: RandomState = 0,
) -> ConditionalMIResult:
    """Mutual information of x and y given z, from four forward passes.

    Parameters
    ----------
    x, y, z : array-like of shape (n_samples,) or (n_samples, n_features)
        As for ``mutual_information``; row i of each was observed with row i of the others.
    units : {"nats", "bits"}
    discrete_x, discrete_y, discrete_z : {"auto", "nominal", "ordinal"}
    model, device
        As for ``mutual_information``.
    random_state : int, Generator or None
        Draws the rows that carry the regressions on z, and the product pairs.

    Returns
    -------
    ConditionalMIResult
        ``float(result)`` is the estimate, never negative: a negative difference is reported as 0,
        so values near 0 are a little high on average.

    Raises
    ------
    ValueError, TypeError
        As for ``mutual_information``, and for a z of another number of rows.

    Notes
    -----
    The chain rule I(x; y | z) = I(x; (y, z)) - I(x; z) subtracts two estimates whose errors grow
    with what x and z share. So the regressions of continuous columns of x and y on z are taken
    away first (kernel ridge on normal scores, by leave-one-out error): given z that is a shift,
    which changes no conditional mutual information, and I(x; z) becomes small. Both orders of x
    and y are averaged. Columns of few values (8 rows or more to each) stay as they are. What was
    tried instead is in docs/decisions/0005-conditional-mi.md, and measured errors in
    docs/conditional.md.

    Examples
    --------
    >>> import numpy as np
    >>> from infoatlas import conditional_mutual_information, mutual_information
    >>> z, e, f = np.random.default_rng(0).normal(size=(3, 1000))
    >>> x, y = z + e, z + f
    >>> mutual_information(x, y).mi > 0.1
    True
    >>> conditional_mutual_information(x, y, z).mi < 0.02
    True
    """
    check_units(units)
    generator = check_random_state(random_state)
    discrete = {"discrete_x": discrete_x, "discrete_y": discrete_y, "discrete_z": discrete_z}
    given = read_given(x, y, z, **discrete)
    x_left, y_left = (_shift(side, given.z, generator) for side in (given.pair.x, given.pair.y))
    asked = _questions(x_left.values, y_left.values, given.z)
    seed = int(generator.integers(2**31))
    terms = estimate_pairs(asked, model=model, device=device, random_state=seed)
    return _result(given, x_left.notes + y_left.notes, terms, units)


class Shifted(NamedTuple):
    """Columns of one side with their regression on z taken away, and what to know about them."""

    values: NDArray[np.float64]
    notes: tuple[str, ...]


def _shift(side: Side, z: NDArray[np.float64], generator: np.random.Generator) -> Shifted:
    """Residuals of continuous columns, noise where nothing is left; few values as they are."""
    scores = normal_scores(side.values)
    few = has_few_values(side.values)
    left = residuals(scores, z, generator)
    determined = ~few & (left.var(axis=0) < DETERMINED * scores.var(axis=0))
    left = np.where(determined, generator.normal(size=left.shape), left)
    note = f"{side.argument}: z determines a column, which given z has nothing more to say."
    return Shifted(np.where(few, side.values, left), (note,) if determined.any() else ())


def _questions(
    x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64]
) -> list[Asked]:
    """Both orders: x with y and z, x with z, y with x and z, y with z."""
    return [Asked(x, np.hstack([y, z])), Asked(x, z), Asked(y, np.hstack([x, z])), Asked(y, z)]


def _result(
    given: Given, notes: tuple[str, ...], terms: list[MIResult], units: Units
) -> ConditionalMIResult:
    scale = per_nat(units)
    values = scale * np.array([term.mi for term in terms]).reshape(2, 2)  # order, joint or alone
    stderr: NDArray[np.float64] = scale * np.array([t.stderr for t in terms]).reshape(2, 2)
    found = [warning for term in terms for warning in term.warnings]
    return ConditionalMIResult(
        mi=max(float((values[:, 0] - values[:, 1]).mean()), 0.0),
        stderr=float(np.hypot(stderr[:, 0], stderr[:, 1]).mean()),
        of_x=ChainTerms(*values[0].tolist()),
        of_y=ChainTerms(*values[1].tolist()),
        units=units,
        n_samples=given.pair.n_samples,
        n_features=(given.pair.x.n_features, given.pair.y.n_features, given.n_features),
        reliable=all(term.reliable for term in terms),
        warnings=tuple(dict.fromkeys([*given.notes, *notes, *found])),
        model=terms[0].model,
    )
