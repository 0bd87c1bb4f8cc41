"""Probes: now and then during training the policy answers a few queries that are neither trained on nor in the result's held-out split.

Queries, prompts and seeds are the same at every probe, so that what differs is the policy. The history and the best adapter so far are
on disk before the checkpoint that follows them; a step that is done again after a kill writes the same again.
"""

import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch.nn import Parameter

from core.constitution.principles import SIDES, Constitution
from core.constitution.text import loops, repetition
from core.engine.checkpoints import checkpoint_steps, find_checkpoint, remember, save_checkpoint, write_json
from core.engine.models import LoadedModel
from core.engine.policies import as_it_is, base_of
from core.engine.policy import Policy, Prompt
from core.engine.sampling import Response, sample
from core.errors import AdapterError
from core.measure.ask import side_prompt
from core.measure.information import mi_bound
from core.measure.judges import follows_each
from core.measure.relevance import read_replies
from core.measure.sense import own_is_likeliest, relevance_of
from core.methods.settings import TrainConfig
from core.runs.endings import Ending, Probed, best_in_the_end, best_step, measured, should_end
from core.runs.iterations import FEWEST_PROBE_QUERIES
from core.seeds import seed_for

HISTORY = "probes.json"  # in an iteration's folder
BEST = "best"  # in an iteration's folder: adapters of the steps that were the best so far when they were probed


def probe(policy: Policy, constitution: Constitution, queries: Sequence[str], config: TrainConfig, step: int) -> Probed:
    """Ask the policy every probe query under the statement and under the antithesis, and score its replies by itself.

    Where replies choose the step (`step_by`) only under the statement: the bound is not needed, and half of the time is.

    Args:
        policy: Who is asked.
        constitution: Its principles.
        queries: At least one.
        config: Sampling, seed and `step_by`.
        step: Optimiser steps so far.
    """
    sides = SIDES[:1] if config.step_by == "replies" else SIDES
    prompts = [side_prompt(policy.model, constitution, side, query) for query in queries for side in sides]
    responses = sample(policy, prompts, config.sampling, [seed_for(config.seed, "probe reply", query, side) for query in queries for side in sides])
    own = list(zip(prompts, responses, strict=True))[:: len(sides)]
    replies = [response.text for _, response in own]
    reads = read_replies(policy.model, queries, replies)
    relevances = [relevance_of(read.logprobs) for read in reads]
    outcomes = follows_each(constitution, queries, replies)
    texts = [text for text in replies if text]
    return Probed(
        step=step,
        bound_nats=_mean(_bounds(policy, prompts, responses)) if sides == SIDES else None,
        repetition=_mean(list(map(repetition, texts))),
        loops=_mean(list(map(loops, texts))),
        compliance=_mean([follows for _, follows in outcomes]),
        relevance_nats=_mean([nats for nats in relevances if nats is not None]),
        useful=_mean([follows and own_is_likeliest(reads[i].logprobs) is True for i, follows in outcomes]),
        surprise_nats=_mean([_surprise(policy.model, prompt, response) for prompt, response in own if response.text]),
    )


def _bounds(policy: Policy, prompts: Sequence[Prompt], responses: Sequence[Response]) -> list[float]:
    """The bound of each query whose two replies, to the prompts of both sides in turn, both say something."""
    bounds = []
    for i in range(0, len(prompts), len(SIDES)):
        pair = responses[i : i + len(SIDES)]
        if all(response.text for response in pair):
            with torch.no_grad():
                bounds.append(mi_bound(policy.score(prompts[i : i + len(SIDES)], [response.token_ids for response in pair]).means_CR()))
    return bounds


def _surprise(model: LoadedModel, prompt: Prompt, response: Response) -> float:
    """Mean negative token log-probability of a reply by the base, under the prompt that it answers; nats a token."""
    with torch.no_grad():
        return -float(base_of(model).score([prompt], [response.token_ids]).means_CR()[0, 0])


