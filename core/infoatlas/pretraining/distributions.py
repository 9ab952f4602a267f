"""The meta-distribution: random families seen through random maps, and data sets from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from .families import FAMILIES, Joint
from .families.noise import NoiseSource
from .families.strength import chance, integer, uniform
from .maps import MAPS, Map

IMPOSSIBLE = -30.0  # nats, stands for the -inf of a pair that cannot occur
MONTE_CARLO_ROWS = 8192  # for the MI of families without a formula
STRONGEST_AUTOCORRELATION = 0.98

FAMILY_WEIGHTS: dict[str, float] = {
    "additive_noise": 1.2,
    "copula": 0.8,
    "discrete": 1.2,
    "gaussian": 1.8,
    "independent": 0.8,
    "mixed": 0.8,
    "mixture": 1.8,
    "near_deterministic": 0.4,
    "nominal": 1.2,
    "regression": 1.8,
    "ring": 0.6,
    "student_t": 1.4,
}
"""Relative share of each family; normalised when drawn."""

INDICATORS_FROM, INDICATOR_WEIGHT = 9, 3.0
"""Columns a side from which the nominal family has this share: wide tables are often indicators."""

CHAINS: tuple[tuple[str, ...], ...] = (
    ("rotation",),
    ("rotation",),
    ("monotone", "rotation"),
    ("monotone",),
    ("spiral",),
    ("spiral",),
    ("monotone", "spiral"),
    ("rotation", "spiral"),
    ("coupling",),
    ("rotation", "coupling"),
    ("fold",),
    ("fold", "rotation"),
    ("sign_product",),
    ("sign_product", "rotation"),
    ("swiss_roll",),
)
"""Maps of one side, applied from left to right; one chain is drawn for each side and group."""

NARROW_CHAINS: tuple[tuple[str, ...], ...] = (("monotone",), ("fold",))
"""The chains of a side with a single column."""


@dataclass(frozen=True)
class Distribution:
    """b joint distributions of one family with their maps: all that a data set is drawn from.

    `swapped` says that the family's x is shown as y, so that each family appears both ways.
    """

    family: str
    b: int
    joint: Joint
    maps_x: tuple[Map, ...]  # of the joint's own x, before any swap
    maps_y: tuple[Map, ...]
    swapped: bool
    autocorrelation: Tensor | None  # b, or None for independent rows

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Shown x and y, then the latent rows of the joint's x and y; float64, (b, n, columns)."""
        source = NoiseSource(self.b, generator, self.autocorrelation)
        latent_x, latent_y = self.joint.sample(n, source)
        x, y = latent_x, latent_y
        for change in self.maps_x:
            x = change(x, source)
        for change in self.maps_y:
            y = change(y, source)
        return (y, x, latent_x, latent_y) if self.swapped else (x, y, latent_x, latent_y)

    def mutual_information(self, generator: torch.Generator) -> Tensor:
        """Exact where the family has a formula, else a mean over fresh independent rows, (b,)."""
        exact = self.joint.mutual_information()
        if exact is not None:
            return exact
        x, y = self.joint.sample(MONTE_CARLO_ROWS, NoiseSource(self.b, generator))
        return self.joint.pointwise(x, y).mean(-1)


@dataclass(frozen=True)
class DataSets:
    """A batch of data sets and the truth about them.

    Attributes
    ----------
    x, y : Tensor of shape (b, n, d_x) and (b, n, d_y), float32
        Row i of x belongs to row i of y.
    mi : Tensor of shape (b,), float32
        Mutual information in nats.
    family : list of str, length b
    """

    x: Tensor
    y: Tensor
    mi: Tensor
    family: list[str]
    distributions: list[Distribution]
    latents: list[tuple[Tensor, Tensor]]  # one pair for each distribution

    def pointwise(self, rows_x: Tensor | None = None, rows_y: Tensor | None = None) -> Tensor:
        """Pointwise MI of pairs (x row rows_x[k], y row rows_y[k]) in nats, (b, m), float32.

        Parameters
        ----------
        rows_x, rows_y : LongTensor of shape (m,) or (b, m), optional
            Row indices; None stands for all rows in order, so both None gives the joint pairs.

        Returns
        -------
        Tensor of shape (b, m)
            Pairs that cannot occur (-inf) get IMPOSSIBLE; nothing else is clipped.
        """
        values, first = [], 0
        for distribution, (latent_x, latent_y) in zip(
            self.distributions, self.latents, strict=True
        ):
            part = slice(first, first + distribution.b)
            own_x, own_y = (rows_y, rows_x) if distribution.swapped else (rows_x, rows_y)
            x, y = _chosen(latent_x, own_x, part), _chosen(latent_y, own_y, part)
            values.append(distribution.joint.pointwise(x, y))
            first += distribution.b
        pointwise = torch.cat(values).float()
        return torch.where(pointwise == -torch.inf, IMPOSSIBLE, pointwise)


