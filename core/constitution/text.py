"""Facts about one reply's text that need no model: refusal, loops, repetition. Used to filter training responses and to report side effects."""

import re


def words(text: str) -> list[str]:
    """Words as people count them: runs of non-space that hold a letter or a digit, so that bullets are not words."""
    return [w for w in text.split() if any(c.isalnum() for c in w)]


_REFUSAL = re.compile(r"^\W*(?:i'?m sorry\b|i am sorry\b|sorry, (?:but )?i\b|i (?:cannot|can't|can not|am unable to|'m unable to)\b|as an ai\b)", re.IGNORECASE)
_MENTION = re.compile(r"\b(?:my|the|this|these|your) (?:constitution|principles?)\b|\bas (?:the|my) principle", re.IGNORECASE)


def refuses(text: str) -> bool:
    """Whether a reply opens as a refusal. SAMI drops such training responses "to avoid overfitting to evasive examples" (App. A.16)."""
    return _REFUSAL.search(text.replace("’", "'")) is not None


def mentions_constitution(text: str) -> bool:
    """Whether a reply talks about its principles instead of following them, the leak SAMI reports in App. A.9."""
    return _MENTION.search(text) is not None


def quotes(text: str, principle: str) -> bool:
    """Whether a reply repeats five words in a row of a principle's text: it recites the principle instead of following it."""
    return not set(_grams(text, 5)).isdisjoint(_grams(principle, 5))


def loops(text: str) -> bool:
    """Whether some run of six words stands three times or more: a degenerate loop."""
    counts: dict[tuple[str, ...], int] = {}
    for gram in _grams(text, 6):
        counts[gram] = counts.get(gram, 0) + 1
    return max(counts.values(), default=0) >= 3


def repetition(text: str) -> float:
    """Share of four-word runs that have stood in the reply before: 0 = none, towards 1 = all. 0 for a reply under four words."""
    grams = _grams(text, 4)
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def _grams(text: str, n: int) -> list[tuple[str, ...]]:
    tokens = [word.casefold() for word in words(text)]
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]
