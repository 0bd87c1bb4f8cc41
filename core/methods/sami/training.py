"""SAMI's training step and loop (Fränken et al. 2024, arXiv 2404.14313, Algorithm 1), on a LoRA instead of all weights.

For each query: n constitutions (a contrast), one response sampled under each, all n x n scored, and the mean of the row
and the column cross-entropies of `logprobs_CR` as the loss. Changed against the released code: the end token counts as
part of a response; several queries are averaged into one optimiser step; one forward a query scores all pairs.
One iteration of it: `core.runs.execute` repeats it. SAMI's regulariser is few steps; here training also ends early (`core.runs.endings`), among other
reasons once the policy is too far from its base (KL over response tokens), since what it learns from there on is mostly a private code.
"""

import hashlib
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from core.engine.batching import AT_ONCE, REPLAYED_TOKENS
from core.engine.checkpoints import adapter_tensors, latest_checkpoint, restore_tensors, save_checkpoint, write_json
from core.engine.models import LoadedModel
from core.engine.policies import as_it_is, base_of, plain_prompt
from core.engine.processes import ALONE, World
from core.engine.scoring import Scores
from core.methods.examples import Example
from core.methods.sami.losses import attribution, mi_bound, sami_loss
from core.methods.settings import TrainConfig
from core.progress import OnStep, ShouldStop, ShownReply, StepReport, Stopped, ignore_step, never_stop
from core.runs.endings import EARLY_END, Ending, ending_to_data, read_ending, too_far
from core.runs.probes import Probes, go_back
from core.seeds import seed_for

CHECKPOINT_EVERY_S = 20.0  # work lost to a kill, at most, besides the step under way
WARMUP_STEPS = 2
FINAL_LEARNING_RATE = 0.3  # share of the peak that the linear decay ends at

OnMetrics = Callable[[int, Mapping[str, float]], None]
Show = Callable[[], tuple[ShownReply, ...]]  # samples replies for people to read


def step_order(n_examples: int, config: TrainConfig) -> list[list[int]]:
    """Which examples each optimiser step uses: every pass visits each once, in a new order."""
    steps = []
    for number in range(config.passes):
        order = list(range(n_examples))
        random.Random(seed_for(config.seed, "order", number)).shuffle(order)
        steps += [order[i : i + config.queries_per_step] for i in range(0, n_examples, config.queries_per_step)]
    return steps


def learning_rate(step: int, total: int, config: TrainConfig) -> float:
    """Linear warm-up over two steps, then linear decay to three tenths."""
    warm = min(1.0, (step + 1) / WARMUP_STEPS)
    return config.learning_rate * warm * (1 - (1 - FINAL_LEARNING_RATE) * step / max(1, total))


