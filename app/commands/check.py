"""`check`: whether training can work. With `--out` its replies are kept in a folder, so that people can mark them."""

import argparse
import json
import os
import shlex
import sys
from pathlib import Path

from app.commands.files import read_constitution
from app.commands.inputs import load, note_scenarios, note_topic, open_settings, read_queries
from app.commands.terminal import quiet
from app.present.trainability import reply_lines, trainability_lines
from core.engine.adapter_card import named_for_others
from core.errors import ConfigError
from core.methods.settings import preset, with_settings
from core.runs.checked import CHECK_FILE, CheckRecord, check_record_to_data
from core.runs.demands import require_possible
from core.runs.links import trainability_to_data
from core.runs.trainability import check_run, now_and_then


def run(options: argparse.Namespace) -> int:
    """`check`: the verdict on trainability that a run also begins with. A no-go is exit status 1."""
    quiet()
    settings = open_settings(options)
    constitution = read_constitution(options.constitution)
    _require_new(options.out)
    config = with_settings(preset(options.preset, method=options.method, seed=options.seed), options.set)
    queries = read_queries(options)
    require_possible(constitution, queries, config)
    note_topic(constitution, queries)
    note_scenarios(constitution, queries, config)
    model = load(options, settings, None, four_bit=config.four_bit)
    tell = now_and_then(lambda words: print(words, file=sys.stderr, flush=True))
    checked = check_run(model, constitution, queries, config, on_asking=tell)
    if options.out is not None:
        _keep(options.out, CheckRecord(constitution=constitution, model=named_for_others(model.reference).id, config=config, checked=checked))
    found = checked.found
    print(json.dumps(trainability_to_data(found), ensure_ascii=False) if options.json else "\n".join([*trainability_lines(found), *reply_lines(found)]))
    return 1 if found.verdict == "no-go" else 0


def _require_new(folder: Path | None) -> None:
    """Refuse a folder that cannot take the check in the end, before the base is asked.

    Raises:
        ConfigError: It holds a run or a check already, with its marks, or is none.
    """
    if folder is None:
        return
    if (there := next((name for name in ("run.json", CHECK_FILE) if (folder / name).exists()), None)) is not None:
        raise ConfigError(f"--out is {str(folder)!r}, which holds {there} already, and marks may go with it. Name a new folder.")
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--out is {str(folder)!r}, which is no folder. Name a new one.")
    folder.mkdir(parents=True, exist_ok=True)


def _keep(folder: Path, record: CheckRecord) -> None:
    scratch = folder / f".{CHECK_FILE}.{os.getpid()}"
    scratch.write_text(json.dumps(check_record_to_data(record), ensure_ascii=False), encoding="utf-8")
    os.replace(scratch, folder / CHECK_FILE)
    print(f"The replies are kept in {folder}. Mark them: python -m app mark --run {shlex.quote(str(folder))}", file=sys.stderr)
