"""Comparisons as values for the Compare page and for scripts: what can be compared, the panes as they fill, what was asked.

Texts of a person or a model are sent as text; what is HTML is said to be, and comes from `app/present/compare.py`.
"""

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from app.present.compare import HASH_CHARS, asked_html, default_pair, diff_html, facts_html, proof_html, remarks
from app.present.text import count, own_direction
from app.present.token_scores import scores_html
from app.services.comparison_views import ComparisonView, Pane, State
from app.services.sources import Source
from core.constitution.checks import check_sentence
from core.constitution.normal import closed
from core.constitution.stored import Unreadable
from core.constitution.text import words
from core.measure.judges import judge_of
from core.methods.arms import ARTIFACTS, Arm, Method, Setting, arm_title

SAYS = {"waiting": "waiting", "writing": "writing", "done": "", "stopped": "not finished", "failed": "could not answer"}


@dataclass(frozen=True, kw_only=True)
class ArmOption:
    """An arm as it is asked for."""

    method: str
    settings: dict[str, float]
    title: str


@dataclass(frozen=True, kw_only=True)
class MethodOption:
    """What can be added as one more pane, with its number fields."""

    key: str
    title: str
    settings: tuple[Setting, ...]


@dataclass(frozen=True, kw_only=True)
class SourceOption:
    """A finished run, or a version alone, with the settings that it brings."""

    key: str  # what a comparison names it by
    group: str
    label: str
    facts: str  # HTML
    run: int | None
    version: int  # its id
    seed: int
    max_new_tokens: int
    temperature: float
    top_p: float
    arms: tuple[ArmOption, ...]  # that stand side by side when nobody chooses
    methods: tuple[MethodOption, ...]  # that can be added to them
    problem: str  # why it cannot be chosen; empty when it can


@dataclass(frozen=True, kw_only=True)
class CheckedReply:
    """What a program says of a reply, for one principle."""

    title: str
    says: str
    follows: bool | None  # None: cannot be judged


@dataclass(frozen=True, kw_only=True)
class PaneState:
    """One arm's reply, while it is written and afterwards."""

    key: str  # of the arm
    title: str
    place: int  # from 1 on
    prompt: str  # what its prompt holds, in words
    adapter: str
    state: State
    says: str  # the state in words
    text: str
    length: str
    error: str
    checks: list[CheckedReply]


@dataclass(frozen=True, kw_only=True)
class FinishedPane:
    """A pane whose reply can be held against another's."""

    key: str  # of the arm
    title: str


@dataclass(frozen=True, kw_only=True)
class ComparisonState:
    """A comparison as it stands. What is empty at first takes time to make, and comes when all has been written."""

    id: str
    href: str
    running: bool
    note: str
    problem: str
    panes: list[PaneState]
    asked: str | None = None  # HTML
    remarks: list[str] = field(default_factory=list)
    proof: str | None = None  # HTML
    finished: list[FinishedPane] = field(default_factory=list)
    pair: list[str] = field(default_factory=list)
    diff: str | None = None  # HTML
    scores: dict[str, str] = field(default_factory=dict)  # HTML
    unfinished: int | None = None


def source_key(source: Source) -> str:
    """How a comparison names it: `run:3`, `proxy:3` where it is moved onto another model, or `version:7` without a run."""
    if source.trained_on:
        return f"proxy:{source.run_id}"
    return f"run:{source.run_id}" if source.run_id is not None else f"version:{source.version_id}"


def source_option(source: Source) -> SourceOption:
    """One choice of the page's select."""
    what = f"{own_direction(closed(source.constitution_name))}, version {source.version_number}"
    sampling = source.sampling
    return SourceOption(
        key=source_key(source),
        group=_group(source),
        label=(f"Run {source.run_id}{_onto(source)}: {what}{_which_seed(source)}" if source.run_id is not None else what)
        + (f" ({source.control})" if source.control else "")
        + (" (cannot be read)" if source.problem else ""),
        facts=facts_html(source),
        run=source.run_id,
        version=source.version_id,
        seed=source.seed,
        max_new_tokens=sampling.max_new_tokens,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        arms=tuple(arm_option(arm) for arm in source.arms),
        methods=tuple(MethodOption(key=method.key, title=method.title, settings=method.settings) for method in addable(source)),
        problem=source.problem,
    )


def _group(source: Source) -> str:
    if source.trained_on:
        return "Finished runs, moved onto another model by proxy-tuning"
    return "Finished runs" if source.run_id is not None else "No training: the constitution in the prompt alone"


