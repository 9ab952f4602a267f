"""The laws of mutual information, and the promises of the two functions that estimate it."""

import math
from dataclasses import fields

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from infoatlas import MIResult, _estimate, mutual_information, mutual_information_batch
from infoatlas._bounds import donsker_varadhan
from infoatlas._coordinates import read_pair
from infoatlas._forward import write_critics

SINGLE = 1e-4  # nats; sums of a thousand single-precision terms in another order
DRAWS = pytest.mark.parametrize(("n", "seed"), [(64, 0), (64, 1), (257, 0), (1000, 0)])


def assert_same_numbers(one, other, tolerance=0.0):
    """Every number of two results agrees; single rows, which are no means, 50 times less."""
    for name in ("mi", "stderr", "dv", "plug_in", "gaussian"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=tolerance, rel=0), name
    np.testing.assert_allclose(one.pointwise, other.pointwise, rtol=0, atol=50 * tolerance)
    assert one.reliable == other.reliable
    assert len(one.warnings) == len(other.warnings)


def noisy_copies(correlation, n, d=1, seed=0):
    x, e = np.random.default_rng(seed).normal(size=(2, n, d))
    return x, correlation * x + math.sqrt(1 - correlation**2) * e


# symmetries


@DRAWS
def test_swapping_x_and_y_changes_nothing(kind, draw, n, seed):
    x, y = draw(kind, n, seed)
    one, other = mutual_information(x, y), mutual_information(y, x)
    assert other.n_features == one.n_features[::-1]
    assert_same_numbers(one, other, SINGLE)


@DRAWS
def test_monotone_maps_of_any_coordinate_change_no_bit(kind, draw, n, seed):
    x, y = draw(kind, n, seed)
    plain = mutual_information(x, y)
    last = x.copy()
    last[:, -1] = 5 - 2 * last[:, -1]
    increasing = np.exp(x / 9), np.cbrt(y)
    for mapped in (increasing, (-x, y), (x, -np.arctan(y)), (last, -y)):
        assert_same_numbers(mutual_information(*mapped), plain)


@DRAWS
def test_the_order_of_coordinates_changes_nothing(kind, draw, n, seed):
    x, y = draw(kind, n, seed)
    order = np.random.default_rng(seed).permutation(x.shape[1])
    reordered = mutual_information(x[:, order], y[:, ::-1])
    # sums run in another order, and an eigenvector whose value is close to its neighbour's turns by
    # more than rounding: measured up to 2e-5 nats
    assert_same_numbers(reordered, mutual_information(x, y), 1e-3)


@pytest.mark.parametrize("levels", [2, 3, 5])
@pytest.mark.parametrize("seed", range(2))
def test_names_and_codes_of_nominal_levels_mean_nothing(levels, seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, levels, 300)
    y = codes % 2 + rng.normal(size=300)
    renamed = rng.permutation(levels)[codes]
    plain = mutual_information(codes, y, discrete_x="nominal")
    assert_same_numbers(mutual_information(renamed, y, discrete_x="nominal"), plain)
    names = np.array(["e", "d", "c", "b", "a"])[codes]
    assert_same_numbers(mutual_information(names, y), plain)
    assert_same_numbers(mutual_information(pd.Categorical(names), y), plain)


@pytest.mark.parametrize("kind", ["gaussian 3", "mixed", "wavy, heavy tails"])
def test_shuffling_the_rows_changes_less_than_the_interval(kind, draw):
    x, y = draw(kind, 1000)
    plain = mutual_information(x, y)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(1000)
        shuffled = mutual_information(x[order], y[order])
        # folds and product pairs are drawn anew; the rows, and so the sampling error, are the same
        assert abs(shuffled.mi - plain.mi) < 1.5 * plain.stderr


# values


@pytest.mark.parametrize(("n", "d"), [(100, 1), (300, 2), (1000, 5), (3000, 1)])
@pytest.mark.parametrize("seed", range(2))
def test_independent_samples_have_about_none(n, d, seed):
    x, y = np.random.default_rng(seed).normal(size=(2, n, d))
    result = mutual_information(x, y)
    assert 0 <= result.mi <= 3 * result.stderr + 0.03


@pytest.mark.parametrize("n", [300, 1000, 3000])
@pytest.mark.parametrize("correlation", [0.3, 0.6, 0.9, 0.99])
def test_a_gaussian_pair_has_its_closed_form(correlation, n):
    result = mutual_information(*noisy_copies(correlation, n))
    truth = -0.5 * math.log1p(-(correlation**2))
    assert abs(result.mi - truth) < 3 * result.stderr + 0.03
    assert abs(result.gaussian - truth) < 4 * correlation / math.sqrt(n) + 1 / n


