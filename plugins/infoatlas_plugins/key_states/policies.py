"""Two policies over a window of states: a plain network, and a transformer with key states.

Both are called with (b, c, d) and return the next actions (b, chunk, a), and the predicted key
states (b, k, d) or None.
"""

# b: windows   c: states in a window   d: state columns   a: action columns   k: keys   h: width

from __future__ import annotations

import torch
from torch import Tensor, nn


class ChunkedPolicy(nn.Module):
    """Behaviour cloning of the next ``chunk`` actions from the window, without key states."""

    def __init__(
        self, n_states: int, n_actions: int, *, context: int, chunk: int, width: int, dropout: float
    ) -> None:
        super().__init__()
        self.shape = (chunk, n_actions)
        self.layers = nn.Sequential(
            nn.Linear(context * n_states, 4 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(4 * width, 4 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(4 * width, chunk * n_actions),
        )

    def forward(self, states: Tensor) -> tuple[Tensor, None]:
        """(b, c, d) -> (b, chunk, a)."""
        return self.layers(states.flatten(1)).unflatten(1, self.shape), None


class KeyStatePolicy(nn.Module):
    """A transformer with one learnable query token for each key state.

    After CoTPC (Jia et al., ICML 2024): queries stand before the history and see all of it, every
    state sees the queries and its past, and key states are decoded from the queries after the first
    layer. Here the history holds states without actions, and a chunk of actions is read from the
    last state.
    """

    def __init__(
        self,
        n_states: int,
        n_actions: int,
        *,
        n_keys: int,
        context: int,
        chunk: int,
        width: int,
        n_layers: int,
        n_heads: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.shape = (chunk, n_actions)
        self.n_keys = n_keys
        self.embed = nn.Linear(n_states, width)
        self.place = nn.Parameter(0.02 * torch.randn(context, width))
        self.queries = nn.Parameter(0.02 * torch.randn(n_keys, width))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, n_heads, 4 * width, dropout, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(n_layers)
        )
        self.key_states = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, n_states)
        )
        self.act = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, chunk * n_actions))
        self.register_buffer("hidden", _hidden(n_keys, context), persistent=False)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """(b, c, d) -> (b, chunk, a), (b, k, d)."""
        queries = self.queries.expand(len(states), -1, -1)
        tokens = torch.cat([queries, self.embed(states) + self.place], dim=1)  # b k+c h
        keys = None
        for layer in self.layers:
            tokens = layer(tokens, src_mask=self.hidden)
            keys = self.key_states(tokens[:, : self.n_keys]) if keys is None else keys
        assert keys is not None  # there is at least one layer
        return self.act(tokens[:, -1]).unflatten(1, self.shape), keys


def _hidden(n_keys: int, context: int) -> Tensor:
    """What a token may not see, (k+c, k+c): a state the states after it; queries see everything."""
    hidden = torch.ones(n_keys + context, n_keys + context, dtype=torch.bool).triu(1)
    hidden[:n_keys] = False
    return hidden
