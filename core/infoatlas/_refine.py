"""Gradient steps on a written critic, kept only where they help on rows that took no part.

The network reads most of the rows and writes a critic; Adam raises its Donsker-Varadhan value on
those rows, less the prior that the network wrote; the rest says after each step whether that is
worth anything. Step 0, the critic as written, is one of the candidates, so the kept critic is never
worse than it on the held-out rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from infoatlas._bounds import donsker_varadhan
from infoatlas._coordinates import Side, read_pair
from infoatlas._forward import WrittenCritic, sample_features, write_critics
from infoatlas._hypernetwork import HyperNetwork
from infoatlas._pairs import ProductPairs, move_pairs, pairs_of_all, pairs_of_new
from infoatlas._result import MIResult, Refinement
from infoatlas._row_order import neighbour_gap
from infoatlas._validation import Pair, per_nat

HELD_OUT_SHARE = 0.2
MINIMUM_ROWS = 80  # 16 of them held out
LEARNING_RATE = 1e-3  # of Adam; 3e-4 and 3e-3 gave less on a product, a sine and a mixture


class Refined(NamedTuple):
    """The kept critic, and Donsker-Varadhan values on the held-out rows in nats."""

    critic: WrittenCritic
    held_out: float  # of the kept critic
    zero_shot: float  # of the critic as it was written
    step: int  # after which the kept critic stood; 0 for the critic as it was written
    n_held_out: int


class Rows(NamedTuple):
    """Rows to evaluate a critic on, and how they are paired for the product."""

    x: Side
    y: Side
    pairs: ProductPairs


def check_refine(refine: object, n_samples: int) -> int:
    """The number of steps, 0 or more, for which there must be rows enough."""
    if isinstance(refine, bool) or not isinstance(refine, int | np.integer):
        raise TypeError(f"refine must be a number of steps, got {type(refine).__name__}.")
    if refine < 0:
        raise ValueError(f"refine must be 0 steps or more, got {refine}.")
    if refine and n_samples < MINIMUM_ROWS:
        raise ValueError(
            f"refine needs {MINIMUM_ROWS} rows or more, a fifth of which is held out, "
            f"got {n_samples}."
        )
    return int(refine)


def add_refinement(
    result: MIResult, pair: Pair, network: HyperNetwork, generator: np.random.Generator, steps: int
) -> MIResult:
    """`result` with what the steps found, in its units; everything else stays as it is."""
    found = refine_critic(pair, network, generator, steps)
    scale = per_nat(result.units)
    refinement = Refinement(
        held_out=found.held_out * scale,
        zero_shot=found.zero_shot * scale,
        step=found.step,
        n_held_out=found.n_held_out,
    )
    return replace(result, refinement=refinement)


def refine_critic(
    pair: Pair, network: HyperNetwork, generator: np.random.Generator, steps: int
) -> Refined:
    """Write a critic from four fifths of the rows, and take gradient steps on it.

    Parameters
    ----------
    pair : Pair
        Checked and encoded data.
    network : HyperNetwork
    generator : numpy.random.Generator
        Draws the held-out rows and the product pairs.
    steps : int
        Steps at most; all are taken, and the best is kept.
    """
    device, dtype = network.pair_first.weight.device, network.pair_first.weight.dtype
    whole = [torch.from_numpy(side.values[None]).to(device) for side in (pair.x, pair.y)]
    with torch.no_grad():
        gap = int(neighbour_gap(*whole)[0])
        train, held_out = split(pair.n_samples, generator, gap=gap)
        raw = read_pair(*(side[:, torch.from_numpy(train)] for side in whole))
        pairs = move_pairs(pairs_of_all(len(train), generator, gap=gap), device)
        critic = write_critics(network, raw, generator, pairs=pairs).critic
        fitted = Rows(raw.x.to(dtype), raw.y.to(dtype), pairs)
        new = [
            reader(side[:, torch.from_numpy(held_out)]).to(dtype)
            for reader, side in zip((raw.reader_x, raw.reader_y), whole, strict=True)
        ]
        check = Rows(new[0], new[1], move_pairs(pairs_of_new(len(held_out), generator), device))
    return _climb(critic, fitted, check, steps)


def split(
    n: int, generator: np.random.Generator, *, gap: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to fit and rows to hold out; the last ones where neighbours are alike."""
    count = round(HELD_OUT_SHARE * n)
    order = np.arange(n) if gap else generator.permutation(n)
    return np.sort(order[: n - count]), np.sort(order[n - count :])


def _climb(critic: WrittenCritic, fitted: Rows, check: Rows, steps: int) -> Refined:
    """Adam on everything that was written, last layer included."""
    with torch.no_grad():
        zero_shot = _value(critic, check).item()
    n_held_out = check.pairs.partner.shape[1]
    best = Refined(critic, zero_shot, zero_shot, 0, n_held_out)
    free = [tensor.clone().requires_grad_() for tensor in _written(critic)]
    optimizer = torch.optim.Adam(free, lr=LEARNING_RATE, maximize=True)
    with torch.enable_grad():
        for step in range(1, steps + 1):
            moved = _with_written(critic, free)
            value = _value(moved, fitted) - _penalty(moved, len(fitted.pairs.weight))
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            now = _with_written(critic, [tensor.detach().clone() for tensor in free])
            with torch.no_grad():
                held_out = _value(now, check).item()
            if held_out > best.held_out:
                best = Refined(now, held_out, zero_shot, step, n_held_out)
    return best


def _value(critic: WrittenCritic, rows: Rows) -> Tensor:
    """Donsker-Varadhan value of one data set."""
    sample = sample_features(critic.model, critic.pair, critic.written, *rows)
    values = sample.values(critic.solution.weights)
    joint, product = values[:, : sample.n_joint], values[:, sample.n_joint :]
    return donsker_varadhan(joint, product, sample.weight[sample.n_joint :])[0]


def _penalty(critic: WrittenCritic, n: int) -> Tensor:
    """The prior that the network wrote for the last layer, in nats a row."""
    away = (critic.solution.weights - critic.written.prior_mean).square()
    return 0.5 * (critic.written.prior_precision * away).sum() / n


def _written(critic: WrittenCritic) -> list[Tensor]:
    """What the network wrote for this data set."""
    layers = critic.written.layers
    return [*layers.own, layers.shift, layers.scale, layers.gate, critic.solution.weights]


def _with_written(critic: WrittenCritic, tensors: list[Tensor]) -> WrittenCritic:
    own_x, own_y, shift, scale, gate, weights = tensors
    layers = critic.written.layers._replace(own=(own_x, own_y), shift=shift, scale=scale, gate=gate)
    return critic._replace(
        written=critic.written._replace(layers=layers),
        solution=critic.solution._replace(weights=weights),
    )
