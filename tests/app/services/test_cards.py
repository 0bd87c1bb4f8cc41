"""Where somebody is with the cards of a run: which principle comes first, how many cards they have, what they marked last."""

import pytest

from app.services.cards import Book, Given, MarkWish, Source, look, run_book
from core.constitution.checks import Check, Kept
from core.constitution.principles import Constitution, Principle
from core.errors import ConfigError
from core.measure.cards import DEAL, identity
from core.measure.values import Answered
from tests.app.marking import replies

LOUD, KIND, OLD = (
    Principle(title=title, statement=f"Be {title}.", antithesis=f"Never be {title}.", id=title[0] * 32, check=check)
    for title, check in (("loud", Check("capital_letters")), ("kind", None), ("odd", Check("shouts", kept=Kept(written="{}", why="it is unknown"))))
)
ALL = Constitution(name="C", principles=(LOUD, KIND, OLD))


def book(n: int = 10) -> Book:
    return run_book(Source("run", 1), ALL, Answered(replies=replies(n, {}, n_principles=3)))


def given(of: Book, number: int, most: int = 1000) -> list[Given]:
    cards = [card for deal in of.deals(number) for card in deal][:most]
    return [Given(id=i, principle=identity(of.principle(number)), shown=card.shown) for i, card in enumerate(cards, 1)]


def test_the_first_principle_is_one_that_only_people_can_judge_until_it_is_done() -> None:
    of = book()
    assert look(of, [], MarkWish()).number == 2
    assert look(of, given(of, 2, 3), MarkWish()).number == 2
    assert look(of, given(of, 2), MarkWish()).number == 3  # its check is none that this studio has
    assert look(of, given(of, 2) + given(of, 3), MarkWish()).number == 1
    assert [told.check for told in look(of, [], MarkWish()).principles] == ["capital_letters", None, None]


def test_progress_counts_the_cards_that_were_dealt_and_knows_the_last_mark() -> None:
    of = book()
    at = look(of, given(of, 2, 5), MarkWish(principle=2))
    assert (at.done, at.total, at.last, at.deals, at.more) == (5, DEAL, 5, 1, 6)
    assert at.card is not None and at.card.card == [card.shown for deal in of.deals(2) for card in deal][5]
    assert look(of, given(of, 2, 24), MarkWish(principle=2)).card is None
    assert look(of, given(of, 2, 24), MarkWish(principle=2, deals=2)).total == 30
    assert look(of, given(of, 2, 25), MarkWish(principle=2)).total == 30  # the second deal was begun


def test_marks_of_other_principles_and_of_cards_that_are_gone_are_none_of_these() -> None:
    of = book()
    stale = Given(id=9, principle=identity(KIND), shown="f" * 64)
    at = look(of, [*given(of, 1, 4), stale], MarkWish(principle=2))
    assert (at.done, at.last) == (0, None)
    with pytest.raises(ConfigError, match="no principle 4; the constitution has 1 “loud”, 2 “kind”, 3 “odd”"):
        look(of, [], MarkWish(principle=4))
    with pytest.raises(ConfigError, match="none of the run any more"):
        of.card(2, "f" * 64)


def test_orders_of_runs_and_of_principles_are_others() -> None:
    of, other = book(), run_book(Source("run", 2), ALL, Answered(replies=replies(10, {}, n_principles=3)))
    assert [card.query for deal in of.deals(2) for card in deal] != [card.query for deal in other.deals(2) for card in deal]
    assert [card.query for deal in of.deals(2) for card in deal] != [card.query for deal in of.deals(3) for card in deal]
