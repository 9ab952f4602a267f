"""What pages are given from records: all between two marks, and figures, written anew."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.record import ROOT

DOCS = ROOT / "docs"


def write_figure(path: Path, figure: Any, *, dpi: int) -> None:
    """Write a Matplotlib figure as .png under a temporary name, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part.png")
    figure.savefig(temporary, dpi=dpi)
    temporary.replace(path)


def write_measured(page: Path, paragraphs: Iterable[str], *, part: str = "measured") -> None:
    """Put paragraphs and tables between the two marks of a page, or of one ``part`` of it.

    Raises
    ------
    ValueError
        If the page has no such marks.
    """
    first, last = (f"<!-- {part}: {place} -->" for place in ("begin", "end"))
    before, mark, rest = page.read_text().partition(first)
    _, end, after = rest.partition(last)
    if not (mark and end):
        raise ValueError(f"{page} has no {first} before a {last}.")
    temporary = page.with_suffix(".part.md")
    temporary.write_text(before + "\n\n".join([first, *paragraphs, last]) + after)
    temporary.replace(page)
