"""What the model host answers: the panes of a comparison, side by side in step; a text; the check before a run; two principles against each other.

One copy of the weights serves all panes. Each is an arm, opened as a policy; what one policy has computed never reaches another.
Imports torch, so only the model host imports this.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from app.host.protocol import CheckRequest, ConflictRequest, Event, ReplyRequest, WriteRequest
from app.host.weights import Wanted
from core.constitution.principles import Constitution, Turns, from_data
from core.constitution.queries import from_rows
from core.constitution.stored import read_stored, require_readable
from core.engine.models import LoadedModel, encode_prompt
from core.engine.policies import base_of, open_policy
from core.engine.policy import Policy, Prompt, plain_prompt
from core.engine.sampling import has_ended, to_response
from core.errors import ContextError, StudioError
from core.measure.ask import reply_seed, side_prompt
from core.measure.conflict_replies import PairAsked, ask_pair
from core.measure.conflicts import judge_replies, replies_to_data
from core.methods.arms import CONTROL, Arm, Artifact, arm_from_data, is_beside, make_arm, same_lane
from core.methods.settings import config_from_data
from core.runs.checked import checked_to_data
from core.runs.trainability import Asking, check_run
from core.settings import SamplingConfig

TURN_TOKENS = 4  # written by one policy before the other's turn: a change of what the network wears costs half as much as a token


@dataclass(frozen=True, kw_only=True)
class ReplyTask:
    """What is asked of which arms, and how the replies are drawn."""

    constitution: Constitution | None
    side: str
    query: str
    seed: int
    sampling: SamplingConfig
    arms: tuple[Arm, ...]

    @property
    def reply_seed(self) -> int:
        """The same for all arms, and the one a run's result table uses for this query."""
        return reply_seed(self.seed, self.query, self.side)

    @property
    def wanted(self) -> Wanted:
        """What the arms need besides the base."""
        return Wanted(on_it=self._artifacts(beside=False), beside=self._artifacts(beside=True))

    def _artifacts(self, *, beside: bool) -> list[Artifact]:
        return [arm.artifact for arm in self.arms if arm.artifact is not None and is_beside(arm) == beside]


def task_of(request: ReplyRequest) -> ReplyTask:
    """The task that came over the wire.

    Raises:
        ConfigError: An unknown method, or a setting outside its range.
    """
    return ReplyTask(
        constitution=require_readable(read_stored(request.constitution), "The constitution") if request.constitution is not None else None,
        side=request.side,
        query=request.query,
        seed=request.seed,
        sampling=SamplingConfig(**request.sampling),
        arms=tuple(arm_from_data(data) for data in request.arms),
    )


@dataclass
class _Pane:
    """One arm's reply while it is written."""

    arm: Arm
    prompt: Prompt
    tokens: list[int] = field(default_factory=list)
    done: bool = False


@dataclass
class _Lane:
    """The panes of one policy. They are decoded together and share nothing but the batch."""

    policy: Policy
    panes: list[_Pane]
    steps: Iterator[list[int | None]]


def write_replies(model: LoadedModel, task: ReplyTask, should_stop: Callable[[], bool]) -> Iterator[Event]:
    """Write all replies in step, a few tokens each in turn. An arm that cannot answer says so and leaves the others alone.

    Args:
        model: With the adapters that the arms wear.
        task: What to answer.
        should_stop: Asked after every token.
    """
    yield {"event": "start", "seed": task.reply_seed}
    panes: list[_Pane] = []
    for arm in task.arms:
        try:
            panes.append(_Pane(arm, side_prompt(model, task.constitution if arm.in_prompt else None, task.side, task.query)))
        except StudioError as error:
            yield _failed(arm, error)
    lanes = [_lane(model, task, group) for group in _together(panes)]
    while lanes:
        for lane in list(lanes):
            try:
                yield from _turn(lane, task.reply_seed, should_stop)
            except ContextError as error:  # raised before the first token, for the longest prompt of the lane
                lanes.remove(lane)
                if len(lane.panes) > 1:
                    lanes += [_lane(model, task, [pane]) for pane in lane.panes]
                else:
                    yield _failed(lane.panes[0].arm, error)
                continue
            if all(pane.done for pane in lane.panes):
                lanes.remove(lane)
            if should_stop():
                return


def _together(panes: Sequence[_Pane]) -> list[list[_Pane]]:
    """The panes that one batch can decode, in the order in which their first ones stand."""
    groups: list[list[_Pane]] = []
    for pane in panes:
        group = next((each for each in groups if same_lane(each[0].arm, pane.arm)), None)
        if group is None:
            groups.append([pane])
        else:
            group.append(pane)
    return groups


def _lane(model: LoadedModel, task: ReplyTask, panes: list[_Pane]) -> _Lane:
    policy = open_policy(model, panes[0].arm)
    return _Lane(policy, panes, policy.decode([pane.prompt for pane in panes], task.sampling, [task.reply_seed] * len(panes), steady=True))


