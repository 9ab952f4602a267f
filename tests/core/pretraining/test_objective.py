"""What pretraining minimises: nothing is left at the true pointwise MI, and something elsewhere."""

import dataclasses

import numpy as np
import pytest
import torch

from infoatlas._bounds import donsker_varadhan
from infoatlas._forward import Forward
from infoatlas._pairs import pairs_of_all
from infoatlas._readout import Reading
from infoatlas._result import interval_ends
from infoatlas.pretraining import FAMILIES, RECIPES
from infoatlas.pretraining.distributions import draw_data_sets, draw_distributions
from infoatlas.pretraining.objective import PMI_RANGE, objective, read_out_loss, true_pointwise

N = 200
CONFIG = RECIPES["tiny"]


def batch(seed=0, b=4, d=2, **options):
    """Data sets and their product pairs."""
    generator = torch.Generator().manual_seed(seed)
    data = draw_data_sets(draw_distributions(b, d, d, generator, **options), N, generator)
    return data, pairs_of_all(N, np.random.default_rng(seed))


def perfect(data, pairs):
    """The forward pass of a critic and a read-out that know the truth."""
    joint, product = true_pointwise(data, pairs)
    ones = torch.ones_like(data.mi)
    stderr = 0.1 * ones
    reading = Reading(data.mi.clone(), stderr, stderr, stderr, joint.mean(1), joint.mean(1), ones)
    return Forward(None, joint.clone(), product.clone(), None, reading)


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_left_at_the_true_pointwise_mi(family, seed):
    data, pairs = batch(seed, family_weights={family: 1.0})
    _, parts = objective(perfect(data, pairs), data, pairs, CONFIG)
    assert parts["logistic"] == pytest.approx(0, abs=1e-6)
    assert parts["pointwise"] == 0
    assert parts["mi"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_true_pointwise_mi_is_a_minimum(seed):
    data, pairs = batch(seed)
    best = perfect(data, pairs)
    least, _ = objective(best, data, pairs, CONFIG)
    for other in (
        best._replace(joint=best.joint + 0.3),
        best._replace(product=best.product - 0.3),
        best._replace(joint=0.5 * best.joint, product=0.5 * best.product),
        best._replace(joint=torch.zeros_like(best.joint), product=torch.zeros_like(best.product)),
        best._replace(reading=best.reading._replace(mi=data.mi + 0.2)),
    ):
        assert objective(other, data, pairs, CONFIG)[0] > least


def test_the_gradient_vanishes_at_the_true_pointwise_mi():
    data, pairs = batch(1, family_weights={"gaussian": 1.0})
    forward = perfect(data, pairs)
    joint, product = forward.joint.requires_grad_(), forward.product.requires_grad_()
    loss, _ = objective(forward._replace(joint=joint, product=product), data, pairs, CONFIG)
    loss.backward()
    for gradient, values in ((joint.grad, joint), (product.grad, product)):
        assert gradient.abs().max() * values.numel() < 1e-4  # against a slope of 1 a value


def test_over_fitting_the_rows_is_not_rewarded():
    """A critic that tells joint rows from product rows by heart is worse than the true one."""
    data, pairs = batch(2, family_weights={"independent": 1.0})
    best = perfect(data, pairs)
    by_heart = best._replace(joint=best.joint + 3, product=best.product - 3)
    for name in ("pmi", "dv"):
        config = dataclasses.replace(CONFIG, objective=name)
        better = (
            objective(by_heart, data, pairs, config)[0] < objective(best, data, pairs, config)[0]
        )
        assert bool(better) == (name == "dv")  # the original's objective rewards it


def test_the_dv_objective_is_the_donsker_varadhan_bound_alone():
    data, pairs = batch(3)
    forward = perfect(data, pairs)
    config = dataclasses.replace(CONFIG, objective="dv")
    loss, parts = objective(forward, data, pairs, config)
    bound = donsker_varadhan(forward.joint, forward.product.flatten(1)).mean()
    assert loss == -bound
    assert parts == {"dv": pytest.approx(bound.item())}


@pytest.mark.parametrize(
    ("weight", "change"),
    [
        ("pointwise_weight", {"joint": 1.0}),
        ("mi_weight", {"mi": 1.0}),
        ("stderr_weight", {"stderr": 1.0}),
        ("interval_weight", {"too_low": 1.0}),
        ("dv_weight", {"product": 1.0}),
    ],
)
def test_each_weight_scales_its_own_part(weight, change):
    data, pairs = batch(4)
    best = perfect(data, pairs)
    reading = best.reading._replace(
        mi=best.reading.mi + change.get("mi", 0),
        stderr=best.reading.stderr + change.get("stderr", 0),
        too_low=best.reading.too_low + change.get("too_low", 0),
    )
    forward = best._replace(
        joint=best.joint + change.get("joint", 0),
        product=best.product + change.get("product", 0),
        reading=reading,
    )
    losses = [
        objective(forward, data, pairs, dataclasses.replace(CONFIG, **{weight: value}))[0]
        for value in (0.0, 1.0, 2.0)
    ]
    assert losses[1] != losses[0]
    torch.testing.assert_close(losses[2] - losses[1], losses[1] - losses[0])


def test_the_standard_error_is_drawn_to_the_size_of_the_error():
    """Large errors want large standard errors, and no error wants a small one."""
    data, pairs = batch(5)
    forward = perfect(data, pairs)

    def likelihood(error, stderr):
        reading = forward.reading._replace(
            mi=data.mi + error, stderr=torch.full_like(data.mi, stderr)
        )
        return objective(forward._replace(reading=reading), data, pairs, CONFIG)[1]["likelihood"]

    assert likelihood(0.5, 0.5) < min(likelihood(0.5, 0.05), likelihood(0.5, 5.0))
    assert likelihood(0.0, 0.01) < likelihood(0.0, 0.1)


def test_an_interval_is_drawn_to_an_end_that_two_and_a_half_percent_of_the_truths_lie_beyond():
    """The mean score over many errors is least where the upper end is their 97.5% point."""
    count = 4001
    mi = torch.linspace(0, 1, count)  # the estimate is 0: all errors are of estimates too low
    ones = torch.ones(count)
    fixed = (0 * ones, ones)  # stderr 1

    def score(end):
        quantile = interval_ends(0.0, (1.0, 1.0))[1]
        scales = 0 * ones, end / quantile * ones
        reading = Reading(fixed[0], fixed[1], *scales, fixed[0], fixed[0], fixed[1])
        return float(read_out_loss(reading, mi, ones)[2].mean())

    ends = torch.linspace(0.9, 1.0, 41).tolist()
    assert min(ends, key=score) == pytest.approx(0.975, abs=0.003)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_labels_and_losses_are_finite_for_every_family(family):
    data, pairs = batch(6, family_weights={family: 1.0})
    joint, product = true_pointwise(data, pairs)
    assert joint.shape == (4, N)
    assert product.shape == (4, len(pairs.partner), N)
    for values in (joint, product):
        assert values.isfinite().all()
        assert (values.abs() <= PMI_RANGE).all()
    wild = perfect(data, pairs)
    wild = wild._replace(joint=wild.joint + 100, product=wild.product - 100)
    assert objective(wild, data, pairs, CONFIG)[0].isfinite()


def test_product_labels_belong_to_the_paired_rows():
    data, pairs = batch(7, family_weights={"gaussian": 1.0})
    _, product = true_pointwise(data, pairs)
    rows = torch.arange(N)
    for shift in (0, len(pairs.partner) - 1):
        expected = data.pointwise(rows, pairs.partner[shift]).clamp(-PMI_RANGE, PMI_RANGE)
        assert torch.equal(product[:, shift], expected)
