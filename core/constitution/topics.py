"""Whether queries have to do with a constitution: by words alone, so with no model, before anybody waits for one. Pure text.

Many principles are about the form of a reply, and any query serves those. So a text must first be found to be about something: about a subject that is known
here by its words, or about what it names in half of its principles. Only then are queries held against it: visitors of a museum ask about a vase
and a sword where the text says *object*, so a query has to do with it where it holds a word of the text or of its subject. What this finds and misses
stands in a table, `tests/core/constitution/topics.yaml`; that no warning is given says nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.constitution.principles import Constitution
from core.constitution.text import folded, language, words
from core.constitution.topic_words import GENERAL, SHORTEST, STEM, SUBJECTS

OF_SUBJECT = 3  # words of a subject that a text must hold to be about it
AHEAD = 2  # by so many more than of any other subject
FEWEST = 8  # topical words that a text must have before its own are looked for
AMONG_SUBJECT = 0.15  # share of queries with a word of the text or of its subject, below which they have little to do with it
RARE = 0.05  # the same share where no subject is known, so that the text's own words are all there is
FEWEST_QUERIES = 20  # below which nothing is told
READ = 2_000  # queries that are looked at
TOLD_FROM = 50  # queries by which a set's language is told
SHOWN = 6  # words that the warning names


@dataclass(frozen=True)
class Topic:
    """What a text is about."""

    code: str  # the language that it is in
    words: tuple[str, ...]  # its own topical words that say so, for people
    stems: frozenset[str]  # what a query that has to do with it may hold
    share: float  # of the queries that do, below which a set has little to do with it
    subject: str = ""  # a known one


@dataclass(frozen=True)
class Occasions:
    """How many queries of one split have to do with a text."""

    found: int
    of: int

    @property
    def share(self) -> float:
        """Of the queries that were looked at; 0 of none."""
        return self.found / self.of if self.of else 0.0


def topic_of(constitution: Constitution) -> Topic | None:
    """What a text is about; None where its words do not tell, as of one about the form of a reply or in a language that is not known here."""
    texts = [" ".join((p.title, p.statement, p.antithesis)) for p in constitution.principles]
    code = language("\n".join(texts))
    if code not in SHORTEST:
        return None
    principles = [list(_topical(text, code)) for text in texts]
    counts = Counter(_stem(word) for found in principles for word in found)
    first = {_stem(word): word for found in reversed(principles) for word in reversed(found)}
    ranked = [stem for stem, _ in sorted(counts.items(), key=lambda item: -item[1])]
    subject = _subject(set(counts)) if code == "en" else ""
    if subject:
        named = tuple(first[stem] for stem in ranked if stem in SUBJECTS[subject])
        return Topic(code, named, frozenset(counts) | SUBJECTS[subject], AMONG_SUBJECT, subject)
    within = Counter(stem for found in principles for stem in {_stem(word) for word in found})
    again = max(within.values(), default=0)
    if len(ranked) < FEWEST or again < 2 or 2 * again < len(principles):
        return None
    return Topic(code, tuple(first[stem] for stem in ranked), frozenset(counts), RARE)


def occasions(topic: Topic, queries: Sequence[str]) -> Occasions:
    """Count the queries, the first `READ` of them, that hold a word of a topic, or one that begins alike."""
    looked_at = queries[:READ]
    return Occasions(sum(any(_stem(word) in topic.stems for word in _topical(query, topic.code)) for query in looked_at), len(looked_at))


def off_topic(topic: Topic | None, queries: Sequence[str], others: Mapping[str, Sequence[str]] | None = None) -> str:
    """A warning where hardly any query has to do with what a text is about; empty where there is none to give.

    Args:
        topic: Of the text.
        queries: The train queries that were chosen.
        others: Train queries of other sets, by name: the one that has most of them is named, if it is not as far from the text.
    """
    if topic is None or len(queries) < FEWEST_QUERIES or language("\n".join(queries[:TOLD_FROM])) != topic.code:
        return ""
    chosen = occasions(topic, queries)
    if chosen.share >= topic.share:
        return ""
    counted = {name: occasions(topic, texts) for name, texts in (others or {}).items()}
    best = max(counted, key=lambda name: counted[name].share, default="")
    better = f" Of “{best}” {counted[best].found} of {counted[best].of} do." if best and counted[best].share >= topic.share else ""
    named = ", ".join(f"“{word}”" for word in topic.words[:SHOWN])
    about = f"{topic.subject} ({named})" if topic.subject else f"{named} and the like"
    return (
        f"By words alone: this text seems to be about {about}, and only {chosen.found} of {chosen.of} train queries hold a word of it.{better} "
        "Where no query gives a principle occasion, training cannot teach it and nothing measures it: choose or upload queries that its readers would ask."
    )


def _subject(stems: set[str]) -> str:
    """The known subject that a text holds most words of, if it is clearly ahead of every other; else empty."""
    held = sorted(((len(stems & own), name) for name, own in SUBJECTS.items()), reverse=True)
    (most, name), (second, _) = held[:2]
    return name if most >= OF_SUBJECT and most >= second + AHEAD else ""


def _topical(text: str, code: str) -> Iterable[str]:
    """Words of a text without those that are about nothing, in the form in which texts are searched."""
    general = GENERAL[code]
    for word in words(text):
        bare = "".join(letter for letter in folded(word) if letter.isalpha())
        if len(bare) >= SHORTEST[code] and (bare if code == "en" else _stem(bare)) not in general:
            yield bare


def _stem(word: str) -> str:
    return word[:STEM]
