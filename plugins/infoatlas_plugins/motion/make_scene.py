"""Make the sample scene: bodies in a room, simulated and written in PointOdyssey's layout.

Eight rigid bodies, one with hinges and a soft one are pushed, turned and thrown by smooth random
forces, collide with each other and with the furniture, and are watched by one moving camera. The
same seed gives the same scene.

    python -m infoatlas_plugins.motion.make_scene --out scenes --seed 1 --frames 120
"""

from __future__ import annotations

import argparse
import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.extras import import_extra
from infoatlas_plugins.motion.ray_camera import (
    Camera,
    body_image,
    look_at,
    shaded_image,
    visible_points,
)
from infoatlas_plugins.motion.scene_bodies import SceneBody, moving_bodies
from infoatlas_plugins.motion.scene_tracks import points_in_view
from infoatlas_plugins.progress import progress_bar

Array = NDArray[Any]

WORLD = Path(__file__).with_name("scene_world.xml")
SEQUENCE = "tumbling_bodies"
IMAGE_SIZE = (480, 270)  # pixels; half of PointOdyssey's 960 x 540
FIELD_OF_VIEW = 70.0  # degrees, across the width
FRAMES_PER_SECOND = 5.0  # few, so that a short clip sees many turns and hops
SETTLE_SECONDS = 0.6  # simulated before the first frame, so that bodies are already on their way
PUSH = 7.0  # metres / s**2, sideways acceleration of the random forces
HOP = 24.0  # metres / s**2, upward acceleration during a hop
HOP_SECONDS = 0.14
SPIN = 26.0  # radians / s**2, angular acceleration of the random torques
DRAG = 1.2  # 1 / s, air drag on linear and angular velocity
HOMING = 3.0  # 1 / s**2, pull towards the place a body started from: nothing leaves the room
SERVO_HERTZ = (0.35, 0.8)  # of the waves that joints follow
RGB_STRIDE = 10  # frames between pictures: pictures are for people, masks are for labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushes:
    """Smooth random forces on one body: three sine waves per axis, and hops.

    Attributes
    ----------
    frequencies, phases : ndarray of shape (3, 6)
        Hertz and radians of the waves; three columns push, three turn.
    hop_period, hop_phase : float
        Seconds; each period starts with an upward push.
    """

    frequencies: Array
    phases: Array
    hop_period: float
    hop_phase: float

    @classmethod
    def draw(cls, generator: np.random.Generator) -> Pushes:
        """Draw the waves of one body."""
        return cls(
            frequencies=generator.uniform(0.25, 0.9, size=(3, 6)),
            phases=generator.uniform(0, 2 * np.pi, size=(3, 6)),
            hop_period=float(generator.uniform(1.1, 1.9)),
            hop_phase=float(generator.uniform(0, 2)),
        )

    def at(self, seconds: float) -> tuple[Array, Array]:
        """Linear (m / s**2) and angular (rad / s**2) acceleration, each of shape (3,)."""
        waves = np.sin(2 * np.pi * self.frequencies * seconds + self.phases).mean(axis=0) * 2
        linear, angular = PUSH * waves[:3], SPIN * waves[3:]
        hopping = (seconds + self.hop_phase) % self.hop_period < HOP_SECONDS
        linear[2] = HOP if hopping else 0.0
        return linear, angular


def simulate(
    model: Any, *, n_frames: int, frames_per_second: float, generator: np.random.Generator
) -> Array:
    """Let the bodies move and record them.

    Parameters
    ----------
    model : mujoco.MjModel
    n_frames : int
        Frames to record.
    frames_per_second : float
    generator : numpy.random.Generator
        Draws the forces.

    Returns
    -------
    ndarray of shape (n_frames, n_joint_coordinates)
        ``qpos`` of each frame.
    """
    mujoco = import_extra("mujoco", extra="motion", needed_by="make_scene.simulate()")
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    bodies = moving_bodies(model)
    pushes = [Pushes.draw(generator) for _ in bodies]
    homes = [_centre(model, data, body)[:2] for body in bodies]
    servo_hertz = generator.uniform(*SERVO_HERTZ, size=model.nu)
    middle, reach = model.actuator_ctrlrange @ [0.5, 0.5], model.actuator_ctrlrange @ [-0.5, 0.5]
    recorded = np.empty((n_frames, model.nq))
    for frame in range(n_frames):
        until = SETTLE_SECONDS + frame / frames_per_second
        while data.time < until:
            for body, push, home in zip(bodies, pushes, homes, strict=True):
                _push(model, data, body, push, home)
            data.ctrl[:] = middle + reach * np.sin(2 * np.pi * servo_hertz * data.time)
            mujoco.mj_step(model, data)
        recorded[frame] = data.qpos
    return recorded


