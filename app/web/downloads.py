"""Files of a run and of what it was made from, for download. Plain routes, so they stand behind the checks of app/web/security.py.

Only four kinds of file can be had, all of them named by the run's row: nothing in the address is ever used as a path.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse, Response, StreamingResponse

from app.services.plans import file_stem
from app.services.studio import Studio
from core.constitution.files import dump_yaml
from core.constitution.principles import from_data
from db import query_sets, runs
from db.constitutions import get_version_by_id
from db.errors import NotFound

BLOCK_BYTES = 1 << 20
REPLY_FILES = (("base", "base-replies-*.json"), ("aligned", "aligned-replies-*.json"))

T = TypeVar("T")


def add_routes(app: FastAPI, studio: Studio) -> None:
    """Add the download addresses; call it before the pages are mounted, which answer everything else."""

    @app.get("/runs/{run_id}/run.json")
    def run_json(run_id: int) -> Response:
        path = _finished(studio, run_id) / "run.json"
        return Response(_read(path), media_type="application/json", headers=_named(f"run-{run_id}.json"))

    @app.get("/runs/{run_id}/replies.json")
    def replies(run_id: int) -> Response:
        folder = _finished(studio, run_id)
        rows = [{"policy": policy, **row} for policy, pattern in REPLY_FILES for path in sorted(folder.glob(pattern)) for row in json.loads(_read(path))]
        return JSONResponse(rows, headers=_named(f"run-{run_id}-replies.json"))

    @app.get("/runs/{run_id}/adapter.zip")
    def adapter(run_id: int) -> Response:
        files = [path for path in sorted((_finished(studio, run_id) / "adapter").iterdir()) if path.is_file() and not path.is_symlink()]
        return StreamingResponse(_zipped(files, f"run-{run_id}-adapter"), media_type="application/zip", headers=_named(f"run-{run_id}-adapter.zip"))

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


def _finished(studio: Studio, run_id: int) -> Path:
    """The folder of the attempt that finished a run, which must lie in the run's own folder."""
    with studio.sessions.read() as session:
        run = _found(lambda: runs.get_run(session, run_id))
    if run.adapter_path is None:
        raise HTTPException(404, f"Run {run_id} has no adapter yet.")
    adapter = (studio.settings.data / run.adapter_path).resolve()
    own = (studio.settings.runs_folder / str(run_id)).resolve()
    if not adapter.is_relative_to(own) or not adapter.is_dir():
        raise HTTPException(404, f"The files of run {run_id} are not on this machine.")
    return adapter.parent


def _found(get: Callable[[], T]) -> T:
    try:
        return get()
    except (NotFound, OverflowError) as error:  # an id beyond what the database counts is an id of nothing
        raise HTTPException(404, "There is no such thing here.") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise HTTPException(404, f"{path.name} is not on this machine any more.") from error


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


def _zipped(files: list[Path], folder: str) -> Iterator[bytes]:
    """Weights do not compress, so they are only stored."""
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED) as archive:
        for path in files:
            with path.open("rb") as source, archive.open(zipfile.ZipInfo.from_file(path, f"{folder}/{path.name}"), "w", force_zip64=True) as target:
                while block := source.read(BLOCK_BYTES):
                    target.write(block)
                    yield outbox.taken()
    yield outbox.taken()
