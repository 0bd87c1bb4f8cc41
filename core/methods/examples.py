"""From queries to training examples: draw contrasts, sample responses under each constitution, keep what can teach.

With `candidates` above 1: several responses are sampled for each constitution, and the one that the
policy itself attributes to it most surely is kept. That finds replies that follow a principle without any label. One candidate is the default.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from core.constitution.contrasts import Contrast, contrast_for
from core.constitution.principles import Constitution, Stance
from core.constitution.text import answer, loops, quotes, refuses
from core.engine.batching import PROMPTS_SCORED, QUERIES_PER_BATCH, RESPONSES_SCORED, Kept, kept_together
from core.engine.models import LoadedModel
from core.engine.policies import sample_beside
from core.engine.policy import Policy, Prompt, prompt_of
from core.engine.sampling import Response
from core.errors import ContrastError
from core.methods.answering import astray
from core.methods.drop_reasons import DROP_REASONS
from core.methods.settings import TrainConfig
from core.seeds import seed_for

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Example:
    """One query, ready to train on. Of a contrast: n prompts, and the n responses sampled under them.

    Of consistency training: the prompt under all statements without its wrapper, then with it, and what was sampled under the first, if anything.
    """

    query: str
    stances: tuple[Stance, ...]  # response i was sampled under stances[i]; where there is none, what the prompts hold
    prompts: tuple[tuple[int, ...], ...]
    responses: tuple[tuple[int, ...], ...]


def kept_of(example: Example) -> Kept:
    """What a gradient keeps of an example."""
    return kept_together(max(map(len, example.prompts)), list(map(len, example.responses)))


def example_from_data(row: Mapping[str, Any], n_principles: int, config: TrainConfig) -> Example:
    """The inverse of `asdict`.

    Args:
        row: As committed. Of the runs that were begun before examples kept their stances, some still lack them; what was drawn then is
            drawn again here, and nowhere else.
        n_principles: Of the constitution.
        config: The iteration's; its seed and number of constitutions decided the draw.
    """
    stances = row.get("stances") or contrast_for(row["query"], n_principles, config.n_constitutions, config.seed).stances
    tokens = {name: tuple(map(tuple, row[name])) for name in ("prompts", "responses")}
    return Example(query=row["query"], stances=tuple(map(tuple, stances)), **tokens)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Examples of one batch of queries, and why others were dropped."""

    examples: tuple[Example, ...]
    dropped: dict[str, int]  # reason, a key of DROP_REASONS -> number of queries


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One query under one of its constitutions."""

    query: str
    stance: Stance
    prompt: Prompt


def draw_examples(policy: Policy, constitution: Constitution, queries: Sequence[str], config: TrainConfig) -> Prepared:
    """Sample from the policy under a fresh contrast for each query; drop queries whose responses cannot teach.

    Args:
        policy: Who answers; in the first iteration the base.
        constitution: Its principles, in the author's order.
        queries: From the train split.
        config: Number of constitutions and candidates, sampling, seed.
    """
    n = len(constitution.principles)
    return _draw(policy, constitution, [(query, contrast_for(query, n, config.n_constitutions, config.seed, config.contrast)) for query in queries], config)


def draw_between(policy: Policy, constitution: Constitution, queries: Sequence[str], config: TrainConfig, stances: tuple[Stance, ...]) -> Prepared:
    """The same between the same stances for every query, with the principles in the author's order."""
    contrast = Contrast(stances=stances, order=tuple(range(len(constitution.principles))))
    return _draw(policy, constitution, [(query, contrast) for query in queries], config)


