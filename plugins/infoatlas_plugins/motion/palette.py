"""Colours of groups, shared by the picture and the point cloud."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray

BACKGROUND = (0.62, 0.64, 0.67)  # group 0, the static background
NO_GROUP = (0.13, 0.13, 0.13)  # label -1
GROUPS = (  # neighbours in the list differ in hue and in lightness
    (0.12, 0.44, 0.82),
    (0.95, 0.52, 0.08),
    (0.14, 0.62, 0.27),
    (0.84, 0.15, 0.18),
    (0.53, 0.33, 0.76),
    (0.10, 0.73, 0.80),
    (0.93, 0.40, 0.70),
    (0.73, 0.70, 0.07),
    (0.49, 0.31, 0.24),
    (0.50, 0.82, 0.50),
    (0.18, 0.20, 0.55),
    (1.00, 0.73, 0.55),
)


def group_colours(n_groups: int) -> NDArray[np.float64]:
    """One colour per label, RGB in 0..1, shape (n_groups + 2, 3).

    Row 0 is the background, and the last row, at index -1, is for tracks in no group.
    """
    extra = [
        colorsys.hls_to_rgb((0.61803 * index) % 1.0, 0.35 + 0.3 * (index % 2), 0.65)
        for index in range(max(0, n_groups - len(GROUPS)))
    ]
    return np.array([BACKGROUND, *GROUPS[:n_groups], *extra, NO_GROUP])
