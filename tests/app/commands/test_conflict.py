"""`conflict`: two principles against each other, on a tiny model."""

import json

import pytest

from tests.app.commands.calling import cold, run

TEXT = """\
name: Two
conflict_rule: Be brief before all else.
principles:
  - title: Brief
    statement: Answer in one sentence.
    antithesis: Answer at length.
    check: {max_words: 20}
  - title: Asking
    statement: End with a question.
    antithesis: Never ask.
    check: ends_with_question
    priority: 1
"""
KIND = "  - {title: Kind, statement: Be kind., antithesis: Be blunt.}\n"


@pytest.fixture(scope="module")
def two(files):
    (files / "two.yaml").write_text(TEXT)
    (files / "one.yaml").write_text(TEXT[: TEXT.index("  - title: Asking")])
    (files / "three.yaml").write_text(TEXT + KIND)
    return files


def asked(two, *more, file="two.yaml"):
    return ["conflict", "--constitution", two / file, "--queries", two / "q.jsonl", "--model", two / "model", "--max-new-tokens", 6, *more]


def test_it_tells_the_shares_in_both_orders_with_every_reply(two):
    done = cold(*asked(two, "--limit", 4, "--json"), folder=two)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    found = told["result"]
    assert [(sides["order"], sides["written"]) for sides in found["orders"]] == [("second", True), ("first", False)]
    for sides in found["orders"]:
        shares = [sides[name]["value"] for name in ("first_only", "second_only", "both", "neither")]
        assert sides["n"] + sides["unjudged"] == 4 and (sides["n"] == 0 or sum(shares) == pytest.approx(1))
    assert [set(row) for row in told["replies"]] == [{"query", "second", "first", "follows"}] * 4
    alone = [row["follows"]["second"] == [False, True] for row in told["replies"]]
    assert found["orders"][0]["second_only"]["value"] == pytest.approx(sum(alone) / 4)
    assert "8 of 8 replies" in done.stderr
    again = run(*asked(two, "--limit", 4, "--json"), folder=two)
    assert json.loads(again.stdout)["replies"] == told["replies"]  # nothing is left to chance


def test_lines_say_who_is_who_and_what_is_shown(two):
    done = run(*asked(two, "--limit", 3, "--first", 1, "--second", 2, file="three.yaml"), folder=two)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["1: Brief", "2: Asking"]
    assert lines[2] == "In the prompt: “Asking” with priority 1 before “Brief”, which has none; with the rule for conflicts “Be brief before all else.”"
    assert "2 first, as the constitution has it: 3 replies" in lines and lines[-1].endswith(".")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "error: The constitution has 3 principles. Say which two with --first N --second M."),
        (("--first", 1), "error: Only one principle is named."),
        (("--first", 1, "--second", 3), "error: “Kind” cannot be judged yet: principle 3 has no check"),
        (("--first", 1, "--second", 9), "error: There is no principle 9"),
        (("--first", 1, "--second", 2, "--arm", "base"), "has no constitution in its prompt"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_a_model_is_loaded(two, more, words):
    done = run(*asked(two, *more, file="three.yaml"), folder=two)
    assert done.returncode == 1 and words in done.stderr


def test_of_one_principle_there_is_nothing_to_set_against_each_other(two):
    done = run(*asked(two, file="one.yaml"), folder=two)
    assert (done.returncode, done.stderr) == (
        1,
        "error: The constitution has 1 principle, so there is nothing to set against each other. Add another one.\n",
    )
