"""self_consistency(): whether the estimator obeys the laws of mutual information on given data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from infoatlas._estimate import Model, RandomState
from infoatlas._many_pairs import Asked, Columns, estimate_pairs
from infoatlas._result import MIResult
from infoatlas._validation import Units, check_pair, check_random_state, check_units, per_nat

MINIMUM_ROWS = 64  # additivity reads two halves
SHUFFLES = 8
LEVELS = (2, 4, 8)  # of the coarsened copies of y
STANDARD_ERRORS = 2.6  # two-sided 1% of a Gaussian
SLACK_NATS, SLACK_SHARE = 0.02, 0.1  # what a law may be missed by at any stderr


@dataclass(frozen=True, slots=True, kw_only=True)
class LawCheck:
    """One law: what it asks for, what was found, and whether that is near enough.

    Attributes
    ----------
    law : {"independence", "data processing", "additivity"}
    holds : bool
    expected, found : float
        In the units of the report. `found` should be near `expected`, or for a coarsened copy not
        above it.
    tolerance : float
        How far apart the two may be.
    sentence : str
        The same in words.
    """

    law: str
    holds: bool
    expected: float
    found: float
    tolerance: float
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfConsistency:
    """A report: ``print(report)`` reads it out, ``consistent`` sums it up.

    Attributes
    ----------
    mi : float
        The estimate for the data as they are, in `units`.
    checks : tuple of LawCheck
    units : {"nats", "bits"}
    """

    mi: float
    checks: tuple[LawCheck, ...]
    units: Units

    @property
    def consistent(self) -> bool:
        """Whether every law holds."""
        return all(check.holds for check in self.checks)

    def __str__(self) -> str:
        head = f"Mutual information {self.mi:.4f} {self.units}."
        failed = sum(not check.holds for check in self.checks)
        verdict = (
            "Every law holds on these data; that does not prove the value right."
            if self.consistent
            else f"{failed} of {len(self.checks)} checks fail: do not rely on differences as small "
            "as theirs."
        )
        lines = [f"{'ok  ' if c.holds else 'FAIL'}  {c.law}: {c.sentence}" for c in self.checks]
        return "\n".join([head, *lines, verdict])


def self_consistency(
    x: Any,
    y: Any,
    *,
    units: Units = "nats",
    discrete_x: str = "auto",
    discrete_y: str = "auto",
    model: Model = "default",
    device: str | torch.device | None = None,
    random_state: RandomState = 0,
) -> SelfConsistency:
    """Check three laws of mutual information on the caller's own data.

    *Independence*: x with a shuffled y has none. *Data processing*: a coarsened copy of y has no
    more than y, and a function of y put beside y adds nothing. *Additivity*: two independent halves
    of the rows side by side have the sum of what each has alone. An estimator that breaks a law on
    data like yours cannot be trusted there, however small its standard error; one that keeps them
    may still be wrong.

    Parameters
    ----------
    x, y : array-like of shape (n_samples,) or (n_samples, n_features)
        As for ``mutual_information``; 64 rows or more.
    units : {"nats", "bits"}
    discrete_x, discrete_y : {"auto", "nominal", "ordinal"}
    model : str, path or HyperNetwork
    device : str or torch.device, optional
    random_state : int, Generator or None
        Draws the shuffles, the halves and the coarse directions.

    Returns
    -------
    SelfConsistency

    Raises
    ------
    ValueError, TypeError
        As for ``mutual_information``.

    Notes
    -----
    After Song and Ermon (2020), "Understanding the Limitations of Variational Mutual Information
    Estimators", ICLR, section 5. A law counts as kept within 2.6 standard errors of the values it
    compares, or within 0.02 nats and a tenth of the value, whichever is more.

    Examples
    --------
    >>> import numpy as np
    >>> from infoatlas import self_consistency
    >>> x, e = np.random.default_rng(0).normal(size=(2, 500))
    >>> self_consistency(x, x + e).consistent
    True
    """
    check_units(units)
    pair = check_pair(x, y, discrete_x=discrete_x, discrete_y=discrete_y, minimum_rows=MINIMUM_ROWS)
    generator = check_random_state(random_state)
    asked = _questions(pair.x.values, pair.y.values, generator)
    seed = int(generator.integers(2**31))
    flat = [question for group in asked.values() for question in group]
    results = iter(estimate_pairs(flat, model=model, device=device, random_state=seed))
    found = {name: [next(results) for _ in group] for name, group in asked.items()}
    (whole,) = found["whole"]
    scale = per_nat(units)
    checks = (
        _independence(found["shuffled"], scale),
        *(
            _coarser(whole, result, level, scale)
            for level, result in zip(LEVELS, found["coarse"], strict=True)
        ),
        _function_added(whole, found["function"][0], scale),
        _additivity(found["halves"], found["both"][0], scale),
    )
    return SelfConsistency(mi=whole.mi * scale, checks=checks, units=units)


def _questions(x: Columns, y: Columns, generator: np.random.Generator) -> dict[str, list[Asked]]:
    """Everything that is estimated, by the law that asks for it."""
    n = len(x)
    direction = generator.standard_normal(y.shape[1]) / y.std(axis=0)
    shadow = y @ direction  # a function of y
    order = generator.permutation(n)
    first, second = np.sort(order[: n // 2]), np.sort(order[n // 2 : 2 * (n // 2)])
    halves = [Asked(x[rows], y[rows]) for rows in (first, second)]
    beside = generator.permutation(n // 2)  # row i of one half with any row of the other
    both = Asked(
        np.hstack([halves[0].x, halves[1].x[beside]]), np.hstack([halves[0].y, halves[1].y[beside]])
    )
    return {
        "whole": [Asked(x, y)],
        "shuffled": [Asked(x, y[generator.permutation(n)]) for _ in range(SHUFFLES)],
        "coarse": [Asked(x, _coarse(shadow, level)) for level in LEVELS],
        "function": [Asked(x, np.column_stack([y, np.tanh(_standardised(shadow))]))],
        "halves": halves,
        "both": [both],
    }


def _coarse(values: NDArray[np.float64], levels: int) -> Columns:
    """Ranks cut into levels of about equal size; never a constant."""
    edges = np.quantile(values, np.arange(1, levels) / levels)
    codes = np.digitize(values, np.unique(edges))
    if (codes == codes[0]).all():  # ties: the edges are all at one end
        codes = (values > values.min()).astype(np.intp)
    return codes[:, None].astype(np.float64)


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((values - values.mean()) / (values.std() or 1.0))


def _independence(results: list[MIResult], scale: float) -> LawCheck:
    found = float(np.mean([result.mi for result in results]))
    tolerance = _tolerance(0.0, *(r.stderr / math.sqrt(len(results)) for r in results[:1]))
    sentence = (
        f"with y shuffled {len(results)} times, the mean estimate is {found * scale:.4f}; "
        f"it should be 0, within {tolerance * scale:.4f}."
    )
    return _check("independence", found <= tolerance, 0.0, found, tolerance, sentence, scale)


def _coarser(whole: MIResult, coarse: MIResult, levels: int, scale: float) -> LawCheck:
    tolerance = _tolerance(whole.mi, whole.stderr, coarse.stderr)
    sentence = (
        f"y cut to {levels} levels has {coarse.mi * scale:.4f}; "
        f"it should have no more than {whole.mi * scale:.4f}, within {tolerance * scale:.4f}."
    )
    holds = coarse.mi <= whole.mi + tolerance
    return _check("data processing", holds, whole.mi, coarse.mi, tolerance, sentence, scale)


def _function_added(whole: MIResult, added: MIResult, scale: float) -> LawCheck:
    tolerance = _tolerance(whole.mi, whole.stderr, added.stderr)
    sentence = (
        f"y beside a function of y has {added.mi * scale:.4f}; "
        f"it should have {whole.mi * scale:.4f}, within {tolerance * scale:.4f}."
    )
    holds = abs(added.mi - whole.mi) <= tolerance
    return _check("data processing", holds, whole.mi, added.mi, tolerance, sentence, scale)


def _additivity(halves: list[MIResult], both: MIResult, scale: float) -> LawCheck:
    total = halves[0].mi + halves[1].mi
    tolerance = _tolerance(total, halves[0].stderr, halves[1].stderr, both.stderr)
    sentence = (
        f"two halves of the rows have {halves[0].mi * scale:.4f} and {halves[1].mi * scale:.4f}, "
        f"side by side {both.mi * scale:.4f}; it should be the sum, {total * scale:.4f}, "
        f"within {tolerance * scale:.4f}."
    )
    holds = abs(both.mi - total) <= tolerance
    return _check("additivity", holds, total, both.mi, tolerance, sentence, scale)


def _tolerance(value: float, *stderrs: float) -> float:
    """How far a law may be missed, in nats."""
    spread = STANDARD_ERRORS * math.sqrt(sum(stderr**2 for stderr in stderrs))
    return max(spread, SLACK_NATS, SLACK_SHARE * value)


def _check(
    law: str,
    holds: bool,  # noqa: FBT001 - private, and named in the record it becomes
    expected: float,
    found: float,
    tolerance: float,
    sentence: str,
    scale: float,
) -> LawCheck:
    return LawCheck(
        law=law,
        holds=bool(holds),
        expected=expected * scale,
        found=found * scale,
        tolerance=tolerance * scale,
        sentence=sentence,
    )
