"""One run from plan to result: prepare, sample, train, measure. The command line and the trainer's child both call `execute`.

Everything finished is committed to the run's folder as it is done, so that a run killed at any moment goes on from there.
"""

import contextlib
import dataclasses
import importlib.metadata
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from peft import PeftConfig, PeftModel

from core.checkpoints import remember, write_json
from core.config import TrainConfig, config_to_data
from core.constitutions import Constitution, content_hash, require_valid, to_data
from core.contrasts import seed_for
from core.errors import ConfigError, OutOfMemoryError
from core.evaluation import Result, evaluate, result_to_data
from core.measuring import MeasuredReply, ask, side_prompt
from core.models import LoadedModel, ModelReference, adapter_hash, adapter_off, attach_adapter, choose_device, load_model
from core.preparation import draw_examples, require_examples
from core.progress import OnStep, ShouldStop, ShownReply, StepReport, Stopped, ignore_step, never_stop
from core.queries import Query, draw_queries, queries_hash
from core.sampling import sample
from core.training import Example, train

QUERIES_PER_BATCH = 24  # sampled, measured and committed together
SHOWN_QUERIES = 2
_PACKAGES = ("torch", "transformers", "peft", "huggingface_hub", "safetensors")


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """Everything that decides a run's outcome."""

    constitution: Constitution
    queries: tuple[Query, ...]
    model: ModelReference
    config: TrainConfig
    device: str = "auto"


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What a finished run leaves, also as `run.json`."""

    adapter: Path
    adapter_sha256: str
    result: Result
    model: ModelReference
    dropped: dict[str, int]
    duration_s: float  # of this attempt, model loading included


@dataclass(kw_only=True)
class _Work:
    """What the phases of one attempt share."""

    plan: RunPlan
    folder: Path
    on_step: OnStep
    should_stop: ShouldStop
    dropped: dict[str, int] = field(default_factory=dict)

    def tick(self, report: StepReport) -> None:
        """Report, then leave at once if asked to: what is reported has been committed."""
        self.on_step(report)
        if self.should_stop():
            raise Stopped


def execute(plan: RunPlan, folder: Path, models: Path, *, on_step: OnStep = ignore_step, should_stop: ShouldStop = never_stop) -> RunRecord:
    """Run a plan in a folder, going on from what an earlier attempt committed there.

    Args:
        plan: What to do.
        folder: The run's folder: made when missing; must belong to the same plan otherwise.
        models: Folder of converted models.
        on_step: Told every step.
        should_stop: Asked after every step.

    Returns:
        The record; `folder/adapter` and `folder/run.json` are in place.

    Raises:
        Stopped: `should_stop` said yes.
        StudioError: Anything the user can put right.
    """
    started = time.monotonic()
    require_valid(plan.constitution)
    _claim_folder(plan, folder)
    work = _Work(plan=plan, folder=folder, on_step=on_step, should_stop=should_stop)
    train_queries = draw_queries(plan.queries, "train", plan.config.train_queries, plan.config.seed)
    held_out = draw_queries(plan.queries, "held_out", plan.config.held_out_queries, plan.config.seed)
    with _memory_in_words(plan.config):
        base = load_model(plan.model, models, device=choose_device(plan.device), on_progress=_progress(work))
        examples = _sample_examples(work, base, train_queries)
        model = attach_adapter(base, rank=plan.config.lora_rank, alpha=plan.config.lora_alpha, seed=plan.config.seed)
        curve = _train(work, model, examples, held_out[:SHOWN_QUERIES])
        adapter = _save_adapter(model, folder)
        with adapter_off(model):
            base_replies = measure_policy(work, model, held_out, "base")
        aligned_replies = measure_policy(work, model, held_out, "aligned")
    record = RunRecord(
        adapter=adapter,
        adapter_sha256=adapter_hash(adapter),
        result=evaluate(plan.constitution, base_replies, aligned_replies),
        model=model.reference,
        dropped=work.dropped,
        duration_s=time.monotonic() - started,
    )
    write_json(folder / "run.json", _record_to_data(plan, record, curve, train_queries, held_out))
    return record


def _claim_folder(plan: RunPlan, folder: Path) -> None:
    """Write the plan's fingerprint, or compare it with the one that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    here = {
        "constitution": content_hash(plan.constitution),
        "queries": queries_hash(plan.queries),
        "model": plan.model.id,
        "config": config_to_data(plan.config),
    }
    there = remember(folder / "plan.json", lambda: here)
    different = [key for key in here if there.get(key) != here[key]]
    if different:
        raise ConfigError(
            f"{folder} holds another run: its {' and '.join(different)} differ from what is asked now. Choose another folder, or the same settings."
        )


def _progress(work: _Work) -> Any:
    return lambda what, share: work.on_step(StepReport(phase="preparing", done=round(100 * share), total=100, note=what))


def _sample_examples(work: _Work, base: LoadedModel, queries: Sequence[str]) -> list[Example]:
    examples: list[Example] = []
    dropped: Counter[str] = Counter()
    batches = _batches(queries)
    for number, batch in enumerate(batches):

        def compute(batch: Sequence[str] = batch) -> dict[str, Any]:
            prepared = draw_examples(base, work.plan.constitution, batch, work.plan.config)
            return {"examples": [dataclasses.asdict(example) for example in prepared.examples], "dropped": prepared.dropped}

        data = remember(work.folder / f"responses-{number:03d}.json", compute)
        examples += [_example(row) for row in data["examples"]]
        dropped.update(data["dropped"])
        work.tick(StepReport(phase="sampling", done=number + 1, total=len(batches)))
    work.dropped = dict(dropped)
    require_examples(len(examples), work.dropped)
    return examples


