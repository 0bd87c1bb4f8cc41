"""Whether queries have to do with a constitution: by words alone, so with no model, before anybody waits for one. Pure text.

Many principles are about the form of a reply, and any query serves those. So a warning is given only where a text has many words that are about something
else, and hardly any query holds one of them. It is a warning of the obvious case; that it is not given says nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.constitution.principles import Constitution
from core.constitution.text import folded, words

FEWEST = 8  # topical words that a text must have before its topic is looked for
RARE = 0.05  # share of queries that hold one of them, below which they have little to do with the text (docs/decisions.md)
READ = 2_000  # queries that are looked at
SHOWN = 6  # words that the warning names
STEM = 5  # letters: "visitor" and "visiting" are one
SHORTEST = 4  # letters of a word that can be topical
_GENERAL = """
about above across actual actually after again against agree almost alone along already also although always among another answer answered answering
answers anybody anyone anything apart around asked asking asks attention avoid away back because become before begin beginning begins behind being
below best better between beyond both brief briefly bullet bulleted bullets call called calm came cannot capital capitals care careful carefully case
cases certain certainty change choice choose clear clearly close closing come comes complete completely concise confident consider contain containing
content correct could count decide describe describing detail detailed details different digits direct directly does doing done down during each early
easy either else emoji emojis emotion empty encourage encouraging ending ends english enough entire especially even ever every everybody everyone
everything exact exactly example examples except excited exclamation explain explaining explanation express extra fact facts false feel feeling
feelings fewer final finally find first five flat follow followed following follows force form formal format four free french friendly from full
general gentle german give given gives giving goes going good great greet greeting hand hard hardly have having head heading headings help helpful
here hide highlight hold honest honestly however human humble idea ideas imply important include including indeed inform informal information inside
instead instruction interesting into italian itself json just keep keeping kind know knowing known language large last late later least leave length
less letter letters level like likely line lines list listed lists little long longer look lower lowercase made mainly make makes making many mark
marks matter matters maybe mean meaning means mention mentions message middle might mind mistake model more most mostly move much must name named
names natural near need needed needs neither neutral never next nobody none nonsense normal note nothing number numbered numbering numbers often once
only open opening opinion opinions opposite order ordinary other others otherwise over overly paragraph paragraphs part particular parts people
perhaps person phrase phrases place plain plainly please point points polite politely positive possible praise precise prefer present pretend
principle principles probably promise proper prose provide punctuation purpose question questions quick quickly quite quotation quote quoted rather
read reader readers reading real really reason reasons refer refuse refuses regardless relevant remain repeat repeating repetition replies reply
replying request requests respect respectful respond responding responds response responses result rhyme right rude said same saying says second
section seem sentence sentences separate serious seriously several shall share short shorten shorter should show shown shows simple simply since
single skip slang slow small some somebody someone something somewhere soon sort sound sounds source sources spanish speak speaking specific speech
stand start starting starts state stated statement states stay step steps still stop story strong structure style subject such suggest support sure
tell telling tells term terms text than thank thanking thanks that their them then there these they thing things think third this those though thought
three through time times title together tone topic topics touch toward towards treat true truth truthful turn turned type uncertain uncertainty under
understand understanding unknown unless unsure until upon uppercase used useful user users uses using usual vague very view views voice want wanted
wants warm warmly warmth ways well were what whatever when whenever where whether which while whole whom whose will wish with within without word
wording words wordy work works would write writes writing written wrong your yours yourself
"""
GENERAL = frozenset(_GENERAL.split())  # words of grammar, and of speaking about replies


@dataclass(frozen=True)
class Occasions:
    """How many queries of one split hold a word of what a text is about."""

    found: int
    of: int

    @property
    def share(self) -> float:
        """Of the queries that were looked at; 0 of none."""
        return self.found / self.of if self.of else 0.0


def topical_words(constitution: Constitution) -> list[str]:
    """What a text is about, the most frequent first: its words without those of grammar and of speaking about replies."""
    texts = [text for p in constitution.principles for text in (p.title, p.statement, p.antithesis)]
    first: dict[str, str] = {}
    counts = Counter[str]()
    for word in (word for text in texts for word in _words(text)):
        first.setdefault(_stem(word), word)
        counts[_stem(word)] += 1
    return [first[stem] for stem, _ in counts.most_common()]


def is_about_something(constitution: Constitution) -> bool:
    """Whether a text has so many topical words that its queries can be held against them."""
    return len(topical_words(constitution)) >= FEWEST


def occasions(about: Iterable[str], queries: Sequence[str]) -> Occasions:
    """Count the queries, the first `READ` of them, that hold one of the words, or one that begins alike."""
    stems, looked_at = {_stem(word) for word in about}, queries[:READ]
    return Occasions(sum(any(_stem(word) in stems for word in _words(query)) for query in looked_at), len(looked_at))


def off_topic(constitution: Constitution, queries: Sequence[str], others: Mapping[str, Sequence[str]] | None = None) -> str:
    """A warning where hardly any query holds a word of what the text is about; empty where there is none to give.

    Args:
        constitution: The text.
        queries: The train queries that were chosen.
        others: Train queries of other sets, by name: the one that has most such words is named, if it is not as far from the text.
    """
    about = topical_words(constitution)
    chosen = occasions(about, queries)
    if len(about) < FEWEST or not chosen.of or chosen.share >= RARE:
        return ""
    counted = {name: occasions(about, texts) for name, texts in (others or {}).items()}
    best = max(counted, key=lambda name: counted[name].share, default="")
    better = f" Of “{best}” {counted[best].found} of {counted[best].of} do." if best and counted[best].share >= RARE else ""
    named = ", ".join(f"“{word}”" for word in about[:SHOWN])
    return (
        f"By words alone: only {chosen.found} of {chosen.of} train queries hold a word of what this text is about ({named} …).{better} "
        "Where no query gives a principle occasion, training cannot teach it and nothing measures it: choose or upload queries that its readers would ask."
    )


def _words(text: str) -> Iterable[str]:
    for word in words(text):
        bare = "".join(letter for letter in folded(word) if letter.isalpha())
        if len(bare) >= SHORTEST and bare not in GENERAL:
            yield bare


def _stem(word: str) -> str:
    return word[:STEM]
