"""`lab` as a person at a terminal types it, on a tiny model: probes, readers at an endpoint and a person, and what is refused."""

import json
import os
import shutil
import tempfile
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from core.lab.probes import PROBES
from core.lab.systems import SYSTEMS
from tests.app import warm
from tests.app.commands.calling import run
from tests.app.judging import judge_server
from tests.app.planting import claim, finish, make_studio, queue
from tests.app.results import result
from tests.app.warm import WITHIN_S


def lab(files, *more, out="lab", **named):
    """The command on the tiny model, with short replies."""
    given = {"constitution": files / "c.yaml", "queries": files / "q.jsonl", "model": files / "model", **named}
    options = [part for name, value in given.items() if value is not None for part in (f"--{name}", value)]
    return run("lab", *options, "--max-new-tokens", 6, "--limit", 2, "--out", files / out, *more, folder=files)


def typed(files, keys, *more):
    """`lab --read` with what a person types."""
    with tempfile.TemporaryFile("w+") as reads, tempfile.TemporaryFile("w+") as says, tempfile.TemporaryFile("w+") as complains:
        reads.write(keys)
        reads.seek(0)
        process = warm.start(
            ("lab", "--read", "--out", files / "lab", "--who", "Zoë", *more), dict(os.environ), tuple(f.fileno() for f in (reads, says, complains))
        )
        process.join(WITHIN_S)
        said = [file.read() for file in (says, complains) if file.seek(0) == 0]
    return SimpleNamespace(returncode=process.exitcode, stdout=said[0], stderr=said[1])


@pytest.fixture(scope="module")
def done(files):
    """Two probes, once for all tests."""
    ended = lab(files, "--probe", "prompt", "--probe", "readers")
    assert ended.returncode == 0, ended.stderr
    return ended


class Tags(HTMLParser):
    """What elements and addresses a document has."""

    def __init__(self):
        super().__init__()
        self.tags, self.addresses = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]


def test_the_list_names_each_probe_with_its_system_needs_and_minutes(files):
    told = json.loads(run("lab", "--list", "--json", "--constitution", files / "c.yaml", "--model", files / "model", folder=files).stdout)
    assert [each["key"] for each in told] == list(PROBES)
    assert all(each["system"] in SYSTEMS and each["paper"] and each["prediction"] and each["against"] and each["minutes"] >= 0 for each in told)
    assert next(each for each in told if each["key"] == "sami")["needs"] == ["an adapter"]


def test_it_says_what_was_predicted_and_found_and_leaves_a_report_that_stands_by_itself(files, done):
    assert done.stdout.startswith("Mutual information: ")
    assert PROBES["prompt"].prediction in done.stdout and PROBES["readers"].against in done.stdout
    data = json.loads((files / "lab" / "report.json").read_text())
    assert [record["key"] for record in data["probes"]] == ["prompt", "readers"]
    assert str(files) not in json.dumps(data)
    page = (files / "lab" / "report.html").read_text()
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.tags and tags.addresses == [] and str(files) not in page and "url(" not in page


def test_the_same_command_goes_on_where_it_was(files, done):
    kept = (files / "lab" / "probes" / "prompt.json").read_bytes()
    again = lab(files, "--probe", "prompt", "--json")
    assert again.returncode == 0, again.stderr
    assert (files / "lab" / "probes" / "prompt.json").read_bytes() == kept
    assert [record["key"] for record in json.loads(again.stdout)["probes"]] == ["prompt"]
    assert "prompt answers" not in again.stderr


def test_a_model_at_an_endpoint_reads_too_blind_and_its_answers_are_kept(files, done):
    with judge_server() as server:
        server.answer = lambda handler, body: handler.say("A")
        first = lab(files, "--probe", "readers", "--reader", server.address, "--reader-model", "m", "--yes")
        assert first.returncode == 0, first.stderr
        asked = len(server.seen)
        assert asked and all("principle" not in json.dumps(body).casefold() for _, _, body in server.seen)
        assert "goes to" in first.stderr and f"m at 127.0.0.1:{server.server_port}" in first.stdout
        (files / "lab" / "probes" / "readers.json").unlink()
        assert lab(files, "--probe", "readers", "--reader", server.address, "--reader-model", "m", "--yes").returncode == 0
        assert len(server.seen) == asked


