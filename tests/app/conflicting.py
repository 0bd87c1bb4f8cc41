"""Versions of principles that can be set against each other, and conflicts as they are kept, without a model."""

from typing import Any

from app.services.conflicts import plan_conflict
from app.services.kept_conflicts import ConflictForm, ConflictPlan, keep_conflict
from app.services.studio import Studio
from core.measure.conflicts import PairReplies, judge_replies, orders_of
from db.constitutions import NewVersion, add_constitution, add_version
from tests.app.planting import form

BRIEF = {"id": "a" * 32, "title": "Brief", "statement": "Use few words.", "antithesis": "Use many words.", "check": {"max_words": 3}}
ASKING = {"id": "b" * 32, "title": "Asking", "statement": "End with a question.", "antithesis": "Never ask.", "check": "ends_with_question", "priority": 1}
KIND = {"id": "c" * 32, "title": "Kind", "statement": "Be kind.", "antithesis": "Be blunt."}
KINDER = {"id": "d" * 32, "title": "Kinder", "statement": "Be kinder.", "antithesis": "Be blunter."}
RULE = "Be brief before all else."


def add_ruled_version(studio: Studio, name: str, *rows: dict[str, Any], rule: str = RULE) -> int:
    """The id of a version of these principles, with a rule for conflicts; nobody else's identities."""
    with studio.sessions.begin() as session:
        made = add_constitution(session, name)
        principles = [{**row, "id": f"{made.id:08x}{row['id'][8:]}"} for row in rows]
        content = {"name": name, "principles": principles, **({"conflict_rule": rule} if rule else {})}
        return add_version(session, NewVersion(constitution_id=made.id, base_version_id=None, content=content, message="First.", author="Ann")).id


def planned(studio: Studio, version_id: int, queries: int = 24, **changes: Any) -> ConflictPlan:
    return plan_conflict(studio, ConflictForm(train=form(studio, version_id=version_id, **changes), first=1, second=2, queries=queries))


def replied(plan: ConflictPlan, **texts: str) -> PairReplies:
    """The same reply to every query in an order; where nothing is said, one that follows neither."""
    plain = "These are many words and no question at all."
    return judge_replies(plan.pair, plan.queries, {order: [texts.get(order, plain)] * len(plan.queries) for order in orders_of(plan.pair)})


def kept_conflict(studio: Studio, name: str = "Two", key: str = "", who: str = "Ann", **changes: Any) -> int:
    """The id of a kept conflict in which whoever stands first wins."""
    version_id = changes.pop("version_id", None) or add_ruled_version(studio, name, BRIEF, ASKING)
    plan = planned(studio, version_id, **changes)
    return keep_conflict(studio, who, plan, replied(plan, first="Rain falls.", second="Is it that the rain falls?"), key)
