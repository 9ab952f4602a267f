"""A hand-made PointOdyssey sequence and two rigid bodies, shared by this folder's tests."""

import numpy as np
import pytest
from PIL import Image

N_FRAMES = 24
WIDTH, HEIGHT = 40, 30
COLOURS = [(0, 0, 0), (200, 60, 30), (20, 180, 90)]  # background and two bodies
START = np.array([[3, 3], [30, 25], [10, 10], [12, 11], [24, 18], [26, 20]])  # pixels, x y
BODY = np.array([0, 0, 2, 2, 1, 1])  # label of each track: colours are numbered by packed value


def _pixels():
    """Positions (F, P, 2): the background rests, one body goes right and the other goes up."""
    steps = np.arange(N_FRAMES)[:, None, None]
    velocity = np.array([[0, 0], [0, 0], [0.3, 0], [0.3, 0], [0, -0.3], [0, -0.3]])
    return START + steps * velocity


def _mask(frame, colour_of):
    image = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    for body in (1, 2):
        inside = _pixels()[frame, body == BODY]
        (left, top), (right, bottom) = (
            inside.min(axis=0).astype(int),
            inside.max(axis=0).astype(int),
        )
        image[top - 1 : bottom + 3, left - 1 : right + 3] = COLOURS[colour_of[body]]
    return image


@pytest.fixture
def write_sequence(tmp_path):
    """Write <root>/val/<name> in the layout of one PointOdyssey version and return the root."""

    def write(*, version="1.2", name="toy", masks=True, replace=None):
        root = tmp_path / "pointodyssey"
        folder = root / "val" / name
        for kind in ("masks", "rgbs"):
            (folder / kind).mkdir(parents=True)
        pixels = _pixels()
        solid = np.concatenate([pixels / 10, np.ones((N_FRAMES, len(BODY), 1))], axis=-1)
        seen = np.ones((N_FRAMES, len(BODY)), dtype=bool)
        seen[0, 2] = False
        valid = np.ones_like(seen)
        valid[1, 3] = seen[1, 3] = False
        arrays = {
            "trajs_2d": pixels.astype(np.float16),
            "trajs_3d": solid.astype(np.float16),
            "intrinsics": np.tile(np.eye(3), (N_FRAMES, 1, 1)).astype(np.float16),
            "extrinsics": np.tile(np.eye(4), (N_FRAMES, 1, 1)).astype(np.float16),
        }
        if version == "1.2":
            arrays |= {"visibs": seen, "valids": valid}
        else:
            arrays["visibilities"] = np.where(valid, seen.astype(np.float16), 2)
        arrays |= replace or {}
        np.savez(folder / ("anno.npz" if version == "1.2" else "annotations.npz"), **arrays)
        for frame in range(N_FRAMES if masks else 0):
            # in one frame the bodies' colours are exchanged: the majority must not care
            colour_of = {1: 1, 2: 2} if frame == 3 else {1: 2, 2: 1}
            Image.fromarray(_mask(frame, colour_of)).save(folder / f"masks/mask_{frame:05d}.png")
        if masks:
            Image.fromarray(_mask(0, {1: 2, 2: 1})).save(folder / "rgbs/rgb_00000.jpg")
        return root

    return write


@pytest.fixture
def two_bodies():
    """Draw two tumbling rigid bodies: points (F, P, 3) and the body, 0 or 1, of each track."""

    def draw(*, random_state=0, n_frames=120, sizes=(16, 9)):
        generator = np.random.default_rng(random_state)
        body = np.repeat([0, 1], sizes)
        tracks = np.empty((n_frames, len(body), 3))
        time = np.arange(n_frames) / 20
        for index, size in enumerate(sizes):
            frequency = generator.uniform(0.3, 1.0, size=(3, 2))
            phase = generator.uniform(0, 2 * np.pi, size=(3, 2))
            centre = np.sin(2 * np.pi * frequency * time[:, None, None] + phase).sum(axis=-1)
            angle = 2 * np.pi * generator.uniform(0.2, 0.6) * time
            turn = np.zeros((n_frames, 3, 3))
            turn[:, 0, 0] = turn[:, 1, 1] = np.cos(angle)
            turn[:, 1, 0], turn[:, 0, 1], turn[:, 2, 2] = np.sin(angle), -np.sin(angle), 1
            shape = generator.normal(scale=0.2, size=(size, 3))
            tracks[:, body == index] = centre[:, None] + shape @ turn.transpose(0, 2, 1)
        return tracks, body

    return draw
