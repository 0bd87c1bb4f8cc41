"""`check`, `train`, `reply` and `measure`: the same core functions as the page, on plain files, without a database."""

import argparse
import dataclasses
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.attempt_protocol import HELPER_LOST
from app.helpers import HelperLost, helped
from app.present.balance import balance_lines
from app.present.table import result_lines
from app.present.trainability import trainability_lines
from app.settings import Settings
from core.batching import QUERIES_PER_BATCH
from core.config import SamplingConfig, config_from_data, preset, with_settings
from core.constitution_files import parse_file
from core.constitutions import Constitution, content_hash
from core.default_model import DEFAULT_MODEL, DEFAULT_NOTICE
from core.errors import AdapterError, ConstitutionError, QueryError
from core.evaluation import Result, evaluate, result_to_data
from core.measuring import ask, query_batches, reply_seed, side_prompt
from core.models import LoadedModel, ModelReference, adapter_hash, adapter_off, choose_device, load_adapter, load_model
from core.progress import StepReport, Stopped
from core.queries import Query, draw_queries, read_queries
from core.records import RunPlan
from core.runs import execute
from core.sampling import sample
from core.scoring import check_model
from core.trainability import check_run, now_and_then, trainability_to_data

METHODS = {(False, False): "base", (False, True): "base+constitution", (True, True): "aligned+constitution", (True, False): "aligned"}


def check(options: argparse.Namespace) -> int:
    """`check`: the verdict on trainability that a run also begins with. A no-go is exit status 1."""
    quiet()
    settings = _settings(options)
    constitution = _read_constitution(options.constitution)
    config = with_settings(preset(options.preset, seed=options.seed), options.set)
    queries = _read_queries(options.queries)
    model = _load(options, settings, None, four_bit=config.four_bit)
    tell = now_and_then(lambda words: print(words, file=sys.stderr, flush=True))
    found = check_run(model, constitution, queries, config, on_asking=tell)
    print(json.dumps(trainability_to_data(found), ensure_ascii=False) if options.json else "\n".join(trainability_lines(found)))
    return 1 if found.verdict == "no-go" else 0


def train(options: argparse.Namespace) -> int:
    """`train`: leaves `adapter/` and `run.json` in the folder; stops and resumes at any step."""
    quiet()
    settings = _settings(options)
    plan = RunPlan(
        constitution=_read_constitution(options.constitution),
        queries=tuple(_read_queries(options.queries)),
        model=ModelReference(id=options.model or settings.model),
        config=with_settings(preset(options.preset, seed=options.seed), options.set),
        device=options.device,
    )
    if plan.model.id == DEFAULT_MODEL:
        print(DEFAULT_NOTICE)
    stop = _StopRequest()
    try:
        with helped(plan, options.out, settings.models_folder, options.processes or settings.processes) as world:
            record = execute(plan, options.out, settings.models_folder, on_step=_Printer(), should_stop=stop, world=world)
    except HelperLost as error:
        print(f"error: {error}", file=sys.stderr)
        return HELPER_LOST
    except Stopped:
        print(f"Stopped; what was done is in {options.out}. The same command goes on from there.", file=sys.stderr)
        return 130
    endings = ["", *(str(ending["says"]) for ending in record.endings)] if record.endings else []
    print("\n".join([*trainability_lines(record.trainability), "", *result_lines(record.result), *balance_lines(record.balance), *endings]))
    print(f"\nAdapter: {record.adapter}  (sha256 {record.adapter_sha256[:12]}, {record.duration_s:.0f} s)")
    return 0


def reply(options: argparse.Namespace) -> int:
    """`reply`: one row a query, in the order of the file."""
    quiet()
    settings = _settings(options)
    run = read_run(options.adapter)
    constitution = None if options.side == "none" else _read_constitution(options.constitution)
    queries = [query.text for query in _read_queries(options.queries)]
    sampling, seed = _sampling(options, run)
    model = _load(options, settings, run)
    adapter = adapter_hash(options.adapter) if options.adapter is not None else None
    scratch = options.out.with_name(f".{options.out.name}.{os.getpid()}")
    with scratch.open("w", encoding="utf-8") as file:
        for start in range(0, len(queries), QUERIES_PER_BATCH):
            batch = queries[start : start + QUERIES_PER_BATCH]
            prompts = [side_prompt(model, constitution, options.side, query) for query in batch]
            responses = sample(model, prompts, sampling, [reply_seed(seed, query, options.side) for query in batch], steady=True)
            for query, response in zip(batch, responses, strict=True):
                row = {
                    "query": query,
                    "response": response.text,
                    "as": options.side,
                    "method": METHODS[adapter is not None, constitution is not None],
                    "seed": seed,
                    "adapter": adapter,
                }
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            print(f"{start + len(batch)} of {len(queries)} replies", file=sys.stderr)
    os.replace(scratch, options.out)
    return 0


def measure(options: argparse.Namespace) -> int:
    """`measure`: base against aligned, on queries that the adapter was not trained on."""
    quiet()
    settings = _settings(options)
    run = read_run(options.adapter)
    constitution = _read_constitution(options.constitution)
    queries, left_out = _held_out(_read_queries(options.queries, "held_out"), options, run)
    sampling, seed = _sampling(options, run)
    model = _load(options, settings, run)
    result = measure_adapter(model, constitution, queries, sampling, seed)
    if not options.json:
        print("\n".join(result_lines(result)))
        if left_out:
            print(f"\n{left_out} queries were left out, because the adapter was trained on them.")
        return 0
    data = {
        "constitution_sha256": content_hash(constitution),
        "adapter_sha256": adapter_hash(options.adapter),
        "model": dataclasses.asdict(model.reference),
        "sampling": dataclasses.asdict(sampling),
        "seed": seed,
        "queries_left_out": left_out,
        "result": result_to_data(result),
    }
    print(json.dumps(data, ensure_ascii=False, indent=1))
    return 0


