"""The forwards of decoding: a batch of prompts, then one token a row at a time, with keys and values kept.

`Padded` is what every network understands: a padded batch, a two-dimensional mask, the library's own cache. `Shared` is for networks
that heed our masks: what several prompts begin with is computed once, and the cache is allocated once instead of copied at every token.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import Cache, DynamicCache
from transformers.cache_utils import DynamicLayer

from core.engine.attention import FULL_ATTENTION, layer_kinds, layer_masks
from core.engine.lanes import in_lanes
from core.engine.models import LoadedModel


class Decoding(Protocol):
    """A batch under way. B rows, V vocabulary; logits are float32."""

    def first(self) -> Tensor:
        """Read the prompts: logits of each row's first token. Shape (B, V)."""

    def next(self, tokens_B: Tensor) -> Tensor:
        """Read a token a row: logits of the one after it. Shape (B, V)."""

    def keep(self, rows: Tensor) -> None:
        """Drop all rows but these."""


class Padded:
    """A left-padded batch. With room for so many new tokens its cache is allocated once, where all layers attend to everything."""

    def __init__(self, model: LoadedModel, prompts: Sequence[Sequence[int]], width: int, new_tokens: int | None = None) -> None:
        self.model = model
        self.input_ids, real = left_pad(model, prompts, width)
        self.mask = real.long()
        self.positions = (self.mask.cumsum(dim=1) - 1).clamp(min=0)
        self.cache: Any = DynamicCache(config=model.network.config)
        if new_tokens is not None and layer_kinds(model.network) == {FULL_ATTENTION}:
            self.cache = Cache(layers=[_Layer(width + new_tokens) for _ in range(model.network.config.get_text_config().num_hidden_layers)])

    def first(self) -> Tensor:
        """See `Decoding`."""
        return _forward(self.model, self.input_ids, self.mask, self.positions, self.cache)

    def next(self, tokens_B: Tensor) -> Tensor:
        """See `Decoding`."""
        self.mask = torch.cat([self.mask, self.mask.new_ones(len(tokens_B), 1)], dim=1)
        self.positions = self.positions[:, -1:] + 1
        return _forward(self.model, tokens_B[:, None], self.mask, self.positions, self.cache)

    def keep(self, rows: Tensor) -> None:
        """See `Decoding`."""
        self.cache.batch_select_indices(rows)
        self.mask, self.positions = self.mask[rows], self.positions[rows]


class Shared:
    """Prompts that begin alike share that beginning; then each row goes on alone, in a cache with room for its reply."""

    def __init__(self, model: LoadedModel, prompts: Sequence[Sequence[int]], new_tokens: int) -> None:
        self.model = model
        groups = shared_beginnings(prompts)
        self.beginnings = [prompts[rows[0]][:length] for rows, length in groups]
        group_of = {row: g for g, (rows, _) in enumerate(groups) for row in rows}
        self.group_of_B = torch.tensor([group_of[row] for row in range(len(prompts))], device=model.device)
        self.rests = [prompt[groups[group_of[row]][1] :] for row, prompt in enumerate(prompts)]
        self.at = max(length for _, length in groups)  # columns of the cache that are filled
        self.columns = self.at + max(map(len, self.rests)) + new_tokens
        self.layers = [_Layer(self.at or self.columns) for _ in range(model.network.config.get_text_config().num_hidden_layers)]
        self.cache = Cache(layers=[*self.layers])

    def first(self) -> Tensor:
        """See `Decoding`."""
        real_GT, _ = _read_beginnings(self.model, self.beginnings, self.at, self.cache)
        if self.at:
            self._open(self.group_of_B)
        rest_ids_BT, rest_real_BT = left_pad(self.model, self.rests, max(map(len, self.rests)))
        self.real_BK = torch.cat([real_GT[self.group_of_B], rest_real_BT], dim=1)
        self.positions_BK = (self.real_BK.long().cumsum(dim=1) - 1).clamp(min=0)
        return self._read(rest_ids_BT)

    def next(self, tokens_B: Tensor) -> Tensor:
        """See `Decoding`."""
        self.real_BK = torch.cat([self.real_BK, self.real_BK.new_ones(len(tokens_B), 1)], dim=1)
        self.positions_BK = torch.cat([self.positions_BK, self.positions_BK[:, -1:] + 1], dim=1)
        return self._read(tokens_B[:, None])

    def keep(self, rows: Tensor) -> None:
        """See `Decoding`."""
        self.real_BK, self.positions_BK = self.real_BK[rows], self.positions_BK[rows]
        self._open(rows)

    def _open(self, rows: Tensor) -> None:
        for layer in self.layers:
            layer.open(rows, self.columns)

    def _read(self, ids_BT: Tensor) -> Tensor:
        new = ids_BT.shape[1]
        positions_BT = self.positions_BK[:, -new:]
        return _forward(self.model, ids_BT, _causal_masks(self.model, self.real_BK, positions_BT, self.positions_BK), positions_BT, self.cache)


