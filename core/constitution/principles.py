"""Constitutions as values: principles, their plain data, and how they are put to a model. Pure text."""

import hashlib
import json
import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from core.constitution.checks import Check, check_from_data, check_to_data
from core.constitution.normal import seen
from core.constitution.priorities import priority_from_data, priority_line, ranked
from core.constitution.scenarios import Scenario, scenario_from_data, scenario_to_data
from core.constitution.shapes import kind_of, line_of, reject_unknown, text_of
from core.errors import ConstitutionError

MAX_TITLE_CHARS = 120
MAX_TEXT_CHARS = 4_000  # statement or antithesis: about a thousand tokens, already long for a principle
MAX_PRINCIPLES = 32
MAX_WRITER_CHARS = 200
TITLE_WORDS = 6
NEUTRAL_SYSTEM = "You are a helpful assistant."  # always explicit: some chat templates insert a text of their own otherwise

Side = Literal["statement", "antithesis"]
SIDES: tuple[Side, Side] = ("statement", "antithesis")
Stance = tuple[bool, ...]  # one entry a principle, in the author's order: True = statement, False = antithesis


@dataclass(frozen=True, kw_only=True)
class WrittenBy:
    """Who wrote what of a principle, where a model did. What a person wrote says nothing of it."""

    model: str
    texts: tuple[Side, ...] = SIDES  # those that stand as the model wrote them

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise ConstitutionError("`written_by` names no model. Name it, or leave `written_by` out.")
        if not self.texts:
            raise ConstitutionError(
                f"`written_by` names {reprlib.repr(self.model)} and none of its texts. Name {' or '.join(SIDES)}, or leave `written_by` out."
            )

    def __str__(self) -> str:
        return self.model if len(self.texts) == len(SIDES) else f"{self.model} ({self.texts[0]})"


@dataclass(frozen=True, kw_only=True)
class Principle:
    """One principle with its antithesis."""

    title: str
    statement: str
    antithesis: str
    check: Check | None = None  # the program that decides whether a reply follows the statement
    id: str = ""  # identity that lasts across versions; empty in a file that never saw the database
    written_by: WrittenBy | None = None  # None: a person. Never put to a model.
    scenarios: tuple[Scenario, ...] = ()  # situations that the author wrote down. Never rendered as part of the constitution.
    priority: int | None = None  # 1 comes first; the same number makes a group; None: after all that have one


@dataclass(frozen=True, kw_only=True)
class Constitution:
    """A named, ordered list of principles."""

    name: str
    principles: tuple[Principle, ...]
    conflict_rule: str = ""  # what to do where principles conflict, put to a model after them; empty: nothing is said
    left_out: tuple[str, ...] = field(default=(), compare=False)  # keys of a stored text that this studio does not know, in words

    def stance(self, side: bool) -> Stance:
        """Every principle taken as its statement (True) or its antithesis (False)."""
        return (side,) * len(self.principles)


@dataclass(frozen=True)
class Turns:
    """What is put to a model: the system message, turns that show what is wanted, and the user's turn."""

    system: str
    user: str
    shown: tuple[tuple[str, str], ...] = ()  # what a user said and what was replied; none in any prompt that is trained or measured on


def render(constitution: Constitution | None, stance: Stance, query: str, order: Sequence[int] | None = None) -> Turns:
    """Put a constitution and a query to a model.

    The principles stand at the head of the user's turn, as in SAMI's own prompts (App. A.16), under a neutral system message
    that is always explicit. Small models read the user's turn far more closely than the system message (docs/decisions.md).
    Where principles have priorities they stand in that order, whichever side is taken of each, with a line that says so; what to do where
    they conflict follows. A single principle has nothing to conflict with, and neither is said of it.

    Args:
        constitution: None leaves the query alone: the true empty baseline.
        stance: Which text of each principle is taken; same length as the principles.
        query: What the user asks.
        order: Positions of the principles; the author's order when None. Of principles with different priorities the priority decides.

    Returns:
        The texts verbatim: they are data, never a template.
    """
    if constitution is None:
        return Turns(NEUTRAL_SYSTEM, query)
    chosen = [p.statement if side else p.antithesis for p, side in zip(constitution.principles, stance, strict=True)]
    priorities = [p.priority for p in constitution.principles]
    places = ranked(priorities, order if order is not None else range(len(chosen)))
    texts = [chosen[i].strip() for i in places]
    if len(texts) == 1:
        return Turns(NEUTRAL_SYSTEM, f"{texts[0]}\n\n{query}")
    said = (priority_line([priorities[i] for i in places]), constitution.conflict_rule.strip())
    head = "\n".join(["Follow these principles in your reply:", *(f"{i}. {text}" for i, text in enumerate(texts, 1)), *filter(None, said)])
    return Turns(NEUTRAL_SYSTEM, f"{head}\n\n{query}")


def short_title(text: str) -> str:
    """The first words of a text, for a principle that has no title yet."""
    words = text.split()
    title = " ".join(words[:TITLE_WORDS]).rstrip(".,;:!?")[:MAX_TITLE_CHARS]
    return f"{title} …" if len(words) > TITLE_WORDS else title


def squash(text: str) -> str:
    """A text without case, spacing and what cannot be seen: what two texts share that say the same; empty where there is nothing to see."""
    return " ".join(seen(text).split()).casefold()


