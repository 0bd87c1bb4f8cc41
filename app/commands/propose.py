"""`propose`: a principle from a wish or a statement, or scenarios of one, written by a model for its author to judge. An endpoint is asked without torch."""

import argparse
import dataclasses
import json
import os
import sys
from typing import Any

import yaml

from app.services.writers import ANSWER_WITHIN_S, LONG_ANSWER_WITHIN_S, ask_endpoint, model_name
from app.settings import Settings
from core.constitution.checks import check_to_data
from core.constitution.principles import Turns, written_by_to_data
from core.constitution.proposals import Ask, Draw, Wish, answer_sampling, propose, written_by
from core.constitution.scenario_proposals import ScenarioWish, propose_scenarios, scenario_sampling
from core.constitution.scenarios import scenario_to_data
from core.constitution.suggesting import in_words, suggest
from core.errors import ConfigError


def run(options: argparse.Namespace) -> int:
    """Print the proposal; what is missing from it is an error."""
    if options.check:
        return _check(options)
    if options.scenarios:
        return _scenarios(options)
    if options.antithesis is not None:
        raise ConfigError("--antithesis goes with --scenarios: without it an antithesis is what is proposed. Add --scenarios, or leave it out.")
    wish = Wish(wish=options.wish or "", statement=options.statement or "")
    name, ask = _writer(options, ANSWER_WITHIN_S, answer_sampling)
    proposal = propose(wish, ask, begin=options.seed)
    texts = {"title": proposal.title, "statement": proposal.statement, "antithesis": proposal.antithesis}
    _print(options, texts | {"written_by": written_by_to_data(written_by(name, wish, proposal))})
    if proposal.shortfall:
        print(f"error: {proposal.shortfall}", file=sys.stderr)
    return 1 if proposal.shortfall else 0


def _scenarios(options: argparse.Namespace) -> int:
    """Scenarios as a constitution file holds them; what was left out of the model's answer goes to standard error, or into the JSON."""
    if not options.statement:
        raise ConfigError("--scenarios reads a statement. Give one, as in: propose --scenarios --statement “Answer in one sentence.”")
    wish = ScenarioWish(statement=options.statement, antithesis=options.antithesis or "")
    name, ask = _writer(options, LONG_ANSWER_WITHIN_S, scenario_sampling)
    found = propose_scenarios(wish, ask, begin=options.seed)
    if found.shortfall:
        print(f"error: {found.shortfall}", file=sys.stderr)
        return 1
    data: dict[str, Any] = {"scenarios": [scenario_to_data(each) for each in found.scenarios]}
    if options.json:
        data |= {"left_out": [dataclasses.asdict(each) for each in found.left_out], "model": name}
    _print(options, data)
    for each in [] if options.json else found.left_out:
        print(f"left out: “{each.query}” {each.why}", file=sys.stderr)
    return 0


def _print(options: argparse.Namespace, data: dict[str, Any]) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=1) if options.json else yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100).rstrip())


def _check(options: argparse.Namespace) -> int:
    """The check that a statement allows by its words; none is exit status 1."""
    if not options.statement:
        raise ConfigError("--check reads a statement. Give one, as in: propose --check --statement “Answer in one sentence.”")
    found = suggest(options.statement)
    if found is None:
        print("error: No check can be read off this statement. Mark the replies of a run, or write a check yourself.", file=sys.stderr)
        return 1
    _print(options, {"check": check_to_data(found), "says": in_words(found)})
    return 0


def _writer(options: argparse.Namespace, within_s: float, draw: Draw) -> tuple[str, Ask]:
    """The name of the model that writes, and a way to ask it."""
    settings = Settings.from_environment(os.environ, data=options.data)
    if options.endpoint is not None:
        settings = dataclasses.replace(settings, writer_url=options.endpoint, writer_model=options.endpoint_model or settings.writer_model)
    if settings.endpoint is not None and options.model is None:
        return model_name(settings.endpoint.model), ask_endpoint(settings.endpoint, within_s, draw)
    return _local(options, settings, draw)


def _local(options: argparse.Namespace, settings: Settings, draw: Draw) -> tuple[str, Ask]:
    """The name of a model of this machine, and a way to ask it."""
    from app.commands.local_models import answer, load_local

    name = options.model or settings.local_writer
    model = load_local(name, settings.models_folder, options.device)

    def ask(prompt: Turns, number: int) -> str:
        return answer(model, prompt, draw(number), number)[0]

    return model_name(name), ask
