import numpy as np
import pytest

from infoatlas_plugins.key_states import Demonstration, Demonstrations, key_states_of_flags
from infoatlas_plugins.key_states.demonstrations import as_states


def test_a_privileged_key_state_is_the_first_state_with_its_flag(demonstrations):
    found = key_states_of_flags(demonstrations, {"grasped": "is_grasped", "done": "success"})
    assert found["grasped"].tolist() == [11 // 2, 12 // 2, 13 // 2]
    assert found["done"].tolist() == [10, 11, 12]


def test_a_key_state_is_not_before_the_one_named_before_it(demonstrations):
    found = key_states_of_flags(demonstrations, {"done": "success", "grasped": "is_grasped"})
    assert found["grasped"].tolist() == found["done"].tolist() == [10, 11, 12]


def test_a_flag_that_was_not_recorded_or_never_true_is_refused(demonstrations):
    with pytest.raises(ValueError, match=r"no flag 'is_open' \(recorded: is_grasped, success\)"):
        key_states_of_flags(demonstrations, {"opened": "is_open"})
    episode = demonstrations.episodes[0]
    never = Demonstration(
        states=episode.states,
        actions=episode.actions,
        flags={"success": np.zeros(len(episode.states), dtype=bool)},
        seed=7,
    )
    lost = Demonstrations(task_id="x", control_mode="y", episodes=(never,))
    with pytest.raises(
        ValueError, match="never true from step 0 on in the demonstration of seed 7"
    ):
        key_states_of_flags(lost, {"done": "success"})


def test_demonstrations_refuse_what_does_not_fit_together(demonstrations):
    states, actions = np.zeros((5, 3), np.float32), np.zeros((4, 2), np.float32)
    with pytest.raises(ValueError, match="got 5 states and 3 actions"):
        Demonstration(states=states, actions=actions[:3])
    with pytest.raises(ValueError, match=r"got \(5,\) and \(4, 2\)"):
        Demonstration(states=states[:, 0], actions=actions)
    with pytest.raises(ValueError, match="success must have one row for each of the 5 states"):
        Demonstration(states=states, actions=actions, flags={"success": np.zeros(4, bool)})
    with pytest.raises(ValueError, match="episodes is empty"):
        Demonstrations(task_id="x", control_mode="y", episodes=())
    with pytest.raises(ValueError, match="columns names 2 of 3"):
        Demonstrations(
            task_id="x", control_mode="y", episodes=demonstrations.episodes, columns=("a", "b")
        )
    with pytest.raises(ValueError, match="1 to 3 demonstrations, got 4"):
        demonstrations.first(4)


def test_columns_can_be_left_out_by_name(demonstrations):
    assert demonstrations.columns_without(["b"]).tolist() == [0, 2]
    assert demonstrations.columns_without([]).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ([], "an empty list"),
        ([np.zeros(4)], r"states\[0\] must have shape \(steps, columns\), got \(4,\)"),
        ([np.zeros((4, 2)), np.zeros((4, 3))], r"states\[1\] has 3 columns"),
        ([np.full((4, 2), np.nan)], r"states\[0\] has NaN"),
    ],
)
def test_states_that_make_no_sense_are_refused(states, message):
    with pytest.raises(ValueError, match=message):
        as_states(states)
