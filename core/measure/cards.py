"""Cards: the replies of a run or a check that a person is asked about, one at a time, so that neither arm nor side can be told. Imports no torch.

A query is marked whole or says nothing: of each come the control's reply under the statements, that of the arm held against it, and that
arm's with this principle alone turned. The order is made of what can be seen and a seed, so it would be the same were the arms exchanged.
"""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from core.constitution.contrasts import flip_side
from core.constitution.principles import SIDES, Constitution, Principle
from core.constitution.scenarios import Scenario
from core.constitution.text import same_question
from core.measure.values import Answered, Cell, MeasuredReply, roles, stated
from core.methods.arms import Arm
from core.seeds import seed_for

DEAL = 24  # cards that a person is asked for at once
GROUP = 4  # queries whose cards are mixed with each other: enough to hide what belongs together, few enough to be whole soon


@dataclass(frozen=True, kw_only=True)
class Card:
    """One reply to be marked."""

    shown: str  # what it is known by: the sha256 of what is seen
    query: str
    text: str
    cell: Cell  # where the reply stands, the first of those that read alike; never told to whoever marks
    cut: bool = False  # at the token limit, and so did all that read alike; told, but no part of what it is known by


@dataclass(frozen=True, kw_only=True)
class Written:
    """A reply where it stands."""

    cell: Cell
    text: str
    cut: bool = False  # at the token limit; False where that was not kept


Deals = Sequence[Sequence[Card]]


def identity(principle: Principle) -> str:
    """What a principle is known by: its id; in a file that never saw a database its texts."""
    return principle.id or hashlib.sha256(json.dumps([principle.statement, principle.antithesis]).encode()).hexdigest()[:32]


def shown_hash(principle: Principle, query: str, response: str) -> str:
    """The sha256 of exactly what a card shows: the principle's statement and antithesis, the query and the reply, as a JSON list; and behind them,
    where its author said for this query what would follow and what would not, both.
    """
    expected = expected_of(principle, query)
    said = [expected.follows, expected.fails] if expected is not None else []
    return hashlib.sha256(json.dumps([principle.statement, principle.antithesis, query, response, *said]).encode()).hexdigest()


def expected_of(principle: Principle, query: str) -> Scenario | None:
    """The test scenario of a principle that asks this and says what would follow it, or would not."""
    return _expected(principle.scenarios).get(same_question(query)) if principle.scenarios else None


@lru_cache(maxsize=256)
def _expected(scenarios: tuple[Scenario, ...]) -> Mapping[str, Scenario]:
    return {same_question(each.query): each for each in scenarios if each.use == "test" and (each.follows or each.fails)}


def asked_cells(arms: Sequence[Arm], n_principles: int) -> frozenset[Cell]:
    """The replies that people are asked about, by the sides as a report names them; none without a control and an arm held against it."""
    parts = roles(arms)
    if parts.control is None or parts.trained is None:
        return frozenset()
    turned = "flip" if n_principles > 1 else "antithesis"
    return frozenset(Cell(arm=arm.key, side=side) for arm, side in ((parts.control, "statement"), (parts.trained, "statement"), (parts.trained, turned)))


def dealt(constitution: Constitution, position: int, answered: Answered, name: str) -> tuple[tuple[Card, ...], ...]:
    """The cards of one principle in the order in which everybody is shown them, which the run's name decides.

    The first deal is of held-out queries, since verdicts rest on those; then come those of its own scenarios, then the others.
    """
    principle = constitution.principles[position]
    general = deal_cards(constitution, position, answered.replies, seed_for("cards", name, identity(principle)))
    if not answered.own:
        return general
    tests = {same_question(scenario.query) for scenario in principle.scenarios if scenario.use == "test"}
    own = {arm: [reply for reply in replies if same_question(reply.query) in tests] for arm, replies in answered.own.items()}
    return (*general[:1], *deal_cards(constitution, position, own, seed_for("scenario cards", name, identity(principle))), *general[1:])


def deal_cards(constitution: Constitution, position: int, replies: Mapping[Arm, Sequence[MeasuredReply]], seed: int) -> tuple[tuple[Card, ...], ...]:
    """All cards of one principle in deals of at most `DEAL`, or of one query; no deals without a control and an arm held against it.

    Args:
        constitution: Of the run.
        position: Of the principle.
        replies: Held-out replies of each arm.
        seed: Decides the order, for everybody alike.
    """
    return _in_deals(_by_query(constitution, position, replies), seed)


def _in_deals(by_query: Mapping[str, list[Card]], seed: int) -> tuple[tuple[Card, ...], ...]:
    rng = random.Random(seed)
    queries = sorted(by_query)
    rng.shuffle(queries)
    deals: list[list[list[Card]]] = []
    for query in queries:
        cards = by_query[query]
        if not deals or sum(map(len, deals[-1])) + len(cards) > DEAL:
            deals.append([])
        deals[-1].append(cards)
    return tuple(_mixed(deal, rng) for deal in deals)