@pytest.mark.parametrize(
    "relation",
    [lambda x: x**2, lambda x: np.sin(3 * x), lambda x: np.abs(x), lambda x: np.cos(4 * x)],
    ids=["square", "sine", "absolute", "cosine"],
)
def test_dependence_without_correlation_is_found(relation):
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, size=(2000, 1))
    result = mutual_information(x, relation(x) + 0.3 * rng.normal(size=x.shape))
    assert result.mi > result.gaussian + 3 * result.stderr
    assert result.mi > 0.4


@pytest.mark.parametrize("flip", [0.5, 0.3, 0.1])
@pytest.mark.parametrize("dtype", [bool, int, str])
def test_a_binary_channel_has_its_known_value(flip, dtype):
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2, 2000)
    y = x ^ (rng.random(2000) < flip)
    entropy = -sum(p * math.log(p) for p in (flip, 1 - flip))
    result = mutual_information(x.astype(dtype), y.astype(dtype))
    assert abs(result.mi - (math.log(2) - entropy)) < 3 * result.stderr + 0.03


@pytest.mark.parametrize("levels", [2, 4])
def test_a_copy_of_a_nominal_variable_has_its_entropy(levels):
    codes = np.random.default_rng(2).integers(0, levels, 2000)
    result = mutual_information(codes, codes, discrete_x="nominal", discrete_y="nominal")
    assert abs(result.mi - math.log(levels)) < 3 * result.stderr + 0.05 * levels


@pytest.mark.parametrize("seed", range(3))
def test_a_noisier_copy_carries_less(seed):
    """Data processing: x -> y -> more noise, and x -> y -> rounded."""
    rng = np.random.default_rng(seed)
    x, e, f = rng.normal(size=(3, 2000, 1))
    y = x + 0.5 * e
    values = [mutual_information(x, late).mi for late in (y, y + f, y + 3 * f)]
    assert values[0] > values[1] > values[2]
    assert mutual_information(x, np.round(y)).mi < values[0]


@pytest.mark.parametrize("seed", range(2))
def test_independent_pairs_add_up(seed):
    first, second = noisy_copies(0.8, 2000, seed=seed), noisy_copies(0.6, 2000, seed=seed + 10)
    both = mutual_information(*(np.hstack(sides) for sides in zip(first, second, strict=True)))
    alone = [mutual_information(*pair) for pair in (first, second)]
    # the sampling errors are shared, the network's own are not: it sees three different problems
    assert abs(both.mi - sum(r.mi for r in alone)) < 3 * both.stderr + 0.05


def test_noise_columns_carry_nothing():
    x, y = noisy_copies(0.8, 2000)
    noise = np.random.default_rng(9).normal(size=(2000, 3))
    plain, among = mutual_information(x, y), mutual_information(np.hstack([x, noise]), y)
    assert abs(among.mi - plain.mi) < 3 * plain.stderr + 0.03


@pytest.mark.parametrize("kind", ["binary", "censored", "gaussian 1", "gaussian 3", "mixed"])
def test_intervals_cover_the_spread_over_fresh_samples(kind, draw):
    samples = [draw(kind, 300, seed) for seed in range(20)]
    results = mutual_information_batch(*(np.stack(side) for side in zip(*samples, strict=True)))
    estimates = np.array([r.mi for r in results])
    mean_stderr = np.mean([r.stderr for r in results])
    # the standard error also covers bias, so it may be larger than the spread, not much smaller
    assert estimates.std() < 1.5 * mean_stderr


# the result


def test_fields_are_consistent_with_each_other_and_with_the_forward_pass(kind, draw, network):
    x, y = draw(kind, 200)
    result = mutual_information(x, y)
    assert float(result) == result.mi >= 0
    assert result.stderr > 0
    assert result.pointwise.shape == (200,)
    assert result.pointwise.dtype == np.float64
    assert result.n_samples == 200
    assert result.n_features == (x.shape[1], y.shape[1])
    assert result.model == network.name
    assert result.plug_in == pytest.approx(result.pointwise.mean(), abs=SINGLE)
    with torch.inference_mode():
        pair = read_pair(*(torch.from_numpy(side[None]) for side in (x, y)))
        forward = write_critics(network, pair, np.random.default_rng(0))
    bound = donsker_varadhan(forward.joint.double(), forward.product.double().flatten(1))
    assert result.dv == pytest.approx(bound.item(), abs=SINGLE)
    assert result.gaussian == pytest.approx(pair.gaussian.mutual_information.item())
    all_five = (result.dv, result.plug_in)
    assert result.mi < max(all_five) + 1  # a convex combination of values near these two


