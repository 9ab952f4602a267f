"""Methods by name: what is kept of an InfoAtlas result, and that baselines need no weights."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from benchmarks import bmi, estimators
from benchmarks.measurement import read_measurements


@pytest.fixture
def calls(monkeypatch):
    """A stand-in for the package, which notes how it was called."""
    seen = []

    def mutual_information(x, y, *, model, series=False):
        seen.append((x.shape, y.shape, model, series))
        return SimpleNamespace(
            mi=np.float64(0.4), stderr=0.01, dv=0.3, plug_in=0.5, gaussian=0.2, reliable=np.True_,
            model="base-v1 0123abcd", confidence_interval=lambda: (0.39, 0.45),
        )  # fmt: skip

    package = SimpleNamespace(mutual_information=mutual_information)
    monkeypatch.setitem(sys.modules, "infoatlas", package)
    return seen


def test_infoatlas_is_asked_for_the_model_that_was_named(calls):
    found = estimators.load_estimators(["infoatlas", estimators.SERIES], model="mine")
    reading, _ = (read(np.zeros((5, 2)), np.zeros((5, 3))) for read in found.values())
    assert calls == [((5, 2), (5, 3), "mine", series) for series in (False, True)]
    assert (reading.estimate, reading.stderr, reading.dv, reading.plug_in) == (0.4, 0.01, 0.3, 0.5)
    assert (reading.gaussian, reading.reliable) == (0.2, True)
    assert (reading.low, reading.high) == (0.39, 0.45)


def test_a_record_keeps_the_other_fields_of_a_result_and_the_model(calls, tmp_path, monkeypatch):
    monkeypatch.setattr(estimators, "checkpoint_sha256", lambda model, described: "0123abcd")
    out = tmp_path / "record.csv"
    arguments = ["--tasks", "1v1-additive", "--n", "50", "--seeds", "1", "--methods", "infoatlas"]
    bmi.main([*arguments, "--out", str(out)])
    rows = read_measurements(out)
    assert [(row.estimate, row.dv, row.reliable) for row in rows] == [(0.4, 0.3, True)] * 2
    assert '"model": "base-v1 0123abcd"' in out.with_suffix(".json").read_text()
    assert calls[0][0] == (200, 1)  # the untimed call that loads the weights
    assert len(calls) == 3


def test_baselines_need_no_infoatlas(monkeypatch):
    monkeypatch.setitem(sys.modules, "infoatlas", None)  # an import of it would fail
    found = estimators.load_estimators(["ksg", "gaussian_copula"], model="default")
    x, y = np.random.default_rng(0).standard_normal((2, 50, 1))
    assert found["ksg"](x, y).stderr is None
