import itertools

import numpy as np
import pytest

from infoatlas_plugins.key_states.baselines import (
    gripper_keys,
    random_keys,
    uniform_keys,
    waypoint_keys,
)


def test_uniform_keys_share_the_time_evenly():
    assert uniform_keys([13, 25], 5)[0].tolist() == [2, 4, 6, 8, 10]
    assert uniform_keys([13, 25], 5)[1].tolist() == [4, 8, 12, 16, 20]


def test_random_keys_are_in_order_inside_and_repeat_with_their_seed():
    first, again, other = (random_keys([30] * 4, 5, random_state=s) for s in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert (np.diff(first) > 0).all()
    assert np.min(first) >= 1
    assert np.max(first) <= 28


def test_waypoints_are_the_corners_of_a_bent_line():
    corners = np.array([[0, 0], [10, 0], [10, 10], [0, 10.0]])
    bent = np.concatenate([np.linspace(a, b, 10, endpoint=False)
                           for a, b in itertools.pairwise(corners)])  # fmt: skip
    assert waypoint_keys(bent, 2).tolist() == [10, 20]


def test_waypoints_are_the_best_of_all_pairs():
    states = np.cumsum(np.random.default_rng(0).normal(size=(14, 2)), axis=0)

    def error(keys):
        knots = [0, *keys, 13]
        lines = np.column_stack([np.interp(range(14), knots, states[knots, j]) for j in (0, 1)])
        return np.linalg.norm(states - lines, axis=1).max()

    best = min(error(keys) for keys in itertools.combinations(range(1, 13), 2))
    assert error(waypoint_keys(states, 2)) == pytest.approx(best)


def test_the_gripper_rule_finds_the_closing_the_stop_and_the_end():
    moving = np.repeat([1.0, 0.0, 1.0], [20, 6, 14])
    states = np.cumsum(moving)[:, None]
    gripper = np.where(np.arange(40) < 30, 0.04, 0.0)
    assert gripper_keys(states, gripper).tolist() == [20, 30, 39]


def test_a_gripper_that_only_trembles_does_not_count():
    states = np.arange(40.0)[:, None]
    gripper = 0.04 + 1e-4 * np.random.default_rng(0).normal(size=40)
    assert gripper_keys(states, gripper).tolist() == [39]
