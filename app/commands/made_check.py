"""`train --check DIR`: what a `check --out DIR` found is used, where it asked what the run would ask."""

import json
from pathlib import Path

from core.constitution.principles import content_hash
from core.engine.adapter_card import named_for_others
from core.errors import ConfigError, StudioError
from core.runs.checked import CHECK_FILE, answers_for, check_record_from_data
from core.runs.links import Trainability
from core.runs.plan import RunPlan
from core.runs.run_queries import checked_queries, run_queries


def found_by_check(folder: Path, plan: RunPlan) -> Trainability:
    """The verdict that a check left in a folder.

    Raises:
        ConfigError: There is none that can be read, or it asked something else than the run would.
    """
    try:
        record = check_record_from_data(json.loads((folder / CHECK_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError, StudioError) as error:
        raise ConfigError(f"--check is {str(folder)!r}, which holds no check that can be read ({error!r:.120}). Name the folder of `check --out`.") from error
    drawn = checked_queries(run_queries(plan.constitution, plan.queries, plan.config.seed), plan.config)
    others = {
        "constitution": content_hash(record.constitution) != content_hash(plan.constitution),
        "model": record.model not in (plan.model.id, plan.known_as, named_for_others(plan.model).id),
        "queries, seed or sampling": not answers_for(record.config, record.checked, plan.config, drawn),
    }
    if any(others.values()):
        differ = " and ".join(name for name, other in others.items() if other)
        raise ConfigError(f"The check in {str(folder)!r} was made with another {differ}, so this run cannot use it. Leave --check out, or check again.")
    return record.checked.found
