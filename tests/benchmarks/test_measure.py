"""A benchmark run: every reading is kept, an interrupted run goes on, old baselines are reused."""

import dataclasses
import json

import pytest
from benchmarks import bmi, known_mi, measure
from benchmarks.measurement import (
    Measurement,
    append_measurements,
    read_measurements,
    write_measurements,
)

BASELINES = ["--methods", "ksg", "gaussian_copula", "larger_of_both"]
ONE_TASK = ["--tasks", "1v1-additive-0.75", "--n", "100", "--seeds", "2", *BASELINES]

ROW = Measurement(
    task="a",
    n_samples=10,
    seed=0,
    draw="00ff",
    method="ksg",
    true_mi=0.5,
    estimate=0.25,
    seconds=1.5,
)


def run(*arguments):
    return bmi.main([str(argument) for argument in arguments])


def test_rows_come_back_from_a_file_as_they_were_written(tmp_path):
    full = dataclasses.replace(ROW, stderr=0.1, dv=0.2, plug_in=0.3, gaussian=0.0, reliable=False)
    failed = dataclasses.replace(
        ROW, seed=1, estimate=None, seconds=None, error="ValueError: no, why"
    )
    write_measurements(tmp_path / "record.csv", [ROW, full, failed])
    assert read_measurements(tmp_path / "record.csv") == [ROW, full, failed]
    assert [path.name for path in tmp_path.iterdir()] == ["record.csv"]


def test_a_missing_record_has_no_rows(tmp_path):
    assert read_measurements(tmp_path / "none.csv") == []


def test_a_run_writes_one_row_per_task_seed_and_method_and_says_how_it_was_made(tmp_path, capsys):
    out = tmp_path / "record.csv"
    assert run(*ONE_TASK, "--out", out) == 0
    rows = read_measurements(out)
    assert [(row.seed, row.method) for row in rows] == [
        (seed, method) for seed in (0, 1) for method in BASELINES[1:]
    ]
    for seed in (0, 1):
        one, two, larger = (row.estimate for row in rows if row.seed == seed)
        assert larger == max(one, two)
    about = json.loads(out.with_suffix(".json").read_text())
    assert {"date", "commit", "dirty", "command", "machine", "versions", "n_samples"} <= set(about)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["record.csv", "record.json"]
    assert "larger_of_both" in capsys.readouterr().out


def test_a_record_is_never_written_over(tmp_path):
    out = tmp_path / "record.csv"
    out.write_text("precious\n")
    with pytest.raises(SystemExit, match="records are never edited"):
        run(*ONE_TASK, "--out", out)
    assert out.read_text() == "precious\n"


def test_an_unknown_task_is_an_error(tmp_path):
    with pytest.raises(SystemExit, match="no task has 'nonsense'"):
        run("--tasks", "nonsense", "--out", tmp_path / "record.csv")


def test_an_interrupted_run_goes_on_and_measures_nothing_twice(tmp_path, monkeypatch):
    out = tmp_path / "record.csv"
    run(*ONE_TASK, "--out", out)
    rows = read_measurements(out)
    partial = tmp_path / "again.partial.csv"
    append_measurements(partial, rows[:4])
    monkeypatch.setattr(measure, "load_estimators", _counting(calls := []))
    run(*ONE_TASK, "--out", tmp_path / "again.csv")
    assert calls == ["gaussian_copula"]  # the last one missing; the larger of both is a comparison
    assert read_measurements(tmp_path / "again.csv")[:4] == rows[:4]
    assert not partial.exists()


def test_a_run_does_not_go_on_with_other_data(tmp_path):
    out = tmp_path / "record.csv"
    (tmp_path / "record.partial.json").write_text('{"n_samples": 99}')
    with pytest.raises(SystemExit, match="begun with n_samples = 99, now it is 100"):
        run(*ONE_TASK, "--out", out)


def test_baselines_are_reused_where_the_rows_are_the_same(tmp_path, monkeypatch):
    old = tmp_path / "old.csv"
    run(*ONE_TASK, "--out", old)
    monkeypatch.setattr(measure, "load_estimators", _counting(calls := []))
    run(*ONE_TASK, "--reuse-baselines", old, "--out", tmp_path / "new.csv")
    assert calls == []
    assert read_measurements(tmp_path / "new.csv") == read_measurements(old)


def test_baselines_of_other_rows_are_measured_again(tmp_path, monkeypatch):
    old = tmp_path / "old.csv"
    run(*ONE_TASK, "--out", old)
    rows = read_measurements(old)
    write_measurements(old, [dataclasses.replace(row, draw="0" * 8) for row in rows])
    monkeypatch.setattr(measure, "load_estimators", _counting(calls := []))
    run(*ONE_TASK, "--reuse-baselines", old, "--out", tmp_path / "new.csv")
    assert calls == ["ksg", "gaussian_copula"] * 2


def test_a_failure_is_a_row_and_the_run_goes_on(tmp_path, monkeypatch):
    def broken(names, *, model):
        def fail(x, y):
            raise ValueError(f"cannot read {x.shape}")

        return dict.fromkeys(names, fail)

    monkeypatch.setattr(measure, "load_estimators", broken)
    out = tmp_path / "record.csv"
    run(*ONE_TASK, "--out", out)
    rows = read_measurements(out)
    assert len(rows) == 6
    assert {row.error for row in rows} == {"ValueError: cannot read (100, 1)"}
    assert all(row.estimate is None for row in rows)


def test_known_mi_begins_at_seed_42_with_1000_rows(tmp_path):
    out = tmp_path / "record.csv"
    known_mi.main(["--tasks", "Beta-1d", "--seeds", "1", *BASELINES, "--out", str(out)])
    assert {(row.seed, row.n_samples) for row in read_measurements(out)} == {(42, 1000)}


def _counting(calls):
    """A stand-in for load_estimators that notes which estimators were called."""
    load = measure.load_estimators

    def load_counting(names, *, model):
        def counted(name, estimator):
            def read(x, y):
                calls.append(name)
                return estimator(x, y)

            return read

        return {name: counted(name, one) for name, one in load(names, model=model).items()}

    return load_counting
