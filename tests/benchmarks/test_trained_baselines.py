"""MINE, InfoNCE and SMILE: their bounds as formulas, their training, and the resumable record."""

import math

import numpy as np
import pytest
import torch
from benchmarks import bmi_tasks, published, trained_baselines
from benchmarks.baselines.info_nce import contrast, info_nce
from benchmarks.baselines.mine import donsker_varadhan, mine
from benchmarks.baselines.smile import CLIP, clipped, smile
from benchmarks.baselines.trained import PROTOCOLS, TRAINED
from benchmarks.baselines.trained_critic import Protocol, draw_partners, product_values
from benchmarks.measurement import read_measurements

QUICK = Protocol(width=64, learning_rate=2e-3, epochs=60, patience=10, validation_partners=8)
N = 400


def exact(x, y):
    """Pointwise mutual information of two Gaussian columns with correlation 0.75."""
    rho = bmi_tasks.CORRELATION
    quadratic = (rho * rho * (x**2 + y**2) - 2 * rho * x * y) / (2 * (1 - rho * rho))
    return -0.5 * math.log(1 - rho * rho) - quadratic.squeeze(1)


@pytest.fixture
def sides():
    x, y = bmi_tasks.bivariate_normal().draw(5000, seed=0)
    return torch.from_numpy(x).float(), torch.from_numpy(y).float()


def partners(n, count, seed=0):
    return draw_partners(n, count, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("bound", [donsker_varadhan, contrast, clipped])
def test_a_bound_at_the_exact_critic_is_near_the_truth_and_not_above(bound, sides):
    truth = bmi_tasks.bivariate_normal().mutual_information
    value = float(bound(exact, *sides, partners(5000, 50)))
    # 0.02: scatter of the mean pointwise value over draws of 5000 rows is 0.01
    assert truth - 0.04 < value < truth + 0.02


def test_info_nce_cannot_exceed_the_log_of_its_candidates(sides):
    value = float(contrast(lambda x, y: 1000 * (x * y).squeeze(1), *sides, partners(5000, 4)))
    assert value <= math.log(4)


def test_smile_is_mine_where_the_critic_stays_within_the_clip(sides):
    pairs = partners(5000, 4)
    assert clipped(exact, *sides, pairs) != donsker_varadhan(exact, *sides, pairs)
    inside = lambda x, y: exact(x, y).clamp(-CLIP, CLIP)  # noqa: E731
    assert clipped(exact, *sides, pairs) == donsker_varadhan(inside, *sides, pairs)


def test_every_partner_list_is_an_order_of_the_rows_and_pieces_do_not_matter(sides, monkeypatch):
    pairs = partners(5000, 3)
    assert (pairs.sort(dim=1).values == torch.arange(5000)).all()
    whole = product_values(exact, *sides, pairs)
    monkeypatch.setattr("benchmarks.baselines.trained_critic.EVALUATION_ROWS", 700)
    assert torch.equal(product_values(exact, *sides, pairs), whole)


@pytest.mark.parametrize("method", [mine, info_nce, smile])
def test_training_finds_a_strong_dependence_and_repeats_exactly(method):
    x, y = bmi_tasks.bivariate_normal().draw(2000, seed=0)
    value = method(x, y, protocol=QUICK)
    truth = bmi_tasks.bivariate_normal().mutual_information
    assert value.in_sample == pytest.approx(truth, abs=0.1)
    assert value.held_out == pytest.approx(truth, abs=0.15)  # 400 rows: scatter 0.04
    assert value.epochs <= QUICK.epochs
    assert method(x, y, protocol=QUICK) == value
    assert method(x, y, protocol=QUICK, seed=1) != value


def test_training_does_not_touch_the_random_numbers_of_the_caller():
    x, y = bmi_tasks.bivariate_normal().draw(200, seed=0)
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    mine(x, y, protocol=Protocol(width=8, epochs=1))
    assert torch.equal(torch.rand(2), expected)


def test_it_stops_when_nothing_improves():
    x, y = np.random.default_rng(0).standard_normal((2, N, 1))
    value = mine(x, y, protocol=Protocol(width=64, learning_rate=0.01, patience=3, epochs=500))
    assert value.epochs < 100


def test_the_runs_are_the_posters_columns_thrice_and_mine_on_all_bmi_tasks():
    runs = list(trained_baselines.runs())
    assert len({run.key for run in runs}) == len(runs) == 3 * 10 + 35
    mine_tasks = {run.task.name for run in runs if run.method == "mine"}
    assert mine_tasks >= {task.name for task in bmi_tasks.TASKS} | set(published.KNOWN_MI_COLUMNS)
    assert {run.method for run in runs} == set(TRAINED)


def test_an_interrupted_record_goes_on_and_another_protocol_is_refused(tmp_path, monkeypatch):
    out = tmp_path / "record.csv"
    monkeypatch.setitem(PROTOCOLS, "one-core", Protocol(width=8, epochs=1))
    few = list(trained_baselines.runs())[:3]
    monkeypatch.setattr(trained_baselines, "runs", lambda: iter(few))
    done = []
    measure = trained_baselines.measure

    def counted(run, protocol):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(run)
        return measure(run, protocol)

    monkeypatch.setattr(trained_baselines, "measure", counted)
    with pytest.raises(KeyboardInterrupt):
        trained_baselines.main(["--out", str(out)])
    assert len(read_measurements(out)) == 1
    monkeypatch.setattr(trained_baselines, "measure", measure)
    trained_baselines.main(["--out", str(out)])
    rows = read_measurements(out)
    assert [row.key for row in rows] == [run.key for run in few]
    assert all(row.held_out is not None and row.error is None for row in rows)
    with pytest.raises(SystemExit, match="another protocol"):
        trained_baselines.main(["--out", str(out), "--protocol", "published"])


def test_a_failure_is_a_row(monkeypatch):
    def fail(*_, **__):
        raise ValueError("no")

    monkeypatch.setitem(TRAINED, "mine", fail)
    row = trained_baselines.measure(next(trained_baselines.runs()), PROTOCOLS["one-core"])
    assert (row.estimate, row.error) == (None, "ValueError: no")
