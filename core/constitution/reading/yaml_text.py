"""YAML as people write it by hand: every value is the text as it stands, and what YAML would drop or change is refused or said.

Plain YAML makes true of `Yes`, 7 of `007`, a day of `2026-11-26`, keeps the last of two equal keys and takes ` #` for the begin of a comment. None
of this is meant in a constitution.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import events
from yaml.reader import ReaderError
from yaml.resolver import Resolver

from core.constitution.normal import normal, whole
from core.errors import ConstitutionError

MAX_NODES = 20_000
MAX_DEPTH = 20
MAX_LINES_SAID = 20  # that one note names
MAX_SHOWN_CHARS = 100  # of a value in a note
_STRING = "tag:yaml.org,2002:str"
_NO_TEXTS = ("check", "max_words", "min_words", "max_sentences", "language", "priority")  # a word or a number, which a comment beside it cannot cut
_QUOTE = "Put the whole text in quotes"


@dataclass(frozen=True)
class YamlText:
    """What a YAML file says: mappings, lists and texts, nothing else."""

    data: Any
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    line: int  # from 0
    column: int
    index: int


@dataclass(frozen=True)
class _Plain:
    """A text without quotes: where it stands, and what it belongs to."""

    event: events.ScalarEvent
    key: str  # under which it stands
    indent: int  # column of its key, or of the item


@dataclass
class _Reader:
    """Walks over the events of a parser. Notes gather on the way."""

    source: str
    stand_ins: dict[str, str]  # characters that stand for line ends which YAML would fold away
    parser: Iterator[events.Event]
    nodes: int = 0
    plain: list[_Plain] = field(default_factory=list)
    scalars: list[tuple[int, int]] = field(default_factory=list)  # where texts stand in the file
    notes: list[str] = field(default_factory=list)


def _start(event: events.Event) -> _Place:
    mark = event.start_mark
    assert mark is not None
    return _Place(mark.line, mark.column, mark.index)


def _end(event: events.Event) -> _Place:
    mark = event.end_mark
    assert mark is not None
    return _Place(mark.line, mark.column, mark.index)


def read_yaml(text: str) -> YamlText:
    """Read a YAML file.

    Raises:
        ConstitutionError: Not YAML, or something in it would not be read as it was written; with the line.
    """
    source, stand_ins = _without_odd_breaks(text)
    try:
        reader = _Reader(source, stand_ins, iter(yaml.parse(source, Loader=yaml.SafeLoader)))
        data = _document(reader)
    except RecursionError as error:
        raise ConstitutionError("This file is nested too deeply to be a constitution. Write `name` and a list of `principles`.") from error
    except yaml.YAMLError as error:
        raise ConstitutionError(_words(error, source)) from error
    except ValueError as error:  # a number of thousands of digits in a directive
        raise ConstitutionError(f"This is not a YAML file that can be read: {str(error)[:200]}. Correct it.") from error
    _look_for_comments(reader)
    return YamlText(data, tuple(reader.notes))


def _without_odd_breaks(text: str) -> tuple[str, dict[str, str]]:
    """YAML folds U+0085, U+2028 and U+2029 away as ends of lines. Inside a line they become private characters until the text is read."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    odd = [c for c in "\x85\u2028\u2029" if c in text]
    if odd and "\n" not in text.strip():
        return normal(text), {}
    free = (chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in text)
    stand_ins = {next(free): c for c in odd}
    for stand_in, c in stand_ins.items():
        text = text.replace(c, stand_in)
    return text, stand_ins


def _words(error: yaml.YAMLError, source: str) -> str:
    if isinstance(error, ReaderError):
        return f"Line {source.count(chr(10), 0, int(error.position)) + 1} holds U+{error.character:04X}, a character that cannot be read. Remove it."
    mark, problem = getattr(error, "problem_mark", None), str(getattr(error, "problem", None) or error).splitlines()[0]
    line = f" in line {mark.line + 1}" if mark is not None else ""
    if "'\\t'" in problem:
        return f"This is not a YAML file: a tab stands{line} where YAML wants blanks. Indent with blanks, and leave no tab at the end of a line."
    if "mapping values are not allowed" in problem:
        return f"This is not a YAML file: {problem}{line}. A text that holds `: ` needs quotes, and lines that belong together the same indentation."
    if "block end" in problem or "could not find expected ':'" in problem:
        return f"This is not a YAML file: {problem}{line}. Give lines that belong together the same indentation, and put texts with signs in quotes."
    return f"This is not a YAML file: {problem}{line}. Put texts with signs in quotes."


