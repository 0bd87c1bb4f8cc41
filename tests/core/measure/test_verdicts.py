"""What is said of a principle, word for word: of a trained arm beside the model before, of any other beside the prompt alone."""

import itertools

import pytest

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.measure.judges import JUDGES
from core.measure.questions import ANSWERS, DEPENDS, ROSE, Answer, Question
from core.measure.report import evaluate
from core.measure.statistics import UNMEASURED, Figure
from core.measure.values import NO_SIDE, MeasuredReply
from core.measure.verdicts import CELLS, Evidence, Verdict, control_sentence, verdict_of
from core.methods.arms import Artifact, inner_title, make_arm, trained_name

ADAPTER = Artifact(kind="adapter", place="", sha256="ab")
SAMI, MIPO, BCT, CONTEXT = (*(make_arm(method, artifact=ADAPTER) for method in ("sami", "mipo", "bct")), make_arm("context"))
LOW, HALF, HIGH = Figure(0.08, 0.02, 0.26, 24), Figure(0.5, 0.31, 0.69, 24), Figure(0.96, 0.8, 0.99, 24)
SHOWN, ABSENT, OPEN = Answer.SHOWN, Answer.ABSENT, Answer.OPEN
FELL = "fell"  # the contrary is shown
HARM = "relevance −1.29 nats (−1.70 to −0.80)"

FIGURES = {  # of the evidence for each verdict: attribution, control, arm, antithesis, whether it rose, whether it depends on the text, whether replies answer
    Verdict.FOLLOWED: (HIGH, LOW, HIGH, LOW, SHOWN, SHOWN, OPEN),
    Verdict.ALREADY: (HIGH, HIGH, HIGH, LOW, OPEN, SHOWN, OPEN),
    Verdict.FORM_ONLY: (HIGH, LOW, HIGH, LOW, SHOWN, SHOWN, ABSENT),
    Verdict.STEADY: (HIGH, HALF, HALF, LOW, ABSENT, SHOWN, SHOWN),
    Verdict.RISEN: (HIGH, LOW, HIGH, HALF, SHOWN, OPEN, SHOWN),
    Verdict.BOTH_SIDES: (HIGH, LOW, HIGH, HIGH, SHOWN, ABSENT, SHOWN),
    Verdict.REVERSED: (HIGH, HIGH, LOW, HIGH, FELL, FELL, SHOWN),
    Verdict.NOT_FOLLOWED: (HIGH, LOW, LOW, LOW, OPEN, ABSENT, SHOWN),
    Verdict.UNSHOWN: (HIGH, LOW, HALF, LOW, OPEN, OPEN, SHOWN),
    Verdict.NO_EFFECT: (HALF, LOW, LOW, LOW, OPEN, ABSENT, SHOWN),
    Verdict.SENSELESS: (HIGH, LOW, HALF, HALF, SHOWN, ABSENT, ABSENT),
}
SAID = {  # with {by}, {before}, {Before} and {than} for the arm that it is said of
    Verdict.FOLLOWED: (
        "“Brief” is followed: under the statement, replies comply in 96% (80% to 99%){by}, {before} in 8% (2% to 26%); under the antithesis in 8% (2% to 26%)."
    ),
    Verdict.ALREADY: "“Brief” was followed {before} too (96% (80% to 99%)) and still is{by} (96% (80% to 99%)): there was little to gain.",
    Verdict.FORM_ONLY: (
        "“Brief” is in the form asked for, but the replies no longer answer (relevance −1.29 nats (−1.70 to −0.80)): under the statement, replies comply in "
        "96% (80% to 99%){by}, {before} in 8% (2% to 26%); under the antithesis in 8% (2% to 26%)."
    ),
    Verdict.STEADY: (
        "“Brief” depends on the text: under the statement, replies comply in 50% (31% to 69%){by}, under the antithesis in 8% (2% to 26%). {Before} they did "
        "in 50% (31% to 69%), with a rise of 20 points shown to be absent."
    ),
    Verdict.RISEN: (
        "“Brief” is followed more{by} than {than} (8% (2% to 26%) to 96% (80% to 99%)). Whether that depends on the text is not shown at this n: "
        "under the antithesis in 50% (31% to 69%)."
    ),
    Verdict.BOTH_SIDES: (
        "“Brief” is followed more{by} than {than} (8% (2% to 26%) to 96% (80% to 99%)), but also under the antithesis (96% (80% to 99%)): "
        "the behaviour has changed whatever the constitution says."
    ),
    Verdict.REVERSED: (
        "“Brief” points the wrong way: compliance under the statement went from 96% (80% to 99%) to 8% (2% to 26%){by}; "
        "under the antithesis it is 96% (80% to 99%)."
    ),
    Verdict.NOT_FOLLOWED: (
        "“Brief” is attributable, not followed: replies are traced to their constitution in 96% (80% to 99%), the base’s own in 50% (31% to 69%), yet "
        "compliance under the statement went from 8% (2% to 26%) to 8% (2% to 26%){by}, a change that chance may explain. "
        "Under the antithesis it is 8% (2% to 26%). The model tells the two sides apart by something else."
    ),
    Verdict.UNSHOWN: (
        "“Brief” is attributable: replies are traced to their constitution in 96% (80% to 99%), the base’s own in 50% (31% to 69%). Whether it is followed is "
        "not shown at this n: compliance under the statement went from 8% (2% to 26%) to 50% (31% to 69%){by}, a change that chance may explain; "
        "under the antithesis it is 8% (2% to 26%)."
    ),
    Verdict.NO_EFFECT: (
        "“Brief”: no effect found. Replies are traced to their constitution in 50% (31% to 69%), the base’s own in 50% (31% to 69%), where guessing gives 50%. "
        "Compliance under the statement went from 8% (2% to 26%) to 8% (2% to 26%){by}; under the antithesis it is 8% (2% to 26%)."
    ),
    Verdict.SENSELESS: (
        "“Brief”: the replies no longer answer (relevance −1.29 nats (−1.70 to −0.80)). "
        "Compliance under the statement went from 8% (2% to 26%) to 50% (31% to 69%){by}; under the antithesis it is 50% (31% to 69%)."
    ),
}


