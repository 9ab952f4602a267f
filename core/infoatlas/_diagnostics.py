"""Why not to trust an estimate, in words; and whether rows follow each other in time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from infoatlas._copula import Margin
from infoatlas._forward import Forward

GAP_SHARE = 16  # neighbours closer than n / 16 rows are not paired in autocorrelated data
AUTOCORRELATED = 0.3  # lag-1 correlation of the scores from which rows count as autocorrelated
COLLAPSED_SHARE = 0.01  # of product pairs that carry the Donsker-Varadhan value
ROWS_PER_COLUMN, FEW_ROWS_PER_COLUMN = 4, 10
PRETRAINED_ROWS, PRETRAINED_COLUMNS = (64, 50_000), 32
MARGIN_BELOW_LOG_N = 1.0  # nats
DISAGREEMENT = 0.5  # nats between plug-in and Donsker-Varadhan
DOUBTFUL_STDERR = 0.2  # nats; on synthetic data most errors above 0.3 nats come with more


@dataclass(frozen=True)
class Diagnosis:
    """Sentences about one estimate, and whether any of them casts doubt on it."""

    reliable: bool
    sentences: tuple[str, ...]

    def with_notes(self, notes: tuple[str, ...]) -> Diagnosis:
        """Add sentences that cast no doubt."""
        return replace(self, sentences=self.sentences + notes)


def neighbour_gap(x: Tensor, y: Tensor) -> Tensor:
    """Rows within which neighbours are alike, 0 for independent rows: (b, n, d) twice -> (b,)."""
    n = x.shape[1]
    strongest = torch.maximum(_lag_one(x), _lag_one(y))
    threshold = max(AUTOCORRELATED, 4.0 / n**0.5)
    return torch.where(strongest > threshold, max(1, n // GAP_SHARE), 0)


def _lag_one(values: Tensor) -> Tensor:
    """Largest lag-1 correlation of the columns' scores: b n d -> b."""
    z = Margin(values).scores(values).normal
    return (z[:, 1:] * z[:, :-1]).mean(dim=1).amax(dim=1)


def diagnose(forward: Forward, gap: Tensor) -> list[Diagnosis]:
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
        gap.tolist(),
        strict=True,
    )
    return [_merge([*shared, *_about_value(n, *row)]) for row in numbers]


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
    n: int, plug_in: float, dv: float, share: float, stderr: float, gap: int
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
    if gap:
        found.append(
            (
                False,
                "Rows follow each other (autocorrelated, or sorted): read as a time series, they "
                "hold less than as many independent rows, and the standard error is too small.",
            )
        )
    return found


def _merge(found: list[tuple[bool, str]]) -> Diagnosis:
    return Diagnosis(not any(doubt for doubt, _ in found), tuple(text for _, text in found))
