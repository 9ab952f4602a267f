"""MutualInformation: the scikit-learn estimator. Read a data set once, ask of new pairs often."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from infoatlas._bounds import donsker_varadhan
from infoatlas._checkpoint import load_model
from infoatlas._coordinates import Side
from infoatlas._estimate import Model, RandomState, estimate_pair
from infoatlas._pairs import pairs_of_new
from infoatlas._validation import (
    Units,
    check_pair,
    check_random_state,
    check_series,
    check_units,
    per_nat,
)
from infoatlas._wide import refuse_wide

MINIMUM_SCORE_ROWS = 16


class MutualInformation(BaseEstimator):
    """Mutual information of two samples, and the critic that measures it.

    Parameters
    ----------
    units : {"nats", "bits"}, default="nats"
    discrete_x, discrete_y : {"auto", "nominal", "ordinal"}, default="auto"
    model : str, path or HyperNetwork, default="default"
    device : str or torch.device, optional
    series : bool, default=False
        As for ``mutual_information``: rows follow each other in time.
    random_state : int, Generator or None, default=0

    Attributes
    ----------
    result_ : MIResult
        What ``mutual_information`` returns for the fitted rows.
    critic_ : callable
        The written critic, on the network's own columns; ``score_samples`` is its public door.

    Examples
    --------
    >>> import numpy as np
    >>> from infoatlas import MutualInformation
    >>> x, e = np.random.default_rng(0).normal(size=(2, 1000))
    >>> estimator = MutualInformation().fit(x[:800], (x + e)[:800])
    >>> estimator.score_samples(x[800:], (x + e)[800:]).shape
    (200,)
    """

    def __init__(
        self,
        *,
        units: Units = "nats",
        discrete_x: str = "auto",
        discrete_y: str = "auto",
        model: Model = "default",
        device: str | torch.device | None = None,
        series: bool = False,
        random_state: RandomState = 0,
    ) -> None:
        self.units = units
        self.discrete_x = discrete_x
        self.discrete_y = discrete_y
        self.model = model
        self.device = device
        self.series = series
        self.random_state = random_state

    def fit(self, x: Any, y: Any) -> Self:
        """Write the critic of a data set: one forward pass, no gradient steps.

        Parameters
        ----------
        x, y : array-like of shape (n_samples,) or (n_samples, n_features)
        """
        check_units(self.units)
        check_series(self.series)
        generator = check_random_state(self.random_state)
        pair = check_pair(x, y, discrete_x=self.discrete_x, discrete_y=self.discrete_y)
        refuse_wide((pair.x.n_features, pair.y.n_features), how="use sliced_mutual_information")
        network = load_model(self.model, device=self.device)
        self.result_, self.critic_ = estimate_pair(
            pair, network, generator, self.units, series=self.series
        )
        self.n_features_in_ = pair.x.n_features
        self._sides = pair.x, pair.y
        return self

    def score_samples(self, x: Any, y: Any) -> NDArray[np.float64]:
        """Pointwise mutual information of new pairs, in ``units``.

        Parameters
        ----------
        x, y : array-like of shape (n_rows,) or (n_rows, n_features)
            Any number of rows, with the columns of the fitted ones.

        Returns
        -------
        ndarray of shape (n_rows,)

        Raises
        ------
        ValueError
            For other columns than the fitted ones, or different numbers of rows.
        """
        with torch.inference_mode():
            side_x, side_y = self._read(x, y)
            values: NDArray[np.float64] = self.critic_(side_x, side_y)[0].double().cpu().numpy()
        return values * per_nat(self.units)

    def score(self, x: Any, y: Any) -> float:
        """Donsker-Varadhan value of the fitted critic on new pairs: a held-out lower bound.

        Parameters
        ----------
        x, y : array-like of shape (n_rows,) or (n_rows, n_features)
            At least 16 rows that were not fitted on.

        Returns
        -------
        float
            In ``units``.

        Raises
        ------
        ValueError
            As for ``score_samples``, and for fewer than 16 rows.
        """
        with torch.inference_mode():
            side_x, side_y = self._read(x, y)
            n = side_x.columns.normal.shape[1]
            if n < MINIMUM_SCORE_ROWS:
                raise ValueError(
                    f"x has {n} rows, and score needs {MINIMUM_SCORE_ROWS} or more to pair anew."
                )
            pairs = pairs_of_new(n, check_random_state(self.random_state))
            joint = self.critic_(side_x, side_y)
            partners = pairs.partner.to(joint.device)
            product = [self.critic_(side_x, side_y.rows(partner)) for partner in partners]
            bound = donsker_varadhan(joint.double(), torch.cat(product, dim=1).double())
        return float(bound) * per_nat(self.units)

    def _read(self, x: Any, y: Any) -> tuple[Side, Side]:
        check_is_fitted(self, "critic_")
        encoded = [side.encode(new) for side, new in zip(self._sides, (x, y), strict=True)]
        if len(encoded[0]) != len(encoded[1]):
            raise ValueError(
                f"x and y must have the same number of rows, got {len(encoded[0])} and "
                f"{len(encoded[1])}; row i of x must be observed with row i of y."
            )
        weight = self.critic_.model.pair_first.weight
        pair = self.critic_.pair
        return tuple(  # type: ignore[return-value]
            reader(torch.from_numpy(values[None]).to(weight.device)).to(weight.dtype)
            for reader, values in zip((pair.reader_x, pair.reader_y), encoded, strict=True)
        )