def question(name, answer):
    return Question(name=name, answer=ABSENT, contrary=True) if answer == FELL else Question(name=name, answer=answer)


def evidence(policy, figures, **more):
    attribution, control, reached, antithesis, rose, depends, answers = figures
    values = {
        "arm_title": inner_title(policy),
        "trained": policy.artifact is not None,
        "attribution": attribution,
        "own_attribution": HALF,
        "traced_more": attribution is HIGH,
        "base_attribution": UNMEASURED,
        "control": control,
        "arm": reached,
        "antithesis": antithesis,
        "rose": question(ROSE, rose),
        "depends": question(DEPENDS, depends),
        "answers": question(ANSWERS, answers),
        "harm": HARM,
        "doubt": "",
        "has_check": True,
        "alone": False,
    }
    return Evidence(**(values | more))


def said(arm, expected, **more):
    verdict, sentence = verdict_of("Brief", evidence(arm, FIGURES[expected], **more))
    assert verdict is expected
    return sentence


@pytest.mark.parametrize("expected", FIGURES)
def test_of_an_arm_that_was_not_trained_to_be_told_apart_nothing_is_called_attributable(expected):
    """BCT and ACT hold replies alike under wrappers. What is traced more often is measured, and is no success of theirs."""
    verdict, sentence = verdict_of("Brief", evidence(BCT, FIGURES[expected], contrasted=False))
    assert "attributable" not in f"{verdict.value} {sentence}" and "traced" not in sentence and "code" not in sentence
    attributable = {Verdict.NOT_FOLLOWED, Verdict.UNSHOWN}
    assert verdict is (Verdict.NO_EFFECT if expected in attributable else expected)
    if verdict is Verdict.NO_EFFECT:
        assert sentence.startswith("“Brief”: no effect found on queries without a wrapper, where none is meant. Compliance under the statement went from")


