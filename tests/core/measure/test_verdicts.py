"""What is said of a principle, word for word: of a trained arm beside the model before, of any other beside the prompt alone."""

import pytest

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.measure.judges import JUDGES
from core.measure.report import evaluate
from core.measure.statistics import UNMEASURED, Figure
from core.measure.values import NO_SIDE, MeasuredReply
from core.measure.verdicts import Evidence, Verdict, control_sentence, verdict_of
from core.methods.arms import Artifact, inner_title, make_arm, trained_name

ADAPTER = Artifact(kind="adapter", place="", sha256="ab")
SAMI, MIPO, CONTEXT = make_arm("sami", artifact=ADAPTER), make_arm("mipo", artifact=ADAPTER), make_arm("context")
LOW, HALF, HIGH = Figure(0.08, 0.02, 0.26, 24), Figure(0.5, 0.31, 0.69, 24), Figure(0.96, 0.8, 0.99, 24)
UP, NONE, DOWN = Figure(0.8, 0.5, 0.9, 24), Figure(0.0, -0.1, 0.1, 24), Figure(-0.8, -0.9, -0.5, 24)

FIGURES = {  # of the evidence for each verdict: attribution, control, arm, antithesis, change, separation
    Verdict.FOLLOWED: (HIGH, LOW, HIGH, LOW, UP, UP),
    Verdict.ALREADY: (HIGH, HIGH, HIGH, LOW, NONE, UP),
    Verdict.BOTH_SIDES: (HIGH, LOW, HIGH, HIGH, UP, NONE),
    Verdict.REVERSED: (HIGH, HIGH, LOW, HIGH, DOWN, DOWN),
    Verdict.NOT_FOLLOWED: (HIGH, LOW, LOW, LOW, NONE, NONE),
    Verdict.NO_EFFECT: (HALF, LOW, LOW, LOW, NONE, NONE),
}
OF_SAMI = {
    Verdict.FOLLOWED: (
        "“Brief” is followed: under the statement, replies comply in 96% (80% to 99%), before training in 8% (2% to 26%); "
        "under the antithesis in 8% (2% to 26%)."
    ),
    Verdict.ALREADY: "“Brief” was followed before training too (96% (80% to 99%)) and still is (96% (80% to 99%)): there was little to gain.",
    Verdict.BOTH_SIDES: (
        "“Brief” is followed more than before (8% (2% to 26%) to 96% (80% to 99%)), but also under the antithesis (96% (80% to 99%)): "
        "the behaviour has changed whatever the constitution says."
    ),
    Verdict.REVERSED: (
        "“Brief” is attributable but points the wrong way: compliance under the statement went from 96% (80% to 99%) to 8% (2% to 26%) "
        "(under the antithesis: 96% (80% to 99%)), though replies are traced to their constitution in 96% (80% to 99%)."
    ),
    Verdict.NOT_FOLLOWED: (
        "“Brief” is attributable, not followed: replies are traced to their constitution in 96% (80% to 99%), yet compliance under the statement went "
        "from 8% (2% to 26%) to 8% (2% to 26%), a change that chance explains. The model tells the two sides apart by something else."
    ),
    Verdict.NO_EFFECT: (
        "“Brief”: no effect found. Replies are traced to their constitution in 50% (31% to 69%), where guessing gives 50%. "
        "Compliance under the statement went from 8% (2% to 26%) to 8% (2% to 26%)."
    ),
}
OF_CONTEXT = {
    Verdict.FOLLOWED: (
        "“Brief” is followed: under the statement, replies comply in 96% (80% to 99%) by context-aware decoding, with the prompt alone in 8% (2% to 26%); "
        "under the antithesis in 8% (2% to 26%)."
    ),
    Verdict.ALREADY: (
        "“Brief” was followed with the prompt alone too (96% (80% to 99%)) and still is by context-aware decoding (96% (80% to 99%)): there was little to gain."
    ),
    Verdict.BOTH_SIDES: (
        "“Brief” is followed more by context-aware decoding than with the prompt alone (8% (2% to 26%) to 96% (80% to 99%)), but also under the antithesis "
        "(96% (80% to 99%)): the behaviour has changed whatever the constitution says."
    ),
    Verdict.REVERSED: (
        "“Brief” is attributable but points the wrong way: compliance under the statement went from 96% (80% to 99%) to 8% (2% to 26%) by context-aware "
        "decoding (under the antithesis: 96% (80% to 99%)), though replies are traced to their constitution in 96% (80% to 99%)."
    ),
    Verdict.NOT_FOLLOWED: (
        "“Brief” is attributable, not followed: replies are traced to their constitution in 96% (80% to 99%), yet compliance under the statement went "
        "from 8% (2% to 26%) to 8% (2% to 26%) by context-aware decoding, a change that chance explains. The model tells the two sides apart by something else."
    ),
    Verdict.NO_EFFECT: (
        "“Brief”: no effect found. Replies are traced to their constitution in 50% (31% to 69%), where guessing gives 50%. "
        "Compliance under the statement went from 8% (2% to 26%) to 8% (2% to 26%) by context-aware decoding."
    ),
}


