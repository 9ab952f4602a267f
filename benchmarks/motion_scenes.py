"""Simulated motions for the motion benchmark: four bodies of 25 points, one condition each.

They are far too easy to serve as a bar for real footage. They show where an affinity cannot work.

Letters: F frames, P tracks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[Any]
Poses = tuple[Array, Array]  # turns (F, 3, 3) and positions (F, 3)

N_BODIES, N_POINTS, N_FRAMES = 4, 25, 120
NOISE = 0.003  # metres, on every coordinate; bodies are 0.4 metres wide
WAVES = 3


def smooth(generator: np.random.Generator, n_columns: int) -> Array:
    """Sums of three slow sine waves, (F, n_columns)."""
    time = np.linspace(0, 1, N_FRAMES)[:, None, None]
    frequency = generator.uniform(0.5, 4, size=(WAVES, n_columns))
    phase = generator.uniform(0, 2 * np.pi, size=(WAVES, n_columns))
    return np.asarray(np.sin(2 * np.pi * (frequency * time + phase)).mean(axis=1))


def poses(generator: np.random.Generator) -> Poses:
    """A smooth tumble of one body."""
    turns = Rotation.from_rotvec(2.0 * smooth(generator, 3)).as_matrix()
    return turns, smooth(generator, 3) + generator.normal(size=3)


def moved(shape: Array, motion: Poses) -> Array:
    """Points (P, 3) of a body along its motion, (F, P, 3)."""
    turns, positions = motion
    return np.asarray(np.einsum("fij,pj->fpi", turns, shape) + positions[:, None])


def shapes(generator: np.random.Generator) -> list[Array]:
    """Points of the four bodies, metres."""
    return [generator.normal(scale=0.2, size=(N_POINTS, 3)) for _ in range(N_BODIES)]


def independent(generator: np.random.Generator) -> Array:
    """Every body tumbles on its own."""
    return np.concatenate([moved(shape, poses(generator)) for shape in shapes(generator)], axis=1)


def same_translation(generator: np.random.Generator) -> Array:
    """All bodies share the path of their centre and turn on their own."""
    path = smooth(generator, 3)
    bodies = []
    for shape in shapes(generator):
        turns, _ = poses(generator)
        bodies.append(moved(shape, (turns, path + generator.normal(size=3))))
    return np.concatenate(bodies, axis=1)


def mirrored(generator: np.random.Generator) -> Array:
    """The second body moves as the mirror image of the first, the fourth of the third."""
    bodies = []
    for first, second in zip(*[iter(shapes(generator))] * 2, strict=True):
        bodies.append(moved(first, poses(generator)))
        bodies.append(moved(second, (poses(generator)[0], -bodies[-1].mean(axis=1))))
    return np.concatenate(bodies, axis=1)


def linearly_related(generator: np.random.Generator) -> Array:
    """Paths and turns of all bodies are linear maps of those of the first."""
    path, turn = smooth(generator, 3), smooth(generator, 3)
    bodies = []
    for shape in shapes(generator):
        of_path, of_turn = generator.normal(size=(2, 3, 3))
        turns = Rotation.from_rotvec(0.5 * turn @ of_turn).as_matrix()
        bodies.append(moved(shape, (turns, path @ of_path)))
    return np.concatenate(bodies, axis=1)


def articulated(generator: np.random.Generator) -> Array:
    """Each body is an arm of two parts that turn about a joint; the truth is four arms."""
    bodies = []
    for shape in shapes(generator):
        turns, positions = poses(generator)
        bend = Rotation.from_rotvec(np.outer(smooth(generator, 1)[:, 0], [0, 0, 1])).as_matrix()
        half = N_POINTS // 2
        reach = np.array([0.3, 0.0, 0.0])
        bodies.append(moved(shape[:half] - reach, (turns, positions)))
        bodies.append(moved(shape[half:] + reach, (turns @ bend, positions)))
    return np.concatenate(bodies, axis=1)


def deforming(generator: np.random.Generator) -> Array:
    """Each body breathes and bends while it moves."""
    bodies = []
    for shape in shapes(generator):
        stretch = 1 + 0.4 * smooth(generator, 3)  # F 3
        bent = shape[None] * stretch[:, None]
        bent[..., 2] += 1.5 * smooth(generator, 1) * shape[:, 0] ** 2
        turns, positions = poses(generator)
        bodies.append(np.einsum("fij,fpj->fpi", turns, bent) + positions[:, None])
    return np.concatenate(bodies, axis=1)


def noisy(generator: np.random.Generator) -> Array:
    """Independent motion with noise of a quarter of a body's radius."""
    points = independent(generator)
    return points + generator.normal(scale=0.05, size=points.shape)