def _document(reader: _Reader) -> Any:
    data, documents = None, 0
    for event in reader.parser:
        if isinstance(event, events.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise ConstitutionError(f"A second document begins in line {_start(event).line + 1} (`---`). Write one constitution a file.")
            data = _node(reader, next(reader.parser), 0, ("", 0))
    return data


def _node(reader: _Reader, event: events.Event, depth: int, place: tuple[str, int]) -> Any:
    """`place`: the key under which it stands, and that key's column."""
    line = _start(event).line + 1
    reader.nodes += 1
    if reader.nodes > MAX_NODES:
        raise ConstitutionError(f"This file holds more than {MAX_NODES:,} values, which is too much for a constitution. Shorten it.")
    if depth > MAX_DEPTH:
        raise ConstitutionError("This file is nested too deeply to be a constitution. Write `name` and a list of `principles`.")
    _refuse_marks(event, line)
    if isinstance(event, events.ScalarEvent):
        return _scalar(reader, event, place)
    if isinstance(event, events.SequenceStartEvent):
        return _sequence(reader, depth, place[0])
    return _mapping(reader, depth)


def _refuse_marks(event: events.Event, line: int) -> None:
    if isinstance(event, events.AliasEvent):
        raise ConstitutionError(f"`*{event.anchor}` in line {line} is a YAML alias, which a constitution cannot have. {_QUOTE}, or write it out.")
    if not isinstance(event, events.NodeEvent):
        return
    if event.anchor:
        raise ConstitutionError(f"`&{event.anchor}` in line {line} is a YAML anchor, which a constitution cannot have. {_QUOTE}, or remove it.")
    if isinstance(event, events.ScalarEvent | events.CollectionStartEvent) and event.tag:
        raise ConstitutionError(f"`{event.tag}` in line {line} is a YAML tag, which a constitution cannot have. {_QUOTE}, or remove it.")


def _scalar(reader: _Reader, event: events.ScalarEvent, place: tuple[str, int]) -> str:
    line = _start(event).line + 1
    reader.scalars.append((_start(event).index, _end(event).index))
    if event.style is None:
        reader.plain.append(_Plain(event, place[0], place[1]))
        if event.value and _implicit(event.value) != _STRING and place[0] not in _NO_TEXTS:
            shown = event.value if len(event.value) <= MAX_SHOWN_CHARS else f"{event.value[:MAX_SHOWN_CHARS]}…"
            reader.notes.append(f"`{shown}` in line {line} is read as the text “{shown}”, as it is written.")
    value = event.value
    for stand_in, c in reader.stand_ins.items():
        value = value.replace(stand_in, c)
    return whole(value, f"Line {line}")


def _implicit(value: str) -> str:
    """What plain YAML would make of a value without quotes."""
    for tag, pattern in Resolver.yaml_implicit_resolvers.get(value[0], []):
        if pattern.match(value):
            return str(tag)
    return _STRING


def _sequence(reader: _Reader, depth: int, key: str) -> list[Any]:
    items: list[Any] = []
    for event in reader.parser:
        if isinstance(event, events.SequenceEndEvent):
            break
        items.append(_node(reader, event, depth + 1, (key, _start(event).column - 1)))
    return items


def _mapping(reader: _Reader, depth: int) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for event in reader.parser:
        if isinstance(event, events.MappingEndEvent):
            break
        line, column = _start(event).line + 1, _start(event).column
        _refuse_marks(event, line)
        if not isinstance(event, events.ScalarEvent):
            raise ConstitutionError(f"A key in line {line} is a list or a mapping. Write a word, such as `title`.")
        reader.scalars.append((_start(event).index, _end(event).index))
        key = whole(event.value, f"Line {line}")
        if key in pairs:
            dash = f" If another principle begins here, put `- ` before `{key}`." if key in ("title", "statement", "antithesis") else ""
            raise ConstitutionError(f"The key `{key}` in line {line} stands in line {lines[key]} already.{dash} Otherwise remove one of them.")
        if key == "<<":
            raise ConstitutionError(f"`<<` in line {line} merges mappings, which a constitution cannot have. Write the keys out.")
        lines[key] = line
        pairs[key] = _node(reader, next(reader.parser), depth + 1, (key, column))
    return pairs


def _look_for_comments(reader: _Reader) -> None:
    """Find what YAML took for comments; refuse where that cut a text, and say the rest."""
    said, line, counted, looked_at = [], 0, 0, 0
    ends = [_end(plain.event).index for plain in reader.plain]
    for index in _comments(reader):
        line, counted = line + reader.source.count("\n", counted, index), index
        before = bisect_right(ends, index)
        cut = reader.plain[before - 1] if before > looked_at else None  # a second comment behind a text does not cut it
        looked_at = max(before, looked_at)
        if cut is not None and cut.key not in _NO_TEXTS and _is_cut(reader.source, cut, index, line):
            rest = reader.source[index : index + 60].partition("\n")[0]
            raise ConstitutionError(
                f"In line {line + 1} YAML takes `{rest}` for a comment, so that the text would end before it. "
                f"{_QUOTE}; a comment can stand on a line of its own, not indented below a text."
            )
        said.append(str(line + 1))
    if said:
        shown = ", ".join(said[:MAX_LINES_SAID]) + (f" and {len(said) - MAX_LINES_SAID:,} more" if len(said) > MAX_LINES_SAID else "")
        reader.notes.append(f"{'Comments are' if len(said) > 1 else 'A comment is'} left out, in line {shown}.")


def _comments(reader: _Reader) -> Iterator[int]:
    inside = [*sorted(reader.scalars), (len(reader.source), len(reader.source))]
    begin = 0
    for start, end in inside:
        gap = reader.source[begin:start]
        for match in re.finditer(r"(?:^|(?<=\s))#[^\n]*", gap, re.MULTILINE):
            yield begin + match.start()
        header = re.match(r"[|>][^\n#]*[ \t](#)", reader.source[start:end]) if start < end else None
        if header is not None:
            yield start + header.start(1)
        begin = max(begin, end)


def _is_cut(source: str, plain: _Plain, index: int, line: int) -> bool:
    end = _end(plain.event)
    if line > end.line + 1 or source[end.index : index].strip():
        return False
    return line == end.line or index - (source.rfind("\n", 0, index) + 1) > plain.indent
