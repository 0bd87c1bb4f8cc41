"""What a machine has, the sizes of a model, and the bytes that come of the two. Plain arithmetic; imports no torch."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import ConfigError

ACTIVATION_BYTES = 51  # kept for the backward pass, a token, layer and hidden unit


FIT_SHARE = 0.9  # of the free memory, that a run may be planned to take


LOGIT_COPIES = 4  # float32 logits alive at once: logits, log-softmax, their gradients, and the base's while measuring


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """What a machine has and how fast it multiplied when it was measured."""

    device: str  # cpu, cuda:0, mps
    device_name: str
    cores: int
    memory_bytes: int
    memory_available_bytes: int
    gpu_memory_bytes: int | None  # None without a GPU
    dtype: str  # bfloat16 or float32: what models are loaded in
    matmul_gflops: float  # large matrices, in that dtype
    copy_gb_s: float  # memory read and written, in 10^9 bytes a second
    four_bit: bool | None = None  # whether bitsandbytes is installed, which holds weights in 4 bits; None: nobody looked

    @property
    def kind(self) -> str:
        """`cpu` or `gpu`: which constants apply."""
        return "cpu" if self.device == "cpu" else "gpu"

    @property
    def bytes_per_parameter(self) -> int:
        """Of the weights in memory."""
        return 4 if self.dtype == "float32" else 2

    @property
    def usable_bytes(self) -> int:
        """Memory that a model can be put in."""
        return self.memory_available_bytes if self.gpu_memory_bytes is None else self.gpu_memory_bytes


@dataclass(frozen=True, kw_only=True)
class ModelShape:
    """The sizes of a causal language model that decide time and memory."""

    parameters: int  # all of them
    layers: int
    hidden: int
    vocabulary: int
    bytes: int  # of the weights as they are usually published, in 16 bits
    attention_width: int  # heads x head size
    kv_width: int  # key-value heads x head size
    intermediate: int  # width of the feed-forward part
    context_tokens: int

    @property
    def linear_parameters(self) -> int:
        """Of all linear layers but the head."""
        return self.layers * (2 * self.hidden * (self.attention_width + self.kv_width) + 3 * self.hidden * self.intermediate)

    @property
    def lora_units(self) -> int:
        """Adapter parameters for each unit of rank: inputs plus outputs of every linear layer but the head."""
        attention = 2 * (self.hidden + self.attention_width) + 2 * (self.hidden + self.kv_width)
        return self.layers * (attention + 3 * (self.hidden + self.intermediate))


DEFAULT_SHAPE = ModelShape(  # SmolLM2-135M-Instruct
    parameters=134_515_008,
    layers=30,
    hidden=576,
    vocabulary=49_152,
    bytes=269_030_016,
    attention_width=576,
    kv_width=192,
    intermediate=1536,
    context_tokens=8192,
)


TYPICAL = Hardware(  # two server cores: only the proportions between the phases are taken from it
    device="cpu",
    device_name="",
    cores=2,
    memory_bytes=32_000_000_000,  # enough: with less, activations would be computed again, and training weigh more
    memory_available_bytes=32_000_000_000,
    gpu_memory_bytes=None,
    dtype="bfloat16",
    matmul_gflops=860.0,
    copy_gb_s=75.0,
)


def hardware_from_data(data: Mapping[str, Any]) -> Hardware | None:
    """The inverse of `asdict`; None when the stored row is from another version of the app, which measured other things."""
    fields = dataclasses.fields(Hardware)
    needed = {field.name for field in fields if field.default is dataclasses.MISSING}
    return Hardware(**data) if isinstance(data, Mapping) and needed <= set(data) <= {field.name for field in fields} else None


def model_shape_from_config(data: Mapping[str, Any]) -> ModelShape:
    """The shape that a model's config.json describes.

    Raises:
        ConfigError: Sizes are missing, or the model is a mixture of experts, whose cost these formulas do not describe.
    """
    text = data.get("text_config", data)
    if not isinstance(text, Mapping):
        raise ConfigError("Its config.json describes no text model.")
    if any(text.get(key) for key in ("num_experts", "num_local_experts", "n_routed_experts")):
        raise ConfigError("It is a mixture of experts, whose time and memory cannot be estimated here.")
    hidden, layers, heads = _size(text, "hidden_size"), _size(text, "num_hidden_layers"), _size(text, "num_attention_heads")
    intermediate, vocabulary = _size(text, "intermediate_size"), _size(text, "vocab_size")
    head_size = _size(text, "head_dim", hidden // heads)
    attention_width, kv_width = heads * head_size, _size(text, "num_key_value_heads", heads) * head_size
    layer = 2 * hidden * attention_width + 2 * hidden * kv_width + 3 * hidden * intermediate + 2 * hidden
    tied = bool(text.get("tie_word_embeddings", data.get("tie_word_embeddings", False)))
    parameters = layers * layer + vocabulary * hidden * (1 if tied else 2) + hidden
    return ModelShape(
        parameters=parameters,
        layers=layers,
        hidden=hidden,
        vocabulary=vocabulary,
        bytes=2 * parameters,
        attention_width=attention_width,
        kv_width=kv_width,
        intermediate=intermediate,
        context_tokens=_size(text, "max_position_embeddings", 1 << 20),
    )


def _size(data: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = data.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 31:
        raise ConfigError(f"Its config.json gives no usable `{key}` ({value!r}).")
    return value


def activation_bytes(tokens: float, layers: int, hidden: int, bytes_per_value: int, *, recomputed: bool) -> float:
    """Kept for the backward pass of so many tokens: everything, or the input of each layer and everything of one layer."""
    return tokens * hidden * (layers * bytes_per_value + ACTIVATION_BYTES if recomputed else layers * ACTIVATION_BYTES)


def logit_bytes(tokens: float, vocabulary: int, copies: int = LOGIT_COPIES) -> float:
    """Of the float32 logits of so many tokens; without gradients fewer copies are alive at once."""
    return tokens * vocabulary * 4 * copies
