"""A smaller model made of a larger one: layers left out, then distilled briefly on the larger one's own replies.

It is for an expert that is really smaller than the model which its delta is moved onto (`policy.py`), where no smaller model of the family
is at hand: the tokenizer is the same for certain. What is left is a model folder like any other, and `smaller.json`, which says how it was made.
"""

import os
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from core.constitution.contrasts import asked_stances
from core.constitution.principles import SIDES, Constitution, content_hash
from core.engine.adapter_card import named_for_others
from core.engine.checkpoints import adapter_tensors, latest_checkpoint, remember, restore_tensors, save_checkpoint, write_json
from core.engine.cpu.packed_weights import drop_packed
from core.engine.models import LoadedModel
from core.engine.policies import base_of
from core.engine.policy import Prompt, prompt_of
from core.engine.sampling import sample
from core.errors import ConfigError
from core.methods.proxy.distil import OwnReply, distance_nats, step_on
from core.methods.proxy.layers import influences, kept_layers, with_layers
from core.methods.proxy.smaller_settings import SmallerConfig
from core.progress import NOBODY, Listener, StepReport, Stopped
from core.seeds import seed_for
from core.settings import ModelReference

RECORD = "smaller.json"  # in the folder of the model
DRAWN_TOGETHER = 48  # replies that are committed together
PROBED_TEXTS = 16  # replies that say which layers change least
WARM_UP = 0.1  # share of the steps in which the learning rate rises; then it falls to nothing


@dataclass(frozen=True, kw_only=True)
class Material:
    """What the whole model is asked."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]
    constitution: Constitution | None = None  # with it, each query is answered under its statements and its antitheses too


@dataclass(frozen=True, kw_only=True)
class Smaller:
    """A smaller model, as its record says."""

    folder: Path
    layers: int
    kept: tuple[int, ...]
    parameters: int
    kl_before_nats: float  # KL(whole || smaller) a token on held-out replies, before the first step
    kl_after_nats: float


def make_smaller(whole: LoadedModel, config: SmallerConfig, material: Material, folder: Path, listener: Listener = NOBODY) -> Smaller:
    """Leave layers out, distil, and save a model folder; goes on from what an earlier attempt committed beside it.

    Args:
        whole: The larger model, as loaded.
        config: How.
        material: What it is asked.
        folder: Gets the model; not there yet, unless it is this very one.
        listener: Told every step, and asked after it whether to stop.

    Raises:
        Stopped: `should_stop` said yes; the same call goes on.
        ConfigError: The folder holds something else, or so many layers cannot be left out.
    """
    asked = _fingerprint(whole, config, material)
    if folder.exists():
        return _made(folder, asked)
    making = _Making(whole, config, material, folder.with_name(f".{folder.name}.smaller"), listener)
    making.work.mkdir(parents=True, exist_ok=True)
    if remember(making.work / "plan.json", lambda: asked) != asked:
        raise ConfigError(f"{making.work} holds the beginning of another model. Choose another folder, the same settings, or take it away.")
    replies, held_out = making.own_replies(material.train, "train"), making.own_replies(material.held_out, "held out")
    kept = remember(making.work / "layers.json", lambda: _choose(whole, config, replies))
    smaller = replace(whole, network=with_layers(_plain(whole), kept), reference=ModelReference(id=str(folder)))
    before = remember(making.work / "before.json", lambda: distance_nats(whole, smaller, held_out))
    curve = making.learn(smaller, replies)
    record = asked | {
        "layers": whole.network.config.get_text_config().num_hidden_layers,
        "kept": kept,
        "parameters": sum(weight.numel() for weight in smaller.network.parameters()),
        "replies": len(replies),
        "kl_before_nats": before,
        "kl_after_nats": distance_nats(whole, smaller, held_out),
        "curve_nats": curve,
    }
    _save(smaller, whole.dtype, record, folder)
    shutil.rmtree(making.work)
    return _read(folder)


@dataclass(frozen=True)
class _Making:
    whole: LoadedModel
    config: SmallerConfig
    material: Material
    work: Path
    listener: Listener

    def own_replies(self, queries: Sequence[str], name: str) -> list[OwnReply]:
        """The whole model's replies, drawn and committed a part at a time."""
        asked = [(query, side) for query in queries for side in self._sides()]
        drawn: list[OwnReply] = []
        for start in range(0, len(asked), DRAWN_TOGETHER):
            some = asked[start : start + DRAWN_TOGETHER]
            rows = remember(self.work / f"replies-{name.replace(' ', '-')}-{start:05d}.json", partial(self._draw, some))
            drawn += [OwnReply(prompt=tuple(prompt), tokens=tuple(tokens)) for prompt, tokens in rows if tokens]
            self._tell(StepReport(phase=f"replies ({name})", done=min(start + DRAWN_TOGETHER, len(asked)), total=len(asked)))
        return drawn

    def _sides(self) -> tuple[str, ...]:
        return ("none",) if self.material.constitution is None else ("none", *SIDES)

    def _draw(self, asked: Sequence[tuple[str, str]]) -> list[Any]:
        prompts = [self._prompt(query, side) for query, side in asked]
        seeds = [seed_for(self.config.seed, "smaller", query, side) for query, side in asked]
        responses = sample(base_of(self.whole), prompts, self.config.sampling, seeds)
        return [[list(prompt.ids), list(response.token_ids)] for prompt, response in zip(prompts, responses, strict=True)]

    def _prompt(self, query: str, side: str) -> Prompt:
        constitution = self.material.constitution
        if constitution is None or side == "none":
            return prompt_of(self.whole, None, (), query)
        return prompt_of(self.whole, constitution, asked_stances(len(constitution.principles))[side], query)

    def learn(self, smaller: LoadedModel, replies: Sequence[OwnReply]) -> list[float]:
        """All steps, from the newest checkpoint on. Returns the KL of every step, in nats a token."""
        learning = _learning(smaller)
        optimizer = torch.optim.AdamW(learning.values(), lr=self.config.learning_rate, weight_decay=0.0)
        found, curve = latest_checkpoint(self.work), list[float]()
        if found is not None:
            tensors = found.tensors()
            curve = tensors.pop("curve").tolist()
            restore_tensors(tensors, learning, optimizer)
        for step in range(len(curve), self.config.steps):
            for group in optimizer.param_groups:
                group["lr"] = self.config.learning_rate * _share(step, self.config.steps)
            curve.append(step_on(self.whole, smaller, _batch(replies, self.config, step), optimizer))
            stop, last = self.listener.should_stop(), step + 1 == self.config.steps
            if stop or last or (step + 1) % self.config.checkpoint_every == 0:
                save_checkpoint(self.work, step + 1, adapter_tensors(learning, optimizer) | {"curve": torch.tensor(curve, dtype=torch.float64)}, kept=1)
            self.listener.on_step(StepReport(phase="distilling", done=step + 1, total=self.config.steps, metrics={"kl_nats": curve[-1]}))
            if stop and not last:
                raise Stopped
        for weight in learning.values():
            weight.requires_grad_(False)
        return curve

    def _tell(self, report: StepReport) -> None:
        self.listener.on_step(report)
        if self.listener.should_stop():
            raise Stopped


