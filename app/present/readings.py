"""What was understood of a file that somebody brought: as data, as lines for a terminal, as HTML."""

from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from typing import Any

from app.present.text import count
from core.constitution.files import ConstitutionReading
from core.constitution.findings import problems
from core.constitution.principles import to_data
from core.constitution.queries import to_rows
from core.constitution.reading.query_files import QueryReading
from core.constitution.reading.replies import ReplyFile
from core.constitution.reading.tables import ITEM

MOST_FINDINGS = 5
SHOWN = 3  # queries that are shown of each split


def ignored_words(ignored: Sequence[str]) -> list[str]:
    """Which parts of a file were not used, as one note; none where all were."""
    return [f"not used: {', '.join(f'`{name}`' for name in ignored)}"] if ignored else []


def query_reading_data(reading: QueryReading) -> dict[str, Any]:
    """A reading of queries as plain JSON data."""
    return {**_head("queries", reading), "queries": to_rows(reading.queries), "findings": []}


def constitution_reading_data(reading: ConstitutionReading) -> dict[str, Any]:
    """A reading of a constitution as plain JSON data."""
    return {**_head("constitution", reading), "constitution": to_data(reading.constitution), "findings": [asdict(finding) for finding in reading.findings]}


def constitution_reading_lines(reading: ConstitutionReading) -> list[str]:
    """A reading of a constitution for a terminal."""
    principles = reading.constitution.principles
    return [
        f"{reading.constitution.name}: {_counts(reading)}",
        *head_lines(reading),
        *(f"  {i}. {text}" for i, text in enumerate((p.title for p in principles), 1)),
        *(f"  {finding.severity.value}: {finding.message}" for finding in reading.findings),
    ]


def _counts(reading: ConstitutionReading) -> str:
    principles = reading.constitution.principles
    scenarios = sum(len(principle.scenarios) for principle in principles)
    return f"{count(len(principles), 'principle')}{', ' + count(scenarios, 'scenario') if scenarios else ''}"


def constitution_reading_html(reading: ConstitutionReading) -> str:
    """A reading of a constitution for a page, with what has to be put right."""
    must = [finding.message for finding in problems(reading.findings)]
    shown = must[:MOST_FINDINGS]
    if len(must) > len(shown):
        shown.append(f"And {count(len(must) - len(shown), 'thing')} more to put right, which the Write page shows.")
    items = "".join(f'<li dir="auto">{escape(text)}</li>' for text in shown)
    said = f'<p class="cs-quiet">{_counts(reading)}.</p>'
    return f'<div class="cs-read-as">{said}{head_html(reading)}{f"<ul>{items}</ul>" if items else ""}</div>'


def reply_reading_data(reading: ReplyFile) -> dict[str, Any]:
    """A reading of replies as plain JSON data."""
    return {**_head("replies", reading), "replies": [asdict(reply) for reply in reading.replies], "findings": []}


def reply_reading_lines(reading: ReplyFile) -> list[str]:
    """A reading of replies for a terminal."""
    return [
        count(len(reading.replies), "reply", "replies"),
        *head_lines(reading),
        *(f"  reply: {text}" for text in _few([r.response for r in reading.replies])),
    ]


def _head(kind: str, reading: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "format": reading.format,
        "encoding": reading.encoding,
        "used": dict(reading.used),
        "ignored": list(reading.ignored),
        "notes": list(reading.notes),
    }


def query_reading_lines(reading: QueryReading) -> list[str]:
    """A reading of queries for a terminal."""
    train, held_out = _split(reading)
    return [
        f"{count(len(reading.queries), 'query', 'queries')}: {len(train):,} to train on, {len(held_out):,} held out",
        *head_lines(reading),
        *(f"  {name}: {text}" for name, texts in (("train", train), ("held out", held_out)) for text in _few(texts)),
    ]


def head_lines(reading: Any) -> list[str]:
    """Format, columns and notes of any reading, for a terminal."""
    return [f"  read as {_as_what(reading)}", *(f"  {note}" for note in (*reading.notes, *ignored_words(reading.ignored)))]


def query_reading_html(reading: QueryReading) -> str:
    """A reading of queries for a page."""
    train, held_out = _split(reading)
    samples = samples_html("To train on", train) + samples_html("Held out", held_out)
    return f'<div class="cs-read-as">{head_html(reading)}{samples}</div>'


def samples_html(name: str, texts: Sequence[str]) -> str:
    """The first few of what was read, under their name."""
    shown = "".join(f'<dd dir="auto">{escape(text)}</dd>' for text in _few(texts))
    return f'<dl class="cs-read-samples"><dt>{name}</dt>{shown}</dl>'


def head_html(reading: Any) -> str:
    """Format, columns and notes of any reading, for a page."""
    notes = "".join(f'<li dir="auto">{escape(_begun(note))}.</li>' for note in (*reading.notes, *ignored_words(reading.ignored)))
    return f'<p class="cs-quiet">Read as {escape(_as_what(reading))}.</p>' + (f'<ul class="cs-read-notes">{notes}</ul>' if notes else "")


def _as_what(reading: Any) -> str:
    columns = [
        f"{meaning} from {name if name.startswith('the ') else f'`{name}`'}" for meaning, name in reading.used.items() if name not in (ITEM, reading.format)
    ]
    return ", ".join((f"{reading.format} in {reading.encoding}", *columns))


def _begun(note: str) -> str:
    return note[:1].upper() + note[1:]


def _split(reading: QueryReading) -> tuple[list[str], list[str]]:
    return [q.text for q in reading.queries if q.split == "train"], [q.text for q in reading.queries if q.split == "held_out"]


def _few(texts: Sequence[str]) -> list[str]:
    """The first few, each in one line, and how many more there are."""
    shown = [" ".join(text.split()) for text in texts[:SHOWN]]
    more = len(texts) - len(shown)
    return [text if len(text) <= 100 else f"{text[:99]}…" for text in shown] + ([f"… and {more:,} more"] if more else [])
