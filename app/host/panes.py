"""The panes of a comparison: one query answered by base and aligned, with and without the constitution, side by side in step.

One copy of the weights serves all. The base rows run with the adapter off; each row has its own cache, so what one policy has
computed never reaches the other. Imports torch, so only the model host imports this.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch

from app.host.client import Event, Method, ReplyRequest
from core.constitution.principles import Constitution, Turns, from_data
from core.engine.models import LoadedModel, encode_prompt
from core.engine.policies import Policy, Prompt, as_it_is, base_of, plain_prompt
from core.engine.sampling import has_ended, to_response
from core.errors import ContextError, StudioError
from core.measure.ask import reply_seed, side_prompt
from core.settings import SamplingConfig

TURN_TOKENS = 4  # written by one policy before the other's turn: switching the adapter costs half as much as a token


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked, and how the replies are drawn."""

    constitution: Constitution | None
    side: str
    query: str
    seed: int
    sampling: SamplingConfig
    methods: tuple[Method, ...]
    turns: Turns | None = None  # put to the model as they are, in place of the query: it is asked to write, not compared

    @property
    def reply_seed(self) -> int:
        """The same for all methods, and the one a run's result table uses for this query."""
        return self.seed if self.turns is not None else reply_seed(self.seed, self.query, self.side)


def question_of(request: ReplyRequest) -> Question:
    """The question that came over the wire.

    Raises:
        StudioError: A setting outside its range.
    """
    return Question(
        constitution=from_data(request.constitution) if request.constitution is not None else None,
        side=request.side,
        query=request.query,
        seed=request.seed,
        sampling=SamplingConfig(**request.sampling),
        methods=tuple(request.methods),
        turns=Turns(**request.turns) if request.turns is not None else None,
    )


@dataclass
class _Pane:
    """One method's reply while it is written."""

    method: Method
    prompt: Prompt
    tokens: list[int] = field(default_factory=list)
    done: bool = False


@dataclass
class _Lane:
    """The panes of one policy. They are decoded together and share nothing but the batch."""

    aligned: bool
    panes: list[_Pane]
    steps: Iterator[list[int | None]]


def write(model: LoadedModel, question: Question, adapter_sha256: str | None, should_stop: Callable[[], bool]) -> Iterator[Event]:
    """Write all replies in step, a few tokens each in turn. A method that cannot answer says so and leaves the others alone.

    Args:
        model: With its adapter, if there is one.
        question: What to answer.
        adapter_sha256: Of the adapter that is loaded; goes into the events of the aligned methods.
        should_stop: Asked after every token.
    """
    yield {"event": "start", "seed": question.reply_seed, "adapter_sha256": adapter_sha256}
    panes: list[_Pane] = []
    for method in question.methods:
        try:
            panes.append(_pane(model, question, method))
        except StudioError as error:
            yield _failed(method, error)
    groups = [[pane for pane in panes if _is_aligned(pane.method) == aligned] for aligned in (False, True)]
    lanes = [_lane(model, question, group) for group in groups if group]
    while lanes:
        for lane in list(lanes):
            try:
                steps = _turn(model, lane, should_stop)
            except ContextError as error:  # raised before the first token, for the longest prompt of the lane
                lanes.remove(lane)
                if len(lane.panes) > 1:
                    lanes += [_lane(model, question, [pane]) for pane in lane.panes]
                else:
                    yield _failed(lane.panes[0].method, error)
                continue
            for event in (event for step in steps for event in _take(model, lane, step)):
                yield event if event["event"] == "token" else event | {"seed": question.reply_seed, "adapter_sha256": adapter_sha256 if lane.aligned else None}
            if all(pane.done for pane in lane.panes):
                lanes.remove(lane)
            if should_stop():
                return


def _turn(model: LoadedModel, lane: _Lane, should_stop: Callable[[], bool]) -> list[list[int | None] | None]:
    """The next few tokens of a lane, under its policy; None at the end stands for its end."""
    steps: list[list[int | None] | None] = []
    for _ in range(TURN_TOKENS if lane.panes[0].tokens else 1):
        steps.append(next(lane.steps, None))
        if steps[-1] is None or should_stop():
            break
    return steps


def _policy(model: LoadedModel, method: Method) -> Policy:
    return as_it_is(model, "sami") if _is_aligned(method) else base_of(model)


def _is_aligned(method: Method) -> bool:
    return method.startswith("aligned")


def _failed(method: Method, error: StudioError) -> Event:
    return {"event": "error", "method": method, "message": str(error)}


def _pane(model: LoadedModel, question: Question, method: Method) -> _Pane:
    if question.turns is not None:
        return _Pane(method, plain_prompt(encode_prompt(model, question.turns)))
    constitution = question.constitution if method.endswith("+constitution") else None
    return _Pane(method, side_prompt(model, constitution, question.side, question.query))


def _lane(model: LoadedModel, question: Question, panes: list[_Pane]) -> _Lane:
    policy = _policy(model, panes[0].method)
    steps = policy.decode([pane.prompt for pane in panes], question.sampling, [question.reply_seed] * len(panes), steady=question.turns is None)
    return _Lane(_is_aligned(panes[0].method), panes, steps)


def _take(model: LoadedModel, lane: _Lane, step: list[int | None] | None) -> Iterator[Event]:
    """Hand each pane its new token; without a step, what is not done has come to its last allowed token."""
    for pane, token in zip(lane.panes, step or [None] * len(lane.panes), strict=True):
        if token is not None:
            pane.tokens.append(token)
        if not pane.done and (step is None or (token is not None and has_ended(model, pane.tokens))):
            pane.done = True
            yield _done(model, pane, lane.aligned)
        elif token is not None:
            yield {"event": "token", "method": pane.method, "text": text_so_far(model, pane.tokens), "tokens": len(pane.tokens)}


def _done(model: LoadedModel, pane: _Pane, aligned: bool) -> Event:
    response = to_response(model, pane.tokens)
    return {
        "event": "done",
        "method": pane.method,
        "text": response.text,
        "token_scores": token_scores(model, pane.prompt, pane.tokens) if aligned else None,
        "tokens": len(pane.tokens),
        "ended": response.ended,
    }


def text_so_far(model: LoadedModel, tokens: list[int]) -> str:
    """The text of an unfinished reply, without the first bytes of a character whose others are still to come."""
    return to_response(model, tokens).text.rstrip("\ufffd")


def token_scores(model: LoadedModel, prompt: Prompt, tokens: list[int]) -> list[tuple[str, float, float]]:
    """For each token of a reply: its text and its log-probability (nats) under its own prompt by the base and by the aligned model."""
    with torch.inference_mode():
        base = base_of(model).score([prompt], [tokens]).tokens[0][0].tolist()
        aligned = as_it_is(model, "sami").score([prompt], [tokens]).tokens[0][0].tolist()
    return list(zip(_token_texts(model, tokens), base, aligned, strict=True))


def _token_texts(model: LoadedModel, tokens: list[int]) -> list[str]:
    """What each token adds to the text: nothing for one that only begins a character or ends the reply."""
    body = tokens[:-1] if tokens[-1] in model.end_ids else tokens
    shown, texts = "", []
    for count in range(1, len(body) + 1):
        text = str(model.tokenizer.decode(body[:count], skip_special_tokens=True))
        whole = text if count == len(body) else text.rstrip("\ufffd")
        texts.append(whole[len(shown) :])
        shown = max(shown, whole, key=len)
    return texts + [""] * (len(tokens) - len(body))
