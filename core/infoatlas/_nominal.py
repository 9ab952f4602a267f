"""One nominal variable as indicator columns, the same whatever its levels are called.

Which level gets which column depends on how often and where the levels occur, never on their names
or codes, so that renaming the levels gives the same columns to the last bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RARE_ROWS = 3  # rows; a level seen once or twice says nothing about the other variable
MAX_LEVELS = 64  # levels with an indicator each; more than pretraining has shown side by side


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NominalCode:
    """How the levels of one variable map to indicator columns.

    Attributes
    ----------
    where : str
        What messages call the variable: ``x: column 'city'``.
    group_of : mapping
        Level -> number of its group. Each level is a group of its own, except that the rare ones
        (fewer than 3 rows) share one group when there are at least two of them.
    n_groups : int
        Groups are numbered by falling count, ties by first appearance.
    rare_group : int or None
        The shared group, if there is one. Levels not seen before are counted there.
    n_rare : int
        How many levels share it.
    """

    where: str
    group_of: Mapping[Hashable, int]
    n_groups: int
    rare_group: int | None
    n_rare: int

    @classmethod
    def fit(cls, items: Iterable[Hashable], where: str) -> NominalCode:
        """Number the groups of `items`, one item per row."""
        counts = Counter(items)  # keeps the order of first appearance
        if len(counts) == 1:
            raise ValueError(
                f"{where} is constant: its only level is {next(iter(counts))!r}. A constant has "
                "no mutual information with anything; leave the column out."
            )
        rare = [level for level, count in counts.items() if count < RARE_ROWS]
        pooled = set(rare) if len(rare) >= 2 else set()
        groups = _ranked_groups(counts, pooled)
        _refuse_unusable_levels(counts, len(groups), where)
        group_of = {level: number for number, group in enumerate(groups) for level in group}
        rare_group = group_of[rare[0]] if pooled else None
        return cls(
            where=where,
            group_of=group_of,
            n_groups=len(groups),
            rare_group=rare_group,
            n_rare=len(pooled),
        )

    @property
    def n_columns(self) -> int:
        """Indicator columns: one for two groups, else one for each group."""
        return 1 if self.n_groups == 2 else self.n_groups

    def encode(self, items: Iterable[Hashable]) -> NDArray[np.float64]:
        """Indicators of `items`, of shape (n_samples, n_columns)."""
        groups = np.array([self._group(level) for level in items], dtype=np.intp)
        shown = np.array([1]) if self.n_groups == 2 else np.arange(self.n_groups)
        indicators: NDArray[np.float64] = (groups[:, None] == shown).astype(np.float64)
        return indicators  # n groups

    def _group(self, level: Hashable) -> int:
        group = self.group_of.get(level, self.rare_group)
        if group is None:
            raise ValueError(
                f"{self.where} has the level {level!r}, which was not in the data this was fitted "
                "on; drop those rows, or fit on data that contains every level."
            )
        return group


def _ranked_groups(counts: Counter[Hashable], pooled: set[Hashable]) -> list[list[Hashable]]:
    groups: list[list[Hashable]] = []
    shared: list[Hashable] = []
    for level in counts:
        if level not in pooled:
            groups.append([level])
            continue
        if not shared:
            groups.append(shared)
        shared.append(level)
    # a stable sort: groups of equal count stay in order of first appearance
    return sorted(groups, key=lambda group: -sum(counts[level] for level in group))


def _refuse_unusable_levels(counts: Counter[Hashable], n_groups: int, where: str) -> None:
    n_samples = counts.total()
    if n_groups == 1:
        raise ValueError(
            f"{where} has {len(counts)} levels in {n_samples} rows, none of them in {RARE_ROWS} "
            f"rows or more; {_advice(counts)}"
        )
    if n_groups > MAX_LEVELS:
        raise ValueError(
            f"{where} has {n_groups} levels with {RARE_ROWS} rows or more, and a nominal column "
            f"may have {MAX_LEVELS}; {_advice(counts)}"
        )


def _advice(counts: Counter[Hashable]) -> str:
    if all(_reads_as_number(level) for level in counts):
        return 'its levels are numbers: pass them as numbers, and let them be "auto" or "ordinal".'
    return "group the levels into fewer, or, if they have an order, pass their ranks as integers."


def _reads_as_number(level: Hashable) -> bool:
    try:
        float(level)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True
