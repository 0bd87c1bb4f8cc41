"""A model as judge, wherever it is: what is known of it, and what one question comes to. Imports no torch and no network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from core.measure.model_judge import Question
from db.model_verdicts import JudgeKey

THIS_MACHINE = "this machine"  # the address of a model that is loaded where the command runs

Pause = Callable[[float], None]  # waits; may raise to wait no longer


@dataclass(frozen=True, kw_only=True)
class Told:
    """One answer, or why there is none."""

    text: str  # cut
    failure: str = ""  # in words; empty where there is an answer
    took_ms: int | None = None  # of the try that was answered
    tokens_in: int | None = None  # None: they were not counted
    tokens_out: int | None = None


class OpenJudge(Protocol):
    """One that can be asked, until it is closed."""

    def ask(self, question: Question) -> Told:
        """What it answers, or why it does not.

        Raises:
            JudgeError: It will answer no other question either.
        """

    def close(self) -> None:
        """Let go of what it holds."""


class Judge(Protocol):
    """One that is named, and not yet asked."""

    @property
    def address(self) -> str:
        """Where its questions go."""

    @property
    def model(self) -> str:
        """What it is called there."""

    @property
    def max_tokens(self) -> int:
        """Of an answer."""

    def open(self, pause: Pause) -> OpenJudge:
        """Make it ready; `pause` is what waits where it has to be waited for."""


def judge_name(judge: JudgeKey) -> str:
    """What a judge is called, for people."""
    return f"{judge.model} on {THIS_MACHINE}" if judge.address == THIS_MACHINE else f"{judge.model} at {urlsplit(judge.address).netloc}"
