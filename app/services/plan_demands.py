"""What a form may ask for, told before anything is queued: replies that fit the model, and settings that are what they look like."""

import re

from app.services.base_models import BaseModel
from app.services.exposed import WORDS
from core.errors import ConfigError
from core.methods.settings import TrainConfig


def require_room(config: TrainConfig, model: BaseModel) -> None:
    """Raise ConfigError where replies are longer than what the model reads."""
    longest = config.sampling.max_new_tokens
    if model.shape is not None and longest >= model.shape.context_tokens:
        raise ConfigError(
            f"sampling.max_new_tokens is {longest:,}, but {model.id} reads at most {model.shape.context_tokens:,} tokens with constitution, query and reply. "
            "Ask for shorter replies.",
            "sampling.max_new_tokens",
        )


def require_plain(change: str) -> None:
    """Refuse what Python reads as a number but no setting can be: infinity, and integers of a thousand digits."""
    name, _, text = change.partition("=")
    if name in WORDS:
        return
    if not re.fullmatch(r"[-+0-9.eE_ ]{1,20}", text):
        raise ConfigError(f"{name} must be a number, got {text[:40]!r}.", name)
