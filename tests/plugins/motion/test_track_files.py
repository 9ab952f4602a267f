import csv
import pickle

import numpy as np
import pytest
import torch

from infoatlas_plugins.motion import read_tracks

N_FRAMES, N_TRACKS = 14, 5
POINTS = np.random.default_rng(0).normal(size=(N_FRAMES, N_TRACKS, 2))
SEEN = np.random.default_rng(1).uniform(size=(N_FRAMES, N_TRACKS)) > 0.2


def check(tracks, points=POINTS, seen=SEEN):
    np.testing.assert_allclose(tracks.points[tracks.usable], points[seen], rtol=1e-6)
    np.testing.assert_array_equal(tracks.usable, seen)


@pytest.mark.parametrize(
    "arrays",
    [
        {"tracks": POINTS, "visibility": SEEN},
        {"pred_tracks": POINTS[None], "pred_visibility": SEEN[None]},  # CoTracker's batch of one
        {"tracks": POINTS[None], "visibility": SEEN[None, ..., None]},
        {"points": POINTS.swapaxes(0, 1), "occluded": ~SEEN.T},  # TAP-Vid: points first
        {"tracks": POINTS, "confidence": np.where(SEEN, 0.9, 0.2)},
    ],
)
def test_the_layouts_of_trackers_read_alike(tmp_path, arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    tracks = read_tracks(tmp_path / "a.npz")
    assert tracks.frame == "pixel"
    check(tracks)


@pytest.mark.parametrize("content", ["dict", "tuple", "tensor"])
def test_torch_files_are_read_as_tensors_only(tmp_path, content):
    points, seen = torch.tensor(POINTS), torch.tensor(SEEN)
    whole = {"dict": {"tracks": points, "visibility": seen}, "tuple": (points, seen)}
    torch.save(whole.get(content, points), tmp_path / "a.pt")
    check(read_tracks(tmp_path), seen=np.ones_like(SEEN) if content == "tensor" else SEEN)


def test_a_torch_file_that_would_run_code_is_refused(tmp_path):
    torch.save({"tracks": csv.Dialect}, tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"holds more than tensors: pickled files are never"):
        read_tracks(tmp_path / "a.pt")


def test_a_table_of_rows_is_read(tmp_path):
    with (tmp_path / "a.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["frame", "track", "x", "y", "visible", "label"])
        for frame, track in np.argwhere(SEEN):
            writer.writerow([frame, track, *POINTS[frame, track], 1, track % 2])
    tracks = read_tracks(tmp_path / "a.csv")
    check(tracks)
    np.testing.assert_array_equal(tracks.labels, np.arange(N_TRACKS) % 2)


def test_the_other_layout_is_taken_when_asked_for(tmp_path):
    np.save(tmp_path / "a.npy", POINTS.swapaxes(0, 1))
    tracks = read_tracks(tmp_path / "a.npy", layout="points-first", frames=slice(2, 12, 3))
    np.testing.assert_allclose(tracks.points, POINTS[2:12:3], rtol=1e-6)
    np.testing.assert_array_equal(tracks.frame_numbers, [2, 5, 8, 11])


def test_tracks_in_the_camera_s_frame_are_brought_to_the_world(tmp_path):
    world = np.random.default_rng(2).normal(size=(N_FRAMES, N_TRACKS, 3))
    angle = np.linspace(0, 1, N_FRAMES)
    pose = np.tile(np.eye(4), (N_FRAMES, 1, 1))
    pose[:, 0, 0] = pose[:, 1, 1] = np.cos(angle)
    pose[:, 0, 1], pose[:, 1, 0], pose[:, 2, 3] = -np.sin(angle), np.sin(angle), angle
    camera = np.einsum("fij,fpj->fpi", pose[:, :3, :3], world) + pose[:, None, :3, 3]
    np.savez(tmp_path / "a.npz", tracks_XYZ=camera, visibility=SEEN)
    assert read_tracks(tmp_path / "a.npz").frame == "camera"
    np.savez(tmp_path / "a.npz", tracks_XYZ=camera, visibility=SEEN, extrinsics_w2c=pose)
    tracks = read_tracks(tmp_path / "a.npz")
    assert tracks.frame == "world"
    np.testing.assert_allclose(tracks.points, world, atol=1e-5)  # stored as float32


def test_python_objects_are_never_opened(tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"tracks": POINTS}))
    with pytest.raises(ValueError, match=r"a.pkl: pickled files are never opened.*numpy.savez"):
        read_tracks(tmp_path / "a.pkl")
    np.savez(tmp_path / "a.npz", tracks=np.array([None, POINTS], dtype=object))
    with pytest.raises(ValueError, match=r"'tracks' of .* holds Python objects"):
        read_tracks(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"other": POINTS}, r"none of .* only \['other'\]"),
        ({"tracks": POINTS[..., 0]}, r"must have shape \(frames, points, 2 or 3\), got \(14, 5\)"),
        ({"tracks": POINTS, "visibility": SEEN.T}, r"visibility of shape \(5, 14\)"),
        ({"tracks": POINTS, "visibility": SEEN[0]}, "must have two axes"),
        ({"tracks": POINTS, "labels": np.zeros(3)}, r"5 tracks and labels of shape \(3,\)"),
        (
            {"tracks_XYZ": np.ones((4, 2, 3)), "extrinsics_w2c": np.eye(4)},
            r"extrinsics_w2c must have shape \(4, 4, 4\), got \(4, 4\)",
        ),
    ],
)
def test_a_file_that_does_not_fit_says_why(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        read_tracks(tmp_path / "a.npz")


def test_a_table_that_does_not_fit_says_why(tmp_path):
    (tmp_path / "a.csv").write_text("frame,x\n1,2\n")
    with pytest.raises(ValueError, match=r"needs the columns frame, track, x and y, and has"):
        read_tracks(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("frame,track,x,y\n1,2,3,far\n")
    with pytest.raises(ValueError, match=r"has a value that is no number: .*far"):
        read_tracks(tmp_path / "a.csv")


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="tracks need a file"):
        read_tracks(None)
    with pytest.raises(FileNotFoundError, match=r"has no file '\*' that ends in .npz"):
        read_tracks(tmp_path)
    with pytest.raises(FileNotFoundError, match="is not a file that ends in"):
        read_tracks(tmp_path / "a.mov")