def _centre(model: Any, data: Any, body: SceneBody) -> Array:
    """Centre of mass in the world, metres, shape (3,)."""
    return np.average(data.xipos[body.parts], axis=0, weights=model.body_mass[body.parts])


def _push(model: Any, data: Any, body: SceneBody, push: Pushes, home: Array) -> None:
    """Set the external forces and torques on the parts of a body for the next step."""
    parts = body.parts
    linear, angular = push.at(data.time)
    centre = _centre(model, data, body)
    linear[:2] -= HOMING * (centre[:2] - home)
    # cvel: rotation, then velocity of the body's material at the centre of mass of its tree
    turning, velocity = data.cvel[parts, :3], data.cvel[parts, 3:]
    from_tree = data.xipos[parts] - data.subtree_com[model.body_rootid[parts]]
    velocity = velocity + np.cross(turning, from_tree)
    acceleration = linear + np.cross(angular, data.xipos[parts] - centre) - DRAG * velocity
    inertia = model.body_inertia[parts].mean(axis=1, keepdims=True)
    data.xfrc_applied[parts, :3] = model.body_mass[parts, None] * acceleration
    data.xfrc_applied[parts, 3:] = inertia * (angular - DRAG * turning)


def camera_path(n_frames: int, image_size: tuple[int, int]) -> list[Camera]:
    """A hand-held walk along a quarter circle around the room."""
    width, height = image_size
    focal = width / 2 / np.tan(np.deg2rad(FIELD_OF_VIEW / 2))
    intrinsics = np.array(
        [[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]], dtype=float
    )
    cameras = []
    for progress in np.linspace(0, 1, n_frames):
        angle = np.deg2rad(-22 + 52 * progress)
        sway = 0.05 * np.sin(np.array([23, 17, 29]) * progress)
        eye = np.array([5.9 * np.sin(angle), -5.9 * np.cos(angle), 2.9 - 0.5 * progress])
        target = np.array([-0.1 - 0.2 * progress, 0.2, 0.35])
        cameras.append(
            Camera(
                intrinsics=intrinsics,
                extrinsics=look_at(eye + sway, target + 0.5 * sway),
                image_size=image_size,
            )
        )
    return cameras


def body_colours(n_bodies: int) -> Array:
    """One colour per body as PointOdyssey's masks use them, uint8 (n_bodies + 1, 3); 0 is black.

    Evenly spaced hues from .01, lightness .5, saturation .7, the first of ``n_bodies + 2`` unused.
    """
    hues = (np.arange(1, n_bodies + 1) / (n_bodies + 2) + 0.01) % 1.0
    colours = [(0.0, 0.0, 0.0), *(colorsys.hls_to_rgb(hue, 0.5, 0.7) for hue in hues)]
    return (255 * np.array(colours)).astype(np.uint8)


