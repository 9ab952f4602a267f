"""Joint selection: its three criteria against their formulas, and scikit-learn's conventions."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from infoatlas.feature_selection import MutualInformationSelector
from infoatlas.feature_selection._variables import Variables

FEW_ROWS = "asks for an answer from fewer than the 16 rows that an estimate needs"


@parametrize_with_checks(
    [MutualInformationSelector()],
    expected_failed_checks=lambda _: {
        "check_n_features_in_after_fitting": FEW_ROWS,
        "check_estimators_nan_inf": FEW_ROWS,
        "check_fit2d_1feature": FEW_ROWS,
    },
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def xor(n=300):
    X = np.random.default_rng(0).normal(size=(n, 5))
    return X, X[:, 1] * X[:, 4] > 0


def redundant(n=300):
    rng = np.random.default_rng(0)
    a, b, noise = rng.normal(size=(3, n))
    X = np.column_stack([a, a + 0.05 * rng.normal(size=n), b, noise])
    return X, 1.5 * a + b > 0


@pytest.mark.parametrize("criterion", ["jmi", "mrmr", "greedy"])
def test_a_pair_start_finds_xor(criterion):
    X, y = xor()
    selector = MutualInformationSelector(2, criterion=criterion, start="pair").fit(X, y)
    assert sorted(selector.order_) == [1, 4]
    assert selector.scores_[0] == selector.scores_[1]
    assert selector.scores_[0] == pytest.approx(np.log(2), abs=0.2)  # nearly all of a fair coin


@pytest.mark.parametrize("criterion", ["jmi", "mrmr", "greedy"])
def test_a_copy_is_left_for_what_adds_something(criterion):
    selector = MutualInformationSelector(2, criterion=criterion).fit(*redundant())
    assert sorted(selector.order_) in ([0, 2], [1, 2])


@pytest.mark.parametrize("criterion", ["jmi", "mrmr", "greedy"])
def test_a_score_is_the_criterion_by_its_formula(criterion):
    X, y = redundant()
    selector = MutualInformationSelector(3, criterion=criterion).fit(X, y)
    variables = Variables(
        X, y, target="classes", discrete_features="auto", model="default", random_state=0
    )
    first, second, third = (int(place) for place in selector.order_)
    alone = variables.with_target([(third,)])[0]
    expected = {
        "jmi": variables.with_target([(first, third), (second, third)]).mean(),
        "mrmr": alone - variables.between([(first, third), (second, third)]).mean(),
        "greedy": variables.with_target([(first, second, third)])[0],
    }[criterion]
    assert selector.scores_[2] == pytest.approx(expected, abs=1e-5)


def test_numbers_and_classes_are_told_apart_unless_it_is_said():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = np.argsort(np.argsort(X[:, 2])) // 4  # whole numbers, 75 of them
    with pytest.raises(ValueError, match="levels"):
        MutualInformationSelector(1).fit(X, y)
    assert MutualInformationSelector(1, target="numbers").fit(X, y).order_ == [2]
    assert MutualInformationSelector(1).fit(X, y + 0.5).order_ == [2]


def test_constant_features_are_chosen_last():
    X, y = redundant()
    X[:, 1] = 0
    assert list(MutualInformationSelector(4, criterion="greedy").fit(X, y).order_)[-1] != 0
    assert set(MutualInformationSelector(2).fit(X, y).order_) == {0, 2}


def test_half_of_the_features_unless_told_and_names_survive():
    pandas = pytest.importorskip("pandas")
    X, y = redundant()
    frame = pandas.DataFrame(X, columns=["a", "copy", "b", "noise"])
    selector = MutualInformationSelector().fit(frame, y)
    assert selector.transform(frame).shape == (300, 2)
    assert "b" in selector.get_feature_names_out()


def test_it_works_in_a_pipeline_and_survives_cloning():
    X, y = xor()
    pipeline = make_pipeline(MutualInformationSelector(2, start="pair"), KNeighborsClassifier())
    assert clone(pipeline).fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.85


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"criterion": "mi"}, ValueError, 'criterion must be one of "jmi", "mrmr", "greedy", got'),
        ({"start": "triple"}, ValueError, 'start must be one of "feature", "pair", got'),
        ({"target": "labels"}, ValueError, 'target must be one of "auto", "classes", "numbers"'),
        ({"n_features_to_select": 9}, ValueError, "between 1 and the 4 features of X, got 9"),
        ({"n_features_to_select": 0}, ValueError, "between 1 and the 4 features of X, got 0"),
        ({"n_features_to_select": 1.5}, TypeError, "must be an integer or None, got float"),
        ({"n_features_to_select": True}, TypeError, "must be an integer or None, got bool"),
    ],
)
def test_bad_parameters_are_refused_in_words(options, error, message):
    with pytest.raises(error, match=message):
        MutualInformationSelector(**options).fit(*redundant())
