"""The base in 4 bits (QLoRA, Dettmers et al. 2023, arXiv 2305.14314): nf4 with double quantisation; the adapter stays in float32.

It needs bitsandbytes, which is no requirement of the studio. Whether it is there is found out before anything is fetched or loaded.
Importing this module imports no torch, so that the trainer can look too.
"""

import importlib.metadata
import importlib.util
from typing import TYPE_CHECKING, Any

from core.errors import ConfigError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

REMEDY = "Run `pip install bitsandbytes`, or set four_bit to false."
DEVICES = ("cuda", "cpu")  # where bitsandbytes has the kernels for it


def installed() -> bool:
    """Whether bitsandbytes is installed on this machine."""
    return importlib.util.find_spec("bitsandbytes") is not None


def require_four_bit(device: "torch.device") -> None:
    """Raise ConfigError where no model can be held in 4 bits."""
    if not installed():
        raise ConfigError(f"four_bit is true, but the package bitsandbytes is not installed here. {REMEDY}")
    if device.type not in DEVICES:
        raise ConfigError(f"four_bit is true, but bitsandbytes has no 4-bit weights on the device {device}. Use cuda or cpu, or set four_bit to false.")
    try:
        import bitsandbytes  # noqa: F401  # a build for another CUDA, or for another torch, fails here
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise ConfigError(
            f"four_bit is true, but bitsandbytes cannot be loaded: {error}. Install a build that fits this torch, or set four_bit to false."
        ) from error
    from transformers.utils.import_utils import is_bitsandbytes_available

    if not is_bitsandbytes_available():
        found = importlib.metadata.version("bitsandbytes")
        raise ConfigError(
            f"four_bit is true, but bitsandbytes {found} is too old for transformers. Run `pip install -U bitsandbytes`, or set four_bit to false."
        )


def four_bit_arguments(device: "torch.device", dtype: "torch.dtype") -> dict[str, Any]:
    """What `from_pretrained` is told, so that all linear layers but the head are held in 4 bits.

    Args:
        device: Where the weights are packed and stay.
        dtype: What they are multiplied in.

    Raises:
        ConfigError: As `require_four_bit`.
    """
    require_four_bit(device)
    import torch
    from transformers import BitsAndBytesConfig

    place = torch.device("cuda", torch.cuda.current_device()) if device.type == "cuda" and device.index is None else device
    config = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype)
    return {"quantization_config": config, "device_map": {"": str(place)}}


def keep_differentiable(network: "PreTrainedModel") -> None:
    """Keep bitsandbytes from repacking weights on a CPU with AVX512-BF16 at the first forward in evaluation mode.

    The kernel for repacked weights has no gradient: what is trained below it would silently stay as it is.
    """
    from bitsandbytes.nn import Linear4bit

    for module in network.modules():
        if isinstance(module, Linear4bit):
            module.support_avx512bf16_for_cpu = False
