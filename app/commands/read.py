"""`read`: what is understood of a file, before a run is spent on it. No model is loaded."""

import argparse
import json
from pathlib import Path

from app.commands.files import read_bytes
from app.present.readings import (
    constitution_reading_data,
    constitution_reading_lines,
    query_reading_data,
    query_reading_lines,
    reply_reading_data,
    reply_reading_lines,
)
from app.services.imports import read_file
from core.constitution.reading.query_files import read_query_file
from core.constitution.reading.replies import FIELDS, read_replies
from core.constitution.reading.tables import read_rows
from core.errors import FileError, StudioError

KINDS = ("queries", "constitution", "replies")
_DOCUMENTS = (".yaml", ".yml", ".md", ".markdown")  # no rows are read from these, but for a bare list


def run(options: argparse.Namespace) -> int:
    """`read`: lines, or JSON. A file that cannot be used is exit status 1 with one line."""
    path: Path = options.file
    try:
        data = read_bytes(path)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise FileError(f"There is no file {path}. Check the path.") from error
    found, lines = _read(data, path.name, options.kind or _kind(data, path.name), options.query_field)
    print(json.dumps(found, ensure_ascii=False) if options.json else "\n".join(lines))
    return 0


def _read(data: bytes, name: str, kind: str, field: str | None) -> tuple[dict[str, object], list[str]]:
    if kind == "constitution":
        constitution = read_file(data, name)
        return constitution_reading_data(constitution), constitution_reading_lines(constitution)
    if kind == "replies":
        replies = read_replies(data, name)
        return reply_reading_data(replies), reply_reading_lines(replies)
    queries = read_query_file(data, name, field=field)
    return query_reading_data(queries), query_reading_lines(queries)


def _kind(data: bytes, name: str) -> str:
    """What a file holds: rows with a reply are replies; a document, or JSON that speaks of principles, is a constitution; else queries."""
    if name.casefold().endswith(_DOCUMENTS):
        return "constitution"
    try:
        columns = [column.strip().casefold() for column in read_rows(data, name).columns]
    except StudioError:
        return "constitution" if name.casefold().endswith(".json") and _is_constitution(data, name) else "queries"
    if FIELDS[0] in columns and "instruction" not in columns:
        return "replies"
    speaks = {"principles", "principle", "statement", "antithesis", "positive", "negative", "rules", "constitutions", "critic", "revision", "criteria"}
    return "constitution" if speaks & set(columns) and _is_constitution(data, name) else "queries"


def _is_constitution(data: bytes, name: str) -> bool:
    try:
        read_file(data, name)
    except StudioError:
        return False
    return True
