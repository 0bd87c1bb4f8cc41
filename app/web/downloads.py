"""Files of a run and of what it was made from, for download. Plain routes, so they stand behind the checks of app/web/security.py.

Only these files can be had: of a run its record, figures, replies, marks and adapter, and the figures of its series; of a check its marks; of a
battery of the laboratory what it found; versions; query sets; and as they are stored the rows of all of these but batteries, of comparisons, and of
the caller's own drafts, for whatever cannot be read.
An id that is no number of a row is an id of nothing.
"""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BeforeValidator

from app.present.drift_report import drift_html
from app.present.lab_report import lab_html
from app.present.report_csv import report_csv, series_csv
from app.processes.store import MissingFileError, Store
from app.services import downloads, lab_drift, lab_found
from app.services.audit import acting
from app.services.cards import Source
from app.services.downloads import StoredKind
from app.services.mark_files import marks_file
from app.services.replies import NothingToTakeError
from app.services.series import series_state
from app.services.studio import Studio
from app.services.text_files import TextFile
from app.web.actors import actor_of, caller
from core.errors import StudioError
from core.lab.drift.data import drift_to_data
from core.lab.results import result_to_data

BLOCK_BYTES = 1 << 20
NO_ROW = 0  # ids begin at 1
MOST_DIGITS = 18  # of a number that every database counts with


def _id(sent: str) -> int:
    return int(sent) if sent.isascii() and sent.isdecimal() and len(sent) <= MOST_DIGITS else NO_ROW


RowId = Annotated[int, BeforeValidator(_id)]
READABLE = 0o644 << 16  # what a zip file says of a file that everybody may read


def add_routes(app: FastAPI, studio: Studio) -> None:
    """Add the download addresses; call it before the pages are mounted, which answer everything else."""

    @app.get("/runs/{run_id}/run.json")
    def run_json(run_id: RowId) -> Response:
        with _or_404():
            return Response(downloads.record_of_run(studio, run_id), media_type="application/json", headers=_named(f"run-{run_id}.json"))

    @app.get("/runs/{run_id}/report.csv")
    def report(run_id: RowId) -> Response:
        with _or_404():
            text = report_csv(downloads.report_of_run(studio, run_id))
        return _text(TextFile(filename=f"run-{run_id}-report.csv", text=text, type="text/csv"))

    @app.get("/runs/{run_id}/series.json")
    def series_json(run_id: RowId) -> Response:
        with _or_404():
            return JSONResponse(series_state(downloads.series_of_run(studio, run_id)), headers=_named(f"run-{run_id}-series.json"))

    @app.get("/runs/{run_id}/series.csv")
    def series(run_id: RowId) -> Response:
        with _or_404():
            result = downloads.pooled_of_run(studio, run_id)
        return _text(TextFile(filename=f"run-{run_id}-series.csv", text=series_csv(result), type="text/csv"))

    @app.get("/runs/{run_id}/replies.json")
    def replies(run_id: RowId) -> Response:
        with _or_404():
            return JSONResponse(downloads.replies_of_run(studio, run_id), headers=_named(f"run-{run_id}-replies.json"))

    @app.get("/runs/{run_id}/marks.csv")
    def marks(run_id: RowId, beside: RowId | None = None) -> Response:
        with _or_404():
            return _text(marks_file(studio, Source("run", run_id, beside), "csv"))

    @app.get("/runs/{run_id}/adapter.zip")
    def adapter(run_id: RowId, request: Request) -> Response:
        actor = actor_of(request)
        with _or_404(), acting(actor.name, actor.address):
            key = downloads.adapter_of_run(studio, run_id)
        name = f"run-{run_id}-{key.rpartition('/')[2]}"
        return StreamingResponse(_zipped(studio.store, key, name), media_type="application/zip", headers=_named(f"{name}.zip"))

    @app.get("/versions/{version_id}.yaml")
    def constitution(version_id: RowId) -> Response:
        with _or_404():
            return _text(downloads.version_file(studio, version_id))

    @app.get("/query-sets/{query_set_id}.jsonl")
    def queries(query_set_id: RowId) -> Response:
        with _or_404():
            return _text(downloads.query_set_file(studio, query_set_id))

    add_lab_routes(app, studio)
    add_check_routes(app, studio)
    add_stored_routes(app, studio)


def add_lab_routes(app: FastAPI, studio: Studio) -> None:
    """What a battery of the laboratory found."""

    @app.get("/labs/{lab_id}/report.html")
    def lab_page(lab_id: RowId) -> Response:
        with _or_404():
            drift = lab_drift.drift_to_take(studio, lab_id)
            text = drift_html(drift) if drift is not None else lab_html(lab_found.require_found(studio, lab_id))
            return _text(TextFile(filename=f"laboratory-{lab_id}.html", text=text, type="text/html"))

    @app.get("/labs/{lab_id}/report.json")
    def lab_json(lab_id: RowId) -> Response:
        with _or_404():
            drift = lab_drift.drift_to_take(studio, lab_id)
            data = drift_to_data(drift) if drift is not None else result_to_data(lab_found.require_found(studio, lab_id))
            return JSONResponse(data, headers=_named(f"laboratory-{lab_id}.json"))


def add_check_routes(app: FastAPI, studio: Studio) -> None:
    """What is kept of a check."""

    @app.get("/checks/{check_id}/marks.csv")
    def marks_of_check(check_id: RowId) -> Response:
        with _or_404():
            return _text(marks_file(studio, Source("check", check_id), "csv"))


def add_stored_routes(app: FastAPI, studio: Studio) -> None:
    """Rows as they are stored."""

    def stored(kind: StoredKind, key: int | str, editor: str = "") -> Response:
        with _or_404():
            return _text(downloads.stored_file(studio, kind, key, editor))

    @app.get("/versions/{version_id}/stored.json")
    def version(version_id: RowId) -> Response:
        return stored("version", version_id)

    @app.get("/drafts/{constitution_id}/stored.json")
    def draft(constitution_id: RowId, request: Request) -> Response:
        return stored("draft", constitution_id, caller(request))

    @app.get("/query-sets/{query_set_id}/stored.json")
    def query_set(query_set_id: RowId) -> Response:
        return stored("query_set", query_set_id)

    @app.get("/runs/{run_id}/stored.json")
    def run(run_id: RowId) -> Response:
        return stored("run", run_id)

    @app.get("/checks/{check_id}/stored.json")
    def check(check_id: RowId) -> Response:
        return stored("check", check_id)

    @app.get("/conflicts/{conflict_id}/stored.json")
    def conflict(conflict_id: RowId) -> Response:
        return stored("conflict", conflict_id)

    @app.get("/comparisons/{token}/stored.json")
    def comparison(token: str) -> Response:
        return stored("comparison", token)


@contextmanager
def _or_404() -> Iterator[None]:
    try:
        yield
    except (NothingToTakeError, MissingFileError) as error:
        raise HTTPException(404, str(error)) from error
    except StudioError as error:  # nothing is handed out that cannot be remembered
        raise HTTPException(503, str(error)) from error


def _text(file: TextFile) -> Response:
    return Response(file.text, media_type=file.type, headers=_named(file.filename))


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
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED) as archive:
        for name in store.names(key):
            entry = zipfile.ZipInfo(f"{folder}/{name}")
            entry.external_attr = READABLE
            with store.open(f"{key}/{name}") as source, archive.open(entry, "w", force_zip64=True) as target:
                while block := source.read(BLOCK_BYTES):
                    target.write(block)
                    yield outbox.taken()
    yield outbox.taken()
