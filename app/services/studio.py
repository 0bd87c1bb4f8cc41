"""The open studio: the handle that every service takes first."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.processes.launchers import Launcher, open_launcher
from app.processes.store import Store, open_store
from app.services.documents import with_ids
from app.services.starter_queries import plant_queries
from app.settings import Settings
from core.constitution.findings import require_valid
from core.constitution.principles import Constitution, from_data, to_data
from core.errors import DiskFullError, StudioError
from db.constitutions import NewVersion, add_constitution, add_version
from db.errors import StoreError
from db.schema import migrate
from db.session import Sessions, journal_mode_now, make_engine, make_sessions
from db.starters import planted_starters

STARTERS = Path(__file__).parent.parent / "starters"
PLANTER = "Constitution Studio"  # author of the starters' first versions


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


class RefusedError(StudioError):
    """The database refused: no such row, or not in this state. The message says what to do."""

    kind = "refused"


def open_studio(settings: Settings) -> Studio:
    """Open the database, bring it to the newest schema, and plant the starters that were never planted in it.

    Raises:
        RefusedError: The database server does not answer, or a newer version of the app wrote the tables.
    """
    engine = make_engine(settings.database_url)
    with in_words():
        migrate(engine, settings.data)
    store = open_store(settings)
    studio = Studio(settings, engine, make_sessions(engine), store, open_launcher(settings, store))
    with studio.sessions.begin() as session:
        plant_starters(session, read_starters())
        plant_queries(session)
    return studio


def journal_mode(studio: Studio) -> str:
    """How the database keeps its journal, asked of the database itself."""
    with studio.sessions.read() as session:
        return journal_mode_now(session)


def read_starters(folder: Path = STARTERS) -> list[Starter]:
    """The starter files in the order of their names: a constitution file with a `blurb` besides."""
    starters = []
    for path in sorted(folder.glob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        starter = Starter(data.pop("blurb"), from_data(data))
        require_valid(starter.constitution)
        starters.append(starter)
    return starters


def plant_starters(session: Session, starters: list[Starter]) -> None:
    """Add the starters that this database never had."""
    planted = planted_starters(session)
    for starter in reversed(starters):  # lists show the newest first
        name = starter.constitution.name
        if name not in planted:
            row = add_constitution(session, name, starter.blurb, starter=True)
            content = to_data(with_ids(starter.constitution))
            add_version(
                session, NewVersion(constitution_id=row.id, base_version_id=None, content=content, message="As it comes with the studio.", author=PLANTER)
            )


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what the database layer refuses into errors that pages show as they are."""
    try:
        yield
    except StoreError as error:
        raise RefusedError(str(error)) from error
    except OperationalError as error:
        if "full" in str(error.orig):
            raise DiskFullError("The disk is full, so nothing could be written. Free some space, then try again.") from error
        if "locked" in str(error.orig):
            raise RefusedError("The database was busy for five seconds. Try again in a moment.") from error
        raise
