"""SAMI's training step and loop (Fränken et al. 2024, arXiv 2404.14313, Algorithm 1), on a LoRA instead of all weights.

For each query: n constitutions (a contrast), one response sampled under each, all n x n scored, and the mean of the row
and the column cross-entropies of `logprobs_CR` as the loss. Changed against the released code: the end token counts as
part of a response; several queries are averaged into one optimiser step; one forward a query scores all pairs.
One iteration: responses come from the base. SAMI's regulariser is few steps; here training also ends once the policy is too far
from its base (KL over response tokens), since what it learns from there on is mostly a private code.
"""

import json
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from core.checkpoints import adapter_tensors, latest_checkpoint, restore_tensors, save_checkpoint, write_json
from core.config import TrainConfig
from core.contrasts import seed_for
from core.losses import attribution, mi_bound, sami_loss
from core.models import LoadedModel, adapter_off
from core.progress import OnStep, ShouldStop, ShownReply, StepReport, Stopped, ignore_step, never_stop
from core.scoring import pack, packed_logits

CHECKPOINT_EVERY_S = 20.0  # work lost to a kill, at most, besides the step under way
WARMUP_STEPS = 2
EARLY_END = "early_end.json"  # in a run's folder: the step after which training ended early
FINAL_LEARNING_RATE = 0.3  # share of the peak that the linear decay ends at

Show = Callable[[], tuple[ShownReply, ...]]  # samples replies for people to read


@dataclass(frozen=True, kw_only=True)
class Example:
    """One query's contrast, ready to train on: n prompts, and the n responses sampled under them."""

    query: str
    prompts: tuple[tuple[int, ...], ...]
    responses: tuple[tuple[int, ...], ...]


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
    should_stop: ShouldStop = never_stop,
    show: Show | None = None,
) -> None:
    """Train the attached adapter in place, resuming from the newest checkpoint in `folder` when there is one.

    A resumed run ends with the same adapter, bit for bit on a CPU, as an uninterrupted one.

    Args:
        model: Base with a fresh adapter.
        examples: What `prepare` kept.
        config: Steps, rates, seed.
        folder: Where checkpoints go.
        on_step: Told the loss, attribution and bound of each step, on the queries of that step before its update.
        should_stop: Asked after each step.
        show: Called before the first step, every `config.sample_every` steps, and after the last.

    Raises:
        Stopped: `should_stop` said yes; a checkpoint of the last step has been committed.
    """
    parameters = {name: p for name, p in model.network.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(parameters.values(), lr=config.learning_rate, weight_decay=0.0)
    steps = step_order(len(examples), config)
    start, last = 0, _last_step(folder, len(steps))
    if (checkpoint := latest_checkpoint(folder)) is not None:
        restore_tensors(checkpoint.tensors(), parameters, optimizer)
        start = checkpoint.step
    elif show is not None:
        on_step(StepReport(phase="training", done=0, total=len(steps), replies=show()))
    saved_at = time.monotonic()
    for step in range(start, len(steps)):
        if step >= last:
            return
        metrics = train_step(model, [examples[i] for i in steps[step]], config)
        metrics["grad_norm"] = float(torch.nn.utils.clip_grad_norm_(parameters.values(), config.max_grad_norm))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, len(steps), config)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        done = step + 1
        if config.max_kl_nats and metrics["kl_nats"] > config.max_kl_nats:
            last = min(last, done)
            write_json(folder / EARLY_END, {"step": last})  # before the checkpoint: a run killed in between ends at the same step
        stopping = should_stop()
        committed = None
        if stopping or done == last or time.monotonic() - saved_at > CHECKPOINT_EVERY_S:
            committed = save_checkpoint(folder, done, adapter_tensors(parameters, optimizer)).step
            saved_at = time.monotonic()
        shown = show() if show is not None and not stopping and (done % config.sample_every == 0 or done == last) else ()
        on_step(StepReport(phase="training", done=done, total=last, metrics=metrics, replies=shown, checkpoint_step=committed))
        if stopping and done < last:
            raise Stopped


def _last_step(folder: Path, planned: int) -> int:
    """After which step training ends: as planned, or where an earlier attempt found the policy too far from its base."""
    path = folder / EARLY_END
    return min(planned, int(json.loads(path.read_text())["step"])) if path.exists() else planned


def train_step(model: LoadedModel, batch: Sequence[Example], config: TrainConfig) -> dict[str, float]:
    """Accumulate the gradient of the mean loss over a batch of queries.

    Returns:
        Means over the batch: loss_nats (SAMI's), attribution (share of responses), mi_bound_nats (column term only; of
        the stored responses, so a curve to watch and not yet a claim). And kl_nats (a token), when something depends on it:
        over the batch with a KL weight, else of its first query, which is near enough and spares the base's other forwards.
    """
    losses, bounds, hits, kls = [], [], [], []
    for i, example in enumerate(batch):
        with_kl = config.kl_weight > 0 or (config.max_kl_nats > 0 and i == 0)
        scores_CR, kl = score(model, example, with_kl=with_kl)
        loss = sami_loss(scores_CR)
        ((loss + config.kl_weight * kl) / len(batch)).backward()
        losses.append(loss.item())
        bounds.append(mi_bound(scores_CR))
        hits += attribution(scores_CR)
        kls += [kl.item()] if with_kl else []
    metrics = {"loss_nats": math.fsum(losses) / len(losses), "attribution": sum(hits) / len(hits), "mi_bound_nats": math.fsum(bounds) / len(bounds)}
    if kls:
        metrics["kl_nats"] = math.fsum(kls) / len(kls)
    return metrics


def score(model: LoadedModel, example: Example, *, with_kl: bool) -> tuple[Tensor, Tensor]:
    """`logprobs_CR` of an example, and KL(base || adapted) in nats a token (0 unless asked for).

    The KL is over the tokens of each response under its own constitution. Prompt and padding are outside it, unlike in
    SAMI's released code.
    """
    packed = pack(example.prompts, example.responses, model.device)
    logprobs_CKV = packed_logits(model, packed).log_softmax(dim=-1)
    rows = [
        torch.stack([row_KV[predictor, target].mean() for predictor, target in zip(packed.predictors, packed.targets, strict=True)]) for row_KV in logprobs_CKV
    ]
    kl = logprobs_CKV.new_zeros(())
    if with_kl:
        with torch.no_grad(), adapter_off(model):
            base_CKV = packed_logits(model, packed).log_softmax(dim=-1)
        own = [(base_CKV[r, at], logprobs_CKV[r, at]) for r, at in enumerate(packed.predictors)]
        kl = torch.stack([(base.exp() * (base - adapted)).sum(dim=-1).mean() for base, adapted in own]).mean()
    return torch.stack(rows), kl
