"""What a constitution still needs: findings, each with its rule, how much it matters, and where it stands. Pure text."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.constitution.checks import Check
from core.constitution.meant import always_holds, never_holds
from core.constitution.normal import control_in, is_unseen, turn_in
from core.constitution.principles import (
    MAX_PRINCIPLES,
    MAX_TEXT_CHARS,
    MAX_TITLE_CHARS,
    MAX_WRITER_CHARS,
    SIDES,
    Constitution,
    Principle,
    Side,
    squash,
)
from core.constitution.priorities import MAX_PRIORITY, MAX_RULE_CHARS
from core.constitution.queries import MAX_QUERY_CHARS
from core.constitution.scenarios import MAX_EXPECTED_CHARS, MAX_SCENARIOS, Scenario
from core.errors import ConstitutionError

_TURNS = "turns the direction of everything behind it; letters have their direction by themselves."


class Severity(StrEnum):
    """How much a finding matters."""

    MUST = "must"  # has to be put right before a version can be saved
    ADVICE = "advice"  # worth a thought, and stands in nobody's way


class Rule(StrEnum):
    """What a finding is about. Programs may keep these names: they stay."""

    NO_NAME = "no-name"
    LONG_NAME = "long-name"
    NO_PRINCIPLES = "no-principles"
    MANY_PRINCIPLES = "many-principles"
    NO_TITLE = "no-title"
    SAME_TITLE = "same-title"
    LONG_TITLE = "long-title"
    NO_TEXT = "no-text"
    LONG_TEXT = "long-text"
    SAME_TEXTS = "same-texts"
    LONG_WRITER = "long-writer"
    UNREADABLE_CHECK = "unreadable-check"  # half typed, or stored by another version of the studio
    UNREADABLE_CHARACTER = "unreadable-character"
    MANY_SCENARIOS = "many-scenarios"
    NO_QUERY = "no-query"
    LONG_QUERY = "long-query"
    SAME_QUERY = "same-query"
    LONG_EXPECTED = "long-expected"
    NEVER_HOLDS = "never-holds"
    ALWAYS_HOLDS = "always-holds"
    NO_CHECK = "no-check"
    PRIORITY_RANGE = "priority-range"
    IDLE_PRIORITY = "idle-priority"  # one that puts nothing before anything
    LONG_RULE = "long-rule"
    IDLE_RULE = "idle-rule"  # for conflicts, where there is nothing to conflict with


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing to put right, or to think about."""

    rule: Rule
    severity: Severity
    principle: int | None  # index of the principle, None for the constitution as a whole
    # name, title, statement, antithesis, check, written_by, priority, principles, conflict_rule, scenarios; of the third scenario `scenarios.2.query`,
    # `.follows`, `.fails`
    field: str
    message: str


def find(constitution: Constitution) -> tuple[Finding, ...]:
    """Everything there is to say about a constitution without a model, in reading order."""
    return (*_of_the_whole(constitution), *_of_the_principles(constitution), *_of_the_order(constitution))


