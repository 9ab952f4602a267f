import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from infoatlas_plugins.motion.cluster import (
    CANDIDATES,
    EQUAL,
    MOST_SEVERED,
    choose_n_groups,
    embedding,
    severed_share,
    spectral_groups,
)


def blocks(sizes, *, random_state=0, inside=1.0, outside=0.02):
    generator = np.random.default_rng(random_state)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    graph = np.where(truth[:, None] == truth, inside, outside)
    graph = graph * generator.uniform(0.7, 1.0, size=graph.shape)
    graph = np.triu(graph, 1)
    return graph + graph.T, truth


@pytest.mark.parametrize("sizes", [(10, 10), (30, 12, 8), (20, 15, 14, 11, 9, 7)])
@pytest.mark.parametrize("random_state", range(3))
def test_blocks_and_their_number_are_found(sizes, random_state):
    graph, truth = blocks(sizes, random_state=random_state)
    _, vectors = embedding(graph, min(max(CANDIDATES), len(graph)))
    everyone = np.arange(len(graph))
    n_groups, silhouettes, severed = choose_n_groups(vectors, graph, everyone, random_state=0)
    groups, _ = spectral_groups(vectors, n_groups, random_state=0)
    assert n_groups == len(sizes)
    assert adjusted_rand_score(truth, groups) == 1
    assert silhouettes[n_groups] >= max(silhouettes.values()) - EQUAL
    assert severed[n_groups] == 0
    assert severed[n_groups + 1] > MOST_SEVERED  # one group more cuts a block


def test_groups_are_numbered_by_size():
    graph, _ = blocks((5, 20, 10))
    groups, _ = spectral_groups(embedding(graph, 3)[1], 3, random_state=0)
    np.testing.assert_array_equal(np.bincount(groups), [20, 10, 5])


@pytest.mark.parametrize("n_tracks", [1, 2, 3])
def test_few_tracks_do_not_break_the_choice(n_tracks):
    graph, _ = blocks((n_tracks,))
    vectors = embedding(graph, n_tracks)[1]
    n_groups, _, _ = choose_n_groups(vectors, graph, np.arange(n_tracks), random_state=0)
    assert 1 <= n_groups <= n_tracks


@pytest.mark.parametrize("random_state", range(3))
@pytest.mark.parametrize("n_coordinates", [2, 3])
def test_one_cloud_is_one_group_and_two_clouds_are_two(n_coordinates, random_state):
    generator = np.random.default_rng(random_state)
    cloud = generator.normal(size=(150, n_coordinates))
    for clouds, expected in ((cloud, 1), (np.concatenate([cloud, cloud + 12]), 2)):
        distances = np.linalg.norm(clouds[:, None] - clouds, axis=-1)
        graph = np.exp(-(distances**2))
        np.fill_diagonal(graph, 0)
        _, vectors = embedding(graph, max(CANDIDATES))
        everyone = np.arange(len(graph))
        assert choose_n_groups(vectors, graph, everyone, random_state=0)[0] == expected


def test_a_cut_severs_tracks_from_partners_half_as_close_as_those_they_keep():
    groups = np.array([0, 0, 1, 1])
    scores = np.array([[0, 4, 3.9, 0], [4, 0, 1, 0], [3.9, 1, 0, 1.9], [0, 0, 1.9, 0]])
    # track 0 loses 3.9 and keeps 4; track 2 loses 3.9 and keeps 1.9; 1 and 3 lose little
    assert severed_share(scores, np.arange(4), groups) == 0.5
    columns = np.array([1, 2])  # as landmarks: their own tracks, 1 and 2, keep none and lose 1
    assert severed_share(scores[:, columns], columns, groups) == 0.75
    # from 1.4 nats on, half as much is not close: one bit is all that may be missing
    scores[0, 2] = scores[2, 0] = 3.0
    assert severed_share(scores, np.arange(4), groups) == 0.25


def test_landmarks_embed_like_all_pairs():
    graph, truth = blocks((30, 20, 15))
    landmarks = np.random.default_rng(0).permutation(65)[:25]
    values, vectors = embedding(graph[:, landmarks], 6)
    assert (values <= 1 + 1e-9).all()
    assert (np.diff(values) <= 1e-12).all()
    groups, _ = spectral_groups(vectors, 3, random_state=0)
    assert adjusted_rand_score(truth, groups) == 1
