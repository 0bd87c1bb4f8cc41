"""Drawing responses from a policy, in batches and token by token.

Each row has its own seed and takes its random numbers from it alone. In bfloat16 the arithmetic of a row still rounds
differently in different company (number of rows, width of the batch, padding or none), and one different last bit ends in
another reply. So there are two layouts: packed for training draws, and steady for replies that are shown and counted,
where a reply on the Compare page is the very one in the result table: every forward has the same width whoever asks, and a number of rows that
was found to leave the bits of each row as they are in a full batch.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from core.engine.batching import PACKED_ROWS, STEADY_ROWS
from core.engine.decoding import Decoding, Padded, Shared
from core.engine.models import NEXT_TURN, LoadedModel
from core.engine.policy import Policy, Prompt
from core.errors import ContextError
from core.settings import SamplingConfig

WIDTH_STEP = 32  # steady: attention sums keys in blocks; at least one token of padding, so that there always is a mask


@dataclass(frozen=True, kw_only=True)
class Response:
    """A reply as sampled: its tokens (with the end token, if it ended) and its text."""

    token_ids: tuple[int, ...]
    text: str
    ended: bool  # False: cut at max_new_tokens


@dataclass(frozen=True)
class Written:
    """How far a call of `sample` is."""

    finished: int  # replies
    share: float  # of all that may have to be written: a reply that is under way counts by its tokens


OnWritten = Callable[[Written], None]
Drawn = TypeVar("Drawn")  # what is drawn: a response for each prompt, or for each of several groups of them


def sample(policy: Policy, prompts: Sequence[Prompt], sampling: SamplingConfig, seeds: Sequence[int], *, steady: bool = False) -> list[Response]:
    """One response for each prompt, in the order of the prompts.

    Args:
        policy: Who answers.
        prompts: Of `core.engine.policy.prompt_of`.
        sampling: Length, temperature, nucleus.
        seeds: One seed a row.
        steady: Let no row depend on the others; slower (docs/decisions.md).
    """
    return told(draw(policy, prompts, sampling, seeds, steady=steady), lambda _: None)


def told(drawing: Generator[Written, None, Drawn], on_written: OnWritten) -> Drawn:
    """What `draw` and its like return; `on_written` is told after every token, and what it raises ends the drawing."""
    while True:
        try:
            on_written(next(drawing))
        except StopIteration as end:
            found: Drawn = end.value
            return found


def draw(
    policy: Policy, prompts: Sequence[Prompt], sampling: SamplingConfig, seeds: Sequence[int], *, steady: bool = False
) -> Generator[Written, None, list[Response]]:
    """As `sample`, token by token: tells how far it is, and returns the responses."""

    def decode(rows: Sequence[int]) -> Iterator[list[int | None]]:
        return policy.decode([prompts[i] for i in rows], sampling, [seeds[i] for i in rows], steady=steady)

    return (yield from drawn(policy.model, batches_of(prompts, steady=steady), decode, sampling.max_new_tokens))


def batches_of(prompts: Sequence[Prompt], *, steady: bool) -> list[list[int]]:
    """Which prompts are decoded together, by their places: alike lengths, for little padding."""
    by_length, size = sorted(range(len(prompts)), key=lambda i: (len(prompts[i].ids), i)), STEADY_ROWS if steady else PACKED_ROWS
    return [by_length[start : start + size] for start in range(0, len(by_length), size)]


def drawn(
    model: LoadedModel, batches: Sequence[Sequence[int]], decode: Callable[[Sequence[int]], Iterator[list[int | None]]], longest: int
) -> Generator[Written, None, list[Response]]:
    """The responses of all batches, one batch after the other, by the places of their prompts.

    Args:
        model: Whose tokens they are.
        batches: The places of the prompts of each.
        decode: Decodes some of them in step.
        longest: Tokens of a response.
    """
    responses: dict[int, Response] = {}
    done, total = 0, sum(map(len, batches))
    for rows in batches:
        tokens: list[list[int]] = [[] for _ in rows]
        for step in decode(rows):
            for row, token in zip(tokens, step, strict=True):
                if token is not None:
                    row.append(token)
            under_way = sum(len(row) for row, token in zip(tokens, step, strict=True) if token is not None) / longest
            ended = sum(token is None for token in step)
            yield Written(done + ended, (done + ended + under_way) / total)
        done += len(rows)
        yield Written(done, done / total)  # with those that were cut
        responses |= {i: to_response(model, row) for i, row in zip(rows, tokens, strict=True)}
    return [responses[i] for i in range(total)]


def to_response(model: LoadedModel, token_ids: Sequence[int]) -> Response:
    """Tokens with their text; what ends the reply is kept among the tokens and left out of the text."""
    ended_by_token = bool(token_ids) and token_ids[-1] in model.end_ids
    text = str(model.tokenizer.decode(list(token_ids[:-1] if ended_by_token else token_ids), skip_special_tokens=True))
    body = text if model.chat else text.split(NEXT_TURN)[0]
    return Response(token_ids=tuple(token_ids), text=body.strip(), ended=ended_by_token or body != text)


def has_ended(model: LoadedModel, token_ids: Sequence[int]) -> bool:
    """Whether the last token ends the reply; without a chat template the human's next turn does so too."""
    if token_ids[-1] in model.end_ids:
        return True
    # No token is shorter than a byte, so the last few hold the whole beginning of a turn.
    return not model.chat and NEXT_TURN in str(model.tokenizer.decode(list(token_ids[-len(NEXT_TURN) :]), skip_special_tokens=True))


