import numpy as np
import pytest

from infoatlas import gaussian_mutual_information
from infoatlas_plugins.motion import affinity
from infoatlas_plugins.motion.affinity import affinity_graph, motion_mutual_information


def scores_of(tracks, usable=None, *, n_partners=0, random_state=0):
    usable = np.ones(tracks.shape[:2], dtype=bool) if usable is None else usable
    return motion_mutual_information(
        tracks, usable, n_partners=n_partners, generator=np.random.default_rng(random_state)
    )


@pytest.mark.parametrize("random_state", range(3))
def test_mi_is_symmetric_and_higher_within_a_body_than_across(two_bodies, random_state):
    tracks, body = two_bodies(random_state=random_state)
    scores = scores_of(tracks)
    same = body[:, None] == body
    np.testing.assert_array_equal(scores, scores.T)
    assert (np.diag(scores) == 0).all()
    assert (scores >= 0).all()
    off_diagonal = ~np.eye(len(body), dtype=bool)
    assert np.median(scores[same & off_diagonal]) > 2 * np.median(scores[~same])


def test_tracks_that_share_too_few_frames_have_no_affinity(two_bodies):
    tracks, _ = two_bodies(n_frames=60)
    usable = np.ones(tracks.shape[:2], dtype=bool)
    usable[:30, 0] = False
    usable[35:, 1] = False  # tracks 0 and 1 share five frames
    scores = scores_of(tracks, usable)
    assert scores[0, 1] == 0
    assert scores[0, 2] > 0
    assert scores[1, 2] > 0


def test_missing_frames_hardly_change_the_affinity_of_long_tracks(two_bodies):
    tracks, body = two_bodies(n_frames=200)
    usable = np.random.default_rng(1).uniform(size=tracks.shape[:2]) < 0.9
    whole, partial = scores_of(tracks), scores_of(np.where(usable[..., None], tracks, 1e6), usable)
    upper = np.triu_indices(len(body), 1)
    assert np.corrcoef(whole[upper], partial[upper])[0, 1] > 0.95


def test_a_coordinate_that_never_changes_does_no_harm(two_bodies):
    tracks, body = two_bodies()
    flat = tracks.copy()
    flat[..., 2] = 0.5
    scores = scores_of(flat)
    assert np.isfinite(scores).all()
    assert scores[0, 1] > scores[0, np.flatnonzero(body == 1)[0]]


def critic_that_adds(excess, calls):
    """Stand-in for the pretrained critic: closed form + 2 nats, and more on the first pair.

    Notes the size of each call.
    """

    def estimate(x, y):
        values = gaussian_mutual_information(x, y) + 2.0
        values[0] += excess if not calls else 0.0
        calls.append(len(x))
        return list(values)

    return estimate


def test_the_critic_reads_only_the_best_partners(two_bodies, monkeypatch):
    tracks, body = two_bodies()
    calls = []
    monkeypatch.setattr(affinity, "mutual_information_batch", critic_that_adds(0.0, calls))
    scores_of(tracks, n_partners=3)
    assert len(body) * 3 / 2 <= sum(calls) <= len(body) * 3


@pytest.mark.parametrize("excess", [0.0, 5.0])
def test_the_critic_counts_where_it_finds_more_than_usual(two_bodies, monkeypatch, excess):
    tracks, _ = two_bodies()
    closed_form = scores_of(tracks)
    monkeypatch.setattr(affinity, "mutual_information_batch", critic_that_adds(excess, []))
    raised = scores_of(tracks, n_partners=3) - closed_form
    assert raised.min() == pytest.approx(0.0, abs=1e-9)
    assert raised.max() == pytest.approx(excess, abs=1e-9)


@pytest.mark.parametrize("n_tracks", [4, 40, 150])
def test_the_graph_is_symmetric_connected_and_scaled(n_tracks):
    generator = np.random.default_rng(0)
    scores = generator.exponential(size=(n_tracks, n_tracks))
    scores = np.triu(scores, 1) + np.triu(scores, 1).T
    graph = affinity_graph(scores)
    np.testing.assert_array_equal(graph, graph.T)
    assert (np.diag(graph) == 0).all()
    assert graph[~np.eye(n_tracks, dtype=bool)].min() > 0
    assert graph.max() == pytest.approx(1.0, abs=1e-5)


def test_a_large_graph_keeps_ten_partners_per_track():
    generator = np.random.default_rng(0)
    scores = generator.exponential(size=(150, 150))
    scores = np.triu(scores, 1) + np.triu(scores, 1).T
    strong = affinity_graph(scores) > 1e-3
    assert strong.sum(axis=1).min() >= 10
    assert strong.sum() <= 2 * 10 * 150