def problems(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that keep a constitution from being saved as a version."""
    return tuple(finding for finding in findings if finding.severity is Severity.MUST)


def advice(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that do not."""
    return tuple(finding for finding in findings if finding.severity is Severity.ADVICE)


def require_valid(constitution: Constitution) -> None:
    """Raise ConstitutionError with everything that must be put right in one message, if there is anything."""
    if must := problems(find(constitution)):
        raise ConstitutionError(" ".join(finding.message for finding in must))


def _must(rule: Rule, principle: int | None, field: str, message: str) -> Finding:
    return Finding(rule=rule, severity=Severity.MUST, principle=principle, field=field, message=message)


def _of_the_whole(constitution: Constitution) -> Iterator[Finding]:
    if is_unseen(constitution.name):
        yield _must(Rule.NO_NAME, None, "name", "The constitution has no name. Give it one.")
    elif len(constitution.name) > MAX_TITLE_CHARS:
        yield _must(Rule.LONG_NAME, None, "name", f"The name has {len(constitution.name):,} characters; the limit is {MAX_TITLE_CHARS}.")
    if code := control_in(constitution.name):
        yield _must(Rule.UNREADABLE_CHARACTER, None, "name", f"The name holds {code}, a character that cannot be read. Remove it.")
    if code := turn_in(constitution.name):
        yield _must(Rule.UNREADABLE_CHARACTER, None, "name", f"The name holds {code}, which {_TURNS} Remove it.")
    count = len(constitution.principles)
    if not count:
        yield _must(Rule.NO_PRINCIPLES, None, "principles", "There is no principle yet. Add at least one.")
    if count > MAX_PRINCIPLES:
        yield _must(Rule.MANY_PRINCIPLES, None, "principles", f"There are {count} principles; the limit is {MAX_PRINCIPLES}.")


def _of_the_order(constitution: Constitution) -> Iterator[Finding]:
    """Which principle comes first, and what is to be done where they conflict."""
    priorities, rule = [p.priority for p in constitution.principles], constitution.conflict_rule
    for i, priority in enumerate(priorities):
        if priority is not None and not 1 <= priority <= MAX_PRIORITY:
            message = f"The priority of principle {i + 1} is {priority:,}; it goes from 1, which comes first, to {MAX_PRIORITY}. Change it, or leave it out."
            yield _must(Rule.PRIORITY_RANGE, i, "priority", message)
    if priorities and priorities[0] is not None and len(set(priorities)) == 1:
        message = f"Every principle has the priority {priorities[0]}, so none comes before another. Give one of them another number, or leave it out."
        yield Finding(rule=Rule.IDLE_PRIORITY, severity=Severity.ADVICE, principle=0, field="priority", message=message)
    if len(rule) > MAX_RULE_CHARS:
        message = f"The rule for conflicts has {len(rule):,} characters; the limit is {MAX_RULE_CHARS}. Shorten it."
        yield _must(Rule.LONG_RULE, None, "conflict_rule", message)
    if code := control_in(rule):
        yield _must(Rule.UNREADABLE_CHARACTER, None, "conflict_rule", f"The rule for conflicts holds {code}, a character that cannot be read. Remove it.")
    if not is_unseen(rule) and len(priorities) < 2:
        message = "There is a rule for conflicts, and no two principles that could conflict, so it is not put to a model. Add a principle, or remove the rule."
        yield Finding(rule=Rule.IDLE_RULE, severity=Severity.ADVICE, principle=None, field="conflict_rule", message=message)


def _of_the_principles(constitution: Constitution) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for i, principle in enumerate(constitution.principles):
        title = squash(principle.title)
        if is_unseen(title):
            yield _must(Rule.NO_TITLE, i, "title", f"Principle {i + 1} has no title. Give it a short one.")
        elif title in seen:
            message = f"Principles {seen[title] + 1} and {i + 1} are both titled “{principle.title.strip()}”. Rename one."
            yield _must(Rule.SAME_TITLE, i, "title", message)
        seen.setdefault(title, i)
        yield from _of_the_texts(principle, i)
        if principle.check is None:
            message = f"Principle {i + 1} has no check, so a program cannot tell following from doing the opposite. Add one, or mark the replies of a run."
            yield Finding(rule=Rule.NO_CHECK, severity=Severity.ADVICE, principle=i, field="check", message=message)
        else:
            yield from _of_the_check(principle.check, i)
        yield from _of_the_scenarios(principle.scenarios, i)


def _of_the_scenarios(scenarios: Sequence[Scenario], i: int) -> Iterator[Finding]:
    if len(scenarios) > MAX_SCENARIOS:
        yield _must(Rule.MANY_SCENARIOS, i, "scenarios", f"Principle {i + 1} has {len(scenarios)} scenarios; the limit is {MAX_SCENARIOS}. Remove some.")
    first: dict[str, int] = {}
    for j, scenario in enumerate(scenarios):
        where, query = f"scenario {j + 1} of principle {i + 1}", squash(scenario.query)
        if is_unseen(query):
            yield _must(Rule.NO_QUERY, i, f"scenarios.{j}.query", f"{where.capitalize()} has no query. Write one, or remove the scenario.")
        elif query in first:
            message = f"Scenarios {first[query] + 1} and {j + 1} of principle {i + 1} have the same query. Change one, or remove it."
            yield _must(Rule.SAME_QUERY, i, f"scenarios.{j}.query", message)
        first.setdefault(query, j)
        yield from _of_a_scenario(scenario, where, i, j)


def _of_a_scenario(scenario: Scenario, where: str, i: int, j: int) -> Iterator[Finding]:
    parts = (
        ("query", "query", scenario.query, MAX_QUERY_CHARS, Rule.LONG_QUERY),
        ("follows", "“would follow”", scenario.follows, MAX_EXPECTED_CHARS, Rule.LONG_EXPECTED),
        ("fails", "“would not”", scenario.fails, MAX_EXPECTED_CHARS, Rule.LONG_EXPECTED),
    )
    for key, name, text, limit, rule in parts:
        if len(text) > limit:
            yield _must(rule, i, f"scenarios.{j}.{key}", f"The {name} of {where} has {len(text):,} characters; the limit is {limit:,}. Shorten it.")
        if code := control_in(text):
            message = f"The {name} of {where} holds {code}, a character that cannot be read. Remove it."
            yield _must(Rule.UNREADABLE_CHARACTER, i, f"scenarios.{j}.{key}", message)


def _of_the_check(check: Check, i: int) -> Iterator[Finding]:
    """A check whose outcome does not depend on the reply, or that can never be met."""
    says = f"The check `{check}` of principle {i + 1}"
    if check.kept is not None:
        yield _must(Rule.UNREADABLE_CHECK, i, "check", check.kept.why)
    if reason := never_holds(check):
        yield _must(Rule.NEVER_HOLDS, i, "check", f"{says} can never be met: {reason}")
    elif reason := always_holds(check):
        yield Finding(rule=Rule.ALWAYS_HOLDS, severity=Severity.ADVICE, principle=i, field="check", message=f"{says} is met by every reply: {reason}")


def _of_the_texts(principle: Principle, i: int) -> Iterator[Finding]:
    if len(principle.title) > MAX_TITLE_CHARS:
        message = f"The title of principle {i + 1} has {len(principle.title):,} characters; the limit is {MAX_TITLE_CHARS}."
        yield _must(Rule.LONG_TITLE, i, "title", message)
    for side, text in zip(SIDES, (principle.statement, principle.antithesis), strict=True):
        yield from _of_a_text(side, text, i)
    for name, text in (("title", principle.title), ("statement", principle.statement), ("antithesis", principle.antithesis), ("check", str(principle.check))):
        if code := control_in(text):
            message = f"The {name} of principle {i + 1} holds {code}, a character that cannot be read. Remove it."
            yield _must(Rule.UNREADABLE_CHARACTER, i, name, message)
    if code := turn_in(principle.title):
        yield _must(Rule.UNREADABLE_CHARACTER, i, "title", f"The title of principle {i + 1} holds {code}, which {_TURNS} Remove it.")
    if principle.written_by is not None and len(principle.written_by.model) > MAX_WRITER_CHARS:
        message = f"The writer of principle {i + 1} has {len(principle.written_by.model):,} characters; the limit is {MAX_WRITER_CHARS}."
        yield _must(Rule.LONG_WRITER, i, "written_by", message)
    if squash(principle.statement) and squash(principle.statement) == squash(principle.antithesis):
        message = f"Statement and antithesis of principle {i + 1} are the same text. Write what the opposite would be."
        yield _must(Rule.SAME_TEXTS, i, "antithesis", message)


def _of_a_text(side: Side, text: str, i: int) -> Iterator[Finding]:
    if not squash(text):
        why = "" if side == "statement" else " Training contrasts the two, so it needs both."
        yield _must(Rule.NO_TEXT, i, side, f"Principle {i + 1} has no {side}.{why} Write one.")
    elif len(text) > MAX_TEXT_CHARS:
        message = f"The {side} of principle {i + 1} has {len(text):,} characters; the limit is {MAX_TEXT_CHARS:,}. Shorten it."
        yield _must(Rule.LONG_TEXT, i, side, message)