def said(arm, expected, **more):
    attribution, control, reached, antithesis, change, separation = FIGURES[expected]
    values = {
        "arm_title": inner_title(arm),
        "trained": arm.artifact is not None,
        "attribution": attribution,
        "base_attribution": UNMEASURED,
        "control": control,
        "arm": reached,
        "antithesis": antithesis,
        "change": change,
        "separation": separation,
        "has_check": True,
        "alone": False,
    }
    verdict, sentence = verdict_of("Brief", Evidence(**(values | more)))
    assert verdict is expected
    return sentence


@pytest.mark.parametrize("expected", FIGURES)
def test_a_trained_arm_is_held_against_the_model_before_training_whatever_its_recipe(expected):
    assert said(SAMI, expected) == said(MIPO, expected) == OF_SAMI[expected]


@pytest.mark.parametrize("expected", FIGURES)
def test_an_arm_that_was_not_trained_is_named_and_held_against_the_prompt_alone(expected):
    assert said(CONTEXT, expected) == OF_CONTEXT[expected]


def test_settings_are_told_of_an_arm_that_is_named():
    stronger = make_arm("context", settings={"alpha": 1.0})
    assert "96% (80% to 99%) by context-aware decoding, alpha 1, with the prompt alone in" in said(stronger, Verdict.FOLLOWED)


def test_a_model_without_the_constitution_is_called_after_its_recipe():
    assert control_sentence("Brief", trained_name(SAMI), LOW, LOW, HIGH) == (
        "Without the constitution in its prompt, the aligned model follows “Brief” in 8% (2% to 26%); "
        "with it, the base does in 8% (2% to 26%) and the aligned model in 96% (80% to 99%)."
    )
    assert control_sentence("Brief", trained_name(MIPO), LOW, LOW, HIGH) == (
        "Without the constitution in its prompt, the MIPO model follows “Brief” in 8% (2% to 26%); "
        "with it, the base does in 8% (2% to 26%) and the MIPO model in 96% (80% to 99%)."
    )
    assert control_sentence("Brief", trained_name(MIPO), UNMEASURED, LOW, HIGH) == ""


def replies(under_statement, sides=("statement", "antithesis")):
    scores = {"statement": (-1.0, -3.0), "antithesis": (-3.0, -1.0), NO_SIDE: ()}
    return [
        MeasuredReply(
            query=f"q{i}",
            side=side,
            text=under_statement if side != "antithesis" else "quiet",
            ended=True,
            tokens=3,
            logprobs=scores[side],
            base_logprobs=scores[side],
            kl_policy_base_nats=0.1 if scores[side] else None,
        )
        for i in range(16)
        for side in sides
    ]


def concluded(**arms):
    loud = Principle(title="Loud", statement="Shout.", antithesis="Do not.", check=Check("capital_letters"))
    measured = {make_arm("prompt"): replies("quiet")}
    for method, answers in arms.items():
        measured[make_arm(method.replace("_", "-"), artifact=None if method == "context" else ADAPTER)] = answers
    return evaluate(Constitution(name="C", principles=(loud,)), measured, JUDGES).principles[0]


def test_a_report_says_of_each_arm_what_it_is():
    context = concluded(context=replies("LOUD"))
    assert (context.verdict, context.control) == (Verdict.FOLLOWED, "")
    assert "100% (81% to 100%) by context-aware decoding, with the prompt alone in 0% (0% to 19%)" in context.sentence
    mipo = concluded(mipo=replies("LOUD"), mipo_alone=replies("LOUD", (NO_SIDE,)))
    assert "100% (81% to 100%), before training in 0% (0% to 19%)" in mipo.sentence
    assert mipo.control.startswith("Without the constitution in its prompt, the MIPO model follows “Loud” in 100%")
