"""The comparison of samplers: it passes equal ones and finds a small change in a recipe."""

import dataclasses

import pytest
from benchmarks import bmi_tasks
from benchmarks.check_against_bmi import compare


class OtherPackage:
    """A task with the interface of `benchmark-mi`."""

    def __init__(self, task):
        self.task = task
        self.mutual_information = task.mutual_information

    def sample(self, n_samples, seed):
        return self.task.draw(n_samples, seed)


def compared(ours, theirs):
    return compare(ours, OtherPackage(theirs), n_samples=1000, seeds=4)["same"]


def turned_the_other_way():
    base = bmi_tasks.sparse(3)
    turn = bmi_tasks.turn
    return bmi_tasks.mapped("spiral-", base, lambda x: turn(x, 1, 0), lambda y: turn(y, 1, 2))


@pytest.mark.parametrize(
    "task", [bmi_tasks.dense(3), bmi_tasks.student(2, 1)], ids=lambda task: task.name
)
def test_equal_samplers_are_the_same(task):
    assert compared(task, task)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (bmi_tasks.spiral(bmi_tasks.sparse(3)), turned_the_other_way()),
        (bmi_tasks.student(3, 2), bmi_tasks.student(3, 3)),
        (bmi_tasks.sparse(5), bmi_tasks.dense(5)),
        (bmi_tasks.sparse(3), bmi_tasks.sparse(5)),
    ],
    ids=["rotation", "tails", "covariance", "shape"],
)
def test_another_recipe_is_found(ours, theirs):
    theirs = dataclasses.replace(theirs, mutual_information=ours.mutual_information)
    assert not compared(ours, theirs)


def test_another_truth_is_found():
    task = bmi_tasks.dense(2)
    assert not compared(task, dataclasses.replace(task, mutual_information=0.3))
