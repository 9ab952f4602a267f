import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from infoatlas_plugins.motion import MotionSegmenter, read_mocap


@pytest.mark.parametrize(
    ("sequence", "n_markers", "n_bodies"),
    [("box_and_person", 51, 2), ("gait_segments", 55, 15), ("wheelchair_racing", 30, 10)],
)
def test_the_shipped_captures_are_complete(sequence, n_markers, n_bodies):
    tracks = read_mocap(sequence=sequence)
    assert tracks.n_tracks == n_markers
    assert tracks.frame == "world"
    assert set(tracks.labels) == set(range(1, n_bodies + 1))
    assert tracks.usable.mean() > 0.9
    assert np.isfinite(tracks.pixels[tracks.usable]).all()


@pytest.mark.parametrize("affinity", ["mi", "mi*rigidity"])
@pytest.mark.parametrize(("sequence", "bodies"), [("box_and_person", 2), ("wheelchair_racing", 10)])
def test_real_bodies_are_told_apart(affinity, sequence, bodies):
    tracks = read_mocap(sequence=sequence)
    segmenter = MotionSegmenter(bodies, affinity=affinity, critic_pairs=0)
    labels = segmenter.fit(tracks.points, tracks.usable).labels_
    assert adjusted_rand_score(tracks.labels, labels) == 1


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither a folder nor a"):
        read_mocap(tmp_path / "nothing.c3d")
    with pytest.raises(FileNotFoundError, match=r"no capture '' \(it holds: none\)"):
        read_mocap(tmp_path)


def write_c3d(path, points, names, units="mm"):
    ezc3d = pytest.importorskip("ezc3d", reason=".c3d files are read by ezc3d")
    content = ezc3d.c3d()
    content["parameters"]["POINT"]["RATE"]["value"] = [100]
    content["parameters"]["POINT"]["LABELS"]["value"] = names
    content["parameters"]["POINT"]["UNITS"]["value"] = [units]
    content["data"]["points"] = np.concatenate(
        [points.transpose(2, 1, 0), np.ones((1, *points.shape[1::-1]))]
    )
    content.write(str(path))


@pytest.mark.extra
def test_a_c3d_file_is_read_in_metres_with_bodies_from_the_names(tmp_path):
    points = np.random.default_rng(0).normal(size=(30, 4, 3)) * 1000
    points[5, 2] = np.nan
    write_c3d(tmp_path / "a.c3d", points, ["box:1", "box:2", "person:1", "person:2"])
    tracks = read_mocap(tmp_path / "a.c3d")
    np.testing.assert_allclose(
        tracks.points[tracks.usable], points[tracks.usable] / 1000, rtol=1e-4
    )
    assert not tracks.usable[5, 2]
    assert tracks.usable.sum() == 30 * 4 - 1
    np.testing.assert_array_equal(tracks.labels, [1, 1, 2, 2])


@pytest.mark.extra
def test_a_c3d_file_without_bodies_has_no_labels_and_other_units_are_refused(tmp_path):
    points = np.ones((12, 2, 3))
    write_c3d(tmp_path / "a.c3d", points, ["a", "b"], units="m")
    assert read_mocap(tmp_path / "a.c3d").labels is None
    write_c3d(tmp_path / "b.c3d", points, ["a", "b"], units="inch")
    with pytest.raises(ValueError, match=r"points in 'inch'; known units are \['cm', 'm', 'mm'\]"):
        read_mocap(tmp_path / "b.c3d")
    (tmp_path / "c.c3d").write_bytes(b"not a capture")
    with pytest.raises(ValueError, match="is not a readable"):
        read_mocap(tmp_path / "c.c3d")
