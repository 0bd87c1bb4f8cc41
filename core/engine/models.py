"""Loading a causal language model and its tokenizer safely: safetensors only, no code from a model's repository."""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from core.constitution.principles import Turns
from core.engine.attention import Network, can_mask, weights_dtype
from core.engine.batching import STEADY_ROWS
from core.engine.cpu.grouped_attention import use_on_cpu
from core.engine.default_model import DEFAULT_MODEL, DEFAULT_REVISION, OnProgress, ensure_default_model
from core.engine.faults import outside_in_words
from core.engine.hub import fetch
from core.engine.model_files import require_sound
from core.engine.proofs import prove_network, prove_numbers, prove_weights
from core.engine.quantisation import four_bit_arguments, keep_differentiable
from core.engine.steering_vector import SteeringVector
from core.engine.templates import NEXT_TURN, PROOF, chat_ids, plain_ids, prove_template, template_notices
from core.errors import ConfigError, ContextError, DamagedModelError, ModelError, UnsupportedModelError
from core.model_names import is_hub_id, require_model_folder
from core.settings import ModelReference

__all__ = ["NEXT_TURN", "LoadedModel", "Placing", "choose_device", "choose_dtype", "encode_prompt", "load_model", "locate"]
DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?", re.ASCII)
_REMEDY = "Fetch its weights again, or choose another model."


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """A network in memory with what is needed to talk to it."""

    reference: ModelReference
    network: Network
    tokenizer: PreTrainedTokenizerBase
    device: torch.device
    end_ids: tuple[int, ...]  # tokens that end a reply
    context_tokens: int
    adapters: Mapping[str, str] = field(default_factory=dict)  # sha256 of those that are on it, and their names in peft
    vectors: Mapping[str, SteeringVector] = field(default_factory=dict)  # at hand, by the sha256 of their files; TRAINED: that of the run under way
    packed: bool = True  # whether it heeds the masks of packed scoring: core.engine.scoring.prove_packing
    steady_sizes: tuple[int, ...] = (STEADY_ROWS,)  # rows that a steady batch may have, rising: core.engine.layouts
    lanes: int = 1  # passes that may be made side by side with the same bits: core.engine.lanes
    beside: Mapping[str, "LoadedModel"] = field(default_factory=dict)  # sha256 of adapters, and the other model that wears each: core.methods.proxy.beside

    @property
    def adapted(self) -> bool:
        """Whether an adapter is attached."""
        return isinstance(self.network, PeftModel)

    @property
    def artifacts(self) -> frozenset[str]:
        """The sha256 of all that arms can wear."""
        return frozenset((*self.adapters, *self.vectors))

    @property
    def dtype(self) -> torch.dtype:
        """Of the base's weights."""
        return weights_dtype(self.network)

    @property
    def chat(self) -> bool:
        """Whether it is asked through its chat template; in plain text otherwise."""
        return bool(self.tokenizer.chat_template)

    @property
    def notices(self) -> tuple[str, ...]:
        """What people should know about how this model is used."""
        found = template_notices(self.tokenizer, self.reference.id)
        if not self.chat:
            found.append(f"{self.reference.id} has no chat template, so it is asked in plain text: Human: …, Assistant: …")
        if not self.packed:
            found.append(f"{self.reference.id} cannot score several responses in one sequence, so each is scored in a row of its own, which is slower.")
        return tuple(found)


