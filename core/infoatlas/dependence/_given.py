"""The three samples of a statement on x and y given z, checked and encoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas._validation import Pair, check_given, check_pair
from infoatlas.dependence._evidence import normal_scores


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """Checked x and y, and z.

    Attributes
    ----------
    pair : Pair
    z : ndarray of shape (n_samples, n_columns)
        Normal scores of the encoded z.
    n_features : int
        Columns of z, as the caller gave them.
    notes : tuple of str
        Of all three samples.
    """

    pair: Pair
    z: NDArray[np.float64]
    n_features: int
    notes: tuple[str, ...]


def read_given(
    x: Any, y: Any, z: Any, *, discrete_x: str, discrete_y: str, discrete_z: str
) -> Given:
    """Check all three as ``mutual_information`` checks two."""
    pair = check_pair(x, y, discrete_x=discrete_x, discrete_y=discrete_y)
    given = check_given(z, pair.n_samples, discrete_z=discrete_z)
    return Given(
        pair=pair,
        z=normal_scores(given.values),
        n_features=given.n_features,
        notes=pair.notes + given.notes,
    )
