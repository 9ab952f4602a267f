import numpy as np
import pytest

from infoatlas_plugins.clip.ksg import ksg
from infoatlas_plugins.clip.methods import METHODS
from infoatlas_plugins.clip.neural_peers import Training, info_nce_bound, mine

CORRELATION = 0.8
TRUTH = -0.5 * np.log(1 - CORRELATION**2)  # 0.511 nats
QUICK = Training(hidden=64, rate=2e-3, batch=250, max_epochs=15)


def gaussian_pair(n, k=1, correlation=CORRELATION, seed=0):
    x, z = np.random.default_rng(seed).standard_normal((2, n, k))
    return x, correlation * x + np.sqrt(1 - correlation**2) * z


@pytest.mark.parametrize("n_neighbors", [3, 5])
def test_ksg_finds_the_value_of_a_gaussian_pair(n_neighbors):
    x, y = gaussian_pair(2000)
    assert ksg(x, y, n_neighbors=n_neighbors) == pytest.approx(TRUTH, abs=0.06)  # 3 x 0.02


def test_ksg_finds_nothing_between_independent_rows():
    x, y = gaussian_pair(2000, k=3, correlation=0.0)
    assert abs(ksg(x, y)) < 0.05


@pytest.mark.parametrize("estimate", [mine, info_nce_bound])
def test_a_trained_critic_finds_most_of_a_gaussian_pair(estimate):
    x, y = gaussian_pair(1500)
    value = estimate(x, y, training=QUICK)
    assert 0.6 * TRUTH < value < 1.3 * TRUTH  # few epochs, read on the rows it was trained on
    assert value == estimate(x, y, training=QUICK)


def test_info_nce_is_capped_by_the_number_of_partners():
    x, _ = gaussian_pair(1500)
    value = info_nce_bound(x, x, training=QUICK)
    assert value < np.log(QUICK.partners_read + 1)


@pytest.mark.parametrize("name", ["infoatlas", "gaussian", "ksg"])
def test_a_method_gives_one_value_for_each_slice(name):
    slices = [gaussian_pair(400, k=2, correlation=c) for c in (0.0, 0.5, 0.9)]
    x, y = (np.stack(side) for side in zip(*slices, strict=True))
    values = METHODS[name](x, y)
    assert values.shape == (3,)
    assert np.all(np.diff(values) > 0)
