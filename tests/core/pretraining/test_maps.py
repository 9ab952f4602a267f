"""Maps of one side: they can be undone, so they leave every pointwise MI as it is."""

import math

import pytest
import torch

from infoatlas.pretraining.families.noise import NoiseSource
from infoatlas.pretraining.maps import MAPS, MONOTONE_KINDS, Monotone, squash, unsquash

WIDTHS = {"spiral": (2, 3, 32), "coupling": (2, 3, 32)}


def mapped(name, d, seed=0, b=3, n=400):
    generator = torch.Generator().manual_seed(seed)
    change = MAPS[name](b, d, generator)
    source = NoiseSource(b, generator)
    rows = 1.5 * source.normal(n, d)
    return rows, change, change(rows, source)


@pytest.mark.parametrize("name", sorted(MAPS))
@pytest.mark.parametrize("seed", range(5))
def test_a_map_can_be_undone(name, seed):
    for d in WIDTHS.get(name, (1, 2, 5, 32)):
        rows, change, shown = mapped(name, d, seed)
        assert shown.shape == (3, 400, d + change.extra_columns)
        assert shown.isfinite().all()
        assert torch.allclose(change.inverse(shown), rows, atol=1e-8)


@pytest.mark.parametrize("name", sorted(MAPS))
def test_a_map_leaves_its_input_alone_and_the_same_seed_repeats(name):
    rows, change, shown = mapped(name, 4)
    before = rows.clone()
    change(rows, NoiseSource(3, torch.Generator().manual_seed(9)))
    assert torch.equal(rows, before)
    assert torch.equal(mapped(name, 4)[2], shown)


@pytest.mark.parametrize("name", ["rotation", "spiral"])
def test_rotations_keep_the_radius(name):
    rows, _, shown = mapped(name, 5)
    assert torch.allclose(rows.norm(dim=-1), shown.norm(dim=-1))
    assert not torch.allclose(rows, shown)


@pytest.mark.parametrize("kind", MONOTONE_KINDS)
def test_monotone_maps_are_strictly_increasing_and_finite_in_the_far_tails(kind):
    change = Monotone(kind, torch.tensor([[[0.5]], [[3.0]]], dtype=torch.float64))
    places = torch.linspace(-12, 12, 400, dtype=torch.float64).sinh() / 50  # to +-1600
    shown = change(places.expand(2, -1)[..., None], NoiseSource(2, torch.Generator()))[..., 0]
    assert (shown.diff(dim=-1) > 0).all()
    assert (shown.float().diff(dim=-1) >= 0).all()
    assert shown.float().isfinite().all()


def test_the_squash_makes_a_normal_column_uniform_and_keeps_tails_apart():
    z = torch.linspace(-3, 3, 101, dtype=torch.float64)
    assert torch.equal(squash(z), torch.special.ndtr(z))
    tails = torch.tensor([-1e5, -100.0, -3.0, 3.0, 100.0, 1e3], dtype=torch.float64)
    assert (squash(tails).diff() > 0).all()
    assert torch.allclose(unsquash(squash(tails)), tails)


def test_a_folded_column_is_uniform_and_its_tile_says_nothing_about_the_value():
    generator = torch.Generator().manual_seed(0)
    change = MAPS["fold"](2, 1, generator)
    source = NoiseSource(2, generator)
    rows = source.normal(40_000, 1)
    shown = change(rows, source)[..., 0] / math.sqrt(12) + 0.5
    assert shown.min() >= 0
    assert shown.max() <= 1
    tile = (shown * change.tiles).floor()
    for b in range(2):
        count = int(change.tiles[b])
        means = [rows[b, tile[b] == t, 0].mean().item() for t in range(count)]
        shares = [(tile[b] == t).double().mean().item() for t in range(count)]
        assert means == pytest.approx([0] * count, abs=4 * math.sqrt(count / 40_000))
        assert shares == pytest.approx([1 / count] * count, abs=4 * 0.5 / math.sqrt(40_000))


def test_neither_column_of_a_sign_product_knows_the_sign():
    rows, change, shown = mapped("sign_product", 3, n=40_000)
    sign = rows[..., change.column].sign()
    for column in (change.column, -1):
        agreement = (sign * shown[..., column].sign()).mean(-1)
        assert (agreement.abs() < 4 / math.sqrt(40_000)).all()
    product = (shown[..., change.column] * shown[..., -1]).sign()
    assert torch.equal(product, sign)


def test_the_nuisance_of_a_map_can_be_autocorrelated():
    generator = torch.Generator().manual_seed(0)
    change = MAPS["sign_product"](1, 1, generator)
    source = NoiseSource(1, generator, torch.tensor([0.95], dtype=torch.float64))
    shown = change(source.normal(20_000, 1), source)
    sign = shown[0, :, 0].sign()
    assert (sign[1:] * sign[:-1]).mean() > 0.5


def test_a_monotone_map_of_unknown_kind_is_refused():
    change = Monotone("cosine", torch.ones((1, 1, 1)))
    with pytest.raises(ValueError, match="unknown monotone map 'cosine'"):
        change(torch.zeros((1, 2, 1)), NoiseSource(1, torch.Generator()))
