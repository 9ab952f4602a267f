"""Any array as float columns, for estimators that know numbers only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.task import Array


def float_columns(values: Array) -> NDArray[np.float64]:
    """Float matrix of shape (n_samples, n_features); letters become their place in the alphabet.

    The order of letters means nothing, so estimators that use it are at a disadvantage there. That
    is how the published figures of these estimators were made.
    """
    columns = values.reshape(len(values), -1)
    if columns.dtype.kind in "fiub":
        return columns.astype(np.float64)
    codes = [np.unique(column, return_inverse=True)[1] for column in columns.T]
    return np.column_stack(codes).astype(np.float64)
