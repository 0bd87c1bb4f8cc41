"""A studio for the handlers of a page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services.studio import Studio
from tests.app.planting import make_studio


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()
