"""`drift` as a person at a terminal types it, on a tiny model."""

import json
import shutil

import pytest

from tests.app.commands.calling import run
from tests.app.planting import claim, finish, make_studio, queue
from tests.app.results import result

LOUD = """\
name: Loud
principles:
  - {title: Shout, statement: Write in capitals., antithesis: Write as usual., check: capital_letters}
"""


@pytest.fixture(scope="module")
def loud(files):
    (files / "loud.yaml").write_text(LOUD)
    return files / "loud.yaml"


def drift(files, *more, out="drift"):
    """With short replies to two queries."""
    given = ("--queries", files / "q.jsonl", "--model", files / "model", "--max-new-tokens", 5, "--limit", 2)
    return run("drift", *given, *(("--out", files / out) if out else ()), *more, folder=files)


@pytest.fixture(scope="module")
def done(files, trained, loud):
    """One matrix for all tests."""
    ended = drift(files, "--trained", f"{files / 'c.yaml'}={trained[0] / 'adapter'}", "--constitution", loud)
    assert ended.returncode == 0, ended.stderr
    return ended


def test_it_says_how_long_it_takes_then_what_else_changed_and_leaves_a_report(files, done):
    assert "8 rows of 2 replies, 2 principles, 14 cells; about " in done.stderr
    assert done.stdout.startswith(("Alarm: ", "No alarm: "))
    data = json.loads((files / "drift" / "report.json").read_text())
    assert [column["label"] for column in data["columns"]] == ["Be brief", "Shout"] and data["checks"]["family"] == 14
    trained_on = json.loads((files / "run" / "run.json").read_text())["queries"]["train"]
    assert not set(data["about"]["queries"]) & set(trained_on)
    page = (files / "drift" / "report.html").read_text()
    assert "<script" not in page and str(files) not in page and str(files) not in json.dumps(data)


def test_the_same_command_goes_on_and_another_is_refused(files, trained, loud, done):
    before = (files / "drift" / "report.json").read_bytes()
    again = drift(files, "--trained", f"{files / 'c.yaml'}={trained[0] / 'adapter'}", "--constitution", loud)
    assert again.returncode == 0 and (files / "drift" / "report.json").read_bytes() == before
    assert " answers" not in again.stderr.replace("query a reply answers", "") or "0/1" in again.stderr
    other = drift(files, "--constitution", files / "c.yaml", "--constitution", loud)
    assert other.returncode == 1 and "holds the results of another battery: adapters and" in other.stderr


def test_an_estimate_asks_nothing(files, loud):
    ended = drift(files, "--constitution", files / "c.yaml", "--constitution", loud, "--estimate", out=None)
    assert ended.returncode == 0 and ended.stdout == "" and "6 rows of 2 replies" in ended.stderr


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--constitution", "c.yaml"), "at least 2 constitutions"),
        (("--trained", "c.yaml"), "must be a constitution file, = and a folder"),
        (("--trained", "c.yaml=nowhere"), "nowhere holds no adapter_config.json"),
        (("--limit", "0"), "must be a whole number from 1 on"),
        (("--run", "7"), "There is no "),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(files, more, said):
    ended = drift(files, *(part.replace("c.yaml", str(files / "c.yaml")) for part in more), out="other")
    assert ended.returncode != 0 and said in ended.stderr and "Traceback" not in ended.stderr


def test_a_run_of_the_studio_brings_constitution_adapter_and_model(files, trained, loud, tmp_path):
    studio = make_studio(tmp_path / "data")
    queue(studio)
    adapter = finish(studio, claim(studio), result())
    shutil.rmtree(adapter.parent)
    shutil.copytree(trained[0], adapter.parent)
    studio.engine.dispose()
    given = ("--run", 1, "--constitution", loud, "--queries", files / "q.jsonl", "--limit", 2, "--out", tmp_path / "drift", "--json")
    ended = run("drift", *given, folder=tmp_path)
    assert ended.returncode == 0, ended.stderr
    about = json.loads(ended.stdout)["about"]
    assert [each["name"] for each in about["constitutions"]] == ["Brief", "Loud"]
    assert about["trained"][0]["method"] == "sami" and about["seed"] == 3
