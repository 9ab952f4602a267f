"""The measured part of a page: everything between two marks, written anew from records."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmarks.record import ROOT

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
DOCS = ROOT / "docs"


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
