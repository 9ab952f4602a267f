"""The calibration record: fresh data sets of every family, and no run that mixes two weights."""

import json

import pytest
from benchmarks.calibration import main
from benchmarks.measurement import read_measurements

from infoatlas.pretraining import FAMILIES


def record(out):
    return main(["--n", "64", "--data-sets", "1", "--out", str(out)])


def test_every_family_is_in_the_record_once(tmp_path):
    out = tmp_path / "calibration.csv"
    assert record(out) == 0
    rows = read_measurements(out)
    assert sorted(row.task for row in rows) == sorted(FAMILIES)
    assert all(row.low <= row.estimate <= row.high for row in rows)
    described = json.loads(out.with_suffix(".json").read_text())
    assert described["data_sets"] == 1
    assert len(described["checkpoint_sha256"]) == 64
    assert [path.name for path in tmp_path.glob("*partial*")] == []


def test_a_run_of_other_weights_is_not_gone_on_with(tmp_path):
    begun = {"n_samples": [64], "model": "flagship (000000000000)", "checkpoint_sha256": "0"}
    (tmp_path / "calibration.partial.json").write_text(json.dumps(begun))
    with pytest.raises(SystemExit, match="begun with model"):
        record(tmp_path / "calibration.csv")
    assert not (tmp_path / "calibration.csv").exists()
