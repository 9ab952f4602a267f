import numpy as np
import pytest

from infoatlas import gaussian_mutual_information
from infoatlas_plugins.motion import critic
from infoatlas_plugins.motion.affinity import AFFINITIES, FINEST, choose_affinity
from infoatlas_plugins.motion.graph import affinity_weights, relative_to_partners
from infoatlas_plugins.motion.pairs import gaussian_information, normal_scores
from infoatlas_plugins.motion.views import motion_views

PAIRWISE = ["mi", "cmi", "rigidity", "correlation"]


def scores_of(tracks, usable=None, *, name="mi", critic_pairs=0, columns=None):
    usable = np.ones(tracks.shape[:2], dtype=bool) if usable is None else usable
    columns = np.arange(tracks.shape[1]) if columns is None else columns
    prepared = AFFINITIES[name](
        tracks, usable, generator=np.random.default_rng(0), critic_pairs=critic_pairs
    )
    return prepared(columns)


@pytest.mark.parametrize("name", [*PAIRWISE, "ssc"])
@pytest.mark.parametrize("random_state", range(3))
def test_scores_are_symmetric_and_higher_within_a_body(two_bodies, name, random_state):
    tracks, body = two_bodies(random_state=random_state)
    scores = scores_of(tracks, name=name)
    same = (body[:, None] == body) & ~np.eye(len(body), dtype=bool)
    np.testing.assert_allclose(scores, scores.T, rtol=1e-8, atol=1e-10)
    assert (scores >= 0).all()
    assert scores[same].mean() > scores[body[:, None] != body].mean()


@pytest.mark.parametrize("name", PAIRWISE)
def test_columns_are_columns_of_the_whole(two_bodies, name):
    tracks, _ = two_bodies()
    chosen = np.array([3, 20, 7])
    part, whole = scores_of(tracks, name=name, columns=chosen), scores_of(tracks, name=name)
    np.testing.assert_allclose(part, whole[:, chosen], rtol=1e-8, atol=1e-10)


def test_mi_of_normal_scores_is_the_core_s_closed_form():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(6, 2000, 2))
    x[1:] += np.arange(1, 6)[:, None, None] * x[:1] / 3
    usable = np.ones(x.shape[:2], dtype=bool)
    scores = normal_scores(np.exp(x), usable)  # a monotone map: ranks do not see it
    found = gaussian_information((scores, usable), np.arange(1), description="")[1:, 0]
    core = gaussian_mutual_information(x[1:], np.repeat(x[:1], 5, axis=0))
    np.testing.assert_allclose(found, core, atol=0.02)  # shrinkage 1 - d / n, and d / n = 0.001


def test_pairs_with_gaps_have_the_value_of_their_common_frames():
    generator = np.random.default_rng(0)
    values = generator.normal(size=(4, 80, 2)).cumsum(axis=1)
    values[1] += 2 * values[0]
    usable = np.ones(values.shape[:2], dtype=bool)
    usable[1, 50:], usable[0, :10] = False, False
    found = gaussian_information((values, usable), np.array([1]), description="")[0, 0]
    common = (values[:2, 10:50], np.ones((2, 40), dtype=bool))
    alone = gaussian_information(common, np.array([1]), description="")[0, 0]
    assert found == pytest.approx(alone, rel=1e-8)


@pytest.mark.parametrize("name", ["mi", "rigidity", "correlation"])
def test_tracks_that_share_too_few_frames_have_no_affinity(two_bodies, name):
    tracks, _ = two_bodies(n_frames=60)
    usable = np.ones(tracks.shape[:2], dtype=bool)
    usable[:30, 0] = False
    usable[34:, 1] = False  # tracks 0 and 1 share four frames
    scores = scores_of(tracks, usable, name=name)
    assert scores[0, 1] == 0
    assert scores[0, 2] > 0
    assert scores[1, 2] > 0


@pytest.mark.parametrize("name", ["mi", "cmi", "correlation"])
def test_missing_frames_hardly_change_the_affinity_of_long_tracks(two_bodies, name):
    tracks, body = two_bodies(n_frames=200)
    usable = np.random.default_rng(1).uniform(size=tracks.shape[:2]) < 0.9
    whole = scores_of(tracks, name=name)
    partial = scores_of(np.where(usable[..., None], tracks, 1e6), usable, name=name)
    upper = np.triu_indices(len(body), 1)
    # a tenth of the frames of each track is gone, a fifth of a pair's
    assert np.corrcoef(whole[upper], partial[upper])[0, 1] > 0.9


def test_a_coordinate_that_never_changes_does_no_harm(two_bodies):
    tracks, body = two_bodies()
    flat = tracks.copy()
    flat[..., 2] = 0.5
    scores = scores_of(flat)
    assert np.isfinite(scores).all()
    assert scores[0, 1] > scores[0, np.flatnonzero(body == 1)[0]]


def test_rigidity_is_blind_to_where_and_how_a_body_turns(two_bodies):
    tracks, body = two_bodies()
    scores = scores_of(tracks, name="rigidity")
    rigid = (body[:, None] == body) & ~np.eye(len(body), dtype=bool)
    assert scores[rigid].min() == pytest.approx(-np.log(FINEST))  # constant up to rounding
    assert scores[body[:, None] != body].max() < -np.log(FINEST) / 2


def critic_that_adds(excess, calls):
    """Stand-in for the pretrained critic: closed form + 2 nats, and more on the first pair.

    Notes the size of each call.
    """

    def estimate(x, y):
        values = gaussian_mutual_information(x, y) + 2.0
        values[0] += excess if not calls else 0.0
        calls.append(x.shape[:2])
        return list(values)

    return estimate


