"""`ask` without an endpoint: the command loads the model that judges, and nothing leaves this machine."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.present.judges import judges_html
from app.services.runs import run_view
from app.services.studio import Studio
from db.verdict_table import ModelVerdict
from tests.app import warm
from tests.app.marking import finished_run
from tests.app.planting import make_studio
from tests.tiny import save_tiny_model


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path / "data")
    yield opened
    opened.engine.dispose()


def typed(folder: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    return warm.run(("ask", *arguments), os.environ | {"STUDIO_DATA": str(folder / "data")})


def kept(studio: Studio) -> list[ModelVerdict]:
    with studio.sessions.read() as session:
        return list(session.query(ModelVerdict).order_by(ModelVerdict.id))


def test_a_model_of_this_machine_judges_without_being_asked_whether_one_is_sure(studio: Studio, tmp_path: Path) -> None:
    run, model = finished_run(studio, n=2), tmp_path / "my judge"
    save_tiny_model(model)
    done = typed(tmp_path, "--run", run, "--model", model, "--device", "cpu", "--max-tokens", 4, "--json")
    assert done.returncode == 0, done.stderr
    assert "12 questions about 6 cards go to this machine, model my judge." in done.stderr
    told = json.loads(done.stdout)
    assert (told["cards"], told["asked"], told["failed"]) == (6, 6, 0)
    assert told["tokens_in"] > 12 * 100 and 0 < told["tokens_out"] <= 12 * 4
    assert {(row.address, row.model) for row in kept(studio)} == {("this machine", "my judge")}  # and not the folder that it lies in
    again = typed(tmp_path, "--run", run, "--model", model, "--max-tokens", 4, "--json")
    assert "0 questions about 0 cards" in again.stderr and json.loads(again.stdout)["asked"] == 6
    assert len(kept(studio)) == 6
    html = judges_html(run_view(studio, run), None)
    assert "<bdi>my judge on this machine</bdi>" in html and str(tmp_path) not in html


def test_the_same_model_says_the_same_twice(studio: Studio, tmp_path: Path) -> None:
    run, model = finished_run(studio, n=1), tmp_path / "model"
    save_tiny_model(model)
    said = []
    for name in ("one", "two"):
        (tmp_path / name).symlink_to(model)
        typed(tmp_path, "--run", run, "--model", tmp_path / name, "--max-tokens", 8)
        said.append([(row.first_answer, row.second_answer) for row in kept(studio) if row.model == name])
    assert said[0] == said[1] and len(said[0]) == 3 and any(text for both in said[0] for text in both)


@pytest.mark.parametrize(
    ("model", "words"),
    [(" ", "Give a Hub id or a folder, or --judge ADDRESS."), ("no/such folder", "no/such folder"), ("./nowhere", "nowhere")],
)
def test_a_model_that_is_not_there_is_one_line(studio: Studio, tmp_path: Path, model: str, words: str) -> None:
    done = typed(tmp_path, "--run", finished_run(studio, n=1), "--model", model)
    assert done.returncode == 1 and words in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
    assert kept(studio) == []
