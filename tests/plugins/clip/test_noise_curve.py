import numpy as np
import pytest

from infoatlas import sliced_mutual_information
from infoatlas_plugins.clip import NoiseCurve, smallest_gap
from infoatlas_plugins.clip.noise import add_noise
from infoatlas_plugins.clip.slices import draw_slices

LEVELS = (0.0, 0.05, 0.2)


def gaussian_curve(pairs, **options):
    settings = {"k": 3, "n_slices": 4, "n_repeats": 3, "method": "gaussian"} | options
    return NoiseCurve(settings.pop("levels", LEVELS), **settings).fit(pairs.images, pairs.texts)


@pytest.mark.parametrize("slices", ["shared", "independent"])
@pytest.mark.parametrize("noise", ["norm", "spread"])
def test_noise_takes_information_away(pairs, slices, noise):
    curve = gaussian_curve(pairs, slices=slices, noise=noise, levels=(0.0, 0.3, 1.5), n_slices=12)
    assert np.all(np.diff(curve.mean_) < 0)
    assert curve.mean_[0] > 0.5


def test_shuffled_pairs_have_none(pairs):
    curve = gaussian_curve(pairs, method="infoatlas", n_slices=3, n_repeats=2)
    assert abs(curve.control_values_.mean()) < 0.05  # n = 400, k = 3: k² / 2n is 0.011
    assert curve.mean_[0] > 0.5


def test_the_same_seed_repeats_exactly_and_another_does_not(pairs):
    first, again = gaussian_curve(pairs), gaussian_curve(pairs)
    np.testing.assert_array_equal(first.values_, again.values_)
    assert not np.array_equal(first.values_, gaussian_curve(pairs, random_state=1).values_)


def test_every_method_reads_the_same_stacks(pairs):
    seen = {"first": [], "second": []}

    def method(name):
        def read(x, y):
            seen[name].append((x, y))
            return np.zeros(len(x))

        return read

    for name in seen:
        gaussian_curve(pairs, method=method(name))
    assert len(seen["first"]) == 3 * (1 + len(LEVELS))  # one batched pass a level, and the control
    for (x, y), (x2, y2) in zip(seen["first"], seen["second"], strict=True):
        np.testing.assert_array_equal(x, x2)
        np.testing.assert_array_equal(y, y2)


@pytest.mark.parametrize("slices", ["shared", "independent"])
def test_fewer_slices_and_repeats_are_the_first_ones(pairs, slices):
    whole = gaussian_curve(pairs, slices=slices)
    part = gaussian_curve(pairs, slices=slices, n_slices=2, n_repeats=2)
    np.testing.assert_array_equal(whole.values_[:, :2, :2], part.values_)


def test_shared_slices_are_shared_and_independent_ones_are_not(pairs):
    # without noise and with all rows, only slices can make repeats differ
    shared, independent = (
        gaussian_curve(pairs, slices=slices, n_samples=800) for slices in ("shared", "independent")
    )
    np.testing.assert_allclose(shared.values_[0, 0], shared.values_[0, 1], atol=1e-9)
    assert not np.allclose(independent.values_[0, 0], independent.values_[0, 1], atol=1e-3)


def test_its_values_are_the_cores_sliced_mutual_information(pairs):
    curve = NoiseCurve((0.0, 0.1), k=3, n_slices=2, n_repeats=2, n_samples=800)
    curve.fit(pairs.images, pairs.texts)
    directions = draw_slices(2, (24, 24), 3, seed=(0, 2))
    again = sliced_mutual_information(
        pairs.images, pairs.texts, k=3, n_projections=2, projections=directions
    )
    # rows come in another order, which decides the folds: twice the change seen between repeats
    order = 2 * abs(curve.values_[0, 0] - curve.values_[0, 1]).max()
    assert curve.mean_[0] == pytest.approx(again.mi, abs=order)


def test_the_running_mean_ends_at_the_mean(pairs):
    curve = gaussian_curve(pairs)
    mean, sd = curve.running_mean()
    np.testing.assert_allclose(mean[:, -1], curve.mean_)
    np.testing.assert_allclose(sd[:, -1], curve.sd_)
    np.testing.assert_allclose(mean[:, 0], curve.values_[:, :, 0].mean(axis=1))


