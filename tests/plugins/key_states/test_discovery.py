import numpy as np
import pytest

from infoatlas_plugins.key_states import METHODS, TASKS, find_key_states
from infoatlas_plugins.key_states.discovery import (
    disagreement_of_seeds,
    distances,
    spread_over_demonstrations,
    visible_states,
)
from infoatlas_plugins.key_states.objectives import OBJECTIVES
from infoatlas_plugins.key_states.sample import read_sample

PICK = TASKS["PickCube-v1"]


@pytest.fixture(scope="module")
def shipped():
    return read_sample()


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"mine-1000", "mine-100"}))
def test_every_method_gives_steps_of_every_demonstration(shipped, method):
    few = shipped.first(16)
    options = {"n_iterations": 2} if method in OBJECTIVES else {}
    found = find_key_states(few, PICK, method, n_keys=3, **options)
    assert len(found) == 16
    for keys, states in zip(found, few.states, strict=True):
        assert (np.diff(keys) >= 0).all()
        assert keys[0] >= 0
        assert keys[-1] < len(states)


def test_the_privileged_key_states_are_at_no_distance_from_themselves(shipped):
    found = find_key_states(shipped, PICK, "privileged")
    truth = dict(zip(PICK.key_flags, np.stack(found, axis=1), strict=True))
    lengths = [len(states) for states in shipped.states]
    assert all((values == 0).all() for values in distances(found, truth, lengths).values())


def test_the_nearest_key_state_counts_and_so_does_the_end():
    found = [np.array([3, 8]), np.array([5, 6])]
    truth = {"grasped": np.array([4, 10]), "done": np.array([18, 11])}
    measured = distances(found, truth, [20, 12])
    assert measured["grasped"].tolist() == [1, 1]
    assert measured["done"].tolist() == [1, 0]


def test_flags_that_stand_in_the_observation_are_hidden_from_discovery(shipped):
    assert visible_states(shipped, PICK)[0].shape[1] == len(shipped.columns) - 1


def test_an_unknown_method_or_an_option_nobody_takes_is_refused(shipped):
    with pytest.raises(ValueError, match="method must be one of infoatlas"):
        find_key_states(shipped, PICK, "oracle")
    with pytest.raises(ValueError, match="'uniform' takes no options, got dt"):
        find_key_states(shipped, PICK, "uniform", dt=3)


def test_spread_and_disagreement_are_those_of_their_definitions():
    keys, lengths = np.array([[2, 8], [4, 8]]), np.array([11, 11])
    assert spread_over_demonstrations(keys, lengths) == pytest.approx((0.1 + 0) / 2)
    assert disagreement_of_seeds([keys, keys + 3, keys]) == 3
    with pytest.raises(ValueError, match="at least two runs, got 1"):
        disagreement_of_seeds([keys])
