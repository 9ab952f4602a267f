"""Row orders keep what they promise to keep."""

import numpy as np
import pytest

from infoatlas.dependence._permutations import Exchange, check_permutations, permutation_pvalue


def orders_of(n, blocks=None, most=10**6, count=50):
    rng = np.random.default_rng(0)
    exchange = Exchange(n, blocks)
    rows = exchange.some_rows(most, rng)
    return rows, exchange.draw(count, rng, among=rows)


@pytest.mark.parametrize("blocks", [None, 5, list("abc") * 11])
@pytest.mark.parametrize("most", [10**6, 16])
def test_every_order_holds_every_row_once_and_the_first_is_as_they_are(blocks, most):
    rows, orders = orders_of(33, blocks, most)
    np.testing.assert_array_equal(orders[0], np.arange(33))
    assert (np.sort(orders, axis=1) == np.arange(33)).all()
    assert len({tuple(order) for order in orders}) > 25
    assert len(rows) == 33 if most > 33 else len(rows) <= 16


@pytest.mark.parametrize("blocks", [None, 5, list("abc") * 11])
def test_the_rows_whose_similarities_are_taken_stay_among_themselves(blocks):
    rows, orders = orders_of(33, blocks, most=16)
    assert (np.sort(orders[:, rows], axis=1) == rows).all()


def test_consecutive_blocks_keep_their_inside():
    _, orders = orders_of(33, 5)
    starts = np.arange(0, 30, 5)
    for order in orders:
        follows = np.diff(order) == 1
        assert follows.sum() >= 33 - 7  # seven blocks, so at most six breaks and chance joins
        assert set(starts) <= set(order[np.flatnonzero(np.r_[True, ~follows])]) | set(
            order[np.flatnonzero(order % 5 == 0)]
        )


def test_labels_keep_rows_within_their_label():
    labels = np.array(["a", "b", "c"] * 11)
    _, orders = orders_of(33, labels)
    assert (labels[orders] == labels).all()


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (0, r"must be 1 to 8 rows for 33 rows"),
        (9, r"must be 1 to 8 rows for 33 rows.*got 9"),
        (list(range(33)), r"every row a label of its own"),
        (["a", "b"], r"one label for each of the 33 rows, got 1 columns of 2"),
        ([None] + ["a"] * 32, r"missing labels"),
    ],
)
def test_blocks_that_do_not_fit_are_refused(blocks, message):
    with pytest.raises(ValueError, match=message):
        Exchange(33, blocks)


def test_the_pvalue_counts_ties_and_the_rows_as_they_are():
    assert permutation_pvalue(1.0, np.array([0.0, 1.0, 2.0])) == 0.75
    assert permutation_pvalue(3.0, np.zeros(19)) == 0.05


@pytest.mark.parametrize(
    ("count", "error"), [(18, ValueError), (19.0, TypeError), (True, TypeError)]
)
def test_too_few_permutations_are_refused(count, error):
    with pytest.raises(error, match="n_permutations must be"):
        check_permutations(count)