@pytest.mark.parametrize("traced_more", [True, False])
def test_without_a_judge_such_an_arm_could_not_be_measured(traced_more):
    verdict, sentence = verdict_of("Brief", evidence(BCT, FIGURES[Verdict.UNSHOWN], contrasted=False, has_check=False, traced_more=traced_more))
    assert verdict is Verdict.UNMEASURED
    assert sentence == "“Brief” could not be measured: nobody has judged it. Mark its replies, or add a check."


BY = " by context-aware decoding"
TRAINED = {"by": "", "before": "before training", "Before": "Before training", "than": "before"}
PROMPTED = {"by": BY, "before": "with the prompt alone", "Before": "With the prompt alone", "than": "with the prompt alone"}


@pytest.mark.parametrize("expected", FIGURES)
def test_a_trained_arm_is_held_against_the_model_before_training_whatever_its_recipe(expected):
    assert said(SAMI, expected) == said(MIPO, expected) == SAID[expected].format(**TRAINED)


@pytest.mark.parametrize("expected", FIGURES)
def test_an_arm_that_was_not_trained_is_named_and_held_against_the_prompt_alone(expected):
    assert said(CONTEXT, expected) == SAID[expected].format(**PROMPTED)


CELL = {  # what is said where half the replies comply and nothing else is known, by whether it rose and whether it depends on the text
    (SHOWN, SHOWN): Verdict.FOLLOWED,
    (SHOWN, ABSENT): Verdict.BOTH_SIDES,
    (SHOWN, OPEN): Verdict.RISEN,
    (ABSENT, SHOWN): Verdict.STEADY,
    (ABSENT, ABSENT): Verdict.NO_EFFECT,
    (ABSENT, OPEN): Verdict.NO_EFFECT,
    (OPEN, SHOWN): Verdict.STEADY,
    (OPEN, ABSENT): Verdict.NO_EFFECT,
    (OPEN, OPEN): Verdict.NO_EFFECT,
}


@pytest.mark.parametrize("sense", [SHOWN, OPEN, Answer.UNMEASURED, ABSENT])
@pytest.mark.parametrize(("rose", "depends"), CELL)
def test_every_cell_has_its_word_and_says_no_more_than_it(rose, depends, sense):
    verdict, sentence = verdict_of("Brief", evidence(SAMI, (HALF, HALF, HALF, HALF, rose, depends, sense)))
    senseless = Verdict.FORM_ONLY if (rose, depends) == (SHOWN, SHOWN) else Verdict.SENSELESS
    assert verdict is (senseless if sense is ABSENT else CELL[rose, depends])
    assert ("no longer answer" in sentence) is (sense is ABSENT)
    assert ("followed" not in sentence) or rose is SHOWN
    assert ("depends on the text:" not in sentence) or depends is SHOWN
    assert ("whatever the constitution says" not in sentence) or depends is ABSENT


DOUBT = "relevance −2.82 nats (−6.61 to +0.11)"


@pytest.mark.parametrize("expected", [Verdict.FOLLOWED, Verdict.STEADY, Verdict.RISEN, Verdict.BOTH_SIDES])
def test_what_follows_and_may_no_longer_answer_says_both(expected):
    open_question = question(ANSWERS, OPEN)
    plain = said(SAMI, expected, answers=open_question)
    assert said(SAMI, expected, answers=open_question, doubt=DOUBT) == (
        f"{plain} Whether the replies still answer is not shown at this n ({DOUBT}): read some before you rely on it."
    )


def test_nothing_is_put_in_doubt_of_what_does_not_follow_or_is_shown_to_answer():
    assert DOUBT not in said(SAMI, Verdict.NO_EFFECT, answers=question(ANSWERS, OPEN), doubt=DOUBT)
    assert DOUBT not in said(SAMI, Verdict.FORM_ONLY, doubt=DOUBT)


