"""Files of a run and of what it was made from, for download. Plain routes, so they stand behind the checks of app/web/security.py.

Only five kinds of file can be had, all of them named by the run's row: nothing in the address is ever used as a path.
"""

import fnmatch
import glob
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import TypeVar
from urllib.parse import quote

from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse, Response, StreamingResponse

from app.present.report_csv import report_csv
from app.processes.protocol import attempt_key
from app.processes.store import MissingFileError, Store
from app.services.plans import file_stem
from app.services.runs import read_result
from app.services.studio import Studio
from core.constitution.files import dump_yaml
from core.constitution.principles import from_data
from core.measure.values import Roles, roles
from core.methods.arms import Arm
from core.runs.results import RunResult
from db import query_sets, runs
from db.constitutions import get_version_by_id
from db.errors import NotFound

BLOCK_BYTES = 1 << 20

T = TypeVar("T")


def add_routes(app: FastAPI, studio: Studio) -> None:
    """Add the download addresses; call it before the pages are mounted, which answer everything else."""

    @app.get("/runs/{run_id}/run.json")
    def run_json(run_id: int) -> Response:
        data = _read(studio.store, f"{_finished(studio, run_id)}/run.json")
        return Response(data, media_type="application/json", headers=_named(f"run-{run_id}.json"))

    @app.get("/runs/{run_id}/report.csv")
    def report(run_id: int) -> Response:
        return Response(report_csv(_result(studio, run_id).report), media_type="text/csv", headers=_named(f"run-{run_id}-report.csv"))

    @app.get("/runs/{run_id}/replies.json")
    def replies(run_id: int) -> Response:
        key = _finished(studio, run_id)
        arms = [figures.arm for figures in _result(studio, run_id).report.arms]
        files = [(arm.key, name) for arm in arms for name in _reply_files(studio.store, key, arm, roles(arms))]
        rows = [{"arm": arm, **row} for arm, name in files for row in json.loads(_read(studio.store, f"{key}/{name}"))]
        return JSONResponse(rows, headers=_named(f"run-{run_id}-replies.json"))

    @app.get("/runs/{run_id}/adapter.zip")
    def adapter(run_id: int) -> Response:
        key = f"{_finished(studio, run_id)}/adapter"
        return StreamingResponse(_zipped(studio.store, key, f"run-{run_id}-adapter"), media_type="application/zip", headers=_named(f"run-{run_id}-adapter.zip"))

    @app.get("/versions/{version_id}.yaml")
    def constitution(version_id: int) -> Response:
        with studio.sessions.read() as session:
            version = _found(lambda: get_version_by_id(session, version_id))
            text, name = dump_yaml(from_data(version.content)), f"{file_stem(version.content['name'])}-v{version.number}.yaml"
        return Response(text, media_type="application/yaml", headers=_named(name))

    @app.get("/query-sets/{query_set_id}.jsonl")
    def queries(query_set_id: int) -> Response:
        with studio.sessions.read() as session:
            row = _found(lambda: query_sets.get_query_set(session, query_set_id))
            text = "".join(f"{json.dumps(item, ensure_ascii=False)}\n" for item in row.rows)
        return Response(text, media_type="application/jsonl", headers=_named(f"{file_stem(row.name.rsplit('.', 1)[0])}.jsonl"))


def _finished(studio: Studio, run_id: int) -> str:
    """The key of the attempt that finished a run, which must be one of the run's own."""
    with studio.sessions.read() as session:
        run = _found(lambda: runs.get_run(session, run_id))
    if run.adapter is None:
        raise HTTPException(404, f"Run {run_id} has no adapter yet.")
    own = attempt_key(run.id, run.job.attempt)
    if run.adapter != f"{own}/adapter" or not studio.store.names(run.adapter):
        raise HTTPException(404, f"The files of run {run_id} are not on this machine.")
    return own


def _result(studio: Studio, run_id: int) -> RunResult:
    """What a run ended with."""
    with studio.sessions.read() as session:
        result = read_result(_found(lambda: runs.get_run(session, run_id)))
    if result is None:
        raise HTTPException(404, f"Run {run_id} has no result that can be read.")
    return result


def _reply_files(store: Store, key: str, arm: Arm, parts: Roles) -> list[str]:
    """The files of an arm's replies. A run that was measured before there were arms named them for the base and the aligned model."""
    names = sorted(store.names(key))
    before = {parts.control: "base", parts.trained: "aligned"}.get(arm)
    earlier = fnmatch.filter(names, f"{before}-replies-*.json") if before is not None else []
    return fnmatch.filter(names, f"replies-{glob.escape(arm.key)}-[0-9]*.json") or earlier


def _found(get: Callable[[], T]) -> T:
    try:
        return get()
    except (NotFound, OverflowError) as error:  # an id beyond what the database counts is an id of nothing
        raise HTTPException(404, "There is no such thing here.") from error


def _read(store: Store, key: str) -> bytes:
    try:
        with store.open(key) as file:
            return file.read()
    except MissingFileError as error:
        raise HTTPException(404, str(error)) from error


def _named(filename: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename)}", "Cache-Control": "no-store"}


class _Outbox(io.RawIOBase):
    """Where a zip file is written to, block by block, without ever being whole in memory or on disk."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        block = bytes(data)  # type: ignore[call-overload]
        self.waiting += block
        return len(block)

    def taken(self) -> bytes:
        block = bytes(self.waiting)
        self.waiting.clear()
        return block


def _zipped(store: Store, key: str, folder: str) -> Iterator[bytes]:
    """Weights do not compress, so they are only stored."""
    outbox = _Outbox()
    with store.local(key) as there, zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED) as archive:
        for name in store.names(key):
            entry = zipfile.ZipInfo.from_file(there / name, f"{folder}/{name}")
            with (there / name).open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while block := source.read(BLOCK_BYTES):
                    target.write(block)
                    yield outbox.taken()
    yield outbox.taken()
