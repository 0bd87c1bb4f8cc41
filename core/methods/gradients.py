"""How a loss of `logprobs_CR` becomes a gradient: in one pass over a query, or one constitution at a time where there are many.

For every recipe whose loss depends on the weights only through the scores of an example's n responses under its n constitutions, and
perhaps through the distance from the base.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from core.engine.batching import AT_ONCE, REPLAYED_TOKENS
from core.engine.models import LoadedModel
from core.engine.policies import base_of, in_lanes
from core.engine.policy import Policy, plain_prompt
from core.engine.scoring import Scores
from core.measure.information import attribution, kl_nats, mi_bound
from core.methods.examples import Example

Matrix = Callable[[Scores], Tensor]  # `logprobs_CR` out of token log-probabilities: their sums, or their means
Loss = Callable[[Tensor], Tensor]  # of `logprobs_CR`: a scalar in nats


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What is minimised over one query."""

    matrix: Matrix
    loss: Loss
    kl_weight: float | None  # of KL(base || adapted) in what is minimised; 0 = it is only measured, None = not even that


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One query as the policy scored it before its update. No gradients flow from here."""

    logprobs_CR: Tensor
    kl_base_policy_nats: float | None  # KL(base || adapted), nats a token; None: not asked for


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A query of a step, and what is minimised over it."""

    example: Example
    objective: Objective
    base: Scores | None = None  # as for `gradient_of`

    @property
    def alone(self) -> bool:
        """Whether the base is asked on the way, or the query in parts: the network wears one thing after another then."""
        return len(self.example.prompts) > AT_ONCE or (self.objective.kl_weight is not None and self.base is None)


def gradients_of(policy: Policy, wanted: Sequence[Wanted], share: float) -> list[Scored]:
    """As `gradient_of` of each query, to the bit; several side by side where there are lanes, whose gradients are added in the order of the queries."""
    lanes, scored = policy.model.lanes, list[Scored]()
    parameters = [p for p in policy.model.network.parameters() if p.requires_grad]
    for start in range(0, len(wanted), lanes):
        some = wanted[start : start + lanes]
        if lanes == 1 or any(each.alone for each in some):
            scored += [gradient_of(policy, each.example, each.objective, share, each.base) for each in some]
            continue
        for found, gradients in in_lanes(policy, [partial(_pulled, policy, each, share, parameters) for each in some], gradients=True):
            scored.append(found)
            for p, gradient in zip(parameters, gradients, strict=True):
                p.grad = gradient if p.grad is None else p.grad.add_(gradient)
    return scored


def _pulled(policy: Policy, wanted: Wanted, share: float, parameters: Sequence[Tensor]) -> tuple[Scored, Sequence[Tensor]]:
    """What `add_gradient` returns, and the gradient that it would add."""
    minimised, scored = _minimised(policy, wanted.example, wanted.objective, wanted.base)
    return scored, torch.autograd.grad(share * minimised, parameters)


def gradient_of(policy: Policy, example: Example, objective: Objective, share: float, base: Scores | None = None) -> Scored:
    """Add `share` of the gradient of one query's objective to what the parameters hold.

    Args:
        policy: That is trained.
        example: The query, with its constitutions and responses.
        objective: What to minimise.
        share: Of the gradient; 1 / batch for a mean over a batch.
        base: `base_scores` with the distributions of all responses, for whoever has them already; else each response is read
            under its own constitution alone, where a KL asks for it.
    """
    if len(example.prompts) <= AT_ONCE:
        return add_gradient(policy, example, objective, share, base)
    return replay_gradient(policy, example, objective, share)


def add_gradient(policy: Policy, example: Example, objective: Objective, share: float, base: Scores | None = None) -> Scored:
    """As `gradient_of`, by one forward and one backward."""
    minimised, scored = _minimised(policy, example, objective, base)
    (share * minimised).backward()
    return scored


def _minimised(policy: Policy, example: Example, objective: Objective, base: Scores | None) -> tuple[Tensor, Scored]:
    own = range(len(example.responses)) if objective.kl_weight is not None else ()
    scores = policy.score(list(map(plain_prompt, example.prompts)), example.responses, own)
    logprobs_CR = objective.matrix(scores)
    minimised, kl_base_policy_nats = objective.loss(logprobs_CR), None
    if objective.kl_weight is not None:
        of_base = base.own if base is not None else [_base_distribution(policy.model, *pair) for pair in zip(example.prompts, example.responses, strict=True)]
        with torch.set_grad_enabled(objective.kl_weight > 0):
            kl = torch.stack([kl_nats(base_TV, own_TV) for base_TV, own_TV in zip(of_base, scores.own, strict=True)]).mean()
        minimised, kl_base_policy_nats = minimised + objective.kl_weight * kl, kl.item()
    return minimised, Scored(logprobs_CR=logprobs_CR.detach(), kl_base_policy_nats=kl_base_policy_nats)


