"""Constitutions as they are stored: one text for one constitution, and reading it back whatever it holds.

What comes in is validated once, before it is stored (`from_data`, `find`). What is stored is never validated again: bounds move, checks come and go,
disks fail, and a text that was saved has to open all the same. So `decode` knows no error: a check that cannot be judged by is kept as it was
written and says why, and what is no constitution at all comes back as `Unreadable`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.constitution.checks import Check, Kept, read_check
from core.constitution.normal import normal, normal_line, repaired_data
from core.constitution.principles import Constitution, Principle, WrittenBy, to_data, written_by_from_data
from core.constitution.priorities import priority_from_data
from core.constitution.scenarios import SCENARIO_KEYS, Scenario, scenario_from_data
from core.constitution.shapes import kind_of
from core.errors import ConstitutionError

ID = re.compile(r"[0-9a-f]{32}")
_OF_A_CONSTITUTION = ("name", "principles", "conflict_rule", "blurb")
REMEDY = "Take it as it is stored, or save a new version after it."
_OF_A_PRINCIPLE = ("title", "statement", "antithesis", "check", "id", "written_by", "scenarios", "priority")


@dataclass(frozen=True)
class Unreadable:
    """What is stored where a constitution should be, and is none."""

    reason: str  # completes "It cannot be read: "
    raw: str  # as it is stored


class _NoConstitutionError(Exception):
    """The message is a reason."""


def encode(constitution: Constitution) -> str:
    """The one text that a constitution is stored as: JSON with sorted keys and no spaces."""
    return json.dumps(to_data(constitution), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def decode(text: str, sha256: str | None = None) -> Constitution | Unreadable:
    """The inverse of `encode`, for any text at all.

    Args:
        text: As it is stored.
        sha256: Of what was stored, where that was noted: another text is not what anybody saved.

    Returns:
        The constitution, in which a check that this studio cannot judge by says so (`Check.kept`) and keys that it does not know are named
        (`Constitution.left_out`); or why there is none.
    """
    if sha256 is not None and hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() != sha256:
        return Unreadable(f"its stored text was changed since it was saved (sha256 {sha256[:12]}… does not match it).", text)
    try:
        return read_stored(json.loads(text), text)
    except (ValueError, RecursionError) as error:  # the latter of a text that nests too deeply
        return Unreadable(f"it is no JSON ({str(error)[:120]}).", text)


def read_stored(data: object, raw: str = "") -> Constitution | Unreadable:
    """As `decode`, for a text that was parsed already, as what crosses from one process to another is.

    Args:
        data: Plain data.
        raw: The text that it was parsed from.
    """
    try:
        return _constitution(repaired_data(data))
    except _NoConstitutionError as error:
        return Unreadable(str(error), raw)


def require_readable(found: Constitution | Unreadable, what: str) -> Constitution:
    """The constitution, for whoever can do nothing without it.

    Raises:
        ConstitutionError: It cannot be read; `what` names it, as a sentence begins.
    """
    if isinstance(found, Unreadable):
        raise ConstitutionError(f"{what} cannot be read: {found.reason} {REMEDY}")
    return found


def _constitution(data: object) -> Constitution:
    if not isinstance(data, Mapping):
        raise _NoConstitutionError(f"it is {kind_of(data)}, not a mapping with `name` and `principles`.")
    rows = data.get("principles")
    if not isinstance(rows, list):
        raise _NoConstitutionError("it holds no list of principles.")
    left_out = [f"`{key}`" for key in data if key not in _OF_A_CONSTITUTION]
    read = [_principle(row, i, left_out) for i, row in enumerate(rows)]
    return Constitution(
        name=normal_line(_text(data, "name", "the constitution")),
        principles=with_distinct_ids(read),
        conflict_rule=normal(_text(data, "conflict_rule", "the constitution")),
        left_out=tuple(left_out),
    )


def _principle(row: object, i: int, left_out: list[str]) -> Principle:
    where = f"principle {i + 1}"
    if not isinstance(row, Mapping):
        raise _NoConstitutionError(f"{where} is {kind_of(row)}, not a mapping with `title`, `statement` and `antithesis`.")
    left_out += [f"`{key}` of {where}" for key in row if key not in _OF_A_PRINCIPLE]
    written_by = _writer(row.get("written_by"), where)
    if written_by is None and row.get("written_by"):
        left_out.append(f"`written_by` of {where}")
    return Principle(
        title=normal_line(_text(row, "title", where)),
        statement=normal(_text(row, "statement", where)),
        antithesis=normal(_text(row, "antithesis", where)),
        check=keep_check(row["check"], where) if row.get("check") not in (None, "") else None,
        id=str(row.get("id") or ""),
        written_by=written_by,
        scenarios=tuple(_scenarios(row.get("scenarios"), where, left_out)),
        priority=_priority(row.get("priority"), where, left_out),
    )


def _priority(data: object, where: str, left_out: list[str]) -> int | None:
    try:
        return priority_from_data(data, where)
    except ConstitutionError:
        left_out.append(f"`priority` of {where}")
        return None


def _scenarios(data: object, where: str, left_out: list[str]) -> Iterator[Scenario]:
    """Those that can be read; the others are named, and so are keys in them that this studio does not know."""
    if not isinstance(data, list):
        left_out += [f"`scenarios` of {where}"] if data not in (None, "") else []
        return
    for i, row in enumerate(data, 1):
        its = f"scenario {i} of {where}"
        plain = {key: value for key, value in row.items() if key in SCENARIO_KEYS} if isinstance(row, Mapping) else row
        left_out += [f"`{key}` of {its}" for key in row if key not in SCENARIO_KEYS] if isinstance(row, Mapping) else []
        try:
            yield scenario_from_data(plain, its)
        except ConstitutionError:
            left_out.append(its)


def keep_check(data: object, where: str) -> Check:
    """A check as it is stored; one that cannot be judged by is kept as it was written, and says why.

    Args:
        data: As `check_to_data` gives it, or anything else.
        where: In which principle it stands.
    """
    try:
        return read_check(data, where)
    except ConstitutionError as error:
        kept = Kept(written=json.dumps(data, sort_keys=True, ensure_ascii=False), why=str(error))
    if isinstance(data, str):
        return Check(data, kept=kept)
    if not isinstance(data, Mapping) or len(data) != 1:
        return Check(kept.written, kept=kept)
    name, argument = next(iter(data.items()))
    plain = isinstance(argument, str | int | None) and not isinstance(argument, bool)
    return Check(str(name), argument if plain else json.dumps(argument, ensure_ascii=False), kept)


def _writer(data: object, where: str) -> WrittenBy | None:
    try:
        return written_by_from_data(data, where) if data not in (None, "") else None
    except ConstitutionError:
        return None


def _text(row: Mapping[Any, Any], key: str, where: str) -> str:
    value = row.get(key)
    if value is not None and not isinstance(value, str):
        raise _NoConstitutionError(f"`{key}` of {where} is {kind_of(value)}, not a text.")
    return value or ""


def with_distinct_ids(principles: Iterable[Principle]) -> tuple[Principle, ...]:
    """Earlier studios stored ids of all kinds, and the same one twice. Each such principle has the same other id in every version."""
    seen: set[str] = set()
    own = []
    for i, principle in enumerate(principles):
        identity = principle.id
        if identity and (ID.fullmatch(identity) is None or identity in seen):
            identity = hashlib.sha256(f"{identity}\n{i if identity in seen else ''}".encode()).hexdigest()[:32]
        seen.update(filter(None, (identity, principle.id)))
        own.append(principle if identity == principle.id else replace(principle, id=identity))
    return tuple(own)
