"""Invented words: a constitution in which every word is replaced, each by the same one everywhere, or one symbol for what sets two sides apart. No torch.

Whoever reads such a text can tell its sides apart as well as before, and knows nothing of what they ask for (Kung & Peng 2023, arXiv 2305.11383, on what
instructions do besides meaning something). Every invented word has five letters, so that a text can be read back in scripts that leave no blanks.
"""

import itertools
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from core.constitution.principles import Constitution, Principle
from core.constitution.text import pieces
from core.errors import ConstitutionError

LENGTH = 5
_SHAPE = ("bdfgkmpstvz", "aeiou", "bdfgkmpvz", "aeiou", "xvj")  # one letter of each: no word of a language that we know of
_LETTERS = re.compile(r"[a-z]+", re.IGNORECASE)
_CASES: tuple[Callable[[str], str], ...] = (str.lower, lambda word: word[:1].upper() + word[1:].lower(), str.upper)


@dataclass(frozen=True, kw_only=True)
class Nonce:
    """A constitution in invented words, and what they stand for."""

    constitution: Constitution
    glossary: Mapping[str, str]  # invented word -> the word that it stands for, in the case of a word in a sentence


@dataclass(frozen=True, kw_only=True)
class Symbols:
    """A principle in which one invented word stands for what sets each of its sides apart."""

    principle: Principle
    meanings: Mapping[str, str]  # of each symbol


def invented(taken: Sequence[str] = ()) -> Iterator[str]:
    """Invented words, always in the same order; none of those that are taken."""
    known = {word.lower() for word in taken}
    return (word for word in _words() if word not in known)


@cache
def _words() -> tuple[str, ...]:
    words = ["".join(letters) for letters in itertools.product(*_SHAPE)]
    random.Random(0).shuffle(words)
    return tuple(words)


def nonce(constitution: Constitution) -> Nonce:
    """Every word of all statements and antitheses, and of the rule for conflicts, as an invented one. Titles and checks stay: no model is shown them.

    Raises:
        ConstitutionError: It has more different words than can be invented.
    """
    texts = [constitution.conflict_rule, *(text for p in constitution.principles for text in (p.statement, p.antithesis))]
    words = [piece for text in texts for piece in pieces(text) if _is_word(piece)]
    stems = list(dict.fromkeys(map(_stem, words)))
    found = dict(zip(stems, invented(words), strict=False))
    if len(found) < len(stems):
        raise ConstitutionError(f"The constitution has {len(stems):,} different words, and only {len(found):,} can be invented. Shorten it.")
    principles = tuple(replace(p, statement=_put(p.statement, found), antithesis=_put(p.antithesis, found)) for p in constitution.principles)
    written = replace(constitution, principles=principles, conflict_rule=_put(constitution.conflict_rule, found))
    return Nonce(constitution=written, glossary={word: stem for stem, word in found.items()})


def read_back(text: str, glossary: Mapping[str, str]) -> str:
    """The text that was written in invented words: the inverse of `nonce`, whatever script it was in."""

    def run(match: re.Match[str]) -> str:
        words = [match[0][i : i + LENGTH] for i in range(0, len(match[0]), LENGTH)]
        return "".join(_meant(glossary[word.lower()], word) if word.lower() in glossary else word for word in words)

    return _LETTERS.sub(run, text)


def _meant(stem: str, word: str) -> str:
    return _as(stem, word) if stem == stem.lower() else stem  # of some words the case cannot be had back from small letters, so it is kept


def symbols(principle: Principle, taken: Sequence[str] = ()) -> Symbols:
    """One symbol on each side in the place of what stands between the words that both sides begin with and those that both end with."""
    sides = [pieces(principle.statement), pieces(principle.antithesis)]
    first = _alike(*sides)
    last = _alike(*(side[first:][::-1] for side in sides))
    words = invented([*taken, *(piece for side in sides for piece in side)])
    meanings, texts = {}, []
    for side in sides:
        inner = _trimmed(side[first : len(side) - last])
        between = "".join(side[first : len(side) - last])
        meant = "".join(inner)
        if not meant:  # one side says nothing that the other does not say
            texts.append("".join(side))
            continue
        word = next(words)
        meanings[word] = meant
        texts.append("".join(side[:first]) + between.replace(meant, word, 1) + "".join(side[len(side) - last :]))
    return Symbols(principle=replace(principle, statement=texts[0], antithesis=texts[1]), meanings=meanings)


def definitions(meanings: Mapping[str, str]) -> str:
    """What symbols mean, as a line for a prompt."""
    return " ".join(f"“{word}” means “{meant}”." for word, meant in meanings.items())


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """With how many of the same parts two texts begin."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _trimmed(parts: Sequence[str]) -> Sequence[str]:
    """Without what is no word at either end."""
    places = [i for i, part in enumerate(parts) if _is_word(part)]
    return parts[places[0] : places[-1] + 1] if places else ()


def _is_word(piece: str) -> bool:
    return any(map(str.isalnum, piece))


def _stem(word: str) -> str:
    """A word in small letters where its case can be had back from that; else as it is."""
    small = word.lower()
    return small if any(case(small) == word for case in _CASES) else word


def _put(text: str, found: Mapping[str, str]) -> str:
    return "".join(_as(found[_stem(piece)], piece) if _is_word(piece) else piece for piece in pieces(text))


def _as(word: str, model: str) -> str:
    """A word in the case that another has; a single capital begins a sentence."""
    return next((case(word) for case in _CASES if case(model.lower()) == model), word)