def test_the_critic_reads_few_pairs_of_few_frames(two_bodies, monkeypatch):
    tracks, _ = two_bodies()
    calls = []
    monkeypatch.setattr(critic, "mutual_information_batch", critic_that_adds(0.0, calls))
    scores_of(tracks, critic_pairs=30)
    assert sum(n_pairs for n_pairs, _ in calls) == 2 * 30  # each pair and its surrogate
    assert {n_frames for _, n_frames in calls} == {critic.FRAMES_READ}


@pytest.mark.parametrize("excess", [0.0, 5.0])
def test_the_critic_counts_where_it_finds_more_than_on_surrogates(two_bodies, monkeypatch, excess):
    tracks, _ = two_bodies()
    closed_form = scores_of(tracks)
    monkeypatch.setattr(critic, "mutual_information_batch", critic_that_adds(excess, []))
    raised = scores_of(tracks, critic_pairs=30) - closed_form
    np.testing.assert_allclose(raised, raised.T, atol=1e-9)
    assert raised.min() == pytest.approx(0.0, abs=1e-9)
    # one pair, seen from both of its tracks, or none
    assert (raised > 1e-6).sum() == (2 if excess else 0)


def test_the_critic_is_left_out_where_frames_are_too_few_for_it(two_bodies, monkeypatch):
    tracks, _ = two_bodies(n_frames=15)
    calls = []
    monkeypatch.setattr(critic, "mutual_information_batch", critic_that_adds(5.0, calls))
    scores_of(tracks, critic_pairs=30)
    assert not calls


@pytest.mark.parametrize("n_frames", [63, 64])
def test_surrogates_keep_linear_dependence_in_time_and_nothing_else(n_frames):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(4, n_frames, 2)).cumsum(axis=1)
    y = x**2 + generator.normal(size=x.shape)
    x_like, y_like = critic.surrogates(x, y, generator)
    spectra = [np.fft.rfft(z, axis=1) for z in (x, y, x_like, y_like)]
    for one, other in ((0, 0), (1, 1), (0, 1)):
        cross = spectra[one] * spectra[other].conj()
        np.testing.assert_allclose(spectra[2 + one] * spectra[2 + other].conj(), cross, atol=1e-7)
    np.testing.assert_allclose(x_like.mean(axis=1), x.mean(axis=1))
    assert np.abs(x_like - x).max() > 1


def test_noise_of_the_critic_counts_in_few_views_and_what_stands_out_counts():
    generator = np.random.default_rng(0)
    noise = generator.normal(size=(2, 500, 15))
    counted = [critic._significant(*draw).any() for draw in zip(*noise, strict=True)]
    assert np.mean(counted) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 500)
    standing_out = noise[0, 0].copy()
    standing_out[3] = 20.0
    above = critic._significant(standing_out, noise[1, 0])
    assert above[3] == pytest.approx(20 - noise[1, 0].mean())
    assert np.count_nonzero(above) == 1


@pytest.mark.parametrize(
    ("n_coordinates", "n_frames", "name"), [(2, 30, "cmi"), (2, 500, "cmi"), (3, 60, "mi")]
)
def test_auto_goes_by_dimension_and_frames(n_coordinates, n_frames, name):
    assert choose_affinity(n_coordinates, n_frames) == name


@pytest.mark.parametrize("name", ["mi", "cmi", "rigidity", "mi*rigidity", "correlation", "ssc"])
@pytest.mark.parametrize("sizes", [(3, 3), (20, 15), (60, 50)])
def test_the_graph_is_symmetric_without_loops(two_bodies, name, sizes):
    tracks, _ = two_bodies(sizes=sizes)
    columns = np.arange(sum(sizes))
    _, weights = affinity_weights(
        name,
        tracks,
        np.ones(tracks.shape[:2], dtype=bool),
        columns,
        generator=np.random.default_rng(0),
        critic_pairs=0,
    )
    np.testing.assert_allclose(weights, weights.T, rtol=1e-8, atol=1e-10)
    assert (np.diag(weights) == 0).all()
    assert (weights >= 0).all()
    if sum(sizes) > 60 and name not in ("cmi", "ssc"):
        assert 10 * len(columns) <= (weights > 0).sum() <= 2 * 10 * len(columns)


def test_mi_relative_to_partners_makes_a_noisy_body_as_strong_as_a_clean_one():
    body = np.repeat([0, 1], 20)
    same = body[:, None] == body
    scores = np.where(same, np.where(body == 0, 5.0, 0.5)[:, None], 0.1)
    np.fill_diagonal(scores, 0.0)
    relative = relative_to_partners(scores, np.arange(40))
    np.testing.assert_allclose(relative[same & (scores > 0)], 1.0)
    assert relative[~same].max() < 0.1
    chosen = np.array([3, 25])
    np.testing.assert_array_equal(relative_to_partners(scores[:, chosen], chosen).shape, (40, 2))


def test_accelerations_need_three_usable_frames_in_a_row(two_bodies):
    tracks, _ = two_bodies()
    usable = np.ones(tracks.shape[:2], dtype=bool)
    usable[10, 0] = False
    generator = np.random.default_rng(0)
    bends, where = motion_views(tracks[..., :2], usable, generator=generator)["accelerations"]
    np.testing.assert_array_equal(np.flatnonzero(~where[0]), [8, 9, 10])
    exact = np.diff(tracks[..., :2], n=2, axis=0)
    np.testing.assert_allclose(bends[1], exact[:, 1], atol=1e-6)
    assert "accelerations" not in motion_views(tracks, usable, generator=generator)
