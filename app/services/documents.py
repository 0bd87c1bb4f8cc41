"""What the editor sends, as a constitution: lenient where a draft may be unfinished, strict about its shape."""

import json
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from core.constitution.checks import CHECKS, Check, Kept, check_from_data, check_to_data
from core.constitution.findings import Finding, Rule, Severity, find
from core.constitution.normal import control_in, is_unseen, normal, normal_line, repaired, repaired_data, turn_in
from core.constitution.principles import (
    MAX_WRITER_CHARS,
    Constitution,
    Principle,
    WrittenBy,
    to_data,
    written_by_from_data,
)
from core.constitution.priorities import priority_from_data
from core.constitution.reading.drafts import MAX_DRAFT_PRINCIPLES, MAX_DRAFT_SCENARIOS
from core.constitution.scenarios import scenario_from_data
from core.constitution.stored import ID, Unreadable, keep_check, read_stored, with_distinct_ids
from core.errors import ConstitutionError
from db.canonical import DamagedJson, plain_json

MAX_DRAFT_CHARS = 1_000_000  # far above what a version may hold, so that a paste that is too long is kept while it is shortened
MAX_NAME_CHARS = 120
MAX_MESSAGE_CHARS = 500
_TEXTS = ("title", "statement", "antithesis")
_KEYS = ("id", *_TEXTS, "check", "written_by", "scenarios", "priority")
_PARTS = ("query", "follows", "fails")


@dataclass(frozen=True)
class Document:
    """A draft's text, and what there is to say about it."""

    constitution: Constitution  # a check that cannot be read is kept as it was typed, and named in the findings
    findings: tuple[Finding, ...]
    content: dict[str, Any]  # what is stored: also holds a check that is still half typed


class UnreadableFieldsError(ConstitutionError):
    """What was typed in some fields cannot be kept at all. Nothing was saved; `findings` says where."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(" ".join(finding.message for finding in findings))
        self.findings = findings


def read_document(name: str, rows: object, conflict_rule: str = "") -> Document:
    """Read principles as the editor sends them, or as a draft stores them; and what to do where they conflict.

    Raises:
        ConstitutionError: Not the shape of a list of principles, or more than a draft can hold.
        UnreadableFieldsError: A priority that is no whole number.
    """
    if not isinstance(rows, list):
        raise ConstitutionError("The principles must come as a list. Reload the page, then try again.")
    if len(rows) > MAX_DRAFT_PRINCIPLES:
        raise ConstitutionError(f"There are {len(rows)} principles; a draft holds {MAX_DRAFT_PRINCIPLES}. Remove some.")
    for i, row in enumerate(rows):
        _require_whole(row, i)
        _require_whole_scenarios(row.get("scenarios", []), i)
    if wrong := tuple(filter(None, map(_wrong_priority, rows, range(len(rows))))):
        raise UnreadableFieldsError(wrong)
    try:
        document = _document(name, rows, conflict_rule)
    except RecursionError as error:
        raise ConstitutionError("A check is nested too deeply to be one. Choose it again.") from error
    size = len(conflict_rule) + sum(len(getattr(p, key)) for p in document.constitution.principles for key in _TEXTS)
    size += sum(len(str(p.check)) for p in document.constitution.principles)
    size += sum(len(getattr(scenario, part)) for p in document.constitution.principles for scenario in p.scenarios for part in _PARTS)
    if size > MAX_DRAFT_CHARS:
        raise ConstitutionError(f"The draft has {size:,} characters; it can hold {MAX_DRAFT_CHARS:,}. Shorten it, and it is saved.")
    return document


def _require_whole(row: object, i: int) -> None:
    """Raise ConstitutionError unless a principle has all of its parts, and no others: a misspelt one would be dropped in silence."""
    wrong = ""
    if not isinstance(row, Mapping):
        wrong = f"is {reprlib.repr(row)}, not an object"
    elif not ID.fullmatch(str(row.get("id", ""))):
        wrong = f"has the id {reprlib.repr(row.get('id'))}; it needs one of 32 digits 0-9 and a-f, the same at each save"
    elif missing := [key for key in _TEXTS if not isinstance(row.get(key), str)]:
        wrong = f"has no text as its {missing[0]}"
    elif unknown := [key for key in row if key not in _KEYS]:
        wrong = f"has {reprlib.repr(unknown[0])}, which is no part of one; known are {', '.join(_KEYS)}"
    if wrong:
        raise ConstitutionError(f"Principle {i + 1} did not arrive whole: it {wrong}. Reload the page, then try again.")


def _require_whole_scenarios(rows: object, i: int) -> None:
    """The same for the scenarios of a principle, of which a draft may hold more than a version."""
    if not isinstance(rows, list):
        raise ConstitutionError(f"Principle {i + 1} did not arrive whole: its scenarios are {reprlib.repr(rows)}, not a list. Reload the page, then try again.")
    if len(rows) > MAX_DRAFT_SCENARIOS:
        raise ConstitutionError(f"Principle {i + 1} has {len(rows)} scenarios; a draft holds {MAX_DRAFT_SCENARIOS} of each principle. Remove some.")
    for j, row in enumerate(rows, 1):
        try:
            scenario_from_data(row, f"scenario {j} of principle {i + 1}")
        except ConstitutionError as error:
            raise ConstitutionError(f"{error} It did not arrive whole: reload the page, then try again.") from error


def _wrong_priority(row: Mapping[str, Any], i: int) -> Finding | None:
    """What to say beside the field of a priority that is no whole number."""
    try:
        priority_from_data(row.get("priority"), f"principle {i + 1}")
    except ConstitutionError as error:
        return Finding(rule=Rule.PRIORITY_RANGE, severity=Severity.MUST, principle=i, field="priority", message=str(error))
    return None


def read_stored_document(name: str, content: object) -> Document | Unreadable:
    """The same for what a draft's row holds, whatever that is: what was too much for today's draft was not too much when it was stored."""
    if isinstance(content, DamagedJson):
        return Unreadable("it is no JSON.", content.raw)
    found = read_stored(content, plain_json(content))
    if isinstance(found, Unreadable):
        return found
    return _document(name, to_data(with_ids(found))["principles"], found.conflict_rule)


def _document(name: str, rows: list[Mapping[str, Any]], conflict_rule: str) -> Document:
    principles = with_distinct_ids(_principle(row, i) for i, row in enumerate(rows))
    constitution = Constitution(name=name, principles=principles, conflict_rule=normal(repaired(conflict_rule)))
    return Document(constitution, find(constitution), to_data(constitution))


def _principle(sent: Mapping[str, Any], i: int) -> Principle:
    row = repaired_data({key: value for key, value in sent.items() if key in _KEYS})
    return Principle(
        id=row["id"],
        title=normal_line(row["title"]),
        statement=normal(row["statement"]),
        antithesis=normal(row["antithesis"]),
        check=_check(row["check"], i) if row.get("check") not in (None, "") else None,
        written_by=_writer(row.get("written_by")),
        scenarios=tuple(scenario_from_data(each, f"scenario {j} of principle {i + 1}") for j, each in enumerate(row.get("scenarios", []), 1)),
        priority=priority_from_data(row.get("priority"), f"principle {i + 1}"),
    )


def _check(sent: object, i: int) -> Check:
    """A check, or what was typed where one should be: it is kept with what to say beside its field."""
    given = sent if isinstance(sent, str) or (isinstance(sent, Mapping) and len(sent) == 1) else str(sent)
    where = f"principle {i + 1}"
    try:
        return check_from_data(given, where)
    except ConstitutionError as error:
        why = _needs(given, i) or str(error)
    check = keep_check(given, where)
    return replace(check, kept=Kept(json.dumps(check_to_data(check), sort_keys=True, ensure_ascii=False), why))


def _writer(given: object) -> WrittenBy | None:
    """Who wrote a principle, as far as it can be read: it is no text of the author's, and no reason to refuse one."""
    try:
        written_by = written_by_from_data(given, "a principle")
    except ConstitutionError:
        return None
    return replace(written_by, model=" ".join(written_by.model.split())[:MAX_WRITER_CHARS])