def draw_distributions(
    b: int,
    d_x: int,
    d_y: int,
    generator: torch.Generator,
    *,
    groups: int = 4,
    family_weights: Mapping[str, float] | None = None,
    map_probability: float = 0.6,
    plain_probability: float = 0.3,
    autocorrelated_probability: float = 0.1,
) -> list[Distribution]:
    """Draw b distributions of (x, y), in groups of one random family each.

    Parameters
    ----------
    b, d_x, d_y : int
        Distributions, columns of x, columns of y.
    generator : torch.Generator
        Its device is the device of everything drawn.
    groups : int
        Parts with one family and one choice of maps; parameters differ inside a part.
    family_weights : mapping of str to float, optional
        Relative share of families; FAMILY_WEIGHTS by default, with more nominal data where it is
        wide.
    map_probability : float
        Of sending a continuous side through a chain of maps.
    plain_probability : float
        Of a part where neither side is sent through any, before the sides are drawn.
    autocorrelated_probability : float
        Of rows that follow each other as an AR(1) process.

    Returns
    -------
    list of Distribution, whose b add up to the given b
    """
    weights = _family_weights(min(d_x, d_y)) if family_weights is None else family_weights
    groups = min(groups, b)
    sizes = [b // groups + (part < b % groups) for part in range(groups)]
    return [
        _draw_group(
            size,
            d_x,
            d_y,
            generator,
            family=_choose(weights, generator),
            map_probability=0.0 if chance(plain_probability, generator) else map_probability,
            autocorrelated_probability=autocorrelated_probability,
        )
        for size in sizes
    ]


def draw_data_sets(
    distributions: list[Distribution], n: int, generator: torch.Generator
) -> DataSets:
    """Draw one data set of n rows from each distribution, with its exact or Monte-Carlo MI."""
    xs, ys, latents, families = [], [], [], []
    for distribution in distributions:
        x, y, latent_x, latent_y = distribution.sample(n, generator)
        xs.append(x)
        ys.append(y)
        latents.append((latent_x, latent_y))
        families += [distribution.family] * distribution.b
    mi = torch.cat([d.mutual_information(generator) for d in distributions])
    return DataSets(
        torch.cat(xs).float(),
        torch.cat(ys).float(),
        mi.float(),
        families,
        list(distributions),
        latents,
    )


def _draw_group(
    b: int,
    d_x: int,
    d_y: int,
    generator: torch.Generator,
    *,
    family: str,
    map_probability: float,
    autocorrelated_probability: float,
) -> Distribution:
    swapped = chance(0.5, generator)
    if swapped:
        d_x, d_y = d_y, d_x
    chain_x = _choose_chain(d_x, map_probability, generator)
    chain_y = _choose_chain(d_y, map_probability, generator)
    while True:  # chains only ever shrink, so this ends
        joint = FAMILIES[family](b, d_x - _extra(chain_x), d_y - _extra(chain_y), generator)
        kept_x = chain_x if joint.continuous_x else ()  # discrete columns are never mapped
        kept_y = chain_y if joint.continuous_y else ()
        if (kept_x, kept_y) == (chain_x, chain_y):
            break
        chain_x, chain_y = kept_x, kept_y
    autocorrelation = None
    if chance(autocorrelated_probability, generator):
        autocorrelation = uniform((b,), 0.0, STRONGEST_AUTOCORRELATION, generator)
    return Distribution(
        family,
        b,
        joint,
        _draw_maps(chain_x, b, joint.d_x, generator),
        _draw_maps(chain_y, b, joint.d_y, generator),
        swapped,
        autocorrelation,
    )


def _draw_maps(
    chain: tuple[str, ...], b: int, d: int, generator: torch.Generator
) -> tuple[Map, ...]:
    maps: list[Map] = []
    for name in chain:
        drawn = MAPS[name](b, d, generator)
        d += drawn.extra_columns
        maps.append(drawn)
    return tuple(maps)


def _choose_chain(d: int, probability: float, generator: torch.Generator) -> tuple[str, ...]:
    if not chance(probability, generator):
        return ()
    chains = CHAINS if d > 1 else NARROW_CHAINS
    return chains[integer(0, len(chains) - 1, generator)]


def _extra(chain: tuple[str, ...]) -> int:
    """Columns that a chain adds to the latent ones."""
    return sum(name in ("sign_product", "swiss_roll") for name in chain)


def _family_weights(columns: int) -> Mapping[str, float]:
    if columns < INDICATORS_FROM:
        return FAMILY_WEIGHTS
    return FAMILY_WEIGHTS | {"nominal": INDICATOR_WEIGHT}


def _choose(weights: Mapping[str, float], generator: torch.Generator) -> str:
    names = list(weights)
    shares = torch.tensor([weights[name] for name in names], device=generator.device)
    return names[int(torch.multinomial(shares, 1, generator=generator))]


def _chosen(latent: Tensor, rows: Tensor | None, part: slice) -> Tensor:
    """Rows of a latent side (b, n, d) by index (m,) or (all b, m); None keeps them all."""
    if rows is None:
        return latent
    if rows.dim() == 1:
        return latent[:, rows]
    own = rows[part]  # b m
    return latent.gather(1, own[..., None].expand(-1, -1, latent.shape[-1]))
