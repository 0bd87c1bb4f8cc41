"""Constitutions as Markdown: written for people to read, and read back word for word, or by its marks where somebody edited it by hand.

What a reader of the rendered document sees are the author's words: no sign in them is Markdown's or HTML's, lines end where the author ended them,
and blanks at their ends are written as references such as `&#32;`, since Markdown would take them for layout.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.constitution.checks import CHECKS, Check, check_from_data
from core.constitution.principles import Constitution, Principle, written_by_from_data
from core.constitution.priorities import priority_from_data
from core.constitution.scenarios import Scenario
from core.errors import ConstitutionError

_SIGNS = "\\`*_{}[]<>#|!~&$"
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>#|!~&$+=.)\n-]|n)|&#(9|10|32);")
_BEGINS = re.compile(r"[-+=]|\d{1,9}(?=[.)])")  # what opens a list, a line or a heading where it opens a line
_NAME = re.compile(r"# (?P<name>[^\n]*)\n\n(?:\*\*When principles conflict\.\*\* (?>(?P<rule>.*?)\n(?=\n## 1\. |\n?\Z))\n?)?(?=## 1\. |\Z)", re.DOTALL)
# Each text ends at the first sign of what comes after it, since the signs in it are escaped: nothing is tried twice, whatever the document.
_PRINCIPLE = re.compile(
    r"## (?P<number>\d+)\. (?P<title>[^\n]*)\n\n\*\*Statement\.\*\* (?>(?P<statement>.*?)\n\n\*\*Antithesis\.\*\* )"
    r"(?>(?P<antithesis>.*?)\n(?=\n\*Priority:\* |\n\*Check:\* |\n\*Written by:\* |\n\*Scenario \(|\n## \d+\. |\n?\Z))"
    r"(?:\n\*Priority:\* (?P<priority>-?\d+)\n)?"
    r"(?:\n\*Check:\* (?P<check>`[^`\n]*`|[^`\n][^\n]*)\n)?(?:\n\*Written by:\* (?P<writer>[^\n]*)\n)?"
    r"(?P<scenarios>(?:(?>\n\*Scenario \(.*?\n(?=\n## \d+\. |\n?\Z)))?)(?=\n## \d+\. |\n?\Z)",
    re.DOTALL,
)
_MARK = re.compile(
    r"(?:\*\*?|__?)(Statement|Antithesis|Priority|Check|Written by|When principles conflict|Scenario \((?:test|train)\)|Would follow|Would not)"
    r"(?:[.:](?:\*\*?|__?)|(?:\*\*?|__?)[.:])[ \t]*(.*)$",
    re.IGNORECASE,
)
_HEADING = re.compile(r"##?[ \t]+(?:\d{1,3}[.)][ \t]+)?(.*)$")
_EXPECTED = {"would follow": "follows", "would not": "fails"}
_SCENARIO = re.compile(r"\n\*(Scenario \((?:test|train)\)|Would follow|Would not):\* ")
_RULE = "when principles conflict"
_ONE_LINE = ("priority", "check", "written by")


def dump_markdown(constitution: Constitution) -> str:
    """The constitution as a document for people. Texts are quoted as written, with Markdown's own signs escaped."""
    lines = [f"# {_escape(constitution.name)}", ""]
    if constitution.conflict_rule:
        lines += [f"**When principles conflict.** {_paragraphs(constitution.conflict_rule)}", ""]
    lines += [] if constitution.principles else [""]  # by which a draft without any differs from a mere title
    for i, p in enumerate(constitution.principles, 1):
        lines += [f"## {i}. {_escape(p.title)}", "", f"**Statement.** {_paragraphs(p.statement)}", "", f"**Antithesis.** {_paragraphs(p.antithesis)}", ""]
        if p.priority is not None:
            lines += [f"*Priority:* {p.priority}", ""]
        if p.check is not None:
            lines += [f"*Check:* {_check(p.check)}", ""]
        if p.written_by is not None:
            lines += [f"*Written by:* {_escape(str(p.written_by))}", ""]
        lines += [line for scenario in p.scenarios for line in _scenario_lines(scenario)]
    return "\n".join(lines)


