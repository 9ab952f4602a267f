"""A joint distribution in random columns among noise columns: what most data sets look like."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .family import Joint
from .indicators import indicators
from .noise import NoiseSource
from .strength import chance, permutation

CONTINUOUS_NOISE = ("normal", "uniform")
NOISE_LETTERS = 4  # indicator columns of one nominal noise variable


@dataclass(frozen=True)
class HiddenJoint:
    """The columns of a smaller joint, then noise columns, both in a random order.

    `order_x[j]` says which of (the joint's columns, then noise columns) stands in column j of x.
    """

    joint: Joint
    order_x: Tensor
    order_y: Tensor
    noise_x: str
    noise_y: str

    @property
    def d_x(self) -> int:
        """Columns of x."""
        return len(self.order_x)

    @property
    def d_y(self) -> int:
        """Columns of y."""
        return len(self.order_y)

    @property
    def continuous_x(self) -> bool:
        """Whether x has a density."""
        return self.joint.continuous_x and self.noise_x in CONTINUOUS_NOISE

    @property
    def continuous_y(self) -> bool:
        """Whether y has a density."""
        return self.joint.continuous_y and self.noise_y in CONTINUOUS_NOISE

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """Rows of the joint with independent columns around them."""
        x, y = self.joint.sample(n, source)
        noise_x = noise_columns(n, self.d_x - self.joint.d_x, self.noise_x, source)
        noise_y = noise_columns(n, self.d_y - self.joint.d_y, self.noise_y, source)
        x, y = torch.cat([x, noise_x], dim=-1), torch.cat([y, noise_y], dim=-1)
        return x[..., self.order_x], y[..., self.order_y]

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """Pointwise MI of the joint's own columns: noise columns cancel."""
        own_x = self.order_x.argsort()[: self.joint.d_x]
        own_y = self.order_y.argsort()[: self.joint.d_y]
        return self.joint.pointwise(x[..., own_x], y[..., own_y])

    def mutual_information(self) -> Tensor | None:
        """That of the joint."""
        return self.joint.mutual_information()


def hide(joint: Joint, d_x: int, d_y: int, generator: torch.Generator) -> HiddenJoint:
    """Put a joint among noise columns: continuous, or beside discrete ones also discrete."""
    return HiddenJoint(
        joint,
        permutation(d_x, generator),
        permutation(d_y, generator),
        _noise_beside(joint.continuous_x, generator),
        _noise_beside(joint.continuous_y, generator),
    )


def noise_columns(n: int, d: int, kind: str, source: NoiseSource) -> Tensor:
    """Noise columns (b, n, d): normal, uniform, discrete (2 to 6 levels), or letters."""
    match kind:
        case "normal":
            return source.normal(n, d)
        case "uniform":
            return (source.uniform(n, d) - 0.5) * 12**0.5
        case "discrete":
            levels = 2 + torch.arange(d, device=source.generator.device) % 5
            return (source.uniform(n, d) * levels).floor()
        case "letters":
            uniforms = source.uniform(n, -(-d // NOISE_LETTERS))
            return indicators((uniforms * NOISE_LETTERS).floor(), NOISE_LETTERS)[..., :d]
    raise ValueError(f"kind must be 'normal', 'uniform', 'discrete' or 'letters', got {kind!r}.")


def _noise_beside(continuous: bool, generator: torch.Generator) -> str:  # noqa: FBT001
    if not continuous and chance(0.6, generator):
        return "discrete" if chance(0.6, generator) else "letters"
    return "normal" if chance(0.7, generator) else "uniform"
