"""The meta-distribution: data sets have the asked shapes, and their truth is the truth."""

import math

import pytest
import torch

from infoatlas.pretraining.distributions import (
    CHAINS,
    FAMILY_WEIGHTS,
    IMPOSSIBLE,
    draw_data_sets,
    draw_distributions,
)
from infoatlas.pretraining.families import FAMILIES
from infoatlas.pretraining.families.noise import NoiseSource
from infoatlas.pretraining.maps import MAPS


def batch(seed=0, b=8, d_x=5, d_y=2, n=300, **options):
    generator = torch.Generator().manual_seed(seed)
    distributions = draw_distributions(b, d_x, d_y, generator, **options)
    return draw_data_sets(distributions, n, generator)


@pytest.mark.parametrize(("d_x", "d_y"), [(1, 1), (1, 3), (5, 2), (32, 32), (64, 7)])
@pytest.mark.parametrize("seed", range(8))
def test_data_sets_have_the_asked_shapes_and_are_finite_float32(d_x, d_y, seed):
    data = batch(seed, 7, d_x, d_y, 200)
    product = data.pointwise(torch.arange(200), torch.arange(200).roll(1))
    assert data.x.shape == (7, 200, d_x)
    assert data.y.shape == (7, 200, d_y)
    assert data.mi.shape == (7,)
    assert len(data.family) == 7
    assert set(data.family) <= set(FAMILIES)
    for part in (data.x, data.y, data.mi, data.pointwise(), product):
        assert part.dtype == torch.float32
        assert part.isfinite().all()


def test_the_same_seed_repeats_exactly_and_another_seed_does_not():
    first, second, other = batch(1), batch(1), batch(2)
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.y, second.y)
    assert torch.equal(first.mi, second.mi)
    assert torch.equal(first.pointwise(), second.pointwise())
    assert first.family == second.family
    assert not torch.equal(first.x, other.x)


def test_every_family_and_every_map_is_in_use():
    assert set(FAMILY_WEIGHTS) == set(FAMILIES)
    assert {name for chain in CHAINS for name in chain} == set(MAPS)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_mean_pointwise_of_joint_rows_is_the_mutual_information(family):
    data = batch(4, 6, 3, 4, 8192, family_weights={family: 1.0}, autocorrelated_probability=0.0)
    pointwise = data.pointwise().double()
    # twice the error of one mean: the MI itself may be a Monte-Carlo mean of as many rows
    tolerance = 4 * math.sqrt(2) * pointwise.std(-1) / math.sqrt(8192) + 1e-4
    assert set(data.family) == {family}
    assert ((pointwise.mean(-1) - data.mi).abs() < tolerance).all()


@pytest.mark.parametrize("seed", range(10))
def test_the_shown_rows_carry_the_latent_rows_and_nothing_was_swapped_wrongly(seed):
    generator = torch.Generator().manual_seed(seed)
    for distribution in draw_distributions(4, 4, 3, generator, map_probability=1.0):
        x, y, latent_x, latent_y = distribution.sample(100, generator)
        own_x, own_y = (y, x) if distribution.swapped else (x, y)
        for change in reversed(distribution.maps_x):
            own_x = change.inverse(own_x)
        for change in reversed(distribution.maps_y):
            own_y = change.inverse(own_y)
        # relative: near-Cauchy rows through powers and back lose digits, not structure
        assert torch.allclose(own_x, latent_x, rtol=1e-4, atol=1e-6)
        assert torch.allclose(own_y, latent_y, rtol=1e-4, atol=1e-6)


def test_discrete_sides_are_never_mapped():
    generator = torch.Generator().manual_seed(0)
    weights = {"discrete": 1.0, "nominal": 1.0, "mixed": 1.0, "independent": 1.0}
    for _ in range(30):
        for distribution in draw_distributions(
            4, 5, 5, generator, family_weights=weights, map_probability=1.0
        ):
            assert distribution.joint.continuous_x or not distribution.maps_x
            assert distribution.joint.continuous_y or not distribution.maps_y


