"""Tables of joint probabilities: the shared ground of the discrete and the nominal family."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .noise import NoiseSource
from .strength import log_uniform, saturated, uniform

BISECTIONS = 40
POISSON_LEVELS = 40  # counts 0 to 39; means up to 8 leave less than 1e-14 beyond


@dataclass(frozen=True)
class ContingencyPairs:
    """Pairs of levels (as float64 indices) from joint tables (b, k, levels_x, levels_y)."""

    tables: Tensor

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """One uniform for each row and pair chooses a cell of the table."""
        cells = source.levels(n, self.tables.flatten(2))  # b n k
        levels_y = self.tables.shape[-1]
        return (cells // levels_y).double(), (cells % levels_y).double()

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """Look up ln p(x, y) / p(x) p(y); -inf in empty cells."""
        ratios = log_ratio(self.tables).flatten(2)  # b k cells
        cells = x.round().long() * self.tables.shape[-1] + y.round().long()  # b n k
        return ratios.gather(2, cells.transpose(1, 2)).transpose(1, 2)

    def mutual_information(self) -> Tensor:
        """Sum over the cells of each table."""
        return table_information(self.tables)


def log_ratio(tables: Tensor) -> Tensor:
    """ln p(x, y) / p(x) p(y) of every cell; -inf where p(x, y) = 0."""
    product = tables.sum(-1, keepdim=True) * tables.sum(-2, keepdim=True)
    return torch.where(tables > 0, (tables / product.clamp(min=1e-300)).log(), -torch.inf)


def table_information(tables: Tensor) -> Tensor:
    """Mutual information of each table in nats: the sum of p ln p(x, y) / p(x) p(y)."""
    terms = tables * log_ratio(tables)
    return torch.where(tables > 0, terms, 0.0).sum((-1, -2))


def with_information(strong: Tensor, information: Tensor) -> Tensor:
    """Mix tables with the product of their margins until they share `information` nats.

    The information of the mixture (1 - t) p(x) p(y) + t p(x, y) grows with t (it is convex in t
    and zero at t = 0), so bisection finds it. Where even t = 1 shares less, t = 1 is returned.
    """
    product = strong.sum(-1, keepdim=True) * strong.sum(-2, keepdim=True)
    low = torch.zeros_like(information)
    high = torch.ones_like(information)
    for _ in range(BISECTIONS // 2):
        middle = (low + high) / 2
        mixed = product + middle[..., None, None] * (strong - product)
        enough = table_information(mixed) > information
        low, high = torch.where(enough, low, middle), torch.where(enough, middle, high)
    return product + high[..., None, None] * (strong - product)


def weakened(strong: Tensor, information: Tensor) -> Tensor:
    """Tables mixed as above, with targets bent below what the strong tables hold."""
    return with_information(strong, saturated(information, table_information(strong)))


def symmetric_channel(b: int, pairs: int, levels: int, generator: torch.Generator) -> Tensor:
    """x uniform; y equals x with probability q, otherwise any other level: strongest at q = 1."""
    low = 1e-3 * torch.ones((b, pairs, 1, 1), device=generator.device, dtype=torch.float64)
    noise = low * uniform((b, pairs, 1, 1), 0.0, 30.0, generator)
    identity = torch.eye(levels, device=generator.device, dtype=torch.float64)
    return ((1 - noise) * identity + noise / levels) / levels


def ordinal_table(b: int, pairs: int, levels: int, generator: torch.Generator) -> Tensor:
    """Cells near the diagonal are likely: a discretised monotone dependence with random margins."""
    places = torch.linspace(-1, 1, levels, device=generator.device, dtype=torch.float64)
    distance = (places[:, None] - places[None, :]).abs()
    width = log_uniform((b, pairs, 1, 1), 0.05, 1.0, generator)
    margins_x = log_uniform((b, pairs, levels, 1), 0.3, 3.0, generator)
    margins_y = log_uniform((b, pairs, 1, levels), 0.3, 3.0, generator)
    table = margins_x * margins_y * (-(distance.square()) / (2 * width.square())).exp()
    return table / table.sum((-1, -2), keepdim=True)


def dirichlet_table(
    b: int, pairs: int, levels_x: int, levels_y: int, generator: torch.Generator
) -> Tensor:
    """Cells from powers of exponentials: from almost equal cells to a few dominating ones."""
    exponentials = -uniform((b, pairs, levels_x, levels_y), 1e-9, 1.0, generator).log()
    table = exponentials ** log_uniform((b, pairs, 1, 1), 0.5, 6.0, generator)
    return table / table.sum((-1, -2), keepdim=True)


def poisson_table(correlation: Tensor, mean: Tensor) -> Tensor:
    """x = u + v, y = u + w with Poisson u, v, w: counts of the given mean (b, k) and correlation.

    p(x, y) = sum over u of Poisson(u) Poisson(x - u) Poisson(y - u), on counts 0 to 39.
    """
    counts = torch.arange(POISSON_LEVELS, device=mean.device, dtype=torch.float64)
    shared = _poisson(counts, correlation * mean)  # b k u
    own = _poisson(counts, (1 - correlation) * mean)  # b k v
    difference = counts[None, :] - counts[:, None]  # u x
    shifted = torch.where(difference >= 0, own[..., difference.clamp(min=0).long()], 0.0)  # b k u x
    table = (shared[..., None] * shifted).mT @ shifted  # b k x y
    return table / table.sum((-1, -2), keepdim=True)


def _poisson(counts: Tensor, mean: Tensor) -> Tensor:
    """Poisson probabilities of counts, shape of mean plus one axis."""
    rate = mean[..., None].clamp(min=1e-12)
    return (counts * rate.log() - rate - (counts + 1).lgamma()).exp()