def moving_camera(generator: np.random.Generator) -> Array:
    """Three bodies and a still background, in the frame of a camera that moves."""
    points = independent(generator)
    points[:, -N_POINTS:] = generator.uniform(-2, 2, size=(N_POINTS, 3))
    turns, positions = poses(generator)
    return np.einsum("fij,fpj->fpi", turns, points - positions[:, None])


def projected(generator: np.random.Generator) -> Array:
    """Independent motion seen by a perspective camera, in pixels."""
    points = independent(generator)
    return 500 * points[..., :2] / (points[..., 2:] + 6)


def unknown_bijections(generator: np.random.Generator) -> Array:
    """Each point is seen through its own smooth one-to-one map of space, which MI cannot see."""
    points = independent(generator)
    for track in range(points.shape[1]):
        for _ in range(2):
            turned = points[:, track] @ Rotation.random(random_state=generator).as_matrix()
            points[:, track] = np.sinh(generator.uniform(0.5, 1.2, size=3) * turned)
    return points


def stray_tracks(points: Array, generator: np.random.Generator) -> dict[str, Array]:
    """Faults of a tracker: two tracks (F, 2, d) of each kind that belong to no body of a clip.

    They wander at random; slide evenly from one point to another, with noise; follow a point of
    the clip backwards in time; or follow one point for half the clip and then another.

    Parameters
    ----------
    points : ndarray of shape (F, P, d)
    generator : numpy.random.Generator
    """
    n_frames, n_tracks, n_coordinates = points.shape
    step = np.median(np.linalg.norm(np.diff(points, axis=0), axis=-1))
    half = n_frames // 2

    def draw_two(make: Callable[[Array, Array], Array]) -> Array:
        pairs = [generator.choice(n_tracks, 2, replace=False) for _ in range(2)]
        return np.stack([make(points[:, one], points[:, other]) for one, other in pairs], axis=1)

    def noise() -> Array:
        return np.asarray(step * generator.normal(size=(n_frames, n_coordinates)))

    return {
        "wanders": draw_two(lambda one, _: one[0] + noise().cumsum(axis=0)),
        "slides": draw_two(
            lambda one, other: np.linspace(one[0], other[-1], n_frames) + 0.2 * noise()
        ),
        "goes backwards": draw_two(lambda one, other: one[0] + other[::-1] - other[-1]),
        "switches body": draw_two(
            lambda one, other: np.concatenate([one[:half], other[half:] + one[half] - other[half]])
        ),
    }


CONDITIONS: dict[str, Callable[[np.random.Generator], Array]] = {
    "independent": independent,
    "same translation": same_translation,
    "mirrored": mirrored,
    "linearly related": linearly_related,
    "articulated": articulated,
    "deforming": deforming,
    "noisy": noisy,
    "moving camera": moving_camera,
    "projected": projected,
    "unknown bijection per point": unknown_bijections,
}


def draw(condition: str, random_state: int) -> tuple[Array, Array]:
    """Points (F, P, d) with noise, and the body of each track (P,)."""
    generator = np.random.default_rng(random_state)
    points = CONDITIONS[condition](generator)
    noise = NOISE * (500 / 6 if points.shape[2] == 2 else 1)
    points = points + generator.normal(scale=noise, size=points.shape)
    return points, np.repeat(np.arange(N_BODIES), N_POINTS)
