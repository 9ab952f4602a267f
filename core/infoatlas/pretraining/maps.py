"""Maps of one side that leave every pointwise MI as it is, because the side can be recovered.

Bijections (rotation, spiral, coupling flow, monotone columns, swiss roll) and maps through a
nuisance variable (fold, sign product) that is independent of both sides. Each map is one random
draw for b data sets: called on rows (b, n, d) it returns the mapped rows, and `inverse` gives the
original rows back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .families.noise import NoiseSource
from .families.strength import (
    chance,
    integer,
    log_uniform,
    normal,
    orthogonal,
    permutation,
    uniform,
)

EDGE = 3.0  # where the squash leaves the normal distribution function for its slower tails
MOST_RADIUS = 9.0  # squared radius per column beyond which a spiral turns no further
MOST_PLANES = 4


class Map(Protocol):
    """A random map of one side of b data sets."""

    @property
    def extra_columns(self) -> int:
        """Columns that come out minus columns that go in."""
        ...

    def __call__(self, rows: Tensor, source: NoiseSource) -> Tensor:
        """Rows (b, n, d) to rows (b, n, d + extra_columns); nuisances come from the source."""
        ...

    def inverse(self, rows: Tensor) -> Tensor:
        """The rows that were mapped."""
        ...


@dataclass(frozen=True)
class Rotation:
    """x -> x Q, with Q of shape (b, d, d) orthogonal."""

    matrix: Tensor
    extra_columns: int = 0

    def __call__(self, rows: Tensor, source: NoiseSource) -> Tensor:
        """Multiply by Q."""
        return rows @ self.matrix

    def inverse(self, rows: Tensor) -> Tensor:
        """Multiply by Q transposed."""
        return rows @ self.matrix.mT


@dataclass(frozen=True)
class Spiral:
    """Rotation in a few random planes by an angle that grows with the radius of the row.

    A rotation keeps the radius, so the angle can be computed again and undone. Each plane is a pair
    of columns of an orthogonal basis; angle = strength * (|x|^2 / d)^power + phase.
    """

    basis: Tensor  # b d d
    strength: Tensor  # b planes
    power: Tensor  # b 1
    extra_columns: int = 0

    def __call__(self, rows: Tensor, source: NoiseSource) -> Tensor:
        """Turn by the angle."""
        return self._turn(rows, 1.0)

    def inverse(self, rows: Tensor) -> Tensor:
        """Turn back."""
        return self._turn(rows, -1.0)

    def _turn(self, rows: Tensor, direction: float) -> Tensor:
        radius = rows.square().mean(-1, keepdim=True).clamp(max=MOST_RADIUS)  # b n 1
        angle = direction * self.strength[:, None] * radius ** self.power[:, None]  # b n planes
        along = rows @ self.basis  # coordinates in the basis
        planes = self.strength.shape[-1]
        first, second = along[..., : 2 * planes : 2], along[..., 1 : 2 * planes : 2]
        cos, sin = angle.cos(), angle.sin()
        turned = torch.stack([cos * first - sin * second, sin * first + cos * second], dim=-1)
        along = torch.cat([turned.flatten(-2), along[..., 2 * planes :]], dim=-1)
        return along @ self.basis.mT


@dataclass(frozen=True)
class Coupling:
    """Half of the columns sets the scale and shift of the other half, twice with roles swapped.

    Dinh et al. (2017), "Density estimation using Real NVP", with one tanh layer as conditioner.
    """

    order: Tensor  # d
    layers: tuple[tuple[Tensor, Tensor, Tensor], ...]  # in (b, h, w), scale and shift (b, w, d - h)
    extra_columns: int = 0

    def __call__(self, rows: Tensor, source: NoiseSource) -> Tensor:
        """Both layers in turn."""
        rows = rows[..., self.order]
        for layer in self.layers:
            held = layer[0].shape[1]
            fixed, moved = rows[..., :held], rows[..., held:]
            log_scale, shift = self._conditioner(fixed, layer)
            rows = torch.cat([moved * log_scale.exp() + shift, fixed], dim=-1)
        return rows

    def inverse(self, rows: Tensor) -> Tensor:
        """Both layers undone, last first."""
        for layer in reversed(self.layers):
            changed = layer[1].shape[2]
            moved, fixed = rows[..., :changed], rows[..., changed:]
            log_scale, shift = self._conditioner(fixed, layer)
            rows = torch.cat([fixed, (moved - shift) * (-log_scale).exp()], dim=-1)
        return rows[..., self.order.argsort()]

    @staticmethod
    def _conditioner(fixed: Tensor, layer: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        hidden = torch.tanh(fixed @ layer[0])  # b n w
        return 0.8 * torch.tanh(hidden @ layer[1]), hidden @ layer[2]


@dataclass(frozen=True)
class Monotone:
    """One strictly increasing function for every column, of a named kind.

    Ranks undo it, so it matters only in front of a rotation, a spiral or a coupling.
    """

    kind: str  # "asinh", "power", "squash", "exponential"
    amount: Tensor  # b 1 1
    extra_columns: int = 0

    def __call__(self, rows: Tensor, source: NoiseSource) -> Tensor:
        """The function of this kind."""
        match self.kind:
            case "asinh":
                return torch.asinh(2 * self.amount * rows)
            case "power":
                return rows.sign() * rows.abs() ** self.amount
            case "squash":
                return (squash(rows) - 0.5) * math.sqrt(12)
            case "exponential":
                return gentle_exponential(rows)
        raise ValueError(f"unknown monotone map {self.kind!r}; see MONOTONE_KINDS.")

    def inverse(self, rows: Tensor) -> Tensor:
        """Its inverse."""
        match self.kind:
            case "asinh":
                return torch.sinh(rows) / (2 * self.amount)
            case "power":
                return rows.sign() * rows.abs() ** (1 / self.amount)
            case "squash":
                return unsquash(rows / math.sqrt(12) + 0.5)
            case "exponential":
                return gentle_logarithm(rows)
        raise ValueError(f"unknown monotone map {self.kind!r}; see MONOTONE_KINDS.")


@dataclass(frozen=True)
class Fold:
    """A column's uniform u is shown inside a random tile, reflected in every second one.

    x_new = (tile + u or 1 - u) / tiles, with the tile drawn at random for each row: a triangle
    wave seen from the other side. Given x_new, u is known; the tile says nothing about u.
    """

    columns: Tensor  # which columns are folded
    tiles: Tensor  # b columns
    extra_columns: int = 0

    def __call__(self, rows: Tensor, source: NoiseSource) -> Tensor:
        """Place each uniform in a random tile."""
        u = squash(rows[..., self.columns])
        tiles = self.tiles[:, None]
        tile = (source.uniform(rows.shape[1], len(self.columns)) * tiles).floor()
        placed = (tile + torch.where(tile % 2 == 0, u, 1 - u)) / tiles
        return _replaced(rows, self.columns, (placed - 0.5) * math.sqrt(12))

    def inverse(self, rows: Tensor) -> Tensor:
        """Read each uniform off its tile."""
        placed = (rows[..., self.columns] / math.sqrt(12) + 0.5) * self.tiles[:, None]
        tile = placed.floor()
        u = torch.where(tile % 2 == 0, placed - tile, 1 - placed + tile)
        return _replaced(rows, self.columns, unsquash(u))


@dataclass(frozen=True)
class SignProduct:
    """The sign of one column becomes the product of the signs of two columns, XOR-like.

    x -> (s |x|, s sign(x) |w|) with a fair sign s and a normal w, both independent nuisances.
    """

    column: int
    extra_columns: int = 1

    def __call__(self, rows: Tensor, source: NoiseSource) -> Tensor:
        """Scramble both signs, keep their product."""
        n = rows.shape[1]
        sign, magnitude = source.signs(n, 1), source.normal(n, 1).abs()
        old = rows[..., self.column : self.column + 1]
        rows = _replaced(rows, torch.tensor([self.column], device=rows.device), sign * old.abs())
        return torch.cat([rows, sign * torch.where(old < 0, -1.0, 1.0) * magnitude], dim=-1)

    def inverse(self, rows: Tensor) -> Tensor:
        """Read the sign off the product."""
        shown = rows[..., self.column : self.column + 1]
        old = shown.abs() * torch.where(shown * rows[..., -1:] < 0, -1.0, 1.0)
        column = torch.tensor([self.column], device=rows.device)
        return _replaced(rows[..., :-1], column, old)


@dataclass(frozen=True)
class SwissRoll:
    """One column becomes a place on a planar spiral: u -> t (cos t, sin t), t rising with u."""

    column: int
    start: Tensor  # b 1 1, radians
    length: Tensor  # b 1 1, radians
    extra_columns: int = 1

    def __call__(self, rows: Tensor, source: NoiseSource) -> Tensor:
        """Roll the column up."""
        t = self.start + self.length * squash(rows[..., self.column : self.column + 1])
        shown = t / (self.start + self.length)
        column = torch.tensor([self.column], device=rows.device)
        return torch.cat([_replaced(rows, column, shown * t.cos()), shown * t.sin()], dim=-1)

    def inverse(self, rows: Tensor) -> Tensor:
        """Read the place off the radius."""
        first, second = rows[..., self.column : self.column + 1], rows[..., -1:]
        t = torch.hypot(first, second) * (self.start + self.length)
        column = torch.tensor([self.column], device=rows.device)
        return _replaced(rows[..., :-1], column, unsquash((t - self.start) / self.length))


def squash(values: Tensor) -> Tensor:
    """Strictly increasing map of the line onto (0, 1): the normal distribution function to |x| = 3.

    Beyond, the tails fall like 1 / |x|, so that heavy-tailed columns stay distinct in floats; a
    standard normal column becomes uniform but for 0.3% of its mass.
    """
    tail = float(torch.special.ndtr(torch.tensor(-EDGE, dtype=torch.float64)))
    outer = tail * EDGE / values.abs().clamp(min=EDGE)
    outer = torch.where(values < 0, outer, 1 - outer)
    return torch.where(values.abs() <= EDGE, torch.special.ndtr(values), outer)


def unsquash(u: Tensor) -> Tensor:
    """The inverse of squash."""
    tail = float(torch.special.ndtr(torch.tensor(-EDGE, dtype=torch.float64)))
    nearest = torch.minimum(u, 1 - u)
    inner = torch.special.ndtri(u.clamp(tail / 2, 1 - tail / 2))
    outer = tail * EDGE / nearest.clamp(min=1e-300)
    return torch.where(nearest < tail, torch.where(u < 0.5, -outer, outer), inner)


def gentle_exponential(values: Tensor) -> Tensor:
    """e^x for |x| <= 3; beyond, a straight line above and 1 / |x| below, so that floats suffice."""
    highest = math.exp(EDGE)
    above = highest * (1 + values - EDGE)
    below = EDGE / highest / values.abs().clamp(min=EDGE)
    inner = values.clamp(-EDGE, EDGE).exp()
    return torch.where(values > EDGE, above, torch.where(values < -EDGE, below, inner))


def gentle_logarithm(values: Tensor) -> Tensor:
    """The inverse of gentle_exponential."""
    highest = math.exp(EDGE)
    above = values / highest - 1 + EDGE
    below = -EDGE / highest / values.clamp(min=1e-300)
    inner = values.clamp(1 / highest, highest).log()
    return torch.where(values > highest, above, torch.where(values < 1 / highest, below, inner))


def draw_rotation(b: int, d: int, generator: torch.Generator) -> Rotation:
    """Uniform over all rotations half of the time, else from weak to strong."""
    if chance(0.5, generator):
        return Rotation(orthogonal(b, d, None, generator))
    return Rotation(orthogonal(b, d, log_uniform((b,), 0.1, 3.0, generator), generator))


def draw_spiral(b: int, d: int, generator: torch.Generator) -> Spiral:
    """One plane or a few; planes along columns half of the time."""
    planes = integer(1, min(MOST_PLANES, d // 2), generator)
    if chance(0.5, generator):
        identity = torch.eye(d, device=generator.device, dtype=torch.float64)
        basis = identity[permutation(d, generator)].expand(b, d, d)
    else:
        basis = orthogonal(b, d, None, generator)
    strength = log_uniform((b, planes), 0.2, 4.0, generator)
    return Spiral(basis, strength, uniform((b, 1), 0.5, 1.0, generator))


def draw_coupling(b: int, d: int, generator: torch.Generator) -> Coupling:
    """Two layers of random conditioners with eight hidden units."""
    half, width = d // 2, 8
    layers = []
    for fixed in (half, d - half):
        first = normal((b, fixed, width), generator) * (1.5 / math.sqrt(fixed))
        scale = normal((b, width, d - fixed), generator) / math.sqrt(width)
        shift = normal((b, width, d - fixed), generator) * (1.5 / math.sqrt(width))
        layers.append((first, scale, shift))
        half = fixed
    return Coupling(permutation(d, generator), tuple(layers))


def draw_monotone(b: int, d: int, generator: torch.Generator) -> Monotone:
    """asinh, a signed power from 1/2 to 3, a squash to nearly uniform, or an exponential."""
    kind = MONOTONE_KINDS[integer(0, len(MONOTONE_KINDS) - 1, generator)]
    return Monotone(kind, log_uniform((b, 1, 1), 0.5, 3.0, generator))


def draw_fold(b: int, d: int, generator: torch.Generator) -> Fold:
    """A few columns, or all, in two to five tiles."""
    count = d if chance(0.4, generator) else integer(1, d, generator)
    tiles = torch.randint(2, 6, (b, count), generator=generator, device=generator.device)
    return Fold(permutation(d, generator)[:count], tiles)


def draw_sign_product(b: int, d: int, generator: torch.Generator) -> SignProduct:
    """Any column; the partner column is appended."""
    return SignProduct(integer(0, d - 1, generator))


def draw_swiss_roll(b: int, d: int, generator: torch.Generator) -> SwissRoll:
    """Half a turn to two turns, starting anywhere in the second to fifth radian."""
    start = uniform((b, 1, 1), 1.0, 5.0, generator)
    length = log_uniform((b, 1, 1), 3.0, 12.0, generator)
    return SwissRoll(integer(0, d - 1, generator), start, length)


MONOTONE_KINDS = ("asinh", "power", "squash", "exponential")

MAPS: dict[str, Callable[[int, int, torch.Generator], Map]] = {
    "coupling": draw_coupling,
    "fold": draw_fold,
    "monotone": draw_monotone,
    "rotation": draw_rotation,
    "sign_product": draw_sign_product,
    "spiral": draw_spiral,
    "swiss_roll": draw_swiss_roll,
}
"""draw(b, d, generator), with d the columns that go in."""


def _replaced(rows: Tensor, columns: Tensor, values: Tensor) -> Tensor:
    """Rows with some columns exchanged; the given rows stay as they are."""
    rows = rows.clone()
    rows[..., columns] = values
    return rows
