"""Log-probabilities of chosen pairs of a prompt and a reply, where prompts begin alike: what they begin with is read once.

`core.engine.scoring` scores every reply under every prompt of one query. When a policy is measured on several principles, few of these pairs
say anything, and the prompts of many queries begin with the same constitution. So each prompt is followed by its own replies here, and several
prompts stand in a line, so that lines are about as long. It equals scoring the pairs one by one (tested). A network that does not heed our masks is
asked prompt by prompt.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from core.engine.decoding import Lines, read_lines, shared_beginnings
from core.engine.lanes import in_lanes
from core.engine.models import LoadedModel
from core.engine.scoring import score, token_logprobs

LINE_TOKENS = 400  # of replies in a line, about: a longer one has more keys to look at, many short ones are harder to make alike long


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """A prompt with the replies that are scored under it; T tokens each, none empty."""

    prompt: Sequence[int]
    replies: Sequence[Sequence[int]]
    own: int | None = None  # the reply of which the whole distributions are wanted


@dataclass(frozen=True, kw_only=True)
class PairScores:
    """Scores of the replies to one prompt, in nats."""

    tokens: list[Tensor]  # log-probability of each token of each reply, float32, shape (T,)
    own: Tensor | None  # log-softmax at each token of the reply that was named, float32, shape (T, V)


def score_pairs(model: LoadedModel, asked: Sequence[Pairs]) -> list[PairScores]:
    """Score the replies of each prompt under it, all in one pass where the model allows it, without gradients.

    Raises:
        ValueError: A reply is empty, or a prompt has none.
    """
    if any(not each.replies or any(len(reply) == 0 for reply in each.replies) for each in asked):
        raise ValueError("each prompt needs at least one reply, and an empty reply has no log-probability")
    with torch.no_grad():
        return _shared(model, asked) if model.packed else [_alone(model, each) for each in asked]


def _alone(model: LoadedModel, asked: Pairs) -> PairScores:
    scores = score(model, [asked.prompt], asked.replies, [0] * len(asked.replies) if asked.own is not None else ())
    return PairScores(tokens=scores.tokens[0], own=scores.own[asked.own] if asked.own is not None else None)


def _shared(model: LoadedModel, asked: Sequence[Pairs]) -> list[PairScores]:
    """One pass over what the prompts begin with, one over all that follows."""
    groups = shared_beginnings([each.prompt for each in asked])
    lines = [line for group, (rows, length) in enumerate(groups) for line in _lines(asked, group, rows, length)]
    read = read_lines(model, [asked[rows[0]].prompt[:length] for rows, length in groups], _laid_out(lines, model.device))
    found = {reply: logits_TV[start:] for line, logits_TV in zip(lines, read, strict=True) for reply, start in line.starts.items()}
    by_prompt = [[found[row, place] for place in range(len(each.replies))] for row, each in enumerate(asked)]
    return in_lanes(model.lanes, [partial(_of_prompt, each, logits) for each, logits in zip(asked, by_prompt, strict=True)])


@dataclass(frozen=True)
class _Part:
    """Some replies to one prompt, and what is left of that: all but its last token, from which each reply goes on."""

    row: int  # which prompt
    first: int  # which of its replies is the first here
    trunk: Sequence[int]
    last: int
    replies: Sequence[Sequence[int]]

    @property
    def tokens(self) -> int:
        """Of its replies: they are what lines are made alike long by."""
        return sum(map(len, self.replies))


class _Token(NamedTuple):
    id: int
    part: int
    branch: int  # 0: of the trunk
    position: int


_FILLER = _Token(id=0, part=-1, branch=0, position=0)


@dataclass(frozen=True)
class _Line:
    """Several parts after one beginning: all trunks, then all replies."""

    group: int  # which beginning
    trunks: list[_Token]
    replies: list[_Token]
    starts: dict[tuple[int, int], int]  # where each reply begins, by its prompt and its place there


def _lines(asked: Sequence[Pairs], group: int, rows: Sequence[int], length: int) -> Iterator[_Line]:
    """Lines of about the same length for some prompts with the same beginning: what fills lines up is computed for nothing."""
    parts = sorted((part for row in rows for part in _parts(asked[row], row, length)), key=lambda part: -part.tokens)
    held = [list[_Part]() for _ in range(max(1, round(sum(part.tokens for part in parts) / LINE_TOKENS)))]
    for part in parts:
        min(held, key=lambda line: sum(other.tokens for other in line)).append(part)
    return (_line(line, group, length) for line in held if line)


def _parts(asked: Pairs, row: int, length: int) -> Iterator[_Part]:
    """The replies to a prompt, as many together as make about half a line."""
    trunk, last, some, first = asked.prompt[length:-1], asked.prompt[-1], list[Sequence[int]](), 0
    for reply in asked.replies:
        if some and sum(map(len, some)) + len(reply) > LINE_TOKENS // 2:
            yield _Part(row, first, trunk, last, some)
            some, first = [], first + len(some)
        some.append(reply)
    yield _Part(row, first, trunk, last, some)


def _line(parts: Sequence[_Part], group: int, length: int) -> _Line:
    line = _Line(group, [], [], {})
    for number, part in enumerate(parts):
        line.trunks.extend(_Token(token, number, 0, length + t) for t, token in enumerate(part.trunk))
        for place, reply in enumerate(part.replies):
            line.starts[part.row, part.first + place] = len(line.replies)
            begins = length + len(part.trunk)
            line.replies.extend(_Token(token, number, place + 1, begins + t) for t, token in enumerate([part.last, *reply[:-1]]))
    return line


def _laid_out(lines: Sequence[_Line], device: torch.device) -> Lines:
    """The lines as tensors, replies at the same places in all of them."""
    widths = max(len(line.trunks) for line in lines), max(len(line.replies) for line in lines)
    rows = [[*_filled(line.trunks, widths[0]), *_filled(line.replies, widths[1])] for line in lines]
    ids_BT, parts_BT, branches_BT, positions_BT = torch.tensor(rows, device=device).unbind(dim=2)
    group_of_B = torch.tensor([line.group for line in lines], device=device)
    return Lines(group_of_B=group_of_B, ids_BT=ids_BT, parts_BT=parts_BT, branches_BT=branches_BT, positions_BT=positions_BT, kept=widths[1])


def _filled(tokens: Sequence[_Token], width: int) -> list[_Token]:
    return [*tokens, *[_FILLER] * (width - len(tokens))]


def _of_prompt(asked: Pairs, logits: Sequence[Tensor]) -> PairScores:
    """The scores of one prompt's replies, reply by reply: no more than one reply's distributions are held at once."""
    tokens, own = [], None
    for place, (reply, logits_TV) in enumerate(zip(asked.replies, logits, strict=True)):
        index_T = torch.arange(len(reply), device=logits_TV.device)
        if place == asked.own:
            own = logits_TV[: len(reply)].float().log_softmax(dim=-1)
            tokens.append(own[index_T, torch.tensor(list(reply), device=own.device)])
        else:
            tokens.append(token_logprobs(logits_TV, index_T, reply))
    return PairScores(tokens=tokens, own=own)
