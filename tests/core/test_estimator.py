"""The scikit-learn estimator: fit once, ask of new pairs; copies answer the same."""

import copy
import math
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from infoatlas import MutualInformation, load_model, mutual_information
from infoatlas._hypernetwork import HyperNetwork


def noisy_copies(correlation=0.8, n=400, d=1, seed=0):
    x, e = np.random.default_rng(seed).normal(size=(2, n, d))
    return x, correlation * x + math.sqrt(1 - correlation**2) * e


@pytest.fixture(scope="module")
def fitted():
    return MutualInformation().fit(*noisy_copies(n=1000))


# scikit-learn's conventions


def test_parameters_are_stored_as_given_and_can_be_set():
    estimator = MutualInformation(units="bits", random_state=3)
    assert estimator.get_params() == {
        "units": "bits",
        "discrete_x": "auto",
        "discrete_y": "auto",
        "model": "default",
        "device": None,
        "series": False,
        "random_state": 3,
    }
    assert estimator.set_params(units="nats", discrete_y="nominal") is estimator
    assert (estimator.units, estimator.discrete_y) == ("nats", "nominal")
    with pytest.raises(ValueError, match="Invalid parameter 'unit'"):
        estimator.set_params(unit="bits")


def test_nothing_is_checked_before_fit_and_everything_then():
    estimator = MutualInformation(units="furlongs", discrete_x="maybe", random_state=-1)
    with pytest.raises(ValueError, match=r"^units must be"):
        estimator.fit(*noisy_copies(n=20))
    with pytest.raises(ValueError, match=r"^random_state must be"):
        estimator.set_params(units="nats").fit(*noisy_copies(n=20))
    with pytest.raises(ValueError, match=r"^discrete_x must be"):
        estimator.set_params(random_state=0).fit(*noisy_copies(n=20))


def test_a_clone_has_the_parameters_and_is_not_fitted(fitted):
    other = clone(fitted)
    assert other.get_params() == fitted.get_params()
    assert not hasattr(other, "critic_")
    x, y = noisy_copies(n=50)
    assert clone(MutualInformation(model=load_model())).fit(x, y).result_.mi == (
        MutualInformation().fit(x, y).result_.mi
    )


@pytest.mark.parametrize("method", ["score", "score_samples"])
def test_an_unfitted_estimator_says_so(method):
    with pytest.raises(NotFittedError, match="This MutualInformation instance is not fitted yet"):
        getattr(MutualInformation(), method)(*noisy_copies(n=20))


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, copy.copy, lambda e: pickle.loads(pickle.dumps(e))]
)
@pytest.mark.parametrize("kind", ["binary and continuous", "gaussian 3"])
def test_copies_answer_to_the_last_bit(copied, kind, draw):
    estimator = MutualInformation(units="bits").fit(*draw(kind, 100))
    other, new = copied(estimator), draw(kind, 40, 1)
    np.testing.assert_array_equal(other.score_samples(*new), estimator.score_samples(*new))
    assert other.score(*new) == estimator.score(*new)
    assert other.result_.mi == estimator.result_.mi
    assert str(other.result_) == str(estimator.result_)


def test_refitting_forgets_the_former_fit(fitted):
    x, y = noisy_copies(n=64, d=3, seed=5)
    estimator = copy.deepcopy(fitted).fit(x, y)
    assert estimator.result_.n_features == (3, 3)
    assert estimator.n_features_in_ == 3
    np.testing.assert_array_equal(
        estimator.score_samples(x, y), MutualInformation().fit(x, y).score_samples(x, y)
    )


def test_it_shows_only_what_is_not_default():
    assert repr(MutualInformation(units="bits")) == "MutualInformation(units='bits')"


# fit


@pytest.mark.parametrize("units", ["nats", "bits"])
def test_the_result_is_that_of_the_function(kind, draw, units):
    x, y = draw(kind, 120)
    estimator = MutualInformation(units=units, random_state=4)
    assert estimator.fit(x, y) is estimator
    result = mutual_information(x, y, units=units, random_state=4)
    for name in ("mi", "stderr", "dv", "plug_in", "gaussian", "units", "warnings", "model"):
        assert getattr(estimator.result_, name) == getattr(result, name), name
    np.testing.assert_array_equal(estimator.result_.pointwise, result.pointwise)


def test_a_given_network_is_used():
    torch.manual_seed(0)
    network = HyperNetwork(load_model().config).eval()
    x, y = noisy_copies(n=64)
    assert MutualInformation(model=network).fit(x, y).result_.model == "untrained"


# score_samples


@pytest.mark.parametrize("kind", ["gaussian 1", "gaussian 3", "mixed", "unequal sides"])
def test_values_of_the_fitted_rows_are_nearly_the_pointwise_ones(kind, draw):
    x, y = draw(kind, 3000)
    estimator = MutualInformation().fit(x, y)
    again, pointwise = estimator.score_samples(x, y), estimator.result_.pointwise
    # pointwise values read variates out of fold, score_samples reads those of all rows
    assert np.corrcoef(again, pointwise)[0, 1] > 0.95
    assert again.mean() == pytest.approx(pointwise.mean(), abs=0.05)


