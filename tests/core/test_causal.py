"""The adapter for causal-learn: what it asks, what it keeps, and a graph that it finds."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from infoatlas.causal import CachedTest, causal_learn_test


def columns(n=200, seed=0):
    a, b, e = np.random.default_rng(seed).normal(size=(3, n))
    return np.column_stack([a, b, a**2 + 2 * np.abs(b) + 0.5 * e])


def test_independent_causes_depend_on_each_other_given_their_effect():
    pvalue = CachedTest(columns())
    assert pvalue(0, 1, ()) > 0.05
    assert pvalue(0, 1, (2,)) == 1 / 200
    assert pvalue(0, 2, ()) == 1 / 200


def test_a_pvalue_depends_on_the_columns_only_and_not_on_when_it_is_asked_for():
    data = columns()
    one, other = CachedTest(data), CachedTest(data)
    other(0, 2, ())
    assert one(1, 2, (0,)) == other(2, 1, [0])


def test_a_pvalue_is_computed_once(monkeypatch):
    pvalue = CachedTest(columns(), n_permutations=19)
    first = pvalue(0, 1, (2,))
    monkeypatch.setattr(pvalue, "_test", None)
    assert pvalue(1, 0, [2]) == first


def test_nominal_columns_are_read_as_names():
    rng = np.random.default_rng(0)
    city = rng.integers(0, 4, size=200)
    data = np.column_stack([city, np.isin(city, (0, 3)) + 0.2 * rng.normal(size=200)])
    assert CachedTest(data, nominal=[0])(0, 1, ()) == 1 / 200


def test_without_causal_learn_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "causallearn.utils.cit", None)
    with pytest.raises(ImportError, match=r'pip install "infoatlas\[causal\]"'):
        causal_learn_test()


@pytest.mark.extra
def test_pc_finds_a_collider_that_no_correlation_shows():
    pc = pytest.importorskip("causallearn.search.ConstraintBased.PC", reason="causal-learn").pc
    data = columns()
    found = pc(data, 0.02, causal_learn_test(), n_permutations=99, show_progress=False).G.graph
    # causal-learn: graph[j, i] = 1 and graph[i, j] = -1 is i -> j
    np.testing.assert_array_equal(found, [[0, 0, -1], [0, 0, -1], [1, 1, 0]])
    fisherz = pc(data, 0.02, "fisherz", show_progress=False).G.graph
    assert not fisherz.any()


@pytest.mark.extra
def test_the_gallery_page_finds_its_graph_where_fishers_z_does_not(tmp_path):
    pytest.importorskip("causallearn", reason="causal-learn")
    page = Path(__file__).parents[2] / "docs" / "gallery" / "plot_causal_graph.py"
    picture = tmp_path / "graph.png"
    done = subprocess.run(
        [sys.executable, page, picture], capture_output=True, text=True, check=True
    )
    assert "InfoAtlas: 0 wrong edges\nFisher's z: 4 wrong edges" in done.stdout
    assert picture.stat().st_size > 10_000
