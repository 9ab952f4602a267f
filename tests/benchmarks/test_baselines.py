"""Classical estimators against closed forms, against a textbook loop, and their symmetries."""

import math
import sys

import numpy as np
import pytest
from benchmarks import bmi_tasks
from benchmarks.baselines import BASELINES, gaussian_copula, ksg, larger_of_both, mixed_ksg
from benchmarks.baselines.columns import float_columns
from scipy.special import digamma

ksg_module = sys.modules[ksg.__module__]

CONTINUOUS = [
    bmi_tasks.bivariate_normal(),
    bmi_tasks.dense(2),
    bmi_tasks.asinh(bmi_tasks.student(5, 2)),
]


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("seed", range(3))
def test_a_baseline_finds_the_mutual_information_of_a_small_gaussian(name, seed):
    task = bmi_tasks.bivariate_normal()
    estimate = BASELINES[name](*task.draw(2000, seed))
    # scatter of KSG and of the copula over seeds is 0.02 here
    assert estimate == pytest.approx(task.mutual_information, abs=3 * 0.02)


@pytest.mark.parametrize("task", CONTINUOUS, ids=lambda task: task.name)
@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_is_symmetric_in_x_and_y(name, task):
    x, y = task.draw(400, seed=0)
    assert BASELINES[name](x, y) == pytest.approx(BASELINES[name](y, x), abs=1e-9)


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_does_not_care_about_the_order_of_rows_or_about_scale(name):
    x, y = bmi_tasks.dense(3).draw(300, seed=0)
    order = np.random.default_rng(0).permutation(300)
    expected = BASELINES[name](x, y)
    assert BASELINES[name](x[order], y[order]) == pytest.approx(expected, abs=1e-9)
    assert BASELINES[name](100 * x - 7, 0.01 * y) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("dims", [(1, 1), (2, 1), (4, 4)])
def test_ksg_agrees_with_a_textbook_loop(dims):
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((60, dims[0])), generator.standard_normal((60, dims[1]))
    y[:, 0] += x[:, 0]
    x, y = (x - x.mean(0)) / x.std(0), (y - y.mean(0)) / y.std(0)
    apart_x = np.abs(x[:, None] - x).max(axis=2)
    apart_y = np.abs(y[:, None] - y).max(axis=2)
    values = []
    for i in range(60):
        others = np.arange(60) != i
        radius = np.sort(np.maximum(apart_x, apart_y)[i, others])[2]
        n_x = np.count_nonzero(apart_x[i, others] < radius)
        n_y = np.count_nonzero(apart_y[i, others] < radius)
        values.append(digamma(3) + digamma(60) - digamma(n_x + 1) - digamma(n_y + 1))
    assert ksg(x, y, n_neighbors=3) == pytest.approx(np.mean(values), abs=1e-9)


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_trees_and_all_pairs_count_the_same_neighbours(dim):
    x, y = bmi_tasks.student(dim, 2).draw(700, seed=0)
    with_trees = ksg_module._count_with_trees(x, y, 5)
    with_pairs = ksg_module._count_all_pairs(x, y, 5)
    assert np.array_equal(with_trees, with_pairs)


def test_ksg_sees_a_fair_coin_through_ties():
    x = np.random.default_rng(0).integers(0, 2, size=(1000, 1)).astype(float)
    assert ksg(x, x) > 0.5  # far from the 10 nats that zero distances would give
    assert ksg(x, x) == pytest.approx(math.log(2), abs=0.1)


@pytest.mark.parametrize("agreement", [0.6, 0.75, 1.0])
def test_mixed_ksg_agrees_with_the_table_where_both_sides_are_discrete(agreement):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, size=(2000, 1)).astype(float)
    y = np.where(rng.uniform(size=x.shape) < agreement, x, 1 - x)
    table = np.histogram2d(x[:, 0], y[:, 0], bins=2)[0] / len(x)
    margins = np.outer(table.sum(1), table.sum(0))
    plug_in = np.sum(table[table > 0] * np.log(table[table > 0] / margins[table > 0]))
    # what is left between the two: digamma(m) - log(m) of m copies, 1 / 2m in each of 4 cells
    assert mixed_ksg(x, y) == pytest.approx(plug_in, abs=2 * 4 / (2 * 2000))


def test_mixed_ksg_finds_the_value_of_a_mixture_of_atoms_and_density():
    # half of the rows equal (an atom), half independent: the paper's first kind of mixture
    rng = np.random.default_rng(0)
    coin = rng.integers(0, 2, size=(4000, 1))
    x = coin * rng.uniform(1, 2, size=(4000, 1))  # 0, or uniform on (1, 2)
    y = coin * rng.uniform(1, 2, size=(4000, 1))
    assert mixed_ksg(x, y) == pytest.approx(math.log(2), abs=0.03)


@pytest.mark.parametrize("change", [np.exp, np.arctan, lambda values: values**3])
def test_the_gaussian_copula_does_not_see_monotone_maps(change):
    x, y = bmi_tasks.dense(3).draw(500, seed=0)
    assert gaussian_copula(change(x), y) == pytest.approx(gaussian_copula(x, y), abs=1e-12)


@pytest.mark.parametrize("dim", [1, 3])
def test_bias_correction_brings_independent_columns_to_zero_on_average(dim):
    generator = np.random.default_rng(0)
    draws = [generator.standard_normal((2, 100, dim)) for _ in range(200)]
    raw = np.array([gaussian_copula(x, y, bias_corrected=False) for x, y in draws])
    corrected = np.array([gaussian_copula(x, y) for x, y in draws])
    standard_error = corrected.std() / len(draws) ** 0.5
    assert corrected.mean() == pytest.approx(0, abs=4 * standard_error)
    assert raw.mean() == pytest.approx(dim**2 / 200, rel=0.25)  # dim_x dim_y / (2 n)


def test_the_larger_of_both_is_the_larger_of_both():
    x, y = bmi_tasks.asinh(bmi_tasks.student(1, 1)).draw(500, seed=0)
    assert larger_of_both(x, y) == max(ksg(x, y), gaussian_copula(x, y)) == ksg(x, y)
    x, y = bmi_tasks.sparse(5).draw(500, seed=0)
    assert larger_of_both(x, y) == gaussian_copula(x, y) > ksg(x, y)


def test_letters_become_their_place_in_the_alphabet_and_vectors_become_columns():
    letters = np.array([["b", "x"], ["a", "x"], ["c", "y"]])
    assert np.array_equal(float_columns(letters), [[1, 0], [0, 0], [2, 1]])
    assert float_columns(np.arange(3)).shape == (3, 1)
    assert float_columns(letters.astype(object)).dtype == np.float64
