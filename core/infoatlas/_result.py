"""What an estimate returns. Numbers and their presentation only: nothing is estimated here."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from infoatlas._validation import Units

ERROR_DEGREES = 4.0  # of freedom of the Student law of the errors


def interval_ends(
    estimate: Any, scales: tuple[Any, Any], confidence_level: float = 0.95
) -> tuple[Any, Any]:
    """Ends of intervals, of numbers, arrays or tensors: Student quantiles, one scale a side."""
    quantile = float(student_t.ppf((1 + confidence_level) / 2, ERROR_DEGREES))
    return estimate - quantile * scales[0], estimate + quantile * scales[1]


class ConfidenceInterval(NamedTuple):
    """Two-sided interval for a mutual information, in the units of its result."""

    low: float
    high: float


class Refinement(NamedTuple):
    """What gradient steps on the written critic were worth on rows that took no part.

    The critic was written from four fifths of the rows and stepped on them; both values are its
    Donsker-Varadhan values on the rest, in the units of the result. The rest chose the step, so
    `held_out` is a little high where it is small.

    Attributes
    ----------
    held_out : float
        Of the kept critic: never below `zero_shot`.
    zero_shot : float
        Of the critic as it was written.
    step : int
        After which the kept critic stood; 0 where no step helped.
    n_held_out : int
        Rows that took no part.
    """

    held_out: float
    zero_shot: float
    step: int
    n_held_out: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MIResult:
    """A mutual information estimate and what it rests on.

    ``float(result)`` is the estimate, and ``print(result)`` shows it with its diagnostics. Two
    results are equal only when they are the same object; compare their fields instead.

    Attributes
    ----------
    mi : float
        The estimate, in `units`.
    stderr : float
        Standard error of the estimate, in `units`.
    error_scales : tuple of float
        Scales of the error below and above the estimate, in `units`; `confidence_interval` rests
        on them.
    pointwise : ndarray of shape (n_samples,)
        Pointwise mutual information of the rows, in `units`.
    dv : float
        Donsker-Varadhan value of the same critic, in `units`.
    plug_in : float
        Mean pointwise mutual information of the same critic, in `units`.
    gaussian : float
        Closed-form Gaussian-copula value, in `units`. What `mi` has beyond it is what the network
        found.
    units : {"nats", "bits"}
        One bit is ln 2 nats.
    n_samples : int
        Rows.
    n_features : tuple of int
        Columns of x and of y, as the caller gave them.
    reliable : bool
        False when a warning casts doubt on the value.
    warnings : tuple of str
        In words: why not to trust the value, or what to know about it.
    model : str
        The checkpoint, by name and start of its sha256: with the same data and random state it
        repeats the call.
    refinement : Refinement or None
        What ``refine=`` found, when it was asked for.
    """

    mi: float
    stderr: float
    error_scales: tuple[float, float]
    pointwise: NDArray[np.float64]
    dv: float
    plug_in: float
    gaussian: float
    units: Units
    n_samples: int
    n_features: tuple[int, int]
    reliable: bool
    warnings: tuple[str, ...]
    model: str
    refinement: Refinement | None = None

    def confidence_interval(self, confidence_level: float = 0.95) -> ConfidenceInterval:
        """Interval for the true value, mostly wider above the estimate than below.

        A Student law with four degrees of freedom, and one scale for each side, `error_scales`: an
        estimate misses dependence far more often than it makes some up. The network gives both.
        They were fitted to the distance between estimate and truth on synthetic data sets, so they
        hold the spread over fresh samples and what the critic usually misses on such data; where
        rows follow each other in time, the lower side is that of as many as are independent. On
        single data sets they can be far too wide or too narrow; measured coverage is in
        docs/benchmarks.md.

        Parameters
        ----------
        confidence_level : float
            Between 0 and 1.

        Returns
        -------
        ConfidenceInterval
            ``low`` and ``high``, in `units`; `low` stops at 0, which mutual information never
            goes below, unless the estimate itself is negative.
        """
        if not 0 < confidence_level < 1:
            hint = f"; did you mean {confidence_level / 100}?" if 1 < confidence_level < 100 else ""
            raise ValueError(
                f"confidence_level must be between 0 and 1, got {confidence_level}{hint}"
            )
        low, high = interval_ends(self.mi, self.error_scales, confidence_level)
        return ConfidenceInterval(max(low, 0.0) if self.mi >= 0 else low, high)

    def __float__(self) -> float:
        return float(self.mi)

    def __repr__(self) -> str:
        return (
            f"MIResult(mi={self.mi:.4f}, stderr={self.stderr:.4f}, units={self.units!r}, "
            f"n_samples={self.n_samples}, n_features={self.n_features}, reliable={self.reliable})"
        )

    def __str__(self) -> str:
        rows = self._rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><th style="text-align:left">{escape(name)}</th>'
            f'<td style="text-align:left">{escape(value)}</td></tr>'
            for name, value in self._rows()
        )
        return f"<table>{cells}</table>"

    def _rows(self) -> list[tuple[str, str]]:
        low, high = self.confidence_interval()
        of_x, of_y = self.n_features
        rows = [
            ("mutual information", f"{self.mi:.4f} ± {self.stderr:.4f} {self.units}"),
            ("95% interval", f"{low:.4f} to {high:.4f} {self.units}"),
            ("Gaussian part", f"{self.gaussian:.4f} {self.units}"),
            ("data", f"{self.n_samples} rows; columns: {of_x} of x, {of_y} of y"),
            ("reliable", "yes" if self.reliable else "no"),
            ("model", self.model),
        ]
        if self.refinement is not None:
            held_out, zero_shot, step, n = self.refinement
            said = f"{held_out:.4f} {self.units} on {n} rows (as written: {zero_shot:.4f})"
            rows.append((f"held out, step {step}", said))
        return rows + [("warning", sentence) for sentence in self.warnings]
