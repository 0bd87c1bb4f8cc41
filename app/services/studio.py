"""The open studio: the handle that every service takes first."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.processes.launchers import Launcher, open_launcher
from app.processes.store import Store, open_store
from app.services.documents import with_ids
from app.services.starter_queries import missing_queries, plant_queries
from app.services.stored import write_version
from app.settings import Settings
from core.constitution.findings import require_valid
from core.constitution.principles import Constitution, from_data, to_data
from core.errors import ConstitutionError, DiskFullError, StudioError, first_line
from db.constitutions import NewVersion, add_constitution
from db.errors import StoreError
from db.faults import Fault, fault_of
from db.schema import migrate
from db.session import Sessions, journal_mode_now, make_engine, make_sessions
from db.starters import planted_starters

STARTERS = Path(__file__).parent.parent / "starters"
log = logging.getLogger("studio")
NOTHING_HERE = "There is no such thing here: a number that large is nobody's. Check the address."
OUT_OF_RANGE = "22003"  # PostgreSQL's state for it
PLANTER = "Constitution Studio"  # author of the starters' first versions
PATIENCE_S = 2.0  # a page waits this long for another program's lock before it says so


@dataclass(frozen=True)
class Studio:
    """Settings, database, files and place of work of one running app."""

    settings: Settings
    engine: Engine
    sessions: Sessions
    store: Store
    launcher: Launcher  # where runs are done; the trainer has its own of the same settings


@dataclass(frozen=True)
class Starter:
    """A constitution that comes with the app."""

    blurb: str
    constitution: Constitution


class HinderedError(StudioError):
    """The database is busy, read-only or away; the message says which, and what to do."""

    kind = "database"


class RefusedError(StudioError):
    """The database refused: no such row, or not in this state. The message says what to do."""

    kind = "refused"


def open_studio(settings: Settings) -> Studio:
    """Open the database, bring it to the newest schema, and plant the starters that were never planted in it.

    Raises:
        StudioError: The database cannot be opened, or cannot be brought along.
    """
    with in_words():
        engine = make_engine(settings.database_url, PATIENCE_S)
        migrate(engine, settings.data)
        store = open_store(settings)
        studio = Studio(settings, engine, make_sessions(engine), store, open_launcher(settings, store))
        starters = read_starters()
        with studio.sessions.read() as session:
            planted, queries = {starter.constitution.name for starter in starters} <= planted_starters(session), missing_queries(session)
        if queries or not planted:
            with studio.sessions.begin() as session:
                plant_starters(session, starters)
                plant_queries(session, queries)
    return studio


def journal_mode(studio: Studio) -> str:
    """How the database keeps its journal, asked of the database itself."""
    with studio.sessions.read() as session:
        return journal_mode_now(session)


def read_starters(folder: Path = STARTERS) -> list[Starter]:
    """The starter files in the order of their names: a constitution file with a `blurb` besides. One that cannot be read is logged and left out."""
    starters = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            starters.append(_starter(path))
        except (StudioError, yaml.YAMLError, OSError, ValueError, RecursionError) as error:
            log.warning("The starter %s cannot be read, so it is left out: %s Install the studio again to have it back.", path.name, first_line(error))
    return starters


def _starter(path: Path) -> Starter:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict) or not isinstance(data.get("blurb"), str):
        raise ConstitutionError("it holds no constitution with a blurb.")
    constitution = from_data(data)
    require_valid(constitution)
    return Starter(data["blurb"], constitution)


def plant_starters(session: Session, starters: list[Starter]) -> None:
    """Add the starters that this database never had."""
    planted = planted_starters(session)
    for starter in reversed(starters):  # lists show the newest first
        name = starter.constitution.name
        if not planted & {name, starter.blurb}:
            row = add_constitution(session, name, starter.blurb, starter=True)
            meant = with_ids(starter.constitution)
            new = NewVersion(constitution_id=row.id, base_version_id=None, content=to_data(meant), message="As it comes with the studio.", author=PLANTER)
            write_version(session, new, meant)


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what the database layer refuses, or what hinders the database, into errors that pages show as they are."""
    try:
        yield
    except StoreError as error:
        raise RefusedError(str(error)) from error
    except OverflowError as error:  # an id beyond what the database counts is an id of nothing
        raise RefusedError(NOTHING_HERE) from error
    except SQLAlchemyError as error:
        if getattr(getattr(error, "orig", None), "sqlstate", None) == OUT_OF_RANGE:
            raise RefusedError(NOTHING_HERE) from error
        fault = fault_of(error)
        if fault is None:
            raise
        log.warning("The database is hindered (%s): %s", fault, first_line(error))
        raise (DiskFullError if fault is Fault.FULL else HinderedError)(fault.words) from error