def dealt_together(principle: Principle, runs: Sequence[tuple[str, Answered]]) -> tuple[tuple[Card, ...], ...]:
    """The cards of one principle from several runs, mixed, so that nobody can tell from which of them a reply comes: what was trained replied under the
    statements to queries that all of them were asked. The first deal is of held-out queries, then come those of its own scenarios, then the others.

    Args:
        principle: By whose text they are marked.
        runs: Each with its name; the same runs in another order are the same cards.
    """
    named = sorted(runs, key=lambda run: run[0])
    names = [name for name, _ in named]
    tests = {same_question(scenario.query) for scenario in principle.scenarios if scenario.use == "test"}

    def deals(what: str, *, own: bool) -> tuple[tuple[Card, ...], ...]:
        replies = [(name, answered, stated(answered, own=own)) for name, answered in named]
        asked = [query for query in replies[0][2] if all(query in found for _, _, found in replies) and (not own or same_question(query) in tests)]
        texts = {query: [_written(_cell_of(name, answered), found[query]) for name, answered, found in replies] for query in asked}
        return _in_deals({query: _alike_once(principle, query, those) for query, those in texts.items()}, seed_for(what, *names, identity(principle)))

    general = deals("cards together", own=False)
    return (*general[:1], *deals("scenario cards together", own=True), *general[1:])


def _written(cell: Cell, reply: MeasuredReply) -> Written:
    return Written(cell=cell, text=reply.text, cut=not reply.ended)


def _cell_of(run: str, answered: Answered) -> Cell:
    """Where a reply of one of several runs stands: an arm alone would not tell."""
    trained = roles(list(answered.replies)).trained
    return Cell(arm=f"{trained.key if trained is not None else ''} of {run}", side=SIDES[0])


def deal_pairs(principle: Principle, rounds: Sequence[Mapping[str, Sequence[Written]]], seed: int) -> tuple[tuple[Card, ...], ...]:
    """All cards of one principle in deals that each hold what was replied to every query in one round, one reply of each side.

    Args:
        principle: Which.
        rounds: By query the replies.
        seed: Decides the order, for everybody alike.
    """
    rng, dealt_before = random.Random(seed), set[str]()
    deals = []
    for texts in rounds:
        queries = sorted(texts)
        rng.shuffle(queries)
        found = [_alike_once(principle, query, texts[query]) for query in queries]
        new = [[card for card in cards if card.shown not in dealt_before] for cards in found]
        dealt_before |= {card.shown for cards in new for card in cards}
        deals.append(_mixed([cards for cards in new if cards], rng))
    return tuple(deal for deal in deals if deal)


def _alike_once(principle: Principle, query: str, replies: Sequence[Written]) -> list[Card]:
    """The cards of one query in the order of their hashes, which knows no arm. An empty reply needs nobody, and what reads alike is one card."""
    cards: dict[str, Card] = {}
    for each in replies:
        shown = shown_hash(principle, query, each.text)
        if each.text:
            before = cards.get(shown, Card(shown=shown, query=query, text=each.text, cell=each.cell, cut=True))
            cards[shown] = replace(before, cut=before.cut and each.cut)
    return sorted(cards.values(), key=lambda card: card.shown)


def _mixed(deal: list[list[Card]], rng: random.Random) -> tuple[Card, ...]:
    """The cards of the queries of a deal, so that what belongs together cannot be told."""
    return tuple(card for group in _groups(deal) for card in _apart(group, rng))


def _by_query(constitution: Constitution, position: int, replies: Mapping[Arm, Sequence[MeasuredReply]]) -> dict[str, list[Card]]:
    """The cards of each query."""
    parts = roles(list(replies))
    if parts.control is None or parts.trained is None:
        return {}
    turned = flip_side(position, len(constitution.principles))
    texts: dict[str, list[Written]] = {}
    for arm, side in ((parts.control, "statement"), (parts.trained, "statement"), (parts.trained, turned)):
        for reply in replies[arm]:
            if reply.side == side and reply.text:
                texts.setdefault(reply.query, []).append(_written(Cell(arm=arm.key, side=side), reply))
    return {query: _alike_once(constitution.principles[position], query, those) for query, those in texts.items()}


def _groups(deal: list[list[Card]]) -> list[list[list[Card]]]:
    """The queries of a deal in groups of about `GROUP`, none of them small."""
    n = max(1, len(deal) // GROUP)
    return [deal[i * len(deal) // n : (i + 1) * len(deal) // n] for i in range(n)]


def _apart(group: list[list[Card]], rng: random.Random) -> list[Card]:
    """The cards of some queries in any order in which no two neighbours answer the same, as far as there is one."""
    left = [rng.sample(cards, len(cards)) for cards in group]
    found: list[Card] = []
    while remaining := sum(map(len, left)):
        others = [cards for cards in left if cards and (not found or cards[-1].query != found[-1].query)]
        pressing = [cards for cards in others if 2 * len(cards) > remaining]
        found.append(rng.choice(pressing or others or [cards for cards in left if cards]).pop())
    return found