def _learning(smaller: LoadedModel) -> dict[str, torch.nn.Parameter]:
    """What learns: all but the embeddings, and the head that is mostly one with them."""
    fixed = {id(part.weight) for part in (smaller.network.get_input_embeddings(), smaller.network.get_output_embeddings()) if part is not None}
    learning = {name: weight for name, weight in smaller.network.named_parameters() if id(weight) not in fixed}
    for weight in smaller.network.parameters():
        weight.requires_grad_(id(weight) not in fixed)
    return learning


def _share(step: int, steps: int) -> float:
    """Of the learning rate: up from little, then down to little."""
    return min(1.0, (step + 1) / max(1.0, WARM_UP * steps)) * (1 - step / steps)


def _batch(replies: Sequence[OwnReply], config: SmallerConfig, step: int) -> list[OwnReply]:
    """The replies of a step: all are used once before any is used again."""
    chosen = []
    for place in range(step * config.replies_per_step, (step + 1) * config.replies_per_step):
        epoch, within = divmod(place, len(replies))
        chosen.append(replies[_order(config.seed, epoch, len(replies))[within]])
    return sorted(chosen, key=lambda reply: len(reply.prompt) + len(reply.tokens))  # alike lengths go through together


def _order(seed: int, epoch: int, number: int) -> list[int]:
    order = list(range(number))
    random.Random(seed_for(seed, "distil", str(epoch))).shuffle(order)
    return order


def _choose(whole: LoadedModel, config: SmallerConfig, replies: Sequence[OwnReply]) -> list[int]:
    return kept_layers(influences(whole, [(*reply.prompt, *reply.tokens) for reply in replies[:PROBED_TEXTS]]), config.drop)


def _plain(whole: LoadedModel) -> PreTrainedModel:
    assert isinstance(whole.network, PreTrainedModel)
    drop_packed(whole.network)  # what decoding was faster with; from here on there are gradients
    return whole.network


def _fingerprint(whole: LoadedModel, config: SmallerConfig, material: Material) -> dict[str, Any]:
    return {
        "model": asdict(named_for_others(whole.reference)),
        "config": asdict(config),
        "constitution_sha256": content_hash(material.constitution) if material.constitution is not None else None,
        "queries": {"train": list(material.train), "held_out": list(material.held_out)},
    }


def _made(folder: Path, asked: dict[str, Any]) -> Smaller:
    path = folder / RECORD
    there = remember(path, dict) if path.exists() else {}
    if {key: there.get(key) for key in asked} != asked:
        raise ConfigError(f"{folder} is there already, and holds something else than what is asked. Name a new folder.")
    return _read(folder)


def _read(folder: Path) -> Smaller:
    record = remember(folder / RECORD, dict)
    return Smaller(
        folder=folder,
        layers=record["layers"],
        kept=tuple(record["kept"]),
        parameters=record["parameters"],
        kl_before_nats=record["kl_before_nats"],
        kl_after_nats=record["kl_after_nats"],
    )


def _save(smaller: LoadedModel, dtype: torch.dtype, record: dict[str, Any], folder: Path) -> None:
    """The model folder, whole or not there at all."""
    scratch = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(scratch, ignore_errors=True)
    assert isinstance(smaller.network, PreTrainedModel)
    for weight in smaller.network.parameters():
        weight.data = weight.data.to(dtype)
    smaller.network.config.dtype = dtype
    smaller.network.save_pretrained(scratch, safe_serialization=True)
    smaller.tokenizer.save_pretrained(scratch)
    write_json(scratch / RECORD, record)
    os.replace(scratch, folder)
