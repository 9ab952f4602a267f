import importlib
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.motion import MotionSegmenter, read_pointodyssey, write_ply
from infoatlas_plugins.motion.outputs import save_labels, save_point_cloud
from infoatlas_plugins.motion.palette import group_colours
from infoatlas_plugins.motion.picture import display_labels, save_picture
from infoatlas_plugins.motion.ply import VERTEX
from infoatlas_plugins.safe_write import replace_when_written

POINTS = np.array([[0.5, -1.25, 3.0], [1e-3, 2.0, 8.5]])
COLOURS = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.2]])
LABELS = np.array([0, 12])


@pytest.mark.parametrize("encoding", ["ascii", "binary"])
def test_a_ply_file_reads_back(tmp_path, encoding):
    path = tmp_path / "deep" / "cloud.ply"
    write_ply(path, POINTS, COLOURS, LABELS, encoding=encoding)
    header, body = path.read_bytes().split(b"end_header\n")
    assert header.startswith(b"ply\nformat ")
    assert b"element vertex 2\n" in header
    if encoding == "binary":
        vertices = np.frombuffer(body, dtype=VERTEX)
    else:
        vertices = np.array([tuple(line.split()) for line in body.decode().splitlines()], VERTEX)
    for column, name in enumerate("xyz"):
        np.testing.assert_allclose(vertices[name], POINTS[:, column], rtol=1e-6)
    np.testing.assert_array_equal(vertices["red"], [255, 0])
    np.testing.assert_array_equal(vertices["blue"], [128, 51])
    np.testing.assert_array_equal(vertices["label"], LABELS)


def test_plane_points_get_height_zero(tmp_path):
    write_ply(tmp_path / "flat.ply", POINTS[:, :2], COLOURS, LABELS)
    body = (tmp_path / "flat.ply").read_bytes().split(b"end_header\n")[1]
    np.testing.assert_array_equal(np.frombuffer(body, dtype=VERTEX)["z"], 0)


def test_a_ply_file_needs_equal_lengths(tmp_path):
    with pytest.raises(ValueError, match="same length, got 2, 2 and 1"):
        write_ply(tmp_path / "x.ply", POINTS, COLOURS, LABELS[:1])


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "result.txt"
    path.write_text("old")

    def interrupted():
        with replace_when_written(path) as handle:
            handle.write(b"half of the new")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("n_groups", [0, 3, 12, 40])
def test_each_group_has_its_own_colour(n_groups):
    colours = group_colours(n_groups)
    assert colours.shape == (n_groups + 2, 3)
    assert len(np.unique(colours, axis=0)) == n_groups + 2
    assert colours.min() >= 0
    assert colours.max() <= 1


def test_groups_are_shown_in_the_colour_of_their_body():
    truth = np.array([0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(display_labels(truth, np.array([0, 0, 2, 2, 1, 3])),
                                  [0, 0, 1, 1, 2, 3])  # fmt: skip
    np.testing.assert_array_equal(display_labels(None, np.array([2, 0])), [2, 0])
    # a track in no group keeps -1 where its body has no other group
    np.testing.assert_array_equal(display_labels(truth, np.array([0, 0, 1, 1, -1, -1])),
                                  [0, 0, 1, 1, -1, -1])  # fmt: skip


def test_outliers_are_written_and_drawn(write_sequence, tmp_path):
    tracks = read_pointodyssey(write_sequence())
    segmenter = MotionSegmenter(2, affinity="mi", critic_pairs=0).fit(tracks.points, tracks.usable)
    segmenter.outliers_[2], segmenter.labels_[2] = True, -1
    save_labels(tmp_path / "x.npz", tracks, segmenter)
    with np.load(tmp_path / "x.npz") as saved:
        np.testing.assert_array_equal(np.flatnonzero(saved["outliers"]), [2])
    save_picture(tmp_path / "x.png", tracks, segmenter, {})
    assert (tmp_path / "x.png").stat().st_size > 10_000
    save_point_cloud(tmp_path / "x.ply", tracks, segmenter.labels_, row=5)
    body = (tmp_path / "x.ply").read_bytes().split(b"end_header\n")[1]
    vertex = np.frombuffer(body, dtype=VERTEX)[2]
    assert (vertex["label"], vertex["red"]) == (-1, 33)


@pytest.mark.parametrize("with_truth", [True, False])
def test_files_of_a_small_sequence(write_sequence, tmp_path, with_truth):
    tracks = read_pointodyssey(write_sequence(masks=with_truth))
    segmenter = MotionSegmenter(2, affinity="mi", critic_pairs=0).fit(tracks.points, tracks.usable)
    save_picture(tmp_path / "x.png", tracks, segmenter, {})
    with Image.open(tmp_path / "x.png") as image:
        assert image.width > 1000
    save_labels(tmp_path / "x.npz", tracks, segmenter)
    with np.load(tmp_path / "x.npz") as saved:
        np.testing.assert_array_equal(saved["labels"], segmenter.labels_)
        assert saved["affinity"].shape == (len(segmenter.moving_),) * 2
        assert saved["confidence"].shape == (6,)
        assert json.loads(str(saved["settings"]))["affinity_taken"] == "mi"
        assert ("truth" in saved) == with_truth
    save_point_cloud(tmp_path / "x.ply", tracks, segmenter.labels_, row=1)
    # track 3 has no position in frame 1
    assert b"element vertex 5\n" in (tmp_path / "x.ply").read_bytes()


def test_a_missing_extra_is_named_with_the_command_to_install_it(monkeypatch):
    def fail(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(
        ImportError, match=r'save_picture\(\) needs pillow; .* pip install "infoatlas\[motion\]"'
    ):
        import_extra("PIL.Image", extra="motion", needed_by="save_picture()")


def test_importing_the_plugin_loads_no_extra():
    code = (
        "import sys, infoatlas_plugins.motion, infoatlas_plugins.motion.picture, "
        "infoatlas_plugins.motion.make_scene\n"
        "print(*({'mujoco', 'matplotlib', 'PIL'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""
