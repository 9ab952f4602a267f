import numpy as np
import pytest
from scipy.io import savemat

from infoatlas_plugins.motion import read_hopkins155

POINTS = np.random.default_rng(0).normal(size=(20, 6, 2)) * 30 + 100
LABELS = np.array([1, 1, 2, 2, 2, 0])


def homogeneous():
    return np.concatenate([POINTS, np.ones((20, 6, 1))], axis=2).transpose(2, 1, 0)  # 3 P F


def test_matlab_files_of_the_benchmark_are_read(tmp_path):
    (tmp_path / "cars1").mkdir()
    content = {"y": homogeneous(), "s": LABELS[:, None], "width": 640, "height": 480}
    savemat(tmp_path / "cars1" / "cars1_truth.mat", content)
    tracks = read_hopkins155(tmp_path)
    assert (tracks.name, tracks.frame, tracks.image_size) == ("cars1", "pixel", (640, 480))
    np.testing.assert_allclose(tracks.points, POINTS, rtol=1e-6)
    np.testing.assert_array_equal(tracks.labels, [1, 1, 2, 2, 2, -1])  # an outlier is unknown


def test_clips_with_gaps_are_read(tmp_path):
    seen = np.random.default_rng(1).uniform(size=(20, 6)) > 0.3
    data = {"ySparse": homogeneous(), "visibleSparse": seen.T.astype(float), "GtLabel": LABELS}
    savemat(tmp_path / "Seq009_Tracks.mat", {"Data": data})
    tracks = read_hopkins155(tmp_path, sequence="Seq009_Tracks", frames=slice(0, 10))
    np.testing.assert_array_equal(tracks.usable, seen[:10])
    np.testing.assert_allclose(tracks.points, POINTS[:10], rtol=1e-6)


def test_numpy_copies_are_read(tmp_path):
    np.savez(tmp_path / "cars1.npz", points=POINTS, labels=LABELS, size=[640, 480])
    tracks = read_hopkins155(tmp_path, sequence="cars1")
    assert tracks.image_size == (640, 480)
    assert tracks.usable.all()


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not shipped with the plugin and no folder"):
        read_hopkins155(None)
    with pytest.raises(FileNotFoundError, match="holds no sequence of Hopkins155; get"):
        read_hopkins155(tmp_path)
    savemat(tmp_path / "a_truth.mat", {"z": 1})
    with pytest.raises(FileNotFoundError, match=r"no sequence 'b' \(it holds 1, such as a\)"):
        read_hopkins155(tmp_path, sequence="b")
    with pytest.raises(ValueError, match=r"neither 'y' and 's' nor 'Data', only \['z'\]"):
        read_hopkins155(tmp_path)
    np.savez(tmp_path / "a.npz", points=POINTS)
    with pytest.raises(ValueError, match=r"has no 'labels', only \['points'\]"):
        read_hopkins155(tmp_path, sequence="a")
