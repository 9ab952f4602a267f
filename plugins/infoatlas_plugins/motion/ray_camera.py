"""A pinhole camera that sees a MuJoCo model by casting rays: no window and no graphics driver.

Camera convention (PointOdyssey's): x right, y down, z forward; extrinsics take world to camera.
What moves, and what is written to disk, is in ``make_scene.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.motion.scene_bodies import body_numbers, flex_triangles

Array = NDArray[Any]

LIGHT_POSITION = np.array([2.2, -3.2, 5.5])  # metres; a lamp above the viewer's right shoulder
AMBIENT = 0.38  # share of light that reaches a surface in shadow
SURFACE_TOLERANCE = 0.01  # metres; a ray that stops this close to a point has reached it
FAR = 100.0  # metres; rays end here
RAYS_PER_BLOCK = 20_000  # that meet a soft body at once: bounds memory
SKY = np.array([0.93, 0.94, 0.95])


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """One frame's camera.

    Attributes
    ----------
    intrinsics : ndarray of shape (3, 3)
        Pinhole matrix K, in pixels.
    extrinsics : ndarray of shape (4, 4)
        World to camera, metres.
    image_size : tuple of int
        Width and height in pixels.
    """

    intrinsics: Array
    extrinsics: Array
    image_size: tuple[int, int]

    @property
    def centre(self) -> Array:
        """Position in the world, metres, shape (3,)."""
        rotation, translation = self.extrinsics[:3, :3], self.extrinsics[:3, 3]
        return np.asarray(-rotation.T @ translation)

    def project(self, points: Array) -> tuple[Array, Array]:
        """Pixels of shape (p, 2) and depths in metres of shape (p,) of world points (p, 3)."""
        in_camera = points @ self.extrinsics[:3, :3].T + self.extrinsics[:3, 3]
        depth = in_camera[:, 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            homogeneous = in_camera @ self.intrinsics.T / depth[:, None]
        return homogeneous[:, :2], depth

    def rays(self, pixels: Array) -> Array:
        """Unit directions in the world, shape (p, 3), through the pixels (p, 2)."""
        homogeneous = np.column_stack([pixels, np.ones(len(pixels))])
        in_camera = homogeneous @ np.linalg.inv(self.intrinsics).T
        in_world = in_camera @ self.extrinsics[:3, :3]
        return np.asarray(in_world / np.linalg.norm(in_world, axis=1, keepdims=True))

    def pixel_grid(self, oversampling: int = 1) -> Array:
        """Centres of all pixels, row by row, shape (height * width * oversampling**2, 2)."""
        width, height = self.image_size
        across = (np.arange(width * oversampling) + 0.5) / oversampling - 0.5
        down = (np.arange(height * oversampling) + 0.5) / oversampling - 0.5
        return np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)


def look_at(eye: Array, target: Array) -> Array:
    """World-to-camera matrix (4, 4) of a level camera at ``eye`` that looks at ``target``."""
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    rotation = np.stack([right, down, forward])
    extrinsics = np.eye(4)
    extrinsics[:3, :3] = rotation
    extrinsics[:3, 3] = -rotation @ eye
    return extrinsics


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """First surfaces met by rays.

    Attributes
    ----------
    bodies : ndarray of shape (r,)
        Number of the moving body met, 0 = background, -1 = nothing.
    geoms : ndarray of shape (r,)
        MuJoCo's geom, -1 for a soft body or nothing.
    distances : ndarray of shape (r,)
        Metres, infinite for nothing.
    normals : ndarray of shape (r, 3)
        Unit normals of the surface, towards where the ray comes from on soft bodies.
    colours : ndarray of shape (r, 3)
        RGB in 0..1, the sky's for nothing.
    """

    bodies: Array
    geoms: Array
    distances: Array
    normals: Array
    colours: Array


def cast(model: Any, data: Any, origin: Array, directions: Array) -> Hits:
    """First surface met by rays that leave one point.

    Parameters
    ----------
    model, data : mujoco.MjModel, mujoco.MjData
    origin : ndarray of shape (3,)
        Metres.
    directions : ndarray of shape (r, 3)
        Unit vectors.
    """
    import mujoco

    n_rays = len(directions)
    geoms = np.full(n_rays, -1, dtype=np.int32)
    distances = np.full(n_rays, -1.0)
    normals = np.zeros(3 * n_rays)
    mujoco.mj_multiRay(
        model,
        data,
        np.ascontiguousarray(origin, dtype=np.float64),
        np.ascontiguousarray(directions, dtype=np.float64).ravel(),
        None,  # all groups of geoms
        1,  # static geoms too
        -1,  # no body left out
        geoms,
        distances,
        normals,
        n_rays,
        FAR,
    )
    nothing = geoms < 0
    of_geoms, of_flexes = body_numbers(model)
    hits = Hits(
        bodies=np.where(nothing, -1, of_geoms[geoms]),
        geoms=geoms,
        distances=np.where(nothing, np.inf, distances),
        normals=normals.reshape(n_rays, 3),
        colours=np.where(nothing[:, None], SKY, model.geom_rgba[geoms, :3]),
    )
    for flex in range(model.nflex):  # MuJoCo's own rays over many directions pass through these
        corners = data.flexvert_xpos[flex_triangles(model, flex)]
        _meet_soft_body(
            hits, origin, directions, corners, int(of_flexes[flex]), model.flex_rgba[flex, :3]
        )
    return hits


def _meet_soft_body(
    hits: Hits, origin: Array, directions: Array, corners: Array, number: int, colour: Array
) -> None:
    """Enter a body of triangles (t, 3, 3) where it lies before what the rays have met so far."""
    centre = corners.mean(axis=(0, 1))
    radius = np.linalg.norm(corners - centre, axis=-1).max()
    along = directions @ (centre - origin)
    nearest_squared = np.square(centre - origin).sum() - along**2
    near = np.flatnonzero((along > -radius) & (nearest_squared <= radius**2))
    for start in range(0, len(near), RAYS_PER_BLOCK):
        rays = near[start : start + RAYS_PER_BLOCK]
        distances, triangles = meet_triangles(origin, directions[rays], corners)
        closer = distances < hits.distances[rays]
        rays, triangles = rays[closer], triangles[closer]
        edges = corners[triangles, 1:] - corners[triangles, :1]
        normals = np.cross(edges[:, 0], edges[:, 1])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        normals *= -np.sign((normals * directions[rays]).sum(axis=1, keepdims=True))
        hits.distances[rays], hits.normals[rays] = distances[closer], normals
        hits.bodies[rays], hits.geoms[rays], hits.colours[rays] = number, -1, colour


def meet_triangles(origin: Array, directions: Array, corners: Array) -> tuple[Array, Array]:
    """First triangle met by rays from one point (Moeller and Trumbore, J. Graphics Tools 1997).

    Parameters
    ----------
    origin : ndarray of shape (3,)
    directions : ndarray of shape (r, 3)
    corners : ndarray of shape (t, 3, 3)
        Triangle, corner, coordinate.

    Returns
    -------
    distances : ndarray of shape (r,)
        In lengths of the direction, infinite for none.
    triangles : ndarray of shape (r,)
        Index of the triangle; meaningless where the distance is infinite.
    """
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]  # t 3
    offset = origin - corners[:, 0]
    across = np.cross(offset, first)
    # with D the direction: det = D . (second x first), and u, v, distance are ratios to it
    determinants = directions @ np.cross(second, first).T  # r t
    with np.errstate(divide="ignore", invalid="ignore"):
        u = directions @ np.cross(second, offset).T / determinants
        v = directions @ across.T / determinants
        distances = (second * across).sum(axis=1) / determinants
    met = (u >= 0) & (v >= 0) & (u + v <= 1) & (distances > 0)
    distances = np.where(met, distances, np.inf)
    triangles = distances.argmin(axis=1)
    return distances[np.arange(len(directions)), triangles], triangles


def visible_points(model: Any, data: Any, camera: Camera, points: Array) -> Array:
    """Which world points (p, 3) the camera sees: in the image, in front, nothing before them."""
    pixels, depth = camera.project(points)
    width, height = camera.image_size
    inside = (pixels >= 0).all(axis=1) & (pixels <= [width - 1, height - 1]).all(axis=1)
    offsets = points - camera.centre
    lengths = np.linalg.norm(offsets, axis=1)
    hits = cast(model, data, camera.centre, offsets / lengths[:, None])
    return np.asarray((depth > 0) & inside & (hits.distances > lengths - SURFACE_TOLERANCE))


def body_image(model: Any, data: Any, camera: Camera) -> Array:
    """Number of the body seen in each pixel, shape (height, width); 0 = background or nothing."""
    width, height = camera.image_size
    hits = cast(model, data, camera.centre, camera.rays(camera.pixel_grid()))
    return np.asarray(np.maximum(hits.bodies, 0).reshape(height, width))


def shaded_image(model: Any, data: Any, camera: Camera, *, oversampling: int = 2) -> Array:
    """Picture of the scene under one lamp with shadows, uint8 of shape (height, width, 3)."""
    width, height = camera.image_size
    directions = camera.rays(camera.pixel_grid(oversampling))
    hits = cast(model, data, camera.centre, directions)
    hit = hits.bodies >= 0
    surface = camera.centre + directions * np.where(hit, hits.distances, 0.0)[:, None]

    from_light = surface - LIGHT_POSITION
    light_distance = np.linalg.norm(from_light, axis=1)
    to_surface = from_light / light_distance[:, None]
    lit_distance = cast(model, data, LIGHT_POSITION, to_surface).distances
    lit = lit_distance > light_distance - SURFACE_TOLERANCE

    diffuse = np.clip(-(hits.normals * to_surface).sum(axis=1), 0.0, 1.0) * lit
    colours = hits.colours * _floor_tiles(model, hits.geoms, surface)[:, None]
    shaded = colours * (AMBIENT + (1.0 - AMBIENT) * diffuse)[:, None]
    shaded = np.where(hit[:, None], shaded, SKY)
    tiles = shaded.reshape(height, oversampling, width, oversampling, 3).mean(axis=(1, 3))
    brightened = np.clip(1.12 * tiles, 0.0, 1.0) ** 0.85
    return np.asarray((255 * brightened).round().astype(np.uint8))


def _floor_tiles(model: Any, geoms: Array, surface: Array) -> Array:
    """Brightness of the surface colour: a half-metre chequerboard on the floor, 1 elsewhere."""
    dark = np.floor(2 * surface[:, :2]).astype(int).sum(axis=1) % 2 == 1
    return np.where((geoms == model.geom("floor").id) & dark, 0.86, 1.0)