def _onto(source: Source) -> str:
    """Of a run that is moved: which model that is."""
    return f" on {PurePath(source.model).name}" if source.trained_on else ""


def _which_seed(source: Source) -> str:
    """Of runs that differ in it alone."""
    if source.series is None:
        return ""
    return f", seed {source.seed}: the median of {source.median_of}" if source.median_of else f", seed {source.seed}"


def addable(source: Source) -> list[Method]:
    """The methods of which a pane can be added to those that the source offers."""
    there = {arm.key for arm in source.arms}
    return [method for method in source.methods if method.settings or method.key not in there]


def arm_option(arm: Arm) -> ArmOption:
    """An arm as a comparison asks for it."""
    return ArmOption(method=arm.method, settings=dict(arm.settings), title=arm_title(arm))


def pane_state(view: ComparisonView, pane: Pane) -> PaneState:
    """One pane of a comparison."""
    worn = ARTIFACTS[pane.arm.artifact.kind] if pane.arm.artifact is not None else "adapter"
    absent = f"{worn} off" if pane.arm.artifact is None else f"{worn} not yet loaded"
    return PaneState(
        key=pane.arm.key,
        title=arm_title(pane.arm),
        place=places(view)[pane.arm.key],
        prompt=prompt_note(pane.arm, view.side),
        adapter=f"{worn} {pane.adapter_sha256[:HASH_CHARS]}" if pane.adapter_sha256 else absent,
        state=pane.state,
        says=SAYS[pane.state],
        text=pane.text,
        length=_length(view, pane),
        error=pane.error or "",
        checks=checks(view, pane),
    )


def prompt_note(arm: Arm, side: str) -> str:
    """What the arm's prompt holds."""
    if not arm.in_prompt:
        return "no constitution in its prompt"
    return f"{'statements' if side == 'statement' else 'antitheses'} in its prompt"


def places(view: ComparisonView) -> dict[str, int]:
    """Where each pane stands, from 1 on, by the arm's key. Two columns: base and trained side by side, without the constitution above with it."""
    first = sorted((pane.arm for pane in view.panes if view.source.offers(pane.arm)), key=lambda arm: (arm.in_prompt, arm.artifact is not None))
    added = [pane.arm for pane in view.panes if not view.source.offers(pane.arm)]
    return {arm.key: i + 1 for i, arm in enumerate([*first, *added])}


def checks(view: ComparisonView, pane: Pane) -> list[CheckedReply]:
    """What the programs say about a finished reply: principle by principle, whether it follows the statement."""
    if pane.state != "done" or isinstance(view.constitution, Unreadable):
        return []
    return [
        CheckedReply(title=p.title, says=check_sentence(p.check), follows=judge.judge(p, view.query, pane.text).follows)
        for p in view.constitution.principles
        if p.check is not None and (judge := judge_of(p)) is not None
    ]


def _length(view: ComparisonView, pane: Pane) -> str:
    if pane.state == "waiting" or not pane.text:
        return "empty reply" if pane.state == "done" else ""
    cut = f"cut at {view.sampling.max_new_tokens} tokens" if pane.ended is False and pane.state == "done" else ""
    return " · ".join(part for part in (count(len(words(pane.text)), "word"), cut) if part)


def comparison_state(view: ComparisonView) -> ComparisonState:
    """A comparison as it stands."""
    return ComparisonState(
        id=view.id,
        href=f"./compare?comparison={view.id}",
        running=view.running,
        note=_note(view),
        problem=view.problem or "",
        panes=[pane_state(view, pane) for pane in view.panes],
        **({} if view.running else _afterwards(view)),
    )


def _note(view: ComparisonView) -> str:
    if not view.running or view.note is None:
        return ""
    share = f", {view.share:.0%}" if view.share not in (None, 0, 1) else ""
    return f"{view.note[:1].upper()}{view.note[1:]}{share} …"


def _afterwards(view: ComparisonView) -> dict[str, Any]:
    """The fields that come when all has been written."""
    first, second = default_pair(view)
    return {
        "asked": asked_html(view),
        "remarks": remarks(view),
        "proof": proof_html(view),
        "finished": [FinishedPane(key=pane.arm.key, title=arm_title(pane.arm)) for pane in view.panes if pane.state == "done"],
        "pair": [first, second],
        "diff": diff_html(view, first, second),
        "scores": {pane.arm.key: scores_html(pane) for pane in view.panes if pane.token_scores},
        "unfinished": len(view.unfinished),
    }