def choose_device(wanted: str = "auto") -> torch.device:
    """The device to run on: a CUDA GPU when there is one, else the CPU, unless a name is given.

    Raises:
        ConfigError: It is none that models run on, or this machine has no such one.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if not DEVICE.fullmatch(wanted):
        raise ConfigError(f"The device is {wanted!r}. Use auto, cpu, cuda, cuda:0 or mps.")
    device = torch.device(wanted)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ConfigError(f"The device is {wanted}, and PyTorch finds {torch.cuda.device_count()} GPUs here. Use auto or cpu, or see to the GPU's driver.")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("The device is mps, which only a Mac with Apple's processor has. Use auto or cpu.")
    return device


def choose_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware multiplies it natively, else float32 (emulated bfloat16 is many times slower)."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() and "avx512_bf16" in _cpu_flags() else torch.float32


def _cpu_flags() -> str:
    with contextlib.suppress(OSError):
        return next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")), "")
    return ""


@dataclass(frozen=True, kw_only=True)
class Placing:
    """Where weights go, and how they are held there."""

    device: torch.device
    dtype: torch.dtype | None = None  # None: `choose_dtype(device)`
    four_bit: bool = False  # hold the weights of the linear layers in 4 bits


def load_model(reference: ModelReference, models: Path, placing: Placing, on_progress: OnProgress = lambda _w, _s: None) -> LoadedModel:
    """Fetch a model when needed, check that it is safe to load, and load it in evaluation mode.

    Args:
        reference: What to load. A Hub model without a revision is pinned to its newest commit.
        models: Folder for the converted default model.
        placing: Device, type, 4 bits.
        on_progress: Told what is being fetched and the share done.

    Raises:
        ConfigError: 4 bits are asked for where they cannot be had; nothing was fetched.
        ModelError: Unknown id, no network, no safetensors, code in the repository; damaged or foreign files; a network that is not
            causal or gives no numbers; a template that loses what it is given.
        DiskFullError: No room to fetch it.
    """
    dtype = placing.dtype or choose_dtype(placing.device)
    quantised = four_bit_arguments(placing.device, dtype) if placing.four_bit else {}
    folder, pinned = locate(reference, models, on_progress)
    require_sound(folder, reference.id)
    on_progress("loading the model", 1.0)
    tokenizer, network = _read(folder, reference.id, placing.device, dtype, quantised)
    use_on_cpu(network)
    model = LoadedModel(
        reference=pinned,
        network=network,
        tokenizer=tokenizer,
        device=placing.device,
        end_ids=_end_ids(network, tokenizer, reference.id),
        context_tokens=_context_tokens(network),
        packed=can_mask(network),
    )
    with outside_in_words(reference.id):
        prove_template(tokenizer, reference.id)
        prove_network(network, encode_prompt(model, PROOF), reference.id)
    return model


def _read(folder: Path, name: str, device: torch.device, dtype: torch.dtype, quantised: dict[str, Any]) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    with outside_in_words(name):
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, trust_remote_code=False, output_loading_info=True, **quantised
        )
        network: PreTrainedModel = loaded[0]
        prove_weights(loaded[1], name)
        prove_numbers(network, name, _REMEDY)
        if quantised:
            keep_differentiable(network)
        return tokenizer, network.requires_grad_(False).eval().to(device)


def locate(reference: ModelReference, models: Path, on_progress: OnProgress, *, weights: bool = True) -> tuple[Path, ModelReference]:
    """The folder that holds a model's files, fetched when needed, and the reference with its revision pinned.

    Without `weights` those of a Hub model may be missing.
    """
    if reference.id == DEFAULT_MODEL:
        return ensure_default_model(models, on_progress), ModelReference(id=DEFAULT_MODEL, revision=DEFAULT_REVISION)
    folder = Path(reference.id).expanduser()
    if folder.is_dir() and not (is_hub_id(reference.id) and not (folder / "config.json").is_file()):  # a folder that happens to be named like a model
        require_model_folder(folder)
        return folder, ModelReference(id=str(folder.resolve()))
    if not is_hub_id(reference.id):
        raise ModelError(f"{reference.id!r} is neither a model folder on this machine nor a Hub id such as `org/name`.")
    fetched = fetch(reference.id, reference.revision, on_progress, weights=weights)
    return fetched, ModelReference(id=reference.id, revision=fetched.name)


def _end_ids(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str) -> tuple[int, ...]:
    configured = network.generation_config.eos_token_id if network.generation_config is not None else None
    ids = set(configured if isinstance(configured, list) else [configured]) | {tokenizer.eos_token_id}
    strange = next((i for i in ids if i is not None and (type(i) is not int or i < 0)), None)
    if strange is not None:
        raise DamagedModelError(f"generation_config.json of {name} ends replies with {strange!r}, which is no token's number. Fetch this file again.")
    return tuple(sorted(i for i in ids if i is not None))


def _context_tokens(network: PreTrainedModel) -> int:
    said = int(getattr(network.config.get_text_config(), "max_position_embeddings", 0))
    return said if said > 0 else 1 << 20


def encode_prompt(model: LoadedModel, prompt: Turns) -> list[int]:
    """Token ids of a prompt, ready for the reply. The system message is always explicit.

    A template that knows no system role gets the system text at the head of the user's turn. A model without a template gets
    SAMI's own plain text (arXiv 2404.14313, App. A.16).

    Raises:
        ContextError: The prompt leaves no room for a reply.
        ModelError: The chat template or the tokenizer would lose a part of it, or the network has no such token.
    """
    ids = chat_ids(model.tokenizer, prompt, model.reference.id) if model.chat else _plain_ids(model, prompt)
    weight = model.network.get_input_embeddings().weight
    assert isinstance(weight, torch.Tensor)
    known = weight.shape[0]
    if max(ids) >= known:
        raise UnsupportedModelError(
            f"The tokenizer of {model.reference.id} gives token {max(ids):,} for a part of this text, and the network knows {known:,} tokens: "
            "they do not belong together. Fetch tokenizer and weights anew, from the same place."
        )
    if len(ids) >= model.context_tokens - 8:
        raise ContextError(
            f"The constitution and the query come to {len(ids):,} tokens, but {model.reference.id} reads at most {model.context_tokens:,}. "
            "Shorten the constitution or the query, or choose a model with a longer context."
        )
    return ids


def _plain_ids(model: LoadedModel, prompt: Turns) -> list[int]:
    ids = plain_ids(model.tokenizer, prompt, model.reference.id)
    return ids[:-1] if ids[-1] in model.end_ids else ids  # some tokenizers end every text
