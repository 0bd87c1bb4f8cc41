"""`propose`: a principle from a wish or a statement, written by a model for its author to judge. An endpoint is asked without torch."""

import argparse
import dataclasses
import json
import os
import sys

import yaml

from app.services.writers import ask_endpoint, model_name
from app.settings import Settings
from core.constitution.checks import check_to_data
from core.constitution.principles import Turns, written_by_to_data
from core.constitution.proposals import Ask, Wish, answer_sampling, propose, written_by
from core.constitution.suggesting import in_words, suggest
from core.errors import ConfigError


def run(options: argparse.Namespace) -> int:
    """Print the proposal; what is missing from it is an error."""
    if options.check:
        return _check(options)
    settings = Settings.from_environment(os.environ, data=options.data)
    wish = Wish(wish=options.wish or "", statement=options.statement or "")
    if options.endpoint is not None:
        settings = dataclasses.replace(settings, writer_url=options.endpoint, writer_model=options.endpoint_model or settings.writer_model)
    if settings.endpoint is not None and options.model is None:
        name, ask = model_name(settings.endpoint.model), ask_endpoint(settings.endpoint)
    else:
        name, ask = _local(options, settings)
    proposal = propose(wish, ask, begin=options.seed)
    texts = {"title": proposal.title, "statement": proposal.statement, "antithesis": proposal.antithesis}
    data = texts | {"written_by": written_by_to_data(written_by(name, wish, proposal))}
    print(json.dumps(data, ensure_ascii=False, indent=1) if options.json else yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100).rstrip())
    if proposal.shortfall:
        print(f"error: {proposal.shortfall}", file=sys.stderr)
    return 1 if proposal.shortfall else 0


def _check(options: argparse.Namespace) -> int:
    """The check that a statement allows by its words; none is exit status 1."""
    if not options.statement:
        raise ConfigError("--check reads a statement. Give one, as in: propose --check --statement “Answer in one sentence.”")
    found = suggest(options.statement)
    if found is None:
        print("error: No check can be read off this statement. Mark the replies of a run, or write a check yourself.", file=sys.stderr)
        return 1
    data = {"check": check_to_data(found), "says": in_words(found)}
    print(json.dumps(data, ensure_ascii=False, indent=1) if options.json else yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100).rstrip())
    return 0


def _local(options: argparse.Namespace, settings: Settings) -> tuple[str, Ask]:
    """The name of a model of this machine, and a way to ask it."""
    from app.commands.local_models import answer, load_local

    name = options.model or settings.local_writer
    model = load_local(name, settings.models_folder, options.device)

    def ask(prompt: Turns, number: int) -> str:
        return answer(model, prompt, answer_sampling(number), number)[0]

    return model_name(name), ask