def _scenario_lines(scenario: Scenario) -> Iterator[str]:
    expected = (("Would follow", scenario.follows), ("Would not", scenario.fails))
    for mark, text in ((f"Scenario ({scenario.use})", scenario.query), *((mark, text) for mark, text in expected if text)):
        yield from (f"*{mark}:* {_paragraphs(text)}", "")


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
    ends = ["\\\n" if line and _goes_on(lines[i + 1 :]) else "\n" for i, line in enumerate(lines[:-1])]
    written = "".join(line + end for line, end in zip(lines, [*ends, ""], strict=True))
    return "&#10;" * len(before) + written + "&#10;" * len(after)


def _goes_on(lines: Sequence[str]) -> bool:
    """Whether more of a paragraph can be seen: blanks at its end, of whatever kind, a renderer takes away, and a break before them stands there as a sign."""
    return any(line.strip() for line in itertools.takewhile(bool, lines))


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
    at, end = head.end(), len(text.rstrip("\n"))
    while at < end:
        match = _PRINCIPLE.match(text, at)
        if match is None or int(match["number"]) != len(principles) + 1 or _holds_marks(match["statement"], match["antithesis"]):
            return None
        scenarios = _scenarios(match["scenarios"])
        if scenarios is None:
            return None
        principles.append(replace(_principle(match, len(principles)), scenarios=scenarios))
        at = match.end() + 1
    if _holds_marks(head["rule"] or ""):
        return None
    return Constitution(name=_plain(head["name"]), principles=tuple(principles), conflict_rule=_plain(head["rule"] or ""))


def _scenarios(text: str) -> tuple[Scenario, ...] | None:
    """The scenarios of a principle, None where they were changed beyond what we write."""
    before, *parts = _SCENARIO.split(text)
    rows: list[dict[str, list[str]]] = []
    for mark, written in zip(parts[::2], parts[1::2], strict=True):
        if not _take(rows, mark.casefold(), [written.removesuffix("\n")]) or _holds_marks(written):
            return None
    return tuple(_scenario(row, "\n".join) for row in rows) if not before else None


def _take(rows: list[dict[str, list[str]]], mark: str, lines: list[str]) -> bool:
    """Put a text where its mark says; False where it belongs to no scenario, or the scenario has one already."""
    part = _EXPECTED.get(mark)
    if part is None:
        rows.append({mark: [], "query": lines})
    elif not rows or part in rows[-1]:
        return False
    else:
        rows[-1][part] = lines
    return True


def _scenario(row: Mapping[str, list[str]], join: Callable[[list[str]], str]) -> Scenario:
    query, follows, fails = (_plain(join(row.get(part, []))) for part in ("query", "follows", "fails"))
    return Scenario(query=query, follows=follows, fails=fails, use="train" if "scenario (train)" in row else "test")


def _holds_marks(*texts: str) -> bool:
    """Whether a mark stands inside a text, which in a document that nobody edited would be escaped."""
    return any(_MARK.match(line) for text in texts for line in text.split("\n"))


@dataclass
class _Section:
    """A heading and what stands below it, parted by the marks."""

    title: str
    loose: list[str] = field(default_factory=list)  # lines before the first mark
    parts: dict[str, list[str]] = field(default_factory=dict)
    scenarios: list[dict[str, list[str]]] = field(default_factory=list)


