import pytest
from benchmarks import policies
from benchmarks.policies import main, print_table, rate_of, summarise
from benchmarks.policies_figure import save_figure
from benchmarks.row_record import read_rows

from infoatlas_plugins.key_states import write_maniskill
from infoatlas_plugins.key_states.sample import read_sample


def rows_of(variant, seed, seen, unseen):
    common = {"study": "comparison", "task": "PickCube-v1", "variant": variant, "seed": seed}
    return [
        {**common, "split": "seen", "outcomes": seen},
        {**common, "split": "unseen", "outcomes": unseen},
    ]


ROWS = [
    *rows_of("infoatlas", "0", "1111", "1100"),
    *rows_of("chunked", "0", "1000", "0000"),
    *rows_of("infoatlas", "1", "1110", "0100"),
]


def test_episodes_of_all_seeds_are_counted_together_and_apart(capsys):
    splits = summarise(ROWS)["comparison", "PickCube-v1", "infoatlas"]
    rate = rate_of(splits["unseen"])
    assert (rate.successes, rate.episodes) == (3, 8)
    print_table(ROWS)
    assert "| infoatlas | 7 of 8 (53 to 98 %): 4, 3 | 3 of 8 (14 to 69 %): 2, 1 |" in (
        capsys.readouterr().out
    )


def test_the_figure_is_drawn(tmp_path):
    save_figure(tmp_path / "policies.png", ROWS)
    assert (tmp_path / "policies.png").read_bytes().startswith(b"\x89PNG")


def test_every_rival_has_the_same_budget():
    budgets = {
        (config.n_iterations, config.batch_size, config.context, config.chunk, count)
        for config, count in policies.COMPARISON.values()
    }
    assert len(budgets) == 1


def test_each_remedy_changes_one_thing_of_the_bare_policy():
    bare, few = policies.OVER_FITTING["flat state"]
    for name, (config, count) in policies.OVER_FITTING.items():
        changed = [f for f in bare.__dataclass_fields__ if getattr(bare, f) != getattr(config, f)]
        if name != "flat state" and "together" not in name:
            assert len(changed) + (count != few) == 1, name


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_run_that_is_stopped_goes_on_where_it_was(tmp_path, monkeypatch, capsys):
    demos, out, asked = tmp_path / "PickCube-v1.h5", tmp_path / "policies.csv", []
    write_maniskill(demos, read_sample().first(3))

    def train_and_roll_out(demonstrations, config, folder, episodes):
        asked.append((folder.name, len(demonstrations), config.random_state, episodes))
        return [{"split": s, "outcomes": "1" * episodes} for s in ("seen", "unseen")]

    monkeypatch.setattr(policies, "train_and_roll_out", train_and_roll_out)
    options = ["--study", "comparison", "--demos", str(demos), "--episodes", "2",
               "--out", str(out), "--work", str(tmp_path), "--variants", "chunked"]  # fmt: skip
    assert main([*options, "--seeds", "0"]) == 0
    assert main([*options, "--seeds", "0", "1"]) == 0
    assert asked == [
        ("comparison-PickCube-v1-chunked-0", 3, 0, 2),
        ("comparison-PickCube-v1-chunked-1", 3, 1, 2),
    ]
    assert len(read_rows(out)) == 4
