"""Constitutions from and to files: our YAML, JSON and Markdown, SAMI's pair of texts, and what others publish, as a draft."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import yaml

from core.constitution.findings import Finding, find, require_valid
from core.constitution.normal import normal
from core.constitution.principles import Constitution, from_data, to_data
from core.constitution.reading.documents import dump_markdown, read_document, read_edited
from core.constitution.reading.drafts import MAX_DRAFT_PRINCIPLES, MAX_DRAFT_SCENARIOS, Draft
from core.constitution.reading.json_text import read_json, read_json_lines
from core.constitution.reading.prose import read_prose
from core.constitution.reading.published import read_published, with_rows, without_foreign_ids
from core.constitution.reading.sami import LISTS, from_sami
from core.constitution.reading.tables import read_text
from core.constitution.reading.yaml_text import read_yaml
from core.errors import ConstitutionError, FileError

__all__ = ["ConstitutionReading", "dump_markdown", "dump_yaml", "parse_file", "parse_yaml", "read_constitution", "read_constitution_text"]

_NOT_READ = {
    **dict.fromkeys((".csv", ".tsv", ".xlsx", ".xls", ".ods"), "a table"),
    **dict.fromkeys((".pdf", ".docx", ".doc", ".odt", ".rtf"), "a document of a word processor"),
    **dict.fromkeys((".html", ".htm"), "a web page"),
}
_SAVE = "Save the constitution as YAML, JSON or Markdown."
_MARKDOWN = (".md", ".markdown")
_PAGE = re.compile(r"\s*<(?:head|body|table|ul|ol|div|p)\b[^>]*>", re.IGNORECASE)  # in Markdown a file may well begin with such a tag
_OUR_KEYS = re.compile(r"^[ \t{\[]*(?:-[ \t]+)?[\"']?(?:name|principles|title|statement|antithesis|rules|positive|negative)[\"']?[ \t]*:", re.MULTILINE)
_JSON_BEGIN = re.compile(r"\s*[\[{]\s*[\[{\"']")
_OURS = "Markdown, as the Write page gives it"
_YAML_BEGIN = re.compile(r"\A(?:[^\S\n]*(?:#[^\n]*|---[^\S\n]*|%[^\n]*)?\n)*+[^\S\n]*(?:-[^\S\n]+)?[A-Za-z_]+[^\S\n]*:(?:\s|$)")


@dataclass(frozen=True, kw_only=True)
class ConstitutionReading:
    """What was understood of a file."""

    format: str
    encoding: str
    used: dict[str, str]  # which part of a principle came from where
    ignored: tuple[str, ...]  # what the file holds and the constitution does not
    notes: tuple[str, ...]
    constitution: Constitution  # without ids: they belong to the database they came from
    findings: tuple[Finding, ...]


def read_constitution(data: bytes, filename: str) -> ConstitutionReading:
    """Read a constitution file as a draft: texts may be missing, and findings say which.

    Args:
        data: The file.
        filename: Its ending decides how it is read: JSON, JSON lines, Markdown, YAML; where it has another, the text decides.

    Raises:
        ConstitutionError: Not text, not that format, or no constitution.
    """
    _refuse_kind(PurePath(filename))
    try:
        decoded = read_text(data, filename or "The file", remedy=_SAVE)
    except FileError as error:
        raise ConstitutionError(str(error)) from error
    reading = read_constitution_text(decoded.text, filename, decoded.encoding)
    return replace(reading, notes=(*decoded.notes, *reading.notes))


def read_constitution_text(text: str, filename: str, encoding: str = "UTF-8") -> ConstitutionReading:
    """The same for text that is decoded."""
    path = PurePath(filename)
    _refuse_kind(path)
    if (_PAGE.match(text) and path.suffix.casefold() not in _MARKDOWN) or re.match(r"\s*<(?:!doctype|html)", text, re.IGNORECASE):
        raise ConstitutionError(f"The file is a web page. {_SAVE}")
    if not text.strip():
        raise ConstitutionError("The file is empty. Write a `name` and a list of `principles`.")
    draft = _draft(text.removeprefix("\ufeff"), path)
    if (count := len(draft.constitution.principles)) > MAX_DRAFT_PRINCIPLES:
        raise ConstitutionError(f"There are {count} principles in this file; a draft holds {MAX_DRAFT_PRINCIPLES}. Choose some, or divide it.")
    for i, principle in enumerate(draft.constitution.principles, 1):
        if (count := len(principle.scenarios)) > MAX_DRAFT_SCENARIOS:
            raise ConstitutionError(f"Principle {i} has {count} scenarios in this file; a draft holds {MAX_DRAFT_SCENARIOS} of each. Choose some.")
    return ConstitutionReading(
        format=draft.format,
        encoding=encoding,
        used=draft.used,
        ignored=tuple(draft.ignored),
        notes=tuple(note.removesuffix(".") for note in draft.notes),
        constitution=draft.constitution,
        findings=find(draft.constitution),
    )


def _refuse_kind(path: PurePath) -> None:
    if (kind := _NOT_READ.get(path.suffix.casefold())) is not None:
        raise ConstitutionError(f"The file is {kind}. {_SAVE}")


def parse_file(text: str, filename: str) -> Constitution:
    """Read a constitution file and check it as for saving a version.

    Args:
        text: What the file holds.
        filename: As in `read_constitution`. Where a file holds no name, it is taken from it.

    Raises:
        ConstitutionError: A format or shape that cannot be read, or any finding that must be put right.
    """
    constitution = read_constitution_text(text, filename).constitution
    require_valid(constitution)
    return constitution


def parse_yaml(text: str) -> Constitution:
    """Read a YAML file and check it as for saving a version.

    Raises:
        ConstitutionError: Not YAML, a wrong shape, or any finding that must be put right.
    """
    return parse_file(text, "constitution.yaml")


def dump_yaml(constitution: Constitution) -> str:
    """The constitution as a YAML file that a person can edit; ids are left out, since they belong to one database."""
    plain = replace(constitution, principles=tuple(replace(p, id="") for p in constitution.principles))
    return yaml.safe_dump(to_data(plain), sort_keys=False, allow_unicode=True, width=100)


def _draft(text: str, path: PurePath) -> Draft:
    suffix, name = path.suffix.casefold(), _name(path.stem)
    opens = text.lstrip()[:1] in ("{", "[")
    if suffix in (".jsonl", ".ndjson"):
        return _of_lines(read_json_lines(text), name)
    if suffix == ".json":
        return _of_data(read_json(text), name, "JSON")
    if suffix in (".yaml", ".yml"):
        return _of_yaml(text, name, opens)
    if suffix in _MARKDOWN or not (opens or _YAML_BEGIN.match(text)):
        return _of_markdown(normal(text), name)
    try:
        return _of_yaml(text, name, opens)
    except ConstitutionError:
        if _OUR_KEYS.search(text) or _JSON_BEGIN.match(text) or _is_json(text):
            raise
        return _of_markdown(normal(text), name)  # prose that begins as YAML may begin: `Note: …`, `[1] …`


def _of_yaml(text: str, name: str, opens: bool) -> Draft:
    if opens:
        try:
            return _of_data(read_json(text), name, "JSON")
        except ConstitutionError:
            pass  # flow style is YAML too, and its own message has the line
    loaded = read_yaml(text)
    draft = _of_data(loaded.data, name, "YAML")
    return replace(draft, notes=[*loaded.notes, *draft.notes])


def _is_json(text: str) -> bool:
    try:
        read_json(text)
    except ConstitutionError:
        return False
    return True


def _of_lines(values: list[Any], name: str) -> Draft:
    """A constitution that stands in one line, or one principle a line."""
    whole = len(values) == 1 and isinstance(values[0], Mapping) and isinstance(values[0].get("principles"), list)
    return _of_data(values[0] if whole else values, name, "JSON lines")


def _of_markdown(text: str, name: str) -> Draft:
    document = read_document(text)
    if document is not None:
        return Draft(format=_OURS, constitution=document)
    if (edited := read_edited(text, name)) is not None:
        return Draft(format=f"{_OURS}, edited", constitution=edited[0], ignored=edited[1])
    return read_prose(text, name)


def _of_data(data: Any, name: str, language: str) -> Draft:
    if isinstance(data, Mapping) and list(data) == ["constitution"] and isinstance(data["constitution"], Mapping):
        data = data["constitution"]
    data = with_rows(data)
    if isinstance(data, Mapping) and data.keys() & set(LISTS):
        used = {"statement": "positive", "antithesis": "negative", "title": "identifiers"}
        return Draft(format=f"{language}, SAMI's pair of lists", constitution=from_sami(data, name), used=used)
    published = read_published(data, name)
    if published is not None:
        return replace(published, format=f"{language}, {published.format}")
    ignored = ["blurb"] if isinstance(data, Mapping) and data.get("blurb") else []
    if isinstance(data, Mapping) and isinstance(data.get("principles"), list):
        rows, foreign = without_foreign_ids(data["principles"])
        constitution = from_data({**data, "principles": rows})
        return Draft(format=language, constitution=constitution, ignored=[*ignored, *foreign], notes=_meanings(rows, constitution))
    return Draft(format=language, constitution=from_data(data), ignored=ignored)


def _meanings(rows: list[Any], constitution: Constitution) -> list[str]:
    """What is kept of a check in other words than it was written in: a language by its code, a list as alternatives."""
    notes = []
    for i, (row, principle) in enumerate(zip(rows, constitution.principles, strict=True), 1):
        written = row.get("check")
        if principle.check is None or not isinstance(written, Mapping):
            continue
        argument = written.get(principle.check.name)
        if isinstance(argument, list) or (principle.check.name == "language" and argument != principle.check.argument):
            said = " or ".join(argument) if isinstance(argument, list) else str(argument)
            notes.append(f"The check of principle {i}, {principle.check.name} “{said[:80]}”, is kept as “{str(principle.check.argument)[:80]}”.")
    return notes


def _name(stem: str) -> str:
    words = " ".join(stem.replace("_", " ").split())
    return f"{words[:1].upper()}{words[1:]}"
