"""The moving bodies of a simulated scene: rigid, jointed and soft ones.

A body is what has one colour in the masks and one label, as one asset has in PointOdyssey: a
jointed body counts as one, however many parts it has. Forces, cameras and points are elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


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
    """

    name: str
    parts: Array


def moving_bodies(model: Any) -> list[SceneBody]:
    """All children of the world, in the model's order."""
    roots = np.unique(model.body_rootid[1:])
    return [
        SceneBody(
            name=model.body(root).name,
            parts=np.flatnonzero((model.body_rootid == root) & (model.body_mass > 0)),
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
