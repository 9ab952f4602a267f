"""The pretrained critic on a few pairs: what it finds beyond the closed form.

One pair of 64 frames costs the network about 20 ms, a million times the closed form. So it reads
only pairs that matter, each track's best partners, and of these first the ones whose squares depend
more on each other than a Gaussian's would.

On few dozen dependent frames its noise is larger than what it finds on most pairs. So it counts
only where it finds significantly more than on surrogates of the same pairs: Gaussian series with
the same spectra and the same linear dependence (Prichard and Theiler, Phys. Rev. Lett. 73, 1994).

Letters: P tracks, F frames, d coordinates, m columns, k pairs, n frames that are read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from infoatlas import gaussian_mutual_information, mutual_information_batch
from infoatlas_plugins.motion.pairs import gaussian_information
from infoatlas_plugins.motion.views import View
from infoatlas_plugins.progress import progress_bar

Array = NDArray[Any]

PARTNERS = 5  # best partners of each track that are candidates
FRAMES_READ = 64  # at most, evenly spaced: neighbouring frames repeat each other
FEWEST_FRAMES_READ = 16  # the fewest rows the estimator reads
PAIRS_PER_CALL = 64
FEWEST_PAIRS = 5  # whose surrogates say how much the critic's noise is
FALSE_ALARMS = 0.05  # chance that any pair of a view counts by noise


def critic_excess(
    views: list[View],
    found: list[Array],
    columns: Array,
    *,
    n_pairs: int,
    generator: np.random.Generator,
) -> list[Array]:
    """What the pretrained critic adds to the closed form, per view.

    The excess of a pair is critic minus closed form. It counts where it passes the bound that, were
    all pairs like their surrogates, any pair of the view would pass with a chance of 5 % (the
    prediction bound of a normal sample, Bonferroni); then the surrogates' mean is taken off.

    Parameters
    ----------
    views : list of View
        Values (P, F, d) and where they are usable (P, F).
    found : list of ndarray of shape (P, m)
        Closed-form MI of each view, nats.
    columns : ndarray of shape (m,)
        Tracks in the columns of ``found``.
    n_pairs : int
        Pairs to read over all views together; the surrogate of each is read too.
    generator : numpy.random.Generator
        Draws the surrogates.

    Returns
    -------
    list of ndarray of shape (P, m)
        Nats, zero for pairs that were not read. Symmetric where the columns are all tracks.
    """
    pairs = _candidates(views, found, columns, n_pairs // len(views))
    return [
        _excess(view, columns, pairs, found[0].shape, generator, name=f"critic on view {number}")
        for number, view in enumerate(views, start=1)
    ]


def _candidates(views: list[View], found: list[Array], columns: Array, n_pairs: int) -> Array:
    """Rows and columns (k, 2) of the pairs worth reading, each pair of tracks once."""
    total = np.sum(found, axis=0)
    total[columns, np.arange(len(columns))] = -np.inf
    n_partners = min(PARTNERS, max(1, len(columns) - 1))
    best = np.argpartition(-total, n_partners - 1, axis=1)[:, :n_partners]
    rows = np.repeat(np.arange(len(total)), n_partners)
    pairs = np.column_stack([rows, best.ravel()])
    tracks = np.sort(np.column_stack([pairs[:, 0], columns[pairs[:, 1]]]), axis=1)
    _, once = np.unique(tracks, axis=0, return_index=True)
    pairs = pairs[once]
    hidden = np.zeros(len(pairs))
    for (values, usable), closed in zip(views, found, strict=True):
        middle = np.median(values, axis=1, keepdims=True)
        squares = (np.square(values - middle), usable)
        of_squares = gaussian_information(squares, columns, description="MI of squares")
        hidden += (of_squares - closed)[pairs[:, 0], pairs[:, 1]]
    return np.asarray(pairs[np.argsort(-hidden, kind="stable")[:n_pairs]])


def _excess(
    view: View,
    columns: Array,
    pairs: Array,
    shape: tuple[int, ...],
    generator: np.random.Generator,
    *,
    name: str,
) -> Array:
    """What counts of one view's excess, spread over a matrix of the given shape."""
    values, usable = view
    excess = np.zeros(shape)
    common = usable[pairs[:, 0]] & usable[columns[pairs[:, 1]]]
    enough = common.sum(axis=1) >= FEWEST_FRAMES_READ
    pairs, common = pairs[enough], common[enough]
    if len(pairs) < FEWEST_PAIRS:
        return excess
    first, second = pairs[:, 0], columns[pairs[:, 1]]
    n_frames = min(FRAMES_READ, int(common.sum(axis=1).min()))
    frames = _spread_frames(common, n_frames)[..., None]  # k n 1
    x = np.take_along_axis(values[first], frames, axis=1)
    y = np.take_along_axis(values[second], frames, axis=1)
    more = _significant(
        _beyond_closed_form(x, y, name=name),
        _beyond_closed_form(*surrogates(x, y, generator), name=f"{name}, surrogates"),
    )
    excess[pairs[:, 0], pairs[:, 1]] = more
    place = {int(track): column for column, track in enumerate(columns)}
    for row, (one, other) in enumerate(zip(first, second, strict=True)):
        if int(one) in place:  # the same pair seen from its other track
            excess[other, place[int(one)]] = more[row]
    return excess


def _beyond_closed_form(x: Array, y: Array, *, name: str) -> Array:
    """Critic minus closed form of pairs (k, n, d), nats, shape (k,)."""
    read: list[float] = []
    for start in progress_bar(range(0, len(x), PAIRS_PER_CALL), description=name):
        rows = slice(start, start + PAIRS_PER_CALL)
        read += [float(result) for result in mutual_information_batch(x[rows], y[rows])]
    return np.asarray(read - gaussian_mutual_information(x, y))


def _significant(excess: Array, usual: Array) -> Array:
    """Excess over the mean of ``usual`` where it passes its prediction bound, else 0; both (k,)."""
    n_pairs = len(usual)
    quantile = student_t.ppf(1 - FALSE_ALARMS / n_pairs, n_pairs - 1)
    bound = quantile * usual.std(ddof=1) * np.sqrt(1 + 1 / n_pairs)
    above = excess - usual.mean()
    return np.where(above > bound, above, 0.0)


def surrogates(x: Array, y: Array, generator: np.random.Generator) -> tuple[Array, Array]:
    """Gaussian series with the spectra and cross-spectra of pairs of series (k, n, d).

    The Fourier phases of all coordinates of a pair are turned by the same random angles: linear
    dependence, in time and between the two, stays, every other kind goes.
    """
    n_pairs, n_frames, _ = x.shape
    angles = generator.uniform(0, 2 * np.pi, size=(n_pairs, n_frames // 2 + 1, 1))
    angles[:, 0] = 0.0  # the mean
    if n_frames % 2 == 0:
        angles[:, -1] = 0.0  # the fastest wave is real
    turns = np.exp(1j * angles)
    turned = [np.fft.irfft(np.fft.rfft(z, axis=1) * turns, n_frames, axis=1) for z in (x, y)]
    return turned[0], turned[1]


def _spread_frames(common: NDArray[np.bool_], n_frames: int) -> Array:
    """Evenly spaced frames (k, n) among each pair's common frames (k, F)."""
    order = np.argsort(~common, axis=1, kind="stable")  # common frames first, in time order
    counts = common.sum(axis=1)[:, None]
    ranks = ((np.arange(n_frames) + 0.5) * counts / n_frames).astype(np.int64)
    return np.asarray(np.take_along_axis(order, ranks, axis=1))
