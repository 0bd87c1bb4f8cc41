"""Programmatic compliance checks: does a reply follow a principle's statement? Named in data, judged without a model.

A check returns True or False, or None when the reply cannot be judged (an empty reply, a language too short to tell).
None is never counted as False: shares are taken over the judged replies and carry their n.
"""

import json
import re
import reprlib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.constitution.arguments import read_number, read_text
from core.constitution.patterns import found, require_pattern
from core.constitution.text import (
    answer,
    ends_with_question,
    folded,
    has_emoji,
    is_lower,
    is_upper,
    language,
    marks_sentences,
    sentences,
    words,
)
from core.errors import ConstitutionError

Argument = int | str | None


@dataclass(frozen=True)
class Kept:
    """A check as it was stored, where this studio cannot judge by it: one of another version of the studio, or outside today's bounds."""

    written: str  # the JSON that stands for it
    why: str  # no reply is judged by it


@dataclass(frozen=True)
class Check:
    """A named check with its argument, for instance `max_words` with 20."""

    name: str
    argument: Argument = None
    kept: Kept | None = None  # only of what was stored: nothing that comes in has one

    def __str__(self) -> str:
        return self.name if self.argument is None else f"{self.name}: {self.argument}"


@dataclass(frozen=True, kw_only=True)
class CheckKind:
    """What the editor and the documentation say about a check."""

    name: str
    argument: type[int] | type[str] | None  # what the argument is, None when the check takes none
    says: str  # completes "The reply ..."
    example: Argument
    judge: Callable[[str, Argument], bool | None]


_BULLET = re.compile(
    r"^\s*(?:[-*•–+‣⁃◦●○▪▫■□◆◇▶►・·]\s+\S|\(?\d{1,2}[.)]\s+\S|[・●■◆○□◇]\S|\d{1,2}[、．）]\s*\S|[①-⑳㈠-㈩]\s*\S|[（(]?[一二三四五六七八九十]{1,3}[、．）)]\s*\S)"
)


def _max_sentences(reply: str, limit: Argument) -> bool | None:
    return max(1, len(sentences(reply))) <= int(limit or 0) if marks_sentences(reply) else None


def _bulleted_list(reply: str, _: Argument) -> bool:
    return sum(bool(_BULLET.match(line)) for line in reply.splitlines()) >= 2


def _json(reply: str, _: Argument) -> bool:
    text = re.sub(r"^```(?:json)?\s*|\s*```$", "", reply.strip())
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _language(reply: str, code: Argument) -> bool | None:
    told = language(reply)
    return None if told is None else told == code


def _contains(reply: str, needle: Argument) -> bool:
    searched = folded(reply)
    return any(folded(part) in searched for part in str(needle).split("|") if folded(part))


def _starts_with(reply: str, opening: Argument) -> bool:
    return folded(reply).startswith(folded(str(opening)))


def _regex(reply: str, pattern: Argument) -> bool | None:
    return found(str(pattern), unicodedata.normalize("NFC", reply))


CHECKS: dict[str, CheckKind] = {
    kind.name: kind
    for kind in (
        CheckKind(name="max_words", argument=int, says="has at most N words", example=20, judge=lambda r, n: len(words(r)) <= int(n or 0)),
        CheckKind(name="min_words", argument=int, says="has at least N words", example=40, judge=lambda r, n: len(words(r)) >= int(n or 0)),
        CheckKind(name="max_sentences", argument=int, says="has at most N sentences", example=2, judge=_max_sentences),
        CheckKind(name="bulleted_list", argument=None, says="has at least two lines that begin with a bullet or a number", example=None, judge=_bulleted_list),
        CheckKind(name="ends_with_question", argument=None, says="ends with a question mark", example=None, judge=lambda r, _: ends_with_question(r)),
        CheckKind(name="contains", argument=str, says="contains the text (or one of several, parted by |)", example="thank you|thanks", judge=_contains),
        CheckKind(
            name="excludes",
            argument=str,
            says="contains none of the texts (parted by |)",
            example="sorry|cannot",
            judge=lambda r, needle: not _contains(r, needle),
        ),
        CheckKind(name="starts_with", argument=str, says="begins with the text", example="Yes", judge=_starts_with),
        CheckKind(name="regex", argument=str, says="matches the regular expression", example=r"\d+ minutes", judge=_regex),
        CheckKind(name="capital_letters", argument=None, says="is written in capital letters", example=None, judge=lambda r, _: is_upper(r)),
        CheckKind(name="lowercase", argument=None, says="has no capital letter", example=None, judge=lambda r, _: is_lower(r)),
        CheckKind(name="emoji", argument=None, says="has an emoji", example=None, judge=lambda r, _: has_emoji(r)),
        CheckKind(name="json", argument=None, says="is a JSON object or list", example=None, judge=_json),
        CheckKind(name="language", argument=str, says="is in the language with this ISO 639-1 code", example="fr", judge=_language),
    )
}