def train(
    model: LoadedModel,
    examples: Sequence[Example],
    config: TrainConfig,
    folder: Path,
    *,
    on_step: OnStep = ignore_step,
    on_metrics: OnMetrics = lambda _step, _metrics: None,
    should_stop: ShouldStop = never_stop,
    show: Show | None = None,
    probes: Probes | None = None,
    world: World = ALONE,
) -> None:
    """Train the attached adapter in place, resuming from the newest checkpoint in `folder` when there is one.

    A resumed run ends with the same adapter, bit for bit on a CPU, as an uninterrupted one.

    Args:
        model: Base with a fresh adapter.
        examples: What `prepare` kept.
        config: Steps, rates, seed.
        folder: Where checkpoints go.
        on_step: Told the loss, attribution and bound of each step, on the queries of that step before its update.
        on_metrics: Given the number and the metrics of each step before its checkpoint is committed, so that a kill loses none.
        should_stop: Asked after each step.
        show: Called before the first step, every `config.sample_every` steps, and after the last.
        probes: Asks the policy on other queries now and then; may end training and take the adapter back to its best step.
        world: The processes that share the queries of each step. All but the first are silent and write nothing.

    Raises:
        Stopped: `should_stop` said yes; a checkpoint of the last step has been committed.
    """
    parameters = {name: p for name, p in model.network.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(parameters.values(), lr=config.learning_rate, weight_decay=0.0)
    steps = step_order(len(examples), config)
    start, ending = 0, read_ending(folder, config)
    if (checkpoint := latest_checkpoint(folder)) is not None:
        restore_tensors(checkpoint.tensors(), parameters, optimizer)
        start = checkpoint.step
    elif show is not None:
        on_step(StepReport(phase="training", done=0, total=len(steps), replies=show()))
    if probes is not None:
        probes.go_on_from(start)
    saved_at = time.monotonic()
    require_same_adapter(world, start, parameters)
    for step in range(start, len(steps)):
        if ending is not None and step >= ending.step:
            break
        metrics = train_step(model, [examples[i] for i in steps[step]], config, world)
        world.add_gradients(list(parameters.values()))
        metrics["grad_norm"] = float(torch.nn.utils.clip_grad_norm_(parameters.values(), config.max_grad_norm))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, len(steps), config)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        done = step + 1
        metrics |= world.share(probes.take(done, parameters) if probes is not None else {})
        if ending is None:
            ending = _ending(world, probes, done, len(steps), metrics.get("kl_nats", 0.0), config)
            if ending is not None and world.first:  # before the checkpoint: a run killed in between ends at the same step
                write_json(folder / EARLY_END, ending_to_data(ending))
        last = ending.step if ending is not None else len(steps)
        on_metrics(done, metrics)
        stopping = should_stop()
        committed = None
        if world.share(stopping or done == last or time.monotonic() - saved_at > CHECKPOINT_EVERY_S):
            require_same_adapter(world, done, parameters)
            if world.first:
                committed = save_checkpoint(folder, done, adapter_tensors(parameters, optimizer)).folder.name
            saved_at = time.monotonic()
            if probes is not None:
                probes.forget()
        shown = show() if show is not None and not stopping and (done % config.sample_every == 0 or done == last) else ()
        on_step(StepReport(phase="training", done=done, total=last, metrics=metrics, replies=shown, checkpoint=committed))
        if stopping and done < last:
            raise Stopped
    if ending is not None and ending.back_to is not None:
        go_back(folder, ending.back_to, parameters)


def _ending(world: World, probes: Probes | None, step: int, planned: int, kl_nats: float, config: TrainConfig) -> Ending | None:
    """Whether training ends early after this step: the first process asks its probes and tells the others."""
    probed = probes.ending(step, planned) if probes is not None else None
    found = probed or too_far(step, planned, kl_nats, config)
    told = world.share(ending_to_data(found) if found is not None else None)
    return Ending(**told) if told is not None else None


def require_same_adapter(world: World, step: int, parameters: Mapping[str, torch.nn.Parameter]) -> None:
    """Raise RuntimeError unless all processes hold the same adapter after so many steps, bit for bit."""
    if world.size > 1:
        sha256 = hashlib.sha256()
        for p in parameters.values():
            sha256.update(p.detach().cpu().numpy().tobytes())
        world.require_same(f"adapters after step {step}", f"{step} {sha256.hexdigest()}")


def train_step(model: LoadedModel, batch: Sequence[Example], config: TrainConfig, world: World = ALONE) -> dict[str, float]:
    """Accumulate the gradient of the mean loss over a batch of queries, of which this process takes its part.

    Returns:
        Means over the batch: loss_nats (SAMI's), attribution (share of responses), mi_bound_nats (column term only; of
        the stored responses, so a curve to watch and not yet a claim). And kl_nats (a token), when something depends on it:
        over the batch with a KL weight, else of its first query, which is near enough and spares the base's other forwards.
    """
    own: list[tuple[float, float, list[bool], list[float]]] = []
    for i, example in world.part(list(enumerate(batch))):
        with_kl = config.kl_weight > 0 or (config.max_kl_nats > 0 and i == 0)
        add = add_gradient if len(example.prompts) <= AT_ONCE else replay_gradient
        scores_CR, kl = add(model, example, config, 1 / len(batch), with_kl=with_kl)
        own.append((float(sami_loss(scores_CR)), mi_bound(scores_CR), attribution(scores_CR), [kl] if with_kl else []))
    losses, bounds, attributed, distances = zip(*world.together(world.gather(own)), strict=True)
    hits, kls = [hit for row in attributed for hit in row], [kl for row in distances for kl in row]
    metrics = {"loss_nats": math.fsum(losses) / len(losses), "attribution": sum(hits) / len(hits), "mi_bound_nats": math.fsum(bounds) / len(bounds)}
    if kls:
        metrics["kl_nats"] = math.fsum(kls) / len(kls)
    return metrics


