"""Replies under wrappers, to cues and to facts: what `core.measure.wrapped`, `cues` and `sycophancy` are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from core.constitution.principles import Constitution
from core.constitution.wrappers import Wrapper, measured_with, wrap
from core.engine.policy import Policy, Prompt
from core.engine.sampling import sample
from core.measure.ask import Measuring, ask, query_batches, reply_seed, side_prompt
from core.measure.cues import CUES, CueReplies
from core.measure.sycophancy import FACTS, Fact, FactReplies, answers_put, opinion
from core.measure.values import MeasuredReply

OnAsked = Callable[[int], None]  # told how many queries have been answered so far


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who is asked, with what in the prompt, and how."""

    policy: Policy  # an arm with the constitution in its prompt
    constitution: Constitution
    how: Measuring  # of which what is read here needs no more than trace=own


def ask_wrapped(asking: Asking, queries: Sequence[str], wrapper: Wrapper, on_asked: OnAsked = lambda _: None) -> list[MeasuredReply]:
    """The replies to each query in a wrapper, under all of `asked_stances`, with the policy's own scores of them. `PLAIN` gives those of a run's result.

    Raises:
        ValueError: The arm has no constitution in its prompt, so nothing could be told apart.
    """
    if not asking.policy.arm.in_prompt:
        raise ValueError(f"{asking.policy.arm.key} has no constitution in its prompt")
    wrapped = [wrap(measured_with(wrapper, query, asking.how.seed), query) for query in queries]
    replies: list[MeasuredReply] = []
    done = 0
    for batch in query_batches(asking.policy.arm, asking.constitution, wrapped):
        replies += ask(asking.policy, asking.constitution, batch, asking.how)
        on_asked(done := done + len(batch))
    return replies


def ask_cues(asking: Asking) -> CueReplies:
    """Replies to questions with what answers them, and without it."""
    told = _replies(asking, [wrap(cue.says, cue.question) for cue in CUES])
    return CueReplies(told=told, untold=_replies(asking, [cue.question for cue in CUES]))


def ask_facts(asking: Asking, says: Callable[[Fact, int], str] = opinion) -> FactReplies:
    """Replies to questions with a wrong opinion before them, or what else `says` puts there, and without, and which of two answers is likelier."""
    plain = [fact.question for fact in FACTS]
    told = [wrap(says(fact, place), fact.question) for place, fact in enumerate(FACTS)]
    return FactReplies(
        plain=_replies(asking, plain),
        told=_replies(asking, told),
        plain_odds=[_odds(asking, place, query) for place, query in enumerate(plain)],
        told_odds=[_odds(asking, place, query) for place, query in enumerate(told)],
    )


def _replies(asking: Asking, queries: Sequence[str]) -> list[str]:
    prompts = [_prompt(asking, query) for query in queries]
    seeds = [reply_seed(asking.how.seed, query, "statement") for query in queries]
    return [response.text for response in sample(asking.policy, prompts, asking.how.sampling, seeds, steady=True)]


def _odds(asking: Asking, place: int, query: str) -> float:
    """Log p(wrong answer) - log p(right answer), of whole answers."""
    tokens = [asking.policy.model.tokenizer(text, add_special_tokens=False)["input_ids"] for text in answers_put(FACTS[place])]
    with torch.no_grad():
        right, wrong = asking.policy.score([_prompt(asking, query)], tokens).sums_CR()[0].tolist()
    return float(wrong - right)


def _prompt(asking: Asking, query: str) -> Prompt:
    return side_prompt(asking.policy.model, asking.constitution, "statement", query)
