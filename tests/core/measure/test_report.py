"""The result from replies whose figures are known, and above all: never a success on mutual information alone."""

import dataclasses
import json
import math

import pytest

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.measure.report import evaluate
from core.measure.report_data import report_from_data, report_to_data
from core.measure.statistics import UNMEASURED, paired_change
from core.measure.values import OVER_PROMPT, TEXT, WEIGHTS, Cell, Roles, roles
from core.measure.verdicts import Verdict
from core.methods.arms import make_arm
from tests.core.measure.replies import ADAPTER, ALONE, BASE, CAPITALS, CONTROL, TRAINED, N, aligned_of, base_of, change_of, evaluated, replies, reply, verdict


def test_perfect_attribution_without_compliance_is_called_attributable_not_followed():
    found = verdict(replies("- a\n- b", "a plain reply", 5.0))
    assert found.verdict is Verdict.NOT_FOLLOWED
    assert "attributable, not followed" in found.sentence
    assert found.compliance["sami"]["statement"].value == 0


def test_compliance_that_rises_under_the_statement_alone_is_followed():
    found = verdict(replies("A PLAIN REPLY", "a plain reply", 5.0))
    assert found.verdict is Verdict.FOLLOWED
    assert change_of(found, OVER_PROMPT).value == 1


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
    assert change_of(found, OVER_PROMPT).value is None


def test_replies_that_fall_silent_follow_nothing():
    brief = Constitution(name="C", principles=(Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 20)),))
    silent = [reply(query=r.query, side=r.side, text="", tokens=1, logprobs=()) for r in BASE]
    found = evaluated(brief, replies("word " * 30, "word " * 30, 0.0), silent)
    assert found.principles[0].compliance["sami"]["statement"].value == 0
    assert found.principles[0].verdict is Verdict.UNMEASURED
    assert aligned_of(found).empty.value == 1
    assert aligned_of(found).mi_bound_nats.value is None


def test_a_result_is_plain_json():
    report = evaluated(CAPITALS, BASE, replies("A B", "c d", 1.0))
    data = json.loads(json.dumps(report_to_data(report)))
    assert data["arms"][1]["confusion"] == [[N, 0], [0, N]]
    assert report_from_data(data) == report


def alone(texts):
    """One reply to each query, without the constitution."""
    return [dataclasses.replace(reply(side="none", text=text, query=f"q{i}", logprobs=()), kl_policy_base_nats=None) for i, text in enumerate(texts)]


def test_the_aligned_model_without_the_text_is_held_against_the_base_with_it_query_by_query():
    """Without the text 4 of 16 replies follow; the base with it follows in none, the aligned model with it in all."""
    third = alone(["LOUD"] * 4 + ["quiet"] * 12)
    found = evaluate(CAPITALS, {CONTROL: BASE, TRAINED: replies("A B", "c d", 1.0), ALONE: third})
    principle = found.principles[0]
    assert {key: figure["statement" if key != ALONE.key else "none"].value for key, figure in principle.compliance.items()} == {
        CONTROL.key: 0,
        TRAINED.key: 1,
        ALONE.key: 0.25,
    }
    weights = next(change for change in principle.changes if change.name == WEIGHTS)
    assert (weights.before, weights.after) == (Cell(arm=CONTROL.key, side="statement"), Cell(arm=ALONE.key, side="none"))
    assert weights.figure == paired_change([False] * N, [True] * 4 + [False] * 12)
    assert principle.control == (
        "Without the constitution in its prompt, the aligned model follows “Capitals” in 25% (10% to 49%); "
        "with it, the base does in 0% (0% to 19%) and the aligned model in 100% (81% to 100%)."
    )


def test_the_third_arm_changes_no_figure_of_the_two_and_has_none_that_needs_a_constitution():
    two = {CONTROL: BASE, TRAINED: replies("A B", "c d", 1.0)}
    found, before = evaluate(CAPITALS, {**two, ALONE: alone(["LOUD"] * N)}), evaluate(CAPITALS, two)
    assert found.arms[:2] == before.arms
    assert (found.principles[0].verdict, found.principles[0].sentence) == (before.principles[0].verdict, before.principles[0].sentence)
    assert found.principles[0].changes[:2] == before.principles[0].changes
    third = found.arms[2]
    assert (third.attribution, third.mi_bound_nats, third.kl_policy_base_nats, third.confusion) == (UNMEASURED, UNMEASURED, UNMEASURED, ())
    assert (third.words["none"].value, third.empty.n) == (1, N)
    assert report_from_data(json.loads(json.dumps(report_to_data(found)))) == found


