"""`measure`: the result of an arm on held-out queries, and on the constitution's test scenarios beside them."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence, Set
from typing import Any

from app.commands.files import read_constitution
from app.commands.inputs import chosen_arm, chosen_sampling, chosen_seed, load, open_settings, read_queries
from app.commands.terminal import quiet
from app.present.table import report_lines
from app.present.text import count
from app.processes.adapter_models import read_run
from core.constitution.principles import SIDES, Constitution, content_hash
from core.constitution.queries import Query, draw_queries
from core.constitution.scenario_queries import ScenarioQuery, draw_tested
from core.constitution.text import same_question
from core.engine.adapter_card import named_for_others
from core.engine.adapters import adapter_hash, load_adapter
from core.engine.policies import open_policy
from core.engine.policy import Policy
from core.errors import ConfigError
from core.measure.ask import Measuring, ask, ask_scenarios, query_batches, scenario_batches
from core.measure.gap import Gap, gap_lines, gap_to_data, gaps
from core.measure.relevance import read_replies, with_reading
from core.measure.report import evaluate
from core.measure.report_data import report_to_data
from core.measure.rows import rows_to_data
from core.measure.values import MeasuredReply
from core.methods.arms import BASE, CONTROL, METHODS, Arm, Artifact, arm_title, arm_to_data, is_beside, make_arm
from core.methods.settings import config_from_data, preset
from core.runs.phases import measured_arms


def run(options: argparse.Namespace) -> int:
    """`measure`: the arms that a run ends with, or one arm against the prompted base, on queries that no adapter of theirs was trained on."""
    quiet()
    arm, run = _arm(options), read_run(options.adapter)
    settings = open_settings(options)
    constitution = read_constitution(options.constitution)
    direct_run = _direct_run(options, arm)
    queries, left_out = held_out(read_queries(options, "held_out"), options, run, _trained(direct_run))
    sampling, seed = chosen_sampling(options, run)
    direct, tested = _direct_arm(options, direct_run), _tested(constitution, seed, run)
    model = load(options, settings, run)
    model = load_adapter(model, options.direct) if direct is not None else model
    how = Measuring(sampling=sampling, seed=seed, trace=config_from_data(run["config"]).trace if run is not None else "all")
    arms = (*_measured(options, arm, run), *([direct] if direct is not None else []))
    answers = {one: _answers(open_policy(model, one), constitution, (queries, tested), how) for one in arms}
    replies, own = ({one: each[part] for one, each in answers.items()} for part in range(2))
    report = evaluate(constitution, replies, own=own)
    closed = gaps(constitution, *(replies[one] for one in (arms[0], direct, arm))) if direct is not None else {}
    if not options.json:
        print("\n".join([*report_lines(report), *_gap_told(direct, closed)]))
        if left_out:
            print(f"\n{count(left_out, 'query was', 'queries were')} left out, because the adapter was trained on them.")
        return 0
    data = {
        "constitution_sha256": content_hash(constitution),
        "arm": arm_to_data(arm),
        "adapter_sha256": arm.artifact.sha256 if arm.artifact is not None else None,
        "model": dataclasses.asdict(named_for_others(model.reference)),
        "beside": [dataclasses.asdict(named_for_others(small.reference)) for small in model.beside.values()],
        "sampling": dataclasses.asdict(sampling),
        "seed": seed,
        "queries_left_out": left_out,
        "result": {**report_to_data(report), "rows": rows_to_data(report)},
        **_gap_data(direct, closed),
    }
    print(json.dumps(data, ensure_ascii=False, indent=1))
    return 0


def _arm(options: argparse.Namespace) -> Arm:
    """The arm to measure.

    Raises:
        ConfigError: None is named, or one whose replies have no two sides.
    """
    if options.arm is None and options.adapter is None:
        raise ConfigError("There is nothing to measure yet. Add --adapter DIR, the `adapter` folder of a run, or --arm KEY.")
    arm = chosen_arm(options, read_run(options.adapter))
    if not arm.in_prompt:
        raise ConfigError(f"The arm {arm.key} has no constitution in its prompt, so there are no two sides to tell apart. Measure one that has.")
    return arm


def _gap_told(direct: Arm | None, closed: Mapping[str, Gap | None]) -> list[str]:
    return ["", f"Of the gap to “{arm_title(direct)}”:", *gap_lines(closed)] if direct is not None else []


def _gap_data(direct: Arm | None, closed: Mapping[str, Gap | None]) -> dict[str, Any]:
    told = {title: gap_to_data(each) for title, each in closed.items()}
    return {"gap": {"direct": arm_to_data(direct), "principles": told}} if direct is not None else {}


def _direct_run(options: argparse.Namespace, arm: Arm) -> dict[str, Any] | None:
    """The record of the run that tuned the decoded model itself, where one is named to be held against.

    Raises:
        ConfigError: The arm is none that moves what another model's adapter changed, or the adapter comes without its run.
    """
    if options.direct is None:
        return None
    if not is_beside(arm):
        raise ConfigError(f"--direct is for --arm proxy, and the arm is {arm.key}. Leave it out.")
    if (run := read_run(options.direct)) is None:
        raise ConfigError(f"--direct is {str(options.direct)!r}, which comes without the record of its run. Give the `adapter` folder of a run.")
    return run


def _direct_arm(options: argparse.Namespace, run: dict[str, Any] | None) -> Arm | None:
    if run is None:
        return None
    artifact = Artifact(kind="adapter", place=str(options.direct), sha256=adapter_hash(options.direct))
    return make_arm(config_from_data(run["config"]).method, artifact=artifact)


def _trained(run: dict[str, Any] | None) -> set[str]:
    """The queries that a run was trained on, as questions."""
    return set(map(same_question, run["queries"]["train"])) if run is not None else set()


def _measured(options: argparse.Namespace, arm: Arm, run: dict[str, Any] | None) -> tuple[Arm, ...]:
    """What a run ends with when neither arm nor setting is named; when one is, the prompted base, the arm, and the base alone, whose habit tells its pull."""
    if options.arm is not None or options.set or arm.artifact is None:
        return tuple(dict.fromkeys((make_arm(CONTROL), arm, make_arm(BASE))))
    return measured_arms(config_from_data(run["config"]) if run is not None else preset("quick", method=METHODS[arm.method].recipe or ""), arm.artifact)


def _answers(
    policy: Policy, constitution: Constitution, asked: tuple[Sequence[str], Sequence[ScenarioQuery]], how: Measuring
) -> tuple[list[MeasuredReply], list[MeasuredReply]]:
    """A policy's replies to held-out queries, and to scenarios, told about as they come."""
    queries, tested = asked
    replies, own, done = [], [], 0
    for batch in query_batches(policy.arm, constitution, queries):
        replies += ask(policy, constitution, batch, how)
        done += len(batch)
        print(f"{policy.arm.key}: {done} of {len(queries)} queries measured", file=sys.stderr)
    for some in scenario_batches(tested):
        own += [reply for each in ask_scenarios(policy, constitution, some, how) for reply in each]
        print(f"{policy.arm.key}: {len({reply.query for reply in own})} of {len(tested)} scenarios measured", file=sys.stderr)
    if not policy.arm.in_prompt:
        return replies, own
    return with_reading(replies, read_replies(policy.model, queries, [reply.text for reply in replies if reply.side == SIDES[0]])), own


def _tested(constitution: Constitution, seed: int, run: dict[str, Any] | None) -> tuple[ScenarioQuery, ...]:
    """The test scenarios that a run with this seed is measured on, without what the adapter was trained on."""
    trained = _trained(run)
    return tuple(each for each in draw_tested(constitution, seed) if same_question(each.text) not in trained)


def held_out(queries: list[Query], options: argparse.Namespace, run: dict[str, Any] | None, also: Set[str] = frozenset()) -> tuple[list[str], int]:
    """The queries to measure on, and how many were left out because the adapter was trained on them, or another was.

    The run's own held-out queries when the file has them all and no other number is asked for: then the figures are the run's.
    """
    trained = _trained(run) | also
    free = [query for query in queries if same_question(query.text) not in trained]
    known = {query.text for query in free}
    left_out = sum(query.split == "held_out" for query in queries) - sum(query.split == "held_out" for query in free)
    if run is not None and options.limit is None and options.seed is None and set(run["queries"]["held_out"]) <= known:
        return list(run["queries"]["held_out"]), left_out
    limit = options.limit or (len(run["queries"]["held_out"]) if run is not None else 24)
    return draw_queries(free, "held_out", limit, chosen_seed(options, run)), left_out