def test_the_gap_is_the_weakest_separation_of_neighbours():
    values = np.array([[4.0, 6.0], [1.0, 3.0], [0.0, 0.0]])[:, :, None]
    # differences 3 and 2, deviations sqrt 2, sqrt 2 and 0
    assert smallest_gap(values) == pytest.approx(min(3 / (2 * np.sqrt(2)), 2 / np.sqrt(2)))


def test_the_summary_says_all_that_the_command_promises(pairs):
    summary = gaussian_curve(pairs).summary()
    promised = {"levels", "mean", "sd", "smallest_gap", "control", "seconds", "snr"}
    assert promised <= set(summary)
    assert summary["snr"][0] is None  # no noise: infinite, which JSON cannot say
    assert summary["n_samples"] == 400


def test_both_sides_may_have_different_widths(pairs):
    curve = NoiseCurve(LEVELS, k=3, n_slices=2, n_repeats=2, method="gaussian")
    curve.fit(pairs.images, pairs.texts[:, :10])
    assert curve.n_features_ == (24, 10)


def test_noise_goes_on_the_image_side_alone(pairs):
    seen = []

    def read(x, y):
        seen.append(y)
        return np.zeros(len(x))

    gaussian_curve(pairs, method=read)
    control, *levels = seen[: 1 + len(LEVELS)]
    for level in levels:
        np.testing.assert_array_equal(level, levels[0])
    assert not np.array_equal(control, levels[0])  # shuffled


def test_noise_is_drawn_afresh_for_each_level():
    zeros = np.ones((100, 4))
    first, second = (
        add_noise(zeros, 1.0, relative_to="norm", generator=np.random.default_rng([0, 1, 0, level]))
        for level in (1, 2)
    )
    assert abs(np.corrcoef((first - 1).ravel(), (second - 1).ravel())[0, 1]) < 0.2  # 4 / sqrt(400)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": (0.1,)}, "levels must be two or more numbers that grow"),
        ({"levels": (0.1, 0.0)}, "levels must be two or more numbers that grow"),
        ({"levels": (-0.1, 0.0)}, "levels must be two or more numbers that grow"),
        ({"n_repeats": 1}, "n_repeats must be a whole number of at least 2, got 1"),
        ({"n_slices": 0}, "n_slices must be a whole number of at least 1, got 0"),
        ({"n_samples": 801}, "n_samples must be between 64 and the number of pairs, 800, got 801"),
        ({"n_samples": 20}, "n_samples must be between 64"),
        ({"slices": "some"}, r"slices must be one of .*got 'some'"),
        ({"noise": "loud"}, r"relative_to must be one of .*got 'loud'"),
        ({"k": 30}, "k must be between 1 and .* 24, got 30"),
        ({"method": "guess"}, r"method must be one of .*got 'guess'"),
        ({"random_state": -1}, "random_state must be a whole number, not negative, got -1"),
    ],
)
def test_options_that_make_no_sense_are_refused(pairs, options, message):
    with pytest.raises(ValueError, match=message):
        gaussian_curve(pairs, **options)


@pytest.mark.parametrize(
    ("images", "texts", "message"),
    [
        (np.ones((200, 4)), np.ones((199, 4)), "same number of rows, got 200 and 199"),
        (np.ones(200), np.ones((200, 4)), r"images must have shape .*got \(200,\)"),
        (np.ones((200, 4)), np.full((200, 4), np.nan), "texts must be finite, but 200 rows"),
        (np.ones((200, 4)), np.zeros((200, 4)), "texts has 200 rows of zeros only, first row 0"),
    ],
)
def test_embeddings_that_do_not_pair_are_refused(images, texts, message):
    with pytest.raises(ValueError, match=message):
        NoiseCurve(method="gaussian").fit(images, texts)


def test_words_are_not_embeddings():
    with pytest.raises(TypeError, match="images must hold real numbers"):
        NoiseCurve().fit([["a", "b"]] * 100, np.ones((100, 2)))
