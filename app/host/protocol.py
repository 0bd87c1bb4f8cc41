"""What is said between the model host and those who ask it: requests, events, routes. Imports no torch and nothing that speaks over a wire."""

from dataclasses import dataclass
from typing import Any

from core.constitution.principles import Side

# One line of the host's answer. Its "event" is loading, alive, error or end; of replies also start, token or done, each but start with
# its "arm"; of a text token and done; of a check, and of two principles against each other, asking or found.
Event = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """The base model, by id and pinned revision, and whether it is held in 4 bits."""

    id: str
    revision: str | None = None
    four_bit: bool = False


@dataclass(frozen=True, kw_only=True)
class ReplyRequest:
    """One query for several arms, with everything that decides the replies."""

    model: ModelChoice
    query: str
    arms: list[dict[str, Any]]  # data of core.methods.arms.Arm; an artifact whose hash is another than the arm says is refused
    seed: int
    sampling: dict[str, Any]  # fields of core.settings.SamplingConfig
    side: Side = "statement"
    constitution: dict[str, Any] | None = None  # content data; None only where no arm has it in the prompt


@dataclass(frozen=True, kw_only=True)
class WriteRequest:
    """Turns that are put to the base as they are: it is asked to write a text, nothing is compared."""

    model: ModelChoice
    turns: dict[str, Any]  # fields of core.constitution.principles.Turns
    seed: int
    sampling: dict[str, Any]  # fields of core.settings.SamplingConfig


@dataclass(frozen=True, kw_only=True)
class CheckRequest:
    """The check that a run begins with, without the run: everything of its plan that decides the verdict."""

    model: ModelChoice
    constitution: dict[str, Any]  # content data
    queries: list[dict[str, str]]  # rows of the whole query set
    config: dict[str, Any]  # data of core.methods.settings.TrainConfig, as the run's row would hold it


@dataclass(frozen=True, kw_only=True)
class ConflictRequest:
    """Two principles against each other: everything that decides the replies, and what is found of them."""

    model: ModelChoice
    pair: dict[str, Any]  # content data of the two alone
    queries: list[str]
    sampling: dict[str, Any]  # fields of core.settings.SamplingConfig
    seed: int


Request = ReplyRequest | WriteRequest | CheckRequest | ConflictRequest
ROUTES: dict[type[Request], str] = {ReplyRequest: "/replies", WriteRequest: "/text", CheckRequest: "/check", ConflictRequest: "/conflict"}