class _Layer(DynamicLayer):
    """Keys and values of one layer, of which `filled` columns are in use. B rows, H heads, K columns, D units a head."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns, self.filled = columns, 0

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Append; returns all that is kept."""
        if self.keys is None or self.values is None:
            self.lazy_initialization(key_states, value_states)
            rows, heads, _, units = key_states.shape
            self.keys = key_states.new_empty(rows, heads, self.columns, units)
            self.values = value_states.new_empty(rows, heads, self.columns, value_states.shape[-1])
        start, self.filled = self.filled, self.filled + key_states.shape[-2]
        self.keys[:, :, start : self.filled], self.values[:, :, start : self.filled] = key_states, value_states
        return self.keys[:, :, : self.filled], self.values[:, :, : self.filled]

    def open(self, rows: Tensor, columns: int) -> None:
        """Take these rows into a cache of so many columns."""
        assert self.keys is not None and self.values is not None
        self.keys, self.values = (self._opened(held, rows, columns) for held in (self.keys, self.values))

    def opened(self, rows: Tensor, columns: int) -> "_Layer":
        """A layer of its own with these rows."""
        layer = _Layer(columns)
        assert self.keys is not None and self.values is not None
        layer.lazy_initialization(self.keys, self.values)
        layer.filled, layer.keys, layer.values = self.filled, self._opened(self.keys, rows, columns), self._opened(self.values, rows, columns)
        return layer

    def _opened(self, held_BHKD: Tensor, rows: Tensor, columns: int) -> Tensor:
        opened = held_BHKD.new_empty(len(rows), held_BHKD.shape[1], columns, held_BHKD.shape[3])
        opened[:, :, : self.filled] = held_BHKD[rows, :, : self.filled]
        return opened

    def get_seq_length(self) -> int:
        """Columns in use."""
        return self.filled


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Texts that follow one of several beginnings, laid out side by side. B lines, T tokens of each; what fills one up has a part of its own."""

    group_of_B: Tensor  # which beginning
    ids_BT: Tensor
    parts_BT: Tensor  # tokens of different parts do not see each other
    branches_BT: Tensor  # of a part: 0 its trunk, which all its branches see; branches do not see each other
    positions_BT: Tensor
    kept: int  # the last so many tokens, whose logits are wanted

    def some(self, rows: slice) -> "Lines":
        """Those of some places."""
        given = (self.group_of_B, self.ids_BT, self.parts_BT, self.branches_BT, self.positions_BT)
        group_of_B, ids_BT, parts_BT, branches_BT, positions_BT = (tensor[rows] for tensor in given)
        return Lines(group_of_B=group_of_B, ids_BT=ids_BT, parts_BT=parts_BT, branches_BT=branches_BT, positions_BT=positions_BT, kept=self.kept)


def read_lines(model: LoadedModel, beginnings: Sequence[Sequence[int]], lines: Lines) -> list[Tensor]:
    """Read what lines begin with, each beginning once, then all lines, as many together as there are lanes to part them among.

    Returns:
        For each line the logits after each of its last tokens, in the type of the weights. Shape (kept, V).
    """
    at, count = max(map(len, beginnings)), len(lines.ids_BT)
    layers = [_Layer(at) for _ in range(model.network.config.get_text_config().num_hidden_layers)]
    real_GT, positions_GT = _read_beginnings(model, beginnings, at, Cache(layers=[*layers]))
    ends = [count * (lane + 1) // model.lanes for lane in range(model.lanes)]
    parts = [lines.some(slice(start, end)) for start, end in zip([0, *ends], ends, strict=False) if start < end]
    read = in_lanes(model.lanes, [partial(_after, model, layers, (real_GT, positions_GT), part) for part in parts])
    return [logits_TV for logits_BTV in read for logits_TV in logits_BTV]


def _after(model: LoadedModel, read: Sequence["_Layer"], beginnings: tuple[Tensor, Tensor], lines: Lines) -> Tensor:
    """Logits after the last tokens of lines that follow beginnings which are read: where these are real, and their positions."""
    at, new = beginnings[0].shape[1], lines.ids_BT.shape[1]
    layers = [layer.opened(lines.group_of_B, at + new) if at else _Layer(new) for layer in read]
    real_BT, before_BT = (tensor_GT[lines.group_of_B] for tensor_GT in beginnings)
    index_T = torch.arange(new, device=model.device)
    parts_BT, branches_BT = lines.parts_BT, lines.branches_BT
    seen_BTT = (branches_BT[:, None, :] == 0) | (branches_BT[:, :, None] == branches_BT[:, None, :])
    seen_BTT &= (parts_BT[:, :, None] == parts_BT[:, None, :]) & (index_T[:, None] >= index_T)
    visible_BTK = torch.cat([real_BT[:, None, :].expand(-1, new, -1), seen_BTT], dim=2)
    output = model.network(
        input_ids=lines.ids_BT,
        attention_mask=layer_masks(model.network, visible_BTK, lines.positions_BT, torch.cat([before_BT, lines.positions_BT], dim=1)),
        position_ids=lines.positions_BT,
        past_key_values=Cache(layers=[*layers]),
        use_cache=True,
        logits_to_keep=index_T[new - lines.kept :],
    )
    logits_BTV: Tensor = output.logits
    return logits_BTV


def _read_beginnings(model: LoadedModel, beginnings: Sequence[Sequence[int]], at: int, cache: Any) -> tuple[Tensor, Tensor]:
    """Read beginnings into a cache, side by side; where they are real, and their positions. Shapes (G, at)."""
    ids_GT, real_GT = left_pad(model, beginnings, at)
    positions_GT = (real_GT.long().cumsum(dim=1) - 1).clamp(min=0)
    if at:
        _forward(model, ids_GT, _causal_masks(model, real_GT, positions_GT, positions_GT), positions_GT, cache)
    return real_GT, positions_GT


def _causal_masks(model: LoadedModel, real_BK: Tensor, positions_BQ: Tensor, positions_BK: Tensor) -> Tensor | dict[str, Tensor]:
    """The last Q of K tokens see what is real and not behind them."""
    index_K = torch.arange(real_BK.shape[1], device=real_BK.device)
    index_Q = index_K[-positions_BQ.shape[1] :]
    own_QK = index_Q[:, None] == index_K  # padding sees itself: no empty softmax
    visible_BQK = (index_Q[:, None] >= index_K) & real_BK[:, None, :] | own_QK
    return layer_masks(model.network, visible_BQK, positions_BQ, positions_BK)


def _forward(model: LoadedModel, ids_BT: Tensor, masks: Tensor | dict[str, Tensor], positions_BT: Tensor, cache: Any) -> Tensor:
    # A tensor, not the number 1: indexing copies the last position, and a bfloat16 head on an uncopied slice is 400 times slower.
    last = torch.tensor([ids_BT.shape[1] - 1], device=model.device)
    output = model.network(input_ids=ids_BT, attention_mask=masks, position_ids=positions_BT, past_key_values=cache, use_cache=True, logits_to_keep=last)
    logits: Tensor = output.logits[:, -1].float()
    return logits


def left_pad(model: LoadedModel, prompts: Sequence[Sequence[int]], width: int) -> tuple[Tensor, Tensor]:
    """Token ids, and where they are real. Shapes (B, width)."""
    filler = model.end_ids[0] if model.end_ids else 0  # never attended to
    ids = [[filler] * (width - len(p)) + list(p) for p in prompts]
    real = [[False] * (width - len(p)) + [True] * len(p) for p in prompts]
    return torch.tensor(ids, dtype=torch.long, device=model.device), torch.tensor(real, dtype=torch.bool, device=model.device)


def shared_beginnings(prompts: Sequence[Sequence[int]]) -> list[tuple[list[int], int]]:
    """Rows that begin alike and how many tokens they share, so that the fewest tokens are left to compute.

    Every prompt keeps at least one token of its own, from which its reply begins.
    """
    return _best(prompts, list(range(len(prompts))))[1]


def _best(prompts: Sequence[Sequence[int]], rows: list[int]) -> tuple[int, list[tuple[list[int], int]]]:
    """Tokens saved, and the groups: all rows together, or those apart that differ in their first unshared token."""
    shortest = min(len(prompts[row]) for row in rows) - 1
    first = prompts[rows[0]]
    length = next((t for t in range(shortest) if any(prompts[row][t] != first[t] for row in rows)), shortest)
    together = (len(rows) - 1) * length
    if length == shortest:
        return together, [(rows, length)]
    children: dict[int, list[int]] = {}
    for row in rows:
        children.setdefault(prompts[row][length], []).append(row)
    apart = [_best(prompts, child) for child in children.values()]
    saved = sum(tokens for tokens, _ in apart)
    return (saved, [group for _, groups in apart for group in groups]) if saved > together else (together, [(rows, length)])
