"""Who judges: the program where there is one, nobody else's guess where there is none."""

import pytest

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.measure.judges import JUDGES, CheckJudge, judge_of
from core.measure.report import evaluate
from core.measure.values import MeasuredReply, Outcome
from core.methods.arms import make_arm

LOUD = Principle(title="Loud", statement="Shout.", antithesis="Whisper.", check=Check("capital_letters"))
KIND = Principle(title="Kind", statement="Be kind.", antithesis="Be cold.")


@pytest.mark.parametrize(
    ("reply", "follows", "why"),
    [
        ("YES", True, "capital_letters is met"),
        ("yes", False, "capital_letters is not met"),
        ("42", None, "capital_letters cannot judge it: most of its letters have no case"),
        ("", False, "the reply is empty"),  # silence follows nothing
        ("  ", None, "capital_letters cannot judge it: there is no answer in it"),
    ],
)
def test_a_check_says_whether_why_and_that_it_was_a_check(reply, follows, why):
    assert CheckJudge().judge(LOUD, "Why?", reply) == Outcome(follows=follows, why=why, by="check")


def test_a_principle_without_a_check_has_no_judge_and_is_never_a_miss():
    assert judge_of(KIND) is None
    assert CheckJudge().judge(KIND, "Why?", "Dear friend").follows is None


class Reader:
    """A judge of another kind: asked about the query too."""

    name = "reader"

    def can_judge(self, principle):
        return True

    def reads(self, cell):
        return True

    def judge(self, principle, query, response):
        return Outcome(follows=query in response, why="it repeats the query", by=self.name)


def test_another_judge_is_one_more_in_the_table_and_the_first_that_can_judge_is_asked():
    judges = (*JUDGES, Reader())
    assert [getattr(judge_of(principle, judges), "name", None) for principle in (LOUD, KIND)] == ["check", "reader"]
    replies = [
        MeasuredReply(query=q, side=side, text=f"{q} yes" if q == "a" else "no", ended=True, tokens=2, logprobs=(), base_logprobs=(), kl_policy_base_nats=None)
        for q in ("a", "b")
        for side in ("statement", "antithesis")
    ]
    found = evaluate(Constitution(name="C", principles=(KIND,)), {make_arm("prompt"): replies}, judges).principles[0]
    assert (found.judge, found.check, found.compliance["prompt"]["statement"].value) == ("reader", None, 0.5)
