from dataclasses import replace

import numpy as np
import pytest

from infoatlas_plugins.motion import clean, read_pointodyssey, spread_out


@pytest.fixture
def tracks(write_sequence):
    return read_pointodyssey(write_sequence())


def test_tracks_seen_too_rarely_are_dropped_and_counted(tracks):
    visible = tracks.visible.copy()
    visible[:15, 4] = False
    kept, dropped = clean(replace(tracks, visible=visible))
    assert dropped == {"seen in fewer than 10 frames": 1}
    np.testing.assert_array_equal(kept.track_numbers, [0, 1, 2, 3, 5])
    np.testing.assert_array_equal(kept.labels, tracks.labels[kept.track_numbers])


def test_a_track_that_leaves_the_scene_is_dropped(tracks):
    points = tracks.points.copy()
    points[7, 1] = 500.0
    _, dropped = clean(replace(tracks, points=points))
    assert dropped == {"strays more than 100 m": 1}


def test_a_track_that_jumps_in_the_image_is_dropped(write_sequence):
    tracks = read_pointodyssey(write_sequence(), frame="pixel")
    points = tracks.points.copy()
    points[7, 1] += 300
    _, dropped = clean(replace(tracks, points=points))
    assert dropped == {"jumps more than 128 pixels in a frame": 1}


def test_too_few_frames_are_refused_with_the_option_to_change(write_sequence):
    tracks = read_pointodyssey(write_sequence(), frames=slice(0, 24, 3))
    with pytest.raises(ValueError, match=r"toy has 8 frames .* at least 10; .*--frames"):
        clean(tracks)


def test_no_usable_track_is_an_error(tracks):
    with pytest.raises(ValueError, match="no usable track"):
        clean(replace(tracks, visible=np.zeros_like(tracks.visible)))


def test_spread_out_keeps_different_paths_and_drops_near_doubles(tracks):
    kept = spread_out(tracks, 2)  # two still tracks and two of the four moving ones
    assert kept.n_tracks == 4
    assert sorted(kept.labels) == [0, 0, 1, 2]
    assert spread_out(tracks, 100) is tracks


def test_still_tracks_take_no_room_from_moving_ones():
    tracks, _ = clean(read_pointodyssey())
    kept = spread_out(tracks, 120)
    assert (kept.labels > 0).sum() >= 120
    assert np.bincount(kept.labels).min() >= 5  # of every body
