"""Every page of the gallery runs, draws its figure, and is listed with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

GALLERY = Path(__file__).parent.parent / "docs" / "gallery"
PAGES = sorted(GALLERY.glob("plot_*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_is_listed_beside_its_figure(page):
    listed = (GALLERY / "README.md").read_text()
    figure = f"{page.stem.removeprefix('plot_')}.png"
    assert f"]({page.name})" in listed
    assert f"]({figure})" in listed
    assert (GALLERY / figure).exists()


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_runs_and_draws(page, tmp_path):
    figure = tmp_path / "figure.png"
    if "causal" in page.stem:
        pytest.importorskip("causallearn", reason="needs the extra causal")
    command = [sys.executable, str(page), str(figure)]
    environment = os.environ | {"MPLBACKEND": "Agg"}
    subprocess.run(command, check=True, timeout=600, env=environment)
    assert figure.read_bytes().startswith(b"\x89PNG")
