"""What can be taken away: the files of a finished run, and the version and the queries that a run is made from.

Everything is named by its row: nothing that a person sends is ever used as a path.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from app.processes.store import Store
from app.services.audit import record
from app.services.marked import count_marked, read_marked, results_of
from app.services.replies import NothingToTakeError, finished_key, read_file, reply_rows, scenario_rows
from app.services.series import SeriesView, series_view
from app.services.stored import constitution_of, queries_of
from app.services.studio import Studio, in_words
from app.services.text_files import TextFile, file_stem
from core.constitution.files import dump_yaml
from core.constitution.queries import Query, to_rows
from core.constitution.stored import Unreadable
from core.engine.adapter_card import public_base
from core.errors import QueryError
from core.measure.rows import SCENARIOS
from core.measure.series import Series
from core.measure.values import Report
from core.methods.arms import ADAPTER_NEEDED
from core.settings import ModelReference
from db import query_sets, runs
from db.conflict_table import Conflict
from db.constitutions import get_version_by_id
from db.errors import NotFound
from db.mark_tables import Check
from db.rows import stored_rows
from db.tables import Base, Comparison, Draft, Job, QuerySet, Run, Version

T = TypeVar("T")
StoredKind = Literal["version", "draft", "query_set", "run", "comparison", "check", "conflict"]
STORED: dict[StoredKind, tuple[type[Base], ...]] = {
    "version": (Version,),
    "draft": (Draft,),
    "query_set": (QuerySet,),
    "run": (Run, Job),
    "comparison": (Comparison,),
    "check": (Check,),
    "conflict": (Conflict,),
}


def record_of_run(studio: Studio, run_id: int) -> bytes:
    """The run.json of a finished run. Here and below a run without such a file raises NothingToTakeError, a lost one MissingFileError."""
    return _without_paths(studio.store, read_file(studio.store, f"{_finished(studio, run_id)}/run.json"))


def report_of_run(studio: Studio, run_id: int) -> Report:
    """The figures that a run ended with, as the marks on its replies make them."""
    with in_words(), studio.sessions.read() as session:
        read = read_marked(session, [_found(lambda: runs.get_run(session, run_id))])
    result = count_marked(studio.store, read)[run_id].result
    if result is None:
        raise NothingToTakeError(f"Run {run_id} has no result that can be read.")
    return result.report


def series_of_run(studio: Studio, run_id: int) -> SeriesView:
    """The series that a run is one of."""
    with in_words(), studio.sessions.read() as session:
        read = read_marked(session, runs.series_of(session, _found(lambda: runs.get_run(session, run_id))))
    view = series_view(read.runs, results_of(count_marked(studio.store, read)))
    if view is None:
        raise NothingToTakeError(f"Run {run_id} was asked for alone: it is one of no series.")
    return view


def pooled_of_run(studio: Studio, run_id: int) -> Series:
    """The figures of that series."""
    view = series_of_run(studio, run_id)
    if view.result is None:
        raise NothingToTakeError(f"The series of run {run_id} has no figures yet. {view.says}")
    return view.result


def replies_of_run(studio: Studio, run_id: int) -> list[dict[str, Any]]:
    """The replies that a run was measured on, each with the key of its arm and the split that it is of: to the held-out queries, then to scenarios."""
    key, report = _finished(studio, run_id), report_of_run(studio, run_id)
    by_split = {report.split: reply_rows(studio.store, key, report), SCENARIOS: scenario_rows(studio.store, key, report)}
    return [{"arm": arm.key, "split": split, **row} for split, found in by_split.items() for arm, rows in found.items() for row in rows]


def adapter_of_run(studio: Studio, run_id: int) -> str:
    """The store key of the folder that holds what a run made, for somebody who takes it away; its last part is the kind."""
    with in_words(), studio.sessions.begin() as session:
        run = _found(lambda: runs.get_run(session, run_id))
        finished_key(studio.store, run)
        record(session, "adapter.downloaded", f"run {run_id}")
        return str(run.adapter)


def version_file(studio: Studio, version_id: int) -> TextFile:
    """A version, as the command line reads it."""
    with in_words(), studio.sessions.read() as session:
        version = _found(lambda: get_version_by_id(session, version_id))
    found = constitution_of(version)
    if isinstance(found, Unreadable):
        raise NothingToTakeError(f"Version {version.number} cannot be read: {found.reason} Take it as it is stored: ./versions/{version_id}/stored.json")
    return TextFile(filename=f"{file_stem(found.name)}-v{version.number}.yaml", text=dump_yaml(found), type="application/yaml")


def query_set_file(studio: Studio, query_set_id: int) -> TextFile:
    """A query set, as the command line reads it."""
    with in_words(), studio.sessions.read() as session:
        row = _found(lambda: query_sets.get_query_set(session, query_set_id))
        text = "".join(f"{json.dumps(item, ensure_ascii=False)}\n" for item in to_rows(_queries(row)))
        return TextFile(filename=f"{file_stem(row.name.rsplit('.', 1)[0])}.jsonl", text=text, type="application/jsonl")


def stored_file(studio: Studio, kind: StoredKind, key: int | str, editor: str = "") -> TextFile:
    """What a row holds, exactly as it is stored, for whoever has to put right what cannot be read.

    Args:
        studio: The open studio.
        kind: Of what.
        key: Its id; of a draft its constitution's.
        editor: Whose draft.
    """
    where: dict[str, object] = {"constitution_id": key, "editor": editor} if kind == "draft" else {"id": key}
    if kind in ("check", "conflict"):
        where["deleted_at"] = None
    with studio.sessions.read() as session:
        held = {table.__tablename__: _found(partial(stored_rows, session, table, **where)) for table in STORED[kind]}
    if not any(held.values()):
        raise NothingToTakeError("There is no such thing here.")
    text = json.dumps(held, ensure_ascii=False, indent=1)
    return TextFile(filename=f"{kind.replace('_', '-')}-{key}-stored.json", text=text, type="application/json")


def _queries(row: QuerySet) -> list[Query]:
    try:
        return queries_of(row)
    except QueryError as error:
        raise NothingToTakeError(f"{error} Take them as they are stored: ./query-sets/{row.id}/stored.json") from error


def _finished(studio: Studio, run_id: int) -> str:
    """The key of the attempt that finished a run."""
    with in_words(), studio.sessions.read() as session:
        return finished_key(studio.store, _found(lambda: runs.get_run(session, run_id)))


def _without_paths(store: Store, record: bytes) -> bytes:
    """A record as somebody else may have it: the model by its place in the data folder or its bare name, the adapter beside it. One that cannot
    be read is given as it is.
    """
    try:
        data = json.loads(record)
        if isinstance(model := data.get("model"), dict) and isinstance(name := model.get("id"), str):
            model["id"] = public_base(ModelReference(id=store.model_in_row(name))).id if Path(name).is_absolute() else name
        for figures in data.get("result", {}).get("arms", ()):
            if worn := figures["arm"].get("artifact"):
                worn["place"] = worn.get("kind", ADAPTER_NEEDED)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return record
    return json.dumps(data, ensure_ascii=False, indent=1).encode()


def _found(get: Callable[[], T]) -> T:
    try:
        return get()
    except (NotFound, OverflowError) as error:  # an id beyond what the database counts is an id of nothing
        raise NothingToTakeError("There is no such thing here.") from error
