"""A comparison as a value, and how it grows with what the model host says."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from app.host.client import METHODS, Event, Method
from core.constitution.principles import Constitution, Turns, render
from core.settings import SamplingConfig

BASE_METHODS: tuple[Method, ...] = ("base", "base+constitution")

State = Literal["waiting", "writing", "done", "stopped", "failed"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """What takes part in a comparison: a finished run, or a version alone, which is then only put in the prompt."""

    run_id: int | None
    version_id: int
    constitution_id: int
    constitution_name: str
    version_number: int
    model: str
    revision: str | None
    adapter_path: str | None
    adapter_sha256: str | None
    seed: int  # the run's, with which the replies are those that its result table counts
    sampling: SamplingConfig
    finished_at: datetime | None
    four_bit: bool = False  # the base is held as it was in training

    @property
    def methods(self) -> tuple[Method, ...]:
        return METHODS if self.run_id is not None else BASE_METHODS


@dataclass(frozen=True, kw_only=True)
class Pane:
    """One method's reply as far as it is known."""

    method: Method
    state: State
    text: str = ""
    tokens: int | None = None
    ended: bool | None = None  # False: cut at max_new_tokens
    adapter_sha256: str | None = None  # None: the adapter was off
    error: str | None = None
    token_scores: tuple[tuple[str, float, float], ...] | None = None  # token, log-probability by the base, by the aligned model


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
    constitution: Constitution
    panes: tuple[Pane, ...]
    reply_seed: int | None = None
    running: bool = False
    note: str | None = None  # what the model host is doing before the first token
    share: float | None = None
    problem: str | None = None  # why the comparison as a whole ended early

    def pane(self, method: str) -> Pane | None:
        """The pane of a method that takes part."""
        return next((pane for pane in self.panes if pane.method == method), None)

    def turns(self, method: str) -> Turns:
        """System message and user's turn of a method, as the model host puts them."""
        if not method.endswith("+constitution"):
            return render(None, (), self.query)
        return render(self.constitution, self.constitution.stance(self.side == "statement"), self.query)

    @property
    def unfinished(self) -> tuple[Method, ...]:
        return tuple(pane.method for pane in self.panes if pane.state != "done")


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
        named = tuple(replace(p, adapter_sha256=event["adapter_sha256"]) if p.state == "waiting" and p.method.startswith("aligned") else p for p in view.panes)
        return replace(view, panes=named, note=None, share=None, reply_seed=event["seed"])
    if kind == "token":
        return _with_pane(view, event["method"], state="writing", text=event["text"], tokens=event["tokens"])
    if kind == "done":
        scores = tuple(tuple(row) for row in event["token_scores"]) if event["token_scores"] else None
        known = {name: event[name] for name in ("text", "tokens", "ended", "adapter_sha256")}
        return _with_pane(view, event["method"], state="done", token_scores=scores, **known)
    if kind == "error" and "method" in event:
        return _with_pane(view, event["method"], state="failed", error=event["message"])
    if kind == "error":
        return replace(view, problem=event["message"])
    return view


def ended(view: ComparisonView) -> ComparisonView:
    """The view once nothing more will come."""
    panes = tuple(replace(pane, state="stopped") if pane.state in ("waiting", "writing") else pane for pane in view.panes)
    return replace(view, panes=panes, running=False, note=None, share=None)


def _with_pane(view: ComparisonView, method: Method, **values: Any) -> ComparisonView:
    return replace(view, panes=tuple(replace(pane, **values) if pane.method == method else pane for pane in view.panes))