def test_bits_are_nats_over_ln_2(kind, draw):
    x, y = draw(kind, 100)
    nats, bits = (mutual_information(x, y, units=units) for units in ("nats", "bits"))
    assert (nats.units, bits.units) == ("nats", "bits")
    for name in ("mi", "stderr", "dv", "plug_in", "gaussian", "pointwise"):
        np.testing.assert_allclose(
            getattr(bits, name), getattr(nats, name) / math.log(2), rtol=1e-12, err_msg=name
        )
    low, high = nats.confidence_interval()
    np.testing.assert_allclose(bits.confidence_interval(), [low / math.log(2), high / math.log(2)])


def test_the_same_seed_repeats_to_the_last_bit_and_another_draws_other_pairs(kind, draw):
    x, y = draw(kind, 100)
    first, again, other = (mutual_information(x, y, random_state=s) for s in (3, 3, 4))
    assert_same_numbers(first, again)
    assert other.dv != first.dv
    assert abs(other.mi - first.mi) < first.stderr


def test_a_generator_is_used_and_advanced():
    x, y = noisy_copies(0.5, 100)
    generator = np.random.default_rng(3)
    first, second = (mutual_information(x, y, random_state=generator) for _ in range(2))
    assert_same_numbers(first, mutual_information(x, y, random_state=3))
    assert second.dv != first.dv
    assert mutual_information(x, y, random_state=None).mi >= 0


CONTAINERS = {
    "list": lambda a: a.tolist(),
    "torch": torch.from_numpy,
    "torch with gradients": lambda a: torch.from_numpy(a).requires_grad_(),
    "pandas": pd.DataFrame,
    "polars": lambda a: pl.DataFrame(a, schema=["a", "b"]),
    "fortran order": np.asfortranarray,
}


@pytest.mark.parametrize("container", sorted(CONTAINERS))
def test_every_container_gives_the_same_answer(container):
    x, y = noisy_copies(0.5, 100, d=2)
    wrap = CONTAINERS[container]
    assert_same_numbers(mutual_information(wrap(x), wrap(y)), mutual_information(x, y))


def test_one_axis_is_one_column():
    x, y = noisy_copies(0.5, 100)
    assert_same_numbers(mutual_information(x[:, 0], pd.Series(y[:, 0])), mutual_information(x, y))


def test_global_random_states_are_left_alone():
    x, y = noisy_copies(0.5, 100)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002  looked at only
    mutual_information(x, y)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()  # noqa: NPY002


def test_input_is_not_written_to():
    x, y = noisy_copies(0.5, 100)
    kept = x.copy(), y.copy()
    mutual_information(x, y)
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(y, kept[1])


@pytest.mark.parametrize(
    ("n", "d_x", "d_y"), [(16, 1, 1), (30, 40, 40), (200, 64, 1), (5000, 1, 1)]
)
def test_any_shape_gives_finite_numbers(n, d_x, d_y):
    rng = np.random.default_rng(0)
    result = mutual_information(rng.normal(size=(n, d_x)), rng.normal(size=(n, d_y)))
    for field in fields(MIResult):
        value = getattr(result, field.name)
        if isinstance(value, float | np.ndarray):
            assert np.isfinite(value).all(), field.name


def test_rows_that_follow_each_other_are_not_paired_with_their_neighbours(walk):
    """Two unrelated random walks: pairs of neighbours would look like joint ones."""
    rng = np.random.default_rng(4)
    for _ in range(3):
        result = mutual_information(walk(2000, 0.95, rng), walk(2000, 0.95, rng))
        assert any("Rows follow each other" in sentence for sentence in result.warnings)
        # 2000 rows with a correlation time of 40 hold about 50 independent ones
        assert result.mi < 0.5


# batches


@pytest.mark.parametrize("n", [64, 300])
def test_a_batch_is_one_by_one(kind, draw, n):
    samples = [draw(kind, n, seed) for seed in range(4)]
    batch = mutual_information_batch(*(np.stack(side) for side in zip(*samples, strict=True)))
    for result, sample in zip(batch, samples, strict=True):
        assert_same_numbers(result, mutual_information(*sample), SINGLE)


