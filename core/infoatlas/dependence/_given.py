"""x and y with what z says about their values taken away: what a statement given z is made from.

For any function h, x - h(z) and x determine each other once z is known. So taking a regression on z
away changes no conditional mutual information, and leaves less for an estimator to disentangle.

n: rows   d: columns of a side
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas._validation import Pair, Side, check_given, check_pair
from infoatlas.dependence._evidence import normal_scores
from infoatlas.dependence._residuals import residuals


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """Checked x and y, their residuals, and z.

    Attributes
    ----------
    pair : Pair
        x and y encoded, otherwise as they are.
    left : Pair
        Normal scores of both, less their regression on z.
    z : ndarray of shape (n, d_z)
        Normal scores of the encoded z.
    n_features : int
        Columns of z, as the caller gave them.
    notes : tuple of str
    """

    pair: Pair
    left: Pair
    z: NDArray[np.float64]
    n_features: int
    notes: tuple[str, ...]


def read_given(
    x: Any,
    y: Any,
    z: Any,
    generator: np.random.Generator,
    *,
    discrete_x: str,
    discrete_y: str,
    discrete_z: str,
) -> Given:
    """Check all three and take the regressions away."""
    pair = check_pair(x, y, discrete_x=discrete_x, discrete_y=discrete_y)
    given = check_given(z, pair.n_samples, discrete_z=discrete_z)
    scores = normal_scores(given.values)
    centres = generator.permutation(pair.n_samples)

    def rest(side: Side) -> Side:
        return replace(side, values=residuals(normal_scores(side.values), scores, centres))

    left = replace(pair, x=rest(pair.x), y=rest(pair.y))
    return Given(
        pair=pair,
        left=left,
        z=scores,
        n_features=given.n_features,
        notes=pair.notes + given.notes,
    )
