import numpy as np
import pytest

from infoatlas_plugins.motion.static import static_tracks, storage_step


def walk(generator, n_frames=100, n_tracks=8, n_features=3):
    return generator.normal(scale=0.05, size=(n_frames, n_tracks, n_features)).cumsum(axis=0)


def everywhere(points):
    return np.ones(points.shape[:2], dtype=bool)


@pytest.mark.parametrize("noise", [0.0, 1e-3, 0.1])
@pytest.mark.parametrize("n_features", [2, 3])
def test_still_tracks_are_found_whatever_their_noise(noise, n_features):
    generator = np.random.default_rng(0)
    still = generator.normal(scale=3, size=(1, 8, n_features)) + noise * generator.standard_normal(
        (100, 8, n_features)
    )
    assert static_tracks(still, everywhere(still)).all()


@pytest.mark.parametrize("random_state", range(3))
def test_moving_tracks_are_not_static(random_state):
    moving = walk(np.random.default_rng(random_state))
    smooth = np.sin(np.linspace(0, 6, 100))[:, None, None] * np.ones((1, 8, 3))
    assert not static_tracks(moving, everywhere(moving)).any()
    assert not static_tracks(smooth, everywhere(smooth)).any()


def test_flicker_of_one_storage_step_is_not_motion():
    still = np.full((100, 4, 3), 3.7)
    still[::7] += 0.001  # less than a float16 step at 3.7, which is 0.002
    stored = still.astype(np.float16).astype(np.float32)
    assert static_tracks(stored, everywhere(stored)).all()


def test_frames_that_are_not_usable_are_ignored():
    still = np.ones((50, 2, 3))
    still[20:30] = 100.0
    usable = everywhere(still)
    usable[20:30] = False
    assert static_tracks(still, usable).all()


def test_storage_step_recognises_half_and_single_precision():
    points = np.array([[[5.3, 1.2, 0.4]], [[5.1, 1.9, 0.3]]])
    assert storage_step(points.astype(np.float16).astype(np.float32)) == pytest.approx(2**-8)
    assert storage_step(points.astype(np.float32)) == pytest.approx(2**-21)
