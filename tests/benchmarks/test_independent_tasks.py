"""Independent pairs: truth zero, a mix of columns, and nothing for the baselines to find."""

import numpy as np
import pytest
from benchmarks.baselines import gaussian_copula
from benchmarks.independent_tasks import TASKS


def test_there_are_at_least_eight_with_numbers_and_letters():
    assert len({task.name for task in TASKS}) == len(TASKS) >= 8
    kinds = {side.dtype.kind for task in TASKS for side in task.draw(5, 0)}
    assert kinds == {"f", "U"}


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_draw_has_the_shape_its_task_says_and_repeats(task):
    x, y = task.draw(30, seed=1)
    assert x.shape == (30, task.dim_x)
    assert y.shape == (30, task.dim_y)
    assert all(np.array_equal(a, b) for a, b in zip((x, y), task.draw(30, seed=1), strict=True))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_the_truth_is_zero_and_no_correlation_says_otherwise(task):
    assert task.mutual_information == 0
    estimate = gaussian_copula(*task.draw(5000, seed=0))
    # 2 n MI is about chi-squared with dim_x dim_y degrees of freedom; its mean is taken off
    degrees = task.dim_x * task.dim_y
    assert estimate == pytest.approx(0, abs=4 * (2 * degrees) ** 0.5 / (2 * 5000))
