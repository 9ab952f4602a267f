"""A feature table and its target as encoded variables, and mutual information among groups of them.

Rows are shuffled once with the seed: scikit-learn's rows have no order, and a table sorted by class
must not be taken for a time series.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets

from infoatlas._estimate import Model
from infoatlas._many_pairs import Asked, Columns, estimate_pairs, seed_of
from infoatlas._validation import check_side

Target = Literal["classes", "numbers"]
Group = tuple[int, ...]  # places of features


class Variables:
    """Encoded features and target. ``information`` gives their mutual information, in nats."""

    def __init__(
        self,
        X: NDArray[np.float64],
        y: NDArray[Any],
        *,
        target: Target,
        discrete_features: Any,
        model: Model,
        random_state: Any,
    ) -> None:
        seed = seed_of(_generator(random_state))
        order = np.random.default_rng(seed).permutation(len(X))
        nominal = discrete_mask(discrete_features, X.shape[1])
        self.features = [
            _feature(X[order, j], j, nominal=bool(nominal[j])) for j in range(X.shape[1])
        ]
        self.target = _target(y[order], target)
        self.options: dict[str, Any] = {"model": model, "random_state": seed}

    def with_target(self, groups: Sequence[Group]) -> NDArray[np.float64]:
        """Mutual information of each group with the target."""
        return self._information([(self._columns(group), self.target) for group in groups])

    def between(self, pairs: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
        """Mutual information of two features, for each pair."""
        return self._information([(self._columns((i,)), self._columns((j,))) for i, j in pairs])

    def _columns(self, group: Group) -> Columns | None:
        """Columns of a group, or None where all of its features are constant."""
        parts = [part for j in group if (part := self.features[j]) is not None]
        return np.hstack(parts) if parts else None

    def _information(
        self, pairs: Sequence[tuple[Columns | None, Columns | None]]
    ) -> NDArray[np.float64]:
        values = np.zeros(len(pairs))  # a constant shares nothing with anything
        asked = {
            i: Asked(x, y) for i, (x, y) in enumerate(pairs) if x is not None and y is not None
        }
        results = estimate_pairs(list(asked.values()), **self.options)
        values[list(asked)] = [result.mi for result in results]
        return values


def discrete_mask(discrete_features: Any, n_features: int) -> NDArray[np.bool_]:
    """Which features are labels, from what scikit-learn accepts: a word, a bool, a mask, places."""
    if isinstance(discrete_features, str):
        if discrete_features != "auto":
            raise ValueError(
                f'discrete_features must be "auto", a bool, a mask or places, '
                f"got {discrete_features!r}."
            )
        return np.zeros(n_features, dtype=bool)
    if isinstance(discrete_features, bool | np.bool_):
        return np.full(n_features, bool(discrete_features))
    chosen = np.asarray(discrete_features)
    if chosen.dtype == bool:
        if chosen.shape != (n_features,):
            raise ValueError(
                f"discrete_features: a mask needs one entry a feature, ({n_features},), "
                f"got shape {chosen.shape}."
            )
        return chosen
    mask = np.zeros(n_features, dtype=bool)
    try:
        mask[chosen.astype(np.intp, casting="same_kind")] = True
    except (IndexError, TypeError) as error:
        raise ValueError(
            f"discrete_features must hold places of features below {n_features}, "
            f"got {discrete_features!r}."
        ) from error
    return mask


def _feature(values: NDArray[np.float64], place: int, *, nominal: bool) -> Columns | None:
    if (values == values[0]).all():
        return None
    try:
        discrete = "nominal" if nominal else "auto"
        return check_side(values, "X", discrete=discrete).values
    except ValueError as error:  # the check saw a single column and called it 0
        raise ValueError(str(error).replace("column 0", f"column {place}")) from error


def _target(y: NDArray[Any], target: Target) -> Columns | None:
    if target == "classes":
        check_classification_targets(y)
    if (y == y[0]).all():
        return None
    return check_side(y, "y", discrete="nominal" if target == "classes" else "auto").values


def _generator(random_state: Any) -> Any:
    """scikit-learn also passes the older RandomState: draw a seed from it."""
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    return random_state
