"""Contrastive activation addition (Rimsky et al. 2023, "Steering Llama 2 via Contrastive Activation Addition", arXiv 2312.06681, section 3).

The vector of a layer is the mean, over train queries, of what the layer puts out for the base's reply under the statements minus what it puts
out for its reply under the antitheses. It is added, times a multiplier, wherever a reply is predicted from (`core.engine.residuals`).

Changed against the paper, whose pairs are the two answer letters of one question, read at the letter:
- The pairs are two replies that the base gave to one query, one under all statements and one under all antitheses.
- Both are read after the query alone, without any constitution, as the paper reads both letters after one prompt: the two differ in what was
  replied and in nothing else, and the vector comes in where there is no constitution either.
- They are read at all tokens of the reply (without its end token where `end_token` is off), each reply as its own mean, so that a long one counts as
  much as a short one: no single token of a free reply holds what a principle asks for.
- Layer and multiplier are chosen by replies to other train queries, not by hand; the held-out queries have no part in it.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.constitution.principles import SIDES, Constitution
from core.engine.adapter_card import public_base
from core.engine.adapters import TRAINED
from core.engine.models import LoadedModel
from core.engine.policies import base_of, open_base, open_policy
from core.engine.policy import Policy, Prompt, prompt_of
from core.engine.processes import World
from core.engine.residuals import decoder_layers, response_means
from core.engine.sampling import Response, sample
from core.engine.steering_vector import SteeringVector
from core.engine.vectors import save_vector, with_vector
from core.measure.ask import side_prompt
from core.measure.judges import follows_each
from core.measure.relevance import read_replies
from core.measure.sense import own_is_likeliest
from core.methods.arms import CONTROL, make_arm
from core.methods.examples import Example, Prepared, draw_between
from core.methods.recipe import Bench, Direct
from core.methods.settings import TrainConfig
from core.methods.steering.settings import SteeringSettings
from core.seeds import seed_for


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A layer and a multiplier, with what the replies to the validation queries showed."""

    layer: int
    multiplier: float
    norm: float  # of the vector of this layer
    useful: float | None  # share of replies, over the principles that have a check, that follow and whose own query is the likeliest; None: no check
    margin_nats: float  # by how much likelier, a token, the base finds replies under the statements than under the antitheses; those that do not answer count 0


def draw_sides(policy: Policy, constitution: Constitution, queries: Sequence[str], config: TrainConfig) -> Prepared:
    """Sample a reply under all statements and one under all antitheses."""
    n = len(constitution.principles)
    return draw_between(policy, constitution, queries, config, ((True,) * n, (False,) * n))


def make(base: LoadedModel, examples: Sequence[Example], bench: Bench, folder: Path) -> dict[str, Any]:
    """Read the vectors, try each candidate, and leave the best one."""
    settings = bench.config.recipe
    assert isinstance(settings, SteeringSettings)
    layers = settings.layers(len(decoder_layers(base)))
    read = bench.keep("activations", lambda: mean_differences(base, examples, layers, bench.world).tolist())
    vectors_LH = torch.tensor(read, dtype=torch.float64).float()
    bench.tell(1, {})
    tried: list[Candidate] = []
    for (place, layer), multiplier in itertools.product(enumerate(layers), settings.multipliers):
        vector = _vector(vectors_LH[place], layer, multiplier, bench.config.seed)

        def compute(vector: SteeringVector = vector) -> dict[str, Any]:
            return asdict(judged(base, vector, bench))

        tried.append(Candidate(**bench.keep(f"candidate-{layer}-{multiplier:g}", compute)))
        bench.tell(1 + len(tried), _metrics(tried[-1]))
    best = chosen(tried)
    made = _vector(vectors_LH[layers.index(best.layer)], best.layer, best.multiplier, bench.config.seed)
    if bench.world.first:
        save_vector(replace(made, facts=_facts(base, bench, best)), folder)
    return {**asdict(best), "says": says(best, len(bench.validation), len(decoder_layers(base))), "tried": list(map(asdict, tried))}


def mean_differences(base: LoadedModel, examples: Sequence[Example], layers: Sequence[int], world: World) -> Tensor:
    """The mean of the differences between the two replies of each example. In float64, shape (layers, H)."""
    own = [difference(base, example, layers).tolist() for example in world.part(examples)]
    return torch.tensor(world.together(world.gather(own)), dtype=torch.float64).mean(dim=0)