def replay_gradient(policy: Policy, example: Example, objective: Objective, share: float) -> Scored:
    """The same gradient in the memory of a few sequences, however many constitutions there are, for one more forward.

    The loss depends on the weights only through `logprobs_CR`. A first pass without gradient gives the scores and with them
    d loss / d logprobs_CR; then each constitution is replayed alone, with a few responses at a time, and its scores are pulled back.
    """
    logprobs_CR = matrix_in_parts(policy, example, objective.matrix).requires_grad_()
    objective.loss(logprobs_CR).backward()
    assert logprobs_CR.grad is not None
    kls = []
    for c, prompt in enumerate(example.prompts):
        for part in _parts(example):
            own = [0] * len(part) if objective.kl_weight is not None and c in part else []
            scored = policy.score([plain_prompt(prompt)], [example.responses[r] for r in part], own)
            pulled = (objective.matrix(scored)[0] * logprobs_CR.grad[c, part]).sum()
            if own and objective.kl_weight is not None:
                with torch.set_grad_enabled(objective.kl_weight > 0):
                    kl = kl_nats(_base_distribution(policy.model, prompt, example.responses[c]), scored.own[part.index(c)])
                kls.append(kl.item())
                pulled = pulled + objective.kl_weight * kl / len(example.prompts)
            (share * pulled).backward()
    return Scored(logprobs_CR=logprobs_CR.detach(), kl_base_policy_nats=math.fsum(kls) / len(kls) if kls else None)


def matrix_in_parts(policy: Policy, example: Example, matrix: Matrix) -> Tensor:
    """`logprobs_CR` without gradients, a few sequences at a time."""
    with torch.no_grad():
        pieces = [
            [matrix(policy.score([plain_prompt(prompt)], [example.responses[r] for r in part]))[0] for part in _parts(example)] for prompt in example.prompts
        ]
        return torch.stack([torch.cat(row) for row in pieces])


def base_scores(model: LoadedModel, examples: Sequence[Example], own: Sequence[Sequence[int]]) -> list[Scores]:
    """The base's scores of examples, without gradients; `own` of each as for `Policy.score`."""
    base = base_of(model)
    return in_lanes(base, [partial(base.score, list(map(plain_prompt, each.prompts)), each.responses, of) for each, of in zip(examples, own, strict=True)])


def _parts(example: Example) -> list[list[int]]:
    """Responses to replay together: about as many tokens as the prompt has, so that the prompt is not computed again for each."""
    room = max(max(map(len, example.prompts)), REPLAYED_TOKENS)
    parts: list[list[int]] = [[]]
    for r, response in enumerate(example.responses):
        if parts[-1] and sum(len(example.responses[k]) for k in parts[-1]) + len(response) > room:
            parts.append([])
        parts[-1].append(r)
    return parts


def _base_distribution(model: LoadedModel, prompt: Sequence[int], response: Sequence[int]) -> Tensor:
    with torch.no_grad():
        return base_of(model).score([plain_prompt(prompt)], [response], [0]).own[0]


def query_metrics(scored: Scored, loss_nats: float, **more: Sequence[float]) -> dict[str, list[float]]:
    """The values of one query that a step's metrics are means of."""
    values = {"loss_nats": [loss_nats], "attribution": list(map(float, attribution(scored.logprobs_CR))), "mi_bound_nats": [mi_bound(scored.logprobs_CR)]}
    named = {name: list(found) for name, found in more.items()}
    return {**values, **named, "kl_base_policy_nats": [scored.kl_base_policy_nats] if scored.kl_base_policy_nats is not None else []}


def step_metrics(queries: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, float]:
    """The mean of each value over the queries of a step that have it."""
    found: dict[str, list[float]] = {}
    for query in queries:
        for name, values in query.items():
            found.setdefault(name, []).extend(values)
    return {name: math.fsum(values) / len(values) for name, values in found.items() if values}
