import numpy as np
import pytest

from infoatlas_plugins.clip.slices import draw_slices, project


@pytest.mark.parametrize("k", [1, 5])
def test_directions_of_a_slice_are_orthogonal_and_of_unit_length(k):
    for side in draw_slices(3, (32, 20), k, seed=(0,)):
        products = np.einsum("sdi,sdj->sij", side, side)
        np.testing.assert_allclose(products, np.broadcast_to(np.eye(k), products.shape), atol=1e-12)


def test_the_first_slices_do_not_depend_on_how_many_follow():
    few, many = (draw_slices(count, (16, 12), 3, seed=(4, 2)) for count in (2, 6))
    for side in range(2):
        np.testing.assert_array_equal(few[side], many[side][:2])


def test_directions_have_no_preferred_sign_or_axis():
    directions = draw_slices(3000, (4, 4), 1, seed=(0,))[0][..., 0]
    error = 0.5 / np.sqrt(3000)  # a coordinate of a unit vector in 4 dimensions has variance 1/4
    np.testing.assert_allclose(directions.mean(axis=0), 0, atol=4 * error)
    np.testing.assert_allclose((directions**2).mean(axis=0), 0.25, atol=4 * error)


def test_rows_are_seen_through_each_slice():
    rows = np.random.default_rng(0).standard_normal((7, 9))
    directions = draw_slices(4, (9, 9), 2, seed=(1,))[0]
    seen = project(rows, directions)
    assert seen.shape == (4, 7, 2)
    np.testing.assert_allclose(seen[2], rows @ directions[2])


@pytest.mark.parametrize("k", [0, 9])
def test_more_dimensions_than_features_are_refused(k):
    with pytest.raises(ValueError, match=rf"k must be between 1 and .* 8, got {k}"):
        draw_slices(1, (8, 12), k, seed=(0,))
