import pytest

from infoatlas_plugins.key_states.evaluate import SuccessRate, unseen_seeds


@pytest.mark.parametrize(
    ("successes", "episodes", "expected"),
    # Wilson (1927), worked out by scipy.stats.binomtest(k, n).proportion_ci(method="wilson")
    [(0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (81, 100, (0.7222, 0.8749))],
)
def test_intervals_are_wilsons(successes, episodes, expected):
    rate = SuccessRate(successes=successes, episodes=episodes)
    assert rate.interval == pytest.approx(expected, abs=1e-3)


def test_intervals_agree_with_scipy():
    from scipy.stats import binomtest

    for successes in range(0, 38, 5):
        truth = binomtest(successes, 37).proportion_ci(method="wilson")
        rate = SuccessRate(successes=successes, episodes=37)
        assert rate.interval == pytest.approx((truth.low, truth.high), abs=1e-6)


def test_unseen_seeds_start_far_above_those_of_demonstrations():
    assert unseen_seeds(3) == [50_000, 50_001, 50_002]
