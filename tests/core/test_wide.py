"""More columns than the network reads: refused with the way out, or sliced when asked."""

import numpy as np
import pytest

from infoatlas import MutualInformation, mutual_information, mutual_information_batch


def noisy_copies(n, d):
    x, noise = np.random.default_rng(0).normal(size=(2, n, d))
    return x, x + noise


def test_the_widest_data_that_are_read_directly_have_64_columns():
    x, y = noisy_copies(100, 64)
    assert not any("Sliced" in warning for warning in mutual_information(x, y[:, :1]).warnings)


@pytest.mark.parametrize("argument", ["x", "y"])
def test_wider_data_are_refused_and_the_message_names_the_ways_out(argument):
    x, y = noisy_copies(100, 65)
    pair = (x, y[:, :2]) if argument == "x" else (x[:, :2], y)
    message = rf"^{argument} has 65 columns, and the network reads at most 64 a side.*slice"
    with pytest.raises(ValueError, match=message):
        mutual_information(*pair)
    with pytest.raises(ValueError, match=message):
        MutualInformation().fit(*pair)
    with pytest.raises(ValueError, match=message):
        mutual_information_batch(*(side[None] for side in pair))


def test_slicing_on_request_gives_a_result_that_says_so():
    x, y = noisy_copies(100, 70)
    result = mutual_information(x, y, wide="slice")
    assert result.warnings[0].startswith("Sliced: the mean over 64 random projections to 5")
    assert result.n_features == (70, 70)
    assert result.pointwise.shape == (100,)
    # a random slice shares little, and the whole 70 ln(2) / 2 = 24 nats
    assert 0 < result.mi < 1
    assert result.plug_in == pytest.approx(result.pointwise.mean(), abs=1e-4)
    assert mutual_information(x, y, wide="slice").mi == result.mi


def test_slices_of_independent_data_share_nothing():
    x, y = np.random.default_rng(1).normal(size=(2, 300, 66))
    assert mutual_information(x, y, wide="slice").mi < 0.03


def test_asking_for_slices_changes_nothing_where_they_are_not_needed():
    x, y = noisy_copies(100, 3)
    assert mutual_information(x, y, wide="slice").mi == mutual_information(x, y).mi


def test_options_that_do_not_fit_are_refused():
    x, y = noisy_copies(100, 70)
    with pytest.raises(ValueError, match=r'^wide must be "refuse" or "slice", got \'fold\''):
        mutual_information(x, y, wide="fold")
    with pytest.raises(ValueError, match=r"^refine must be 0 where"):
        mutual_information(x, y, wide="slice", refine=3)