def _needs(given: object, i: int) -> str:
    """What to say beside the field of a check whose argument is not there yet."""
    if not isinstance(given, Mapping) or len(given) != 1 or any(given.values()):
        return ""
    kind = CHECKS.get(str(next(iter(given))))
    return (
        f"The check of principle {i + 1} needs {'a number' if kind.argument is int else 'a text'}, for instance {kind.example}."
        if kind and kind.argument
        else ""
    )


def with_ids(constitution: Constitution) -> Constitution:
    """The constitution with an identity for each principle that has none."""
    return replace(constitution, principles=tuple(p if p.id else replace(p, id=uuid4().hex) for p in constitution.principles))


def require_name(name: object) -> str:
    """A constitution's name without surrounding space.

    Raises:
        ConstitutionError: Empty or nothing to be seen, too long, no text, or something in it that is no part of a name.
    """
    plain = " ".join(repaired(normal(name)).split()) if isinstance(name, str) else ""
    if is_unseen(plain):
        raise ConstitutionError("A constitution needs a name. Type one." if not plain else "The name holds nothing that can be seen. Type one.")
    if len(plain) > MAX_NAME_CHARS:
        raise ConstitutionError(f"The name has {len(plain):,} characters; the limit is {MAX_NAME_CHARS}. Shorten it.")
    if code := control_in(plain) or turn_in(plain):
        raise ConstitutionError(f"The name holds {code}, which is no letter and would disturb what stands beside the name. Type it again without.")
    return plain


def require_message(message: object) -> str:
    """What a version is saved with: what changed, and why.

    Raises:
        ConstitutionError: Nothing to be seen, or too long.
    """
    plain = repaired(normal(message)).strip() if isinstance(message, str) else ""
    if is_unseen(plain):
        raise ConstitutionError("A version needs a message: what changed, and why. Write one.")
    if len(plain) > MAX_MESSAGE_CHARS:
        raise ConstitutionError(f"The message has {len(plain):,} characters; the limit is {MAX_MESSAGE_CHARS}. Shorten it.")
    return plain


def same_principles(a: Constitution, b: Constitution) -> bool:
    """Whether two constitutions are the same but for their name, which is not a draft's: renaming changes it for everybody at once."""
    return same_text(a, replace(b, name=a.name))


def same_text(a: Constitution, b: Constitution) -> bool:
    """Whether two constitutions are the same, word for word and principle for principle."""
    return to_data(a) == to_data(b)