def difference(base: LoadedModel, example: Example, layers: Sequence[int]) -> Tensor:
    """What layers put out for the reply under the statements, minus that for the reply under the antitheses; both after the query alone."""
    query = prompt_of(base, None, (), example.query).ids
    towards, against = (example.responses[example.stances.index((side,) * len(example.stances[0]))] for side in (True, False))
    with open_base(base, make_arm(CONTROL)).worn():
        return response_means(base, query, towards, layers) - response_means(base, query, against, layers)


def judged(base: LoadedModel, vector: SteeringVector, bench: Bench) -> Candidate:
    """What a candidate does on the validation queries, whose prompts hold no constitution."""
    model, queries = with_vector(base, vector, TRAINED), list(bench.validation)
    replies = _replies(open_policy(model, make_arm("steering-alone")), queries, bench)
    texts = [reply.text for reply in replies]
    answers = [own_is_likeliest(read.logprobs) is not False and bool(text) for read, text in zip(read_replies(base, queries, texts), texts, strict=True)]
    followed = [follows and answers[i] for i, follows in follows_each(bench.constitution, queries, texts)]
    margins = [_margin(base, bench, query, reply) if answered else 0.0 for query, reply, answered in zip(queries, replies, answers, strict=True)]
    useful = math.fsum(followed) / len(followed) if followed else None
    return Candidate(layer=vector.layer, multiplier=vector.multiplier, norm=vector.norm, useful=useful, margin_nats=math.fsum(margins) / len(margins))


def _replies(policy: Policy, queries: Sequence[str], bench: Bench) -> list[Response]:
    prompts: list[Prompt] = [prompt_of(policy.model, None, (), query) for query in queries]
    return sample(policy, prompts, bench.config.sampling, [seed_for(bench.config.seed, "validation reply", query) for query in queries])


def _margin(base: LoadedModel, bench: Bench, query: str, reply: Response) -> float:
    """Of the base, between statements and antitheses."""
    with torch.no_grad():
        prompts = [side_prompt(base, bench.constitution, side, query) for side in SIDES]
        under_C = base_of(base).score(prompts, [reply.token_ids]).means_CR()[:, 0].tolist()
    return float(under_C[0] - under_C[1])


def chosen(tried: Sequence[Candidate]) -> Candidate:
    """Most replies that follow and still answer; of equals, and where no principle has a check, the widest margin; then the smallest multiplier."""
    return max(tried, key=lambda each: (each.useful or 0.0, each.margin_nats, -each.multiplier))


def says(best: Candidate, n: int, n_layers: int) -> str:
    """What was chosen, and by what, for people."""
    by = f"the base's margin between statements and antitheses, since no principle has a check: {best.margin_nats:.3f} nats a token"
    if best.useful is not None:
        by = f"the share of replies that follow, by the checks, and still answer: {best.useful:.0%}, ties by the base's margin"
    return (
        f"The vector is added after layer {best.layer + 1} of {n_layers}, {best.multiplier:g} times (norm {best.norm:.3g}). "
        f"Both were chosen on {n} train queries that it was not read on, by {by}."
    )


def _vector(vector_H: Tensor, layer: int, multiplier: float, seed: int) -> SteeringVector:
    """With its control: a random direction of the same length, drawn from the run's seed."""
    draw = torch.Generator().manual_seed(seed_for(seed, "random vector", layer))
    random_H = torch.randn(vector_H.shape, generator=draw)
    return SteeringVector(layer=layer, multiplier=multiplier, vector_H=vector_H, random_H=random_H * (vector_H.norm() / random_H.norm()))


def _facts(base: LoadedModel, bench: Bench, best: Candidate) -> dict[str, str]:
    public = public_base(base.reference)
    return {
        **bench.hashes,
        "model": public.id,
        "revision": public.revision or "",
        "seed": str(bench.config.seed),
        "read_at": "all tokens of the replies, after the query alone",
        "added_at": "the last token of the prompt and every token of the reply",
        "chosen_by": "check" if best.useful is not None else "margin of the base",
    }


def _metrics(candidate: Candidate) -> dict[str, float]:
    useful = {} if candidate.useful is None else {"validation_useful": candidate.useful}
    return {**useful, "validation_margin_nats": candidate.margin_nats}


RECIPE = Direct(sample=draw_sides, make=make)
