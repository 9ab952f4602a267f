"""How much two trajectories say about each other, and the graph that spectral clustering reads.

Letters: F frames, P tracks, d coordinates, m pairs of tracks, n frames that a pair has in common.

The sums below are scores, not nats to be quoted: neighbouring frames are not independent, so the
n frames of a track hold far fewer than n samples, and sums over views count shared information
more than once. Only their order matters here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoatlas import gaussian_mutual_information, mutual_information_batch
from infoatlas_plugins.motion.static import storage_step
from infoatlas_plugins.progress import progress_bar

Array = NDArray[Any]
View = tuple[Array, NDArray[np.bool_]]  # values (P, F, d) and where they are usable (P, F)
Estimator = Callable[[Array, Array], Array]  # two stacks (m, n, d) -> (m,) nats

VALUES_PER_CHUNK = 1_500_000  # closed form: bounds memory to some tens of megabytes
PAIRS_PER_CALL = 64  # pretrained critic: about two seconds a call on one core
CRITIC_VIEW = "positions"  # on the sample scene it ranks pairs as well as the closed form here,
# and worse on the other views, where little but noise is left to be found (docs/motion.md)
FEWEST_COMMON_FRAMES = 16  # the fewest rows the estimator reads
COMMON_FRAMES_STEP = 1.25  # pairs with nearly as many common frames share one stack
GRAPH_NEIGHBOURS = 10  # partners each track keeps; 7 to 15 do equally well on Hopkins155
SPARSE_FROM = 60  # tracks; with fewer, most of ten nearest partners belong to other bodies
SCALE_NEIGHBOUR = 3  # partner that sets the local scale of a track in the dense graph
FLOOR = 1e-6  # weight of absent edges relative to the largest: keeps the graph in one piece


def motion_views(
    points: Array, usable: NDArray[np.bool_], *, generator: np.random.Generator
) -> dict[str, View]:
    """Positions, velocities and, in 3D, positions relative to the mean track.

    Each fails on other motions, so their MI is summed. In 2D the mean track is left out: taking the
    camera's motion out of positions turns the background into noise that no longer coheres.

    Parameters
    ----------
    points : ndarray of shape (F, P, d)
    usable : ndarray of shape (F, P), bool
    generator : numpy.random.Generator
        Positions are spread evenly within their storage step. That undoes the ties of float16
        coordinates, and gives a coordinate that never changes harmless noise instead of an
        undefined MI.

    Returns
    -------
    dict
        Name -> values (P, F, d) and usable (P, F).
    """
    step = storage_step(np.where(usable[..., None], points, 0.0))
    noise = generator.uniform(-0.5, 0.5, size=points.shape) * step[:, None]
    positions = np.where(usable[..., None], points + noise, 0.0)
    views = {
        "positions": (positions, usable),
        "velocities": (np.diff(positions, axis=0), usable[1:] & usable[:-1]),
    }
    if points.shape[2] == 3:
        counts = np.maximum(usable.sum(axis=1), 1)
        centre = positions.sum(axis=1) / counts[:, None]  # F P d -> F d
        views["centred positions"] = (positions - centre[:, None], usable)
    return {
        name: (values.transpose(1, 0, 2), where.T)  # F P d -> P F d
        for name, (values, where) in views.items()
    }


def motion_mutual_information(
    points: Array,
    usable: NDArray[np.bool_],
    *,
    n_partners: int,
    generator: np.random.Generator,
) -> Array:
    """MI of every pair of tracks, summed over the views.

    The closed-form Gaussian-copula value serves all pairs. The pretrained critic then looks at the
    positions of each track's best partners, and counts where it finds more than it does on the
    median pair: dependence the Gaussian cannot see. Its usual excess on a few dozen dependent
    frames is thereby left out, which would tear partners apart from all other pairs.

    Parameters
    ----------
    points : ndarray of shape (F, P, d)
    usable : ndarray of shape (F, P), bool
    n_partners : int
        Partners per track for the pretrained critic; 0 leaves the closed form alone.
    generator : numpy.random.Generator
        See :func:`motion_views`.

    Returns
    -------
    ndarray of shape (P, P)
        Symmetric, zero diagonal, never negative; a score in nats, see the top of the module.
    """
    n_tracks = points.shape[1]
    views = motion_views(points, usable, generator=generator)
    every = np.column_stack(np.triu_indices(n_tracks, 1))
    closed_form = {
        name: _pair_values(view, every, gaussian_mutual_information, f"MI of {name}")
        for name, view in views.items()
    }
    total = np.sum(list(closed_form.values()), axis=0)
    if n_partners > 0 and n_tracks > 2:
        best = np.flatnonzero(_is_best(_symmetric(total, n_tracks), every, n_partners))
        found = _pair_values(views[CRITIC_VIEW], every[best], _critic, f"critic on {CRITIC_VIEW}")
        excess = found - closed_form[CRITIC_VIEW][best]
        total[best] += np.maximum(excess - np.median(excess), 0.0)
    return _symmetric(total, n_tracks)


def _critic(x: Array, y: Array) -> Array:
    return np.array([float(result) for result in mutual_information_batch(x, y)])


def _symmetric(values: Array, n_tracks: int) -> Array:
    """Fill both triangles of a (P, P) matrix from the values of the pairs i < j, row by row."""
    matrix = np.zeros((n_tracks, n_tracks))
    matrix[np.triu_indices(n_tracks, 1)] = values
    return matrix + matrix.T


def _is_best(scores: Array, pairs: Array, n_partners: int) -> NDArray[np.bool_]:
    """Which pairs (m, 2) are among the best ``n_partners`` of either of their tracks."""
    n_tracks = len(scores)
    n_partners = min(n_partners, n_tracks - 1)
    others = scores + np.diag(np.full(n_tracks, -np.inf))
    partners = np.argpartition(-others, n_partners - 1, axis=1)[:, :n_partners]
    best = np.zeros((n_tracks, n_tracks), dtype=bool)
    best[np.arange(n_tracks)[:, None], partners] = True
    best |= best.T
    return np.asarray(best[pairs[:, 0], pairs[:, 1]])


def _pair_values(view: View, pairs: Array, estimate: Estimator, description: str) -> Array:
    """Estimate MI of pairs (m, 2) in stacks; pairs with too few common frames get 0."""
    values, usable = view
    per_call = PAIRS_PER_CALL if estimate is _critic else _closed_form_chunk(values)
    found = np.zeros(len(pairs))
    stacks = list(_stacks(usable, pairs, per_call))
    for chosen, n_common in progress_bar(stacks, description=description):
        first, second = pairs[chosen].T
        rows = _spread_rows(usable[first] & usable[second], n_common)[..., None]  # m n 1
        x = np.take_along_axis(values[first], rows, axis=1)  # m F d -> m n d
        y = np.take_along_axis(values[second], rows, axis=1)
        found[chosen] = estimate(x, y)
    return np.maximum(found, 0.0)


def _closed_form_chunk(values: Array) -> int:
    return max(1, VALUES_PER_CHUNK // int(values[0].size))


def _stacks(usable: NDArray[np.bool_], pairs: Array, per_call: int) -> Iterator[tuple[Array, int]]:
    """Indices of pairs that go into one call, with the number of common frames they are given.

    A stack needs one length, so a pair's count of common frames is rounded down to the next level
    of a geometric scale: at most a fifth of its frames is left out.
    """
    as_counts = usable.astype(np.float32)
    common = (as_counts @ as_counts.T)[pairs[:, 0], pairs[:, 1]].astype(np.int64)
    n_frames = usable.shape[1]
    levels = [n_frames]
    while levels[-1] > FEWEST_COMMON_FRAMES:
        levels.append(max(FEWEST_COMMON_FRAMES, int(levels[-1] / COMMON_FRAMES_STEP)))
    upper = n_frames + 1
    for level in levels:
        members = np.flatnonzero((common >= level) & (common < upper))
        upper = level
        for start in range(0, len(members), per_call):
            yield members[start : start + per_call], level


def _spread_rows(common: NDArray[np.bool_], n_rows: int) -> Array:
    """Evenly spaced frames (m, n_rows) among each pair's common frames (m, F)."""
    order = np.argsort(~common, axis=1, kind="stable")  # common frames first, in time order
    counts = common.sum(axis=1)[:, None]
    ranks = ((np.arange(n_rows) + 0.5) * counts / n_rows).astype(np.int64)
    return np.asarray(np.take_along_axis(order, ranks, axis=1))