@pytest.mark.parametrize("seed", range(4))
def test_pointwise_takes_rows_for_all_data_sets_or_for_each(seed):
    data = batch(seed)
    everything = data.pointwise()
    rows = torch.randperm(300, generator=torch.Generator().manual_seed(0))[:50]
    assert torch.equal(data.pointwise(rows, rows), everything[:, rows])
    each = torch.randint(0, 300, (8, 40), generator=torch.Generator().manual_seed(1))
    assert torch.equal(data.pointwise(each, each), everything.gather(1, each))
    shuffled = torch.arange(300).roll(1)
    assert torch.equal(data.pointwise(rows_y=shuffled), data.pointwise(torch.arange(300), shuffled))
    mixed = data.pointwise(each, each.roll(1, dims=1))
    for k in range(8):
        single = data.pointwise(each[k], each[k].roll(1))[k]
        assert torch.allclose(mixed[k], single, rtol=1e-4, atol=1e-4)


def test_rows_x_belongs_to_x_also_when_the_family_was_swapped():
    generator = torch.Generator().manual_seed(0)
    swapped = []
    while not swapped:
        drawn = draw_distributions(1, 2, 2, generator, family_weights={"additive_noise": 1.0})
        swapped = [d for d in drawn if d.swapped]
    data = draw_data_sets(swapped, 50, generator)
    latent_x, latent_y = data.latents[0]
    rows_x, rows_y = torch.arange(50), torch.arange(50).roll(3)
    expected = swapped[0].joint.pointwise(latent_x[:, rows_y], latent_y[:, rows_x]).float()
    found = data.pointwise(rows_x, rows_y)
    possible = expected.isfinite()
    assert torch.equal(found[possible], expected[possible])
    assert (found[~possible] == IMPOSSIBLE).all()


def test_pairs_that_cannot_occur_get_a_large_negative_finite_value():
    data = batch(0, 8, 2, 2, 200, family_weights={"additive_noise": 1.0})
    product = data.pointwise(torch.arange(200), torch.arange(200).roll(1))
    assert (product == IMPOSSIBLE).any()
    assert (data.pointwise() > IMPOSSIBLE).all()


def test_autocorrelated_data_sets_appear_with_the_asked_probability():
    always = batch(0, 8, 1, 1, 2000, autocorrelated_probability=1.0, map_probability=0.0)
    assert all(d.autocorrelation is not None for d in always.distributions)
    never = batch(0, 8, 1, 1, 50, autocorrelated_probability=0.0)
    assert all(d.autocorrelation is None for d in never.distributions)


@pytest.mark.parametrize(
    ("b", "groups", "sizes"), [(8, 4, [2, 2, 2, 2]), (5, 3, [2, 2, 1]), (2, 4, [1, 1])]
)
def test_a_batch_is_split_into_groups_of_nearly_equal_size(b, groups, sizes):
    generator = torch.Generator().manual_seed(0)
    drawn = draw_distributions(b, 2, 2, generator, groups=groups)
    assert [d.b for d in drawn] == sizes


def test_information_covers_independent_to_strong_over_the_meta_distribution():
    information = torch.cat([batch(seed, 16, 3, 3, 16, groups=16).mi for seed in range(20)])
    assert (information > -0.1).all()  # Monte-Carlo means may fall slightly below zero
    assert information.quantile(0.15) < 0.1
    assert information.quantile(0.85) > 1.0
    assert information.quantile(0.5) < 1.0


def test_the_monte_carlo_information_uses_independent_rows():
    generator = torch.Generator().manual_seed(0)
    drawn = draw_distributions(
        2, 2, 2, generator, family_weights={"mixture": 1.0}, autocorrelated_probability=1.0
    )[0]
    estimate = drawn.mutual_information(generator)
    x, y = drawn.joint.sample(40_000, NoiseSource(drawn.b, generator))
    pointwise = drawn.joint.pointwise(x, y)
    tolerance = 4 * pointwise.std(-1) * math.sqrt(1 / 8192 + 1 / 40_000)
    assert ((estimate - pointwise.mean(-1)).abs() < tolerance).all()


def test_wide_data_sets_are_more_often_indicators_of_nominal_variables():
    generator = torch.Generator().manual_seed(0)

    def share(columns):
        drawn = [draw_distributions(1, columns, columns, generator)[0] for _ in range(300)]
        return sum(d.family == "nominal" for d in drawn) / 300

    assert share(12) > 1.4 * share(2)
