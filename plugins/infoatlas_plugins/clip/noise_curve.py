"""Sliced mutual information of images and texts while noise is added to the images."""

from __future__ import annotations

import time
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from infoatlas_plugins.clip.methods import SliceMethod, find_method
from infoatlas_plugins.clip.noise import NoiseScale, add_noise, signal_to_noise
from infoatlas_plugins.clip.pairs import check_embeddings
from infoatlas_plugins.clip.slices import Slices, draw_slices, project
from infoatlas_plugins.progress import progress_bar

# n: rows   d, e: features of the two sides   k: dimensions of a slice   s: slices

POSTER_LEVELS = (0.0, 0.01, 0.03, 0.05, 0.1)
MAX_SAMPLES = 5000  # rows a repeat reads, as in the original protocol
MIN_SAMPLES = 64
ROWS, NOISE, SLICES, SHUFFLE = range(4)  # streams of random numbers that must not meet

SliceChoice = Literal["shared", "independent"]


class NoiseCurve:
    """How k-sliced mutual information falls as noise is added to one side.

    Every repeat reads other rows and other noise. With shared slices, all levels and repeats are
    seen through the same random views, so their differences are not hidden by the choice of views.
    The same ``random_state`` gives every method the same rows, noise and slices.

    Parameters
    ----------
    levels : sequence of float
        Noise levels, from none to strong; see ``noise``.
    k : int
        Dimensions of a slice.
    n_slices : int
        Slices whose values are averaged.
    n_repeats : int
        Repeats, at least 2: bands are one standard deviation over them.
    n_samples : int, optional
        Rows a repeat reads, drawn without replacement. Default: half of the rows, at most 5000.
    slices : {"shared", "independent"}
        The same slices everywhere, or fresh ones for each level and repeat (the original protocol).
    noise : {"norm", "spread"}
        What a level is a multiple of, see :func:`infoatlas_plugins.clip.noise.add_noise`.
    method : str or callable
        A name in ``methods.METHODS``, or a function of two stacks (s, n, k) to s values in nats.
    random_state : int
        Seed, not negative.

    Attributes
    ----------
    values_ : ndarray of shape (n_levels, n_repeats, n_slices)
        Mutual information of each slice, in nats.
    control_values_ : ndarray of shape (n_repeats, n_slices)
        The same without noise and with shuffled texts: what independent pairs read.
    mean_, sd_ : ndarray of shape (n_levels,)
        Mean over repeats of the mean over slices, and its standard deviation over repeats.
    snr_ : ndarray of shape (n_levels,)
        Signal-to-noise ratio of each level.
    smallest_gap_ : float
        Smallest difference of adjacent means over the sum of their standard deviations: above 1,
        bands of one standard deviation do not touch.
    n_samples_, n_features_ : int, (int, int)
        Rows a repeat read, features of the two sides.
    seconds_ : float
        Time inside the method.
    """

    def __init__(
        self,
        levels: tuple[float, ...] = POSTER_LEVELS,
        *,
        k: int = 5,
        n_slices: int = 8,
        n_repeats: int = 5,
        n_samples: int | None = None,
        slices: SliceChoice = "shared",
        noise: NoiseScale = "norm",
        method: str | SliceMethod = "infoatlas",
        random_state: int = 0,
    ) -> None:
        self.levels = levels
        self.k = k
        self.n_slices = n_slices
        self.n_repeats = n_repeats
        self.n_samples = n_samples
        self.slices = slices
        self.noise = noise
        self.method = method
        self.random_state = random_state

    def fit(self, images: ArrayLike, texts: ArrayLike) -> Self:
        """Measure the curve.

        Parameters
        ----------
        images, texts : array-like of shape (n, d) and (n, e)
            Embeddings; row i of one belongs to row i of the other. Noise is added to ``images``.

        Raises
        ------
        ValueError, TypeError
            If the embeddings do not pair, or an option makes no sense; the message names it.
        """
        x, y = check_embeddings(images, texts)
        self._check_options(len(x))
        method = find_method(self.method)
        self.n_features_ = (x.shape[1], y.shape[1])
        self.n_samples_ = self.n_samples or min(MAX_SAMPLES, len(x) // 2)
        self.snr_ = np.array(
            [signal_to_noise(x, level, relative_to=self.noise) for level in self.levels]
        )
        self.seconds_ = 0.0
        self.values_ = np.empty((len(self.levels), self.n_repeats, self.n_slices))
        self.control_values_ = np.empty((self.n_repeats, self.n_slices))
        tasks = [(r, i) for r in range(self.n_repeats) for i in range(-1, len(self.levels))]
        for repeat, level in progress_bar(tasks, description="noise curve"):
            found = self._measure(x, y, repeat=repeat, level=level, method=method)
            if level < 0:
                self.control_values_[repeat] = found
            else:
                self.values_[level, repeat] = found
        self.mean_, self.sd_ = mean_and_sd(self.values_)
        self.smallest_gap_ = smallest_gap(self.values_)
        return self

    def running_mean(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation over repeats, of 1, 2, ... slices: (n_levels, n_slices)."""
        means = np.cumsum(self.values_, axis=2) / np.arange(1, self.n_slices + 1)
        return means.mean(axis=1), means.std(axis=1, ddof=1)

    def summary(self) -> dict[str, Any]:
        """Numbers of the fitted curve, ready for JSON."""
        control = self.control_values_.mean(axis=1)
        return {
            "levels": list(self.levels),
            "mean": self.mean_.tolist(),
            "sd": self.sd_.tolist(),
            "snr": [float(v) if np.isfinite(v) else None for v in self.snr_],
            "smallest_gap": self.smallest_gap_,
            "decreasing": bool(np.all(np.diff(self.mean_) < 0)),
            "control": float(control.mean()),
            "control_sd": float(control.std(ddof=1)),
            "seconds": round(self.seconds_, 3),
            "k": self.k,
            "slices": self.slices,
            "n_slices": self.n_slices,
            "n_repeats": self.n_repeats,
            "n_samples": self.n_samples_,
            "n_features": list(self.n_features_),
            "noise": self.noise,
            "random_state": self.random_state,
        }

    def _measure(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        *,
        repeat: int,
        level: int,
        method: SliceMethod,
    ) -> NDArray[np.float64]:
        """Values of all slices at one level of one repeat; level -1 is the shuffled control."""
        rows = self._generator(ROWS, repeat).permutation(len(x))[: self.n_samples_]
        partners = rows
        noisy = x[rows]
        if level < 0:
            partners = rows[self._generator(SHUFFLE, repeat).permutation(len(rows))]
        else:
            noisy = add_noise(
                noisy,
                self.levels[level],
                relative_to=self.noise,
                generator=self._generator(NOISE, repeat, level),
            )
        to_image, to_text = self._slices(repeat, level)
        stacks = project(noisy, to_image), project(y[partners], to_text)
        start = time.perf_counter()
        found = method(*stacks)
        self.seconds_ += time.perf_counter() - start
        return found

    def _slices(self, repeat: int, level: int) -> Slices:
        where = (repeat, level + 1) if self.slices == "independent" else ()
        seed = (self.random_state, SLICES, *where)
        return draw_slices(self.n_slices, self.n_features_, self.k, seed=seed)

    def _generator(self, *stream: int) -> np.random.Generator:
        return np.random.default_rng([self.random_state, *stream])

    def _check_options(self, n_rows: int) -> None:
        levels = np.asarray(self.levels, dtype=float)
        if levels.ndim != 1 or len(levels) < 2 or np.any(np.diff(levels) <= 0) or levels[0] < 0:
            raise ValueError(
                f"levels must be two or more numbers that grow, none negative, got {self.levels!r}."
            )
        for name, least in (("n_slices", 1), ("n_repeats", 2)):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise ValueError(
                    f"{name} must be a whole number of at least {least}, got {value!r}."
                )
        if not isinstance(self.random_state, int) or self.random_state < 0:
            raise ValueError(
                f"random_state must be a whole number, not negative, got {self.random_state!r}."
            )
        if self.slices not in get_args(SliceChoice):
            raise ValueError(f"slices must be one of {get_args(SliceChoice)}, got {self.slices!r}.")
        n_samples = self.n_samples or min(MAX_SAMPLES, n_rows // 2)
        if not MIN_SAMPLES <= n_samples <= n_rows:
            raise ValueError(
                f"n_samples must be between {MIN_SAMPLES} and the number of pairs, {n_rows}, "
                f"got {n_samples}."
            )


def mean_and_sd(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean over repeats of the mean over slices, and its standard deviation: (n_levels,) each.

    Parameters
    ----------
    values : ndarray of shape (n_levels, n_repeats, n_slices)
        Mutual information, in nats.
    """
    means = values.mean(axis=2)
    return means.mean(axis=1), means.std(axis=1, ddof=1)


def smallest_gap(values: NDArray[np.float64]) -> float:
    """Smallest difference of adjacent levels' means over the sum of their standard deviations."""
    mean, sd = mean_and_sd(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.min((mean[:-1] - mean[1:]) / (sd[:-1] + sd[1:])))