def test_an_endpoint_that_is_down_could_not_be_measured_and_the_base_still_reads(files, done):
    ended = lab(files, "--probe", "readers", "--reader", "http://127.0.0.1:9/v1", "--reader-model", "m", "--yes")
    assert ended.returncode == 0, ended.stderr
    assert "could not be measured: 127.0.0.1:9 cannot be reached" in ended.stdout and "the base, from outside" in ended.stdout


def test_a_person_reads_cards_undoes_and_goes_on_and_is_counted(files, done):
    lab(files, "--probe", "readers")
    first = typed(files, "1\nu\n2\n9\nq\n")
    assert first.returncode == 0 and "Which text was each reply written under?" in first.stdout
    assert "'9' is none of these." in first.stdout and "1 of " in first.stdout
    total = len(json.loads((files / "lab" / "cards.json").read_text()))
    last = typed(files, "0\n" * total)
    assert "given back to their text" in last.stdout
    ended = lab(files, "--probe", "readers")
    assert f"Zoë, {total} cards" in ended.stdout


def test_the_cards_tell_neither_name_nor_side(files, done):
    shown = typed(files, "1\nq\n", "--who", "Ida").stdout
    assert "Be brief" not in shown and "antithesis" not in shown


@pytest.mark.parametrize(
    ("more", "named", "said"),
    [
        (("--probe", "samy"), {}, "There is no probe 'samy'"),
        ((), {"constitution": None}, "It is not said which constitution."),
        (("--reader", "http://127.0.0.1:9/v1"), {}, "Add --reader-model NAME"),
        (("--reader", "http://127.0.0.1:9/v1", "--reader-model", "m"), {}, "Give --yes."),
        ((), {"adapter": "nowhere"}, "nowhere"),
        (("--limit", "0"), {}, "must be a whole number from 1 on"),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(files, more, named, said):
    ended = lab(files, *more, out="other", **named)
    assert ended.returncode != 0 and said in ended.stderr and "Traceback" not in ended.stderr


def test_a_folder_of_another_constitution_is_not_written_to(files, done):
    (files / "d.yaml").write_text((files / "c.yaml").read_text().replace("at length", "at great length"))
    ended = lab(files, "--probe", "prompt", constitution=files / "d.yaml")
    assert ended.returncode == 1 and "holds the results of another battery: constitution differ" in ended.stderr


def test_without_a_folder_or_cards_it_says_what_to_add(files):
    assert "Add --out DIR" in run("lab", "--constitution", files / "c.yaml", folder=files).stderr
    assert "run `lab --probe readers" in run("lab", "--read", "--out", files, folder=files).stderr


def test_the_adapter_of_a_run_is_examined_with_its_record(files, trained):
    out, _ = trained
    ended = run("lab", "--adapter", out / "adapter", "--queries", files / "q.jsonl", "--probe", "sami", "--out", files / "sami", "--json", folder=files)
    assert ended.returncode == 0, ended.stderr
    (record,) = json.loads(ended.stdout)["probes"]
    assert [row["key"] for row in record["result"]["rows"]] == ["prompt", "sami", "sami-alone"]


def test_a_run_of_the_studio_is_examined_by_its_number_with_what_it_was_given(files, trained, tmp_path):
    out, _ = trained
    studio = make_studio(tmp_path / "data")
    queue(studio)
    adapter = finish(studio, claim(studio), result())
    shutil.rmtree(adapter.parent)
    shutil.copytree(out, adapter.parent)
    studio.engine.dispose()
    ended = run("lab", "--run", 1, "--queries", files / "q.jsonl", "--probe", "sami", "--out", tmp_path / "lab", "--json", folder=tmp_path)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["about"]["n_queries"] == 3 and found["about"]["constitution"]["principles"][0]["title"] == "Be brief"
    assert found["probes"][0]["result"]["rows"][1]["own"]["figure"]["n"] > 0
