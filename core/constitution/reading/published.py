"""Constitutions in the shapes that others publish as JSON, JSON lines or YAML: lists of texts, pairs, traits, criteria. They become drafts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.constitution.checks import Check, check_from_data
from core.constitution.principles import from_data
from core.constitution.reading.drafts import Draft, Found, draft_of
from core.constitution.shapes import kind_of
from core.errors import ConstitutionError

OURS = frozenset({"title", "statement", "antithesis"})
_HOLDERS = ("principles", "constitutions", "constitution", "criteria", "guidelines", "traits", "rules", "values", "tenets", "articles", "sections")
_TEXTS = (
    *("statement", "principle", "comparative", "trait", "rule", "criterion", "guideline", "tenet", "text", "content", "description", "instruction"),
    *("revision", "revision_request", "edit_request", "value"),
)
_TITLES = ("title", "name", "heading", "label")
_OPPOSITES = ("antithesis", "opposite", "negation")
_NAMES = ("name", "title", "constitution_name")


def read_published(data: Any, name: str) -> Draft | None:
    """The draft in plain data, or None when it has none of the shapes we know, or our own."""
    if isinstance(data, Mapping):
        return _of_a_mapping(data, name)
    if isinstance(data, list) and data and _are_rows(data):
        if _is_ours(data):
            note = f"The file is a list without a name; the name is that of the file, “{name}”."
            plain, ignored = without_foreign_ids(data)
            return Draft(format="a list", constitution=from_data({"name": name, "principles": plain}), ignored=ignored, notes=[note])
        return _of_rows({"": data}, name, Draft(format="a list"))
    if isinstance(data, list) and data and all(_is_pair(row) for row in data) and len({key for row in data for key in row}) == len(data) > 1:
        return _of_pairs(data, name, Draft(format="a list of pairs"))
    if isinstance(data, list) and data:
        raise ConstitutionError(_no_list(data))
    return None


def _no_list(rows: Sequence[Any]) -> str:
    """Which item keeps a list from being one of principles."""
    i = next(i for i, row in enumerate(rows) if not _are_rows([row]))
    keys = f" with {_listed([str(key) for key in rows[i]][:5])}, none of which is known here" if isinstance(rows[i], Mapping) and rows[i] else ""
    remedy = "A text that holds `: ` needs quotes in YAML." if keys else "Remove it, or write a text."
    return f"A constitution is a mapping with `name` and `principles`, or a list of texts, but item {i + 1} of this list is {kind_of(rows[i])}{keys}. {remedy}"


def _of_a_mapping(data: Mapping[str, Any], name: str) -> Draft | None:
    holders = [key for key in data if str(key) in _HOLDERS and isinstance(data[key], list) and data[key] and _are_rows(data[key])]
    if holders and not (holders == ["principles"] and _is_ours(data["principles"])):
        named = next((str(data[key]) for key in _NAMES if isinstance(data.get(key), str) and data[key].strip()), name)
        ignored = [str(key) for key in data if key not in holders and not (key in _NAMES and data[key] == named)]
        return _of_rows({key: data[key] for key in holders}, named, Draft(format=f"a mapping with {_listed(holders)}", ignored=ignored))
    if not data or OURS & data.keys() or set(_NAMES) & data.keys() or set(_HOLDERS) & data.keys():
        return None
    if all(isinstance(value, list) and value and _are_rows(value) for value in data.values()):
        note = f"Left out, as a heading over a list of principles: {_listed(list(data))}."
        return _of_rows(data, name, Draft(format="a mapping of lists", notes=[note]))
    if all(isinstance(value, str) and value.strip() for value in data.values()):
        found = [Found(title=str(key), statement=value) for key, value in data.items()]
        return draft_of(found, name, Draft(format="a mapping of texts", used={"title": "the key", "statement": "the text"}))
    if all(isinstance(value, Mapping) and _text_key(value) for value in data.values()):
        rows = [{"title": str(key), **{k: v for k, v in value.items() if k != "title"}} for key, value in data.items()]
        draft = _of_rows({"": rows}, name, Draft(format="a mapping of mappings"))
        return replace(draft, used={**draft.used, "title": "the key"})
    return None


def with_rows(data: Any) -> Any:
    """Our own shape in which the principles stand under their titles in place of in a list, as that list; all else as it is."""
    if not isinstance(data, Mapping) or not isinstance(data.get("principles"), Mapping):
        return data
    below = data["principles"]
    if OURS & below.keys() or not all((isinstance(value, str) and value.strip()) or isinstance(value, Mapping) for value in below.values()):
        return data
    rows = [{"title": str(key), **(value if isinstance(value, Mapping) else {"statement": value})} for key, value in below.items()]
    return {**data, "principles": rows}


def _is_pair(row: Any) -> bool:
    return isinstance(row, Mapping) and len(row) == 1 and all(isinstance(value, str) and value.strip() for value in row.values())


def _of_pairs(rows: Sequence[Mapping[str, str]], name: str, draft: Draft) -> Draft:
    """`- Calm: stay calm.`: a title and its text, or a text that holds `: `. So the whole is the statement, and nothing is lost of either."""
    found = [Found(title=str(key), statement=f"{key}: {value}") for row in rows for key, value in row.items()]
    return draft_of(found, name, replace(draft, used={"title": "the key", "statement": "the key and the text"}))


def without_foreign_ids(rows: list[Any]) -> tuple[list[Any], list[str]]:
    """Rows of our own shape without the ids in them, of whatever kind they are, and what to say about it."""
    plain = [{key: value for key, value in row.items() if key != "id"} if isinstance(row, Mapping) else row for row in rows]
    dropped = sum(isinstance(row, Mapping) and row.get("id") not in (None, "") for row in rows)
    return plain, [f"id of {dropped} principle{'s' if dropped > 1 else ''}: ids belong to one database"] if dropped else []


def _are_rows(rows: Sequence[Any]) -> bool:
    return all((isinstance(row, str) and row.strip()) or (isinstance(row, Mapping) and (_text_key(row) or OURS & row.keys() or _below(row))) for row in rows)


def _below(row: Mapping[str, Any]) -> str | None:
    """The key of the principles of a section that says nothing itself."""
    if _text_key(row) or _first(row, _OPPOSITES):
        return None
    return next((key for key in _HOLDERS if isinstance(row.get(key), list) and row[key] and _are_rows(row[key])), None)


def _flat(rows: Sequence[Any], unused: "Counter[str]") -> Iterator[Any]:
    """Rows, and in the place of a section the rows below it."""
    for row in rows:
        key = _below(row) if isinstance(row, Mapping) else None
        if key is None:
            yield row
        else:
            unused.update(f"{other} of a section" for other in row if other != key)
            yield from _flat(row[key], unused)


def _is_ours(rows: Sequence[Any]) -> bool:
    """Whether a row has our own words for its parts, so that an unknown key in it is a slip to be told."""
    words = [set(row) for row in rows if isinstance(row, Mapping)]
    return any("statement" in row or (OURS & row and not row & set(_TEXTS)) for row in words)


def _text_key(row: Mapping[str, Any]) -> str | None:
    return next((key for key in _TEXTS if isinstance(row.get(key), str) and row[key].strip()), None)


def _of_rows(groups: Mapping[str, Sequence[Any]], name: str, draft: Draft) -> Draft:
    found, unused = [], Counter[str]()
    used: dict[str, Counter[str]] = {"statement": Counter(), "title": Counter(), "antithesis": Counter()}
    sections = Counter[str]()
    for row in [row for rows in groups.values() for row in _flat(rows, sections)]:
        found.append(Found(statement=row) if isinstance(row, str) else _of_a_row(row, used, unused))
    came = {part: " or ".join(keys) for part, keys in used.items() if keys} or {"statement": "the text"}
    notes = list(draft.notes)
    if any(key in used["statement"] for key in ("revision", "revision_request", "edit_request")):
        notes.append("Of each pair what the reply shall become is the statement; what is asked of the critic is left out.")
    if unused["questions"] or unused["scenarios"]:
        notes.append("The questions that come with the principles are left out here. They can be used as queries.")
    ignored = [*draft.ignored, *sections, *(f"{key} of {count} principle{'s' if count > 1 else ''}" for key, count in unused.items())]
    return draft_of(found, name, Draft(format=draft.format, used=came, ignored=ignored, notes=notes))


def _of_a_row(row: Mapping[str, Any], used: dict[str, "Counter[str]"], unused: "Counter[str]") -> Found:
    keys = {"statement": _text_key(row), "title": _first(row, _TITLES), "antithesis": _first(row, _OPPOSITES)}
    for part, key in keys.items():
        used[part].update([key] if key else [])
    check = _check(row.get("check"))
    known = {*keys.values(), "check" if check is not None else None}
    unused.update(str(key) for key in row if key not in known and row[key] not in (None, "", [], {}))
    parts = {part: str(row[key]) if key else "" for part, key in keys.items()}
    return Found(statement=parts["statement"], title=parts["title"], antithesis=parts["antithesis"], check=check)


def _check(data: object) -> Check | None:
    """A check of ours; None where it is another thing of that name, which is named as left out."""
    try:
        return check_from_data(data, "this row")
    except ConstitutionError:
        return None


def _first(row: Mapping[str, Any], keys: Sequence[str]) -> str | None:
    return next((key for key in keys if isinstance(row.get(key), str) and row[key].strip()), None)


def _listed(keys: Sequence[str]) -> str:
    return " and ".join(f"`{key}`" for key in keys)
