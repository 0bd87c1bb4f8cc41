"""The normal form of texts that come in: one kind of line end, whole characters, nothing that cannot be seen or stored."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import regex

from core.errors import ConstitutionError

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_UNSEEN = regex.compile(r"[\s\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]*")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_OPENS = {**dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c"), **dict.fromkeys("\u2066\u2067\u2068", "\u2069")}  # -> what closes it
_NOT_SHOWN = re.compile("[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]")


def normal(text: str) -> str:
    """A text with `\\n` for every kind of line end."""
    return _LINE_ENDS.sub("\n", text)


def normal_line(text: str) -> str:
    """The same for a title or a name, which has one line."""
    return " ".join(line.strip() for line in normal(text).split("\n") if line.strip()) if _LINE_ENDS.search(text) or "\n" in text else text


def control_in(text: str) -> str | None:
    """The first character that is none to be read, such as a bell or a NUL, as its code point; None when there is none."""
    match = _CONTROLS.search(text)
    return f"U+{ord(match[0]):04X}" if match is not None else None


def seen(text: str) -> str:
    """What a reader sees of a text: nothing that is not shown, and one way of writing an accent. For comparing, never for keeping."""
    return unicodedata.normalize("NFC", _NOT_SHOWN.sub("", text))


def whole(text: str, where: str) -> str:
    """A text in which two halves of a character (`\\ud83d\\ude00`) have become one.

    Raises:
        ConstitutionError: A half stands alone; `where` says in which place.
    """
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise ConstitutionError(f"{where} holds half a character (a lone surrogate such as \\ud83d). Write the character itself.") from error


def repaired(text: str) -> str:
    """A text that can be stored: half characters and NUL become the sign for an unreadable character, which can be seen and removed."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "\ufffd")


def repaired_data(value: Any) -> Any:
    """The same for plain data, keys included."""
    if isinstance(value, str):
        return repaired(value)
    if isinstance(value, list):
        return [repaired_data(item) for item in value]
    if isinstance(value, Mapping):
        return {repaired(str(key)): repaired_data(item) for key, item in value.items()}
    return value


def is_unseen(text: str) -> bool:
    """Whether there is nothing to see in a text: it is empty, blank, or made of characters without a look of their own."""
    return _UNSEEN.fullmatch(text) is not None


def turn_in(line: str) -> str | None:
    """The first character of a title or name that turns the direction of what follows, as its code point; None when there is none.

    Letters have their direction by themselves, and the marks U+200E, U+200F and U+061C turn nothing.
    """
    match = _TURNS.search(line)
    return f"U+{ord(match[0]):04X}" if match is not None else None


def closed(text: str) -> str:
    """A text in which every turn of direction ends with it, so that it cannot turn what is shown behind it."""
    if _TURNS.search(text) is None:
        return text
    return "\n".join(_closed(line) for line in text.split("\n"))


def _closed(line: str) -> str:
    waiting: list[str] = []
    for c in line:
        if c in _OPENS:
            waiting.append(_OPENS[c])
        elif c == "\u2069" and c in waiting:  # ends its isolate, and what was opened within it
            while waiting.pop() != c:
                pass
        elif waiting and c == waiting[-1]:
            waiting.pop()
    return line + "".join(reversed(waiting))
