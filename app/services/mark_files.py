"""Marks as files: taken away whole, and brought back row by row, all or nothing."""

import csv
import io
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.services.actors import UNNAMED, is_name, is_unnamed, plain_name
from app.services.audit import record
from app.services.cards import FOLLOWS, Book, Source
from app.services.marking import marks_of, open_book, require_there
from app.services.replies import NothingToTakeError
from app.services.studio import Studio, in_words
from app.services.text_files import TextFile
from app.services.trained_pairs import amendment_of
from core.constitution.reading.tables import Row, read_rows
from core.errors import FileError, StudioError
from core.measure.cards import Card, identity
from core.runs.demands import counted
from db.errors import NotFound
from db.mark_tables import Mark
from db.marks import NewMark, add_mark

Format = Literal["csv", "jsonl"]
COLUMNS = ("run", "check", "principle", "query", "response", "follows", "who", "made_at", "arm", "side", "shown")
NEEDED = ("shown", "follows", "who")
SAYS = {follows: answer for answer, follows in FOLLOWS.items()}
READ_AS = {**FOLLOWS, "true": True, "false": False}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins with these
MOST_NAMED = 5  # rows that a refusal names


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of the rows of a file."""

    added: int
    there: int  # said the same already
    otherwise: int  # the same person has said something else here, which stays
    silent: int  # say nothing


@dataclass(frozen=True, kw_only=True)
class Brought:
    """A mark as a row of a file has it."""

    number: int  # of the principle
    card: Card
    who: str
    follows: bool | None


def marks_file(studio: Studio, source: Source, form: Format) -> TextFile:
    """All marks of a run or a check that count. What was marked of a run beside another, by its text, is in the file of both.

    Raises:
        NothingToTakeError: There is none.
    """
    with in_words(), studio.sessions.read() as session:
        try:
            require_there(session, source)
        except (NotFound, OverflowError) as error:
            raise NothingToTakeError("There is no such thing here.") from error
        found = marks_of(session, source)
    if source.beside is not None:
        _require_pair(studio, source.id, source.beside)
    shown = _shown(studio, source) if found else {}
    rows = [_row(mark, *shown.get(mark.shown, ("", ""))) for mark in found if not shown or mark.shown in shown]
    return TextFile(
        filename=f"{str(source).replace(' ', '-')}-marks.{form}", text=rows_as(form, rows), type="text/csv" if form == "csv" else "application/jsonl"
    )


def _require_pair(studio: Studio, run: int, beside: int) -> None:
    try:
        amendment_of(studio, run, beside)
    except (StudioError, OverflowError) as error:
        raise NothingToTakeError(str(error)) from error


def rows_as(form: Format, rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a text; in CSV what a spreadsheet would run begins with an apostrophe."""
    if form == "jsonl":
        return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value for name, value in row.items()} for row in rows)
    return out.getvalue()


def _row(mark: Mark, title: str, text: str) -> dict[str, Any]:
    values = (mark.run_id, mark.check_id, title, mark.query, text, SAYS[mark.follows], mark.who, mark.made_at.isoformat(), mark.arm, mark.side, mark.shown)
    return dict(zip(COLUMNS, values, strict=True))


def _shown(studio: Studio, source: Source) -> dict[str, tuple[str, str]]:
    """Title and reply of each card; nothing where the replies are gone: marks can be taken away all the same."""
    try:
        book = open_book(studio, source)
    except StudioError:
        return {}
    return {shown: (book.principle(number).title, card.text) for shown, (number, card) in cards_of(book).items()}


def cards_of(book: Book) -> dict[str, tuple[int, Card]]:
    """Every card with the number of its principle, by what it is known by."""
    numbers = range(1, len(book.constitution.principles) + 1)
    return {card.shown: (number, card) for number in numbers for deal in book.deals(number) for card in deal}


def import_marks(studio: Studio, source: Source, data: bytes, filename: str) -> Imported:
    """Keep the marks of a file, as `marks_file` gives it. What a person has marked here already stays as it is.

    Raises:
        FileError: It cannot be read, or a row is none of this run; nothing is kept then.
        StudioError: As `open_book`.
    """
    book = open_book(studio, source)
    brought, silent = read_marks(book, data, filename)
    with in_words(), studio.sessions.begin() as session:
        require_there(session, source)  # it may be gone by now
        new, found = sort_out(brought, silent, {(mark.who, mark.shown): mark.follows for mark in marks_of(session, source)})
        for mark in new:
            add_mark(session, _new(book, mark))
        record(session, "marks.imported", str(source), added=found.added)
    return found


