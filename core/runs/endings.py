"""When an iteration's training ends before its planned steps, and the adapter of which step it leaves. Pure arithmetic and words.

Three ends besides the planned one: the policy is too far from its base, the bound on probe queries has stopped rising, or the replies
to them repeat themselves. After the last two the adapter goes back to the step with the highest bound, as one restores the best weights.
With `step_by` "replies" it goes back after every end, the planned one too, to the step after which most probe replies followed and still
answered: then the checks have chosen the step, on queries of the train split, and no held-out reply.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from core.methods.settings import TrainConfig

Reason = Literal["distance", "patience", "repetition", "replies", "replies_patience"]
EARLY_END = "early_end.json"  # in an iteration's folder


@dataclass(frozen=True, kw_only=True)
class Probed:
    """What a policy's replies to the probe queries showed. None: could not be measured, as when all replies are empty."""

    step: int  # optimiser steps of the iteration so far; 0 = the base
    bound_nats: float | None  # MI bound between statement and antithesis, cap log 2, replies and scores of this policy
    repetition: float | None  # mean share of repeated four-word runs, replies under the statement
    loops: float | None  # share of those replies that are degenerate loops
    compliance: float | None = None  # share of those replies, over the principles that have a judge, that follow the statement
    relevance_nats: float | None = None  # which probe query each of them answers, read by the base; cap: logarithm of their number, at most 8
    useful: float | None = None  # share as for compliance of what also answers: its own probe query is the likeliest
    surprise_nats: float | None = None  # of those replies: mean negative token log-probability by the base, under their own prompts


@dataclass(frozen=True, kw_only=True)
class Ending:
    """An early end of one iteration's training. Steps are those of the iteration."""

    step: int  # the last one made
    planned: int
    reason: Reason
    found: float  # nats a token, probes in a row, repetition or share of replies, as the reason has it
    limit: float  # what it was held against, in the same unit; for repetition the base's plus the rise that is allowed, for replies the last share
    back_to: int | None  # whose adapter is left; None: the last one's


def best_step(history: Sequence[Probed], config: TrainConfig) -> int | None:
    """The step with the highest bound, or with most useful replies where those choose; None when none was measured.

    Of steps with as many useful replies the one whose replies surprise the base least: relevance does not see nonsense on the topic. Else the first.
    """
    if not _by_replies(history, config):
        return -max(known)[1] if (known := [(probed.bound_nats, -probed.step) for probed in history if probed.bound_nats is not None]) else None
    useful = [(probed.useful, -(probed.surprise_nats or 0.0), -probed.step) for probed in history if probed.useful is not None]
    return -max(useful)[-1]


def _by_replies(history: Sequence[Probed], config: TrainConfig) -> bool:
    """Whether replies choose the step: where they are to, and at least one principle has a check."""
    return config.step_by == "replies" and any(probed.useful is not None for probed in history)


def should_end(history: Sequence[Probed], base: Probed, planned: int, config: TrainConfig) -> Ending | None:
    """Whether training ends with the last of these probes.

    Args:
        history: The probes of the iteration so far, in their order; at least one.
        base: The base's own replies to the same queries, with the same seeds.
        planned: Optimiser steps of the iteration.
        config: `patience` and `max_repetition_rise`; 0 = never. And `step_by`.
    """
    last, back_to = history[-1], best_step(history[:-1], config)
    if config.max_repetition_rise and last.repetition is not None and base.repetition is not None:
        limit = base.repetition + config.max_repetition_rise
        if last.repetition > limit:
            return Ending(step=last.step, planned=planned, reason="repetition", found=last.repetition, limit=limit, back_to=back_to)
    best = best_step(history, config)
    stale = len(history) if best is None else sum(probed.step > best for probed in history)
    nothing_chooses = config.step_by == "replies" and best is None  # no reply so far could be judged, which is no lack of progress
    if config.patience and stale >= config.patience and not nothing_chooses:
        reason: Reason = "replies_patience" if _by_replies(history, config) else "patience"
        return Ending(step=last.step, planned=planned, reason=reason, found=stale, limit=config.patience, back_to=back_to)
    return None


def best_in_the_end(ending: Ending | None, history: Sequence[Probed], step: int, planned: int, config: TrainConfig) -> Ending | None:
    """An end as it is where probe replies choose the step: the adapter goes back to the best one, whatever ended training.

    Args:
        ending: Another reason to end after this step, if there is one.
        history: The probes of the iteration so far.
        step: The last one made.
        planned: Optimiser steps of the iteration.
        config: `step_by`.
    """
    best = best_step(history, config)
    if config.step_by != "replies" or best is None or best == step or (ending is None and step < planned):
        return ending
    if ending is not None:
        return replace(ending, back_to=best)
    shares = {probed.step: probed.useful or 0.0 for probed in history}
    return Ending(step=step, planned=planned, reason="replies", found=shares[best], limit=shares[max(shares)], back_to=best)


def too_far(step: int, planned: int, kl_base_policy_nats: float, config: TrainConfig) -> Ending | None:
    """Whether training ends because the policy is too far from its base. The adapter stays as it is: few steps too many do not spoil it."""
    if not config.max_kl_nats or not kl_base_policy_nats > config.max_kl_nats:
        return None
    return Ending(step=step, planned=planned, reason="distance", found=kl_base_policy_nats, limit=config.max_kl_nats, back_to=None)


def ending_words(ending: Ending, iteration: int, iterations: int) -> str:
    """An early end as a sentence."""
    its = "its " if iterations > 1 else ""
    who = f"Iteration {iteration}" if iterations > 1 else "Training"
    return f"{who} ended after {its}step {ending.step} of {ending.planned}: {_why(ending)}{_back(ending, its)}."


def _why(ending: Ending) -> str:
    if ending.reason == "distance":
        return f"it was {ending.found:.3f} nats a token away from its base, and the limit is {ending.limit:g}"
    if ending.reason in ("patience", "replies_patience"):
        what = "the probe bound" if ending.reason == "patience" else "the share of probe replies that follow and answer"
        return f"{what} has not risen for {ending.found:.0f} probe{'' if ending.found == 1 else 's'}"
    if ending.reason == "replies":
        return f"most of the replies to the probe queries that followed and still answered, {ending.found:.0%}, came earlier"
    return f"{ending.found:.0%} of the four-word runs in replies to the probe queries repeat earlier ones, and the limit here is {ending.limit:.0%}"


def _back(ending: Ending, its: str) -> str:
    if ending.reason == "distance" and ending.back_to is None:
        return ""
    return f"; went back to {its}step {ending.back_to}" if ending.back_to is not None else "; there was no better step to go back to"


def ending_to_data(ending: Ending) -> dict[str, Any]:
    """Plain JSON data."""
    return asdict(ending)


def read_ending(folder: Path) -> Ending | None:
    """The early end that an iteration's folder tells of, if any."""
    path = folder / EARLY_END
    return Ending(**json.loads(path.read_text())) if path.exists() else None


def endings_data(run_folder: Path, config: TrainConfig) -> list[dict[str, Any]]:
    """The early ends of a run's iterations as its record and its row keep them, each with its sentence."""
    endings = []
    for number in range(1, config.iterations + 1):
        ending = read_ending(run_folder / f"iteration-{number}")
        if ending is not None:
            endings.append({"iteration": number, **ending_to_data(ending), "says": ending_words(ending, number, config.iterations)})
    return endings


def measured(value: float) -> float | None:
    """A number that can be compared and stored; None for what is none."""
    return value if math.isfinite(value) else None