def complies(check: Check, reply: str) -> bool | None:
    """Whether a reply follows the check; None when it cannot be judged. An empty reply is never judged, nor one that is all thinking."""
    if check.kept is not None:
        return None
    said = answer(reply)
    return CHECKS[check.name].judge(said, check.argument) if said.strip() else None


def check_sentence(check: Check | None) -> str:
    """`The reply has at most 20 words.` as plain text."""
    if check is None:
        return "No program checks it."
    if check.kept is not None:
        return f"No program of this studio can judge it. Stored is `{check}`. {check.kept.why}"
    says = CHECKS[check.name].says
    if check.argument is None:
        return f"The reply {says}."
    return f"The reply {says.replace(' N ', f' {check.argument} ')}." if " N " in says else f"The reply {says}: {check.argument}"


def check_to_data(check: Check) -> Any:
    """`bulleted_list`, or `{"max_words": 20}`."""
    if check.kept is not None:
        return json.loads(check.kept.written)
    return check.name if check.argument is None else {check.name: check.argument}


def check_from_data(data: object, where: str) -> Check:
    """The inverse of `check_to_data`, for what comes in; also reads `"max_words: 20"`.

    Raises:
        ConstitutionError: An unknown check, or an argument of the wrong kind; `where` says in which principle.
    """
    check = read_check(data, where)
    if check.name == "regex":
        require_pattern(str(check.argument), where)
    return check


def read_check(data: object, where: str) -> Check:
    """The same for what is stored: a pattern that was accepted once is not tried again.

    Raises:
        ConstitutionError: As `check_from_data`, but for a pattern that cannot be read.
    """
    if isinstance(data, str):
        name, _, argument = data.partition(":")
        pairs: list[tuple[object, object]] = [(name.strip(), argument.strip() or None)]
    elif isinstance(data, dict):
        pairs = list(data.items())
    else:
        pairs = []
    if len(pairs) != 1 or not isinstance(pairs[0][0], str):
        raise ConstitutionError(f"The check of {where} must be one name, or one name with an argument, as in `max_words: 20`; got {reprlib.repr(data)}.")
    return _typed(str(pairs[0][0]), pairs[0][1], where)


def _typed(name: str, argument: object, where: str) -> Check:
    kind = CHECKS.get(name)
    if kind is None:
        raise ConstitutionError(f"Unknown check {name!r} in {where}; known are {', '.join(sorted(CHECKS))}.")
    if kind.argument is None:
        if argument not in (None, True, "", "true", "True", "yes", "Yes") or type(argument) is int:
            raise ConstitutionError(
                f"The check {name} of {where} takes no argument, but got {reprlib.repr(argument)}. Write `check: {name}`, or leave the check out."
            )
        return Check(name)
    if argument in (None, "", []):
        raise ConstitutionError(f"The check {name} of {where} needs an argument, for instance `{name}: {kind.example}`.")
    if kind.argument is int:
        return Check(name, read_number(argument, name, where, kind.example))
    return Check(name, read_text(argument, name, where))
