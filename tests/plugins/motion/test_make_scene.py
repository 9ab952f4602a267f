import numpy as np
import pytest

from infoatlas_plugins.motion import read_pointodyssey
from infoatlas_plugins.motion.make_scene import (
    WORLD,
    body_colours,
    camera_path,
    main,
    make_scene,
)
from infoatlas_plugins.motion.pointodyssey import read_image
from infoatlas_plugins.motion.ray_camera import Camera, cast, look_at, meet_triangles
from infoatlas_plugins.motion.scene_bodies import moving_bodies
from infoatlas_plugins.motion.scene_tracks import (
    BACKGROUND_POINTS,
    FEWEST_POINTS,
    points_in_view,
)

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
    names = [body.name for body in moving_bodies(mujoco.MjModel.from_xml_path(str(WORLD)))]
    tracks = read_pointodyssey(root)
    points = annotation(root)["trajs_3d"].astype(float)
    starts = tracks.pixels[0].round().astype(int)
    mask = read_image(tracks.masks[0])[starts[:, 1], starts[:, 0]]
    colours = body_colours(len(names))[1:]
    return {
        name: points[:, (mask == colour).all(axis=1)]
        for name, colour in zip(names, colours, strict=True)
    }


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


def test_points_go_with_the_part_that_they_were_seen_on():
    model = mujoco.MjModel.from_xml_path(str(WORLD))
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    camera = camera_path(2, (192, 108))[-1]  # from where the pillar hides no part
    surface, on_body = points_in_view(model, data, camera, np.random.default_rng(0))
    before = surface(data)
    pixels, _ = camera.project(before)
    np.testing.assert_allclose(pixels, pixels.round(), atol=1e-6)
    hits = cast(model, data, camera.centre, camera.rays(pixels))
    np.testing.assert_array_equal(hits.bodies, on_body)
    assert np.bincount(on_body)[0] == BACKGROUND_POINTS
    _, of_few = points_in_view(model, data, camera, np.random.default_rng(0), density=0.1)
    np.testing.assert_array_equal(np.bincount(of_few), [FEWEST_POINTS] * 11)

    data.joint("shoulder").qpos -= 1.0
    mujoco.mj_forward(model, data)
    after = surface(data)
    parts = np.where(hits.geoms >= 0, model.geom_bodyid[hits.geoms], -1)  # -1: the soft body
    moved = np.linalg.norm(after - before, axis=1) > 1e-6
    lifted = [model.body(name).id for name in ("boom", "shovel")]
    np.testing.assert_array_equal(moved, np.isin(parts, lifted))
    for part in lifted:
        assert (parts == part).sum() > 2
        assert stretch(np.stack([before, after])[:, parts == part]) < 1e-9


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
    options = ["--frames", "2", "--density", "2", "--width", "240"]
    assert main(["--out", str(tmp_path), *options]) == 0
    tracks = read_pointodyssey(tmp_path)
    assert tracks.n_tracks > 1.5 * read_pointodyssey().n_tracks
    assert tracks.image_size == (240, 135)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--density", "0", "--density and --frames-per-second must be positive"),
        ("--frames-per-second", "0", "--density and --frames-per-second must be positive"),
        ("--width", "4", "--width must be at least 16 and --frames at least 1"),
        ("--frames", "0", "--width must be at least 16 and --frames at least 1"),
    ],
)
def test_a_scene_of_nothing_is_refused(tmp_path, capsys, option, value, message):
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), option, value])
    assert message in capsys.readouterr().err
