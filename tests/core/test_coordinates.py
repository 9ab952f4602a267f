"""What a critic sees: each column standardised, in a fixed order, and the same for new rows."""

import numpy as np
import pytest
import torch

from infoatlas._coordinates import EXTENDED_PAIRS, PLAIN_PAIRS, read_pair


def tensors(x, y):
    return [torch.from_numpy(side).unsqueeze(0) for side in (x, y)]


@pytest.mark.parametrize("n", [16, 64, 257])
def test_a_side_has_its_own_columns_then_radius_then_variates(kind, draw, n):
    x, y = tensors(*draw(kind, n))
    pair = read_pair(x, y)
    plain = min(PLAIN_PAIRS, x.shape[2], y.shape[2])
    assert pair.held_out.shape == (1, plain + EXTENDED_PAIRS)
    for side, layout, values in ((pair.x, pair.layout_x, x), (pair.y, pair.layout_y, y)):
        assert layout == (values.shape[2], plain, EXTENDED_PAIRS)
        for columns in side.columns:
            assert columns.shape == (1, n, layout.total)
            assert columns.isfinite().all()
        assert side.variates.shape == (1, n, min(x.shape[2], y.shape[2]))


@pytest.mark.parametrize("n", [64, 257])
def test_every_column_is_standardised_or_has_nothing_to_say(kind, draw, n):
    pair = read_pair(*tensors(*draw(kind, n, 1)))
    for side in (pair.x, pair.y):
        normal, uniform = side.columns
        variance = normal.var(dim=1, correction=0)
        assert (normal.mean(dim=1).abs() < 1e-9).all()
        assert (((variance - 1).abs() < 1e-9) | (variance == 0)).all()
        assert ((uniform > 0) & (uniform < 1)).all()


@pytest.mark.parametrize("n", [64, 257])
def test_readers_give_the_fitted_rows_their_own_columns_and_radius_again(kind, draw, n):
    x, y = tensors(*draw(kind, n, 2))
    pair = read_pair(x, y)
    for side, layout, reader, values in (
        (pair.x, pair.layout_x, pair.reader_x, x),
        (pair.y, pair.layout_y, pair.reader_y, y),
    ):
        again = reader(values)
        own = layout.own + 1  # variates of fitted rows are out of fold, so they differ
        assert torch.equal(again.columns.normal[:, :, :own], side.columns.normal[:, :, :own])
        assert torch.equal(again.columns.uniform[:, :, :own], side.columns.uniform[:, :, :own])
        assert torch.equal(again.variates, side.variates)


@pytest.mark.parametrize("kind", ["gaussian 1", "gaussian 3", "mixed"])
def test_readers_give_nearly_the_held_out_variates_when_rows_are_many(kind, draw):
    x, y = tensors(*draw(kind, 5000, 3))
    pair = read_pair(x, y)
    first = pair.layout_x.own + 1
    again = pair.reader_x(x).columns.normal[:, :, first]
    correlation = (again * pair.x.columns.normal[:, :, first]).mean()
    assert correlation > 0.99


def test_new_rows_are_read_one_by_one():
    rng = np.random.default_rng(4)
    x, y = tensors(rng.normal(size=(200, 2)), rng.normal(size=(200, 2)))
    reader = read_pair(x, y).reader_x
    new = torch.from_numpy(rng.normal(size=(1, 30, 2)))
    together = reader(new).columns.normal
    alone = torch.cat([reader(new[:, i : i + 1]).columns.normal for i in range(30)], dim=1)
    torch.testing.assert_close(together, alone)


@pytest.mark.parametrize("n", [64, 257])
def test_a_data_set_is_read_the_same_alone_and_in_a_batch(kind, draw, n):
    samples = [draw(kind, n, seed) for seed in range(3)]
    together = read_pair(*(torch.from_numpy(np.stack(side)) for side in zip(*samples, strict=True)))
    for i, sample in enumerate(samples):
        alone = read_pair(*tensors(*sample))
        torch.testing.assert_close(alone.x.columns.normal[0], together.x.columns.normal[i])
        torch.testing.assert_close(alone.y.columns.uniform[0], together.y.columns.uniform[i])
        torch.testing.assert_close(alone.held_out[0], together.held_out[i])


@pytest.mark.parametrize("n", [64, 257, 1000])
@pytest.mark.parametrize("seed", range(2))
def test_monotone_maps_in_either_direction_change_no_bit(kind, draw, n, seed):
    x, y = draw(kind, n, seed)
    plain = read_pair(*tensors(x, y))
    for mapped in ((np.exp(x / 9), y), (-x, y), (-np.arctan(x), -np.cbrt(y))):
        other = read_pair(*tensors(*mapped))
        assert torch.equal(other.x.columns.normal, plain.x.columns.normal)
        assert torch.equal(other.y.columns.normal, plain.y.columns.normal)
        assert torch.equal(other.held_out, plain.held_out)


@pytest.mark.parametrize("n", [64, 257])
@pytest.mark.parametrize("seed", range(3))
def test_swapping_sides_and_reordering_columns_swaps_and_reorders(kind, draw, n, seed):
    x, y = draw(kind, n, seed)
    plain = read_pair(*tensors(x, y))
    swapped = read_pair(*tensors(y, x))
    torch.testing.assert_close(swapped.y.columns.normal, plain.x.columns.normal)
    torch.testing.assert_close(swapped.held_out, plain.held_out)
    order = np.random.default_rng(seed).permutation(x.shape[1])
    reordered = read_pair(*tensors(x[:, order], y))
    own = x.shape[1]
    assert torch.equal(
        reordered.x.columns.normal[:, :, :own],
        plain.x.columns.normal[:, :, torch.from_numpy(order)],
    )
    torch.testing.assert_close(
        reordered.x.columns.normal[:, :, own:], plain.x.columns.normal[:, :, own:]
    )


def test_held_out_correlations_find_dependence_and_not_its_absence(draw):
    dependent = read_pair(*tensors(*draw("gaussian 1", 1000))).held_out
    assert dependent[0, 0] == pytest.approx(np.sqrt(0.5), abs=0.1)  # the plain pair
    independent = read_pair(*tensors(*draw("independent", 1000))).held_out
    assert (independent.abs() < 6 / np.sqrt(1000)).all()
