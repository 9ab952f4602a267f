import numpy as np
import pytest

from infoatlas_plugins.key_states import mi_profile


def states_with_a_predictable_stretch(seed=0, n=20, length=24):
    """Noise, but for steps 12 to 17 of one value for each demonstration."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(n, length, 1))
    values[:, 12:18] = generator.normal(size=(n, 1, 1)) + 0.1 * generator.normal(size=(n, 6, 1))
    return list(values)


@pytest.mark.parametrize(("estimator", "n"), [("gaussian", 20), ("infoatlas", 64)])
def test_the_profile_peaks_where_a_state_tells_the_one_before_and_leaves_the_band(estimator, n):
    profile = mi_profile(
        states_with_a_predictable_stretch(n=n), clock="time", n_components=1, estimator=estimator
    )
    peak = int(profile.mi.argmax())
    assert 14 <= profile.positions[0, peak] <= 17
    assert profile.mi[peak] > profile.band.max()
    assert profile.p_value == 0.05
    inside, outside = np.full((n, 1), 15), np.full((n, 1), 5)
    assert profile.percentile_of(inside) > 0.8 > profile.percentile_of(outside)


def test_without_dependence_the_peak_is_rarely_outside_the_band():
    generator = np.random.default_rng(1)
    p_values = [
        mi_profile(
            list(generator.normal(size=(20, 12, 1))), clock="time", n_components=1,
            estimator="gaussian", random_state=s,
        ).p_value
        for s in range(20)
    ]  # fmt: skip
    # at the 5 % level, 4 or more of 20 have a chance of 1.6 %
    assert sum(p <= 0.05 for p in p_values) <= 3


def test_too_few_demonstrations_or_an_unknown_estimator_are_refused():
    states = states_with_a_predictable_stretch()
    with pytest.raises(ValueError, match="holds 9 demonstrations"):
        mi_profile(states[:9])
    with pytest.raises(ValueError, match="infoatlas or gaussian, got 'ksg'"):
        mi_profile(states, estimator="ksg")
