"""Constitutions as Markdown: written for people to read, and read back word for word.

What a reader of the rendered document sees are the author's words: no sign in them is Markdown's or HTML's, lines end where the author ended them,
and blanks at their ends are written as references such as `&#32;`, since Markdown would take them for layout.
"""

import itertools
import re

from core.constitution.checks import CHECKS, Check, check_from_data
from core.constitution.principles import Constitution, Principle, written_by_from_data

_SIGNS = "\\`*_{}[]<>#|!~&$"
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>#|!~&$+=.)\n-]|n)|&#(9|10|32);")
_BEGINS = re.compile(r"[-+=]|\d{1,9}(?=[.)])")  # what opens a list, a line or a heading where it opens a line
_NAME = re.compile(r"# (?P<name>[^\n]*)\n\n(?=## 1\. |\Z)")
_PRINCIPLE = re.compile(
    r"## (?P<number>\d+)\. (?P<title>[^\n]*)\n\n\*\*Statement\.\*\* (?P<statement>.*?)\n\n\*\*Antithesis\.\*\* (?P<antithesis>.*?)\n"
    r"(?:\n\*Check:\* (?P<check>`[^`\n]*`|[^`].*?)\n)?(?:\n\*Written by:\* (?P<writer>[^\n]*)\n)?(?=\n## \d+\. |\n?\Z)",
    re.DOTALL,
)


def dump_markdown(constitution: Constitution) -> str:
    """The constitution as a document for people. Texts are quoted as written, with Markdown's own signs escaped."""
    lines = [f"# {_escape(constitution.name)}", ""]
    for i, p in enumerate(constitution.principles, 1):
        lines += [f"## {i}. {_escape(p.title)}", "", f"**Statement.** {_paragraphs(p.statement)}", "", f"**Antithesis.** {_paragraphs(p.antithesis)}", ""]
        if p.check is not None:
            lines += [f"*Check:* {_check(p.check)}", ""]
        if p.written_by is not None:
            lines += [f"*Written by:* {_escape(str(p.written_by))}", ""]
    return "\n".join(lines)


def _check(check: Check) -> str:
    plain = str(check)
    return f"`{plain}`" if "`" not in plain and "\n" not in plain else _escape(plain)


def _escape(line: str) -> str:
    """A text within one line."""
    text = "".join(f"\\{c}" if c in _SIGNS else c for c in line).replace("\n", "&#10;")
    return _with_blanks(text)


def _with_blanks(line: str) -> str:
    """A line whose first and last blank cannot be taken for layout."""
    if line[:1] in (" ", "\t"):
        line = f"&#{ord(line[0])};{line[1:]}"
    return f"{line[:-1]}&#{ord(line[-1])};" if line[-1:] in (" ", "\t") else line


def _paragraphs(text: str) -> str:
    """A text of several lines: each ends where the author ended it."""
    inner = text.strip("\n")
    if not inner:
        return "&#10;" * len(text)
    before, after = text[: text.index(inner)], text[text.index(inner) + len(inner) :]
    first, *others = inner.split("\n")
    lines = [_escape(first), *(_opening(_escape(line)) for line in others)]
    ends = ["\\\n" if line and following else "\n" for line, following in itertools.pairwise(lines)]
    written = "".join(line + end for line, end in zip(lines, [*ends, ""], strict=True))
    return "&#10;" * len(before) + written + "&#10;" * len(after)


def _opening(line: str) -> str:
    match = _BEGINS.match(line)
    if match is None:
        return line
    at = match.end() if match[0].isdigit() else 0
    return f"{line[:at]}\\{line[at:]}"


def read_document(text: str) -> Constitution | None:
    """The inverse of `dump_markdown`; None when the text is another kind of document, or was changed beyond that."""
    head = _NAME.match(text)
    if head is None:
        return None
    principles: list[Principle] = []
    at = head.end()
    while at < len(text.rstrip("\n")):
        match = _PRINCIPLE.match(text, at)
        if match is None or int(match["number"]) != len(principles) + 1:
            return None
        principles.append(_principle(match, len(principles)))
        at = match.end() + 1
    return Constitution(name=_plain(head["name"]), principles=tuple(principles))


def _principle(match: "re.Match[str]", i: int) -> Principle:
    where = f"principle {i + 1}"
    check, writer = match["check"], match["writer"]
    return Principle(
        title=_plain(match["title"]),
        statement=_plain(match["statement"]),
        antithesis=_plain(match["antithesis"]),
        check=_read_check(check[1:-1] if check.startswith("`") else _plain(check), where) if check else None,
        written_by=written_by_from_data(_plain(writer), where) if writer else None,
    )


def _read_check(text: str, where: str) -> Check:
    name, colon, argument = text.partition(": ")
    return check_from_data({name: argument} if colon and name in CHECKS else text, where)


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[2])) if match[2] else "\n" if match[1] == "n" else match[1], text)
