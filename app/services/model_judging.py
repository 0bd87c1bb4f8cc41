"""A model as judge of the replies of a finished run: which cards it is asked about, keeping what it says, and what that comes to."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.services.asked_models import AskedModels, read_asked_models, use_of
from app.services.audit import record
from app.services.cards import Book, Source
from app.services.judges import Judge, OpenJudge, Told
from app.services.marking import open_book
from app.services.studio import Studio, in_words
from core.errors import JudgeError
from core.measure.asked_models import is_trusted
from core.measure.cards import Card
from core.measure.lengths import UNKNOWN, Leaning, leaning, length_of, longer_follows
from core.measure.model_judge import Choice, ModelVerdict, Reason, agreement_with_people, both_judged, questions, read_answer, verdict, wording_hash
from core.measure.statistics import UNMEASURED, Figure
from db import runs, verdict_table
from db.model_verdicts import JudgeKey, NewVerdict, put_verdict, verdicts_of

FAILED_IN_ROW = 3  # cards; then nobody is there, and the rest would only wait
GLANCE_S = 0.2  # between looks whether somebody wants to stop, while a busy endpoint is waited for


@dataclass(frozen=True, kw_only=True)
class CardToAsk:
    """A card, and by which principle it is judged."""

    number: int  # from 1 on
    card: Card


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What a judge is asked about."""

    book: Book
    judge: JudgeKey
    cards: tuple[CardToAsk, ...]
    waiting: tuple[CardToAsk, ...]  # of these, without a verdict so far; what failed waits again


@dataclass(frozen=True, kw_only=True)
class CardDone:
    """What one card came to."""

    done: int  # of those that waited
    total: int
    verdict: ModelVerdict
    failure: str  # in words, where a question was not answered


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Of a million tokens, in whatever currency."""

    tokens_in: float
    tokens_out: float


@dataclass(frozen=True, kw_only=True)
class ByPrinciple:
    """What a judge says by one principle."""

    number: int
    title: str
    follows: int
    does_not: int
    unjudged: dict[str, int]  # by reason
    agreement: Figure  # with people, on the cards of all runs that both judged by this principle
    longer: Figure  # how often what it says follows is the longer, on the cards that it was asked about
    leaning: Leaning  # the same beside people's marks, on the cards of all runs that both judged
    trusted: bool  # whether both reach their bounds


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What asking came to, of all cards that were asked about so far."""

    cards: int  # there are
    asked: int
    failed: int  # of these; they are asked about again
    principles: tuple[ByPrinciple, ...]
    median_ms: float | None  # of one question
    p95_ms: float | None
    tokens_in: int
    tokens_out: int
    untold: int  # answered cards of which the endpoint counted no tokens
    cost: float | None  # None: no prices were given


def judge_key(judge: Judge) -> JudgeKey:
    """What a judge is known by."""
    return JudgeKey(address=judge.address, model=judge.model, wording=wording_hash(judge.max_tokens))


def plan_asking(studio: Studio, run_id: int, judge: Judge, limit: int | None = None, beside: int | None = None) -> Asking:
    """What there is to ask: the cards that people are shown, first the first deal of each principle.

    Args:
        studio: Whose run it is.
        run_id: Of a finished run.
        judge: Who will be asked.
        limit: Only the first so many cards.
        beside: Another run, whose replies are asked about with those of the first by the text of that one.

    Raises:
        StudioError: There is no such run, it has not finished, or its replies are not there.
    """
    book, key = open_book(studio, Source("run", run_id, beside)), judge_key(judge)
    dealt = [
        (place, CardToAsk(number=number, card=card))
        for number in range(1, len(book.constitution.principles) + 1)
        for place, deal in enumerate(book.deals(number))
        for card in deal
    ]
    cards = tuple(card for _, card in sorted(dealt, key=lambda each: each[0]))[:limit]
    with in_words(), studio.sessions.read() as session:
        have = {row.shown for row in verdicts_of(session, run_id, key) if row.reason != Reason.FAILED.value}
    return Asking(book=book, judge=key, cards=cards, waiting=tuple(each for each in cards if each.card.shown not in have))


class _StoppedError(Exception):
    """Somebody wants to stop while a busy endpoint is waited for."""