def test_arms_play_the_parts_that_their_artifacts_and_prompts_give_them():
    context = make_arm("context")
    assert roles([CONTROL, TRAINED, ALONE]) == Roles(control=CONTROL, trained=TRAINED, alone=ALONE)
    assert roles([ALONE, TRAINED, CONTROL]) == Roles(control=CONTROL, trained=TRAINED, alone=ALONE)
    assert roles([CONTROL, context]) == Roles(control=CONTROL, trained=context, alone=None)
    assert roles([make_arm("base"), TRAINED]) == Roles(control=None, trained=TRAINED, alone=None)


def test_a_report_of_arms_that_cannot_be_set_against_each_other_has_no_verdict():
    found = evaluate(CAPITALS, {CONTROL: BASE}).principles[0]
    assert (found.verdict, found.sentence, found.control, found.changes) == (None, "", "", ())


def test_a_method_that_trains_nothing_has_its_verdict_too_and_no_word_of_weights():
    found = evaluate(CAPITALS, {CONTROL: BASE, make_arm("context"): replies("A B", "c d", 1.0)}).principles[0]
    assert (found.verdict, found.control) == (Verdict.FOLLOWED, "")
    assert [(change.name, change.after.arm) for change in found.changes] == [(OVER_PROMPT, "context"), (TEXT, "context")]


def test_an_arm_is_known_by_its_artifacts_hash_wherever_that_lay():
    elsewhere = dataclasses.replace(TRAINED, artifact=dataclasses.replace(ADAPTER, place="elsewhere"))
    aligned = replies("A B", "c d", 1.0)
    assert evaluate(CAPITALS, {CONTROL: BASE, elsewhere: aligned}) == evaluate(CAPITALS, {CONTROL: BASE, TRAINED: aligned})


@pytest.mark.parametrize(
    "broken",
    [
        {"arms": []},
        {"sides": None},
        {"cap_nats": "x"},
        {"n_queries": float("inf")},
        {"principles": [{"verdict": "splendid"}]},
        {"sides": ["statement", "antithesis", "flip 1", "flip 2"]},
    ],
)
def test_data_of_another_form_is_no_report(broken):
    data = report_to_data(evaluate(CAPITALS, {CONTROL: BASE, TRAINED: replies("A B", "c d", 1.0)}))
    with pytest.raises(ValueError, match=r"x|report|confusion|changes"):
        report_from_data({**data, **broken})
    with pytest.raises(ValueError, match="no report"):
        report_from_data({})


def test_all_arms_must_have_answered_the_same_queries():
    with pytest.raises(ValueError, match="same queries"):
        evaluated(CAPITALS, BASE, [*BASE[2:], *BASE[:2]])


def test_of_one_principle_the_figures_are_those_of_the_constitution():
    found = evaluated(CAPITALS, BASE, replies("A B", "c d", 1.0))
    principle = found.principles[0]
    assert principle.mi_bound_nats == {"prompt": base_of(found).mi_bound_nats, "sami": aligned_of(found).mi_bound_nats}
    assert principle.attribution == {"prompt": base_of(found).attribution, "sami": aligned_of(found).attribution}
    assert set(principle.compliance["sami"]) == {"statement", "antithesis"}
    assert found.cap_nats == math.log(2)


@pytest.mark.parametrize("broken", [{"name": "is it nice"}, {"answer": "perhaps"}, {"more_queries": float("inf")}, {"p_corrected": "small"}])
def test_a_question_of_another_form_is_no_report_and_a_report_without_questions_is_one(broken):
    data = report_to_data(evaluate(CAPITALS, {CONTROL: BASE, TRAINED: replies("A B", "c d", 1.0)}))
    (principle,) = data["principles"]
    questions = principle.pop("questions")
    assert report_from_data(data).principles[0].questions == ()
    with pytest.raises(ValueError, match=r"report|perhaps|small"):
        report_from_data({**data, "principles": [{**principle, "questions": [{**questions[0], **broken}]}]})
