"""Points to track in a simulated scene: what a camera sees in one frame, followed from there.

As a tracker is queried on the first frame of a video: random pixels of every body and of the
background, each fastened to the surface that it shows. So a point starts in the open, on the body
whose colour the mask has there, and may be hidden in any other frame.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.motion.ray_camera import Camera, cast, meet_triangles
from infoatlas_plugins.motion.scene_bodies import body_numbers, flex_triangles

Array = NDArray[Any]
Surface = Callable[[Any], Array]  # mujoco.MjData -> positions (p, 3) of the points, metres

POINTS_ON_BODIES = 16_000  # if bodies filled the image: one pixel in 8 of 480 x 270
BACKGROUND_POINTS = 110
FEWEST_POINTS = 18  # on a body, unless it shows fewer pixels


def points_in_view(
    model: Any, data: Any, camera: Camera, generator: np.random.Generator, *, density: float = 1.0
) -> tuple[Surface, Array]:
    """Draw points among the pixels of a frame and fasten them to the surfaces seen there.

    Parameters
    ----------
    model, data : mujoco.MjModel, mujoco.MjData
        The scene in that frame.
    camera : Camera
        Of that frame.
    generator : numpy.random.Generator
        Draws the pixels, those of one body all alike.
    density : float
        Number of points, relative to the sample scene.

    Returns
    -------
    surface : callable
        mujoco.MjData -> world positions (p, 3), metres; the same points in the same order.
    bodies : ndarray of shape (p,)
        Number of the moving body each point is on, 0 = background, in ascending order.
    """
    grid = camera.pixel_grid()
    width, height = camera.image_size
    grid = grid[((grid > 0) & (grid < [width - 1, height - 1])).all(axis=1)]  # not at the border
    shown = cast(model, data, camera.centre, camera.rays(grid)).bodies
    chosen = []
    for body in range(shown.max() + 1):
        here = np.flatnonzero(shown == body)
        share = POINTS_ON_BODIES * len(here) / len(grid) if body else BACKGROUND_POINTS
        n_points = max(FEWEST_POINTS, round(density * share))
        chosen.append(generator.choice(here, min(n_points, len(here)), replace=False))
    pixels = np.concatenate(chosen)
    return _fasten(model, data, camera.centre, camera.rays(grid[pixels])), shown[pixels]


def _fasten(model: Any, data: Any, origin: Array, directions: Array) -> Surface:
    """Points where rays end, fixed in the frame of a rigid part or a triangle of a soft body."""
    hits = cast(model, data, origin, directions)
    points = origin + hits.distances[:, None] * directions
    rigid = np.flatnonzero(hits.geoms >= 0)
    parts = model.geom_bodyid[hits.geoms[rigid]]  # the world, 0, is one of them
    in_part = np.einsum("pji,pj->pi", _turns(data, parts), points[rigid] - data.xpos[parts])
    soft = []
    for flex, number in enumerate(body_numbers(model)[1]):
        rays = np.flatnonzero((hits.geoms < 0) & (hits.bodies == number))
        vertices = flex_triangles(model, flex)
        _, met = meet_triangles(origin, directions[rays], data.flexvert_xpos[vertices])
        corners = data.flexvert_xpos[vertices[met]] - origin  # p 3 3: point, corner, coordinate
        ends = (points[rays] - origin)[..., None]
        weights = np.linalg.solve(corners.transpose(0, 2, 1), ends)[..., 0]  # barycentric
        soft.append((rays, vertices[met], weights))

    def positions(data: Any) -> Array:
        placed = np.empty_like(points)
        placed[rigid] = np.einsum("pij,pj->pi", _turns(data, parts), in_part) + data.xpos[parts]
        for rays, vertices, weights in soft:
            placed[rays] = np.einsum("pk,pkc->pc", weights, data.flexvert_xpos[vertices])
        return placed

    return positions


def _turns(data: Any, parts: Array) -> Array:
    """Rotation of each part, (p, 3, 3)."""
    return np.asarray(data.xmat[parts].reshape(-1, 3, 3))
