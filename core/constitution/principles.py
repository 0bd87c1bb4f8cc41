"""Constitutions as values: principles, reading and writing, checking, and rendering to a system message. Pure text."""

import hashlib
import json
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from core.constitution.checks import Check, check_from_data, check_to_data
from core.errors import ConstitutionError

MAX_TITLE_CHARS = 120
MAX_TEXT_CHARS = 4_000  # statement or antithesis: about a thousand tokens, already long for a principle
MAX_PRINCIPLES = 32
MAX_WRITER_CHARS = 200
TITLE_WORDS = 6
NEUTRAL_SYSTEM = "You are a helpful assistant."  # always explicit: some chat templates insert a text of their own otherwise

Stance = tuple[bool, ...]  # one entry a principle, in the author's order: True = statement, False = antithesis


@dataclass(frozen=True, kw_only=True)
class Principle:
    """One principle with its antithesis."""

    title: str
    statement: str
    antithesis: str
    check: Check | None = None  # the program that decides whether a reply follows the statement
    id: str = ""  # identity that lasts across versions; empty in a file that never saw the database
    written_by: str = ""  # the model that wrote the texts, and which where it was one of them; empty: a person. Never put to a model.


@dataclass(frozen=True, kw_only=True)
class Constitution:
    """A named, ordered list of principles."""

    name: str
    principles: tuple[Principle, ...]

    def stance(self, side: bool) -> Stance:
        """Every principle taken as its statement (True) or its antithesis (False)."""
        return (side,) * len(self.principles)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing to put right before a version can be saved."""

    principle: int | None  # index of the principle, None for the constitution as a whole
    field: str  # name, title, statement, antithesis, check, principles
    message: str


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

    Args:
        constitution: None leaves the query alone: the true empty baseline.
        stance: Which text of each principle is taken; same length as the principles.
        query: What the user asks.
        order: Positions of the principles; the author's order when None.

    Returns:
        The texts verbatim: they are data, never a template.
    """
    if constitution is None:
        return Turns(NEUTRAL_SYSTEM, query)
    chosen = [p.statement if side else p.antithesis for p, side in zip(constitution.principles, stance, strict=True)]
    texts = [chosen[i].strip() for i in (order if order is not None else range(len(chosen)))]
    head = texts[0] if len(texts) == 1 else "\n".join(["Follow these principles in your reply:", *(f"{i}. {text}" for i, text in enumerate(texts, 1))])
    return Turns(NEUTRAL_SYSTEM, f"{head}\n\n{query}")


def find_problems(constitution: Constitution) -> list[Problem]:
    """Everything that keeps a constitution from being saved as a version, in reading order."""
    problems = []

    def add(principle: int | None, field: str, message: str) -> None:
        problems.append(Problem(principle=principle, field=field, message=message))

    if not constitution.name.strip():
        add(None, "name", "The constitution has no name. Give it one.")
    elif len(constitution.name) > MAX_TITLE_CHARS:
        add(None, "name", f"The name has {len(constitution.name):,} characters; the limit is {MAX_TITLE_CHARS}.")
    if not constitution.principles:
        add(None, "principles", "There is no principle yet. Add at least one.")
    if len(constitution.principles) > MAX_PRINCIPLES:
        add(None, "principles", f"There are {len(constitution.principles)} principles; the limit is {MAX_PRINCIPLES}.")
    seen: dict[str, int] = {}
    for i, principle in enumerate(constitution.principles):
        title = _squash(principle.title)
        if not title:
            add(i, "title", f"Principle {i + 1} has no title. Give it a short one.")
        elif title in seen:
            add(i, "title", f"Principles {seen[title] + 1} and {i + 1} are both titled “{principle.title.strip()}”. Rename one.")
        seen.setdefault(title, i)
        for field, message in _text_problems(principle, i):
            add(i, field, message)
    return problems


def _text_problems(principle: Principle, i: int) -> list[tuple[str, str]]:
    found = []
    if len(principle.title) > MAX_TITLE_CHARS:
        found.append(("title", f"The title of principle {i + 1} has {len(principle.title):,} characters; the limit is {MAX_TITLE_CHARS}."))
    for field, text in (("statement", principle.statement), ("antithesis", principle.antithesis)):
        if not text.strip():
            why = "" if field == "statement" else " Training contrasts the two, so it needs both."
            found.append((field, f"Principle {i + 1} has no {field}.{why} Write one."))
        elif len(text) > MAX_TEXT_CHARS:
            found.append((field, f"The {field} of principle {i + 1} has {len(text):,} characters; the limit is {MAX_TEXT_CHARS:,}. Shorten it."))
    if len(principle.written_by) > MAX_WRITER_CHARS:
        found.append(("written_by", f"The writer of principle {i + 1} has {len(principle.written_by):,} characters; the limit is {MAX_WRITER_CHARS}."))
    if principle.statement.strip() and _squash(principle.statement) == _squash(principle.antithesis):
        found.append(("antithesis", f"Statement and antithesis of principle {i + 1} are the same text. Write what the opposite would be."))
    return found


def short_title(text: str) -> str:
    """The first words of a text, for a principle that has no title yet."""
    words = text.split()
    title = " ".join(words[:TITLE_WORDS]).rstrip(".,;:!?")[:MAX_TITLE_CHARS]
    return f"{title} …" if len(words) > TITLE_WORDS else title