def _example(row: dict[str, Any]) -> Example:
    return Example(query=row["query"], prompts=tuple(map(tuple, row["prompts"])), responses=tuple(map(tuple, row["responses"])))


def _train(work: _Work, model: LoadedModel, examples: Sequence[Example], shown: Sequence[str]) -> list[dict[str, float]]:
    path = work.folder / "curve.json"
    curve: dict[int, dict[str, float]] = {row["step"]: row for row in (json.loads(path.read_text()) if path.exists() else [])}

    def on_step(report: StepReport) -> None:
        if report.metrics:
            curve[report.done] = {"step": report.done, **report.metrics}
            write_json(path, [curve[step] for step in sorted(curve)])
        work.on_step(report)

    train(
        model,
        examples,
        work.plan.config,
        work.folder,
        on_step=on_step,
        should_stop=work.should_stop,
        show=lambda: show_replies(model, work.plan, shown),
    )
    return [curve[step] for step in sorted(curve)]


def show_replies(model: LoadedModel, plan: RunPlan, queries: Sequence[str]) -> tuple[ShownReply, ...]:
    """Replies to a few held-out queries under statement and antithesis, always with the same seeds, so that one sees change."""
    asked = [(query, side) for query in queries for side in ("statement", "antithesis")]
    prompts = [side_prompt(model, plan.constitution, side, query) for query, side in asked]
    responses = sample(model, prompts, plan.config.sampling, [seed_for(plan.config.seed, "shown", query, side) for query, side in asked])
    return tuple(ShownReply(query=query, side=side, text=response.text) for (query, side), response in zip(asked, responses, strict=True))


def _save_adapter(model: LoadedModel, folder: Path) -> Path:
    """A plain PEFT folder, whole or not there at all."""
    final, scratch = folder / "adapter", folder / f".adapter.{os.getpid()}"
    if final.exists():
        return final
    shutil.rmtree(scratch, ignore_errors=True)
    assert isinstance(model.network, PeftModel)
    for config in model.network.peft_config.values():
        assert isinstance(config, PeftConfig)
        config.base_model_name_or_path = model.reference.id
        config.revision = model.reference.revision if "/" in model.reference.id else None
        config.inference_mode = True
    model.network.save_pretrained(str(scratch), safe_serialization=True, save_embedding_layers=False)
    os.replace(scratch, final)
    return final


def measure_policy(work: _Work, model: LoadedModel, queries: Sequence[str], policy: str) -> list[MeasuredReply]:
    """Replies of one policy to the held-out queries, committed batch by batch. The caller switches the adapter."""
    replies: list[MeasuredReply] = []
    batches = _batches(queries)
    config = work.plan.config
    for number, batch in enumerate(batches):

        def compute(batch: Sequence[str] = batch) -> list[dict[str, Any]]:
            return [dataclasses.asdict(reply) for reply in ask(model, work.plan.constitution, batch, config.sampling, config.seed)]

        rows = remember(work.folder / f"{policy}-replies-{number:03d}.json", compute)
        replies += [MeasuredReply(**row) for row in rows]
        work.tick(StepReport(phase=f"measuring {policy}", done=number + 1, total=len(batches)))
    return replies


def _batches(queries: Sequence[str]) -> list[Sequence[str]]:
    return [queries[i : i + QUERIES_PER_BATCH] for i in range(0, len(queries), QUERIES_PER_BATCH)]


def _record_to_data(plan: RunPlan, record: RunRecord, curve: list[dict[str, float]], train_queries: list[str], held_out: list[str]) -> dict[str, Any]:
    return {
        "constitution": to_data(plan.constitution),
        "constitution_sha256": content_hash(plan.constitution),
        "model": dataclasses.asdict(record.model),
        "config": config_to_data(plan.config),
        "queries": {"sha256": queries_hash(plan.queries), "train": train_queries, "held_out": held_out},
        "adapter_sha256": record.adapter_sha256,
        "dropped_queries": record.dropped,
        "duration_s": round(record.duration_s, 1),
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "metrics": curve,
        "result": result_to_data(record.result),
    }


def result_data(record: RunRecord) -> dict[str, Any]:
    """What a run's row keeps of its record: the result with what was dropped and how long it took."""
    return {**result_to_data(record.result), "dropped_queries": record.dropped, "duration_s": round(record.duration_s, 1)}


@contextlib.contextmanager
def _memory_in_words(config: TrainConfig) -> Iterator[None]:
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemoryError(_memory_message(config)) from error
    except RuntimeError as error:
        if "can't allocate memory" in str(error) or "not enough memory" in str(error):  # PyTorch's CPU allocator has no class of its own
            raise OutOfMemoryError(_memory_message(config)) from error
        raise


def _memory_message(config: TrainConfig) -> str:
    tokens = config.sampling.max_new_tokens
    return (
        f"Memory ran out. Close other programs and resume; or train again with a lower sampling.max_new_tokens ({max(16, tokens // 2)} "
        f"instead of {tokens}) or a smaller model."
    )
