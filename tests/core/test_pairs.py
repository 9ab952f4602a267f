"""Product pairs: never a joint pair nor neighbours, within a fold, the same set both ways."""

import numpy as np
import pytest
import torch

from infoatlas._pairs import FOLDS, fold_of_rows, pairs_of_all, pairs_of_new, product_pairs

SIZES = [16, 17, 63, 64, 100, 257, 512, 1000, 5000]
WAYS = {"data set": pairs_of_all, "new rows": pairs_of_new}


def generator(seed=0):
    return np.random.default_rng(seed)


def pair_set(partner):
    """The pairs (row of x, row of y), with how often each occurs."""
    rows = np.broadcast_to(np.arange(partner.shape[1]), partner.shape)
    return sorted(zip(rows.ravel().tolist(), partner.numpy().ravel().tolist(), strict=True))


@pytest.mark.parametrize("way", sorted(WAYS))
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("seed", range(3))
def test_swapping_x_and_y_gives_the_same_set_of_pairs(way, n, seed):
    pairs = WAYS[way](n, generator(seed))
    forwards = pair_set(pairs.partner)
    backwards = sorted((i, j) for j, i in forwards)
    assert forwards == backwards
    assert len(set(forwards)) == len(forwards)  # no pair twice


@pytest.mark.parametrize("way", sorted(WAYS))
@pytest.mark.parametrize("n", SIZES)
def test_no_row_is_paired_with_itself_and_every_row_is_used_once_a_shift(way, n):
    partner = WAYS[way](n, generator()).partner.numpy()
    assert (partner != np.arange(n)).all()
    assert (np.sort(partner, axis=1) == np.arange(n)).all()


@pytest.mark.parametrize("way", sorted(WAYS))
@pytest.mark.parametrize("n", SIZES)
def test_inverse_undoes_partner(way, n):
    pairs = WAYS[way](n, generator(1))
    for partner, inverse in zip(pairs.partner, pairs.inverse, strict=True):
        assert (partner[inverse].numpy() == np.arange(n)).all()


@pytest.mark.parametrize("n", SIZES)
def test_rows_of_a_data_set_are_paired_within_their_fold(n):
    fold = fold_of_rows(n)
    partner = pairs_of_all(n, generator()).partner.numpy()
    assert (fold[partner] == fold).all()


@pytest.mark.parametrize("n", SIZES)
def test_folds_are_of_about_equal_size_and_made_of_long_blocks(n):
    fold = fold_of_rows(n)
    sizes = np.bincount(fold, minlength=FOLDS)
    assert len(sizes) == FOLDS
    assert sizes.max() - sizes.min() <= FOLDS  # one row a block
    assert (np.diff(fold) != 0).sum() == 15


@pytest.mark.parametrize(
    ("n", "count"), [(16, 2), (17, 2), (64, 14), (256, 16), (257, 8), (512, 8), (513, 4), (5000, 4)]
)
def test_there_are_more_pairs_a_row_where_rows_are_few(n, count):
    pairs = pairs_of_all(n, generator())
    assert pairs.partner.shape == pairs.inverse.shape == (count, n)
    assert pairs.weight.shape == (n, count)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("share", [16, 30])
def test_neighbours_have_weight_zero_and_all_others_one(n, share):
    gap = max(1, n // share)
    pairs = pairs_of_all(n, generator(), gap=gap)
    near = np.abs(pairs.partner.numpy() - np.arange(n)) <= gap
    assert (pairs.weight.T.numpy() == ~near).all()
    assert pairs.weight.sum() > 0.3 * pairs.weight.numel()


def test_without_a_gap_every_pair_is_in_use():
    assert (pairs_of_all(100, generator()).weight == 1).all()


def test_a_subset_of_rows_counts_the_gap_in_the_data_set():
    rows = np.sort(generator(3).permutation(5000)[:400])
    pairs = product_pairs(rows, fold_of_rows(5000)[rows], generator(), gap=300)
    partner = pairs.partner.numpy()
    near = np.abs(rows[partner] - rows) <= 300
    assert near.any()
    assert (pairs.weight.T.numpy() == ~near).all()


def test_the_same_seed_repeats_and_another_does_not():
    first, again, other = (pairs_of_all(100, generator(seed)).partner for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_of_y_puts_partners_beside_the_rows_of_x():
    pairs = pairs_of_all(64, generator())
    values = torch.arange(64.0).reshape(1, 64, 1)
    assert (pairs.of_y(values)[0, :, :, 0] == pairs.partner).all()
