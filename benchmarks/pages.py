"""What pages are given from records: all between two marks, and figures, written anew."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.record import ROOT

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
DOCS = ROOT / "docs"


def write_figure(path: Path, figure: Any, *, dpi: int) -> None:
    """Write a Matplotlib figure as .png under a temporary name, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part.png")
    figure.savefig(temporary, dpi=dpi)
    temporary.replace(path)


def write_measured(page: Path, paragraphs: Iterable[str]) -> None:
    """Put paragraphs and tables between the two marks of a page.

    Raises
    ------
    ValueError
        If the page has no such marks.
    """
    before, mark, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (mark and end):
        raise ValueError(f"{page} has no {BEGIN} before a {END}.")
    temporary = page.with_suffix(".part.md")
    temporary.write_text(before + "\n\n".join([BEGIN, *paragraphs, END]) + after)
    temporary.replace(page)
