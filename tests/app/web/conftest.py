"""Gates with and without accounts, their databases made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services import accounts as service
from app.services.studio import Studio
from tests.app.planting import make_studio
from tests.app.web.houses import ANN, BEN, SHARED, House, opened


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One without accounts and one with two, made once."""
    folder = tmp_path_factory.mktemp("databases")
    studio, found = make_studio(folder), {}
    for name in ("empty", "peopled"):
        if name == "peopled":
            for who in (ANN, BEN):
                service.add(studio.sessions, *who)
        studio.engine.dispose()
        found[name] = (folder / "studio.db").read_bytes()
    return found


@pytest.fixture
def studio(tmp_path: Path, databases: dict[str, bytes]) -> Iterator[Studio]:
    yield from opened(tmp_path, databases["empty"])


@pytest.fixture
def house(tmp_path: Path, databases: dict[str, bytes]) -> Iterator[House]:
    for studio in opened(tmp_path, databases["peopled"]):
        yield House(studio, password=SHARED)
