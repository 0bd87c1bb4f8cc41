"""Checks that say nothing: those that no reply can meet, and those that every reply meets. Told from the argument alone, or with how long a
reply may be: a reply of so many tokens is taken to have no more words than tokens, which holds of text with spaces between its words.
"""

import re

from core.constitution.checks import Check
from core.constitution.languages import KNOWN, language_code
from core.constitution.patterns import matches_nothing
from core.constitution.text import folded

MOST_REPLY_WORDS = 4_096  # no reply is longer: the most tokens that can be asked for
_APART = ", in text with spaces between its words"  # elsewhere one token may hold several
_ASSERTS = re.compile(r"[\^$]|\\[AZzbBGmMKX]|\(\?")  # what makes a match depend on more than the characters at its place


def never_holds(check: Check) -> str:
    """Why no reply can meet a check, with what to write instead; empty when one can."""
    if check.kept is not None:
        return ""
    if check.name == "language" and str(check.argument) not in KNOWN:
        meant = language_code(str(check.argument))
        instead = f"Write `{meant}`." if meant else "Write a code of ISO 639-1, such as `fr`, or leave the check out."
        return f"no such language can be told from a reply. {instead}"
    if check.name == "contains" and not _parts(check):
        return "it names no text. Write one."
    if check.name == "min_words" and int(check.argument or 0) > MOST_REPLY_WORDS:
        return f"no reply is longer than {MOST_REPLY_WORDS:,} words. Write a smaller number."
    return ""


def always_holds(check: Check) -> str:
    """Why every reply meets a check, with what to write instead; empty when some do not."""
    if check.kept is not None:
        return ""
    if check.name in ("max_words", "max_sentences") and int(check.argument or 0) >= MOST_REPLY_WORDS:
        return f"no reply is longer than {MOST_REPLY_WORDS:,} words. Write a smaller number."
    if check.name == "min_words" and check.argument == 1:
        return "every reply has a word. Write a larger number."
    if check.name == "starts_with" and not folded(str(check.argument)):
        return "it names no text. Write one."
    if check.name == "excludes" and not _parts(check):
        return "it names no text. Write one."
    if check.name == "regex" and not _ASSERTS.search(str(check.argument)) and matches_nothing(str(check.argument)):
        return "the pattern also matches nothing at all. Say what must stand in a reply, for instance with `+` in place of `*`."
    if check.name == "regex" and str(check.argument) in ("^", "$", "^.*", ".*$", "^.*$", ".", ".+", "^.+", ".+$", r"[\s\S]+", r"\S", r"[\s\S]"):
        return "the pattern matches any text. Say what must stand in a reply."
    return ""


def always_holds_within(check: Check, most_tokens: int) -> str:
    """The same where no reply has more than so many tokens; empty where it cannot be proved."""
    counted = {"max_words": "words", "max_sentences": "sentences"}.get(check.name)
    if counted is None or check.kept is not None or int(check.argument or 0) < most_tokens:
        return always_holds(check)
    return (
        f"replies have at most {most_tokens:,} tokens, so no more than {most_tokens:,} {counted}{_APART}. "
        f"Write fewer {counted}, or allow longer replies (sampling.max_new_tokens)."
    )


def never_holds_within(check: Check, most_tokens: int) -> str:
    """Why no reply of so few tokens can meet a check; empty where it cannot be proved."""
    if check.name != "min_words" or check.kept is not None or int(check.argument or 0) <= most_tokens:
        return never_holds(check)
    return (
        f"replies have at most {most_tokens:,} tokens, so no more than {most_tokens:,} words{_APART}. "
        "Write fewer words, or allow longer replies (sampling.max_new_tokens)."
    )


def tells_nothing(title: str, check: Check | None, most_tokens: int) -> str:
    """A sentence on a principle whose check has one outcome for every reply of a run; empty where its outcomes may differ."""
    if check is None:
        return ""
    if reason := never_holds_within(check, most_tokens):
        return f"The check of “{title}” ({check}) can never be met: {reason}"
    reason = always_holds_within(check, most_tokens)
    return f"The check of “{title}” ({check}) cannot fail: {reason}" if reason else ""


def _parts(check: Check) -> list[str]:
    return [part for part in str(check.argument).split("|") if folded(part)]
