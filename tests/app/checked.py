"""A check that is kept with its replies, as one that was asked on the Train page, and an attentive person who marks them."""

from collections.abc import Mapping
from typing import Any

from app.services.cards import Marking, MarkWish, Source
from app.services.kept_checks import keep_check
from app.services.marking import Said, make_mark, marking
from app.services.plans import make_plan
from app.services.studio import Studio
from core.constitution.principles import Constitution
from core.measure.judges import judge_of
from core.runs.checked import Checked, CheckedReplies
from core.runs.evidence import overall
from core.runs.judged_links import Judging, judged_link, unjudged_link
from core.runs.links import Trainability
from core.runs.rounds import FIRST
from tests.app.marking import STATEMENT, follows
from tests.app.planting import add_plain_version, form

QUERIES = 16
GUESS, SURE = "We guess that it is a vase", "It is surely a vase"


def texts(hits: int, n: int = QUERIES, each: int = 1) -> tuple[tuple[str, ...], ...]:
    """Replies to N queries; the first of so many queries follow."""
    return tuple(tuple(f"{GUESS if i < hits else SURE} ({i}, {j})." for j in range(each)) for i in range(n))


def base_replies(hits: int = 10, opposed: int = 0, *, n: int = QUERIES, each: int = 1, principles: int = 1) -> CheckedReplies:
    """So many queries have a reply that follows under the statements, and so many with a principle turned."""
    turned = tuple(tuple(text.replace("(", "(turned ") for text in of_query) for of_query in texts(opposed, n, each))
    return CheckedReplies(queries=tuple(f"What is {i}?" for i in range(n)), statement=texts(hits, n, each), flipped=(turned,) * principles)


def checked(constitution: Constitution, replies: CheckedReplies) -> Checked:
    """What a check says of these replies, by programs alone."""
    links = []
    for position, principle in enumerate(constitution.principles):
        judge = judge_of(principle)
        judging = Judging(judge=judge, error=FIRST.error, greedy=False) if judge is not None else None
        links.append(judged_link(principle, replies, position, judging) if judging is not None else unjudged_link(principle))
    sampled = sum(map(len, replies.statement)) * (1 + len(links))
    verdict = overall([link.verdict for link in links])
    found = Trainability(verdict=verdict, principles=tuple(links), words=(6.0, 5.0), length_tells=0.5, cut=0.0, same=0.0, replies=sampled, notes=())
    return Checked(found=found, replies=replies)


def kept_check(studio: Studio, replies: CheckedReplies | None = None, *, check: object = None, name: str = "Museum", **changes: Any) -> int:
    """The id of a kept check on a constitution of one principle."""
    version = changes.pop("version_id", None) or add_plain_version(studio, name, STATEMENT, check)
    plan = make_plan(studio, form(studio, version_id=version, **changes))
    found = checked(plan.constitution, replies or base_replies(principles=len(plan.constitution.principles)))
    return keep_check(studio, "Ann", plan, found, f"checked-version-{version}")


def mark_check_whole(studio: Studio, check_id: int, who: str = "Ada", most: int = 1000, answers: Mapping[bool, str] | None = None, deals: int = 1) -> Marking:
    """Mark as an attentive person does, until all that was dealt is marked."""
    source, wish, said = Source("check", check_id), MarkWish(principle=1, deals=deals), answers or {True: "follows", False: "does not"}
    at = marking(studio, who, source, wish)
    for i in range(most):
        if at.card is None:
            break
        key = f"check-click-{who.encode().hex()}-{check_id}-{deals}-{i}"
        at = make_mark(studio, who, source, wish, Said(card=at.card.card, answer=said[follows(at.card.reply)], request_key=key))
    return at