def _draw(policy: Policy, constitution: Constitution, contrasts: Sequence[tuple[str, Contrast]], config: TrainConfig) -> Prepared:
    groups = [_ask(policy.model, constitution, query, contrast) for query, contrast in contrasts]
    asked = [one for group in groups for one in group]
    seeds = [seed_for(config.seed, "train reply", one.query, *one.stance, k) for one in asked for k in range(config.candidates)]
    together = QUERIES_PER_BATCH * config.candidates * max(map(len, groups), default=1)
    responses = iter(sample_beside(policy, [one.prompt for one in asked for _ in range(config.candidates)], config.sampling, seeds, together))
    drawn = [[next(responses) for _ in range(len(group) * config.candidates)] for group in groups]
    strays = _astray(policy.model, [group[0].query for group in groups], drawn) if config.only_answers else None
    examples, dropped = [], Counter[str]()
    for i, group in enumerate(groups):
        reasons = [drop_reason(response, _texts(constitution, group[k // config.candidates].stance)) for k, response in enumerate(drawn[i])]
        if strays is not None:
            reasons = [reason or ("astray" if strayed else None) for reason, strayed in zip(reasons, strays[i], strict=True)]
        chosen = _choose(policy, group, _by_constitution(drawn[i], config), _by_constitution(reasons, config))
        if isinstance(chosen, str):
            dropped[chosen] += 1
        else:
            examples.append(_example(policy.model, group, chosen, config))
    return Prepared(examples=tuple(examples), dropped=dict(dropped))


def _astray(model: LoadedModel, queries: Sequence[str], drawn: Sequence[Sequence[Response]]) -> list[list[bool]]:
    """As `core.methods.answering.astray`, a batch at a time, however many are drawn side by side."""
    starts = range(0, len(queries), QUERIES_PER_BATCH)
    return [each for start in starts for each in astray(model, queries[start : start + QUERIES_PER_BATCH], drawn[start : start + QUERIES_PER_BATCH])]


def _example(model: LoadedModel, group: Sequence[_Asked], chosen: Sequence[Response], config: TrainConfig) -> Example:
    return Example(
        query=group[0].query,
        stances=tuple(one.stance for one in group),
        prompts=tuple(one.prompt.ids for one in group),
        responses=tuple(trained_tokens(model, response, config) for response in chosen),
    )


def trained_tokens(model: LoadedModel, response: Response, config: TrainConfig) -> tuple[int, ...]:
    """What was said, with the token that ends it or, by `end_token`, without.

    A response that ended would have its end pushed down under the other constitutions, and those that were cut have none to push back: such
    training teaches not to end.
    """
    ended = response.token_ids[-1] in model.end_ids
    return response.token_ids[:-1] if ended and not config.end_token else response.token_ids


def _ask(model: LoadedModel, constitution: Constitution, query: str, contrast: Contrast) -> list[_Asked]:
    return [_Asked(query=query, stance=stance, prompt=prompt_of(model, constitution, stance, query, contrast.order)) for stance in contrast.stances]


def _by_constitution(each: Sequence[T], config: TrainConfig) -> list[Sequence[T]]:
    """What there is of each candidate of a query, apart for each constitution of its contrast."""
    return [each[start : start + config.candidates] for start in range(0, len(each), config.candidates)]


def _choose(policy: Policy, group: Sequence[_Asked], candidates: Sequence[Sequence[Response]], dropped: Sequence[Sequence[str | None]]) -> list[Response] | str:
    """One response for each constitution, or the reason why the query cannot teach; `dropped`: why each candidate cannot, None where it can."""
    usable: list[list[Response]] = []
    for drawn, reasons in zip(candidates, dropped, strict=True):
        fit = [response for response, reason in zip(drawn, reasons, strict=True) if reason is None]
        if not fit:
            return next(reason for reason in reasons if reason is not None)
        usable.append([response for response in fit if response.ended] or fit)  # a reply that was cut cannot show how to end one
    chosen = [drawn[0] for drawn in usable] if all(len(drawn) == 1 for drawn in usable) else _most_attributable(policy, group, usable)
    return "equal" if len({response.text for response in chosen}) < len(chosen) else chosen


def _most_attributable(policy: Policy, group: Sequence[_Asked], usable: Sequence[Sequence[Response]]) -> list[Response]:
    """For each constitution its candidate with the highest log-odds of the constitution given the response, constitutions equally likely.

    By summed log-probabilities, which are the likelihoods themselves. Their means over tokens favour replies that are nothing but the form: short ones,
    and lists of numbers (docs/decisions.md).
    """
    flat = [response.token_ids for drawn in usable for response in drawn]
    odds_CR = _log_odds(_summed(policy, [one.prompt for one in group], flat))
    chosen, start = [], 0
    for c, drawn in enumerate(usable):
        chosen.append(drawn[int(odds_CR[c, start : start + len(drawn)].argmax())])
        start += len(drawn)
    return chosen


def _log_odds(sums_CR: Tensor) -> Tensor:
    """Of each constitution against all others, given each response. In float64: a probability next to one would have no order left. Shape (C, R)."""
    sums_CR = sums_CR.double()
    others = [torch.cat([sums_CR[:c], sums_CR[c + 1 :]]).logsumexp(dim=0) for c in range(len(sums_CR))]
    return sums_CR - torch.stack(others)


def _summed(policy: Policy, prompts: Sequence[Prompt], responses: Sequence[Sequence[int]]) -> Tensor:
    """Summed token log-probabilities, a few prompts and responses at a time: the logits of all pairs at once would fill the memory. Shape (C, R)."""
    parts = [responses[r : r + RESPONSES_SCORED] for r in range(0, len(responses), RESPONSES_SCORED)]
    with torch.no_grad():
        return torch.cat(
            [
                torch.cat([policy.score(prompts[c : c + PROMPTS_SCORED], part).sums_CR() for part in parts], dim=1)
                for c in range(0, len(prompts), PROMPTS_SCORED)
            ]
        )


def _texts(constitution: Constitution, stance: Stance) -> list[str]:
    return [p.statement if side else p.antithesis for p, side in zip(constitution.principles, stance, strict=True)]


def drop_reason(response: Response, principles: Sequence[str]) -> str | None:
    """Why a response cannot teach, or None when it can."""
    if not answer(response.text):
        return "empty"
    if loops(response.text):
        return "loop"
    if refuses(response.text):
        return "refusal"
    return "quote" if any(quotes(response.text, principle) for principle in principles) else None


def require_examples(kept: int, dropped: dict[str, int]) -> None:
    """Raise ContrastError when too few queries are left to train on."""
    if kept >= 2:
        return
    reasons = "; ".join(f"{count}: {DROP_REASONS[reason]}" for reason, count in dropped.items())
    asked = kept + sum(dropped.values())
    raise ContrastError(
        f"Of {asked} {'query' if asked == 1 else 'queries'} only {kept} gave responses to train on ({reasons or 'none was dropped'}). "
        "Make statement and antithesis differ more, raise the temperature, or add queries."
    )
