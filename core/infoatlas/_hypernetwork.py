"""HyperNetwork: reads a whole data set and writes the weights of a critic.

Rows (pairs) and columns (coordinates) exchange messages. A row adds up the basis functions of its
coordinates, weighted by what each column's token says; a token is updated from the moments of basis
function x row feature over joint rows, over product rows, and from their difference: what one
gradient of the Donsker-Varadhan objective would see. Cost is linear in rows and in columns, and
neither the order of rows nor of columns matters. Closest relatives: InfoNet (Hu et al. 2024, ICML)
for the idea, TabPFN (Hollmann et al. 2025, Nature 637) for reading a table of any shape.

b: data sets   n: rows   s: product pairs a row   c: columns   q: basis functions   h: token width
r: row width   f: last-layer features
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from infoatlas._coordinates import EXTENDED_PAIRS, PLAIN_PAIRS, Layout, Pair, Side
from infoatlas._copula import basis
from infoatlas._critic import (
    N_BASE,
    N_FIXED,
    N_QUADRATIC,
    N_SERIES,
    SERIES,
    PairNetwork,
    WrittenLayers,
)
from infoatlas._pairs import ProductPairs
from infoatlas._readout import N_OUTPUTS, N_SUMMARIES

N_PAIRS = PLAIN_PAIRS + EXTENDED_PAIRS
ENCODER_PRODUCTS = 4  # product pairs a row that the encoder reads
ENCODER_ROWS = 4096  # rows the encoder reads; the last layer and the read-out use all


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of a hypernetwork; stored beside its weights."""

    token_width: int = 64
    row_width: int = 64
    rounds: int = 3
    order: int = 9  # cosines a column; gaps in the series cannot express sin 3x
    written_width: int = 64  # features a side that the written network starts from
    hidden_width: int = 96
    written_features: int = 48
    newton_steps: int = 20  # at most; three or four are the rule

    def as_dict(self) -> dict[str, int]:
        """Plain values, for cards."""
        return asdict(self)


class Written(NamedTuple):
    """Everything the hypernetwork writes for one batch of data sets."""

    layers: WrittenLayers
    prior_mean: Tensor  # b f
    prior_precision: Tensor  # b f
    context: Tensor  # b g, read by the read-out


