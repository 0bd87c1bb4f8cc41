"""Constitutions as Markdown: written for people to read, and read back word for word."""

import re

from core.constitution.checks import CHECKS, Check, check_from_data
from core.constitution.principles import Constitution, Principle, written_by_from_data

_ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>#|!n])")
_NAME = re.compile(r"# (?P<name>[^\n]*)\n\n(?=## 1\. |\Z)")
# Each text ends at the first sign of what comes after it, since the signs in it are escaped: nothing is tried twice, whatever the document.
_PRINCIPLE = re.compile(
    r"## (?P<number>\d+)\. (?P<title>[^\n]*)\n\n\*\*Statement\.\*\* (?>(?P<statement>.*?)\n\n\*\*Antithesis\.\*\* )"
    r"(?>(?P<antithesis>.*?)\n(?=\n\*Check:\* |\n\*Written by:\* |\n## \d+\. |\n?\Z))"
    r"(?:\n\*Check:\* (?P<check>`[^`\n]*`|[^`\n][^\n]*)\n)?(?:\n\*Written by:\* (?P<writer>[^\n]*)\n)?(?=\n## \d+\. |\n?\Z)",
    re.DOTALL,
)


def dump_markdown(constitution: Constitution) -> str:
    """The constitution as a document for people. Texts are quoted as written, with Markdown's own signs escaped."""
    lines = [f"# {_escape(constitution.name)}", ""]
    for i, p in enumerate(constitution.principles, 1):
        lines += [f"## {i}. {_escape(p.title)}", "", f"**Statement.** {_escape(p.statement)}", "", f"**Antithesis.** {_escape(p.antithesis)}", ""]
        if p.check is not None:
            lines += [f"*Check:* {_check(p.check)}", ""]
        if p.written_by is not None:
            lines += [f"*Written by:* {_escape(str(p.written_by))}", ""]
    return "\n".join(lines)


def _check(check: Check) -> str:
    plain = str(check)
    return f"`{plain}`" if "`" not in plain and "\n" not in plain else _escape(plain).replace("\n", "\\n")


def _escape(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|!" else c for c in text)


def read_document(text: str) -> Constitution | None:
    """The inverse of `dump_markdown`; None when the text is another kind of document, or was changed beyond that."""
    head = _NAME.match(text)
    if head is None:
        return None
    principles: list[Principle] = []
    at, end = head.end(), len(text.rstrip("\n"))
    while at < end:
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
    return _ESCAPED.sub(lambda match: "\n" if match[1] == "n" else match[1], text)
