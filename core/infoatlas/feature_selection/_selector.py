"""MutualInformationSelector: features chosen for what they say together."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from infoatlas._estimate import Model
from infoatlas.feature_selection._variables import Group, Target, Variables

Criterion = Literal["jmi", "mrmr", "greedy"]
CRITERIA = ("jmi", "mrmr", "greedy")
STARTS = ("feature", "pair")
TARGETS = ("auto", "classes", "numbers")


class MutualInformationSelector(SelectorMixin, BaseEstimator):
    """Choose features one after the other, each for what it adds to those already chosen.

    Parameters
    ----------
    n_features_to_select : int, optional
        Half of the features unless given.
    criterion : {"jmi", "mrmr", "greedy"}, default="jmi"
        What the next feature f makes largest, S being the features chosen so far and T the target.
        ``"jmi"``: the mean over s in S of I(f, s; T), Yang and Moody (1999), NeurIPS 12.
        ``"mrmr"``: I(f; T) less the mean over s in S of I(f; s), Peng, Long and Ding (2005), IEEE
        PAMI 27(8).
        ``"greedy"``: I(f, S; T) itself, the forward search of Battiti (1994), IEEE TNN 5(4),
        without his approximation.
    start : {"feature", "pair"}, default="feature"
        ``"pair"`` tries every pair of features first, for targets that no feature says anything
        about alone, such as XOR: n_features (n_features - 1) / 2 estimates more.
    target : {"auto", "classes", "numbers"}, default="auto"
        How ``y`` is read; ``"auto"`` as scikit-learn does: floats with a fraction are numbers,
        everything else is classes.
    discrete_features : "auto", bool, or array of bool or of int, default="auto"
        As for ``mutual_info_classif``.
    model : str, path or HyperNetwork, default="default"
    random_state : int, RandomState, Generator or None, default=0

    Attributes
    ----------
    order_ : ndarray of shape (n_features_to_select,)
        Places of the chosen features, the first chosen first.
    scores_ : ndarray of shape (n_features_to_select,)
        The criterion when each was chosen, in nats; both members of a starting pair have the
        information of the pair.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)

    Examples
    --------
    >>> import numpy as np
    >>> from infoatlas.feature_selection import MutualInformationSelector
    >>> X = np.random.default_rng(0).normal(size=(500, 4))
    >>> y = X[:, 0] * X[:, 2] > 0
    >>> selector = MutualInformationSelector(n_features_to_select=2, start="pair")
    >>> sorted(selector.fit(X, y).order_.tolist())
    [0, 2]
    """

    order_: NDArray[np.intp]
    scores_: NDArray[np.float64]

    def __init__(
        self,
        n_features_to_select: int | None = None,
        *,
        criterion: Criterion = "jmi",
        start: Literal["feature", "pair"] = "feature",
        target: Literal["auto", "classes", "numbers"] = "auto",
        discrete_features: Any = "auto",
        model: Model = "default",
        random_state: Any = 0,
    ) -> None:
        self.n_features_to_select = n_features_to_select
        self.criterion = criterion
        self.start = start
        self.target = target
        self.discrete_features = discrete_features
        self.model = model
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Choose features.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite numbers.
        y : array-like of shape (n_samples,)
        """
        self._check_words()
        X, y = validate_data(self, X, y, dtype=np.float64)
        n_features = X.shape[1]
        count = self._check_count(n_features)
        variables = Variables(
            X,
            y,
            target=self._target(y),
            discrete_features=self.discrete_features,
            model=self.model,
            random_state=self.random_state,
        )
        search = _Search(variables, n_features)
        search.begin(self.start if count > 1 else "feature")
        while len(search.order) < count:
            search.add(self.criterion)
        self.order_ = np.array(search.order)
        self.scores_ = np.array(search.scores)
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self, "order_")
        mask = np.zeros(self.n_features_in_, dtype=bool)
        mask[self.order_] = True
        return mask

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _target(self, y: NDArray[Any]) -> Target:
        if self.target != "auto":
            return self.target
        return "numbers" if type_of_target(y).startswith("continuous") else "classes"

    def _check_words(self) -> None:
        for name, known in (("criterion", CRITERIA), ("start", STARTS), ("target", TARGETS)):
            if getattr(self, name) not in known:
                words = ", ".join(f'"{word}"' for word in known)
                raise ValueError(f"{name} must be one of {words}, got {getattr(self, name)!r}.")

    def _check_count(self, n_features: int) -> int:
        count = self.n_features_to_select
        if count is None:
            return max(1, n_features // 2)
        if isinstance(count, bool) or not isinstance(count, int | np.integer):
            raise TypeError(
                f"n_features_to_select must be an integer or None, got {type(count).__name__}."
            )
        if not 1 <= count <= n_features:
            raise ValueError(
                f"n_features_to_select must be between 1 and the {n_features} features of X, "
                f"got {count}."
            )
        return int(count)


class _Search:
    """Features chosen so far, and what is already known of the others."""

    def __init__(self, variables: Variables, n_features: int) -> None:
        self.variables = variables
        self.relevance = variables.with_target([(j,) for j in range(n_features)])
        self.sums = np.zeros(n_features)  # of the criterion's terms over the chosen features
        self.counted = 0  # chosen features that are in the sums
        self.order: list[int] = []
        self.scores: list[float] = []

    def begin(self, start: str) -> None:
        if start == "feature":
            self._choose(int(np.argmax(self.relevance)), float(self.relevance.max()))
            return
        pairs = list(combinations(range(len(self.relevance)), 2))
        together = self.variables.with_target(pairs)
        best = float(together.max())
        for feature in pairs[int(np.argmax(together))]:
            self._choose(feature, best)

    def add(self, criterion: Criterion) -> None:
        """Choose the next feature; the first of equals."""
        left = [j for j in range(len(self.relevance)) if j not in self.order]
        if criterion == "greedy":
            groups: list[Group] = [(*self.order, j) for j in left]
            values = self.variables.with_target(groups)
        else:
            values = self._pairwise(criterion, left)
        self._choose(left[int(np.argmax(values))], float(values.max()))

    def _pairwise(self, criterion: Criterion, left: list[int]) -> NDArray[np.float64]:
        """JMI or mRMR of the features left; only the terms of new choices are estimated."""
        for chosen in self.order[self.counted :]:
            pairs = [(chosen, j) for j in left]
            ask = self.variables.with_target if criterion == "jmi" else self.variables.between
            self.sums[left] += ask(pairs)
        self.counted = len(self.order)
        means = self.sums[left] / self.counted
        return means if criterion == "jmi" else self.relevance[left] - means

    def _choose(self, feature: int, score: float) -> None:
        self.order.append(feature)
        self.scores.append(score)
