"""Laws of conditional mutual information: what is known, what must not matter, what is refused."""

import math

import numpy as np
import pandas as pd
import pytest

from infoatlas import conditional_mutual_information, mutual_information


def confounded(n=500, seed=0):
    z, e, f = np.random.default_rng(seed).normal(size=(3, n))
    return np.sin(z) + 0.5 * e, np.tanh(2 * z) + 0.5 * f, z


def test_what_z_explains_is_nothing():
    x, y, z = confounded()
    assert mutual_information(x, y).mi > 0.3
    assert conditional_mutual_information(x, y, z).mi < 0.03


@pytest.mark.parametrize("d", [1, 2])
def test_gaussian_columns_have_the_value_of_their_partial_correlation(d):
    z, e, f = np.random.default_rng(1).normal(size=(3, 1500, d))
    x, y = z + e, 2 * z + 0.6 * e + 0.8 * f
    result = conditional_mutual_information(x, y, z)
    assert result.mi == pytest.approx(-d * math.log(0.8), abs=0.05 * d)  # two standard errors
    assert result.n_features == (d, d, d)


def test_the_third_side_of_an_exclusive_or_shows_only_given_the_second():
    x, z = np.random.default_rng(2).integers(0, 2, size=(2, 800))
    assert mutual_information(x, x ^ z).mi < 0.02
    # without noise the network's value of x with the other two is some hundredths low
    assert conditional_mutual_information(x, x ^ z, z).mi == pytest.approx(math.log(2), abs=0.08)


def test_a_chain_of_states_forgets_what_came_before_the_last():
    rng = np.random.default_rng(3)
    z = rng.integers(0, 3, size=800)
    x, y = (np.where(rng.uniform(size=800) < 0.7, z, rng.integers(0, 3, 800)) for _ in range(2))
    assert mutual_information(x, y).mi > 0.1
    assert conditional_mutual_information(x, y, z).mi < 0.03


def test_the_chain_rule_holds_for_an_irrelevant_z():
    z, e, f = np.random.default_rng(4).normal(size=(3, 1000))
    given = conditional_mutual_information(e, e + f, z).mi
    assert given == pytest.approx(mutual_information(e, e + f).mi, abs=0.05)


def test_x_and_y_play_the_same_part():
    x, y, z = confounded()
    y = y + 0.5 * x
    one = conditional_mutual_information(x, y, z)
    other = conditional_mutual_information(y, x, z)
    assert one.mi == pytest.approx(other.mi, abs=0.02)  # other rows carry the regressions


def test_monotone_maps_of_columns_change_nothing():
    x, y, z = confounded(200)
    plain = conditional_mutual_information(x, y, z)
    mapped = conditional_mutual_information(np.exp(x), y**3, np.arctan(z))
    assert plain.mi == pytest.approx(mapped.mi, abs=1e-6)


def test_the_value_is_the_mean_of_two_differences_and_never_negative():
    x, y, z = confounded(100)
    for side, least in ((y, 0), (y + x, 0.1)):
        result = conditional_mutual_information(x, side, z)
        of_x, of_y = result.of_x, result.of_y
        mean = (of_x.joint - of_x.alone + of_y.joint - of_y.alone) / 2
        assert result.mi == pytest.approx(max(mean, 0.0))
        assert result.mi >= least
        assert result.stderr > 0


def test_bits_are_nats_over_ln_2():
    x, y, z = confounded(100)
    nats = conditional_mutual_information(x, x + y, z)
    bits = conditional_mutual_information(x, x + y, z, units="bits")
    for name in ("mi", "stderr"):
        assert getattr(bits, name) == pytest.approx(getattr(nats, name) / math.log(2))
    assert bits.of_x.joint == pytest.approx(nats.of_x.joint / math.log(2))
    assert bits.units == "bits"


def test_the_seed_repeats_the_call():
    x, y, z = confounded(400)
    one, other, third = (conditional_mutual_information(x, y, z, random_state=i) for i in (3, 3, 4))
    assert one.of_x == other.of_x
    assert one.of_x != third.of_x


def test_nominal_z_may_be_renamed():
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 3, size=300)
    x, y = codes + rng.normal(size=(2, 300))
    names = pd.Series(codes).map({0: "sea", 1: "air", 2: "land"})
    named = conditional_mutual_information(x, y, names)
    coded = conditional_mutual_information(x, y, codes, discrete_z="nominal")
    assert named.mi == pytest.approx(coded.mi, abs=0.02)  # their indicators stand in another order


def test_doubts_about_any_term_are_told():
    x, y, z = np.random.default_rng(6).normal(size=(3, 40, 6))
    result = conditional_mutual_information(x, y, z)
    assert not result.reliable
    assert any("Few rows for the dimension" in warning for warning in result.warnings)


def test_a_function_of_z_shares_nothing_more_with_anything_and_is_told():
    z, e = np.random.default_rng(7).normal(size=(2, 300))
    for x, y in ((z, z + e), (z, np.exp(z))):
        result = conditional_mutual_information(x, y, z)
        assert result.mi < 0.03
        assert "x: z determines a column" in result.warnings[0]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": np.full(40, np.nan)}, ValueError, "x has missing values"),
        ({"y": np.full(40, np.inf)}, ValueError, "y has infinite values"),
        ({"z": np.r_[np.nan, np.arange(39)]}, ValueError, "z has missing values"),
        ({"z": np.arange(39.0)}, ValueError, "z must have as many rows as x and y, got 39 and 40"),
        ({"z": np.zeros(40)}, ValueError, "z: column 0 is constant"),
        ({"x": np.arange(30.0)}, ValueError, "x and y must have the same number of rows"),
        ({"units": "hartleys"}, ValueError, "units must be"),
        ({"discrete_z": "yes"}, ValueError, "discrete_z must be"),
        ({"random_state": "a"}, TypeError, "random_state must be"),
    ],
)
def test_what_cannot_be_used_is_named(change, error, message):
    sides = dict(zip("xyz", np.random.default_rng(0).normal(size=(3, 40)), strict=True))
    with pytest.raises(error, match=message):
        conditional_mutual_information(**(sides | change))
