"""The baselines that train a critic on every data set, by name."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.baselines.info_nce import info_nce
from benchmarks.baselines.mine import mine
from benchmarks.baselines.smile import smile
from benchmarks.baselines.trained_critic import ONE_CORE, PUBLISHED, Protocol, TrainedValue

TRAINED: dict[str, Callable[..., TrainedValue]] = {
    "mine": mine,
    "info_nce": info_nce,
    "smile": smile,
}
PROTOCOLS: dict[str, Protocol] = {"published": PUBLISHED, "one-core": ONE_CORE}