def make_scene(
    out: Path,
    *,
    random_state: int = 0,
    n_frames: int = 120,
    frames_per_second: float = FRAMES_PER_SECOND,
    image_size: tuple[int, int] = IMAGE_SIZE,
    sequence: str = SEQUENCE,
    density: float = 1.0,
) -> Path:
    """Simulate the scene and write ``<out>/val/<sequence>``.

    Parameters
    ----------
    out : Path
        Root folder of the data set; made if needed.
    random_state : int
        Draws forces and, apart from them, points.
    n_frames : int
        Length of the clip.
    frames_per_second : float
    image_size : tuple of int
        Width and height of pictures and masks, pixels.
    sequence : str
        Name of the sequence's folder.
    density : float
        Points on bodies and background, relative to the sample scene.

    Returns
    -------
    Path
        The folder of the sequence.
    """
    mujoco = import_extra("mujoco", extra="motion", needed_by="make_scene()")
    image_module = import_extra("PIL.Image", extra="motion", needed_by="make_scene()")
    forces, queries = np.random.default_rng(random_state).spawn(2)
    model = mujoco.MjModel.from_xml_path(str(WORLD))
    recorded = simulate(
        model, n_frames=n_frames, frames_per_second=frames_per_second, generator=forces
    )
    cameras = camera_path(n_frames, image_size)
    data = mujoco.MjData(model)
    _pose(model, data, recorded[0])
    surface, on_body = points_in_view(model, data, cameras[0], queries, density=density)
    colours = body_colours(len(moving_bodies(model)))

    folder = out / "val" / sequence
    for name in ("rgbs", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    points = np.empty((n_frames, len(on_body), 3))
    pixels = np.empty((n_frames, len(on_body), 2))
    visible = np.empty((n_frames, len(on_body)), dtype=bool)
    valid = np.empty((n_frames, len(on_body)), dtype=bool)
    for frame, camera in enumerate(progress_bar(cameras, description="rendering")):
        _pose(model, data, recorded[frame])
        points[frame] = surface(data)
        pixels[frame], depth = camera.project(points[frame])
        visible[frame] = visible_points(model, data, camera, points[frame])
        valid[frame] = depth > 0
        mask = colours[body_image(model, data, camera)]
        image_module.fromarray(mask).save(folder / f"masks/mask_{frame:05d}.png", optimize=True)
        if frame % RGB_STRIDE == 0:
            picture = image_module.fromarray(shaded_image(model, data, camera))
            picture.save(folder / f"rgbs/rgb_{frame:05d}.jpg", quality=88)
    _write_annotation(folder, points, pixels, visible, valid, cameras)
    return folder


def _pose(model: Any, data: Any, joint_coordinates: Array) -> None:
    """Put all bodies where they were in a recorded frame."""
    mujoco = import_extra("mujoco", extra="motion", needed_by="make_scene()")
    data.qpos[:] = joint_coordinates
    mujoco.mj_forward(model, data)


def _write_annotation(
    folder: Path,
    points: Array,
    pixels: Array,
    visible: Array,
    valid: Array,
    cameras: Sequence[Camera],
) -> None:
    """Write ``anno.npz`` and ``info.npz`` with PointOdyssey's v1.2 keys.

    Coordinates and cameras are float16, as PointOdyssey's exporter casts them.
    """
    annotation: dict[str, Any] = {
        "trajs_2d": pixels.astype(np.float16),
        "trajs_3d": points.astype(np.float16),
        "visibs": visible,
        "valids": valid,
        "intrinsics": np.array([camera.intrinsics for camera in cameras], dtype=np.float16),
        "extrinsics": np.array([camera.extrinsics for camera in cameras], dtype=np.float16),
    }
    np.savez_compressed(folder / "anno.npz", **annotation)
    shapes: dict[str, Any] = {key: np.array(values.shape) for key, values in annotation.items()}
    np.savez(folder / "info.npz", **shapes)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: make one scene and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="root folder of the data set")
    parser.add_argument("--seed", type=int, default=0, help="of forces and points (default 0)")
    parser.add_argument("--frames", type=int, default=120, help="length of the clip (default 120)")
    parser.add_argument("--frames-per-second", type=float, default=FRAMES_PER_SECOND,
        help=f"of the clip (default {FRAMES_PER_SECOND:g})")  # fmt: skip
    parser.add_argument("--sequence", default=SEQUENCE, help=f"folder name (default {SEQUENCE})")
    parser.add_argument("--density", type=float, default=1.0,
        help="points, relative to the sample scene's 1123 (default 1)")  # fmt: skip
    parser.add_argument("--width", type=int, default=IMAGE_SIZE[0],
        help=f"of the pictures, pixels (default {IMAGE_SIZE[0]})")  # fmt: skip
    arguments = parser.parse_args(argv)
    if min(arguments.density, arguments.frames_per_second) <= 0:
        parser.error("--density and --frames-per-second must be positive")
    if arguments.width < 16 or arguments.frames < 1:
        parser.error("--width must be at least 16 and --frames at least 1")
    folder = make_scene(
        arguments.out,
        random_state=arguments.seed,
        n_frames=arguments.frames,
        frames_per_second=arguments.frames_per_second,
        sequence=arguments.sequence,
        density=arguments.density,
        image_size=(arguments.width, round(arguments.width * IMAGE_SIZE[1] / IMAGE_SIZE[0])),
    )
    print(f"wrote {folder}")  # noqa: T201  this is a command
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
