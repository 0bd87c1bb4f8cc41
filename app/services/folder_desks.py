"""Folders that somebody marks from a terminal, without a database: what `train` left, or `check --out`. The marks lie in a file beside the replies."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from app.services.cards import FOLLOWS, Book, Given, Marking, MarkWish, Source, check_book, look, run_book
from app.services.kept_checks import CheckFound
from app.services.mark_files import SAYS, Brought, Format, Imported, cards_of, read_marks, rows_as, sort_out
from app.services.marked import Marked
from app.services.marking import Said, told
from app.services.replies import measured_replies
from core.constitution.principles import Constitution, from_data
from core.errors import ConfigError, FileError, ReplyError, StudioError
from core.measure.cards import identity
from core.measure.marked import Heard, count_marks
from core.measure.marks import Mark
from core.measure.report_data import report_from_data
from core.measure.values import Answered, Report
from core.runs.checked import CHECK_FILE, CheckRecord, check_record_from_data, checked_to_data
from core.runs.iterations import iteration_config
from core.runs.marked_check import mark_check
from core.runs.results import RunResult

MARKS = "marks.jsonl"  # a line a mark, or one that takes an earlier line back
RUN_FILE = "run.json"


@dataclass(frozen=True)
class _Files:
    """The files of one folder, whatever key they are asked for by."""

    folder: Path

    def names(self, key: str) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.is_file())

    def open(self, key: str) -> BinaryIO:
        return (self.folder / key.rpartition("/")[2]).open("rb")


@dataclass(frozen=True, kw_only=True)
class FolderDesk:
    """The folder of a run or a check that no database knows."""

    folder: Path
    who: str
    book: Book
    count: Callable[[Sequence[Mark]], Marked | CheckFound]  # what marks make of it

    def look(self, wish: MarkWish) -> Marking:
        given = [Given(id=line, principle=row["principle"], shown=row["shown"]) for line, row in self._counting().items() if row["who"] == self.who]
        found = look(self.book, given, wish)
        return found if found.card is not None else replace(found, says=told(self.found(), found.number))

    def mark(self, wish: MarkWish, said: Said) -> Marking:
        number = wish.principle or 0
        self._append(self._row(Brought(number=number, card=self.book.card(number, said.card), who=self.who, follows=FOLLOWS[said.answer])))
        return self.look(wish)

    def undo(self, wish: MarkWish, mark: int) -> Marking:
        if self._counting().get(mark, {}).get("who") != self.who:
            raise ConfigError(f"You have made no mark {mark} here.")
        self._append({"retracts": mark})
        return self.look(wish)

    def export(self, form: Format) -> str:
        texts = {shown: (self.book.principle(number).title, card.text) for shown, (number, card) in cards_of(self.book).items()}
        rows = []
        for row in self._counting().values():
            title, text = texts.get(row["shown"], ("", ""))
            told_of = {
                self.book.source.kind: self.folder.name,
                "principle": title,
                "query": row["query"],
                "response": text,
                "follows": SAYS[row["follows"]],
                "who": row["who"],
            }
            rows.append(told_of | {name: row[name] for name in ("made_at", "arm", "side", "shown")})
        return rows_as(form, rows)

    def bring(self, data: bytes, filename: str) -> Imported:
        known = {(row["who"], row["shown"]): row["follows"] for row in self._counting().values()}
        new, found = sort_out(*read_marks(self.book, data, filename), known)
        for mark in new:
            self._append(self._row(mark))
        return found

    def found(self) -> Marked | CheckFound:
        return self.count([Mark(**{name: row[name] for name in ("principle", "query", "shown", "who", "follows")}) for row in self._counting().values()])

    def _row(self, mark: Brought) -> dict[str, Any]:
        stored = {"query": mark.card.query, "shown": mark.card.shown, "follows": mark.follows, "who": mark.who}
        return {"principle": identity(self.book.principle(mark.number)), **asdict(mark.card.cell), **stored, "made_at": datetime.now(UTC).isoformat()}

    def _counting(self) -> dict[int, Mapping[str, Any]]:
        """The marks that count by the line that they stand in: none that was taken back, and of a person's marks on one reply the last."""
        lines = _read(self.folder / MARKS).rows
        gone = {row["retracts"] for row in lines.values() if "retracts" in row}
        newest = {(row["principle"], row["shown"], row["who"]): line for line, row in lines.items() if "retracts" not in row and line not in gone}
        return {line: lines[line] for line in sorted(newest.values())}

    def _append(self, row: Mapping[str, Any]) -> None:
        """On the disk before the next card is shown, in the place of a last line that was cut off."""
        path = self.folder / MARKS
        file_there = _read(path)
        with path.open("r+b" if path.exists() else "wb") as file:
            file.truncate(file_there.whole)
            file.seek(file_there.whole)
            file.write((b"" if file_there.ended else b"\n") + json.dumps(row, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


@dataclass(frozen=True, kw_only=True)
class _MarksFile:
    """What a file of marks holds."""

    rows: dict[int, dict[str, Any]]  # by the number of their line
    whole: int  # bytes, without a last line that a kill or a full disk cut off
    ended: bool  # whether the next line can begin there


def _read(path: Path) -> _MarksFile:
    """Read a file of marks; none is an empty one.

    Raises:
        FileError: A line that is not cut off is no mark. Nothing of such a file is ever written over.
    """
    data = path.read_bytes() if path.exists() else b""
    *lines, last = data.split(b"\n")
    found = {}
    for number, line in enumerate(lines, 1):
        if (row := _row_of(line)) is None:
            raise FileError(f"Line {number} of {path} is no mark. Correct it, or move the file away to begin anew.")
        found[number] = row
    if last and (row := _row_of(last)) is not None:  # somebody's editor ends files so
        return _MarksFile(rows=found | {len(lines) + 1: row}, whole=len(data), ended=False)
    return _MarksFile(rows=found, whole=len(data) - len(last), ended=True)


_TEXTS = ("principle", "arm", "side", "query", "shown", "who", "made_at")


def _row_of(line: bytes) -> dict[str, Any] | None:
    """A line as it was written; None for anything else."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict):
        return None
    if "retracts" in row:
        return row if type(row["retracts"]) is int else None
    whole = all(isinstance(row.get(name), str) for name in _TEXTS) and "follows" in row and (row["follows"] is None or isinstance(row["follows"], bool))
    return row if whole else None


def open_folder(folder: Path, who: str) -> FolderDesk:
    """A folder that `train` left, or `check --out`.

    Raises:
        StudioError: It holds no record of a finished run or of a check, or no replies.
    """
    return _open_check(folder, who) if (folder / CHECK_FILE).is_file() and not (folder / RUN_FILE).is_file() else _open_run(folder, who)


def _open_run(folder: Path, who: str) -> FolderDesk:
    try:
        run = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
        constitution, report, name = from_data(run["constitution"]), report_from_data(run["result"]), str(run["adapter_sha256"])
    except OSError as error:
        raise FileError(
            f"There is no {RUN_FILE} or {CHECK_FILE} in {folder} that can be read. Name the number of a run, or the folder that train or check --out left."
        ) from error
    except (ValueError, LookupError, TypeError, RecursionError, StudioError) as error:
        raise FileError(f"{folder / RUN_FILE} is no record of a run that can be read ({error!r:.120}).") from error
    answered = measured_replies(_Files(folder), folder.name, report)
    if len(report.principles) != len(constitution.principles):
        raise ReplyError(f"The result in {folder} is on other principles than its constitution has.")
    book = run_book(Source("run", 0), constitution, answered, name)
    return FolderDesk(folder=folder, who=who, book=book, count=partial(_count_run, constitution, report, answered, name))


def _count_run(constitution: Constitution, report: Report, answered: Answered, name: str, marks: Sequence[Mark]) -> Marked:
    found = count_marks(report, constitution, answered, Heard(marks=tuple(marks)), name)
    return Marked(result=RunResult(report=found.report, trainability=None, dropped={}, balance=(), endings=(), duration_s=None), marks=found.marks)


def _open_check(folder: Path, who: str) -> FolderDesk:
    try:
        record = check_record_from_data(json.loads((folder / CHECK_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError, StudioError) as error:
        raise FileError(f"{folder / CHECK_FILE} is no record of a check that can be read ({error!r:.120}).") from error
    replies = json.dumps(checked_to_data(record.checked)["replies"], sort_keys=True)
    name = hashlib.sha256(replies.encode("utf-8", "replace")).hexdigest()  # the same in a copy of the folder
    book = check_book(Source("check", 0), record.constitution, record.checked.replies, name)
    return FolderDesk(folder=folder, who=who, book=book, count=partial(_count_check, record, name))


def _count_check(record: CheckRecord, name: str, marks: Sequence[Mark]) -> CheckFound:
    marked = mark_check(record.checked, record.constitution, marks, iteration_config(record.config, 1).sampling, name)
    return CheckFound(found=marked.found, refused=record.checked.found.verdict == "no-go", anyway=record.config.train_anyway, marks=marked.marks)