def test_values_of_new_gaussian_pairs_are_the_closed_form(fitted):
    x, y = noisy_copies(n=2000, seed=1)
    r = 0.8
    truth = -0.5 * math.log1p(-(r**2)) + (r * x * y - 0.5 * r**2 * (x**2 + y**2)) / (1 - r**2)
    values = fitted.score_samples(x, y)
    assert values.shape == (2000,)
    assert np.corrcoef(values, truth[:, 0])[0, 1] > 0.95
    assert np.abs(values - truth[:, 0]).mean() < 0.25 * truth.std()


def test_rows_are_scored_one_by_one(fitted):
    x, y = noisy_copies(n=20, seed=2)
    together = fitted.score_samples(x, y)
    alone = [fitted.score_samples(x[i : i + 1], y[i : i + 1])[0] for i in range(20)]
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_monotone_maps_known_to_fit_change_nothing():
    x, y = noisy_copies(n=200)
    new = noisy_copies(n=30, seed=3)
    plain = MutualInformation().fit(x, y).score_samples(*new)
    mapped = MutualInformation().fit(np.exp(x), -y).score_samples(np.exp(new[0]), -new[1])
    # ties of a new row with a fitted one may be broken otherwise by the rounding of exp
    np.testing.assert_allclose(mapped, plain, atol=1e-4)


def test_values_far_outside_the_fitted_ones_are_finite(fitted):
    far = np.array([[-1e12], [1e12], [0.0]])
    assert np.isfinite(fitted.score_samples(far, far[::-1])).all()


def test_units_scale_what_is_returned():
    x, y = noisy_copies(n=100)
    nats, bits = (MutualInformation(units=units).fit(x, y) for units in ("nats", "bits"))
    np.testing.assert_allclose(bits.score_samples(x, y) * math.log(2), nats.score_samples(x, y))
    assert bits.score(x, y) * math.log(2) == pytest.approx(nats.score(x, y))


# score


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.9])
def test_the_score_of_new_rows_is_about_the_true_value_and_not_above(correlation):
    estimator = MutualInformation().fit(*noisy_copies(correlation, 2000))
    truth = -0.5 * math.log1p(-(correlation**2))
    scores = [estimator.score(*noisy_copies(correlation, 2000, seed=s)) for s in range(1, 5)]
    # a held-out Donsker-Varadhan value is a lower bound on average; 3 standard errors of four means
    slack = 3 * max(correlation, 0.05) / math.sqrt(4 * 2000)
    assert np.mean(scores) < truth + slack
    assert np.mean(scores) > truth - 0.05 - slack


@pytest.mark.parametrize("levels", [2, 3])
def test_the_score_of_new_rows_of_a_nominal_copy_is_about_its_entropy(levels):
    codes = np.random.default_rng(0).integers(0, levels, 4000).astype(str)
    estimator = MutualInformation().fit(codes[:2000], codes[:2000])
    assert estimator.score(codes[2000:], codes[2000:]) == pytest.approx(math.log(levels), abs=0.1)


def test_the_score_repeats_and_shuffled_pairs_score_less(fitted):
    x, y = noisy_copies(n=500, seed=6)
    assert fitted.score(x, y) == fitted.score(x, y)
    assert fitted.score(x, y[::-1]) < 0 < fitted.score(x, y)


def test_the_held_out_score_of_independent_rows_is_not_above_zero():
    estimator = MutualInformation().fit(*np.random.default_rng(0).normal(size=(2, 300, 3)))
    scores = [
        estimator.score(*np.random.default_rng(s).normal(size=(2, 1000, 3))) for s in range(1, 6)
    ]
    assert np.mean(scores) < 0.02


# what is refused


def test_other_columns_than_the_fitted_ones_are_refused(fitted):
    x, y = noisy_copies(n=20, d=2)
    with pytest.raises(ValueError, match=r"^x has 2 columns, and this was fitted on 1"):
        fitted.score_samples(x, y)
    with pytest.raises(ValueError, match=r"^y has 2 columns, and this was fitted on 1"):
        fitted.score(x[:, :1], y)


def test_different_numbers_of_rows_are_refused(fitted):
    x, y = noisy_copies(n=20)
    with pytest.raises(ValueError, match="same number of rows, got 20 and 19"):
        fitted.score_samples(x, y[:-1])


def test_missing_values_are_refused(fitted):
    x, y = noisy_copies(n=20)
    x[3] = np.nan
    with pytest.raises(ValueError, match=r"^x has missing values"):
        fitted.score_samples(x, y)


def test_too_few_rows_to_pair_anew_are_refused(fitted):
    x, y = noisy_copies(n=15)
    with pytest.raises(ValueError, match=r"^x has 15 rows, and score needs 16 or more"):
        fitted.score(x, y)
    assert fitted.score_samples(x, y).shape == (15,)


def test_unknown_levels_are_refused_by_name():
    x, y = noisy_copies(n=60)
    names = np.where(x[:, 0] > 0, "up", "down")
    estimator = MutualInformation().fit(names, y)
    assert estimator.score_samples(["up", "down"], [1.0, -1.0]).shape == (2,)
    with pytest.raises(ValueError, match="level 'left', which was not in the data"):
        estimator.score_samples(["left"], [0.0])


def test_labels_where_numbers_were_fitted_are_refused(fitted):
    with pytest.raises(TypeError, match=r"^x: column .* held numbers when this was fitted"):
        fitted.score_samples(pd.Series(["a", "b"]), [0.0, 1.0])
