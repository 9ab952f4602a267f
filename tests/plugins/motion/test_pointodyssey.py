import numpy as np
import pytest

from infoatlas_plugins.motion import read_pointodyssey
from infoatlas_plugins.motion.pointodyssey import MOST_FRAMES
from infoatlas_plugins.motion.reference import first_frame_components


@pytest.mark.parametrize("version", ["1.2", "1.0"])
def test_both_namings_of_the_annotation_read_alike(write_sequence, version):
    tracks = read_pointodyssey(write_sequence(version=version))
    assert tracks.name == "toy"
    assert tracks.frame == "world"
    assert tracks.points.shape == (24, 6, 3)
    assert tracks.points.dtype == np.float32
    assert tracks.image_size == (40, 30)
    assert not tracks.visible[0, 2]  # hidden, but annotated
    assert tracks.usable[0, 2]
    assert not tracks.usable[1, 3]  # invalid
    assert not tracks.visible[1, 3]
    assert list(tracks.images) == [0]


def test_labels_are_the_majority_of_mask_colours_and_black_is_the_background(write_sequence):
    tracks = read_pointodyssey(write_sequence())
    # colours sorted by packed value: (20, 180, 90) = 1, (200, 60, 30) = 2
    np.testing.assert_array_equal(tracks.labels, [0, 0, 2, 2, 1, 1])


def test_a_track_that_no_mask_shows_is_unknown(write_sequence):
    seen = np.ones((24, 6), dtype=bool)
    seen[:, 4] = False
    tracks = read_pointodyssey(write_sequence(replace={"visibs": seen}))
    np.testing.assert_array_equal(tracks.labels, [0, 0, 2, 2, -1, 1])


def test_without_masks_there_are_no_labels(write_sequence):
    tracks = read_pointodyssey(write_sequence(masks=False))
    assert tracks.labels is None
    assert tracks.image_size is None


def test_frames_are_sliced_everywhere(write_sequence):
    tracks = read_pointodyssey(write_sequence(), frames=slice(1, 13, 3))
    np.testing.assert_array_equal(tracks.frame_numbers, [1, 4, 7, 10])
    assert tracks.points.shape == (4, 6, 3)
    assert tracks.pixels[1, 2, 0] == pytest.approx(10 + 0.3 * 4, abs=2**-8)  # half a float16 step


def test_a_long_clip_is_thinned(write_sequence):
    long = {
        "trajs_2d": np.zeros((1000, 6, 2), np.float16),
        "trajs_3d": np.zeros((1000, 6, 3), np.float16),
        "visibs": np.ones((1000, 6), bool),
        "valids": np.ones((1000, 6), bool),
    }
    tracks = read_pointodyssey(write_sequence(masks=False, replace=long))
    assert tracks.n_frames <= MOST_FRAMES
    assert len(np.unique(np.diff(tracks.frame_numbers))) == 1


def test_points_that_are_not_finite_are_not_usable(write_sequence):
    points = np.ones((24, 6, 3), np.float16)
    points[5, 1] = np.nan
    points[6, 2] = np.inf
    tracks = read_pointodyssey(write_sequence(replace={"trajs_3d": points}))
    assert not tracks.usable[5, 1]
    assert not tracks.usable[6, 2]


def test_python_objects_in_place_of_3d_tracks_are_refused(write_sequence):
    root = write_sequence(replace={"trajs_3d": np.array([None], dtype=object)})
    with pytest.raises(ValueError, match=r"no 3D tracks in this sequence.*--coordinates pixel"):
        read_pointodyssey(root)
    assert read_pointodyssey(root, frame="pixel").frame == "pixel"


def test_empty_3d_tracks_fall_back_to_pixels_unless_the_world_is_asked_for(write_sequence):
    root = write_sequence(replace={"trajs_3d": np.zeros((0,), np.float16)})
    tracks = read_pointodyssey(root)
    assert tracks.frame == "pixel"
    np.testing.assert_array_equal(tracks.points, tracks.pixels)
    with pytest.raises(ValueError, match="no 3D tracks in this sequence"):
        read_pointodyssey(root, frame="world")


def test_what_is_missing_is_named_with_the_way_to_get_it(write_sequence, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere does not exist; download .*huggingface"):
        read_pointodyssey(tmp_path / "nowhere")
    root = write_sequence()
    with pytest.raises(FileNotFoundError, match=r"no split 'train' \(it holds: val\)"):
        read_pointodyssey(root, split="train")
    with pytest.raises(FileNotFoundError, match=r"no sequence 'ani' \(it holds: toy\)"):
        read_pointodyssey(root, sequence="ani")
    (root / "val" / "toy" / "anno.npz").unlink()
    with pytest.raises(FileNotFoundError, match=r"no annotation file \(anno.npz"):
        read_pointodyssey(root)


def test_a_download_that_broke_off_is_recognised(write_sequence):
    root = write_sequence()
    path = root / "val" / "toy" / "anno.npz"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match=r"anno.npz is not a complete .npz file; download"):
        read_pointodyssey(root)


def test_an_annotation_without_tracks_says_what_it_has(write_sequence):
    root = write_sequence()
    np.savez(root / "val" / "toy" / "anno.npz", something=np.zeros(3))
    with pytest.raises(ValueError, match=r"has no 'trajs_2d', only \['something'\]"):
        read_pointodyssey(root)


def test_the_sample_scene_is_complete():
    tracks = read_pointodyssey()
    assert tracks.frame == "world"
    assert tracks.n_frames >= 100
    assert 900 <= tracks.n_tracks <= 1300
    assert len(np.unique(tracks.labels[tracks.labels > 0])) == 10
    assert tracks.images
    hidden = 1 - tracks.visible[:, tracks.labels > 0].mean()
    assert 0.2 < hidden < 0.8  # bodies turn, leave the image and hide each other


def test_every_track_of_the_sample_scene_starts_in_the_open_on_its_own_body():
    tracks = read_pointodyssey()
    assert tracks.visible[0].all()
    regions = first_frame_components(tracks)
    bodies = [set(tracks.labels[regions == region]) for region in np.unique(regions)]
    assert all(len(body) == 1 for body in bodies)
    assert set.union(*bodies) == set(range(11))
