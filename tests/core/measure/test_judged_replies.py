"""The limits of the third question, held against replies that somebody read: how many senseless ones they find, and how many others they blame.

`judged_replies.jsonl`: 89 replies of trained models under the statement, drawn at random from 50 runs of six constitutions in variants of training
(base: SmolLM2-135M), each with its reason. They were shuffled, mixed with replies of the base, and read by one reader with their query alone, blind of
every figure and of which model had written them (but for two, which the reader had met before with their relevance); 12 that could be read
either way were left out. Senseless: nobody would take it for an attempt to answer. Each figure is of the base's reply to the same query, then of the reply.
"""

import json
from pathlib import Path

from core.measure.questions import ECHO_RISE, RELEVANCE_FALL, SURPRISE_RISE

ROWS = [json.loads(line) for line in Path(__file__).with_name("judged_replies.jsonl").read_text(encoding="utf-8").splitlines()]
SENSELESS, OTHERS = ([row for row in ROWS if row["senseless"] is word] for word in (True, False))
CAP_NATS = 2.0794  # of relevance among eight queries


def worse(row):
    """By which of the three a reply by itself is beyond its limit."""
    (relevant, r), (expected, s), (echoed, e) = (row[name] for name in ("relevance_nats", "surprise_nats", "echo"))
    found = {"relevance": relevant - r > RELEVANCE_FALL * CAP_NATS, "surprise": s - expected > SURPRISE_RISE, "echo": e - echoed > ECHO_RISE}
    return {name for name, beyond in found.items() if beyond}


def test_forty_of_each_were_read():
    assert (len(SENSELESS), len(OTHERS)) == (49, 40)
    assert all(row["reason"] for row in ROWS)


def test_what_one_reply_by_itself_tells_and_what_it_misses():
    """A reply alone is noisy, above all its surprise: a verdict rests on the mean of many. 16 of 49 are missed, 4 of 40 blamed without reason."""
    assert sum(bool(worse(row)) for row in SENSELESS) == 33
    assert sum(bool(worse(row)) for row in OTHERS) == 4


def test_each_measure_finds_what_the_others_do_not():
    alone = {name: sum(worse(row) == {name} for row in SENSELESS) for name in ("relevance", "surprise", "echo")}
    assert alone["relevance"] > 0
    assert alone["surprise"] > 0


def test_relevance_blames_nobody_who_tries_to_answer():
    assert not any("relevance" in worse(row) for row in OTHERS)


def test_what_is_only_shorter_is_no_more_surprising_than_the_limit():
    """Of *Brevity* six answer: surprise rises by 0.50 nats a token among them, by 0.88 among the twenty that do not. Of the others it falls."""
    brief = {word: [row for row in rows if row["principle"] == "Brevity"] for word, rows in (("senseless", SENSELESS), ("others", OTHERS))}
    rise = {word: sum(row["surprise_nats"][1] - row["surprise_nats"][0] for row in rows) / len(rows) for word, rows in brief.items()}
    assert rise["others"] < SURPRISE_RISE + 0.01
    assert rise["senseless"] > SURPRISE_RISE + 0.3


def test_the_mean_fall_of_relevance_is_beyond_its_limit_where_replies_are_senseless():
    fell, kept = (sum(row["relevance_nats"][0] - row["relevance_nats"][1] for row in rows) / len(rows) for rows in (SENSELESS, OTHERS))
    assert kept < RELEVANCE_FALL * CAP_NATS < fell
