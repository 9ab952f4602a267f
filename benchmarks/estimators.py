"""The methods a benchmark compares, by name: InfoAtlas and the classical baselines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.baselines import BASELINES, Baseline
from benchmarks.record import checkpoint_sha256
from benchmarks.task import Array

SERIES = "infoatlas_series"  # told that rows follow each other in time
OURS = {"infoatlas": False, SERIES: True}  # whether told
METHODS = ("infoatlas", *BASELINES)  # where rows are independent


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a method says of one draw, in nats; baselines say ``estimate`` only."""

    estimate: float
    stderr: float | None = None
    low: float | None = None
    high: float | None = None
    dv: float | None = None
    plug_in: float | None = None
    gaussian: float | None = None
    reliable: bool | None = None


Estimator = Callable[[Array, Array], Reading]


def load_estimators(names: Sequence[str], *, model: str) -> dict[str, Estimator]:
    """Functions of the methods asked for; InfoAtlas is imported only if it is among them."""
    return {
        name: _infoatlas(model, series=OURS[name]) if name in OURS else _plain(name)
        for name in names
    }


def _plain(name: str) -> Estimator:
    baseline: Baseline = BASELINES[name]
    return lambda x, y: Reading(estimate=baseline(x, y))


def _infoatlas(model: str, *, series: bool) -> Estimator:
    import infoatlas  # here, so that baselines run without torch

    def read(x: Array, y: Array) -> Reading:
        result = infoatlas.mutual_information(x, y, model=model, series=series)
        low, high = result.confidence_interval()
        return Reading(
            estimate=float(result.mi),
            stderr=float(result.stderr),
            low=float(low),
            high=float(high),
            dv=float(result.dv),
            plug_in=float(result.plug_in),
            gaussian=float(result.gaussian),
            reliable=bool(result.reliable),
        )

    return read


def warm_up(model: str) -> dict[str, str | None]:
    """Load the weights once, so that no timing includes it, and say which they are."""
    import infoatlas

    x, y = np.random.default_rng(0).standard_normal((2, 200, 1))
    described = str(infoatlas.mutual_information(x, y, model=model).model)
    return {"model": described, "checkpoint_sha256": checkpoint_sha256(model, described)}
