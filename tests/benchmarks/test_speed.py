"""Timing: methods take turns, and the record holds every call."""

import csv
import json

from benchmarks import speed


def test_methods_are_called_in_turns_after_one_untimed_round():
    calls = []
    estimators = {name: lambda x, y, name=name: calls.append((name, x.shape)) for name in "ab"}
    rows = speed.time_in_turns(estimators, n_samples=50, repeats=2)
    assert calls == [("a", (50, 5)), ("b", (50, 5))] * 3
    assert [(repeat, name) for repeat, name, _ in rows] == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]
    assert all(seconds >= 0 for _, _, seconds in rows)


def test_a_record_holds_every_call_and_says_how_it_was_made(tmp_path, capsys):
    out = tmp_path / "speed.csv"
    arguments = ["--methods", "ksg", "gaussian_copula", "--n", "100", "--repeats", "3"]
    assert speed.main([*arguments, "--out", str(out)]) == 0
    with out.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 6
    assert json.loads(out.with_suffix(".json").read_text())["task"] == "multinormal-dense-5-5-0.5"
    assert "ksg" in capsys.readouterr().out
