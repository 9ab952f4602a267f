"""y = m(x) + s(x) * normal noise, in one-dimensional pairs: curves, waves, uneven noise.

The density of y has no closed form; it is a one-dimensional integral over x, tabulated once per
drawn pair by quadrature (value and slope, then cubic Hermite interpolation; error below 1e-3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from .hidden import HiddenJoint
from .noise import NoiseSource
from .pairs import hide_pairs
from .strength import chance, few, integer, log_uniform, normal, uniform

NODES = 512  # of the quadrature over x
GRID = 768  # places of y where ln p(y) is tabulated
FARTHEST_NORMAL = 5.0  # quadrature range in standard deviations: mass 6e-7 beyond
FARTHEST_NOISE = 7.0  # tabulated range beyond the extreme means, in noise standard deviations
SMALLEST_NOISE = 0.08  # noise standard deviation; the curves have a spread of about 1
TRUSTED_NORMAL = 3.5  # inside it, noise is at least the gap of the curve between two nodes
MOST_PAIRS = 4
SHAPES = ("sine", "square", "cubic", "steps", "tent", "scale", "bumps")


@dataclass(frozen=True)
class Curve:
    """Mean m(x) and noise scale s(x) of b x k pairs; a, c and noise have shape (b, k)."""

    shape: str
    a: Tensor  # frequency or slope
    c: Tensor  # phase or bend
    noise: Tensor  # base noise scale
    growth: Tensor  # how fast the noise scale grows with x

    def mean(self, x: Tensor) -> Tensor:
        """m at x of shape (b, ..., k); the middle axes are free."""
        a, c = _middle(self.a, x), _middle(self.c, x)
        match self.shape:
            case "sine":
                return 1.4 * torch.sin(a * x + c)
            case "square":
                return 0.9 * (x - c / 4).square()
            case "cubic":
                return 0.5 * (x**3 - (1 + a / 3) * x)
            case "steps":
                return torch.tanh(4 * torch.sin(a.clamp(max=3) * x + c))
            case "tent":
                return 1.4 * torch.asin(0.97 * torch.sin(a * x + c))
            case "scale":
                return torch.zeros_like(x)
            case "bumps":
                return 2 * torch.exp(-2 * (x - c / 3).square()) - torch.exp(-a * (x + 1).square())
        raise ValueError(f"shape must be one of {SHAPES}, got {self.shape!r}.")

    def scale(self, x: Tensor) -> Tensor:
        """s at x of shape (b, ..., k)."""
        noise, growth = _middle(self.noise, x), _middle(self.growth, x)
        if self.shape == "scale":  # y = |x| * noise, with a floor that keeps p(y) smooth
            return noise + growth * (x.square() + 0.05).sqrt()
        return noise * (1 + growth * torch.sigmoid(2 * x))


@dataclass(frozen=True)
class RegressionPairs:
    """x standard normal or uniform with unit variance, y normal around a curve."""

    curve: Curve
    inputs: str  # "normal" or "uniform"
    nodes: Tensor  # q, quadrature places of x
    weights: Tensor  # q, their probabilities
    start: Tensor  # b k, first tabulated y
    step: Tensor  # b k
    log_density: Tensor  # b k g
    slope: Tensor  # b k g, derivative of log_density

    def sample(self, n: int, source: NoiseSource) -> tuple[Tensor, Tensor]:
        """x, then y around its curve."""
        k = self.curve.a.shape[-1]
        x = source.normal(n, k) if self.inputs == "normal" else _centred(source.uniform(n, k))
        return x, self.curve.mean(x) + self.curve.scale(x) * source.normal(n, k)

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """ln p(y | x) minus the tabulated ln p(y)."""
        scale = self.curve.scale(x)
        standard = (y - self.curve.mean(x)) / scale
        conditional = -standard.square() / 2 - scale.log() - math.log(2 * math.pi) / 2
        return conditional - self._marginal(y)

    def mutual_information(self) -> Tensor:
        """Entropy of y from its table minus the mean entropy of the noise."""
        scale = self.curve.scale(self.nodes[None, :, None].expand(*self._nodes_shape()))
        noise_entropy = (self.weights[None, :, None] * scale.log()).sum(1)
        noise_entropy = noise_entropy + math.log(2 * math.pi * math.e) / 2
        terms = -self.log_density * self.log_density.exp()  # b k g
        return terms.sum(-1) * self.step - noise_entropy

    def _nodes_shape(self) -> tuple[int, int, int]:
        b, k = self.curve.a.shape
        return b, len(self.nodes), k

    def _marginal(self, y: Tensor) -> Tensor:
        """ln p(y) by cubic Hermite interpolation in the table."""
        step = self.step[:, None]
        place = ((y - self.start[:, None]) / step).clamp(0, GRID - 1 - 1e-9)  # b n k
        left = place.long().transpose(1, 2)  # b k n
        t = place.transpose(1, 2) - left
        h = self.step[..., None]
        v0, v1 = self.log_density.gather(2, left), self.log_density.gather(2, left + 1)
        s0, s1 = h * self.slope.gather(2, left), h * self.slope.gather(2, left + 1)
        cubic = v0 + t * (s0 + t * (3 * (v1 - v0) - 2 * s0 - s1 + t * (2 * (v0 - v1) + s0 + s1)))
        return cubic.transpose(1, 2)


@lru_cache(maxsize=2)
def quadrature(inputs: str) -> tuple[Tensor, Tensor]:
    """Places and probabilities for x: trapezoid rule for the normal, Gauss-Legendre for uniform.

    Both converge faster than any power of the spacing for smooth curves.
    """
    if inputs == "normal":
        nodes = torch.linspace(-FARTHEST_NORMAL, FARTHEST_NORMAL, NODES, dtype=torch.float64)
        return nodes, (-nodes.square() / 2).softmax(0)
    places, weights = np.polynomial.legendre.leggauss(NODES)
    return torch.from_numpy(places) * math.sqrt(3), torch.from_numpy(weights) / 2


def tabulate(curve: Curve, inputs: str) -> RegressionPairs:
    """Pairs with their table of ln p(y): a sum of NODES normals, evaluated at GRID places."""
    device = curve.a.device
    nodes, weights = (part.to(device) for part in quadrature(inputs))
    b, k = curve.a.shape
    at_nodes = nodes[None, :, None].expand(b, NODES, k)
    mean, scale = curve.mean(at_nodes), curve.scale(at_nodes)  # b q k
    start = (mean - FARTHEST_NOISE * scale).amin(1)
    step = ((mean + FARTHEST_NOISE * scale).amax(1) - start) / (GRID - 1)
    grid = torch.arange(GRID, device=device, dtype=torch.float64)
    grid = start[..., None] + step[..., None] * grid  # b k g
    centre, width = mean.transpose(1, 2), scale.transpose(1, 2)  # b k q
    # float32 is enough for the terms of the sum and twice as fast; none underflows, because every
    # tabulated place lies within FARTHEST_NOISE of some node
    standard = ((grid[..., None] - centre[:, :, None]) / width[:, :, None]).float()  # b k g q
    weight = weights / (width * math.sqrt(2 * math.pi))
    pull = weight / width.square()
    columns = torch.stack([weight, pull, pull * centre], dim=-1).float()  # b k q 3
    sums = (standard.square_().mul_(-0.5).exp_() @ columns).double()  # b k g 3
    density = sums[..., 0]
    slope = (sums[..., 2] - grid * sums[..., 1]) / density
    return RegressionPairs(curve, inputs, nodes, weights, start, step, density.log(), slope)


def draw(b: int, d_x: int, d_y: int, generator: torch.Generator) -> HiddenJoint:
    """One shape for the group, with frequencies, phases and noise of its own for every pair."""
    pairs = min(few(min(d_x, d_y), generator), MOST_PAIRS)
    shape = SHAPES[integer(0, len(SHAPES) - 1, generator)]
    even_noise = chance(0.6, generator) and shape != "scale"
    growth = log_uniform((b, pairs), 0.1, 4.0, generator)
    curve = Curve(
        shape,
        a=log_uniform((b, pairs), 0.8, 6.0, generator),
        c=normal((b, pairs), generator) * uniform((b, pairs), 0.0, 2.0, generator),
        noise=log_uniform((b, pairs), SMALLEST_NOISE, 2.0, generator),
        growth=torch.zeros_like(growth) if even_noise else growth,
    )
    inputs = "normal" if chance(0.5, generator) else "uniform"
    law = tabulate(_with_enough_noise(curve, inputs), inputs)
    return hide_pairs(law, pairs, d_x, d_y, generator)


def _with_enough_noise(curve: Curve, inputs: str) -> Curve:
    """The curve with its noise raised to the steps of m between nodes: the quadrature's limit."""
    nodes = quadrature(inputs)[0].to(curve.a.device)
    nodes = nodes[nodes.abs() < TRUSTED_NORMAL]
    b, k = curve.a.shape
    steps = curve.mean(nodes[None, :, None].expand(b, len(nodes), k)).diff(dim=1).abs()
    return replace(curve, noise=torch.maximum(curve.noise, steps.amax(1)))


def _centred(uniforms: Tensor) -> Tensor:
    """Uniforms on (0, 1) to zero mean and unit variance."""
    return (uniforms - 0.5) * math.sqrt(12)


def _middle(parameter: Tensor, like: Tensor) -> Tensor:
    """Parameter (b, k) with as many middle axes as `like` (b, ..., k) has."""
    b, k = parameter.shape
    return parameter.reshape(b, *([1] * (like.dim() - 2)), k)
