import pytest
from benchmarks.key_states_time import draw_pairs, main, medians, time_in_turns
from benchmarks.row_record import read_rows
from numpy.random import default_rng

pytest.importorskip("h5py", reason="reads the shipped demonstrations")


def test_pairs_are_states_and_the_states_before_of_all_demonstrations():
    after, before = draw_pairs(default_rng(0))
    assert after.shape == before.shape == (100, 4)
    assert ((after - before) ** 2).mean() < 0.2 * after.var()  # two steps apart


def test_every_method_is_timed_once_in_each_round():
    rows = list(time_in_turns(["gaussian", "mine-100"], rounds=2))
    assert [(row["round"], row["method"]) for row in rows] == [
        (0, "gaussian"), (0, "mine-100"), (1, "gaussian"), (1, "mine-100"),
    ]  # fmt: skip
    assert medians(rows)["gaussian"][1] < medians(rows)["mine-100"][1]


def test_a_record_is_not_written_over(tmp_path):
    out = tmp_path / "time.csv"
    options = ["--methods", "gaussian", "--rounds", "1", "--out", str(out)]
    assert main(options) == 0
    assert len(read_rows(out)) == 1
    with pytest.raises(SystemExit, match="records are never edited"):
        main(options)
