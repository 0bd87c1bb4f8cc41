"""The normal form of texts that come in: one kind of line end, whole characters, nothing that cannot be seen or stored."""

import re
import unicodedata

from core.errors import ConstitutionError

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")

_UNSEEN = re.compile("[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]")


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
    return unicodedata.normalize("NFC", _UNSEEN.sub("", text))


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
