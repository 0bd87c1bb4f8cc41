"""`trial`: what a check says of replies that a studio's runs left, before anybody trusts it. No model is loaded."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from app.commands.files import read_constitution
from app.commands.mark import require_studio
from app.present.trials import trial_lines
from app.services.trials import Trial, try_on_stored
from core.constitution.checks import Check, check_from_data, check_to_data
from core.constitution.principles import Constitution, Principle
from core.constitution.suggesting import in_words, suggest
from core.errors import ConfigError

NO_CHECK = "It has no check, and none can be read off its statement. Name one with --check, as in: --check “max_words: 20”."


def run(options: argparse.Namespace) -> int:
    """Do it. Returns the exit status."""
    wanted = _wanted(read_constitution(options.constitution), options)
    studio = require_studio(options)
    found = [(principle, check, try_on_stored(studio, principle, check) if check is not None else None) for principle, check in wanted]
    if options.json:
        print(json.dumps([_row(*each) for each in found], ensure_ascii=False, indent=1))
    else:
        print("\n".join(line for each in found for line in _lines(*each)))
    return 0 if any(trial is not None and trial.tried is not None for _, _, trial in found) else 1


def _wanted(constitution: Constitution, options: argparse.Namespace) -> list[tuple[Principle, Check | None]]:
    """The principles that are asked about, each with its check."""
    principles, number = constitution.principles, options.principle
    if number is not None and not 1 <= number <= len(principles):
        raise ConfigError(f"There is no principle {number}; the constitution has {len(principles)}.")
    chosen = principles if number is None else principles[number - 1 : number]
    if options.check is None:
        return [(principle, principle.check or suggest(principle.statement)) for principle in chosen]
    if len(chosen) > 1:
        raise ConfigError(f"--check is for one principle, and the constitution has {len(principles)}. Say which with --principle N.")
    return [(principle, check_from_data(options.check, "--check")) for principle in chosen]


def _lines(principle: Principle, check: Check | None, trial: Trial | None) -> Iterator[str]:
    yield f"“{principle.title}”: {in_words(check) if check is not None else NO_CHECK}"
    if trial is not None:
        yield from (f"  {line}" if line else "" for line in trial_lines(trial))


def _row(principle: Principle, check: Check | None, trial: Trial | None) -> dict[str, Any]:
    told = asdict(trial) if trial is not None else {"run": None, "tried": None, "problem": NO_CHECK}
    return {"principle": principle.title, "check": check_to_data(check) if check is not None else None, **told}