def add_gradient(model: LoadedModel, example: Example, config: TrainConfig, share: float, *, with_kl: bool) -> tuple[Tensor, float]:
    """Add `share` of the gradient of one query's loss, by one forward and one backward.

    Returns:
        `logprobs_CR` and the KL (0 unless asked for), detached.
    """
    scores_CR, kl = score(model, example, config, with_kl=with_kl)
    (share * (sami_loss(scores_CR) + config.kl_weight * kl)).backward()
    return scores_CR.detach(), kl.item()


def replay_gradient(model: LoadedModel, example: Example, config: TrainConfig, share: float, *, with_kl: bool) -> tuple[Tensor, float]:
    """The same gradient in the memory of a few sequences, however many constitutions there are, for one more forward.

    The loss depends on the weights only through `logprobs_CR`. A first pass without gradient gives the scores and with them
    d loss / d logprobs_CR; then each constitution is replayed alone, with a few responses at a time, and its scores are pulled back.
    """
    parts, policy = _parts(example), as_it_is(model, "sami")
    with torch.no_grad():
        pieces = [
            [_matrix(policy.score([plain_prompt(prompt)], [example.responses[r] for r in part]), config)[0] for part in parts] for prompt in example.prompts
        ]
    scores_CR = torch.stack([torch.cat(row) for row in pieces]).requires_grad_()
    sami_loss(scores_CR).backward()
    assert scores_CR.grad is not None
    kls = []
    for c, prompt in enumerate(example.prompts):
        for part in parts:
            responses = [example.responses[r] for r in part]
            own = [0] * len(part) if with_kl and c in part else []
            scored = policy.score([plain_prompt(prompt)], responses, own)
            pulled = (_matrix(scored, config)[0] * scores_CR.grad[c, part]).sum()
            if own:
                kl = _kl(_base_distribution(model, prompt, example.responses[c]), scored.own[part.index(c)])
                kls.append(kl.item())
                pulled = pulled + config.kl_weight * kl / len(example.prompts)
            (share * pulled).backward()
    return scores_CR.detach(), math.fsum(kls) / len(kls) if kls else 0.0


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


def _kl(base_TV: Tensor, adapted_TV: Tensor) -> Tensor:
    """KL(base || adapted), mean over tokens, from log-probabilities."""
    return (base_TV.exp() * (base_TV - adapted_TV)).sum(dim=-1).mean()


def _matrix(scores: Scores, config: TrainConfig) -> Tensor:
    """`logprobs_CR` as the config wants it: summed, or the mean over tokens, which keeps long responses from deciding all."""
    return scores.sums_CR() if config.summed_scores else scores.means_CR()


def score(model: LoadedModel, example: Example, config: TrainConfig, *, with_kl: bool) -> tuple[Tensor, Tensor]:
    """`logprobs_CR` of an example, and KL(base || adapted) in nats a token (0 unless asked for).

    The KL is over the tokens of each response under its own constitution. Prompt and padding are outside it, unlike in
    SAMI's released code.
    """
    own = range(len(example.responses)) if with_kl else ()
    prompts = [plain_prompt(prompt) for prompt in example.prompts]
    scores = as_it_is(model, "sami").score(prompts, example.responses, own)
    scores_CR = _matrix(scores, config)
    if not with_kl:
        return scores_CR, scores_CR.new_zeros(())
    with torch.no_grad():
        base = base_of(model).score(prompts, example.responses, own)
    return scores_CR, torch.stack([_kl(base_TV, own_TV) for base_TV, own_TV in zip(base.own, scores.own, strict=True)]).mean()
