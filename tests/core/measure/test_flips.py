"""A constitution of several principles: each is judged by its own flip."""

import dataclasses
import json
import math

import pytest

from core.constitution.checks import Check
from core.constitution.contrasts import asked_stances, is_asked
from core.constitution.principles import SIDES, Constitution, Principle
from core.measure.report_data import report_from_data, report_to_data
from core.measure.rows import rows
from core.measure.series import pool
from core.measure.tracing import traced_says
from core.measure.values import TEXT
from core.measure.verdicts import Verdict
from tests.core.measure.replies import BASE, N, aligned_of, base_of, change_of, evaluated, reply

THREE = Constitution(
    name="Three",
    principles=(
        Principle(title="Capitals", statement="Shout.", antithesis="Do not.", check=Check("capital_letters")),
        Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 3)),
        Principle(title="Kind", statement="Be kind.", antithesis="Be cold."),
    ),
)


FOLLOWING = {  # what a policy writes that follows the first two principles, each on its own
    "statement": "A B C",
    "antithesis": "a b c d",
    "flip 1": "a b c",
    "flip 2": "A B C D",
    "flip 3": "A B C",
}


def several(texts, traced=None, n=N):
    """N queries answered under every stance of `THREE`; each reply is traced to the side that `traced` names, its own by default."""
    sides = list(asked_stances(3))
    rows = []
    for i in range(n):
        for side in sides:
            best = (traced or {}).get(side, side)
            rows.append(reply(side=side, text=texts[side], query=f"q{i}", logprobs=[-1.0 if s == best else -3.0 for s in sides]))
    return rows


PLAIN = several(dict.fromkeys(FOLLOWING, "a b c d"), traced=dict.fromkeys(FOLLOWING, "statement"))


def test_each_of_several_principles_is_judged_by_its_own_flip():
    found = evaluated(THREE, PLAIN, several(FOLLOWING, traced={"flip 3": "statement"}))
    capitals, brief, kind = found.principles
    assert (capitals.verdict, brief.verdict, kind.verdict) == (Verdict.FOLLOWED, Verdict.FOLLOWED, Verdict.NO_EFFECT)
    assert {side: figure.value for side, figure in capitals.compliance["sami"].items()} == {"statement": 1, "antithesis": 0, "flip": 0}
    assert {side: figure.value for side, figure in brief.compliance["sami"].items()} == {"statement": 1, "antithesis": 0, "flip": 0}
    assert [row.attribution["sami"].value for row in found.principles] == [1, 1, 0.5]
    assert [row.attribution["prompt"].value for row in found.principles] == [0.5] * 3
    assert kind.mi_bound_nats["sami"].value < 0.1 < capitals.mi_bound_nats["sami"].value <= math.log(2)
    assert "under its antithesis alone in 0%" in capitals.sentence


def test_a_principle_that_only_the_flip_of_all_switches_is_followed_under_both_sides():
    """Capitals go away under all antitheses, but not when this principle alone is flipped: another principle does it."""
    found = evaluated(THREE, PLAIN, several(FOLLOWING | {"flip 1": "A B C"})).principles[0]
    assert found.compliance["sami"]["antithesis"].value == 0
    assert change_of(found, TEXT).value == 0
    assert found.verdict is Verdict.BOTH_SIDES
    assert "but also under its antithesis alone" in found.sentence


def test_the_confusion_counts_replies_by_the_stance_written_under_and_traced_to():
    found = evaluated(THREE, PLAIN, several(FOLLOWING, traced={"flip 3": "statement"}))
    assert found.sides == ("statement", "antithesis", "flip 1", "flip 2", "flip 3")
    assert aligned_of(found).confusion == ((N, 0, 0, 0, 0), (0, N, 0, 0, 0), (0, 0, N, 0, 0), (0, 0, 0, N, 0), (N, 0, 0, 0, 0))
    assert base_of(found).confusion[0][1] + base_of(found).confusion[1][0] == N
    assert found.cap_nats == pytest.approx(math.log(5))
    assert aligned_of(found).attribution.value == pytest.approx(0.8)


def test_an_empty_reply_leaves_its_query_out_of_what_it_is_needed_for_only():
    aligned = several(FOLLOWING)
    aligned[2] = reply(side="flip 1", text="", query="q0", logprobs=())
    found = evaluated(THREE, PLAIN, aligned)
    assert aligned_of(found).mi_bound_nats.n == N - 1
    assert [row.attribution["sami"].n for row in found.principles] == [N - 1, N, N]
    assert change_of(found.principles[0], TEXT).n == N


def own(replies):
    """The same replies with what `trace=own` does not ask left out."""
    sides = list(asked_stances(3))

    def asked(one):
        return tuple(value if is_asked(prompt, sides.index(one.side), "own") else None for prompt, value in enumerate(one.logprobs))

    return [dataclasses.replace(one, logprobs=asked(one), base_logprobs=asked(one)) for one in replies]


def test_with_own_every_principle_has_what_it_has_with_all_and_arms_are_traced_among_two_sides():
    aligned = several(FOLLOWING, traced={"flip 3": "statement"})
    whole, some = evaluated(THREE, PLAIN, aligned), evaluated(THREE, own(PLAIN), own(aligned))
    assert some.principles == whole.principles
    assert (whole.traced, whole.among) == ((), whole.sides)
    assert (some.sides, some.traced, some.among) == (whole.sides, SIDES, SIDES)
    assert some.cap_nats == pytest.approx(math.log(2))
    assert (aligned_of(some).attribution.value, aligned_of(some).confusion) == (1, ((N, 0), (0, N)))
    assert aligned_of(some).mi_bound_nats.value <= math.log(2)
    for name in ("base_surprise_nats", "kl_policy_base_nats", "surprise_nats", "words", "cut"):
        assert getattr(aligned_of(some), name) == getattr(aligned_of(whole), name)


def test_a_report_with_own_says_so_in_rows_and_data_and_is_read_back():
    found = evaluated(THREE, own(PLAIN), own(several(FOLLOWING)))
    data = json.loads(json.dumps(report_to_data(found)))
    assert data["traced"] == ["statement", "antithesis"]
    assert report_from_data(data) == found
    assert {row.group for row in rows(found)} >= {"Can all statements and all antitheses be told apart?"}
    assert {"MI bound, nats (cap log 2 = 0.693)", "Attribution accuracy (guessing: 50%)"} <= {row.label for row in rows(found)}
    assert "5 constitutions" in traced_says(found)
    with pytest.raises(ValueError, match="elsewhere"):
        report_from_data({**data, "traced": ["statement", "elsewhere"]})


def test_a_report_with_all_is_as_it_was_before_there_was_a_choice():
    found = evaluated(THREE, PLAIN, several(FOLLOWING))
    data = json.loads(json.dumps(report_to_data(found)))
    assert "traced" not in data
    assert report_from_data(data) == found
    assert traced_says(found) == ""


def test_seeds_that_were_traced_otherwise_are_not_made_one_result():
    aligned = several(FOLLOWING)
    with pytest.raises(ValueError, match="same"):
        pool({0: evaluated(THREE, PLAIN, aligned), 1: evaluated(THREE, own(PLAIN), own(aligned))})


def test_replies_under_other_stances_than_the_constitution_has_are_refused():
    with pytest.raises(ValueError, match="flip 3"):
        evaluated(THREE, BASE, BASE)
