"""The coordinates a critic sees: each side's own columns, and closed-form columns made from them.

Columns of a side, in this order: its coordinates, the radius (whitened norm), plain canonical
variates, extended canonical variates. Every one goes through its own ranks. ``read_pair`` fits all
this on a data set; the two ``SideReader`` it returns apply the same maps to new rows.

b: data sets   n: rows   d: coordinates   c: columns   k: canonical pairs
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from infoatlas._copula import Margin, Scores, canonical_sign
from infoatlas._features import landmarks, widen
from infoatlas._gaussian import GaussianCritic, fit_gaussian, whitener
from infoatlas._variates import Reader, apply_reader, cross_fitted_variates

PLAIN_PAIRS = 4  # at most; fewer where a side has fewer coordinates
EXTENDED_PAIRS = 6


class Side(NamedTuple):
    """One side of a set of rows, ready for the network."""

    columns: Scores  # b n c
    variates: Tensor  # b n k, of the Gaussian critic

    def rows(self, index: Tensor) -> Side:
        return Side(self.columns.rows(index), self.variates[:, index])

    def to(self, dtype: torch.dtype) -> Side:
        normal, uniform = self.columns
        return Side(Scores(normal.to(dtype), uniform.to(dtype)), self.variates.to(dtype))


class Layout(NamedTuple):
    """How many columns of each kind a side has."""

    own: int
    plain: int
    extended: int

    @property
    def total(self) -> int:
        return self.own + 1 + self.plain + self.extended


class SideReader(NamedTuple):
    """Maps raw rows of one side to the columns fitted on the data set."""

    margin: Margin
    sign: Tensor  # b d
    whitener: Tensor  # b d d
    radius_margin: Margin
    centres: Tensor  # b c d, landmarks
    readers: tuple[Reader, Reader]  # plain, extended
    variate_margins: tuple[Margin, Margin]
    gaussian: GaussianCritic
    side: int

    def __call__(self, values: Tensor) -> Side:
        """Columns of new rows (b, m, d), in the units the reader was fitted on."""
        own = self.margin.scores(values).flip(self.sign)
        radius = self.radius_margin.scores(self._made(_norm(own.normal, self.whitener)))
        blocks = (own.normal, widen(own, radius.uniform, self.centres))
        made = [
            margin.scores(self._made(apply_reader(block, reader)))
            for block, reader, margin in zip(
                blocks, self.readers, self.variate_margins, strict=True
            )
        ]
        return Side(_join([own, radius, *made]), self.gaussian.variates(own.normal, self.side))

    def _made(self, values: Tensor) -> Tensor:
        return _keep_ties(values, self.margin.bandwidth)


class Pair(NamedTuple):
    """A data set as the network reads it, and how to read more of it."""

    x: Side
    y: Side
    layout_x: Layout
    layout_y: Layout
    held_out: Tensor  # b k, out-of-fold correlations: plain pairs, then extended pairs
    gaussian: GaussianCritic
    reader_x: SideReader
    reader_y: SideReader
    n_effective: Tensor  # b, how many independent rows those of a data set count as


def read_pair(
    x: Tensor, y: Tensor, *, bandwidth: float | None = None, n_effective: Tensor | None = None
) -> Pair:
    """Fit every column on raw rows (b, n, d_x) and (b, n, d_y), float64.

    ``bandwidth`` is for ``Margin``: None for ranks, a number for their smooth version.
    ``n_effective`` is how many independent rows those of each data set (b,) count as; None: all.
    """
    if n_effective is None:
        n_effective = x.new_full((len(x),), x.shape[1])
    margins = [Margin(v, bandwidth=bandwidth) for v in (x, y)]
    own = [margin.scores(v) for margin, v in zip(margins, (x, y), strict=True)]
    row_weight = own[0].normal.square().mean(dim=2) + own[1].normal.square().mean(dim=2)  # b n
    signs = [canonical_sign(s.normal, row_weight) for s in own]
    own = [s.flip(sign) for s, sign in zip(own, signs, strict=True)]
    whiteners = [_radius_whitener(s.normal) for s in own]
    norms = [_keep_ties(_norm(s.normal, w), bandwidth) for s, w in zip(own, whiteners, strict=True)]
    radius_margins = [Margin(norm, bandwidth=bandwidth) for norm in norms]
    radii = [m.scores(norm) for m, norm in zip(radius_margins, norms, strict=True)]
    plain_pairs = min(PLAIN_PAIRS, x.shape[2], y.shape[2])
    centres = [landmarks(s.normal) for s in own]
    wide = [widen(s, r.uniform, c) for s, r, c in zip(own, radii, centres, strict=True)]
    plain = cross_fitted_variates(
        own[0].normal, own[1].normal, plain_pairs, row_weight, n_effective
    )
    extended = cross_fitted_variates(wide[0], wide[1], EXTENDED_PAIRS, row_weight, n_effective)
    gaussian = fit_gaussian(own[0].normal, own[1].normal, n_effective)
    sides, readers = [], []
    for i in (0, 1):
        raw = [_keep_ties(variates.sides[i], bandwidth) for variates in (plain, extended)]
        variate_margins = (
            Margin(raw[0], bandwidth=bandwidth),
            Margin(raw[1], bandwidth=bandwidth),
        )
        made = [m.scores(v) for m, v in zip(variate_margins, raw, strict=True)]
        columns = _join([own[i], radii[i], *made])
        sides.append(Side(columns, gaussian.variates(own[i].normal, i)))
        readers.append(
            SideReader(
                margins[i],
                signs[i],
                whiteners[i],
                radius_margins[i],
                centres[i],
                (plain.readers[i], extended.readers[i]),
                variate_margins,
                gaussian,
                i,
            )
        )
    layouts = [Layout(v.shape[2], plain_pairs, EXTENDED_PAIRS) for v in (x, y)]
    made_count = plain_pairs + EXTENDED_PAIRS
    tails = [s.columns.normal[:, :, -made_count:] for s in sides]
    held_out = (tails[0] * tails[1]).mean(dim=1)
    return Pair(
        sides[0],
        sides[1],
        layouts[0],
        layouts[1],
        held_out,
        gaussian,
        readers[0],
        readers[1],
        n_effective,
    )


def _join(blocks: list[Scores]) -> Scores:
    return Scores(
        torch.cat([s.normal for s in blocks], dim=2), torch.cat([s.uniform for s in blocks], dim=2)
    )


def _keep_ties(values: Tensor, bandwidth: float | None) -> Tensor:
    """Round to single precision, so that equal rows stay tied whatever the order of a sum was.

    Smooth ranks have no ties to keep.
    """
    return values.float().to(values.dtype) if bandwidth is None else values


def _radius_whitener(normal: Tensor) -> Tensor:
    """b n d -> b d d; shrunk towards the identity by d / (n + d)."""
    n, d = normal.shape[1:]
    shrinkage = d / (n + d)
    covariance = normal.transpose(1, 2) @ normal / n
    return whitener((1 - shrinkage) * covariance, shrinkage)


def _norm(normal: Tensor, whitener: Tensor) -> Tensor:
    """Whitened norm of each row: b n d -> b n 1."""
    return (normal @ whitener).square().sum(dim=2, keepdim=True).clamp_min(1e-30).sqrt()