def test_the_table_has_every_cell():
    assert set(CELLS) == set(itertools.product((SHOWN, ABSENT, OPEN), repeat=3))


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ((HIGH, HIGH, HIGH, LOW, ABSENT, SHOWN, SHOWN), Verdict.ALREADY),
        ((HIGH, HIGH, HIGH, LOW, SHOWN, SHOWN, SHOWN), Verdict.FOLLOWED),  # high before, and still a rise is shown
        ((HIGH, HIGH, HIGH, LOW, OPEN, SHOWN, ABSENT), Verdict.FORM_ONLY),
        ((HIGH, HIGH, HIGH, HIGH, OPEN, ABSENT, SHOWN), Verdict.BOTH_SIDES),  # a check that everything passes
        ((HIGH, HIGH, HIGH, HIGH, OPEN, OPEN, SHOWN), Verdict.UNSHOWN),
        ((HALF, HIGH, HIGH, HALF, OPEN, OPEN, SHOWN), Verdict.NO_EFFECT),
        ((HIGH, HALF, HALF, HALF, OPEN, FELL, SHOWN), Verdict.REVERSED),
        ((HALF, HALF, HALF, HIGH, OPEN, FELL, ABSENT), Verdict.REVERSED),
        ((HIGH, HIGH, HALF, LOW, FELL, SHOWN, SHOWN), Verdict.STEADY),  # fell, and still decided by the text
        ((HIGH, HIGH, LOW, LOW, FELL, ABSENT, SHOWN), Verdict.REVERSED),  # most did, most no longer do
        ((HIGH, HALF, LOW, LOW, FELL, ABSENT, SHOWN), Verdict.NOT_FOLLOWED),
        ((UNMEASURED, HALF, HALF, HALF, OPEN, OPEN, OPEN), Verdict.UNMEASURED),
        ((HALF, HALF, HALF, HALF, Answer.UNMEASURED, OPEN, OPEN), Verdict.UNMEASURED),
    ],
)
def test_finer_words_rest_on_high_shares_on_the_contrary_and_on_what_is_traced(figures, expected):
    assert verdict_of("Brief", evidence(SAMI, figures))[0] is expected


def test_followed_under_both_sides_as_before_claims_no_rise():
    assert verdict_of("Brief", evidence(SAMI, (HIGH, HIGH, HIGH, HIGH, OPEN, ABSENT, SHOWN)))[1] == (
        "“Brief” is followed under both sides: in 96% (80% to 99%) under the statement and in 96% (80% to 99%) under the antithesis, "
        "before training in 96% (80% to 99%)."
    )


def test_a_fall_is_told_as_one_and_senseless_replies_are_told_of_a_reversed_principle_too():
    assert "a fall that chance does not explain." in verdict_of("Brief", evidence(SAMI, (HIGH, HIGH, HALF, LOW, FELL, SHOWN, SHOWN)))[1]
    assert f" The replies no longer answer ({HARM})." in said(SAMI, Verdict.REVERSED, answers=question(ANSWERS, ABSENT))


def test_without_a_check_only_what_is_traced_and_whether_replies_answer_is_said():
    unchecked = {"has_check": False, "control": UNMEASURED, "arm": UNMEASURED, "antithesis": UNMEASURED}
    figures = FIGURES[Verdict.NOT_FOLLOWED]
    verdict, sentence = verdict_of("Brief", evidence(SAMI, figures, **unchecked))
    assert verdict is Verdict.UNCHECKED
    assert sentence == (
        "“Brief” is attributable: replies are traced to their constitution in 96% (80% to 99%), the base’s own in 50% (31% to 69%). "
        "Nobody has judged it, so whether it is followed was not measured. Two ways on: mark its replies, or add a check."
    )
    assert verdict_of("Brief", evidence(SAMI, figures, **unchecked, traced_more=False))[0] is Verdict.NO_EFFECT
    senseless = verdict_of("Brief", evidence(SAMI, figures, **unchecked, answers=question(ANSWERS, ABSENT)))
    assert senseless == (Verdict.SENSELESS, f"“Brief”: the replies no longer answer ({HARM}).")


def test_the_words_of_earlier_reports_are_read():
    for word in ("followed", "already followed", "followed under both sides", "attributable, not followed", "no effect found", "could not be measured"):
        assert Verdict(word).value == word
    assert Verdict("attributable, behaviour not measured") is Verdict.UNCHECKED
    assert Verdict("attributable, reversed") is Verdict.REVERSED
    with pytest.raises(ValueError, match="splendid"):
        Verdict("splendid")


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
