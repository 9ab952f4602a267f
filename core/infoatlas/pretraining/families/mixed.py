"""Discrete with continuous: x carries a class, and y is normal around a mean of the class."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .gaussian import GaussianPairs
from .hidden import HiddenJoint, hide
from .indicators import columns_of, indicators, levels_of
from .noise import NoiseSource
from .strength import chance, few, integer, log_uniform, normal, uniform

MOST_ACTIVE = 12  # class-dependent columns of y; further columns are noise
MOST_CLASSES = 8


@dataclass(frozen=True)
class MixedJoint:
    """x: class columns, then normal columns u. y: mean[class] + scale[class] * e, with e normal.

    Inside a class the first k columns of e have correlations (b, k) with the first k columns
    of u. With z = (y - mean) / scale, p(y | class, u) / p(y | class) is a Gaussian pair ratio.
    """

    log_weights: Tensor  # b c
    means: Tensor  # b c a
    scales: Tensor  # b c a
    pairs: GaussianPairs  # correlations b k, k may be 0
    coding: str  # "label": the class number; "one_hot": indicators
    continuous_x: bool = False
    continuous_y: bool = True

    @property
    def d_x(self) -> int:
        """Columns of x."""
        return self.class_columns + self.pairs.correlations.shape[-1]

    @property
    def d_y(self) -> int:
        """Columns of y."""
        return self.means.shape[-1]

    @property
    def class_columns(self) -> int:
        """Columns that show the class."""
        return columns_of(self.log_weights.shape[-1]) if self.coding == "one_hot" else 1

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """A class for each row, then u and e, then y."""
        label = source.levels(n, self.log_weights.exp()[:, None])  # b n 1
        u, e = self.pairs.sample(n, source)  # b n k
        active = self.means.shape[-1]
        e = torch.cat([e, source.normal(n, active - e.shape[-1])], dim=-1)
        chosen = label.expand(-1, -1, active)
        y = self.means.gather(1, chosen) + self.scales.gather(1, chosen) * e
        coded = indicators(label.double(), self.log_weights.shape[-1])
        x = coded if self.coding == "one_hot" else label.double()
        return torch.cat([x, u], dim=-1), y

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """ln p(y | class) / p(y) plus ln p(y | class, u) / p(y | class)."""
        classes, active = self.means.shape[1:]
        label = levels_of(x, 1, classes) if self.coding == "one_hot" else x[..., :1]
        label = label.round().long()  # b n 1
        standard = (y[..., None, :] - self.means[:, None]) / self.scales[:, None]  # b n c a
        log_scale = self.scales.log().sum(-1)[:, None]  # b 1 c
        given = -standard.square().sum(-1) / 2 - log_scale  # b n c, up to a constant
        marginal = (given + self.log_weights[:, None]).logsumexp(-1)
        own = standard.gather(2, label[..., None].expand(-1, -1, -1, active))[:, :, 0]  # b n a
        k = self.pairs.correlations.shape[-1]
        u = x[..., self.class_columns : self.class_columns + k]
        inside = self.pairs.pointwise(u, own[..., :k]).sum(-1)
        return given.gather(2, label)[..., 0] - marginal + inside

    def mutual_information(self) -> None:
        """No formula."""


def draw(b: int, d_x: int, d_y: int, generator: torch.Generator) -> HiddenJoint:
    """Two to eight classes; some continuous columns of x may depend on y inside a class."""
    coding = "one_hot" if d_x > 1 and chance(0.6, generator) else "label"
    fitting = min(MOST_CLASSES, d_x) if coding == "one_hot" else MOST_CLASSES
    classes = integer(2, max(2, fitting), generator)
    class_columns = columns_of(classes) if coding == "one_hot" else 1
    active = few(min(d_y, MOST_ACTIVE), generator)
    most_pairs = min(active, d_x - class_columns)
    pairs = integer(0, min(3, most_pairs), generator)
    spread = log_uniform((b, 1, 1), 0.2, 8.0, generator) / active**0.25
    unit = (1 + spread.square()).sqrt()  # keeps columns at about unit variance
    log_scales = normal((b, classes, active), generator) * uniform((b, 1, 1), 0.0, 0.7, generator)
    if chance(0.7, generator):
        log_scales = torch.zeros_like(log_scales)
    joint = MixedJoint(
        (normal((b, classes), generator) * 0.6).log_softmax(-1),
        spread * normal((b, classes, active), generator) / unit,
        log_scales.exp() / unit,
        GaussianPairs(uniform((b, pairs), -0.95, 0.95, generator)),
        coding,
    )
    return hide(joint, d_x, d_y, generator)
