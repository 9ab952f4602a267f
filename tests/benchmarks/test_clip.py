import time

import numpy as np
import pytest
from benchmarks.clip import Part, Record, Recorded, TimeIsUp

from infoatlas_plugins.clip import NoiseCurve
from infoatlas_plugins.clip.noise_curve import POSTER_LEVELS

PART = Part("shared", "gaussian", 2, 2)


@pytest.fixture
def sides():
    generator = np.random.default_rng(0)
    images = generator.standard_normal((200, 6))
    return images, images + generator.standard_normal((200, 6))


def fit(sides, path, part=PART, old=None, minutes=1.0):
    record = Record(path, old=old, deadline=time.monotonic() + 60 * minutes)
    curve = NoiseCurve(
        POSTER_LEVELS,
        n_slices=part.n_slices,
        n_repeats=part.n_repeats,
        slices=part.slices,
        method=Recorded(part, record),
    )
    return curve.fit(*sides), record


def test_a_recorded_curve_is_the_curve(sides, tmp_path):
    curve, record = fit(sides, tmp_path / "a.csv")
    plain = NoiseCurve(POSTER_LEVELS, n_slices=2, n_repeats=2, method="gaussian").fit(*sides)
    np.testing.assert_allclose(curve.values_, plain.values_, atol=1e-6)
    np.testing.assert_allclose(curve.control_values_, plain.control_values_, atol=1e-6)
    assert len(record.seconds(PART, 2, 2)) == 2 * 2 * (1 + len(POSTER_LEVELS))
    assert len(record.seconds(PART, 1, 2)) == 2 * (1 + len(POSTER_LEVELS))


def test_a_reading_is_not_made_twice(sides, tmp_path):
    first, _ = fit(sides, tmp_path / "a.csv")
    again, _ = fit(sides, tmp_path / "a.csv", minutes=-1)  # no time for a reading
    np.testing.assert_allclose(again.values_, first.values_, atol=1e-6)
    fit(sides, tmp_path / "b.csv", old=tmp_path / "a.csv", minutes=-1)
    with pytest.raises(TimeIsUp):
        fit(sides, tmp_path / "a.csv", part=PART._replace(n_slices=3), minutes=-1)


def test_readings_of_other_rows_or_of_another_checkpoint_are_not_reused(sides, tmp_path):
    fit(sides, tmp_path / "a.csv")
    with pytest.raises(TimeIsUp):
        fit((sides[1], sides[0]), tmp_path / "a.csv", minutes=-1)
    ours = PART._replace(method="infoatlas")
    fit(sides, tmp_path / "ours.csv", part=ours)
    with pytest.raises(TimeIsUp):
        fit(sides, tmp_path / "b.csv", part=ours, old=tmp_path / "ours.csv", minutes=-1)
