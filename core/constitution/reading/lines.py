"""Lines of text that somebody brings: list marks and headers left out, and what is no list of lines refused."""

import re

from core.constitution.reading.splits import split_word
from core.errors import FileError

SAVE = "Save it as text with one entry a line, as CSV or as JSON lines, in UTF-8."
HEADERS = ("query", "queries", "prompt", "prompts", "question", "questions", "instruction", "instructions")  # of a single column
MARKDOWN_TABLE = re.compile(r"^[ \t]*\|.*\|[ \t]*\n[ \t]*\|[ \t:|-]+\|[ \t]*$", re.MULTILINE)
_YAML = re.compile(r"\A(?:---\s*\n|(?:#[^\n]*\n)*(?:-\s+)?[A-Za-z_]{2,30}:(?:[ \t]+\S[^\n]*)?\n(?:[ \t]+|-\s)\S)")
_LIST_MARK = re.compile(r"\s*(?:(?:[-*•‣▪◦·+–—]|\(?\d{1,5}[.)]|[a-z]\))[ \t]+(?:\[[ xX]\][ \t]+)?|\d{1,5}\t|\d{1,3}[、．]\s*|[①-⑳]\s*)(?=\S)")
_QUOTED_ITEM = re.compile(r"\s*([\"']).*\1,?\s*")
_CODE = re.compile(r"\s*(?:[A-Za-z_][\w. ]*=\s*)?[\[{(]\s*|\s*\[[\"'].*[\"']\s*,?\s*\]\s*")  # `queries = [`, or a list in one line
_SECTION = re.compile(r"\s*(?:[#*=-]+\s*)?[\[(<]?\s*(?P<word>[A-Za-z][A-Za-z _-]{1,12}?)\s*[\])>]?\s*[:=*-]*\s*")
_MARKED = re.compile(r".*\S[ \t]*[\t,;|][ \t]*(?P<word>[A-Za-z_ -]{2,12})\s*")


def read_lines(text: str, filename: str) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Each line that is not empty with its place, and what is to be said of how they were read.

    Raises:
        FileError: The lines are a table, YAML, a program, or mark splits in a way that lines cannot.
    """
    if MARKDOWN_TABLE.search(text) or _YAML.match(text):
        raise FileError(f"{filename} looks like {'a table in Markdown' if MARKDOWN_TABLE.search(text) else 'YAML'}, which is not read here. {SAVE}")
    lines = [(f"Line {number}", line) for number, line in enumerate(text.split("\n"), 1) if line.strip("\ufeff \t")]
    _require_lines([line for _, line in lines], filename)
    _require_no_split(lines, filename)
    notes: list[str] = []
    if len(lines) > 1 and lines[0][1].strip().rstrip(":").casefold() in HEADERS:
        notes.append(f"the first line, `{lines[0][1].strip()}`, is a header and was left out")
        lines = lines[1:]
    return _unmarked(lines, filename, notes)


def _unmarked(lines: list[tuple[str, str]], filename: str, notes: list[str]) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """The lines without their list marks, where each has one."""
    marked = [line for _, line in lines if _LIST_MARK.match(line)]
    if len(marked) == len(lines) > 1:
        lines = [(place, _LIST_MARK.sub("", line, count=1)) for place, line in lines]
        notes.append("every line begins with a list mark, which was left out")
    elif filename.casefold().endswith((".md", ".markdown")):
        raise FileError(f"{filename} is Markdown, of which only a list is read: every line an item. {SAVE}")
    elif marked:
        notes.append(f"{len(marked)} of {len(lines)} lines begin with a list mark; they were left as they are")
    remarks = sum(line.lstrip().startswith(("# ", "//")) for _, line in lines)
    if 0 < remarks < len(lines):
        notes.append(f"{remarks} of {len(lines)} lines begin with `#` or `//`; they are asked like the others")
    return lines, tuple(notes)


def _require_lines(lines: list[str], filename: str) -> None:
    quoted = all(_QUOTED_ITEM.fullmatch(line.strip()) for line in lines) and any(line.rstrip().endswith(",") for line in lines)
    if lines and (quoted or _CODE.fullmatch(lines[0].strip())):
        raise FileError(
            f"{filename} looks like a list in JSON or of a program that cannot be read: its first line is {lines[0].strip()[:40]!r}. "
            'Write one query a line without quotes, or a JSON list as in ["…", "…"].'
        )


def _short(line: str) -> str:
    """A line that may be a heading; longer ones are none, and are not searched for what they cannot be."""
    bare = line.strip()
    return bare if len(bare) <= 30 else ""


def _require_no_split(lines: list[tuple[str, str]], filename: str) -> None:
    """Lines say no split; where they seem to, those held out would be trained on."""
    found = [(place, line, match["word"]) for place, line in lines if (match := _SECTION.fullmatch(_short(line))) and split_word(match["word"])]
    bare = all(line.strip() == word for _, line, word in found)
    if found and (not bare or {split_word(word) for _, _, word in found} == {"train", "held_out"}):
        place, line, _ = found[0]
        raise FileError(
            f"{place} of {filename}, {line.strip()!r}, seems to head the queries of a split; lines of text have none. "
            "Write a table with the columns query and split, or a file for each."
        )
    ends = [match["word"] for _, line in lines if (match := _MARKED.fullmatch(line.strip()[-40:])) and split_word(match["word"])]
    if len(lines) > 1 and len(ends) >= len(lines) - 1:
        raise FileError(
            f"The lines of {filename} end with a split, such as {ends[0].strip()!r}, and have no header. Put `query` and `split` as the first line."
        )
