import numpy as np
import pytest

from infoatlas_plugins.key_states import Demonstration, Demonstrations


def make_episode(n_actions, *, seed=0, extra_state=1, width=3):
    generator = np.random.default_rng(seed)
    n_states = n_actions + extra_state
    reached = np.arange(n_states) >= n_states // 2
    return Demonstration(
        states=generator.normal(size=(n_states, width)).astype(np.float32),
        actions=generator.normal(size=(n_actions, 2)).astype(np.float32),
        flags={"is_grasped": reached, "success": np.arange(n_states) == n_states - 1},
        seed=seed,
        simulator={"actors/cube": generator.normal(size=(n_states, 13)).astype(np.float32)},
    )


@pytest.fixture
def demonstrations():
    return Demonstrations(
        task_id="PickCube-v1",
        control_mode="pd_ee_delta_pose",
        episodes=tuple(make_episode(10 + seed, seed=seed) for seed in range(3)),
        columns=("a", "b", "c"),
    )
