"""The README's example prints what the README says."""

import contextlib
import io
import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
LAST_DIGITS = 2e-3  # processors sum in different orders; the last printed digits may differ


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)


def test_the_first_example_prints_what_stands_below_it():
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(blocks("python")[0], {})
    found, promised = printed.getvalue().split(), blocks("text")[0].split()
    assert len(found) == len(promised)
    for one, other in zip(found, promised, strict=True):
        try:
            assert float(one) == pytest.approx(float(other), abs=LAST_DIGITS)
        except ValueError:
            assert one == other