def to_data(constitution: Constitution) -> dict[str, Any]:
    """Plain JSON data; the ids are kept when there are any."""
    rows = []
    for p in constitution.principles:
        row: dict[str, Any] = {"title": p.title, "statement": p.statement, "antithesis": p.antithesis}
        if p.check is not None:
            row["check"] = check_to_data(p.check)
        if p.id:
            row["id"] = p.id
        if p.written_by is not None:
            row["written_by"] = written_by_to_data(p.written_by)
        if p.scenarios:
            row["scenarios"] = [scenario_to_data(scenario) for scenario in p.scenarios]
        if p.priority is not None:
            row["priority"] = p.priority
        rows.append(row)
    rule = {"conflict_rule": constitution.conflict_rule} if constitution.conflict_rule else {}
    return {"name": constitution.name, "principles": rows, **rule}


def from_data(data: object) -> Constitution:
    """The inverse of `to_data`, for drafts: texts may be empty, but the shape must be right.

    Raises:
        ConstitutionError: A wrong shape, an unknown key or an unknown check, each named.
    """
    if not isinstance(data, Mapping):
        raise ConstitutionError(f"A constitution is a mapping with `name` and `principles`, but this is {kind_of(data)}.")
    reject_unknown(data, {"name", "principles", "conflict_rule", "blurb"}, "the constitution")  # a starter says in a blurb what it shows: read past
    principles = data.get("principles") or []
    if not isinstance(principles, list):
        raise ConstitutionError(f"`principles` must be a list, but it is {kind_of(principles)}. Write one item a principle, in YAML with `- ` before it.")
    return Constitution(
        name=line_of(data, "name", "the constitution"),
        principles=tuple(_principle(row, i) for i, row in enumerate(principles)),
        conflict_rule=text_of(data, "conflict_rule", "the constitution"),
    )


def _principle(row: object, i: int) -> Principle:
    where = f"principle {i + 1}"
    if not isinstance(row, Mapping):
        raise ConstitutionError(f"{where.capitalize()} must be a mapping with `title`, `statement` and `antithesis`, but it is {kind_of(row)}.")
    reject_unknown(row, {"title", "statement", "antithesis", "check", "id", "written_by", "scenarios", "priority"}, where)
    check = check_from_data(row["check"], where) if row.get("check") not in (None, "") else None
    return Principle(
        title=line_of(row, "title", where),
        statement=text_of(row, "statement", where),
        antithesis=text_of(row, "antithesis", where),
        check=check,
        id=text_of(row, "id", where),
        written_by=written_by_from_data(row["written_by"], where) if row.get("written_by") not in (None, "") else None,
        scenarios=_scenarios(row.get("scenarios"), where),
        priority=priority_from_data(row.get("priority"), where),
    )


def _scenarios(data: object, where: str) -> tuple[Scenario, ...]:
    if data in (None, ""):
        return ()
    if not isinstance(data, list):
        raise ConstitutionError(f"`scenarios` of {where} must be a list, but it is {kind_of(data)}. Write one item a scenario, in YAML with `- ` before it.")
    return tuple(scenario_from_data(item, f"scenario {i} of {where}") for i, item in enumerate(data, 1))


def written_by_to_data(written_by: WrittenBy) -> dict[str, Any]:
    """`{"model": "SmolLM2-135M-Instruct", "texts": ["antithesis"]}`."""
    return {"model": written_by.model, "texts": list(written_by.texts)}


_ONE_TEXT = re.compile(r"(.*) \((statement|antithesis)\)", re.DOTALL)


def written_by_from_data(data: object, where: str) -> WrittenBy:
    """The inverse of `written_by_to_data`; also reads a sentence such as `a-model (antithesis)`, as stored versions hold it for good.

    Raises:
        ConstitutionError: Neither of the two; `where` says in which principle.
    """
    if isinstance(data, str):
        one_text = _ONE_TEXT.fullmatch(data)
        return WrittenBy(model=one_text[1], texts=_sides([one_text[2]])) if one_text else WrittenBy(model=data)
    if not isinstance(data, Mapping):
        raise ConstitutionError(f"`written_by` of {where} must be a mapping with `model` and `texts`, but it is {kind_of(data)}.")
    reject_unknown(data, {"model", "texts"}, f"`written_by` of {where}")
    texts = data.get("texts", list(SIDES))
    if not isinstance(texts, list) or not all(text in SIDES for text in texts):
        raise ConstitutionError(f"`texts` in `written_by` of {where} must be a list of {' and '.join(SIDES)}, but it is {reprlib.repr(texts)}.")
    return WrittenBy(model=text_of(data, "model", f"`written_by` of {where}"), texts=_sides(texts))


def _sides(names: Iterable[str]) -> tuple[Side, ...]:
    wanted = tuple(names)
    return tuple(side for side in SIDES if side in wanted)


def content_hash(constitution: Constitution) -> str:
    """sha256 of what a model can be trained on and measured by: all that a text says, without database ids and without who wrote it."""
    plain = replace(constitution, principles=tuple(replace(p, id="", written_by=None) for p in constitution.principles))
    return hashlib.sha256(json.dumps(to_data(plain), sort_keys=True, ensure_ascii=False).encode()).hexdigest()
