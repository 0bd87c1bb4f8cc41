"""`doctor`: what this installation is, and what is wrong with it. `probe`: measure the machine for the estimates."""

import dataclasses
import importlib.metadata
import json
import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from app.settings import Settings, prepare_data_folder
from core.engine.default_model import DEFAULT_MODEL, DEFAULT_NOTICE, WHEEL, default_model_folder
from core.errors import StudioError
from db.constitutions import damaged_versions
from db.errors import StoreError
from db.runs import put_machine
from db.schema import migrate
from db.session import journal_mode, make_engine, make_sessions

PACKAGES = ("torch", "transformers", "peft", "gradio", "fastapi", "SQLAlchemy", "huggingface_hub", "safetensors")
LITTLE_DISK_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    what: str
    good: bool
    text: str


def examine(settings: Settings, *, as_json: bool = False) -> int:
    """Print what was found. Returns 0 when nothing is wrong."""
    findings = []
    for check in (_python, _packages, _data_folder, _database, _default_model, _hardware):
        try:
            findings += list(check(settings))
        except (StudioError, StoreError, SQLAlchemyError, OSError, ImportError) as error:
            findings.append(Finding(check.__name__.strip("_").replace("_", " "), False, str(error)))
    if as_json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            print(f"{'ok     ' if finding.good else 'PROBLEM'}  {finding.what}: {finding.text}")
    return 0 if all(finding.good for finding in findings) else 1


def probe(settings: Settings) -> int:
    """Measure this machine and keep the figures in the database."""
    from core.engine.hardware import probe as measure
    from core.engine.models import choose_device

    hardware = measure(choose_device(settings.device))
    with make_sessions(make_engine(settings.database_url)).begin() as session:
        put_machine(session, platform.node(), dataclasses.asdict(hardware))
    print(json.dumps(dataclasses.asdict(hardware)))
    return 0


Check = Callable[[Settings], Iterator[Finding]]


def _python(_: Settings) -> Iterator[Finding]:
    version = sys.version_info
    yield Finding("python", version >= (3, 11), f"{platform.python_version()} on {platform.platform()} (3.11 or newer is needed)")


def _packages(_: Settings) -> Iterator[Finding]:
    for name in PACKAGES:
        yield Finding(name, True, importlib.metadata.version(name))


def _data_folder(settings: Settings) -> Iterator[Finding]:
    prepare_data_folder(settings)
    free = shutil.disk_usage(settings.data).free
    enough = free >= LITTLE_DISK_BYTES
    yield Finding("data folder", enough, f"{settings.data}, {free / 1e9:.1f} GB free" + ("" if enough else "; free at least 2 GB"))


def _database(settings: Settings) -> Iterator[Finding]:
    engine = make_engine(settings.database_url)
    migrate(engine)
    if engine.dialect.name == "sqlite":
        mode = journal_mode(sqlite3.sqlite_version_info)
        yield Finding("sqlite", True, f"{sqlite3.sqlite_version}, journal mode {mode}" + ("" if mode == "WAL" else " (this version's WAL mode can lose data)"))
    else:
        yield Finding("database", True, engine.dialect.name)
    with make_sessions(engine).read() as session:
        damaged = damaged_versions(session)
    names = ", ".join(f"version {v.number} of constitution {v.constitution_id}" for v in damaged)
    yield Finding("versions", not damaged, f"these no longer match their hash: {names}. Restore a backup." if damaged else "all match their hashes")


def _default_model(settings: Settings) -> Iterator[Finding]:
    there = (default_model_folder(settings.models_folder) / "config.json").exists()
    yield Finding("default model", True, f"{DEFAULT_MODEL} " + ("is here. " if there else f"is fetched at first need ({WHEEL} from PyPI). ") + DEFAULT_NOTICE)


def _hardware(settings: Settings) -> Iterator[Finding]:
    from core.engine.hardware import probe as measure
    from core.engine.models import choose_device

    h = measure(choose_device(settings.device))
    yield Finding("hardware", True, f"{h.device_name} ({h.device}), {h.cores} cores, {h.memory_bytes / 1e9:.1f} GB, {h.matmul_gflops:.0f} GFLOP/s in {h.dtype}")
