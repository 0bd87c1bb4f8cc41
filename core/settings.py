"""Values that decide how a model is loaded and how it replies. Imports no torch."""

import reprlib
from dataclasses import dataclass

from core.errors import ConfigError


def require_in_range(condition: bool, name: str, value: object, rule: str) -> None:
    """Raise ConfigError unless a setting is as the rule says."""
    if not condition:
        raise ConfigError(f"{name} must be {rule}, got {reprlib.repr(value)}.", name)


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How responses are drawn from a policy."""

    max_new_tokens: int = 64  # a response that has not ended by then is cut
    temperature: float = 0.7  # 0 = the likeliest token always
    top_p: float = 1.0  # nucleus: smallest set of tokens with this much probability; 1 = all

    def __post_init__(self) -> None:
        require_in_range(1 <= self.max_new_tokens <= 4096, "max_new_tokens", self.max_new_tokens, "between 1 and 4096")
        require_in_range(0 <= self.temperature <= 5, "temperature", self.temperature, "between 0 and 5")
        require_in_range(0 < self.top_p <= 1, "top_p", self.top_p, "above 0 and at most 1")


@dataclass(frozen=True, kw_only=True)
class ModelReference:
    """Which weights: enough to load the same ones again."""

    id: str  # the default model's name, a Hub id `org/name`, or a local folder
    revision: str | None = None  # commit of a Hub model; the default model's recipe; None for a folder
