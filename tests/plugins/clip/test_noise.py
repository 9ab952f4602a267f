import numpy as np
import pytest

from infoatlas_plugins.clip.noise import add_noise, signal_to_noise


def rows(n_features, seed=0):
    drawn = np.random.default_rng(seed).standard_normal((4000, n_features)) + 2.0
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.mark.parametrize("n_features", [8, 128])
def test_noise_in_one_coordinate_is_a_multiple_of_the_rows_own_length(n_features):
    lengths = np.linspace(0.5, 4.0, 4000)[:, None]
    clean = rows(n_features) * lengths
    noisy = add_noise(clean, 0.1, relative_to="norm", generator=np.random.default_rng(1))
    relative = (noisy - clean) / lengths
    error = 0.1 / np.sqrt(2 * relative.size)  # standard error of a standard deviation
    assert relative.std() == pytest.approx(0.1, abs=4 * error)


@pytest.mark.parametrize("n_features", [8, 128])
def test_a_level_relative_to_the_spread_is_the_same_ratio_in_any_dimension(n_features):
    clean = rows(n_features)
    assert signal_to_noise(clean, 0.5, relative_to="spread") == pytest.approx(4.0)
    noisy = add_noise(clean, 0.5, relative_to="spread", generator=np.random.default_rng(1))
    ratio = np.var(clean, axis=0).sum() / np.var(noisy - clean, axis=0).sum()
    assert ratio == pytest.approx(4.0, rel=0.05)  # 4 times 4000 rows' relative error of a variance


def test_the_ratio_of_unit_rows_is_the_published_formula():
    clean = rows(64)
    mean = np.linalg.norm(clean.mean(axis=0))
    expected = (1 - mean**2) / (0.03**2 * 64)
    assert signal_to_noise(clean, 0.03, relative_to="norm") == pytest.approx(expected)


def test_no_noise_leaves_the_rows_and_an_infinite_ratio():
    clean = rows(8)
    same = add_noise(clean, 0.0, relative_to="norm", generator=np.random.default_rng(1))
    np.testing.assert_array_equal(same, clean)
    assert signal_to_noise(clean, 0.0, relative_to="norm") == np.inf


def test_an_unknown_scale_is_refused():
    with pytest.raises(ValueError, match=r"relative_to must be one of .*got 'loudness'"):
        add_noise(rows(8), 0.1, relative_to="loudness", generator=np.random.default_rng(1))
