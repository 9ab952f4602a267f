"""Each bound is its formula, is exact at the pointwise MI, and they stand in a fixed order."""

import math

import numpy as np
import pytest
import torch

from infoatlas._bounds import (
    clipped_donsker_varadhan,
    donsker_varadhan,
    effective_sample_share,
    log_mean_exp,
    nwj,
    plug_in,
)

BOUNDS = (donsker_varadhan, nwj, clipped_donsker_varadhan)


def critic_values(seed, b=3, n=50, m=200, scale=1.0):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(b, n))), scale * torch.from_numpy(
        rng.normal(size=(b, m))
    )


def pointwise_of_a_table(table):
    """Pointwise MI of the cells of a joint table, with joint and product probabilities."""
    product = table.sum(1, keepdims=True) * table.sum(0)
    return np.log(table / product).ravel(), table.ravel(), product.ravel()


def test_each_bound_is_its_formula():
    joint, product = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, math.log(3.0)]])
    assert plug_in(joint).item() == pytest.approx(1.5)
    assert donsker_varadhan(joint, product).item() == pytest.approx(1.5 - math.log(2))
    assert nwj(joint, product).item() == pytest.approx(1 + 1.5 - 2)
    assert effective_sample_share(product).item() == pytest.approx(4**2 / (1 + 9) / 2)
    clipped = clipped_donsker_varadhan(joint, 10 * product, clip=3.0)
    assert clipped.item() == pytest.approx(1.5 - math.log((1 + math.e**3) / 2))


@pytest.mark.parametrize("seed", range(3))
def test_weights_are_how_often_a_product_pair_counts(seed):
    joint, product = critic_values(seed)
    times = torch.from_numpy(np.random.default_rng(seed).integers(0, 4, product.shape[1]))
    repeated = product.repeat_interleave(times, dim=1)
    for bound in BOUNDS:
        torch.testing.assert_close(bound(joint, product, times.double()), bound(joint, repeated))
    torch.testing.assert_close(
        effective_sample_share(product, times.double()), effective_sample_share(repeated)
    )


@pytest.mark.parametrize("rows", [2, 5])
@pytest.mark.parametrize("seed", range(5))
def test_every_bound_is_the_mutual_information_at_the_pointwise_mi(rows, seed):
    table = np.random.default_rng(seed).dirichlet(np.ones(rows * 4)).reshape(rows, 4)
    pmi, joint_weight, product_weight = pointwise_of_a_table(table)
    truth = float(joint_weight @ pmi)
    # mean over joint cells as a constant critic of one row; the product cells by their weight
    joint = torch.full((1, 1), truth).double()
    cells, weight = torch.from_numpy(pmi).unsqueeze(0), torch.from_numpy(product_weight)
    assert donsker_varadhan(joint, cells, weight).item() == pytest.approx(truth)
    assert nwj(joint, cells, weight).item() == pytest.approx(truth)
    wide = clipped_donsker_varadhan(joint, cells, weight, clip=100.0)
    assert wide.item() == pytest.approx(truth)


@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("seed", range(3))
def test_nwj_is_never_above_donsker_varadhan_and_equal_where_the_critic_is_normalised(seed, scale):
    joint, product = critic_values(seed, scale=scale)
    tight, loose = donsker_varadhan(joint, product), nwj(joint, product)
    assert (loose <= tight + 1e-12).all()
    constant = log_mean_exp(product).unsqueeze(1)
    torch.testing.assert_close(nwj(joint - constant, product - constant), tight)


@pytest.mark.parametrize("shift", [-30.0, 0.5, 200.0])
def test_a_constant_does_not_change_donsker_varadhan(shift):
    joint, product = critic_values(0)
    torch.testing.assert_close(
        donsker_varadhan(joint + shift, product + shift), donsker_varadhan(joint, product)
    )


@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_donsker_varadhan_is_the_plug_in_less_the_log_mean_of_exp(scale):
    joint, product = critic_values(1, scale=scale)
    torch.testing.assert_close(
        plug_in(joint) - donsker_varadhan(joint, product), log_mean_exp(product)
    )
    # Jensen: the log mean of exp is at least the mean
    assert (log_mean_exp(product) >= product.mean(dim=1)).all()


def test_clipping_changes_nothing_within_the_clip_and_bounds_the_product_term():
    joint, product = critic_values(2)
    product = product.clamp(-3, 3)
    assert torch.equal(clipped_donsker_varadhan(joint, product), donsker_varadhan(joint, product))
    far = clipped_donsker_varadhan(joint, 100 * product)
    assert ((plug_in(joint) - far).abs() <= 3 + 1e-12).all()


@pytest.mark.parametrize("m", [2, 1000])
def test_the_effective_share_goes_from_one_pair_to_all(m):
    product = torch.zeros(1, m).double()
    assert effective_sample_share(product).item() == pytest.approx(1)
    product[0, 0] = 1000.0
    assert effective_sample_share(product).item() == pytest.approx(1 / m)


def test_huge_values_do_not_overflow():
    joint, product = torch.full((1, 3), 1e4), torch.full((1, 4), 1e4)
    assert donsker_varadhan(joint, product).item() == 0
    assert log_mean_exp(-product).item() == pytest.approx(-1e4)


def test_pairs_of_weight_zero_may_hold_anything():
    joint, product = critic_values(3)
    weight = torch.ones(product.shape[1]).double()
    weight[:5] = 0
    changed = product.clone()
    changed[:, :5] = 1e3
    for bound in BOUNDS:
        torch.testing.assert_close(bound(joint, changed, weight), bound(joint, product, weight))
