"""Drop-in scores of single features, with the signatures of scikit-learn's functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_X_y

from infoatlas._estimate import Model
from infoatlas.feature_selection._variables import Target, Variables


def mutual_info_regression(
    X: Any,
    y: Any,
    *,
    discrete_features: Any = "auto",
    n_neighbors: int = 3,
    copy: bool = True,
    random_state: Any = 0,
    n_jobs: int | None = None,
    model: Model = "default",
) -> NDArray[np.float64]:
    """Mutual information of each feature with a numeric target, in nats.

    Takes the place of ``sklearn.feature_selection.mutual_info_regression``, in ``SelectKBest`` too.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Finite numbers. A constant feature scores 0.
    y : array-like of shape (n_samples,)
        Numbers; only their order counts.
    discrete_features : "auto", bool, or array of bool or of int, default="auto"
        The features whose values are labels without an order. ``"auto"``: none; a feature of few
        different numbers is read as ordinal.
    n_neighbors, copy, n_jobs
        Accepted so that calls written for scikit-learn run. They change nothing: no neighbours are
        counted, ``X`` is never changed, and all features go through the network in batches.
    random_state : int, RandomState, Generator or None, default=0
        Shuffles the rows and draws the product pairs: the same seed gives the same scores.
    model : str, path or HyperNetwork, default="default"
        As for ``mutual_information``.

    Returns
    -------
    ndarray of shape (n_features,)
        0 or more.

    Raises
    ------
    ValueError, TypeError
        For fewer than 16 rows, missing or infinite values, and what is not numbers.
    """
    return _scores(X, y, "numbers", discrete_features, random_state, model)


def mutual_info_classif(
    X: Any,
    y: Any,
    *,
    discrete_features: Any = "auto",
    n_neighbors: int = 3,
    copy: bool = True,
    random_state: Any = 0,
    n_jobs: int | None = None,
    model: Model = "default",
) -> NDArray[np.float64]:
    """Mutual information of each feature with a class label, in nats.

    Takes the place of ``sklearn.feature_selection.mutual_info_classif``, in ``SelectKBest`` too.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Finite numbers. A constant feature scores 0.
    y : array-like of shape (n_samples,)
        Labels of any type, 64 classes at most; what they are called changes nothing.
    discrete_features, n_neighbors, copy, random_state, n_jobs, model
        As for ``mutual_info_regression``.

    Returns
    -------
    ndarray of shape (n_features,)
        0 or more.

    Raises
    ------
    ValueError, TypeError
        As for ``mutual_info_regression``, and for targets that are not classes.
    """
    return _scores(X, y, "classes", discrete_features, random_state, model)


def _scores(
    X: Any, y: Any, target: Target, discrete_features: Any, random_state: Any, model: Model
) -> NDArray[np.float64]:
    X, y = check_X_y(X, y, dtype=np.float64, y_numeric=target == "numbers")
    variables = Variables(
        X,
        y,
        target=target,
        discrete_features=discrete_features,
        model=model,
        random_state=random_state,
    )
    return variables.with_target([(j,) for j in range(X.shape[1])])