def ask(studio: Studio, asking: Asking, judge: Judge, who: str, on_card: Callable[[CardDone], None], should_stop: Callable[[], bool]) -> None:
    """Ask about each card that waits, both ways, and keep each verdict before the next card. Ends early where `should_stop` says so.

    Raises:
        JudgeError: The judge answers nothing, or will not; what was answered is kept.
        StudioError: The run is gone, or the database is hindered.
    """
    if not asking.waiting:
        return
    with in_words(), studio.sessions.begin() as session:
        record(session, "model.asked", str(asking.book.source), address=asking.judge.address, model=asking.judge.model, cards=len(asking.waiting))

    def pause(wait_s: float) -> None:
        until = time.monotonic() + wait_s
        while (left := until - time.monotonic()) > 0:
            if should_stop():
                raise _StoppedError
            time.sleep(min(GLANCE_S, left))

    opened, failed = judge.open(pause), 0
    try:
        for done, each in enumerate(asking.waiting, 1):
            if should_stop():
                return
            both = _both(opened, asking.book, each)
            found = verdict(_choice(both[0]), _choice(both[1]))
            _keep(studio, asking, each, both, found, who)
            failure = both[0].failure or both[1].failure
            on_card(CardDone(done=done, total=len(asking.waiting), verdict=found, failure=failure))
            failed = failed + 1 if failure else 0
            if failed == FAILED_IN_ROW:
                raise JudgeError(f"{failure}, {failed} cards in a row. What was answered is kept, and the same command goes on.")
    except _StoppedError:
        return
    finally:
        opened.close()


def _both(opened: OpenJudge, book: Book, each: CardToAsk) -> tuple[Told, Told]:
    first, second = questions(book.principle(each.number), each.card.query, each.card.text)
    told = opened.ask(first)
    return told, Told(text="") if told.failure else opened.ask(second)


def _choice(told: Told) -> Choice:
    return Choice.FAILED if told.failure else read_answer(told.text)


def _keep(studio: Studio, asking: Asking, each: CardToAsk, both: tuple[Told, Told], found: ModelVerdict, who: str) -> None:
    new = NewVerdict(
        run_id=asking.book.source.id,
        shown=each.card.shown,
        judge=asking.judge,
        follows=found.follows,
        reason=found.reason.value,
        first_answer=both[0].text,
        second_answer=both[1].text,
        first_ms=both[0].took_ms,
        second_ms=both[1].took_ms,
        tokens_in=_sum([told.tokens_in for told in both]),
        tokens_out=_sum([told.tokens_out for told in both]),
        reply_words=length_of(each.card.text),
        who=who,
    )
    with in_words(), studio.sessions.begin() as session:
        runs.get_run(session, asking.book.source.id)  # it may be gone by now
        put_verdict(session, new)


def _sum(counts: Sequence[int | None]) -> int | None:
    """None where one of them was not told."""
    told = [count for count in counts if count is not None]
    return sum(told) if len(told) == len(counts) else None


def tally(studio: Studio, asking: Asking, prices: Prices | None = None) -> Tally:
    """What the judge has said so far of the cards, and how far people agree with it."""
    with in_words(), studio.sessions.read() as session:
        rows = {row.shown: row for row in verdicts_of(session, asking.book.source.id, asking.judge)}
        asked_models = read_asked_models(session, [runs.get_run(session, asking.book.source.id)]).get(asking.book.source.id)
    asked = [rows[shown] for shown in dict.fromkeys(each.card.shown for each in asking.cards) if shown in rows]
    use = use_of(asking.judge, asked)
    return Tally(
        cards=len(asking.cards),
        asked=use.asked,
        failed=use.failed,
        principles=tuple(_by_principle(asking, number, rows, asked_models) for number in range(1, len(asking.book.constitution.principles) + 1)),
        median_ms=use.median_ms,
        p95_ms=use.p95_ms,
        tokens_in=use.tokens_in,
        tokens_out=use.tokens_out,
        untold=use.untold,
        cost=(use.tokens_in * prices.tokens_in + use.tokens_out * prices.tokens_out) / 1e6 if prices is not None else None,
    )


def _by_principle(asking: Asking, number: int, rows: dict[str, verdict_table.ModelVerdict], asked_models: AskedModels | None) -> ByPrinciple:
    principle = asking.book.principle(number)
    own = [rows[each.card.shown] for each in asking.cards if each.number == number and each.card.shown in rows]
    judged = {row.shown: row.follows for row in own if row.follows is not None}
    lengths = {each.card.shown: length_of(each.card.text) for each in asking.cards if each.number == number}
    agreement, found, model = UNMEASURED, UNKNOWN, asked_models.said_by(asking.judge) if asked_models is not None else None
    if model is not None and asked_models is not None:
        of_marked = dict(model.of_marked)
        agreement = agreement_with_people(principle, of_marked, asked_models.people)
        found = leaning(both_judged(principle, of_marked, asked_models.people), {**dict(model.words), **lengths})
    return ByPrinciple(
        number=number,
        title=principle.title,
        follows=sum(judged.values()),
        does_not=len(judged) - sum(judged.values()),
        unjudged=dict(Counter(row.reason for row in own if row.follows is None).most_common()),
        agreement=agreement,
        longer=longer_follows([(follows, lengths[shown]) for shown, follows in judged.items()]),
        leaning=found,
        trusted=is_trusted(agreement, found),
    )
