"""Constitutions written as prose: Markdown headings with a text below each, lists, or paragraphs. They become drafts."""

import re
from collections import Counter
from dataclasses import dataclass, field

from core.constitution.principles import squash
from core.constitution.reading.drafts import Draft, Found, draft_of

_HEADING = re.compile(r"(#{1,6})[ \t]+(?=.)")
_AUTHORITY = re.compile(r"authority=[\"']?([\w-]+)")
_ITEM = re.compile(r"( *)(?:\d{1,3}[.)]|[-*+•])[ \t]+(.*)$")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_UNDERLINED = re.compile(r"^([^\s#>*+\-=`~|][^\n]*)\n(=+|-{3,})[ \t]*$", re.MULTILINE)  # the older way to write headings of the first and second level
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


@dataclass
class _Section:
    """A heading and the lines below it, up to the next heading."""

    level: int  # 0 before the first heading
    title: str
    lines: list[str] = field(default_factory=list)

    @property
    def body(self) -> str:
        return "\n".join(self.lines).strip()


def read_prose(text: str, name: str) -> Draft:
    """Each heading with a text below it becomes a principle; where a list stands there alone, or nothing but a list or paragraphs, each of those."""
    front = _FRONT.match(text)
    notes = ["The block between `---` at the head of the file is left out."] if front else []
    body = _UNDERLINED.sub(lambda match: f"{'#' if match[2][0] == '=' else '##'} {match[1]}", text[front.end() if front else 0 :])
    sections, authorities = _sections(body)
    if authorities:
        kinds = ", ".join(f"{count} {kind}" for kind, count in authorities.most_common())
        notes.append(f"The marks in braces behind headings are left out; the authorities in them: {kinds}.")
    name = _take_name(sections) or name
    written = [section for section in sections if section.body]
    headed = [section for section in written if section.level]
    if len(headed) < 2 and len(written) < 2:
        found = _pieces(written[0].body) if written else []
        form = "a list or paragraphs"
    else:
        found = [piece for section in written for piece in _of_a_section(section, notes)]
        form = "headings"
    empty = [section.title for section in sections if section.level and not section.body]
    ignored = [f"the heading “{title}”, with no text of its own below it" for title in empty]
    return draft_of(found, name, Draft(format=f"Markdown, {form}", used={"statement": "the text", "title": "the heading"}, ignored=ignored, notes=notes))


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
        title, marks = _without_marks(_closed(line[heading.end() :]))
        authorities.update(_AUTHORITY.findall(marks))
        sections.append(_Section(len(heading[1]), _plain(title)))
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
    if len(tops) != 1 or (sum(bool(section.level) for section in sections) < 2 and not _pieces_of_a_list(tops[0].body)):
        return ""
    top = tops[0]
    if not top.body:
        sections.remove(top)
    else:
        top.level = 0
    return top.title


def _of_a_section(section: _Section, notes: list[str]) -> list[Found]:
    items = _pieces_of_a_list(section.body)
    if items and len(items) > 1:
        notes.append(f"Below “{section.title or 'the begin of the file'}” stands a list: each item is a principle, and the heading is left out.")
        return items
    return [Found(statement=section.body, title=section.title)]


def _pieces(body: str) -> list[Found]:
    """The items of a list, or else paragraphs."""
    items = _pieces_of_a_list(body)
    return items or [Found(statement=paragraph.strip()) for paragraph in re.split(r"\n[ \t]*\n", body) if squash(paragraph)]


def _pieces_of_a_list(body: str) -> list[Found]:
    """The items of a text that is a list and nothing else. Lines that are indented go on with the item before; none when there is other text."""
    items: list[list[str]] = []
    for line in body.split("\n"):
        mark = _ITEM.match(line)
        if mark is not None and not mark[1]:
            items.append([mark[2]])
        elif items and (not line.strip() or line.startswith((" ", "\t"))):
            items[-1].append(line.strip() if mark is None else line)
        elif line.strip():
            return []
    return [_titled("\n".join(item).strip()) for item in items]


def _titled(text: str) -> Found:
    """`**Title.** Text` has its title in itself."""
    bold = re.match(r"\*\*([^*\n]{1,100})\*\*[:.]?\s+(\S.*)", text, re.DOTALL)
    return Found(statement=bold[2], title=bold[1].strip(" .:")) if bold else Found(statement=text)
