import numpy as np
import pytest

from infoatlas_plugins.key_states.clock import Scale, check_lengths, grid_positions, on_grid


def walk(n_steps, *, seed=0, pause=slice(0, 0)):
    steps = np.random.default_rng(seed).normal(size=(n_steps, 3))
    steps[pause] = 0
    return np.cumsum(steps, axis=0)


@pytest.mark.parametrize("clock", ["motion", "time"])
def test_a_grid_runs_from_the_first_step_to_the_last_and_never_back(clock):
    positions = grid_positions(walk(50, pause=slice(20, 30)), 30, clock)
    assert positions[0] == 0
    assert positions[-1] == pytest.approx(49)
    assert (np.diff(positions) > 0).all()


def test_a_pause_takes_no_room_on_the_motion_clock():
    paused = walk(60, pause=slice(20, 50))
    inside = {c: ((p := grid_positions(paused, 40, c)) > 20).sum() - (p > 48).sum()
              for c in ("motion", "time")}  # fmt: skip
    assert inside["time"] >= 18  # half of the time
    assert inside["motion"] <= 2


def test_states_that_never_move_fall_back_to_equal_time():
    assert grid_positions(np.zeros((5, 2)), 3, "motion").tolist() == [0, 2, 4]


def test_reading_on_whole_steps_changes_nothing_and_between_them_is_linear():
    states = walk(10)
    assert np.allclose(on_grid(states, np.arange(10.0)), states)
    assert np.allclose(on_grid(states, np.array([2.25])), 0.75 * states[2] + 0.25 * states[3])


def test_the_scale_leaves_out_constant_columns_and_standardises_the_others():
    states = [np.column_stack([walk(40, seed=s), np.full(40, 7.0)]) for s in range(3)]
    scale = Scale.fit(states, 2)
    assert scale.kept.tolist() == [0, 1, 2]
    assert scale.axes.shape == (3, 2)
    together = np.concatenate([scale.standardise(s) for s in states])
    assert np.allclose(together.std(axis=0), 1)
    assert np.allclose(scale.axes.T @ scale.axes, np.eye(2))


def test_states_that_are_constant_or_short_are_refused():
    with pytest.raises(ValueError, match="every column is constant"):
        Scale.fit([np.ones((5, 2))], 1)
    with pytest.raises(ValueError, match=r"states\[1\] has 3 steps; at least 4"):
        check_lengths([walk(5), walk(3)], fewest_steps=4)
