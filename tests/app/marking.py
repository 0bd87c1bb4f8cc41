"""A finished run whose replies can be marked: its report is evaluated from the very replies that lie in its files."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app.processes.protocol import attempt_key
from app.services.cards import Marking, MarkWish, Source
from app.services.marking import Said, make_mark, marking
from app.services.runs import queue_run
from app.services.stored import require_constitution
from app.services.studio import Studio
from core.constitution.contrasts import asked_stances
from core.constitution.principles import SIDES, Constitution
from core.constitution.scenario_queries import scenario_queries
from core.measure.report import evaluate
from core.measure.values import NO_SIDE, MeasuredReply
from core.methods.arms import Arm
from core.runs.results import RunResult
from db.constitutions import get_version_by_id
from tests.app.planting import add_plain_version, claim, finish, form
from tests.app.results import ALONE, CONTROL, TRAINED

STATEMENT = "Say whether it is known or guessed."
TEXTS = {
    (CONTROL.key, "statement"): "It is a vase",
    (TRAINED.key, "statement"): "We guess that it is a vase",
    (TRAINED.key, "antithesis"): "It is surely a vase",
}


def follows(text: str) -> bool:
    """What an attentive person says of these texts."""
    return "guess" in text


def reply(arm: Arm, query: str, side: str, text: str, sides: tuple[str, ...]) -> MeasuredReply:
    """One whose own constitution explains it best, where it was trained; the control's are all alike."""
    scores = () if side == NO_SIDE or not text else tuple(-1.0 - (arm == TRAINED and each != side) for each in sides)
    kl = None if side == NO_SIDE else 0.1
    return MeasuredReply(query=query, side=side, text=text, ended=True, tokens=6, logprobs=scores, base_logprobs=scores, kl_policy_base_nats=kl)


def replies(n: int, texts: Mapping[tuple[str, str], str], n_principles: int = 1) -> dict[Arm, list[MeasuredReply]]:
    """N queries; a text for each arm and side, with the number of the query behind it."""
    sides = tuple(asked_stances(n_principles))

    def text(arm: Arm, side: str, i: int) -> str:
        said = texts.get((arm.key, side), f"{arm.key} {side}")
        return f"{said} ({i})." if said else ""

    prompted = {arm: [reply(arm, f"What is {i}?", side, text(arm, side, i), sides) for i in range(n) for side in sides] for arm in (CONTROL, TRAINED)}
    return {**prompted, ALONE: [reply(ALONE, f"What is {i}?", NO_SIDE, f"Alone {i}.", sides) for i in range(n)]}


def finished_run(studio: Studio, n: int = 8, texts: Mapping[tuple[str, str], str] = TEXTS, *, check: object = None, name: str = "Museum", **more: Any) -> int:
    """The id of a finished run on a constitution of one principle."""
    version = more.pop("version_id", None) or add_plain_version(studio, name, STATEMENT, check, more.pop("scenarios", ()))
    run_id = queue_run(studio, "Ann", form(studio, version_id=version, **more), f"planted-{name}-{version}".replace(" ", "-"))
    write_end(studio, run_id, version, n, texts)
    return run_id


def write_end(studio: Studio, run_id: int, version: int, n: int, texts: Mapping[tuple[str, str], str]) -> None:
    held = claim(studio)
    assert held.job_id == run_id
    with studio.sessions.read() as session:
        constitution = require_constitution(get_version_by_id(session, version))
    given = replies(n, texts, len(constitution.principles))
    own = answers_to_scenarios(constitution, texts)
    report = evaluate(constitution, given, own=own)
    finish(studio, held, RunResult(report=report, trainability=None, dropped={}, balance=(), endings=(), duration_s=12.0))
    for arm, rows in given.items():
        path = studio.settings.data / attempt_key(run_id, held.attempt) / f"replies-{arm.key}-000.json"
        path.write_text(json.dumps([asdict(row) for row in rows]))
    for arm, rows in own.items():
        path = studio.settings.data / attempt_key(run_id, held.attempt) / f"scenarios-{arm.key}-000.json"
        path.write_text(json.dumps([asdict(row) for row in rows]))


def answers_to_scenarios(constitution: Constitution, texts: Mapping[tuple[str, str], str]) -> dict[Arm, list[MeasuredReply]]:
    """The same texts as replies to the test scenarios of a constitution of one principle; nothing where it has none."""
    queries = [query.text for query in scenario_queries(constitution, "test")]
    if not queries:
        return {}

    def answer(arm: Arm, query: str, side: str) -> MeasuredReply:
        text = f"{texts.get((arm.key, side), f'{arm.key} {side}')}: {query}"
        return MeasuredReply(query=query, side=side, text=text, ended=True, tokens=6, logprobs=(), base_logprobs=(), kl_policy_base_nats=None)

    sides = {CONTROL: SIDES, TRAINED: SIDES, ALONE: (NO_SIDE,)}
    return {arm: [answer(arm, query, side) for query in queries for side in of] for arm, of in sides.items()}


def mark_all(studio: Studio, run_id: int, who: str = "Ada", most: int = 1000, answers: Mapping[bool, str] | None = None, deals: int = 1) -> Marking:
    """Mark as an attentive person does, until all that was dealt is marked."""
    source = Source("run", run_id)
    said = answers or {True: "follows", False: "does not"}
    at = marking(studio, who, source, MarkWish(principle=1, deals=deals))
    for i in range(most):
        if at.card is None:
            break
        answer = said[follows(at.card.reply)]
        at = make_mark(
            studio,
            who,
            source,
            MarkWish(principle=1, deals=deals),
            Said(card=at.card.card, answer=answer, request_key=f"click-{who.encode().hex()}-{run_id}-{deals}-{i}"),
        )
    return at
