"""Scenarios of a principle: situations in which it can be tried, each a query with what would follow the principle and what would not. Pure text."""

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.constitution.normal import normal
from core.constitution.shapes import kind_of, reject_unknown, text_of
from core.errors import ConstitutionError

Use = Literal["test", "train"]  # test: never trained on
USES: tuple[Use, ...] = get_args(Use)
SCENARIO_KEYS = ("query", "follows", "fails", "use")
MAX_SCENARIOS = 64  # of one principle
MAX_EXPECTED_CHARS = 2_000  # follows, fails


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A query that puts a principle to the test."""

    query: str  # at most MAX_QUERY_CHARS (queries.py)
    follows: str = ""  # what a reply that follows the principle would do; for people and judges, never put to a model that is trained or measured
    fails: str = ""  # what one that does not would do
    use: Use = "test"


def scenario_to_data(scenario: Scenario) -> dict[str, Any]:
    """`{"query": "Where are you from?"}`, and of the other keys those that say something."""
    data: dict[str, Any] = {"query": scenario.query}
    if scenario.follows:
        data["follows"] = scenario.follows
    if scenario.fails:
        data["fails"] = scenario.fails
    return data if scenario.use == "test" else {**data, "use": scenario.use}


def scenario_from_data(data: object, where: str) -> Scenario:
    """The inverse of `scenario_to_data`, for drafts: texts may be empty. A plain text is a query.

    Args:
        data: Plain data.
        where: In which place it stands, as in `scenario 2 of principle 1`.

    Raises:
        ConstitutionError: A wrong shape, an unknown key or another use than test and train, each named.
    """
    if isinstance(data, str):
        return Scenario(query=normal(data))
    if not isinstance(data, Mapping):
        raise ConstitutionError(f"{where.capitalize()} must be a query, or a mapping with `query`, but it is {kind_of(data)}.")
    reject_unknown(data, set(SCENARIO_KEYS), where)
    use = data.get("use")
    found = "test" if use in (None, "") else next((known for known in USES if known == use), None)
    if found is None:
        raise ConstitutionError(f"`use` of {where} must be {' or '.join(USES)}, but it is {reprlib.repr(use)}. Leave it out for test.")
    return Scenario(query=text_of(data, "query", where), follows=text_of(data, "follows", where), fails=text_of(data, "fails", where), use=found)
