"""`read` and `judge`: what is understood of a file, and what the checks say of replies from anywhere."""

import json
import re

import pytest

from tests.app.commands.calling import cold, run

QUERIES = "Prompt;Split\nWhy is it so, if it is?;train\nHow?;Held out\nHow ?;train\n;train\n"


def told(*arguments, folder):
    done = run("read", *arguments, "--json", folder=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_read_says_what_it_understood_of_queries(files, tmp_path):
    (tmp_path / "mine.csv").write_text(QUERIES)
    done = cold("read", tmp_path / "mine.csv", "--json", folder=files)
    assert json.loads(done.stdout) == {
        "kind": "queries",
        "format": "table",
        "encoding": "UTF-8",
        "used": {"query": "Prompt", "split": "Split"},
        "ignored": [],
        "notes": [
            "fields are parted by semicolons",
            "asked is `Prompt`",
            "1 row without a text to ask left out: Line 5",
            "1 left out that differs from an earlier query only in case, blanks or punctuation",
            "1 marked both train and held-out: kept as held-out only",
        ],
        "queries": [{"query": "Why is it so, if it is?", "split": "train"}, {"query": "How?", "split": "held_out"}],
        "findings": [],
    }
    lines = run("read", tmp_path / "mine.csv", folder=files).stdout.splitlines()
    assert lines[0] == "2 queries: 1 to train on, 1 held out"
    (tmp_path / "one.txt").write_text("Why?\n")
    assert run("read", tmp_path / "one.txt", folder=files).stdout.startswith("1 query: 1 to train on, 0 held out\n")
    assert "  read as table in UTF-8, query from `Prompt`, split from `Split`" in lines


def test_read_says_what_it_understood_of_a_constitution(files, tmp_path):
    (tmp_path / "c.yaml").write_text("name: Two\nprinciples:\n  - title: Yes\n    statement: Say yes.\n    id: abc\n")
    found = told(tmp_path / "c.yaml", folder=files)
    assert (found["kind"], found["format"]) == ("constitution", "YAML")
    assert found["constitution"]["principles"][0]["title"] == "Yes"
    assert any("id" in part for part in found["ignored"])
    missing = [(finding["severity"], finding["principle"], finding["field"]) for finding in found["findings"] if finding["field"] == "antithesis"]
    assert [found[1:] for found in missing] == [(0, "antithesis")]


def test_read_says_what_it_understood_of_replies(files, tmp_path):
    (tmp_path / "r.jsonl").write_text('{"query": "Why?", "response": "So.", "model": "x"}\n')
    found = told(tmp_path / "r.jsonl", folder=files)
    assert (found["kind"], found["ignored"]) == ("replies", ["model"])
    assert found["replies"] == [{"row": 1, "response": "So.", "query": "Why?", "principle": None, "side": None, "scenario": False}]
    assert told(tmp_path / "r.jsonl", "--as", "queries", folder=files)["queries"][0]["query"] == "Why?"


@pytest.mark.parametrize(
    ("name", "text", "options", "words"),
    [
        ("q.csv", "query\nWhy, if so?\n", (), "error: Line 2 of q.csv has 2 fields"),
        ("q.jsonl", '{"post": "x"}\n', (), "error: q.jsonl has no column `query`; its columns are `post`"),
        ("c.yaml", "- 3: [", (), "error: "),
        ("r.csv", "a,b\n1,2\n", ("--as", "replies"), "error: r.csv has no field `response`"),
        ("r.pdf", "%PDF-1.4", (), "error: r.pdf is a PDF document"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_and_status_1(files, tmp_path, name, text, options, words):
    (tmp_path / name).write_text(text)
    done = run("read", tmp_path / name, *options, folder=files)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(words) and len(done.stderr.splitlines()) == 1


def test_a_missing_file_is_one_line(files, tmp_path):
    done = run("read", tmp_path / "none.csv", folder=files)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_judge_says_what_the_checks_find_in_replies_from_anywhere(files, tmp_path):
    (tmp_path / "r.jsonl").write_text('{"output": "So."}\n{"output": "' + "so " * 21 + '", "side": "statement"}\n{"output": "No.", "side": "antithesis"}\n')
    done = cold("judge", "--constitution", files / "c.yaml", "--replies", tmp_path / "r.jsonl", "--json", folder=files)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert list(told) == ["outcomes", "rows", "totals"]
    assert [outcome["follows"] for outcome in told["outcomes"]] == [True, False, True]
    assert {name: told["totals"]["Be brief"][name] for name in ("follows", "n", "unjudged")} == {"follows": 1, "n": 2, "unjudged": 0}
    assert "`response` is taken from `output`" in done.stderr
    assert "1 of 3 replies had an antithesis in their prompt" in done.stderr
    table = run("judge", "--constitution", files / "c.yaml", "--replies", tmp_path / "r.jsonl", folder=files)
    assert re.search(r"Be brief +1 +2 +0 +50\.0%  9\.5% to 90\.5%", table.stdout)


def test_judge_refuses_a_file_in_one_line(files, tmp_path):
    (tmp_path / "r.jsonl").write_text('{"response": "So."}\n{"response": null}\n')
    done = run("judge", "--constitution", files / "c.yaml", "--replies", tmp_path / "r.jsonl", "--json", folder=files)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == ['error: Row 2 of r.jsonl has no text under `response`. Every row needs one; an empty reply is "".']
    done = run("judge", "--constitution", files / "c.yaml", "--replies", tmp_path / "none.jsonl", folder=files)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_read_counts_scenarios_and_gives_them(files, tmp_path):
    principle = {"title": "Brief", "statement": "Be brief.", "antithesis": "Be long.", "scenarios": ["Why?", {"query": "How?", "use": "train"}]}
    (tmp_path / "mine.json").write_text(json.dumps({"name": "Mine", "principles": [principle]}))
    assert run("read", tmp_path / "mine.json", folder=files).stdout.splitlines()[0] == "Mine: 1 principle, 2 scenarios"
    assert told(tmp_path / "mine.json", folder=files)["constitution"]["principles"][0]["scenarios"] == [{"query": "Why?"}, {"query": "How?", "use": "train"}]