def stream(model: LoadedModel, decoding: Decoding, sampling: SamplingConfig, seeds: Sequence[int], *, steady: bool = False) -> Iterator[list[int | None]]:
    """Decode all rows in step; each item is the new token of every row, None for rows that have ended.

    Args:
        model: Whose tokens they are.
        decoding: From `begin`, with nothing read yet.
        sampling: Length, temperature, nucleus.
        seeds: One for each row that was asked for.
        steady: Whether `decoding` was begun so.
    """
    asked = len(seeds)
    fill = _steady_rows(model, asked) - asked if steady else 0
    seeds = [*seeds, *[seeds[0]] * fill]
    uniform_BT = torch.stack([torch.rand(sampling.max_new_tokens, generator=torch.Generator().manual_seed(seed)) for seed in seeds]).to(model.device)
    written: list[list[int]] = [[] for _ in seeds]
    live = list(range(len(seeds)))  # which rows the batch still holds
    done = [False] * asked + [True] * fill
    chosen = torch.zeros(len(seeds), dtype=torch.long, device=model.device)  # nothing yet
    for t in range(sampling.max_new_tokens):
        with torch.inference_mode():
            logits_BV = decoding.next(chosen) if t else decoding.first()
            chosen = _choose(logits_BV, sampling, uniform_BT[:, t])
        step: list[int | None] = [None] * len(seeds)
        for row, token in zip(live, chosen.tolist(), strict=True):
            if not done[row]:
                step[row] = token
                written[row].append(token)
                done[row] = has_ended(model, written[row])
        yield step[:asked]
        if all(done):
            return
        held = _held(model, [done[row] for row in live], steady)
        if len(held) < len(live):
            keep = torch.tensor(held, device=model.device)
            decoding.keep(keep)
            chosen, uniform_BT = chosen[keep], uniform_BT[keep]
            live = [live[k] for k in held]


def _held(model: LoadedModel, done: Sequence[bool], steady: bool) -> list[int]:
    """Which rows a batch goes on with. Ended ones are dropped now and then, not each time: a selection copies the cache."""
    going = [k for k, ended in enumerate(done) if not ended]
    if not steady:
        return going if len(going) <= len(done) // 2 else list(range(len(done)))
    filling = [k for k, ended in enumerate(done) if ended][: _steady_rows(model, len(going)) - len(going)]
    return sorted([*going, *filling])


def _steady_rows(model: LoadedModel, rows: int) -> int:
    """How many rows a steady batch has that so many are needed of."""
    return next(size for size in model.steady_sizes if size >= rows)


def begin(model: LoadedModel, prompts: Sequence[Sequence[int]], sampling: SamplingConfig, *, steady: bool = False) -> Decoding:
    """Lay out a batch of prompts for decoding; a steady one is filled up with copies, to a number of rows that no row's arithmetic can tell.

    Raises:
        ContextError: The longest prompt and its reply do not fit the model's context.
        ValueError: More rows than a steady batch has.
    """
    if steady and len(prompts) > STEADY_ROWS:
        raise ValueError(f"at most {STEADY_ROWS} prompts are decoded steadily together, got {len(prompts)}")
    rows = [*prompts, *[prompts[0]] * (_steady_rows(model, len(prompts)) - len(prompts) if steady else 0)]
    width = _width(model, rows, sampling, steady)
    if steady or not model.packed:  # steady: what a row shares with its company must not decide how it is computed
        return Padded(model, rows, width, sampling.max_new_tokens if steady else None)
    return Shared(model, rows, sampling.max_new_tokens)


def _width(model: LoadedModel, prompts: Sequence[Sequence[int]], sampling: SamplingConfig, steady: bool) -> int:
    """How many tokens wide the batch of prompts is, padding included."""
    longest = max(len(prompt) for prompt in prompts)
    if longest + sampling.max_new_tokens > model.context_tokens:
        raise ContextError(
            f"A prompt of {longest:,} tokens and a reply of {sampling.max_new_tokens} do not fit the {model.context_tokens:,} tokens that "
            f"{model.reference.id} reads. Shorten the constitution or the query, or ask for shorter replies."
        )
    return (longest // WIDTH_STEP + 1) * WIDTH_STEP if steady else longest


def _choose(logits_BV: Tensor, sampling: SamplingConfig, uniform_B: Tensor) -> Tensor:
    """Invert the cumulative distribution at one uniform number a row. Shape (B,)."""
    if sampling.temperature == 0:
        return logits_BV.argmax(dim=-1)
    probs_BV = (logits_BV / sampling.temperature).softmax(dim=-1)
    if sampling.top_p < 1:
        ranked_BV, order_BV = probs_BV.sort(dim=-1, descending=True)
        ranked_BV = ranked_BV.masked_fill(ranked_BV.cumsum(dim=-1) - ranked_BV >= sampling.top_p, 0.0)
        picked_B = _invert(ranked_BV, uniform_B)
        return order_BV.gather(1, picked_B[:, None])[:, 0]
    return _invert(probs_BV, uniform_B)


def _invert(weights_BV: Tensor, uniform_B: Tensor) -> Tensor:
    cumulative_BV = weights_BV.cumsum(dim=-1)
    target_B1 = uniform_B[:, None] * cumulative_BV[:, -1:]
    return torch.searchsorted(cumulative_BV, target_B1, right=True).squeeze(1).clamp(max=weights_BV.shape[1] - 1)
