"""Why not to trust an estimate, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from torch import Tensor

from infoatlas._forward import Forward

COLLAPSED_SHARE = 0.01  # of product pairs that carry the Donsker-Varadhan value
ROWS_PER_COLUMN, FEW_ROWS_PER_COLUMN = 4, 10
PRETRAINED_ROWS, PRETRAINED_COLUMNS = (32, 50_000), 32
MARGIN_BELOW_LOG_N = 1.0  # nats
DISAGREEMENT = 0.5  # nats between plug-in and Donsker-Varadhan
DOUBTFUL_STDERR = 0.18  # nats; on synthetic data most errors above 0.3 nats come with more


@dataclass(frozen=True)
class Diagnosis:
    """Sentences about one estimate, and whether any of them casts doubt on it."""

    reliable: bool
    sentences: tuple[str, ...]

    def with_notes(self, notes: tuple[str, ...]) -> Diagnosis:
        """Add sentences that cast no doubt."""
        return replace(self, sentences=self.sentences + notes)


def diagnose(forward: Forward, gap: Tensor, n_effective: Tensor) -> list[Diagnosis]:
    """One diagnosis a data set."""
    pair = forward.critic.pair
    n = forward.joint.shape[1]
    columns = pair.layout_x.own, pair.layout_y.own
    shared = _about_size(n, columns)
    reading = forward.reading
    numbers = zip(
        reading.plug_in.tolist(),
        reading.dv.tolist(),
        reading.effective_share.tolist(),
        reading.stderr.tolist(),
        strict=True,
    )
    orders = zip(gap.tolist(), n_effective.tolist(), pair.n_effective.tolist(), strict=True)
    return [
        _merge([*shared, *_about_value(n, *row), *_about_order(n, columns, *order)])
        for row, order in zip(numbers, orders, strict=True)
    ]


def _about_size(n: int, columns: tuple[int, int]) -> list[tuple[bool, str]]:
    found = []
    total = sum(columns)
    if n < FEW_ROWS_PER_COLUMN * total:
        found.append(
            (
                n < ROWS_PER_COLUMN * total,
                f"Few rows for the dimension: {n} rows for {total} columns (nominal variables "
                "count one a level); weak dependence is hidden and strong dependence "
                "underestimated.",
            )
        )
    low, high = PRETRAINED_ROWS
    if not low <= n <= high:
        found.append((n < low, f"{n} rows is outside the range the network was trained for."))
    if max(columns) > PRETRAINED_COLUMNS:
        found.append(
            (False, f"{max(columns)} columns a side is more than the network was trained for (32).")
        )
    return found


def _about_value(
    n: int, plug_in: float, dv: float, share: float, stderr: float
) -> list[tuple[bool, str]]:
    found = []
    if plug_in > math.log(n) - MARGIN_BELOW_LOG_N:
        found.append(
            (
                True,
                f"Near the dynamic range: {n} rows cannot certify more than ln n = "
                f"{math.log(n):.1f} nats; the true value may be much larger.",
            )
        )
    if share < COLLAPSED_SHARE:
        found.append(
            (
                abs(plug_in - dv) > DISAGREEMENT,
                f"The Donsker-Varadhan value rests on {share:.2%} of the product pairs; the "
                "plug-in value is the better one here.",
            )
        )
    if stderr > DOUBTFUL_STDERR:
        found.append(
            (
                True,
                f"The standard error is {stderr:.2f} nats: from so much on, an error of 0.3 nats "
                "or more is not rare.",
            )
        )
    return found


def _about_order(
    n: int, columns: tuple[int, int], gap: int, n_effective: float, n_counted: float
) -> list[tuple[bool, str]]:
    if not gap:
        return []
    sentence = f"Rows follow each other: {n} rows count as {n_effective:.0f}."
    if n_counted == n:  # in the standard error alone
        sentence = (
            f"Rows follow each other (autocorrelated, or sorted): {n} rows count as "
            f"{n_effective:.0f} in the standard error, and the estimate is high where these are "
            "few. Pass series=True if they are a time series; shuffle them if their order means "
            "nothing."
        )
    return [(n_effective < FEW_ROWS_PER_COLUMN * sum(columns), sentence)]


def _merge(found: list[tuple[bool, str]]) -> Diagnosis:
    return Diagnosis(not any(doubt for doubt, _ in found), tuple(text for _, text in found))
