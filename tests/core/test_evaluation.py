"""The result from replies whose figures are known, and above all: never a success on mutual information alone."""

import json
import math

import pytest

from core.checks import Check
from core.constitutions import Constitution, Principle
from core.evaluation import evaluate, result_from_data, result_to_data
from core.measuring import MeasuredReply
from core.verdicts import Verdict

CAPITALS = Constitution(name="C", principles=(Principle(title="Capitals", statement="Shout.", antithesis="Do not.", check=Check("capital_letters")),))
N = 16


def replies(statement, antithesis, margin, n=N):
    """N queries; each text under its side, attributed to its side by `margin` nats a token."""
    rows = []
    for i in range(n):
        for side, text in (("statement", statement), ("antithesis", antithesis)):
            own, other = -1.0, -1.0 - margin
            at = (own, other) if side == "statement" else (other, own)
            rows.append(
                MeasuredReply(query=f"q{i}", side=side, text=text, ended=True, tokens=5, logprob_statement=at[0], logprob_antithesis=at[1], kl_nats=0.1)
            )
    return rows


BASE = replies("a plain reply", "a plain reply", 0.0)


def verdict(aligned, base=BASE, constitution=CAPITALS):
    return evaluate(constitution, base, aligned).principles[0]


def test_perfect_attribution_without_compliance_is_called_attributable_not_followed():
    found = verdict(replies("- a\n- b", "a plain reply", 5.0))
    assert found.verdict is Verdict.NOT_FOLLOWED
    assert "attributable, not followed" in found.sentence
    assert found.aligned["statement"].value == 0


def test_compliance_that_rises_under_the_statement_alone_is_followed():
    found = verdict(replies("A PLAIN REPLY", "a plain reply", 5.0))
    assert found.verdict is Verdict.FOLLOWED
    assert found.change.value == 1


def test_compliance_that_rises_under_both_sides_is_not_called_followed():
    assert verdict(replies("A PLAIN REPLY", "A PLAIN REPLY", 5.0)).verdict is Verdict.BOTH_SIDES


def test_doing_the_opposite_is_called_reversed():
    found = verdict(replies("a plain reply", "A PLAIN REPLY", 5.0), base=replies("A PLAIN REPLY", "A PLAIN REPLY", 0.0))
    assert found.verdict is Verdict.REVERSED


def test_nothing_attributable_and_nothing_changed_is_no_effect():
    assert verdict(BASE).verdict is Verdict.NO_EFFECT


def test_a_principle_without_a_check_is_never_called_followed():
    unchecked = Constitution(name="C", principles=(Principle(title="Kind", statement="Be kind.", antithesis="Be cold."),))
    found = verdict(replies("A PLAIN REPLY", "a plain reply", 5.0), constitution=unchecked)
    assert found.verdict is Verdict.UNCHECKED
    assert found.change.value is None


def test_replies_that_fall_silent_follow_nothing():
    brief = Constitution(name="C", principles=(Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 20)),))
    silent = [
        MeasuredReply(query=r.query, side=r.side, text="", ended=True, tokens=1, logprob_statement=None, logprob_antithesis=None, kl_nats=None) for r in BASE
    ]
    found = evaluate(brief, replies("word " * 30, "word " * 30, 0.0), silent)
    assert found.principles[0].aligned["statement"].value == 0
    assert found.principles[0].verdict is Verdict.UNMEASURED
    assert found.aligned.empty.value == 1
    assert found.aligned.mi_bound_nats.value is None


def test_the_bound_of_known_margins_is_right():
    """Own side better by ln 3: its probability is 3/4, so the bound is ln 2 + ln 3/4 = 0.4055 nats."""
    figures = evaluate(CAPITALS, BASE, replies("x y", "z w", math.log(3))).aligned
    assert figures.mi_bound_nats.value == pytest.approx(math.log(2) + math.log(0.75))
    assert figures.attribution.value == 1


def test_a_result_survives_json():
    result = evaluate(CAPITALS, BASE, replies("A B", "c d", 1.0))
    assert result_from_data(json.loads(json.dumps(result_to_data(result)))) == result


def test_base_and_aligned_must_have_answered_the_same_queries():
    with pytest.raises(ValueError, match="same queries"):
        evaluate(CAPITALS, BASE, list(reversed(BASE)))