def measure_adapter(model: LoadedModel, constitution: Constitution, queries: Sequence[str], sampling: SamplingConfig, seed: int) -> Result:
    """The result of a loaded adapter on held-out queries."""
    base, aligned, done = [], [], 0
    for batch in query_batches(constitution, queries):
        with adapter_off(model):
            base += ask(model, constitution, batch, sampling, seed)
        aligned += ask(model, constitution, batch, sampling, seed)
        done += len(batch)
        print(f"{done} of {len(queries)} queries measured", file=sys.stderr)
    return evaluate(constitution, base, aligned)


def read_run(adapter: Path | None) -> dict[str, Any] | None:
    """`run.json` beside an adapter folder, or None when the adapter comes without one."""
    path = adapter.resolve().parent / "run.json" if adapter is not None else None
    if path is None or not path.exists():
        return None
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise AdapterError(f"{path} is not readable JSON ({error}). Move it away to use the adapter without it.") from error


def _held_out(queries: list[Query], options: argparse.Namespace, run: dict[str, Any] | None) -> tuple[list[str], int]:
    """The queries to measure on, and how many were left out because the adapter was trained on them.

    The run's own held-out queries when the file has them all and no other number is asked for: then the figures are the run's.
    """
    trained = set(run["queries"]["train"]) if run is not None else set()
    free = [query for query in queries if query.text not in trained]
    known = {query.text for query in free}
    left_out = sum(query.split == "held_out" for query in queries if query.text in trained)
    if run is not None and options.limit is None and options.seed is None and set(run["queries"]["held_out"]) <= known:
        return list(run["queries"]["held_out"]), left_out
    limit = options.limit or (len(run["queries"]["held_out"]) if run is not None else 24)
    return draw_queries(free, "held_out", limit, _seed(options, run)), left_out


def _seed(options: argparse.Namespace, run: dict[str, Any] | None) -> int:
    if options.seed is not None:
        return int(options.seed)
    return int(run["config"]["seed"]) if run is not None else 0


def _sampling(options: argparse.Namespace, run: dict[str, Any] | None) -> tuple[SamplingConfig, int]:
    values = dict(run["config"]["sampling"]) if run is not None else {}
    for name in ("max_new_tokens", "temperature"):
        if getattr(options, name, None) is not None:
            values[name] = getattr(options, name)
    return SamplingConfig(**values), _seed(options, run)


def _load(options: argparse.Namespace, settings: Settings, run: dict[str, Any] | None, *, four_bit: bool = False) -> LoadedModel:
    """The base, held as in the run when there is one, with the adapter when one is named."""
    if run is not None:
        four_bit = config_from_data(run["config"]).four_bit
    device, report = choose_device(options.device), _Printer().fetching
    reference = ModelReference(id=options.model or settings.model)
    if options.model is None and run is not None:
        reference = ModelReference(**run["model"])
    model = check_model(load_model(reference, settings.models_folder, device=device, four_bit=four_bit, on_progress=report))
    for notice in model.notices:
        print(notice, file=sys.stderr)
    adapter = getattr(options, "adapter", None)
    return load_adapter(model, adapter) if adapter is not None else model


def _settings(options: argparse.Namespace) -> Settings:
    settings = Settings.from_environment(os.environ, data=getattr(options, "data", None))
    settings.models_folder.mkdir(parents=True, exist_ok=True)
    return settings


def _read_constitution(path: Path) -> Constitution:
    try:
        return parse_file(path.read_bytes().decode("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        raise ConstitutionError(f"{path} is not UTF-8 text (byte {error.start}). Save the file with UTF-8 encoding.") from error


def _read_queries(path: Path, unmarked: Any = None) -> list[Query]:
    try:
        return read_queries(path.read_bytes(), path.name, unmarked)
    except FileNotFoundError as error:
        raise QueryError(f"There is no query file {path}. Check the path.") from error


def quiet() -> None:
    """Libraries' progress bars and notes would drown ours."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("httpx").setLevel(logging.WARNING)


class _StopRequest:
    """`should_stop` that a first Ctrl-C sets; a second one ends at once."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGINT, self._ask)
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, *_: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        print("Stopping after this step (Ctrl-C again: at once) …", file=sys.stderr)

    def __call__(self) -> bool:
        return self.asked


class _Printer:
    """`on_step` for a terminal: a line a step, with the time left in the phase."""

    def __init__(self) -> None:
        self.phase, self.started, self.first = "", 0.0, 0

    def fetching(self, what: str, share: float) -> None:
        self(StepReport(phase="preparing", done=round(100 * share), total=100, note=what))

    def __call__(self, report: StepReport) -> None:
        if report.phase != self.phase:
            self.phase, self.started, self.first = report.phase, time.monotonic(), report.done
        made = report.done - self.first
        left = (time.monotonic() - self.started) / made * (report.total - report.done) if made > 0 else None
        numbers = " ".join(f"{name}={value:.3f}" for name, value in report.metrics.items())
        eta = f"{left:.0f} s left in this phase" if left else ""
        print("  ".join(part for part in (f"{report.phase} {report.done}/{report.total}", numbers, report.note, eta) if part), file=sys.stderr, flush=True)
        for reply in report.replies:
            print(f"    [{reply.side}] {reply.query} -> {' '.join(reply.text.split())[:160]}", file=sys.stderr)
