"""Pictures of a matrix: what is drawn, and what is refused."""

import sys

import numpy as np
import pytest

from infoatlas import PairwiseMutualInformation

pytest.importorskip("matplotlib")


def result(count=4, units="nats"):
    rng = np.random.default_rng(0)
    mi = rng.uniform(0.01, 0.8, size=(count, count))
    mi = (mi + mi.T) / 2
    np.fill_diagonal(mi, np.nan)
    return PairwiseMutualInformation(
        names=tuple("abcdefghijklmnopqrstuvwxyz"[:count]), mi=mi, stderr=mi, reliable=mi > 0,
        n_samples=np.full(mi.shape, 50), units=units, model="stub",
    )  # fmt: skip


@pytest.mark.parametrize("values", ["mi", "normalised"])
def test_a_heatmap_shows_every_pair_and_leaves_the_diagonal_empty(values, tmp_path):
    matrix = result()
    axes = matrix.heatmap(values=values)
    shown = np.asarray(axes.images[0].get_array().filled(np.nan))
    expected = matrix.mi if values == "mi" else matrix.normalised()
    off = ~np.eye(4, dtype=bool)
    assert np.array_equal(shown[off], expected[off])
    assert np.isnan(np.diag(shown)).all()
    assert len(axes.texts) == 12
    axes.figure.savefig(tmp_path / "matrix.png")
    assert (tmp_path / "matrix.png").stat().st_size > 0


def test_a_large_heatmap_has_no_numbers_in_its_cells():
    assert len(result(20).heatmap().texts) == 0


@pytest.mark.parametrize("threshold", [0.0, 0.6, 0.7, 1.0])
def test_a_graph_has_a_line_for_each_strong_pair(threshold):
    matrix = result()
    strong = np.triu(matrix.normalised() >= threshold, 1).sum()
    axes = matrix.graph(threshold=threshold)
    assert len(axes.lines) == strong
    assert [text.get_text() for text in axes.texts] == list(matrix.names)


def test_both_draw_where_they_are_told():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    left, right = figure.subplots(1, 2)
    assert result().heatmap(axes=left) is left
    assert result().graph(axes=right) is right


def test_bad_options_are_refused_in_words():
    with pytest.raises(ValueError, match='values must be "mi" or "normalised", got \'bits\''):
        result().heatmap(values="bits")
    with pytest.raises(ValueError, match=r"threshold must be between 0 and 1, got 30"):
        result().graph(threshold=30)


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r'pip install "infoatlas\[plots\]"'):
        result().heatmap()
