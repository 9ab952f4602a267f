import numpy as np
import pytest

from infoatlas_plugins.motion import read_pointodyssey
from infoatlas_plugins.motion.make_scene import (
    BACKGROUND_POINTS,
    WORLD,
    body_colours,
    main,
    make_scene,
)
from infoatlas_plugins.motion.ray_camera import Camera, look_at, meet_triangles
from infoatlas_plugins.motion.scene_bodies import FEWEST_POINTS, moving_bodies, sample_surface

mujoco = pytest.importorskip("mujoco", reason="scenes are simulated by MuJoCo")

N_FRAMES = 12
SIZE = (96, 54)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    root = tmp_path_factory.mktemp("scene")
    make_scene(root, random_state=3, n_frames=N_FRAMES, image_size=SIZE)
    return root


def annotation(root):
    with np.load(next((root / "val").iterdir()) / "anno.npz") as archive:
        return {key: archive[key] for key in archive.files}


def test_a_scene_reads_back(scene):
    tracks = read_pointodyssey(scene)
    assert tracks.n_frames == N_FRAMES
    assert tracks.image_size == SIZE
    assert set(tracks.images) == {0, 10}
    assert {0, 1, 2} <= set(tracks.labels)


def test_the_same_seed_gives_the_same_scene(scene, tmp_path):
    make_scene(tmp_path, random_state=3, n_frames=N_FRAMES, image_size=SIZE)
    first, second = annotation(scene), annotation(tmp_path)
    for key, values in first.items():
        np.testing.assert_array_equal(values, second[key])


def test_another_seed_gives_another_scene(scene, tmp_path):
    make_scene(tmp_path, random_state=4, n_frames=N_FRAMES, image_size=SIZE)
    assert annotation(tmp_path)["trajs_3d"].shape != annotation(scene)["trajs_3d"].shape or (
        not np.array_equal(annotation(tmp_path)["trajs_3d"], annotation(scene)["trajs_3d"])
    )


def test_3d_tracks_project_to_2d_tracks(scene):
    arrays = {key: values.astype(float) for key, values in annotation(scene).items()}
    solid = np.concatenate([arrays["trajs_3d"], np.ones((*arrays["trajs_3d"].shape[:2], 1))], -1)
    in_camera = np.einsum("fij,fpj->fpi", arrays["extrinsics"], solid)[..., :3]
    in_image = np.einsum("fij,fpj->fpi", arrays["intrinsics"], in_camera / in_camera[..., 2:])
    seen = arrays["visibs"] > 0
    # float16: 4 mm at 4 m, seen from 3 m and more by a camera of focal length about 100 pixels
    assert np.abs(in_image[..., :2] - arrays["trajs_2d"])[seen].max() < 0.5


def test_bodies_move_and_the_background_does_not(scene):
    ranges = np.ptp(annotation(scene)["trajs_3d"].astype(float), axis=0).max(axis=-1)
    assert (ranges[:BACKGROUND_POINTS] == 0).all()
    assert (ranges[BACKGROUND_POINTS:] > 0.05).all()


def bodies_of(root):
    """Name -> tracks (F, p, 3) of each body; the generator writes them in the model's order."""
    model = mujoco.MjModel.from_xml_path(str(WORLD))
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    generator = np.random.default_rng(3)
    sizes = {
        body.name: len(sample_surface(model, body, generator)(data))
        for body in moving_bodies(model)
    }
    points = annotation(root)["trajs_3d"].astype(float)[:, BACKGROUND_POINTS:]
    parts = np.split(points, np.cumsum(list(sizes.values()))[:-1], axis=1)
    return dict(zip(sizes, parts, strict=True))


def stretch(points):
    """Largest change of a distance between two points, relative to the largest distance."""
    distances = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    return np.ptp(distances, axis=0).max() / distances.max()


def test_rigid_bodies_keep_their_shape_the_digger_bends_and_the_jelly_deforms(scene):
    stretches = {name: stretch(points) for name, points in bodies_of(scene).items()}
    assert len(stretches) == 10
    for name, value in stretches.items():
        if name in ("digger", "jelly"):
            assert value > 0.1
        else:
            assert value < 0.02  # two float16 steps of 4 mm, on bodies of 0.4 m and more


def test_each_part_of_the_digger_is_rigid(scene):
    digger = bodies_of(scene)["digger"]
    for part in np.split(digger, [FEWEST_POINTS, 2 * FEWEST_POINTS], axis=1):
        assert part.shape[1] == FEWEST_POINTS
        assert stretch(part) < 0.03


def test_rays_meet_the_nearest_triangle():
    corner = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    corners = corner + np.array([[[0, 0, 4]], [[0, 0, 2]]])
    directions = np.array([[0.1, 0.1, 1.0], [0.9, 0.9, 1.0], [0.1, 0.1, -1.0]])
    distances, triangles = meet_triangles(np.zeros(3), directions, corners)
    np.testing.assert_allclose(distances, [2, np.inf, np.inf])
    assert triangles[0] == 1


def test_mask_colours_are_distinct_and_the_background_is_black():
    colours = body_colours(8)
    assert len(np.unique(colours, axis=0)) == 9
    np.testing.assert_array_equal(colours[0], 0)


def test_the_camera_centre_and_its_axis():
    eye = np.array([1.0, -4.0, 2.0])
    camera = Camera(
        intrinsics=np.array([[100.0, 0, 48], [0, 100, 27], [0, 0, 1]]),
        extrinsics=look_at(eye, np.zeros(3)),
        image_size=SIZE,
    )
    np.testing.assert_allclose(camera.centre, eye)
    pixels, depth = camera.project(np.zeros((1, 3)))
    np.testing.assert_allclose(pixels, [[48, 27]], atol=1e-9)
    assert depth[0] == pytest.approx(np.linalg.norm(eye))
    above, _ = camera.project(np.array([[0, 0, 0.1]]))
    assert above[0, 1] < 27  # y points down in the image


def test_the_command_writes_a_scene_and_says_where(tmp_path, capsys):
    assert main(["--out", str(tmp_path), "--frames", "2", "--sequence", "short"]) == 0
    assert "val/short" in capsys.readouterr().out.replace("\\", "/")
    assert (tmp_path / "val" / "short" / "anno.npz").is_file()


def test_a_denser_scene_has_more_points(tmp_path):
    options = ["--frames", "2", "--density", "2", "--width", "96"]
    assert main(["--out", str(tmp_path), *options]) == 0
    tracks = read_pointodyssey(tmp_path)
    assert tracks.n_tracks > 1.5 * read_pointodyssey().n_tracks
    assert tracks.image_size == (96, 54)


@pytest.mark.parametrize("options", [["--density", "0"], ["--width", "4"], ["--frames", "0"]])
def test_a_scene_of_nothing_is_refused(tmp_path, capsys, options):
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), *options])
    assert "--density must be positive" in capsys.readouterr().err
