"""The moving bodies of a simulated scene: rigid, jointed and soft ones, and points on them.

A body is what has one colour in the masks and one label, as one asset has in PointOdyssey: a
jointed body counts as one, however many parts it has. Forces and cameras are elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.extras import import_extra

Array = NDArray[Any]
Surface = Callable[[Any], Array]  # mujoco.MjData -> positions (p, 3) of points on a body, metres

POINTS_PER_SQUARE_METRE = 22.0  # on the surface of a body
FEWEST_POINTS = 18  # on a rigid body, on each part of a jointed one, and on a soft one


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneBody:
    """One moving body.

    Attributes
    ----------
    name : str
        Its name in the model.
    parts : ndarray of shape (k,)
        MuJoCo's bodies that have mass: one if rigid, one for each link if jointed, one for each
        node of the lattice if soft.
    flex : int or None
        MuJoCo's flex of a soft body.
    """

    name: str
    parts: Array
    flex: int | None


def moving_bodies(model: Any) -> list[SceneBody]:
    """All children of the world, in the model's order."""
    roots = np.unique(model.body_rootid[1:])
    flex_of = {int(root): flex for flex, root in enumerate(_flex_roots(model))}
    return [
        SceneBody(
            name=model.body(root).name,
            parts=np.flatnonzero((model.body_rootid == root) & (model.body_mass > 0)),
            flex=flex_of.get(int(root)),
        )
        for root in roots
    ]


def body_numbers(model: Any) -> tuple[Array, Array]:
    """Number of the moving body that each geom and each flex belongs to, from 1; 0 = background.

    Returns
    -------
    of_geoms : ndarray of shape (n_geoms,)
    of_flexes : ndarray of shape (n_flexes,)
    """
    roots = np.unique(model.body_rootid)  # the world, 0, is the first
    of_geoms = np.searchsorted(roots, model.body_rootid[model.geom_bodyid])
    return of_geoms, np.searchsorted(roots, _flex_roots(model))


def _flex_roots(model: Any) -> Array:
    return np.asarray(model.body_rootid[model.flex_nodebodyid[model.flex_nodeadr]], dtype=np.int64)


def flex_triangles(model: Any, flex: int) -> Array:
    """Surface of a soft body: indices (t, 3) into ``data.flexvert_xpos``, counter-clockwise."""
    start, length = int(model.flex_shelldataadr[flex]), 3 * int(model.flex_shellnum[flex])
    corners = model.flex_shell[start : start + length].reshape(-1, 3)
    return np.asarray(corners + model.flex_vertadr[flex], dtype=np.int64)


def sample_surface(
    model: Any, body: SceneBody, generator: np.random.Generator, *, density: float = 1.0
) -> Surface:
    """Draw points on the surface of a body and return the function that says where they are.

    Parameters
    ----------
    model : mujoco.MjModel
    body : SceneBody
        Of ``model``.
    generator : numpy.random.Generator
        Draws the points, uniformly on the surface.
    density : float
        Relative to 22 points per square metre.

    Returns
    -------
    callable
        mujoco.MjData -> world positions (p, 3), metres; the same points in the same order.
    """
    if body.flex is not None:
        return _sample_soft(model, body.flex, generator, density)
    local = [_sample_rigid(model, part, generator, density) for part in body.parts]
    part_of = np.repeat(body.parts, [len(points) for points in local])
    in_part = np.concatenate(local)

    def positions(data: Any) -> Array:
        turns = data.xmat[part_of].reshape(-1, 3, 3)
        return np.asarray(np.einsum("pij,pj->pi", turns, in_part) + data.xpos[part_of])

    return positions


def _sample_soft(model: Any, flex: int, generator: np.random.Generator, density: float) -> Surface:
    """Points on the triangles of a soft body, by area at rest, that follow its triangles."""
    triangles = flex_triangles(model, flex)
    first, second, third = model.flex_vert0[triangles].transpose(1, 0, 2) * _rest_size(model, flex)
    areas = np.linalg.norm(np.cross(second - first, third - first), axis=1) / 2
    n_points = max(FEWEST_POINTS, round(density * POINTS_PER_SQUARE_METRE * areas.sum()))
    chosen = triangles[generator.choice(len(triangles), n_points, p=areas / areas.sum())]
    weights = generator.dirichlet(np.ones(3), size=n_points)  # uniform on a triangle

    def positions(data: Any) -> Array:
        return np.asarray(np.einsum("pk,pkc->pc", weights, data.flexvert_xpos[chosen]))

    return positions


def _rest_size(model: Any, flex: int) -> Array:
    """Width of a soft body at rest along each axis (3,): ``flex_vert0`` is relative to it."""
    return np.asarray(2 * model.flex_size[flex])


def _sample_rigid(model: Any, part: int, generator: np.random.Generator, density: float) -> Array:
    """Points (p, 3) on the surface of a rigid part, in its own frame, metres.

    Random lines through the bounding sphere are cut with each geom, so any shape is served by the
    same few lines and density on the surface is uniform (Cauchy-Crofton).
    """
    mujoco = import_extra("mujoco", extra="motion", needed_by="scene_bodies.sample_surface()")
    geoms: list[int] = np.flatnonzero(model.geom_bodyid == part).tolist()
    radius = max(
        float(model.geom_rbound[geom] + np.linalg.norm(model.geom_pos[geom])) for geom in geoms
    )
    n_lines = round(density * POINTS_PER_SQUARE_METRE * 4 * np.pi * radius**2)
    points: list[Array] = []
    while n_lines > 0 or len(points) < FEWEST_POINTS:
        n_lines -= 1
        direction = _unit_vector(generator)
        offset = np.cross(direction, _unit_vector(generator))
        offset *= radius * np.sqrt(generator.uniform()) / np.linalg.norm(offset)
        start = offset - 2 * radius * direction
        distances = [_distance_to_geom(mujoco, model, geom, start, direction) for geom in geoms]
        met = [distance for distance in distances if distance >= 0]
        if met:
            points.append(start + min(met) * direction)
    return np.array(points)


def _distance_to_geom(mujoco: Any, model: Any, geom: int, start: Array, direction: Array) -> float:
    """Distance along a ray to one primitive geom, both in the frame of its body; -1 for none."""
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, model.geom_quat[geom])
    return float(
        mujoco.mju_rayGeom(
            model.geom_pos[geom],
            rotation,
            model.geom_size[geom],
            start,
            direction,
            int(model.geom_type[geom]),
            None,
        )
    )


def _unit_vector(generator: np.random.Generator) -> Array:
    vector = generator.standard_normal(3)
    return np.asarray(vector / np.linalg.norm(vector))
