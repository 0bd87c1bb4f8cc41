"""The table of probes, and the one that people read."""

from pathlib import Path

import pytest

from core.lab.probes import PROBES
from core.lab.systems import SYSTEMS

DOCS = Path(__file__).parents[3] / "docs" / "laboratory.md"


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_documentation_names_the_probes_of_each_system(system: str) -> None:
    (row,) = [line for line in DOCS.read_text().splitlines() if line.startswith(f"| `{system}` |")]
    listed = row.rsplit("|", 2)[1]
    assert [part.strip(" `") for part in listed.split(",") if part.strip()] == [probe.key for probe in PROBES.values() if probe.system == system]