class Round(nn.Module):
    """One exchange of messages between rows and columns."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        h, r, q = config.token_width, config.row_width, config.order + 1
        self.weights = nn.Linear(h, q * r)
        self.gate = nn.Linear(h, 1)
        self.row = nn.Sequential(nn.Linear(2 * r + 1, r), nn.GELU(), nn.Linear(r, r))
        self.moments = nn.Linear(2 * q * r, h)
        self.norm = nn.LayerNorm(h)
        self.update = nn.Sequential(nn.Linear(4 * h + 2 * r, 2 * h), nn.GELU(), nn.Linear(2 * h, h))
        nn.init.normal_(self.weights.weight, std=0.5 / h**0.5)

    def forward(
        self,
        tokens: Tensor,
        bases: tuple[Tensor, Tensor],
        base: tuple[Tensor, Tensor],
        pairs: ProductPairs,
    ) -> Tensor:
        split = bases[0].shape[2]
        normed = self.norm(tokens)
        writer = self.weights, self.gate
        row_x = bases[0].flatten(2) @ gated_weights(normed[:, :split], bases[0].shape[3], *writer)
        row_y = bases[1].flatten(2) @ gated_weights(normed[:, split:], bases[1].shape[3], *writer)
        joint = self._rows(row_x, row_y, base[0])  # b n r
        product = self._rows(row_x.unsqueeze(1), pairs.of_y(row_y), base[1])  # b s n r
        of_x, of_y = _means_over_products(product, pairs)
        moments = [
            self._moments(basis_, joint, mean)
            for basis_, mean in zip(bases, (of_x, of_y), strict=True)
        ]
        own, other = _side_means(normed, split)
        joint_mean = joint.mean(dim=1)
        mean_rows = torch.cat([joint_mean, joint_mean - of_x.mean(dim=1)], dim=1)
        seen = [
            normed,
            self.moments(torch.cat(moments, dim=1)),
            own,
            other,
            _repeat(mean_rows, normed.shape[1]),
        ]
        return tokens + self.update(torch.cat(seen, dim=2))

    def _rows(self, x: Tensor, y: Tensor, base: Tensor) -> Tensor:
        mixed = torch.cat([x + y, x * y, base.unsqueeze(-1)], dim=-1)
        return self.row(mixed)

    @staticmethod
    def _moments(basis_: Tensor, joint: Tensor, product: Tensor) -> Tensor:
        """b c 2qr: moments over joint rows, and joint minus product."""
        b, n, c, _ = basis_.shape
        flat = basis_.flatten(2).transpose(1, 2) / n  # b cq n
        both = flat @ torch.cat([joint, joint - product], dim=2)  # b cq 2r
        return both.reshape(b, c, -1)


def gated_weights(tokens: Tensor, n_basis: int, weights: nn.Module, gate: nn.Module) -> Tensor:
    """Written first-layer weights of one side: b c h -> b cq r.

    Gates are divided by their norm, not by the number of columns: a few active columns among many
    noise columns are not washed out.
    """
    b, c, _ = tokens.shape
    level = softplus(gate(tokens))  # b c 1
    level = level / level.square().sum(dim=1, keepdim=True).sqrt()
    return (weights(tokens) * level).reshape(b, c * n_basis, -1)


def _means_over_products(product: Tensor, pairs: ProductPairs) -> tuple[Tensor, Tensor]:
    """Mean row feature over the product pairs of each x row and each y row: b s n r -> b n r."""
    weight = pairs.weight.T.unsqueeze(-1)  # s n 1
    back = torch.stack([product[:, i, inverse] for i, inverse in enumerate(pairs.inverse)], dim=1)
    back_weight = torch.stack([weight[i, inverse] for i, inverse in enumerate(pairs.inverse)])
    of_x = (product * weight).sum(dim=1) / weight.sum(dim=0).clamp_min(1.0)
    of_y = (back * back_weight).sum(dim=1) / back_weight.sum(dim=0).clamp_min(1.0)
    return of_x, of_y


def _side_means(tokens: Tensor, split: int) -> tuple[Tensor, Tensor]:
    """Mean token of each column's own side, and of the other: b c h -> b c h each."""
    x = _repeat(tokens[:, :split].mean(dim=1), split)
    y = _repeat(tokens[:, split:].mean(dim=1), tokens.shape[1] - split)
    other_x = _repeat(tokens[:, split:].mean(dim=1), split)
    other_y = _repeat(tokens[:, :split].mean(dim=1), tokens.shape[1] - split)
    return torch.cat([x, y], dim=1), torch.cat([other_x, other_y], dim=1)