def test_a_batch_with_autocorrelated_items_is_one_by_one(walk):
    rng = np.random.default_rng(5)
    n = 300
    x = [
        rng.normal(size=(n, 1)),
        walk(n, 0.95, rng),
        rng.normal(size=(n, 1)),
        np.arange(n)[:, None],
    ]
    x = np.stack(x).astype(float)
    y = x + rng.normal(size=x.shape) * x.std(axis=1, keepdims=True)
    batch = mutual_information_batch(x, y)
    assert [any("Rows follow" in w for w in r.warnings) for r in batch] == [
        False,
        True,
        False,
        True,
    ]
    for result, one_x, one_y in zip(batch, x, y, strict=True):
        assert_same_numbers(result, mutual_information(one_x, one_y), SINGLE)


@pytest.mark.parametrize("chunk_rows", [1, 250, 100_000])
def test_the_size_of_chunks_changes_nothing(monkeypatch, chunk_rows):
    rng = np.random.default_rng(6)
    x = rng.normal(size=(7, 100, 2))
    y = x + rng.normal(size=x.shape)
    plain = mutual_information_batch(x, y)
    monkeypatch.setattr(_estimate, "CHUNK_ROWS", chunk_rows)
    for result, other in zip(plain, mutual_information_batch(x, y), strict=True):
        assert_same_numbers(result, other, SINGLE)


def test_a_batch_takes_flat_items_units_and_seeds():
    x = np.random.default_rng(7).normal(size=(2, 80))
    y = x + np.random.default_rng(8).normal(size=(2, 80))
    batch = mutual_information_batch(x, y, units="bits", random_state=7)
    for result, one_x, one_y in zip(batch, x, y, strict=True):
        one = mutual_information(one_x, one_y, units="bits", random_state=7)
        assert_same_numbers(result, one, SINGLE)
        assert result.units == "bits"
    assert isinstance(batch, list)
    generator = np.random.default_rng(0)
    assert mutual_information_batch(x, y, random_state=generator)[0].mi >= 0


def test_a_long_batch_shows_a_bar_only_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(_estimate, "SHOW_PROGRESS_ABOVE", 10)
    x, y = np.random.default_rng(0).normal(size=(2, 3, 20, 1))
    mutual_information_batch(x, y)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


# what is refused


@pytest.mark.parametrize(
    ("options", "kind_of_error", "message"),
    [
        ({"units": "bit"}, ValueError, r'^units must be "nats" or "bits", got \'bit\''),
        ({"random_state": -1}, ValueError, r"^random_state must be 0 or more, got -1"),
        ({"random_state": 0.5}, TypeError, r"^random_state must be an integer"),
        ({"model": 3}, TypeError, r"^model must be"),
        ({"device": "gpu"}, ValueError, r"^device='gpu' is not a torch device"),
    ],
)
@pytest.mark.parametrize("function", [mutual_information, mutual_information_batch])
def test_a_bad_option_is_refused_by_name(function, options, kind_of_error, message):
    x, y = np.random.default_rng(0).normal(size=(2, 30, 30))  # 30 rows, or 30 items
    with pytest.raises(kind_of_error, match=message):
        function(x, y, **options)


@pytest.mark.parametrize("option", ["discrete_x", "discrete_y"])
def test_a_bad_kind_of_columns_is_refused_by_name(option):
    x, y = noisy_copies(0.5, 30)
    with pytest.raises(ValueError, match=rf'^{option} must be "auto", "nominal" or "ordinal"'):
        mutual_information(x, y, **{option: "categorical"})


@pytest.mark.parametrize("function", [mutual_information, mutual_information_batch])
def test_fewer_than_16_rows_are_refused(function):
    x = np.random.default_rng(0).normal(size=(15, 1))
    with pytest.raises(ValueError, match="15 rows, and at least 16 are needed"):
        function(*(x, x) if function is mutual_information else (x[None], x[None]))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("argument", ["x", "y"])
def test_bad_values_are_refused_by_argument_and_item(argument, bad):
    sides = {"x": np.random.default_rng(0).normal(size=(3, 30, 2)), "y": None}
    sides["y"] = sides["x"] + 1
    sides[argument] = sides[argument].copy()
    sides[argument][1, 4, 1] = bad
    with pytest.raises(ValueError, match=rf"^{argument}, item 1 of 3, has (missing|infinite)"):
        mutual_information_batch(sides["x"], sides["y"])
    with pytest.raises(ValueError, match=rf"^{argument} has (missing|infinite) values"):
        mutual_information(sides["x"][1], sides["y"][1])