def _squash(text: str) -> str:
    return " ".join(text.split()).casefold()


def require_valid(constitution: Constitution) -> None:
    """Raise ConstitutionError with every problem in one message, if there is any."""
    problems = find_problems(constitution)
    if problems:
        raise ConstitutionError(" ".join(p.message for p in problems))


def to_data(constitution: Constitution) -> dict[str, Any]:
    """Plain JSON data; the ids are kept when there are any."""
    rows = []
    for p in constitution.principles:
        row: dict[str, Any] = {"title": p.title, "statement": p.statement, "antithesis": p.antithesis}
        if p.check is not None:
            row["check"] = check_to_data(p.check)
        if p.id:
            row["id"] = p.id
        if p.written_by:
            row["written_by"] = p.written_by
        rows.append(row)
    return {"name": constitution.name, "principles": rows}


def from_data(data: object) -> Constitution:
    """The inverse of `to_data`, for drafts: texts may be empty, but the shape must be right.

    Raises:
        ConstitutionError: A wrong shape, an unknown key or an unknown check, each named.
    """
    if not isinstance(data, Mapping):
        raise ConstitutionError(f"A constitution is a mapping with `name` and `principles`, but this is a {_kind(data)}.")
    _reject_unknown(data, {"name", "principles", "blurb"}, "the constitution")  # a starter says in a blurb what it shows: read past
    principles = data.get("principles", [])
    if not isinstance(principles, list):
        raise ConstitutionError(f"`principles` must be a list, but it is a {_kind(principles)}.")
    return Constitution(name=_text(data, "name", "the constitution"), principles=tuple(_principle(row, i) for i, row in enumerate(principles)))


def _principle(row: object, i: int) -> Principle:
    where = f"principle {i + 1}"
    if not isinstance(row, Mapping):
        raise ConstitutionError(f"{where.capitalize()} must be a mapping with `title`, `statement` and `antithesis`, but it is a {_kind(row)}.")
    _reject_unknown(row, {"title", "statement", "antithesis", "check", "id", "written_by"}, where)
    check = check_from_data(row["check"], where) if row.get("check") not in (None, "") else None
    return Principle(
        title=_text(row, "title", where),
        statement=_text(row, "statement", where),
        antithesis=_text(row, "antithesis", where),
        check=check,
        id=_text(row, "id", where),
        written_by=_text(row, "written_by", where),
    )


def _text(row: Mapping[Any, Any], key: str, where: str) -> str:
    value = row.get(key, "")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ConstitutionError(f"`{key}` of {where} must be text, but it is {reprlib.repr(value)} ({_kind(value)}). Put it in quotes.")
    return value.replace("\r\n", "\n")


def _kind(value: object) -> str:
    return {"dict": "mapping", "str": "text", "NoneType": "blank"}.get(type(value).__name__, type(value).__name__)


def _reject_unknown(row: Mapping[Any, Any], known: set[str], where: str) -> None:
    unknown = sorted(str(key) for key in row if key not in known)
    if unknown:
        raise ConstitutionError(f"Unknown key {unknown[0]!r} in {where}; known are {', '.join(sorted(known))}.")


def parse_yaml(text: str) -> Constitution:
    """Read a constitution file and check it as for saving a version.

    Raises:
        ConstitutionError: Not YAML, a wrong shape, or any problem of `find_problems`.
    """
    try:
        data = yaml.safe_load(text)
    except RecursionError as error:
        raise ConstitutionError("This file is nested too deeply to be a constitution. Write `name` and a list of `principles`.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark is not None else ""
        raise ConstitutionError(f"This is not a YAML file: {getattr(error, 'problem', None) or error}{line}.") from error
    constitution = from_data(data)
    require_valid(constitution)
    return constitution


def dump_yaml(constitution: Constitution) -> str:
    """The constitution as a YAML file that a person can edit; ids are left out, since they belong to one database."""
    plain = replace(constitution, principles=tuple(replace(p, id="") for p in constitution.principles))
    return yaml.safe_dump(to_data(plain), sort_keys=False, allow_unicode=True, width=100)


def dump_markdown(constitution: Constitution) -> str:
    """The constitution as a document for people. Texts are quoted as written, with Markdown's own signs escaped."""
    lines = [f"# {_escape(constitution.name)}", ""]
    for i, p in enumerate(constitution.principles, 1):
        lines += [f"## {i}. {_escape(p.title)}", "", f"**Statement.** {_escape(p.statement)}", "", f"**Antithesis.** {_escape(p.antithesis)}", ""]
        if p.check is not None:
            lines += [f"*Check:* `{p.check}`", ""]
        if p.written_by:
            lines += [f"*Written by:* {_escape(p.written_by)}", ""]
    return "\n".join(lines)


def _escape(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|!" else c for c in text)


def content_hash(constitution: Constitution) -> str:
    """sha256 of what a model can be trained on and measured by: names, texts and checks, without database ids and without who wrote them."""
    plain = replace(constitution, principles=tuple(replace(p, id="", written_by="") for p in constitution.principles))
    return hashlib.sha256(json.dumps(to_data(plain), sort_keys=True, ensure_ascii=False).encode()).hexdigest()
