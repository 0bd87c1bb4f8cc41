"""A file that somebody brings, as text and as rows: encoding, format, columns. Nothing is guessed in silence: what was read as what stands in notes.

Lines end with LF, CR LF or CR and with nothing else: U+2028, U+0085 and the like may stand inside a text.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.constitution.reading.json_rows import JSON, JSON_LINES, json_items, json_kind
from core.constitution.reading.lines import HEADERS, MARKDOWN_TABLE, SAVE, read_lines
from core.errors import FileError

MAX_FILE_BYTES = 5_000_000
MAX_ROWS = 100_000
MARKS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
LINES, TABLE = "lines of text", "table"
ITEM = ""  # the column of what has none: a line, or a text in a list

_SIGNATURES = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive (spreadsheets and text documents are such)",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"{\\rtf": "a rich text document",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip archive",
    **dict.fromkeys((b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd"), "a packed file"),
    b"ARROW1": "an Arrow file",
    b"SQLite format 3": "a database",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
    (b"\xff\xfe\x00\x00", "utf-32", "UTF-32"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
_HTML = re.compile(r"\s*<(?:!doctype html|!--|\?xml|(?:html|head|body|table|ul|ol|div|p)\b)", re.IGNORECASE)
_SUFFIXES = {"jsonl": JSON_LINES, "ndjson": JSON_LINES, "json": JSON, "csv": TABLE, "tsv": TABLE, "tab": TABLE, "psv": TABLE}
_PLAIN = ("txt", "text", "lst", "list", "md", "markdown", "org", "rst", "")  # names of which nobody expects but lines
_REFUSED = {
    "yaml": "YAML",
    "yml": "YAML",
    "html": "a web page",
    "htm": "a web page",
    "xml": "XML",
    **dict.fromkeys(("xlsx", "xls", "ods"), "a spreadsheet"),
    **dict.fromkeys(("docx", "doc", "odt", "rtf", "pdf"), "a document"),
    **dict.fromkeys(("parquet", "arrow", "feather", "zip", "gz", "bz2", "xz", "zst", "7z", "tar", "tgz", "pkl", "npy", "npz"), "a packed file"),
}

csv.field_size_limit(10 * MAX_FILE_BYTES)  # a long cell in a column that nobody reads is no fault; the file itself is bounded


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A file as text, every line of it ended by LF."""

    text: str
    encoding: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One row. `place` says where it stands, as in `Line 3` or `Item 2`."""

    place: str
    values: dict[str, Any]  # by column, as the file writes its name


@dataclass(frozen=True, kw_only=True)
class Table:
    """A file as rows."""

    format: str
    encoding: str
    columns: tuple[str, ...]  # in the order of their first appearance; only `ITEM` where there are none
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def read_text(data: bytes, filename: str, most_bytes: int = MAX_FILE_BYTES, remedy: str = SAVE) -> Decoded:
    """Decode a file that should be text. `remedy` says how to save one that is none.

    Raises:
        FileError: Too large, of another kind, or in an encoding that cannot be known.
    """
    if len(data) > most_bytes:
        raise FileError(f"{filename} has {len(data) / 1e6:.1f} MB; the limit is {most_bytes // 1_000_000} MB. Take a sample of it.")
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            raise FileError(f"{filename} is {kind}, not text. {remedy}")
    codec, encoding = next(((codec, name) for bom, codec, name in _BOMS if data.startswith(bom)), ("utf-8", "UTF-8"))
    if encoding == "UTF-8" and b"\x00" in data:
        raise FileError(f"{filename} is not a text file in UTF-8: it holds zero bytes. {remedy}")
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FileError(
            f"{filename} is not {encoding} text: byte {error.start} (line {line}) is 0x{data[error.start]:02x}. Save the file with UTF-8 encoding."
        ) from error
    text = text.lstrip("\ufeff").removesuffix("\x1a")  # marks of an encoding and of an end, which programs add
    notes = [f"the encoding is {encoding}"] if encoding != "UTF-8" else []
    if "\r" in text.replace("\r\n", ""):
        notes.append("lines end with CR, as on old Macs")
    return Decoded(text=text.replace("\r\n", "\n").replace("\r", "\n"), encoding=encoding, notes=tuple(notes))


def read_rows(data: bytes, filename: str, most_bytes: int = MAX_FILE_BYTES) -> Table:
    """Read a file as rows: JSON, JSON lines, CSV with commas, semicolons or tabs, or lines of text, by its ending and by what it holds.

    Raises:
        FileError: Of another kind, or not readable as what it is; the message names the line.
    """
    decoded = read_text(data, filename, most_bytes)
    suffix = filename.rsplit(".", 1)[-1].casefold() if "." in filename else ""
    if suffix in _REFUSED or _HTML.match(decoded.text):
        raise FileError(f"{filename} is {_REFUSED.get(suffix, 'a web page')}, which is not read here. {SAVE}")
    wanted = _SUFFIXES.get(suffix)
    held = json_kind(decoded.text, wanted)
    if wanted in (JSON, JSON_LINES) or held is not None:
        kind = held or wanted
        notes = () if wanted == kind else (f"the file is named .{suffix} and holds {kind}, so it was read as that",)
        return _from_json(decoded, filename, kind == JSON, notes)
    if wanted == TABLE or _is_table(decoded.text):
        notes = () if wanted == TABLE else (f"the file is named .{suffix} and its first line is a header, so it was read as a table",)
        return _from_table(decoded, filename, "\t" if suffix in ("tsv", "tab") else None, notes)
    return _from_lines(decoded, filename, () if suffix in _PLAIN else (f"the file is named .{suffix}, and was read as lines of text",))


def _require_few(rows: int, filename: str) -> None:
    if rows > MAX_ROWS:
        raise FileError(f"{filename} holds {rows:,} rows; the limit is {MAX_ROWS:,}. Take a sample of it.")


def _twice(names: Sequence[str]) -> str | None:
    """The first name that stands there more than once."""
    counts = Counter(names)
    return next((name for name in names if counts[name] > 1), None)


def _from_json(decoded: Decoded, filename: str, whole: bool, notes: tuple[str, ...]) -> Table:
    items, said = json_items(decoded.text, whole, filename)
    _require_few(len(items), filename)
    rows = [Row(place, item if isinstance(item, dict) else {ITEM: item}) for place, item in items]
    return _table(JSON if whole else JSON_LINES, decoded, rows, (*notes, *said))


def _first_line(text: str) -> str:
    return next((line for line in text.split("\n") if line.strip()), "")


def _is_table(text: str) -> bool:
    """Whether a text without a telling name begins with a header: short names, one of them of what is asked."""
    first = _first_line(text)
    names = [cell.strip().strip('"').casefold() for cell in re.split(r"[,;\t|]", first)]
    if not all(re.fullmatch(r"[\w -]{0,30}", name) for name in names) or first.lstrip().startswith("|"):
        return False
    if "query" in names:
        return True
    told = "split" in names or not {";", "\t", "|"}.isdisjoint(first)  # a comma alone may be one of a sentence
    return not set(HEADERS).isdisjoint(names) and (told if len(names) > 1 else '\n"' in text)


def _from_table(decoded: Decoded, filename: str, mark: str | None, notes: tuple[str, ...]) -> Table:
    text, first = decoded.text, 1
    if text.lstrip().startswith("|") and MARKDOWN_TABLE.search(text):
        raise FileError(f"{filename} looks like a table in Markdown, which is not read here. {SAVE}")
    told = re.match(r'"?sep=([,;\t|])"?[,;\t| ]*\n', text, re.IGNORECASE)
    if told:
        text, mark, first = text[told.end() :], told[1], 2
    header = _first_line(text)
    if mark is None or (not told and mark not in header and _mark(header) in header and _is_table(text)):
        mark = _mark(header)
    if mark != ("\t" if filename.casefold().endswith((".tsv", ".tab")) else ","):
        notes = (*notes, f"fields are parted by {MARKS[mark]}s")
    lines = list(_fields(text, mark, filename, first))
    if not lines:
        raise FileError(f"{filename} is empty. Write a header with `query`, and one row for each.")
    _require_few(len(lines), filename)
    (_, names), *body = lines
    columns = [" ".join(name.replace("\ufeff", "").split()) for name in names]
    twice = _twice([name.casefold() for name in columns if name])
    if twice is not None:
        raise FileError(f"{filename} has the column {next(name for name in columns if name.casefold() == twice)!r:.60} twice. Rename one of them.")
    rows, nameless = [], 0
    for line, cells in body:
        if cells == names:
            raise FileError(f"Line {line} of {filename} is the header again. Remove it, or bring the two tables one by one.")
        if len(cells) != len(columns):
            raise FileError(
                f"Line {line} of {filename} has {len(cells)} field{'s' * (len(cells) != 1)} parted by {MARKS[mark]}s, and the header has {len(columns)}. "
                f"Put a text that holds a {MARKS[mark]} in double quotes, or save the file as .txt with one query a line."
            )
        nameless += any(cell.strip() for name, cell in zip(columns, cells, strict=True) if not name)
        rows.append(Row(f"Line {line}", {name: cell for name, cell in zip(columns, cells, strict=True) if name}))
    if nameless:
        notes = (*notes, f"a column without a name is left out, in {nameless} row{'s' * (nameless != 1)}")
    return _table(TABLE, decoded, rows, notes, tuple(name for name in columns if name))


def _mark(header: str) -> str:
    """The sign between the fields: the one of which the header has most, a comma where it has none."""
    marks = [mark for mark in MARKS if mark != "|" or not any(other in header for other in MARKS if other != "|")]
    return max(marks, key=lambda mark: (header.count(mark), mark == ","))


def _fields(text: str, mark: str, filename: str, first: int) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the line on which it begins."""
    reader, line = csv.reader(io.StringIO(text, newline="\n"), delimiter=mark, strict=True, skipinitialspace=True), first
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + first
    except csv.Error as error:
        raise FileError(
            f'{filename} cannot be read as a table from line {line} on ({error}). A text with a double quote in it needs quotes around and "" inside.'
        ) from error


def _from_lines(decoded: Decoded, filename: str, notes: tuple[str, ...]) -> Table:
    lines, said = read_lines(decoded.text, filename)
    _require_few(len(lines), filename)
    return _table(LINES, decoded, [Row(place, {ITEM: line}) for place, line in lines], (*notes, *said))


def _table(form: str, decoded: Decoded, rows: list[Row], notes: tuple[str, ...], columns: tuple[str, ...] | None = None) -> Table:
    if columns is None:
        columns = tuple(dict.fromkeys(name for row in rows for name in row.values))
    return Table(format=form, encoding=decoded.encoding, columns=columns, rows=tuple(rows), notes=(*decoded.notes, *notes))