class HyperNetwork(nn.Module):
    """Writes the critic of a data set in one forward pass.

    Parameters
    ----------
    config : ModelConfig
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.name = "untrained"
        h = config.token_width
        context = 2 * h + 2 * N_PAIRS + 5
        self.start = nn.Sequential(
            nn.Linear(4 + N_PAIRS + 1 + 2 * N_PAIRS + config.order + 1 + 3, 2 * h),
            nn.GELU(),
            nn.Linear(2 * h, h),
        )
        self.rounds = nn.ModuleList(Round(config) for _ in range(config.rounds))
        self.norm = nn.LayerNorm(h)
        self.own_weights = nn.Linear(h, (config.order + 1) * config.written_width)
        self.own_gate = nn.Linear(h, 1)
        nn.init.normal_(self.own_weights.weight, std=0.5 / h**0.5)
        self.context = nn.Sequential(
            nn.Linear(context, 2 * h), nn.GELU(), nn.Linear(2 * h, 2 * h), nn.GELU()
        )
        self.modulation = nn.Linear(2 * h, 2 * config.hidden_width)
        self.gate = nn.Linear(2 * h, 1)
        self.prior_mean = nn.Linear(2 * h, config.written_features)
        self.quadratic_mean = nn.Linear(2 * h, 2 * N_QUADRATIC)
        self.prior_scale = nn.Linear(2 * h, 4)
        self.series_precision = nn.Parameter(
            torch.cat([0.3 * torch.arange(order, dtype=torch.float32) for order, _, _ in SERIES])
        )
        self.fixed_precision = nn.Parameter(torch.zeros(N_BASE + 2 * N_QUADRATIC))
        self.written_precision = nn.Parameter(torch.zeros(config.written_features))
        self.pair_first = nn.Linear(2 * config.written_width, config.hidden_width)
        self.pair_second = nn.Linear(config.hidden_width, config.written_features)
        self.readout = nn.Sequential(
            nn.Linear(2 * h + N_SUMMARIES, 2 * h), nn.GELU(), nn.Linear(2 * h, N_OUTPUTS)
        )
        for layer in (
            self.modulation,
            self.gate,
            self.prior_mean,
            self.quadratic_mean,
            self.prior_scale,
        ):
            nn.init.normal_(layer.weight, std=1e-2)
            nn.init.zeros_(layer.bias)
        last = self.readout[-1]
        assert isinstance(last, nn.Linear)
        nn.init.normal_(last.weight, std=1e-2)
        nn.init.zeros_(last.bias)

    @property
    def n_features(self) -> int:
        return N_FIXED + self.config.written_features

    def pair_network(self) -> PairNetwork:
        return PairNetwork(
            self.pair_first.weight.T,
            self.pair_first.bias,
            self.pair_second.weight.T,
            self.pair_second.bias,
        )

    def forward(self, pair: Pair, x: Side, y: Side, pairs: ProductPairs) -> Written:
        """Write the critic of a batch of data sets.

        Parameters
        ----------
        pair : Pair
            Statistics of the data sets.
        x, y : Side
            Rows to read, single precision; a subset of the data set's rows will do.
        pairs : ProductPairs
            Which of these rows are paired in the product sample.
        """
        few = pairs.first(ENCODER_PRODUCTS)
        bases = basis(x.columns, self.config.order), basis(y.columns, self.config.order)
        base = self._base(pair, x.variates, y.variates, few)
        tokens = self.start(self._columns(pair, x, y, bases))
        for exchange in self.rounds:
            tokens = exchange(tokens, bases, base, few)
        with torch.autocast(tokens.device.type, enabled=False):
            return self._write(
                pair, self.norm(tokens.to(self.norm.weight.dtype)), x.columns.normal.shape[2]
            )

    @staticmethod
    def _base(pair: Pair, x: Tensor, y: Tensor, pairs: ProductPairs) -> tuple[Tensor, Tensor]:
        """Gaussian critic of joint and product rows, squashed: one more thing a row knows."""
        gaussian = pair.gaussian._replace(correlations=pair.gaussian.correlations.to(x.dtype))
        joint = gaussian(x, y)
        product = gaussian(x.unsqueeze(1), pairs.of_y(y))
        return torch.tanh(joint / 4.0), torch.tanh(product / 4.0)

    def _columns(self, pair: Pair, x: Side, y: Side, bases: tuple[Tensor, Tensor]) -> Tensor:
        """What each column's token starts from: b (c_x + c_y) features."""
        layouts = pair.layout_x, pair.layout_y
        normals = x.columns.normal, y.columns.normal
        n = normals[0].shape[1]
        made = [_padded_variates(z, layout) for z, layout in zip(normals, layouts, strict=True)]
        held_out = _padded(pair.held_out.to(normals[0].dtype), pair.layout_x)  # b 10
        out = []
        for i in (0, 1):
            z, layout, other = normals[i], layouts[i], layouts[1 - i]
            b, _, c = z.shape
            loadings = z.transpose(1, 2) @ torch.cat([made[i], made[1 - i]], dim=2) / n
            kind, which = _kinds(layout, z)
            rho = torch.einsum("ck,bk->bc", which, held_out).unsqueeze(-1)
            sizes = z.new_tensor([n, layout.own, other.own]).log().expand(b, c, 3) / 3.0
            means = bases[i].mean(dim=1)  # b c q
            out.append(
                torch.cat(
                    [kind.expand(b, -1, -1), which.expand(b, -1, -1), rho, loadings, means, sizes],
                    dim=2,
                )
            )
        return torch.cat(out, dim=1)

    def _write(self, pair: Pair, tokens: Tensor, split: int) -> Written:
        config = self.config
        side_x, side_y = tokens[:, :split], tokens[:, split:]
        own = tuple(
            gated_weights(side, config.order + 1, self.own_weights, self.own_gate)
            for side in (side_x, side_y)
        )
        pooled_x, pooled_y = side_x.mean(dim=1), side_y.mean(dim=1)
        context = self.context(
            torch.cat(
                [pooled_x + pooled_y, pooled_x * pooled_y, _statistics(pair, tokens.dtype)], dim=1
            )
        )
        shift, log_scale = self.modulation(context).chunk(2, dim=1)
        layers = WrittenLayers(
            (own[0], own[1]),
            shift.unsqueeze(1),
            (0.3 * torch.tanh(log_scale)).exp().unsqueeze(1),
            1.25 * torch.sigmoid(self.gate(context).squeeze(1) + 1.3863),  # starts at 1
        )
        quadratic = 0.3 * torch.tanh(self.quadratic_mean(context))
        zeros = context.new_zeros(context.shape[0], N_SERIES)
        mean = torch.cat(
            [
                context.new_zeros(context.shape[0], N_BASE),
                quadratic,
                zeros,
                torch.tanh(self.prior_mean(context)),
            ],
            dim=1,
        )
        return Written(layers, mean, self._precision(context), context)

    def _precision(self, context: Tensor) -> Tensor:
        """Prior precision of every last-layer weight, in units of one row: b f."""
        series, start = [], 0
        for order, _, _ in SERIES:
            side = self.series_precision[start : start + order]
            series.append((side.unsqueeze(1) + side.unsqueeze(0)).flatten())
            start += order
        level = 4.0 * torch.tanh(self.prior_scale(context) / 4.0)  # b 4
        groups = [
            self.fixed_precision[:N_BASE] + level[:, 0:1],
            self.fixed_precision[N_BASE:] + level[:, 1:2],
            torch.cat(series) + level[:, 2:3],
            self.written_precision + level[:, 3:4],
        ]
        start_log = torch.cat(
            [
                level.new_full((g.shape[1],), v)
                for g, v in zip(groups, (0.0, 2.0, 3.0, 1.5), strict=True)
            ]
        )
        return (torch.cat(groups, dim=1) + start_log).clamp(-4.0, 12.0).exp()


