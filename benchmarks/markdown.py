"""Markdown tables from cells. What the cells say is decided in `tables.py`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, n_text: int = 1) -> str:
    """A Markdown table: the first ``n_text`` columns to the left, numbers to the right."""
    rule = ["---"] * n_text + ["---:"] * (len(header) - n_text)
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *rows])


def number(value: float | None, digits: int = 3) -> str:
    """A number with fixed digits; a dash where there is none."""
    if value is None or math.isnan(value):
        return "-"
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text  # never -0.000


def span(values: Sequence[float], digits: int = 3) -> str:
    """One number, or the smallest and the largest of several."""
    low, high = number(min(values), digits), number(max(values), digits)
    return low if low == high else f"{low} to {high}"