def _mean(values: Sequence[float]) -> float | None:
    return measured(math.fsum(values) / len(values)) if values else None


@dataclass(kw_only=True)
class Probes:
    """The probes of one iteration: when they are due, what they found, whether training ends with them, and the best adapter so far."""

    folder: Path  # the iteration's
    config: TrainConfig
    base: Probed
    ask: Callable[[int], Probed]  # probes the policy as it is, after so many steps
    history: list[Probed] = field(default_factory=list)

    def go_on_from(self, step: int) -> None:
        """Take up the history as it was at a checkpoint; what was probed later will be probed again."""
        path = self.folder / HISTORY
        rows = json.loads(path.read_text()) if path.exists() else []
        self.history = [probed for probed in (Probed(**row) for row in rows) if probed.step <= step]

    def take(self, step: int, parameters: Mapping[str, Parameter]) -> dict[str, float]:
        """Probe when it is time to, and keep the adapter if it is the best so far.

        Returns:
            The metrics of this probe; none between two of them.
        """
        if not self.config.probes_after(step):
            return {}
        probed = self.ask(step)
        self.history.append(probed)
        if best_step(self.history, self.config) == step:
            save_checkpoint(self.folder / BEST, step, {name: p.detach() for name, p in parameters.items()}, kept=None)
        write_json(self.folder / HISTORY, [asdict(each) for each in self.history])
        return {f"probe_{name}": value for name, value in asdict(probed).items() if name != "step" and value is not None}

    def ending(self, step: int, planned: int, other: Ending | None) -> Ending | None:
        """Whether training ends after this step, by what its probe found or for another reason, and to which step it then goes back."""
        found = should_end(self.history, self.base, planned, self.config) if self.history and self.history[-1].step == step else None
        return best_in_the_end(found or other, self.history, step, planned, self.config)

    def forget(self) -> None:
        """Drop adapters that no checkpoint could need: those before the best one at the oldest checkpoint that is kept."""
        oldest = min(checkpoint_steps(self.folder), default=0)
        needed = best_step([probed for probed in self.history if probed.step <= oldest], self.config)
        for step in checkpoint_steps(self.folder / BEST):
            if needed is not None and step < needed:
                shutil.rmtree(self.folder / BEST / f"checkpoint-{step:06d}", ignore_errors=True)


def go_back(folder: Path, step: int, parameters: Mapping[str, Parameter]) -> None:
    """Give the adapter the weights it had after a step that was the best of its iteration.

    Raises:
        AdapterError: They are not there, or damaged.
    """
    kept = find_checkpoint(folder / BEST, step)
    if kept is None:
        raise AdapterError(f"The adapter of step {step} in {folder / BEST} is missing or damaged. Remove {folder} and resume: the iteration is trained again.")
    tensors = kept.tensors()
    with torch.no_grad():
        for name, p in parameters.items():
            p.copy_(tensors[name])


def start_probes(model: LoadedModel, constitution: Constitution, queries: Sequence[str], config: TrainConfig, folder: Path) -> Probes | None:
    """The probes of an iteration, with the base asked first; None where they are off or too few queries are left.

    Args:
        model: With its adapter.
        constitution: Its principles.
        queries: From `core.runs.iterations.probe_queries`.
        config: The run's, not the iteration's: its seed is one for all iterations, so that their probes can be compared.
        folder: The iteration's, within the run's. The base is asked once for a run, unless an iteration is left with other queries.
    """
    if not config.probe_every or len(queries) < FEWEST_PROBE_QUERIES:
        return None

    def ask_base() -> dict[str, object]:
        return asdict(probe(base_of(model), constitution, queries, config, 0))

    base = Probed(**remember(folder.parent / f"base-probe-{seed_for(*queries):016x}.json", ask_base))
    return Probes(folder=folder, config=config, base=base, ask=lambda step: probe(as_it_is(model, config.method), constitution, queries, config, step))
