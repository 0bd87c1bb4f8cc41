"""Regular expressions that an author wrote: bounded before they are compiled, and never searched with for longer than they are worth.

Python's own `re` cannot be stopped, so a pattern such as `(a|a)*$` would hold whoever judges with it for ever. `regex` takes a time limit, of
the time that its process computes: where others want the processor too, more passes on the clock. Pages search in a child process (core/budget.py).
"""

import functools
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from core.errors import ConstitutionError

MAX_PATTERN_CHARS = 500
MAX_PATTERN_DEPTH = 20
MAX_PATTERN_COPIES = 10_000  # `a{100}{100}` is held as 10,000 copies of `a`, and `a+` as two
SEARCH_S = 0.5  # for one reply; an ordinary pattern takes microseconds
PREVIEW_S = 0.5  # for all texts that are shown while a pattern is typed
NOTHING_S = 0.02  # to find out whether a pattern matches nothing, which findings ask of up to 200 patterns
UNREADABLE = (regex.error, ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError)  # what compiling a pattern raises
_COUNT = regex.compile(r"\{(\d*)(,?)(\d*)\}|(\+)")
_CALLS_ITSELF = regex.compile(r"\(\?(?:R|[-+]?\d|&|P>)")


def require_pattern(pattern: str, where: str) -> None:
    """Refuse a pattern that cannot be read, or that would take too much to hold.

    Raises:
        ConstitutionError: `where` says in which principle.
    """
    require_bounds(pattern, where)
    try:
        _compiled(pattern)
    except UNREADABLE as error:
        raise ConstitutionError(f"The regular expression of {where} cannot be read: {error}. It was {pattern!r}.") from error


def require_bounds(pattern: str, where: str) -> None:
    """Refuse a pattern that is too long or nests too deep, without reading it.

    Raises:
        ConstitutionError: As `require_pattern`.
    """
    if len(pattern) > MAX_PATTERN_CHARS:
        raise ConstitutionError(f"The regular expression of {where} has {len(pattern):,} characters; the limit is {MAX_PATTERN_CHARS}. Shorten it.")
    depth, copies = _size(pattern)
    if depth > MAX_PATTERN_DEPTH:
        raise ConstitutionError(f"The regular expression of {where} nests {depth} brackets; the limit is {MAX_PATTERN_DEPTH}. Write it flatter.")
    if copies > MAX_PATTERN_COPIES:
        raise ConstitutionError(
            f"The regular expression of {where} counts up to {copies:,} repetitions; the limit is {MAX_PATTERN_COPIES:,}. Write smaller numbers in braces."
        )


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> "regex.Pattern[str]":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about sets within sets, which it reads as `re` does
        return regex.compile(pattern)


def _size(pattern: str) -> tuple[int, int]:
    """How deep brackets nest, and how many copies of its parts a pattern stands for once counts in braces are written out."""
    stack, last, deepest, i = [0], 0, 0, 0
    while i < len(pattern):
        c, count = pattern[i], _COUNT.match(pattern, i)
        if count is not None and last:
            times = _times(count)
            stack[-1] += last * times - last
            last *= times
            i = count.end() + (pattern[count.end() : count.end() + 1] in ("+", "?"))  # possessive or lazy
            continue
        if c == "(":
            stack.append(0)
            deepest = max(deepest, len(stack) - 1)
        elif c == ")" and len(stack) > 1:
            last = max(stack.pop(), 1)
            stack[-1] += last
        else:
            i = _end_of_atom(pattern, i) - 1
            last = 1
            stack[-1] += 1
        i += 1
    return deepest, sum(stack)


def _times(count: "regex.Match[str]") -> int:
    """As how many copies of what stands before it a count is held; what has no upper bound needs one more."""
    if count[4]:
        return 2
    numbers = [int(number[:9]) for number in (count[1], count[3]) if number]
    return max([*numbers, 1]) + bool(count[2] and not count[3])


def _end_of_atom(pattern: str, i: int) -> int:
    if pattern[i] == "\\":
        return i + 2
    if pattern[i] != "[":
        return i + 1
    j = i + 2 if pattern[i + 1 : i + 2] != "^" else i + 3  # a bracket that stands first is a character
    while j < len(pattern) and pattern[j] != "]":
        j += 2 if pattern[j] == "\\" else 1
    return j + 1


def found(pattern: str, text: str, limit_s: float = SEARCH_S) -> bool | None:
    """Whether a pattern matches somewhere in a text; None when that took too long to tell, or for a stored pattern that cannot be read."""
    try:
        return _compiled(pattern).search(text, timeout=limit_s, concurrent=True) is not None
    except (TimeoutError, MemoryError, *UNREADABLE):
        return None


@functools.lru_cache(maxsize=1024)
def matches_nothing(pattern: str) -> bool:
    """Whether a pattern is met by an empty text, as far as that can be told at once. One that calls itself is not tried: it may eat all memory."""
    return _CALLS_ITSELF.search(pattern) is None and found(pattern, "", NOTHING_S) is True


@dataclass(frozen=True)
class Preview:
    """What a pattern matches in one text."""

    spans: tuple[tuple[int, int], ...]  # from and to, in characters
    slow: bool = False  # it was given up: such a reply cannot be judged


MOST_SPANS = 200


def preview(pattern: str, texts: Sequence[str], limit_s: float = PREVIEW_S) -> tuple[Preview, ...]:
    """What a pattern matches in each of some texts, within one time limit for all of them.

    Raises:
        ConstitutionError: The pattern cannot be read.
    """
    require_pattern(pattern, "this principle")
    return tuple(_previews(pattern, texts, time.monotonic() + limit_s))


def _previews(pattern: str, texts: Sequence[str], until: float) -> Iterator[Preview]:
    for text in texts:
        spans: list[tuple[int, int]] = []
        try:
            for match in _compiled(pattern).finditer(text, timeout=max(until - time.monotonic(), 0.001), concurrent=True):
                spans.append(match.span())
                if len(spans) >= MOST_SPANS:
                    break
            yield Preview(tuple(spans))
        except (TimeoutError, MemoryError):
            yield Preview(tuple(spans), slow=True)
