"""What a pairwise matrix is: values by pair of names, and their presentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from infoatlas._validation import Units, per_nat


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairwiseMutualInformation:
    """Mutual information of every pair of columns or groups.

    Attributes
    ----------
    names : tuple of str
        What the rows and columns of the matrices are.
    mi : ndarray of shape (n_groups, n_groups)
        Symmetric, in `units`. NaN on the diagonal, and where a pair had too few common rows.
    stderr : ndarray of shape (n_groups, n_groups)
        Standard errors, in `units`.
    reliable : ndarray of bool of shape (n_groups, n_groups)
        False where a warning casts doubt on a value, and on the diagonal.
    n_samples : ndarray of int of shape (n_groups, n_groups)
        Rows that each pair used.
    units : {"nats", "bits"}
    model : str
        The checkpoint, by name and start of its sha256.
    """

    names: tuple[str, ...]
    mi: NDArray[np.float64]
    stderr: NDArray[np.float64]
    reliable: NDArray[np.bool_]
    n_samples: NDArray[np.int64]
    units: Units
    model: str

    def normalised(self) -> NDArray[np.float64]:
        """Values between 0 and 1: sqrt(1 - exp(-2 I)), I in nats; 1 on the diagonal.

        The informational coefficient of correlation: for two Gaussian columns it is the absolute
        value of their correlation. Discrete columns stay below 1 even where one decides the other,
        for their mutual information is at most their entropy. Linfoot (1957), Information and
        Control 1(1).

        Returns
        -------
        ndarray of shape (n_groups, n_groups)
        """
        nats = self.mi / per_nat(self.units)
        values = np.sqrt(-np.expm1(-2.0 * nats))
        np.fill_diagonal(values, 1.0)
        return np.asarray(values)

    def heatmap(self, *, values: Literal["mi", "normalised"] = "mi", axes: Any = None) -> Any:
        """Draw the matrix. Needs matplotlib.

        Parameters
        ----------
        values : {"mi", "normalised"}
        axes : matplotlib.axes.Axes, optional
            Where to draw; a figure of its own unless given.

        Returns
        -------
        matplotlib.axes.Axes
            ``heatmap().figure.savefig(path)`` writes the picture.
        """
        from infoatlas.dependence._matrix_plots import heatmap

        if values not in ("mi", "normalised"):
            raise ValueError(f'values must be "mi" or "normalised", got {values!r}.')
        if values == "mi":
            label = f"mutual information ({self.units})"
            return heatmap(self.names, self.mi, label=label, top=None, axes=axes)
        label = "normalised, 0 to 1"
        return heatmap(self.names, self.normalised(), label=label, top=1.0, axes=axes)

    def graph(self, *, threshold: float = 0.3, axes: Any = None) -> Any:
        """Draw names on a circle, and a line between those that depend on each other.

        Parameters
        ----------
        threshold : float
            Lines are drawn where the normalised value is at least this.
        axes : matplotlib.axes.Axes, optional
            Where to draw; a figure of its own unless given.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ValueError
            For a threshold outside 0 to 1.
        """
        from infoatlas.dependence._matrix_plots import graph

        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold must be between 0 and 1, got {threshold}.")
        return graph(self.names, self.normalised(), threshold=threshold, axes=axes)
