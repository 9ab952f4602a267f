"""The original's protocol: MI of one reference track with all others, judged by ROC-AUC.

Letters: F frames, P tracks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label
from sklearn.metrics import roc_auc_score

from infoatlas import mutual_information_batch
from infoatlas_plugins.motion.pointodyssey import read_image
from infoatlas_plugins.motion.tracks import Tracks
from infoatlas_plugins.progress import progress_bar

Array = NDArray[Any]

FARTHEST = 4000.0  # pixels; the original drops tracks that are ever farther out in x or y
PAIRS_PER_CALL = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceResult:
    """What one reference track says about all others.

    Attributes
    ----------
    tracks : Tracks
        The tracks that pass the original's filter.
    reference : int
        Index of the reference among them.
    information : ndarray of shape (P,)
        MI with the reference in nats; 0 for the reference itself, as in the original.
    components : ndarray of shape (P,)
        Region of the first mask that each track starts in.
    auc : float
        ROC-AUC of "same region as the reference" with MI as the score; NaN where all tracks or
        none are in that region.
    """

    tracks: Tracks
    reference: int
    information: Array
    components: Array
    auc: float


def reference_protocol(tracks: Tracks, reference: int) -> ReferenceResult:
    """MI of the reference with every other track, by the pretrained estimator on all frames.

    Raw pixel positions (F, 2), every frame taken for an independent sample and visibility ignored,
    as in the original's evaluations/evaluate_2dtrack.py.

    Parameters
    ----------
    tracks : Tracks
        With a mask of their first frame.
    reference : int
        Index among the tracks that pass :func:`original_filter`, which is how the original counts.
    """
    components = first_frame_components(tracks)
    kept = original_filter(tracks)
    if not 0 <= reference < len(kept):
        raise ValueError(
            f"reference must be an index among the {len(kept)} tracks that pass the original's "
            f"filter, 0 to {len(kept) - 1}, got {reference}"
        )
    tracks, components = tracks.select(kept), components[kept]
    positions = tracks.pixels.transpose(1, 0, 2).astype(np.float64)  # F P 2 -> P F 2
    others = np.delete(np.arange(len(kept)), reference)
    information = np.zeros(len(kept))
    starts = range(0, len(others), PAIRS_PER_CALL)
    for start in progress_bar(starts, description="MI with the reference"):
        chosen = others[start : start + PAIRS_PER_CALL]
        same = np.repeat(positions[reference][None], len(chosen), axis=0)
        results = mutual_information_batch(same, positions[chosen])
        information[chosen] = np.nan_to_num([float(result) for result in results], posinf=0.0)
    positive = components == components[reference]
    several = 0 < positive.sum() < len(positive)
    return ReferenceResult(
        tracks=tracks,
        reference=reference,
        information=information,
        components=components,
        auc=float(roc_auc_score(positive, information)) if several else float("nan"),
    )


def original_filter(tracks: Tracks) -> Array:
    """Indices of tracks inside the image in the first frame and never farther than 4000 pixels."""
    if tracks.image_size is None:
        raise ValueError(f"{tracks.name} has no pictures or masks, so its image size is unknown")
    x, y = tracks.pixels[0].T
    width, height = tracks.image_size
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    with np.errstate(invalid="ignore"):
        near = (np.abs(tracks.pixels) < FARTHEST).all(axis=(0, 2))
    return np.flatnonzero(inside & near)


def first_frame_components(tracks: Tracks) -> Array:
    """Region of each track (P,): 4-connected areas of one colour in the first frame's mask.

    0 for a track that starts outside the image.
    """
    first = int(tracks.frame_numbers[0])
    if first not in tracks.masks:
        raise ValueError(
            f"{tracks.name} has no mask of frame {first}, which says what belongs to the reference"
        )
    mask = read_image(tracks.masks[first]).astype(np.int64)
    packed = (mask[..., 0] << 16) | (mask[..., 1] << 8) | mask[..., 2]
    regions = np.zeros(packed.shape, dtype=np.int64)
    for colour in np.unique(packed):
        numbered, _ = label(packed == colour)  # 4-connected by default
        regions = np.where(numbered > 0, numbered + regions.max(), regions)
    x, y = np.rint(np.nan_to_num(tracks.pixels[0], nan=-1.0, posinf=-1, neginf=-1)).astype(int).T
    height, width = packed.shape
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    found = np.zeros(len(x), dtype=np.int64)
    found[inside] = regions[y[inside], x[inside]]
    return found