def _turn(lane: _Lane, seed: int, should_stop: Callable[[], bool]) -> Iterator[Event]:
    """The next few tokens of a lane."""
    for _ in range(TURN_TOKENS if lane.panes[0].tokens else 1):
        step = next(lane.steps, None)
        yield from _take(lane, step, seed)
        if step is None or should_stop():
            return


def _failed(arm: Arm, error: StudioError) -> Event:
    return {"event": "error", "arm": arm.key, "message": str(error)}


def _take(lane: _Lane, step: list[int | None] | None, seed: int) -> Iterator[Event]:
    """Hand each pane its new token; without a step, what is not done has come to its last allowed token."""
    model = lane.policy.model
    for pane, token in zip(lane.panes, step or [None] * len(lane.panes), strict=True):
        if token is not None:
            pane.tokens.append(token)
        if not pane.done and (step is None or (token is not None and has_ended(model, pane.tokens))):
            pane.done = True
            yield _done(model, pane, seed)
        elif token is not None:
            yield {"event": "token", "arm": pane.arm.key, "text": text_so_far(model, pane.tokens), "tokens": len(pane.tokens)}


def _done(model: LoadedModel, pane: _Pane, seed: int) -> Event:
    response = to_response(model, pane.tokens)
    return {
        "event": "done",
        "arm": pane.arm.key,
        "text": response.text,
        "token_scores": token_scores(model, pane.arm, pane.prompt, pane.tokens),
        "tokens": len(pane.tokens),
        "ended": response.ended,
        "seed": seed,
        "adapter_sha256": pane.arm.artifact.sha256 if pane.arm.artifact is not None else None,
    }


def text_so_far(model: LoadedModel, tokens: list[int]) -> str:
    """The text of an unfinished reply, without the first bytes of a character whose others are still to come."""
    return to_response(model, tokens).text.rstrip("\ufffd")


def token_scores(model: LoadedModel, arm: Arm, prompt: Prompt, tokens: list[int]) -> list[tuple[str, float, float]] | None:
    """For each token of a reply: its text and its log-probability (nats) under its own prompt by the base and by the arm.

    None for an arm that is the base, whatever stands in its prompt.
    """
    base, own = base_of(model), open_policy(model, arm)
    if same_lane(base.arm, arm):
        return None
    with torch.inference_mode():
        by_base, by_arm = (policy.score([prompt], [tokens]).tokens[0][0].tolist() for policy in (base, own))
    return list(zip(_token_texts(model, tokens), by_base, by_arm, strict=True))


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


def write_text(model: LoadedModel, request: WriteRequest, should_stop: Callable[[], bool]) -> Iterator[Event]:
    """What the base writes when it is given turns as they are.

    Raises:
        StudioError: A setting outside its range, or turns that do not fit the model's context.
    """
    prompt = plain_prompt(encode_prompt(model, Turns(**request.turns)))
    tokens: list[int] = []
    for (token,) in base_of(model).decode([prompt], SamplingConfig(**request.sampling), [request.seed]):
        assert token is not None  # one row: it ends with the steps
        tokens.append(token)
        yield {"event": "token", "text": text_so_far(model, tokens), "tokens": len(tokens)}
        if should_stop():
            return
    response = to_response(model, tokens)
    yield {"event": "done", "text": response.text, "tokens": len(tokens), "ended": response.ended}


def check(model: LoadedModel, request: CheckRequest, tell: Callable[[Event], None]) -> Event:
    """What the run would find, by the same function on the same queries, settings and seed.

    Args:
        model: Its base is asked, whatever it wears.
        request: What the run would be.
        tell: Told after every token; what it raises ends the check.
    """

    def on_asking(asking: Asking) -> None:
        tell({"event": "asking", "note": asking.words, "share": asking.share})

    checked = check_run(model, from_data(request.constitution), from_rows(request.queries), config_from_data(request.config), on_asking=on_asking)
    return {"event": "found", **checked_to_data(checked)}


def conflict(model: LoadedModel, request: ConflictRequest, tell: Callable[[Event], None]) -> Event:
    """What the base replies with both principles in its prompt, and what their checks find, by the same functions as at the command line.

    Args:
        model: Its base is asked, whatever it wears.
        request: Which two, and how.
        tell: Told after every token; what it raises ends the asking.
    """

    def on_asked(asked: PairAsked) -> None:
        tell({"event": "asking", "note": asked.words, "share": asked.share})

    pair = from_data(request.pair)
    texts = ask_pair(open_policy(model, make_arm(CONTROL)), pair, request.queries, (SamplingConfig(**request.sampling), request.seed), on_asked)
    return {"event": "found", **replies_to_data(judge_replies(pair, request.queries, texts))}