def read_edited(text: str, name: str) -> tuple[Constitution, list[str]] | None:
    """The same document after somebody edited it: other numbers, blank lines or signs at the marks; and what of it is left out.

    Returns:
        None when no line begins with the mark of a statement.

    Raises:
        ConstitutionError: A text of which nobody can say what it belongs to.
    """
    if not any((mark := _MARK.match(line)) and mark[1].casefold() == "statement" for line in text.split("\n")):
        return None
    sections = _sections(text)
    lead = sections.pop(0)
    ignored = [f"the text before the first heading, “{_shown(lead.loose)}”"] if _joined(lead.loose) else []
    rules = [section.parts.pop(_RULE) for section in sections if _RULE in section.parts]  # below the name, or behind the last principle
    if len(rules) > 1:
        raise ConstitutionError("The mark of what is done when principles conflict stands twice. Write one rule, below the name.")
    if sections and not sections[0].parts:
        head = sections.pop(0)
        name = _plain(head.title) or name
        ignored += [f"the text below the name, “{_shown(head.loose)}”"] if _joined(head.loose) else []
    principles = tuple(_edited(section, i) for i, section in enumerate(sections))
    return Constitution(name=name, principles=principles, conflict_rule=_plain(_joined(rules[0])) if rules else ""), ignored


def _sections(text: str) -> list[_Section]:
    sections = [_Section("")]
    lines = sections[0].loose
    for line in text.split("\n"):
        heading, mark = _HEADING.match(line), _MARK.match(line)
        if heading is not None:
            sections.append(_Section(heading[1].strip()))
            lines = sections[-1].loose
        elif mark is not None:
            part, lines = mark[1].casefold(), [mark[2]]
            if part.startswith("scenario") or part in _EXPECTED:
                taken = len(sections) > 1 and _take(sections[-1].scenarios, part, lines)
            elif taken := part not in sections[-1].parts and len(sections) > 1:
                sections[-1].parts[part] = lines
            if not taken:
                again = "without a scenario above it, or a second time" if part in _EXPECTED else "a second time"
                where = f"below the heading “{sections[-1].title[:80]}” {again}" if len(sections) > 1 else "before any heading"
                raise ConstitutionError(f"The mark of {part} stands {where}. Begin each principle with a heading, as in `## 1. Title`.")
        else:
            lines.append(line)
    return sections


def _edited(section: _Section, i: int) -> Principle:
    where = f"principle {i + 1}"
    if "statement" not in section.parts or _joined(section.loose):
        wrong = f"holds “{_shown(section.loose)}” before its first mark" if section.parts else "has no statement"
        raise ConstitutionError(f"{where.capitalize()}, “{section.title[:80]}”, {wrong}. Write each text behind its mark, as in `**Statement.** Be kind.`")
    for part in _ONE_LINE:
        if _joined(lines := section.parts.get(part, [])[1:]):
            raise ConstitutionError(
                f"Below the mark of {part} of {where} stands “{_shown(lines)}”. Remove it, or write it into the statement or the antithesis."
            )
    texts = {part: _joined(lines) for part, lines in section.parts.items()}
    check, writer = texts.get("check"), texts.get("written by")
    return Principle(
        title=_plain(section.title),
        statement=_plain(texts["statement"]),
        antithesis=_plain(texts.get("antithesis", "")),
        check=_read_check(check[1:-1] if re.fullmatch("`[^`]*`", check) else _plain(check), where) if check else None,
        written_by=written_by_from_data(_plain(writer), where) if writer else None,
        priority=priority_from_data(texts.get("priority"), where),
        scenarios=tuple(_scenario(row, _joined) for row in section.scenarios),
    )


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).strip()


def _shown(lines: list[str]) -> str:
    return " ".join(_joined(lines).split())[:60]


def _principle(match: "re.Match[str]", i: int) -> Principle:
    where = f"principle {i + 1}"
    check, writer = match["check"], match["writer"]
    return Principle(
        title=_plain(match["title"]),
        statement=_plain(match["statement"]),
        antithesis=_plain(match["antithesis"]),
        check=_read_check(check[1:-1] if check.startswith("`") else _plain(check), where) if check else None,
        written_by=written_by_from_data(_plain(writer), where) if writer else None,
        priority=priority_from_data(match["priority"], where),
    )


def _read_check(text: str, where: str) -> Check:
    name, colon, argument = text.partition(": ")
    return check_from_data({name: argument} if colon and name in CHECKS else text, where)


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[2])) if match[2] else "\n" if match[1] == "n" else match[1], text)
