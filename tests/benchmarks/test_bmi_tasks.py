"""The 40 BMI tasks: names, shapes, and truths by a second route each."""

import math

import numpy as np
import pytest
from benchmarks import bmi_tasks
from benchmarks.bmi_tasks import TASKS
from scipy.stats import kstest, multivariate_t, norm, rankdata, spearmanr

BY_NAME = {task.name: task for task in TASKS}

STUDENT_TRUTHS = {  # printed in the BMI paper's package, nats
    (1, 1): 0.2242,
    (2, 1): 0.4319,
    (2, 2): 0.1931,
    (3, 2): 0.2909,
    (3, 3): 0.1787,
    (5, 2): 0.4482,
    (5, 3): 0.2985,
}


def test_there_are_exactly_40_tasks_with_names_of_their_own():
    assert len(TASKS) == 40
    assert len(BY_NAME) == 40


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_draw_has_the_shape_its_task_says_and_no_missing_values(task):
    x, y = task.draw(50, seed=0)
    assert x.shape == (50, task.dim_x)
    assert y.shape == (50, task.dim_y)
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_seed_repeats_its_draw_and_another_seed_does_not(task):
    first, again, other = task.draw(20, 3), task.draw(20, 3), task.draw(20, 4)
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_two_tasks_do_not_share_their_random_numbers():
    first = BY_NAME["multinormal-sparse-5-5-2-2.0"].draw(20, 0)[0]
    second = BY_NAME["half_cube-multinormal-sparse-5-5-2-2.0"].draw(20, 0)[0]
    assert abs(spearmanr(first[:, 0], second[:, 0]).statistic) < 0.9


@pytest.mark.parametrize("dim", [2, 3, 5, 25, 50])
def test_the_dense_truth_is_that_of_its_one_canonical_correlation(dim):
    correlation = dim * 0.5 / (1 + (dim - 1) * 0.5)  # of the two sums; all else is independent
    truth = BY_NAME[f"multinormal-dense-{dim}-{dim}-0.5"].mutual_information
    assert truth == pytest.approx(-math.log(1 - correlation**2) / 2)


@pytest.mark.parametrize(
    "task", [task for task in TASKS if "sparse" in task.name], ids=lambda task: task.name
)
def test_every_sparse_truth_is_that_of_two_pairs_with_correlation_0_8(task):
    assert task.mutual_information == pytest.approx(-math.log(1 - 0.8**2))


@pytest.mark.parametrize(
    "task", [task for task in TASKS if "1v1-normal" in task.name], ids=lambda task: task.name
)
def test_maps_of_the_bivariate_normal_keep_its_truth(task):
    assert task.mutual_information == pytest.approx(-math.log(1 - 0.75**2) / 2)


@pytest.mark.parametrize(("dim", "freedom"), STUDENT_TRUTHS)
def test_the_student_truth_is_the_mean_log_density_ratio_of_its_own_rows(dim, freedom):
    task = BY_NAME[f"student-identity-{dim}-{dim}-{freedom}"]
    x, y = task.draw(40_000, seed=0)
    joint = multivariate_t(shape=np.eye(2 * dim), df=freedom).logpdf(np.hstack([x, y]))
    side = multivariate_t(shape=np.eye(dim), df=freedom)
    ratio = joint - side.logpdf(x.squeeze()) - side.logpdf(y.squeeze())
    standard_error = ratio.std() / len(ratio) ** 0.5
    assert ratio.mean() == pytest.approx(task.mutual_information, abs=4 * standard_error)
    assert task.mutual_information == pytest.approx(STUDENT_TRUTHS[dim, freedom], abs=5e-5)


@pytest.mark.parametrize("noise", [0.1, 0.75])
def test_the_additive_truth_is_the_entropy_of_y_less_that_of_the_noise(noise):
    y = np.linspace(-noise, 1 + noise, 400_001)
    density = (np.minimum(1, y + noise) - np.maximum(0, y - noise)) / (2 * noise)
    entropy = -np.trapezoid(density * np.log(np.maximum(density, 1e-300)), y)
    truth = BY_NAME[f"1v1-additive-{noise}"].mutual_information
    assert truth == pytest.approx(entropy - math.log(2 * noise), abs=1e-6)


@pytest.mark.parametrize(
    "change",
    [bmi_tasks.normal_cdf, bmi_tasks.asinh, bmi_tasks.half_cube, bmi_tasks.wiggly],
    ids=lambda change: change.__name__,
)
def test_a_coordinate_wise_map_keeps_the_order_of_every_column(change):
    base = bmi_tasks.sparse(3)
    before = base.sample(500, np.random.default_rng(0))
    after = change(base).sample(500, np.random.default_rng(0))
    for side_before, side_after in zip(before, after, strict=True):
        assert np.array_equal(rankdata(side_before, axis=0), rankdata(side_after, axis=0))


def test_the_bimodal_margins_are_the_mixtures_they_are_said_to_be():
    x, y = BY_NAME["1v1-bimodal-0.75"].draw(4000, seed=0)
    law_x = kstest(x[:, 0], lambda t: 0.3 * norm.cdf(t) + 0.7 * norm.cdf(t, 5))
    law_y = kstest(y[:, 0], lambda t: 0.5 * norm.cdf(t, -1) + 0.5 * norm.cdf(t, 3))
    assert min(law_x.pvalue, law_y.pvalue) > 1e-3


def test_the_swiss_roll_can_be_unrolled():
    x, _ = BY_NAME["swissroll_x-normal_cdf-1v1-normal-0.75"].draw(4000, seed=0)
    angle = 21 * np.linalg.norm(x, axis=1)
    assert np.allclose(np.column_stack([np.cos(angle), np.sin(angle)]) * angle[:, None] / 21, x)
    assert kstest((angle / (1.5 * np.pi) - 1) / 2, "uniform").pvalue > 1e-3


def test_a_spiral_turns_each_row_by_its_mean_square_and_can_be_turned_back():
    x = np.random.default_rng(0).standard_normal((100, 3))
    turned = bmi_tasks.turn(x, 0, 1)
    assert np.allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(x, axis=1))
    assert np.array_equal(turned[:, 2], x[:, 2])
    assert np.allclose(bmi_tasks.turn(turned, 1, 0), x)  # swapped axes: the inverse rotation
    angle = np.angle((turned[:, 0] + 1j * turned[:, 1]) / (x[:, 0] + 1j * x[:, 1]))
    assert np.allclose(np.exp(1j * angle), np.exp(1j * (x**2).sum(axis=1) / 3))


def test_student_rows_have_the_margins_of_their_degrees_of_freedom():
    x, y = BY_NAME["student-identity-3-3-2"].draw(4000, seed=0)
    assert kstest(x[:, 0], "t", args=(2,)).pvalue > 1e-3
    assert kstest(y[:, 2], "t", args=(2,)).pvalue > 1e-3