def _repeat(rows: Tensor, count: int) -> Tensor:
    return rows.unsqueeze(1).expand(-1, count, -1)


def _padded(pairs: Tensor, layout: Layout) -> Tensor:
    """Plain pairs in the first PLAIN_PAIRS places, extended ones after: (..., k) -> (..., 10)."""
    gap = pairs.new_zeros(*pairs.shape[:-1], PLAIN_PAIRS - layout.plain)
    return torch.cat([pairs[..., : layout.plain], gap, pairs[..., layout.plain :]], dim=-1)


def _padded_variates(normal: Tensor, layout: Layout) -> Tensor:
    return _padded(normal[:, :, -(layout.plain + layout.extended) :], layout)


def _kinds(layout: Layout, like: Tensor) -> tuple[Tensor, Tensor]:
    """One-hot kind (c, 4) and one-hot pair (c, 10) of each column."""
    kind = torch.zeros(layout.total, 4)
    which = torch.zeros(layout.total, N_PAIRS)
    kind[: layout.own, 0] = 1.0
    kind[layout.own, 1] = 1.0
    first = layout.own + 1
    for i in range(layout.plain):
        kind[first + i, 2] = which[first + i, i] = 1.0
    for i in range(layout.extended):
        kind[first + layout.plain + i, 3] = which[first + layout.plain + i, PLAIN_PAIRS + i] = 1.0
    return kind.to(like), which.to(like)


def _statistics(pair: Pair, dtype: torch.dtype) -> Tensor:
    """Symmetric numbers about a data set: b (2 * 10 + 5)."""
    held_out = _padded(pair.held_out, pair.layout_x)
    information = -0.5 * torch.log1p(-held_out.clamp(0.0, 0.9999).square())
    b = held_out.shape[0]
    d_x, d_y = pair.layout_x.own, pair.layout_y.own
    columns = held_out.new_tensor([d_x * d_y, max(d_x, d_y) / min(d_x, d_y)]).expand(b, 2)
    sizes = torch.cat([pair.n_effective.unsqueeze(1), columns], dim=1).log() / 3.0
    gaussian = pair.gaussian.mutual_information.unsqueeze(1)
    strongest = pair.gaussian.correlations.amax(dim=1, keepdim=True)
    return torch.cat([held_out, information, sizes, torch.log1p(gaussian), strongest], dim=1).to(
        dtype
    )
