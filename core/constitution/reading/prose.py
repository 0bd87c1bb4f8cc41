"""Constitutions written as prose: Markdown headings with a text below each, lists, or paragraphs. They become drafts."""

import re
from collections import Counter
from dataclasses import dataclass, field

from core.constitution.reading.drafts import Draft, Found, draft_of
from core.constitution.reading.lists import Pieces, items_of, pieces_of, without_rules

_HEADING = re.compile(r"(#{1,6})[ \t]+(\S.*)$")
_BOLD_LINE = re.compile(r"(?:\A|(?<=\n\n))(\*\*|__)([^*_\n]{1,100})\1:?[ \t]*(?=\n)")  # stands for a heading where there are no others
_MARKS = re.compile(r"\{[^{}]*\}\Z")  # `{#id authority=user}`, as the Model Spec has it
_AUTHORITY = re.compile(r"authority=[\"']?([\w-]+)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_UNDERLINED = re.compile(r"^([^\s#>*+\-=`~|][^\n]*)\n(=+|-{3,})[ \t]*$", re.MULTILINE)  # the older way to write headings of the first and second level
_USED = {"statement": "the text", "title": "the heading"}
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


@dataclass
class _Section:
    """A heading and the lines below it, up to the next heading."""

    level: int  # 0 before the first heading
    title: str
    lines: list[str] = field(default_factory=list)

    @property
    def body(self) -> str:
        return without_rules("\n".join(self.lines))


def read_prose(text: str, name: str) -> Draft:
    """Each heading with a text below it becomes a principle; where a list stands there alone, or nothing but a list or paragraphs, each of those.

    Raises:
        ConstitutionError: Nothing was found, more than a draft can hold, or a table.
    """
    front = _FRONT.match(text)
    notes = ["The block between `---` at the head of the file is left out."] if front else []
    body, comments = _without_comments(text[front.end() if front else 0 :])
    notes += ["Comments between `<!--` and `-->` are left out."] if comments else []
    sections, authorities = _sections(_with_headings(body))
    if authorities:
        kinds = ", ".join(f"{count} {kind}" for kind, count in authorities.most_common())
        notes.append(f"The marks in braces behind headings are left out; the authorities in them: {kinds}.")
    headed = [section for section in sections if section.level]
    written = [section for section in sections if section.body]
    if len(written) < 2 and len([section for section in headed if section.body]) < 2:
        return _of_one_text(written, headed, name, notes)
    name = _take_name(sections) or name
    found = [piece for section in sections if section.body for piece in _of_a_section(section, notes)]
    empty = [section.title for section in sections if section.level and not section.body]
    ignored = [f"the heading “{title}”, with no text of its own below it" for title in empty]
    return draft_of(found, name, Draft(format="Markdown, headings", used=_USED, ignored=ignored, notes=notes))


def _of_one_text(written: list[_Section], headed: list[_Section], name: str, notes: list[str]) -> Draft:
    """A text below one heading or none. The heading above several principles names the whole, above one it is its title."""
    pieces = pieces_of(written[0].body) if written else Pieces()
    title = headed[0].title if headed else ""
    if len(pieces.found) == 1 and written[0].level:
        title, pieces.found[0] = "", Found(statement=pieces.found[0].statement, title=pieces.found[0].title or written[0].title)
    ignored = [f"the heading “{section.title}”, with no text of its own below it" for section in headed[1:] if not section.body]
    draft = Draft(format="Markdown, a list or paragraphs", used=_USED, ignored=[*ignored, *pieces.ignored], notes=[*notes, *pieces.notes])
    return draft_of(pieces.found, title or pieces.name or name, draft)


def _with_headings(text: str) -> str:
    """The text with headings of the first and second level that are underlined, or else lines in bold, as `#` and `##`."""
    plain = _UNDERLINED.sub(lambda match: f"{'#' if match[2][0] == '=' else '##'} {match[1]}", text)
    if len(_BOLD_LINE.findall(plain)) < 2 or any(map(_HEADING.match, plain.split("\n"))):
        return plain
    return _BOLD_LINE.sub(lambda match: f"## {match[2].strip()}", plain)


def _without_comments(text: str) -> tuple[str, int]:
    """The text without HTML comments, which no reader of Markdown sees, and how many there were. In fences and code they are text."""
    kept: list[str] = []
    at = marks = count = 0
    last = text.rfind("-->")
    while 0 <= (begin := text.find("<!--", at)) < last:
        before = text[at:begin]
        marks += before.count("```") + before.count("~~~")
        end = text.index("-->", begin) + 3
        is_code = marks % 2 or before.rpartition("\n")[2].count("`") % 2
        kept += [before, text[begin:end]] if is_code else [before]
        at, count = end, count + (not is_code)
    return "".join([*kept, text[at:]]), count


def _sections(text: str) -> tuple[list[_Section], "Counter[str]"]:
    sections, fence, authorities = [_Section(0, "")], "", Counter[str]()
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark is not None:
            fence = mark[1][:3] if not fence else "" if mark[1].startswith(fence) else fence
        heading = None if fence else _HEADING.match(line)
        if heading is None:
            sections[-1].lines.append(line)
            continue
        title = re.sub(r"[ \t]#+$", "", heading[2].rstrip())
        if marks := _MARKS.search(title):
            authorities.update(_AUTHORITY.findall(marks[0]))
        sections.append(_Section(len(heading[1]), _plain(_MARKS.sub("", title).rstrip())))
    return sections, authorities


def _closed(title: str) -> str:
    """A heading without the number signs that may close it."""
    title = title.rstrip(" \t")
    return title.rstrip("#").rstrip(" \t") or title[:1]


def _without_marks(title: str) -> tuple[str, str]:
    """A heading, and what stands in braces at its end, such as `{#id authority=user}` in the Model Spec."""
    bare = title.rstrip()
    begin = bare.rfind("{")
    if begin < 0 or bare.find("}", begin) != len(bare) - 1:
        return title, ""
    return bare[:begin].rstrip(), bare[begin:]


def _plain(title: str) -> str:
    return re.sub(r"\\([\\`*_{}\[\]<>#|!])", r"\1", re.sub(r"^\d{1,3}[.)]\s+", "", title.replace("**", ""))).strip()


def _take_name(sections: list[_Section]) -> str:
    """The one heading of the highest level names the whole, and what stands below it is a preamble of its own."""
    tops = [section for section in sections if section.level == 1]
    if len(tops) != 1 or (sum(bool(section.level) for section in sections) < 2 and not items_of(tops[0].body)):
        return ""
    top = tops[0]
    if not top.body:
        sections.remove(top)
    else:
        top.level = 0
    return top.title


def _of_a_section(section: _Section, notes: list[str]) -> list[Found]:
    items = items_of(section.body)
    if len(items) == 1:
        return [Found(statement=items[0].statement, title=items[0].title or section.title)]
    if items:
        notes.append(f"Below “{section.title or 'the begin of the file'}” stands a list: each item is a principle, and the heading is left out.")
        return items
    return [Found(statement=section.body, title=section.title)]
