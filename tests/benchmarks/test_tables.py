"""The page docs/benchmarks.md: made from records, bad rows and missing records included."""

import dataclasses
import json

import pytest
from benchmarks import bars, published, sections, tables
from benchmarks.bmi_tasks import TASKS
from benchmarks.independent_tasks import TASKS as INDEPENDENT
from benchmarks.known_mi_tasks import TASKS as KNOWN
from benchmarks.markdown import number, span
from benchmarks.measurement import Measurement, write_measurements
from benchmarks.poster import poster_mean
from benchmarks.summary import summarise


def rows_of(tasks, error, *, methods=("infoatlas", "ksg", "gaussian_copula", "larger_of_both")):
    """Two draws of each task; estimates are off by ``error`` and ``error`` + 0.002."""
    return [
        Measurement(
            task=task.name, n_samples=100, seed=seed, draw="0", method=method, seconds=0.1,
            true_mi=task.mutual_information,
            estimate=task.mutual_information + error + 0.002 * seed,
            stderr=0.02, low=0.0, high=9.0, dv=0.1, plug_in=0.2, gaussian=0.3, reliable=True,
        )
        for task in tasks for seed in (0, 1) for method in methods
    ]  # fmt: skip


def test_a_page_shows_every_task_of_every_record(tmp_path):
    write_measurements(tmp_path / "bmi.csv", rows_of([*TASKS, *INDEPENDENT], 0.01))
    write_measurements(tmp_path / "known.csv", rows_of(KNOWN, 0.01))
    (tmp_path / "speed.csv").write_text("repeat,method,seconds\n0,infoatlas,0.1\n0,ksg,0.2\n")
    (tmp_path / "bmi.json").write_text(json.dumps({"commit": "abcdef0123456789", "dirty": True}))
    names = {"bmi": "bmi", "known-mi": "known", "speed": "speed"}
    options = [f"--{option}={tmp_path / name}.csv" for option, name in names.items()]
    page = tmp_path / "docs" / "page.md"
    assert tables.main([*options, f"--out={page}"]) == 0
    text = page.read_text()
    for task in [*TASKS, *INDEPENDENT, *KNOWN]:
        assert f"| `{task.name}` |" in text
    assert "abcdef0123 (dirty)" in text
    assert "| pass |" in text
    assert str(tmp_path) not in text


def test_means_are_errors_of_means_and_single_draw_errors_are_means_of_errors():
    task = TASKS[0]
    rows = rows_of([task], 0.0, methods=("ksg",))
    rows = [dataclasses.replace(row, estimate=row.true_mi + (-1) ** row.seed) for row in rows]
    summary = summarise(rows)[task.name, "ksg"]
    assert summary.error == pytest.approx(0, abs=1e-12)
    assert summary.absolute_error == pytest.approx(1)


def test_a_failed_draw_is_counted_and_the_task_stays_in_the_table():
    rows = rows_of(TASKS[:1], 0.01)
    rows = [dataclasses.replace(row, estimate=None, error="E") for row in rows]
    summary = summarise(rows)[TASKS[0].name, "ksg"]
    assert (summary.n_failed, summary.n_seeds) == (2, 2)
    assert f"| `{TASKS[0].name}` | 0.413 | - ± - | - |" in sections.bmi(rows)


def test_every_choice_of_the_undecided_columns_is_averaged():
    summaries = summarise(rows_of(TASKS, 0.049, methods=("ksg",)))
    means = poster_mean(summaries, published.BMI_COLUMNS, "ksg", relative=False)
    assert len(means) == 4 * 2
    assert means == pytest.approx([0.05] * 8)


def test_a_record_without_one_of_the_posters_tasks_has_no_poster_mean():
    summaries = summarise(rows_of(TASKS[:5], 0.01))
    assert poster_mean(summaries, published.BMI_COLUMNS, "ksg", relative=False) == []


@pytest.mark.parametrize(("error", "verdict"), [(0.001, "pass"), (0.6, "**fail**")])
def test_bars_say_pass_or_fail(error, verdict):
    mine = rows_of([*TASKS, *INDEPENDENT], error, methods=("infoatlas",))
    rival = rows_of(TASKS, 0.07, methods=("larger_of_both",))
    found = [*bars.bmi_bars([*mine, *rival]), *bars.independent_bars(mine)]
    assert {bar.verdict for bar in found} == {verdict}


def test_a_bar_without_a_record_is_neither_passed_nor_failed():
    found = [*bars.bmi_bars([]), *bars.independent_bars([]), *bars.known_bars([])]
    assert {bar.verdict for bar in [*found, bars.speed_bar({})]} == {"no record yet"}


def test_the_slower_method_fails_the_bar_of_speed():
    assert bars.speed_bar({"ksg": [0.2], "infoatlas": [0.1, 0.1, 9.0]}).verdict == "pass"
    assert bars.speed_bar({"ksg": [0.1], "infoatlas": [0.4]}).verdict == "**fail**"


def test_the_published_means_are_means_over_the_five_columns():
    truths = (0.59, 1.02, 0.45, 0.18, 1.02)
    for *values, mean, _ in published.BMI_PUBLISHED.values():
        errors = [abs(value - truth) for value, truth in zip(values, truths, strict=True)]
        assert sum(errors) / 5 == pytest.approx(mean, abs=0.0011)
    truths = (0.144, 0.719, 0.654, 0.712, 0.516)
    for *values, mean, _ in published.KNOWN_MI_PUBLISHED.values():
        biases = [abs(value - truth) / truth for value, truth in zip(values, truths, strict=True)]
        assert sum(biases) / 5 == pytest.approx(mean, abs=0.0021)


def test_every_published_column_names_tasks_of_ours():
    names = {task.name for task in [*TASKS, *KNOWN]}
    columns = {**published.BMI_COLUMNS, **published.KNOWN_MI_COLUMNS}
    assert {name for tasks in columns.values() for name in tasks} <= names
    assert len(published.RELEASED_BMI_TASKS) == 30


def test_numbers_have_fixed_digits_and_no_negative_zero():
    assert number(-0.0001) == "0.000"
    assert number(float("nan")) == number(None) == "-"
    assert span([0.1, 0.3, 0.2]) == "0.100 to 0.300"
    assert span([0.1]) == "0.100"


def test_a_run_under_way_is_not_the_newest_record(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    for name in ("2026-01-01-bmi.csv", "2026-01-02-bmi.partial.csv", "2026-01-03-bmi-scaled.csv"):
        (tmp_path / name).touch()
    assert tables.newest("bmi") == tmp_path / "2026-01-01-bmi.csv"
