"""Drop-in scores: scikit-learn's signatures, the estimator's values, and what is refused."""

import inspect

import numpy as np
import pytest
from sklearn import feature_selection as sklearn_selection
from sklearn.datasets import load_digits, load_iris
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

import infoatlas
from infoatlas.feature_selection import mutual_info_classif, mutual_info_regression

BOTH = [mutual_info_classif, mutual_info_regression]


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    return X, X[:, 1] + 0.5 * X[:, 2] ** 2 + 0.3 * rng.normal(size=300)


@pytest.mark.parametrize("score", BOTH)
def test_the_signature_begins_as_that_of_scikit_learn(score):
    theirs = inspect.signature(getattr(sklearn_selection, score.__name__)).parameters
    ours = inspect.signature(score).parameters
    assert list(ours)[: len(theirs)] == list(theirs)
    assert all(ours[name].kind == theirs[name].kind for name in theirs)


def test_a_score_is_the_estimate_of_the_shuffled_rows(table):
    X, y = table
    order = np.random.default_rng(7).permutation(len(X))
    expected = infoatlas.mutual_information(X[order, 2], y[order], random_state=7).mi
    assert mutual_info_regression(X, y, random_state=7)[2] == pytest.approx(expected, abs=1e-5)


def test_dependent_features_come_before_independent_ones(table):
    X, y = table
    for scores in (mutual_info_regression(X, y), mutual_info_classif(X, y > np.median(y))):
        assert set(np.argsort(scores)[2:]) == {1, 2}
        assert (scores >= 0).all()
        assert scores[[0, 3]].max() < 0.03  # independent; scatter at 300 rows is 0.01


def test_rows_sorted_by_class_are_not_taken_for_a_time_series():
    X, y = load_iris(return_X_y=True)  # 50 rows of each class, one after the other
    order = np.random.default_rng(0).permutation(len(X))
    # 0.05: scatter over the order of 150 rows
    assert mutual_info_classif(X, y) == pytest.approx(
        mutual_info_classif(X[order], y[order]), abs=0.1
    )
    assert mutual_info_classif(X, y)[2:].min() > 0.8


def test_class_names_change_nothing():
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    assert np.array_equal(mutual_info_classif(X, names), mutual_info_classif(X, y))


@pytest.mark.parametrize("score", BOTH)
def test_a_constant_feature_scores_nothing_and_a_constant_target_too(score, table):
    X = table[0].copy()
    X[:, 3] = 2.5
    y = np.arange(300) % 3
    assert score(X, y)[3] == 0
    assert (score(X, np.ones(300)) == 0).all()


def test_digits_with_their_constant_pixels_go_through():
    X, y = load_digits(return_X_y=True)
    some = [0, 21, 32, 43]  # the first and the third are constant or nearly so
    scores = mutual_info_classif(X[:400, some], y[:400])
    assert scores[0] == 0
    assert scores[[1, 3]].min() > 10 * scores[2]


@pytest.mark.parametrize("mark", [True, [0], np.array([True, False, False, False])])
def test_a_discrete_feature_is_read_by_its_labels(table, mark):
    X, y = table
    X = X.copy()
    X[:, 0] = np.digitize(X[:, 1], [-1, -0.3, 0.3, 1])  # labels of y's own cause ...
    shuffled = np.array([3.0, 0.0, 4.0, 1.0, 2.0])[X[:, 0].astype(int)]  # ... and other names
    X[:, 1:] = np.sign(X[:, 1:])
    first = mutual_info_regression(X, y, discrete_features=mark)[0]
    X[:, 0] = shuffled
    assert mutual_info_regression(X, y, discrete_features=mark)[0] == pytest.approx(first, abs=1e-6)


@pytest.mark.parametrize("state", [3, np.int64(3), np.random.RandomState(3), None])
def test_every_random_state_of_scikit_learn_is_taken(table, state):
    assert np.isfinite(mutual_info_regression(*table, random_state=state)).all()


def test_the_same_seed_gives_the_same_scores(table):
    first = mutual_info_regression(*table, random_state=5)
    assert np.array_equal(first, mutual_info_regression(*table, random_state=5))
    assert not np.array_equal(first, mutual_info_regression(*table, random_state=6))


def test_it_works_in_select_k_best_and_a_pipeline():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(SelectKBest(mutual_info_classif, k=2), KNeighborsClassifier())
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.full((20, 2), np.nan)}, "contains NaN"),
        ({"X": np.zeros((5, 2)) + np.arange(5)[:, None]}, "5 rows, and at least 16"),
        ({"discrete_features": "all"}, "must be \"auto\", a bool, a mask or places, got 'all'"),
        ({"discrete_features": [True]}, r"one entry a feature, \(2,\), got shape \(1,\)"),
        ({"discrete_features": [4]}, "places of features below 2, got"),
        ({"discrete_features": [0.5]}, "places of features below 2, got"),
        ({"random_state": -1}, "random_state must be 0 or more"),
        ({"y": np.linspace(0, 1, 20)}, "Unknown label type"),
        (
            {"X": np.column_stack([np.arange(200.0)] * 2), "discrete_features": [1]},
            "column 1",
        ),
    ],
)
def test_bad_input_is_refused_in_words(change, message):
    X = np.random.default_rng(0).normal(size=(20, 2))
    options = {"X": X, **change}
    options.setdefault("y", np.arange(len(options["X"])) % 2)
    with pytest.raises(ValueError, match=message):
        mutual_info_classif(**options)
