"""The 33 tasks with non-Gaussian or discrete columns: names, data types, their truths."""

import math

import numpy as np
import pytest
from benchmarks import known_mi_tasks
from benchmarks.baselines.columns import float_columns
from benchmarks.known_mi_tasks import POSTER_COLUMNS, TABLES, TASKS
from scipy.stats import entropy, kstest, poisson

BY_NAME = {task.name: task for task in TASKS}
DISCRETE = [task for task in TASKS if task.name.startswith(("Bern", "Poisson", "Cat"))]


def test_there_are_exactly_33_tasks_with_names_of_their_own():
    assert len(TASKS) == 33
    assert len(BY_NAME) == 33
    assert sum(name.startswith("Cat") for name in BY_NAME) == 9


def test_the_posters_columns_have_the_posters_truths():
    truths = [BY_NAME[name].mutual_information for name in POSTER_COLUMNS]
    assert truths == pytest.approx([0.144, 0.719, 0.654, 0.712, 0.516], abs=5e-4)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_draw_has_the_shape_its_task_says_and_repeats(task):
    x, y = task.draw(30, seed=42)
    assert x.shape == (30, task.dim_x)
    assert y.shape == (30, task.dim_y)
    assert all(np.array_equal(a, b) for a, b in zip((x, y), task.draw(30, seed=42), strict=True))
    assert not np.array_equal(x, task.draw(30, seed=43)[0])


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_letters_are_nominal_data_and_everything_else_is_a_number(task):
    x, y = task.draw(5, seed=0)
    kind = "U" if task.name.startswith("Cat") else "f"
    assert x.dtype.kind == y.dtype.kind == kind


@pytest.mark.parametrize("stem", [name[:-3] for name in BY_NAME if name.endswith("-1d")])
def test_the_truth_grows_with_the_number_of_pairs_of_columns(stem):
    one = BY_NAME[f"{stem}-1d"].mutual_information
    larger = [BY_NAME[f"{stem}-{d}d"] for d in (3, 5) if f"{stem}-{d}d" in BY_NAME]
    assert larger
    for task in larger:
        assert task.mutual_information == pytest.approx(task.dim_x * one)


@pytest.mark.parametrize("task", DISCRETE, ids=lambda task: task.name)
def test_counting_cells_in_the_first_pair_of_columns_finds_the_truth(task):
    x, y = (float_columns(side)[:, 0].astype(int) for side in task.draw(100_000, seed=0))
    counts = np.zeros((x.max() + 1, y.max() + 1))
    np.add.at(counts, (x, y), 1)
    counted = entropy(counts.sum(1)) + entropy(counts.sum(0)) - entropy(counts.ravel())
    rows, columns = np.count_nonzero(counts.sum(1)), np.count_nonzero(counts.sum(0))
    bias = (rows - 1) * (columns - 1) / (2 * len(x))  # Miller and Madow, to first order
    assert counted - bias == pytest.approx(task.mutual_information / task.dim_x, abs=0.008)


@pytest.mark.parametrize("rate", [1.0, 2.0, 4.0])
def test_the_poisson_table_is_complete_and_has_poisson_margins(rate):
    table = known_mi_tasks.poisson_table(rate, 2.0)
    margin = poisson.pmf(np.arange(known_mi_tasks.POISSON_CUT), rate + 2)
    assert table.sum() == pytest.approx(1)
    assert np.allclose(table.sum(axis=0), margin)
    assert np.allclose(table.sum(axis=1), margin)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_holds_probabilities_and_its_truth_is_a_sum_of_entropies(name):
    table = TABLES[name]
    assert table.sum() == pytest.approx(1)
    assert (table >= 0).all()
    truth = entropy(table.sum(0)) + entropy(table.sum(1)) - entropy(table.ravel())
    assert BY_NAME[f"Cat-{name}-1d"].mutual_information == pytest.approx(truth)


@pytest.mark.parametrize(("n_letters", "agreement"), [(2, 0.75), (5, 0.44), (6, 0.355)])
def test_the_symmetric_channel_agrees_with_its_table(n_letters, agreement):
    table = np.full((n_letters, n_letters), (1 - agreement) / (n_letters - 1) / n_letters)
    np.fill_diagonal(table, agreement / n_letters)
    closed = known_mi_tasks.symmetric_channel_mutual_information(n_letters, agreement)
    assert closed == pytest.approx(known_mi_tasks.table_mutual_information(table))


def test_beta_and_gamma_margins_are_what_they_are_said_to_be():
    x, y = BY_NAME["Beta-3d"].draw(3000, seed=0)
    assert kstest(x[:, 1], "beta", args=(2, 5)).pvalue > 1e-3
    assert kstest(y[:, 2], "beta", args=(5, 2)).pvalue > 1e-3
    x, y = BY_NAME["Gamma-3d"].draw(3000, seed=0)
    assert kstest(x[:, 1], "gamma", args=(2,)).pvalue > 1e-3
    assert kstest(y[:, 2], "gamma", args=(5, 0, 0.5)).pvalue > 1e-3


@pytest.mark.parametrize("dim", [1, 3, 5])
def test_copula_truths_are_those_of_correlation_one_half(dim):
    for family in ("Beta", "Gamma"):
        truth = BY_NAME[f"{family}-{dim}d"].mutual_information
        assert truth == pytest.approx(-dim * math.log(0.75) / 2)
