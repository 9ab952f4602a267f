"""Views of a clip's motion: positions, velocities, accelerations, motion without the camera's.

Letters: F frames, P tracks, d coordinates. Mutual information of each view fails on other motions,
so affinities add the views up.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas_plugins.motion.static import storage_step

Array = NDArray[Any]
View = tuple[Array, NDArray[np.bool_]]  # values (P, F, d) and where they are usable (P, F)

REWEIGHTINGS = 20  # rounds of iteratively reweighted least squares for the camera's flow
SHARPEST = 1e-6  # of the extent of the image: residuals below it all weigh the same
FEWEST_FOR_CAMERA = 6  # tracks seen in both frames; an affine flow has three unknowns a coordinate


def motion_views(
    points: Array, usable: NDArray[np.bool_], *, generator: np.random.Generator
) -> dict[str, View]:
    """Positions, velocities, and centred positions in 3D; compensated flow, accelerations in 2D.

    In 3D the third view is the position relative to the mean track. In 2D that would turn the
    background into noise which no longer coheres, so there it is the velocity minus the camera's
    part of it, see :func:`camera_compensated`, and accelerations are the fourth: on Hopkins155
    they take a point off the error.

    Parameters
    ----------
    points : ndarray of shape (F, P, d)
    usable : ndarray of shape (F, P), bool
    generator : numpy.random.Generator
        Positions are spread evenly within their storage step. That undoes the ties of float16
        coordinates, and gives a coordinate that never changes harmless noise instead of an
        undefined MI.

    Returns
    -------
    dict
        Name -> values (P, F, d) and usable (P, F); velocities have F - 1 frames,
        accelerations F - 2.
    """
    step = storage_step(np.where(usable[..., None], points, 0.0))
    noise = generator.uniform(-0.5, 0.5, size=points.shape) * step[:, None]
    positions = np.where(usable[..., None], points + noise, 0.0)
    both = usable[1:] & usable[:-1]
    velocities = np.where(both[..., None], np.diff(positions, axis=0), 0.0)
    views = {"positions": (positions, usable), "velocities": (velocities, both)}
    if points.shape[2] == 3:
        counts = np.maximum(usable.sum(axis=1), 1)
        centre = positions.sum(axis=1) / counts[:, None]  # F P d -> F d
        views["centred positions"] = (positions - centre[:, None], usable)
    else:
        flow = camera_compensated(positions[:-1], velocities, both)
        views["camera-compensated velocities"] = (flow, both)
        three = both[1:] & both[:-1]
        bends = np.where(three[..., None], np.diff(velocities, axis=0), 0.0)
        views["accelerations"] = (bends, three)
    return {
        name: (values.transpose(1, 0, 2), where.T)  # F P d -> P F d
        for name, (values, where) in views.items()
    }


def camera_compensated(positions: Array, velocities: Array, usable: NDArray[np.bool_]) -> Array:
    """Velocities minus the dominant affine flow of each frame.

    The flow has the least sum of absolute residuals, by iteratively reweighted least squares, so
    that the motion most tracks share, as a rule the camera's, decides.

    Parameters
    ----------
    positions, velocities : ndarray of shape (F, P, 2)
        Where each step starts, and the step.
    usable : ndarray of shape (F, P), bool

    Returns
    -------
    ndarray of shape (F, P, 2)
        Zero where not usable.
    """
    centre = np.where(usable[..., None], positions, 0).sum(axis=(0, 1)) / max(usable.sum(), 1)
    spread = np.abs(positions - centre).max(initial=np.finfo(float).tiny)
    design = np.concatenate([(positions - centre) / spread, np.ones_like(positions[..., :1])], -1)
    weights = usable.astype(float)
    residual = velocities
    for _ in range(REWEIGHTINGS):
        weighted = design * weights[..., None]  # F P 3
        normal = np.einsum("fpi,fpj->fij", weighted, design) + 1e-9 * np.eye(3)
        fitted = np.linalg.solve(normal, np.einsum("fpi,fpc->fic", weighted, velocities))
        residual = velocities - np.einsum("fpi,fic->fpc", design, fitted)
        lengths = np.linalg.norm(residual, axis=-1)
        weights = np.where(usable, 1 / np.maximum(lengths, SHARPEST * spread), 0.0)
    enough = (usable.sum(axis=1) >= FEWEST_FOR_CAMERA)[:, None, None]
    return np.where(usable[..., None], np.where(enough, residual, velocities), 0.0)
