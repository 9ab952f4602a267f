"""The localisation network: which step of a demonstration is key state number k, differentiably."""

# b: demonstrations   l: grid steps   d: state columns   k: key states   h: hidden width

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

WIDTH = 64
TIME_WAVES = 4  # sines and cosines that tell a step where it is


class LocalisationNetwork(nn.Module):
    """Scores every step for every key state.

    After MaxMI's KSL-Net (Zhou and Yang, ECCV 2024, arXiv 2407.15086): a network over single steps,
    the maximum over time, a soft-argmax. There the maximum alone gives the scores of all steps;
    here each step is scored from its own features beside it, so that a key state can follow an
    event and not only a share of the time.
    """

    def __init__(self, n_features: int, n_keys: int) -> None:
        super().__init__()
        self.steps = nn.Sequential(
            nn.Linear(n_features + 2 * TIME_WAVES, WIDTH),
            nn.GELU(),
            nn.Linear(WIDTH, WIDTH),
            nn.LayerNorm(WIDTH),
            nn.GELU(),
        )
        self.keys = nn.Parameter(torch.randn(n_keys, WIDTH))
        self.scores = nn.Sequential(
            nn.Linear(2 * WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH), nn.LayerNorm(WIDTH)
        )

    def forward(self, states: Tensor) -> Tensor:
        """Scores: (b, l, d) -> (b, k, l)."""
        time = _time_waves(states.shape[1]).expand(len(states), -1, -1)
        each = self.steps(torch.cat([states, time], dim=-1))  # b l h
        whole = each.amax(dim=1, keepdim=True).expand_as(each)  # b l h
        scored = self.scores(torch.cat([each, whole], dim=-1))  # b l h
        return torch.einsum("blh,kh->bkl", scored, self.keys) / WIDTH**0.5


def _time_waves(n_steps: int) -> Tensor:
    """Position on the grid as (l, 2 waves) sines and cosines."""
    angle = torch.linspace(0, torch.pi, n_steps)[:, None] * torch.arange(1, TIME_WAVES + 1)
    return torch.cat([torch.sin(angle), torch.cos(angle)], dim=-1)


def soft_argmax(scores: Tensor, first: int) -> Tensor:
    """Expected step under the softmax of the scores: (b, k, l) -> (b, k), from ``first`` on."""
    steps = torch.arange(first, scores.shape[-1], dtype=scores.dtype)
    return (torch.softmax(scores[..., first:], dim=-1) * steps).sum(dim=-1)


def state_at(states: Tensor, index: Tensor) -> Tensor:
    """States at fractional steps, linearly interpolated: (b, l, d), (b, k) -> (b, k, d).

    The gradient to an index is the difference of its two neighbours.
    """
    below = index.detach().floor().clamp(0, states.shape[1] - 2)
    return _between(states, below, index - below)


def prior_state(
    states: Tensor, index: Tensor, dt: int, prior: Literal["lag", "extrapolate"]
) -> Tensor:
    """The state before: (b, l, d), (b, k) -> (b, k, d).

    ``"lag"`` is the paper's definition, the state ``dt`` steps earlier. ``"extrapolate"`` is what
    MaxMI's released code computes: it starts ``dt`` whole steps earlier and goes on at the speed of
    that step until the key state's own time.
    """
    if prior == "lag":
        return state_at(states, index - dt)
    below = (index.detach().floor() - dt).clamp(0, states.shape[1] - 2)
    return _between(states, below, index - below)


def _between(states: Tensor, below: Tensor, share: Tensor) -> Tensor:
    rows = torch.arange(len(states))[:, None]
    start, end = states[rows, below.long()], states[rows, below.long() + 1]
    return start + share.unsqueeze(-1) * (end - start)


def order_loss(index: Tensor, sharpness: float, gap: float) -> Tensor:
    """Soft penalty, in steps, of key states out of order or too close: (b, k) -> scalar.

    The first term is the paper's. The second, the square of what two neighbours lack to ``gap``
    steps, keeps all key states from meeting at the one step that is easiest to predict.
    """
    if index.shape[1] == 1:
        return index.new_zeros(())
    apart = index[:, 1:] - index[:, :-1]
    order = nn.functional.softplus(-apart, beta=sharpness)
    return (order + nn.functional.relu(gap - apart) ** 2).mean(dim=0).sum()
