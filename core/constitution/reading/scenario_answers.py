"""Scenarios in what a model answers, however it lays them out: JSON, a table, labelled lines, a list. Pure text; nothing is judged here.

Labels in other languages are not known by name. They are found by their place: the same words before a colon, scenario after scenario.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.constitution.scenarios import Scenario
from core.constitution.text import answer as without_thinking
from core.constitution.text import ends_with_question

MOST_READ = 64  # scenarios of one answer, and places in it where JSON may begin
MOST_CHARS = 50_000
_PARTS = ("query", "follows", "fails")
_TITLED = "scenario"  # what numbers a scenario, and may be all that there is of its query
_NAMES = {
    "query": r"(?:the )?(?:user(?:'s|s)? )?(?:query|question|prompt|request|message)|user",
    "follows": r"(?:what |it )?(?:would|will|should) follow(?: it| the \w+)?|follow(?:s|ing)?(?: the \w+)?|(?:a |the )?good(?: reply| response| answer)?"
    r"|(?:a |the )?(?:reply|response|answer) that follows(?: \w+){0,3}|pass(?:es)?",
    "fails": r"(?:what |it )?(?:would|will|should|does|do) not(?: follow)?(?: it| the \w+)?|(?:wouldn't|doesn't)(?: follow)?|not follow(?:ing)?|fail(?:s|ing)?"
    r"|(?:a |the )?bad(?: reply| response| answer)?|(?:a |the )?(?:reply|response|answer) that (?:does not|doesn't|fails)(?: \w+){0,4}|violat(?:es|ing|ion)",
    _TITLED: r"scenario|situation|example",
}
_DRESS = r"[*_`\"'“”«»#>()\[\]]"
_LABELS = {
    part: re.compile(rf"(?:{_DRESS}|\s){{0,9}}(?:{names})\s?#?(?:\d{{1,2}})?{_DRESS}{{0,9}}\s?[:：]\s*(.*)", re.IGNORECASE) for part, names in _NAMES.items()
}
_KEYS = {part: re.compile(names, re.IGNORECASE) for part, names in _NAMES.items()}
_UNKNOWN_LABEL = re.compile(rf"{_DRESS}{{0,9}}([^:：\d][^:：]{{0,39}}?){_DRESS}{{0,9}}\s?[:：]\s*(.*)")
_NUMBER = re.compile(r"[#>*_\-\s]{0,9}[(\[（]?(?:(?:\d{1,3}|[一二三四五六七八九十]{1,3})[)\]）.、．:：](?!\d)|[①-⑳])\**\s*")
_BULLET = re.compile(r"[-*•–+‣◦·]\s+")
_HEADER = re.compile(rf"#+\s|{_DRESS}{{0,9}}(?:{_NAMES[_TITLED]})\s*#?\d{{1,3}}\W*$|\*\*[^*]+\*\*\W*$", re.IGNORECASE)
_ASKED = re.compile(r"(?:instruction|opposite|not again|how many questions)\s?[:：]", re.IGNORECASE)  # as the model was asked; it may go on with that
_RULE = re.compile(r"\s*(?:```\w*|[-*_=]{3,})\s*$")
_INLINE = re.compile(r"(?<=[^\s;|—–*•+‣◦·-])[ \t]{0,4}[;|—–-]?[ \t]{1,4}(?=[*_(]{0,3}(?:Would follow|Would not(?: follow)?|Follows|Fails)[*_)]{0,3}\s*[:：])")
_BEGINS = re.compile(r"[\[{]")
_PAIR = re.compile(r'"([^"\\\n]{1,40})"\s{0,9}:\s{0,9}("(?:[^"\\]|\\.)*")')
_QUOTES = "\"'“”‘’«»`"


@dataclass
class _Item:
    """A scenario while it is read."""

    texts: dict[str, str] = field(default_factory=lambda: dict.fromkeys(_PARTS, ""))
    at: str = "query"  # the part that was read last
    titled: bool = False  # what stands as its query may be no more than its title


def read_scenarios(answer: str) -> tuple[Scenario, ...]:
    """Whatever in an answer looks like a scenario; empty where nothing does."""
    text = without_thinking(answer[:MOST_CHARS])
    lines = _own([line.strip() for line in _INLINE.sub("\n", text).splitlines() if not _RULE.match(line)])
    found = _of_json(text) or _of_table(lines) or _of_lines(lines) or _of_questions(lines)
    return tuple(found[:MOST_READ])


def _own(lines: Sequence[str]) -> list[str]:
    """The lines before the model says again how it was asked; where it begins with that, those after it."""
    asked = [i for i, line in enumerate(lines) if _ASKED.match(line)]
    if not asked:
        return list(lines)
    before = list(lines[: asked[0]])
    begun = any(_is_listed(line) or _LABELS["query"].match(line) for line in before)
    return before if begun else [line for line in lines[asked[0] :] if not _ASKED.match(line)]


def _scenario(texts: Mapping[str, str]) -> Scenario:
    return Scenario(query=_bare(texts.get("query", "")), follows=_bare(texts.get("follows", "")), fails=_bare(texts.get("fails", "")))


def _bare(text: str) -> str:
    bare = text.strip().strip("*").strip()
    if bare[:1] in _QUOTES and bare.rstrip(",")[-1:] in _QUOTES:
        bare = bare.rstrip(",").strip(_QUOTES)
    return bare.strip()


def _part_of(name: str) -> str | None:
    """What a key of JSON, or the head of a column, names."""
    words = " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])|(?!')[_\W]+", " ", name.replace("’", "'")).split())
    part = next((part for part, names in _KEYS.items() if names.fullmatch(words)), None)
    return "query" if part == _TITLED else part


def _of_json(text: str) -> list[Scenario]:
    """The objects and lists in a text, whatever stands around them; where one breaks off, what is whole of it."""
    decoder, found, at, read = json.JSONDecoder(), list[Scenario](), 0, 0
    for _ in range(MOST_READ):
        begin = _BEGINS.search(text, at)
        if begin is None:
            break
        try:
            data, at = decoder.raw_decode(text, begin.start())
        except (ValueError, RecursionError):
            at = begin.end()
        else:
            found += _of_data(data)
            read = at
    return found + _of_pairs(text[read:])


def _of_pairs(text: str) -> list[Scenario]:
    """Of JSON that is not whole: its keys with the texts that end."""
    items = list[dict[str, str]]()
    for key, value in _PAIR.findall(text):
        part = _part_of(key)
        if part == "query":
            items.append({})
        if part is not None and items:
            items[-1][part] = _decoded(value)
    return [_scenario(item) for item in items]


def _decoded(value: str) -> str:
    try:
        return str(json.loads(value, strict=False))
    except ValueError:
        return value.strip('"')


def _of_data(data: Any, deep: int = 0) -> list[Scenario]:
    if deep > 4:
        return []
    if isinstance(data, list):
        texts = [each for each in data if isinstance(each, str)]
        if texts and not deep and len(texts) == 1:
            return []  # `[1]`, `["x"]`: how prose puts something in brackets
        return [scenario for each in data for scenario in ([_scenario({"query": each})] if isinstance(each, str) else _of_data(each, deep + 1))]
    if not isinstance(data, dict):
        return []
    texts_by_part = {part: value for key, value in data.items() if isinstance(value, str) and (part := _part_of(key)) is not None}
    if "query" in texts_by_part:
        return [_scenario(texts_by_part)]
    return [scenario for value in data.values() if isinstance(value, dict | list) for scenario in _of_data(value, deep + 1)]


def _of_table(lines: Sequence[str]) -> list[Scenario]:
    rows = [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines if line.startswith("|")]
    bodies = [row for row in rows if not all(re.fullmatch(r":?-*:?", cell) for cell in row)]
    if len(bodies) < 2:
        return []
    head, *rest = bodies
    columns = {part: i for i, cell in enumerate(head) if (part := _part_of(cell)) is not None}
    if "query" not in columns:
        first = 1 if all(re.fullmatch(r"\D?\d+\D?", row[0]) for row in rest) else 0  # after a column of numbers
        columns = {part: first + i for i, part in enumerate(_PARTS)}
    return [_scenario({part: row[i] for part, i in columns.items() if i < len(row)}) for row in rest]


def _of_questions(lines: Sequence[str]) -> list[Scenario]:
    """Bare questions, one a line, and nothing besides."""
    said = [line for line in lines if line]
    return [_scenario({"query": line}) for line in said] if len(said) > 1 and all(map(ends_with_question, said)) else []


def _of_lines(lines: Sequence[str]) -> list[Scenario]:
    labels = {part: pattern for part, pattern in _LABELS.items() if any(pattern.match(_unlisted(line)) for line in lines)}
    learned = _learned(lines) if not labels.keys() & set(_PARTS) else {}
    listed = _NUMBER if any(map(_NUMBER.match, lines)) else _BULLET
    items, current, apart = list[_Item](), None, False
    for line in lines:
        if not line:
            apart = True
            continue
        part, text = _labelled(line, labels, learned)
        if part is None and "query" not in labels and "query" not in learned.values() and listed.match(line):
            part, text = _TITLED, _unlisted(line)
        if part in ("query", _TITLED):
            current = _begun(items, part, text)
        elif current is not None and part is not None:
            current.texts[part], current.at = " ".join(filter(None, (current.texts[part], text))), part
        elif current is not None and not _is_heading(line):
            _go_on(current, text, apart)
        apart = False
    return [_scenario(item.texts) for item in items]


def _begun(items: list[_Item], part: str, text: str) -> _Item:
    """The item that a query begins. Where one has a title alone so far, this is its query."""
    last = items[-1] if items else None
    if last is not None and last.titled and part == "query" and not (last.texts["follows"] or last.texts["fails"]):
        last.texts["query"], last.titled = text, False
        return last
    items.append(_Item(texts={"query": text, "follows": "", "fails": ""}, titled=part == _TITLED))
    return items[-1]


def _go_on(item: _Item, text: str, apart: bool) -> None:
    """Another line of the part that was read last; after an empty line only where there is nothing of it yet."""
    if not item.texts[item.at]:
        item.texts[item.at] = text
    elif not apart:
        item.texts[item.at] += f"\n{text}"


def _is_heading(line: str) -> bool:
    return _HEADER.match(line) is not None or _NUMBER.match(line) is not None


def _unlisted(line: str) -> str:
    """A line without its number or bullet."""
    return _BULLET.sub("", _NUMBER.sub("", _BULLET.sub("", line, count=1), count=1), count=1) if _is_listed(line) else line


def _is_listed(line: str) -> bool:
    return _NUMBER.match(line) is not None or _BULLET.match(line) is not None


def _labelled(line: str, labels: Mapping[str, re.Pattern[str]], learned: Mapping[str, str]) -> tuple[str | None, str]:
    """Which part a line begins, and what it says of it. None: none, and the whole line."""
    bare = _unlisted(line)
    for part, pattern in labels.items():
        if match := pattern.match(bare):
            inner = _labelled(match[1], _LABELS, {}) if part == _TITLED and match[1] else (None, "")
            return inner if inner[0] is not None else (part, match[1])
    unknown = _UNKNOWN_LABEL.match(bare) if learned else None
    if unknown is not None and (place := learned.get(unknown[1].strip().casefold())):
        return place, unknown[2]
    return None, line


def _learned(lines: Sequence[str]) -> dict[str, str]:
    """What stands before a colon again and again, in the order in which it came first: the query, what would follow, what would not."""
    said = [line for line in lines if line]
    found = [match[1].strip().casefold() for line in said if (match := _UNKNOWN_LABEL.match(_unlisted(line)))]
    least = 1 if len(found) == len(said) else 2  # of a single scenario each line has a label
    names = [name for name in dict.fromkeys(found) if found.count(name) >= least]
    return dict(zip(names, _PARTS, strict=False)) if 2 <= len(names) <= len(_PARTS) else {}