def sort_out(brought: Sequence[Brought], silent: int, known: Mapping[tuple[str, str], bool | None]) -> tuple[list[Brought], Imported]:
    """Which of the marks of a file are new, and what becomes of the others. Of two that say something else of one reply the first stands.

    Args:
        brought: As `read_marks` gives them.
        silent: Rows that say nothing.
        known: What counts already, by who and what was shown.
    """
    new: dict[tuple[str, str], Brought] = {}
    there = otherwise = 0
    for mark in brought:
        key = (mark.who, mark.card.shown)
        if key not in known and key not in new:
            new[key] = mark
        elif (known[key] if key in known else new[key].follows) is mark.follows:
            there += 1
        else:
            otherwise += 1
    return list(new.values()), Imported(added=len(new), there=there, otherwise=otherwise, silent=silent)


def _new(book: Book, mark: Brought) -> NewMark:
    return NewMark(
        run_id=book.source.run,
        check_id=book.source.check,
        principle=identity(book.principle(mark.number)),
        arm=mark.card.cell.arm,
        side=mark.card.cell.side,
        query=mark.card.query,
        shown=mark.card.shown,
        follows=mark.follows,
        who=mark.who,
        request_key=f"imported-{secrets.token_hex(16)}",
    )


def read_marks(book: Book, data: bytes, filename: str) -> tuple[list[Brought], int]:
    """The marks in a file, and how many of its rows say nothing.

    Raises:
        FileError: It cannot be read, or a row is none of these replies.
    """
    table = read_rows(data, filename)
    if lost := [name for name in NEEDED if name not in table.columns]:
        raise FileError(f"{filename} has no {' and no '.join(f'`{name}`' for name in lost)}. Bring a file of marks, as --export writes it.")
    known = cards_of(book)
    rows = [row for row in table.rows if row.values.get("follows") not in (None, "")]
    if wrong := list(_wrong(rows, known, book.source.kind)):
        more = f" {len(wrong) - MOST_NAMED} more rows cannot be used." if len(wrong) > MOST_NAMED else ""
        raise FileError(f"Nothing was imported. {' '.join(wrong[:MOST_NAMED])}{more}")
    return [_brought(row, known) for row in rows], len(table.rows) - len(rows)


def _wrong(rows: Sequence[Row], known: Mapping[str, tuple[int, Card]], kind: str) -> Iterator[str]:
    for row in rows:
        follows, who, shown = (row.values.get(name) for name in ("follows", "who", "shown"))
        if not isinstance(shown, str) or shown not in known:
            yield f"{row.place}: no reply of this {kind} that can be marked has the hash {shown!r:.20}."
        elif _answer(follows) not in READ_AS:
            yield f"{row.place}: `follows` is {follows!r:.40}; known are {', '.join(READ_AS)}."
        elif not isinstance(who, str) or not _may_mark(_plain(who)):
            yield f"{row.place}: `who` is {who!r:.40}, which is no name."


def _brought(row: Row, known: Mapping[str, tuple[int, Card]]) -> Brought:
    number, card = known[row.values["shown"]]
    return Brought(number=number, card=card, who=_plain(row.values["who"]), follows=READ_AS[_answer(row.values["follows"])])


def _may_mark(name: str) -> bool:
    """Whether marks may stand under a plain name: somebody's, or that of whoever gave none."""
    return name == UNNAMED or (is_name(name) and not is_unnamed(name))


def _answer(value: object) -> str:
    return str(value).strip().casefold()


def _plain(who: str) -> str:
    """A name without the apostrophe that keeps a spreadsheet from running it."""
    return plain_name(who[1:] if who.startswith("'") and who[1:].startswith(FORMULA) else who)


def imported_says(found: Imported) -> str:
    """What became of a file's rows, in a sentence or more."""
    parts = [f"{found.added} mark{'' if found.added == 1 else 's'} imported."]
    if found.there:
        parts.append(f"{found.there} {_were(found.there)} here already.")
    if found.otherwise:
        parts.append(f"{found.otherwise} {_were(found.otherwise)} left out: the same person has said something else here, and that stays.")
    if found.silent:
        parts.append(f"{counted(found.silent, 'row')} {'says' if found.silent == 1 else 'say'} nothing and {_were(found.silent)} left out.")
    return " ".join(parts)


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
