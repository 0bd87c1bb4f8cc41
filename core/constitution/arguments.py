"""What an author wrote as the argument of a check, read strictly: a number is digits, a text is the text, and nothing is turned into another thing."""

import re
import reprlib

from core.constitution.languages import language_code
from core.constitution.normal import normal
from core.constitution.patterns import require_bounds
from core.errors import ConstitutionError

MAX_NUMBER = 1_000_000
_DIGITS = re.compile(r"[0-9]{1,9}")
_LISTS = ("contains", "excludes")  # checks that take alternatives, which can be written as a list


def read_number(argument: object, name: str, where: str, example: object) -> int:
    """A whole number above 0.

    Raises:
        ConstitutionError: Anything else: a fraction, a list, true, words.
    """
    text = argument.strip() if isinstance(argument, str) else argument
    digits = isinstance(text, str) and _DIGITS.fullmatch(text)
    number = int(str(text)) if digits or type(text) is int else 0
    if not 1 <= number <= MAX_NUMBER or (isinstance(text, str) and text.startswith("0")):
        raise ConstitutionError(
            f"The check {name} of {where} needs a whole number above 0 and up to {MAX_NUMBER:,}, for instance {example}; got {reprlib.repr(argument)}."
        )
    return number


def read_text(argument: object, name: str, where: str) -> str:
    """A text; for `contains` and `excludes` also a list of texts, which are alternatives.

    Raises:
        ConstitutionError: Anything else, a list with an item that cannot be an alternative, or a pattern that is too large.
    """
    if isinstance(argument, list) and name in _LISTS:
        return "|".join(_item(item, name, where) for item in argument)
    if isinstance(argument, list | tuple | dict):
        shape = "mapping" if isinstance(argument, dict) else "list"
        remedy = "Write the text in quotes." if name in _LISTS or shape == "mapping" else f"Write one text; only {' and '.join(_LISTS)} take several."
        raise ConstitutionError(f"The check {name} of {where} needs one text, but it is a {shape}: {reprlib.repr(argument)}. {remedy}")
    if not isinstance(argument, str):
        raise ConstitutionError(f"The check {name} of {where} needs a text, but it is {reprlib.repr(argument)}. Put it in quotes.")
    text = normal(argument)
    if name == "regex":
        require_bounds(text, where)
    if name == "language":
        return language_code(text) or text
    return text


def _item(item: object, name: str, where: str) -> str:
    if not isinstance(item, str):
        raise ConstitutionError(f"The list in the check {name} of {where} holds {reprlib.repr(item)}, which is no text. Put it in quotes.")
    if not item.strip():
        raise ConstitutionError(f"The list in the check {name} of {where} holds an empty text. Remove it.")
    if "|" in item:
        raise ConstitutionError(f"The list in the check {name} of {where} holds {item!r}; `|` parts alternatives. Write each of them as an item.")
    return normal(item)
