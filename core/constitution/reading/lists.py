"""Lists and paragraphs as people write them by hand: which lines are an item, which go on with one, and what only leads to a list."""

import re
from dataclasses import dataclass, field
from itertools import pairwise

from core.constitution.reading.drafts import Found
from core.errors import ConstitutionError

_NUMBERED = r"\d{1,3}(?:\.\d{1,3})*[.)]|\d{1,3}(?:\.\d{1,3})+|\d{1,3} ?[-–—:]|[(\[]\d{1,3}[)\]]"  # `1.` `1.1` `1 -` `(1)` `[1]`
_LETTERED = r"\(?[A-Za-z]\)|[a-z]\.|\(?[ivx]{1,5}[.)]"
_NAMED = r"(?:Article|Principle|Rule|Tenet) (?:\d{1,3}|[IVXL]{1,7})[.:)]"
_BULLET = r"[-*+•·–—‣⁃◦●○▪▫■□➢➤✓✔→・]"
_MARK = rf"(?:{_NUMBERED}|{_LETTERED}|{_NAMED}|{_BULLET})[ \t]+(?:\[[ x]\][ \t]+)?"
_UNSPACED_MARK = r"(?:\d{1,3}[、．]|[（(][一二三四五六七八九十\d]{1,3}[）)]|[一二三四五六七八九十]{1,3}[、．]|[①-⑳]|[・●■◆○□◇](?=\w))[ \t]*"
_ITEM = re.compile(rf"([ \t]*)(?:{_MARK}|{_UNSPACED_MARK})(\S.*)$", re.IGNORECASE)
_SURE = re.compile(r"(?:[-*+•]|\d{1,3}[.)])[ \t]")  # marks that make a list even of one item: `A. Smith` is none
_INTERRUPTS = re.compile(r"(?:[-*+•·–—‣◦●▪■➢✓]|[(\[]?[1aAiI][.)\]])[ \t]")  # as in Markdown, a paragraph is not ended by a line that begins with `12.`
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")  # a line across the page
_BELOW_HEADER = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}[-:| \t]*$")
_TITLED = re.compile(r"(\*\*|__)([^*\n]{1,100}?)\1[.:]?(?:\s+[–—-])?\s+(\S.*)", re.DOTALL)
_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？", "।", "؟", "۔", "”", '"')
_GOES_ON = (",", ";", ":", "、", "，", "；", "：", *_SENTENCE_ENDS)
_MOST_NAME_CHARS = 100


@dataclass
class Pieces:
    """What a text without headings is made of."""

    found: list[Found] = field(default_factory=list)
    name: str = ""  # a line above the list that names the whole
    ignored: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def items_of(body: str) -> list[Found]:
    """The items of a text that is a list and nothing else; none when there is other text. What goes on with an item stands right below it, or indented."""
    items: list[list[str]] = []
    for line in body.split("\n"):
        mark = _ITEM.match(line)
        if mark is not None and not mark[1]:
            items.append([mark[2]])
        elif items and (not line.strip() or line.startswith((" ", "\t")) or items[-1][-1].strip()):
            items[-1].append(line.strip() if mark is None else line)
        elif line.strip():
            return []
    if len(items) == 1 and not _SURE.match(body.lstrip("\n")):
        return []
    return [titled("\n".join(item).strip()) for item in items]


def titled(text: str) -> Found:
    """`**Title.** Text` has its title in itself."""
    bold = _TITLED.match(text)
    return Found(statement=bold[3], title=bold[2].strip(" .:")) if bold else Found(statement=text)


def without_rules(body: str) -> str:
    """A text without the lines across the page that part it from what stands around it."""
    lines = body.strip().split("\n")
    while lines and (not lines[-1].strip() or _RULE.match(lines[-1])):
        lines.pop()
    begin = next((i for i, line in enumerate(lines) if line.strip() and not _RULE.match(line)), 0)
    return "\n".join(lines[begin:]).strip()


def pieces_of(body: str) -> Pieces:
    """The items of the lists in a text, and its paragraphs.

    Raises:
        ConstitutionError: A table, whose cells nobody can tell apart from principles.
    """
    blocks = _blocks(body)
    pieces = Pieces()
    lists = {i: items for i, block in enumerate(blocks) if (items := items_of(block))}
    if len(blocks) > 1 and sum(map(len, lists.values())) < 2:
        lists = {}
    for i, block in enumerate(blocks):
        if i in lists:
            pieces.found += lists[i]
        elif _is_table(block):
            raise ConstitutionError("A table stands in this file, and a table is not read as principles. Write them as a list, or as YAML.")
        elif i + 1 in lists and block.endswith((":", "：")):
            pieces.ignored.append(f"the text before a list, “{' '.join(block.split())[:60]}”")
        elif i == 0 and _is_name(block) and (1 in lists or _are_statements(blocks[1].split("\n") if blocks[1:] else [])):
            pieces.name = block
        else:
            pieces.found += _paragraph(block, pieces)
    return pieces


def _blocks(body: str) -> list[str]:
    """Paragraphs and whole lists: what is indented below a list goes on with it, and a list may begin right below a line of text."""
    blocks: list[list[str]] = []
    listed, apart = False, True
    for line in body.split("\n"):
        if not line.strip() or _RULE.match(line):
            apart = True
            continue
        item = _ITEM.match(line) is not None and (apart or listed or _INTERRUPTS.match(line) is not None)
        goes_on = (item or not apart or line.startswith((" ", "\t"))) if listed else not (apart or item)
        if blocks and goes_on:
            blocks[-1] += ["", line] if apart else [line]
        else:
            blocks.append([line])
            listed = item
        apart = False
    return ["\n".join(block) for block in blocks]


def _is_table(block: str) -> bool:
    lines = block.split("\n")
    return any("|" in header and "-" in line and _BELOW_HEADER.match(line) for header, line in pairwise(lines))


def _is_name(block: str) -> bool:
    return "\n" not in block and len(block) <= _MOST_NAME_CHARS and not block.endswith(_GOES_ON)


def _paragraph(block: str, pieces: Pieces) -> list[Found]:
    lines = block.split("\n")
    if not _are_statements(lines):
        return [Found(statement=block.strip())]
    note = "Where each line of a paragraph is a sentence, each is a principle"
    if note not in pieces.notes:
        pieces.notes.append(note)
    return [Found(statement=line.strip()) for line in lines]


def _are_statements(lines: list[str]) -> bool:
    """Whether each line of a paragraph is a statement of its own: none goes on with the one before, and all end alike."""
    if len(lines) < 2 or any(next((c for c in line if c.isalpha()), "a").islower() for line in lines):
        return False
    return all(line.rstrip().endswith(_SENTENCE_ENDS) for line in lines) or not any(line.rstrip().endswith(_GOES_ON) for line in lines)
