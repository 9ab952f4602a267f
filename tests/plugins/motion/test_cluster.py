import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from infoatlas_plugins.motion.cluster import (
    CANDIDATES,
    EQUAL,
    choose_n_groups,
    embedding,
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
    n_groups, silhouettes = choose_n_groups(vectors, random_state=0)
    groups, _ = spectral_groups(vectors, n_groups, random_state=0)
    assert n_groups == len(sizes)
    assert adjusted_rand_score(truth, groups) == 1
    assert silhouettes[n_groups] >= max(silhouettes.values()) - EQUAL


def test_groups_are_numbered_by_size():
    graph, _ = blocks((5, 20, 10))
    groups, _ = spectral_groups(embedding(graph, 3)[1], 3, random_state=0)
    np.testing.assert_array_equal(np.bincount(groups), [20, 10, 5])


@pytest.mark.parametrize("n_tracks", [1, 2, 3])
def test_few_tracks_do_not_break_the_choice(n_tracks):
    graph, _ = blocks((n_tracks,))
    n_groups, _ = choose_n_groups(embedding(graph, n_tracks)[1], random_state=0)
    assert 1 <= n_groups <= n_tracks


def test_landmarks_embed_like_all_pairs():
    graph, truth = blocks((30, 20, 15))
    landmarks = np.random.default_rng(0).permutation(65)[:25]
    values, vectors = embedding(graph[:, landmarks], 6)
    assert (values <= 1 + 1e-9).all()
    assert (np.diff(values) <= 1e-12).all()
    groups, _ = spectral_groups(vectors, 3, random_state=0)
    assert adjusted_rand_score(truth, groups) == 1