def affinity_graph(scores: Array) -> Array:
    """Graph of tracks for spectral clustering.

    With many tracks each keeps its ten best partners: dropping weak ties is the single best step on
    real sequences. With few tracks (motion-capture markers) ten partners reach beyond the body, so
    the graph stays dense and distances exp(-MI) are measured on each track's own scale, the
    distance to its third partner (Zelnik-Manor and Perona, NIPS 2004).

    Parameters
    ----------
    scores : ndarray of shape (P, P)
        From :func:`motion_mutual_information`.

    Returns
    -------
    ndarray of shape (P, P)
        Symmetric weights, largest 1, diagonal 0.
    """
    n_tracks = len(scores)
    if n_tracks > SPARSE_FROM:
        partners = np.argpartition(-scores, GRAPH_NEIGHBOURS, axis=1)[:, :GRAPH_NEIGHBOURS]
        rows = np.arange(n_tracks)[:, None]
        weights = np.zeros_like(scores)
        weights[rows, partners] = scores[rows, partners]
        weights = np.maximum(weights, weights.T)
    else:
        # mean instead of sum of the three views: the sum makes exp(-MI) reach only the very best
        distances = np.exp(-scores / 3)
        np.fill_diagonal(distances, 0.0)
        neighbour = min(SCALE_NEIGHBOUR, n_tracks - 1)
        scale = np.sort(distances, axis=1)[:, neighbour]  # column 0 is the track itself
        weights = np.exp(-distances / np.sqrt(np.outer(scale, scale)))
    np.fill_diagonal(weights, 0.0)
    scaled: Array = weights / max(weights.max(), np.finfo(float).tiny) + FLOOR
    np.fill_diagonal(scaled, 0.0)
    return scaled
