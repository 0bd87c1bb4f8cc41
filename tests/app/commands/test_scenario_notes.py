"""What the commands say of scenarios before anything is loaded."""

import pytest

from app.commands.inputs import note_scenarios
from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query
from core.constitution.scenarios import Scenario
from core.methods.settings import TrainConfig

QUERIES = (Query("Why?", "train"), Query("How?", "train"), Query("Where?", "train"), Query("When?", "held_out"), Query("Who?", "held_out"))


def made(*scenarios: Scenario) -> Constitution:
    return Constitution(name="C", principles=(Principle(title="P", statement="Do.", antithesis="Do not.", scenarios=scenarios),))


def test_counts_and_what_is_not_used_as_it_is_marked_stand_on_the_other_stream(capsys: pytest.CaptureFixture[str]) -> None:
    note_scenarios(made(Scenario(query="why"), Scenario(query="Which?", use="train")), QUERIES, TrainConfig())
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "Note: Scenarios: 1 trained on, 1 measured beside the held-out queries.",
        "Note: 1 train query asks what a test scenario asks, so it is not trained on.",
    ]


def test_of_a_constitution_without_scenarios_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    note_scenarios(made(), QUERIES, TrainConfig())
    assert capsys.readouterr().err == ""
