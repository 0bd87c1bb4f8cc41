"""A comparison as a value, and how it grows with what the model host says."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from app.host.protocol import Event
from app.services.sources import Source
from core.constitution.principles import Constitution, Turns, render
from core.constitution.stored import Unreadable
from core.methods.arms import Arm
from core.settings import SamplingConfig

State = Literal["waiting", "writing", "done", "stopped", "failed"]


@dataclass(frozen=True, kw_only=True)
class Pane:
    """One arm's reply as far as it is known."""

    arm: Arm
    state: State
    text: str = ""
    tokens: int | None = None
    ended: bool | None = None  # False: cut at max_new_tokens
    adapter_sha256: str | None = None  # as the model host found it; None: not yet, or no adapter takes part
    error: str | None = None
    token_scores: tuple[tuple[str, float, float], ...] | None = None  # token, log-probability by the base, by the arm


@dataclass(frozen=True, kw_only=True)
class ComparisonView:
    """A comparison as it stands."""

    id: str
    source: Source
    query: str
    side: str
    seed: int
    sampling: SamplingConfig
    created_by: str
    created_at: datetime
    constitution: Constitution | Unreadable
    panes: tuple[Pane, ...]
    reply_seed: int | None = None
    running: bool = False
    note: str | None = None  # what the model host is doing before the first token
    share: float | None = None
    problem: str | None = None  # why the comparison as a whole ended early

    def pane(self, key: str) -> Pane | None:
        """The pane of an arm that takes part, by the arm's key."""
        return next((pane for pane in self.panes if pane.arm.key == key), None)

    def turns(self, arm: Arm) -> Turns:
        """System message and user's turn of an arm, as the model host puts them."""
        if not arm.in_prompt or isinstance(self.constitution, Unreadable):
            return render(None, (), self.query)
        return render(self.constitution, self.constitution.stance(self.side == "statement"), self.query)

    @property
    def unfinished(self) -> tuple[Arm, ...]:
        return tuple(pane.arm for pane in self.panes if pane.state != "done")


@dataclass(frozen=True, kw_only=True)
class Recent:
    """One line of the list of comparisons."""

    id: str
    query: str
    side: str
    created_by: str
    created_at: datetime
    constitution_name: str
    version_number: int
    run_id: int | None


def after_event(view: ComparisonView, event: Event) -> ComparisonView:
    """The view once an event of the model host is taken in."""
    kind = event["event"]
    if kind == "loading":
        return replace(view, note=event["note"], share=event["share"])
    if kind == "start":
        panes = tuple(_found(pane) if pane.state == "waiting" else pane for pane in view.panes)
        return replace(view, panes=panes, note=None, share=None, reply_seed=event["seed"])
    if kind == "token":
        return _with_pane(view, event["arm"], state="writing", text=event["text"], tokens=event["tokens"])
    if kind == "done":
        scores = tuple(tuple(row) for row in event["token_scores"]) if event["token_scores"] else None
        known = {name: event[name] for name in ("text", "tokens", "ended", "adapter_sha256")}
        return _with_pane(view, event["arm"], state="done", token_scores=scores, **known)
    if kind == "error" and "arm" in event:
        return _with_pane(view, event["arm"], state="failed", error=event["message"])
    if kind == "error":
        return replace(view, problem=event["message"])
    return view


def _found(pane: Pane) -> Pane:
    """The pane once the model host has loaded what its arm needs, and found it to be what the arm says."""
    return replace(pane, adapter_sha256=pane.arm.artifact.sha256) if pane.arm.artifact is not None else pane


def ended(view: ComparisonView) -> ComparisonView:
    """The view once nothing more will come."""
    panes = tuple(replace(pane, state="stopped") if pane.state in ("waiting", "writing") else pane for pane in view.panes)
    return replace(view, panes=panes, running=False, note=None, share=None)


def _with_pane(view: ComparisonView, key: str, **values: Any) -> ComparisonView:
    return replace(view, panes=tuple(replace(pane, **values) if pane.arm.key == key else pane for pane in view.panes))
