import numpy as np
import pytest

from infoatlas_plugins.key_states import KeyStateFinder
from infoatlas_plugins.key_states.sample import read_sample

PREDICTABLE = 30


def predictable_at_one_step(n=20, length=41):
    """Every demonstration keeps to its own state, the closer to step 30 the better."""
    generator = np.random.default_rng(0)
    own = generator.normal(size=(n, 1, 2))
    noise = 0.05 + np.abs(np.arange(length) - PREDICTABLE)[:, None] / 20
    return list(own + noise * generator.normal(size=(n, length, 2)))


def quick(estimator="gaussian", **options):
    settings = {"n_iterations": 60, "learning_rate": 1e-2, "clock": "time", "n_components": 2}
    return KeyStateFinder(estimator, **settings | options)


def test_the_step_that_is_easiest_to_predict_is_found():
    finder = quick(n_keys=1).fit(predictable_at_one_step())
    # the pair is best predicted around its middle, one step after
    assert abs(np.median(finder.key_indices_) - PREDICTABLE - 1) <= 3


def test_of_four_searches_with_the_critic_the_one_with_more_information_finds_the_step():
    states = predictable_at_one_step(n=120)
    options = {"n_keys": 1, "n_iterations": 40, "batch_size": 120}
    finders = [quick("infoatlas", random_state=i, **options).fit(states) for i in range(4)]
    best = max(finders, key=lambda finder: finder.mi_[-5:].mean())
    assert best.mi_[-5:].mean() > best.mi_[:5].mean() + 0.5
    assert abs(np.median(best.key_indices_) - PREDICTABLE - 1) <= 3


def test_without_mutual_information_it_is_not_found():
    finder = quick("none", n_keys=1).fit(predictable_at_one_step())
    assert abs(np.median(finder.key_indices_) - PREDICTABLE) > 5


def test_key_states_are_steps_of_each_demonstration_in_order_and_apart():
    states = read_sample().states
    finder = KeyStateFinder("gaussian", n_keys=4, n_iterations=60).fit(states)
    keys = finder.key_indices_
    assert keys.shape == (len(states), 4)
    assert keys.dtype == np.int64
    assert (np.diff(keys, axis=1) >= 1).all()
    assert (keys > 0).all()
    assert (keys[:, -1] < [len(s) for s in states]).all()


def test_the_same_seed_repeats_exactly_and_fitted_equals_predicted():
    states = predictable_at_one_step()
    first, again, other = (quick(n_keys=3, random_state=s).fit(states) for s in (1, 1, 2))
    assert np.array_equal(first.key_indices_, again.key_indices_)
    assert np.array_equal(first.mi_, again.mi_)
    assert not np.array_equal(first.mi_, other.mi_)
    assert np.array_equal(first.predict(states[:2]), first.key_indices_[:2])


@pytest.mark.parametrize("pooling", ["pooled", "per-key"])
@pytest.mark.parametrize("prior", ["lag", "extrapolate"])
def test_every_pooling_and_prior_runs(pooling, prior):
    finder = quick(n_keys=2, n_iterations=3, pooling=pooling, prior=prior)
    assert finder.fit_predict(predictable_at_one_step()).shape == (20, 2)
    assert finder.seconds_per_mi_ > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "mine-7"}, "estimator must be one of infoatlas"),
        ({"prior": "next"}, "prior must be one of lag, extrapolate, got 'next'"),
        ({"n_keys": 0}, "n_keys must be at least 1, got 0"),
        ({"batch_size": 8}, "batch_size must be at least 16, got 8"),
        ({"minimum_gap": 1.0}, "minimum_gap must be from 0 to below 1"),
        ({"n_keys": 20}, r"states\[0\] has 41 steps; at least 60"),
    ],
)
def test_parameters_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        KeyStateFinder(**options).fit(predictable_at_one_step())


def test_too_few_demonstrations_are_refused():
    with pytest.raises(ValueError, match="holds 15 demonstrations; at least 16"):
        KeyStateFinder("gaussian").fit(predictable_at_one_step(n=15))
