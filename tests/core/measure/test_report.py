"""The result from replies whose figures are known, and above all: never a success on mutual information alone."""

import dataclasses
import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.constitution.checks import Check
from core.constitution.contrasts import asked_stances
from core.constitution.principles import Constitution, Principle
from core.measure.information import attribution, mi_bound
from core.measure.report import arm_figures, evaluate, report_from_data, report_to_data
from core.measure.statistics import UNMEASURED, mean, paired_change
from core.measure.tracing import bound_figure, column_term, scores_by_policy, traced_to
from core.measure.values import OVER_PROMPT, TEXT, WEIGHTS, Cell, MeasuredReply, Report, Roles, roles
from core.measure.verdicts import Verdict
from core.methods.arms import Artifact, make_arm

CAPITALS = Constitution(name="C", principles=(Principle(title="Capitals", statement="Shout.", antithesis="Do not.", check=Check("capital_letters")),))
ADAPTER = Artifact(kind="adapter", place="somewhere", sha256="ab")
CONTROL, TRAINED, ALONE = make_arm("prompt"), make_arm("sami", artifact=ADAPTER), make_arm("sami-alone", artifact=ADAPTER)
N = 16


def reply(side="statement", text="a b", query="q", tokens=5, logprobs=(-1.0, -2.0), base_logprobs=None):
    return MeasuredReply(
        query=query,
        side=side,
        text=text,
        ended=True,
        tokens=tokens,
        logprobs=tuple(logprobs),
        base_logprobs=tuple(logprobs if base_logprobs is None else base_logprobs),
        kl_policy_base_nats=0.1 if logprobs else None,
    )


def replies(statement, antithesis, margin, n=N, base_margin=None):
    """N queries; each text under its side, attributed to its side by `margin` nats a token, by the base by `base_margin`."""

    def scores(side, margin):
        return (-1.0, -1.0 - margin) if side == "statement" else (-1.0 - margin, -1.0)

    texts = {"statement": statement, "antithesis": antithesis}
    foreign = margin if base_margin is None else base_margin
    return [
        reply(side=side, text=text, query=f"q{i}", logprobs=scores(side, margin), base_logprobs=scores(side, foreign))
        for i in range(n)
        for side, text in texts.items()
    ]


BASE = replies("a plain reply", "a plain reply", 0.0)


def evaluated(constitution, base, aligned):
    return evaluate(constitution, {CONTROL: base, TRAINED: aligned})


def base_of(report: Report):
    return next(figures for figures in report.arms if figures.arm.key == CONTROL.key)


def aligned_of(report: Report):
    return next(figures for figures in report.arms if figures.arm.key == TRAINED.key)


def change_of(principle, name):
    return next(change.figure for change in principle.changes if change.name == name)


def verdict(aligned, base=BASE, constitution=CAPITALS):
    return evaluated(constitution, base, aligned).principles[0]


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


def test_the_bound_of_known_margins_is_right():
    """Own side better by ln 3: its probability is 3/4, so the bound is ln 2 + ln 3/4 = 0.4055 nats."""
    figures = aligned_of(evaluated(CAPITALS, BASE, replies("x y", "z w", math.log(3))))
    assert figures.mi_bound_nats.value == pytest.approx(math.log(2) + math.log(0.75))
    assert figures.attribution.value == 1


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


@given(st.integers(2, 16), st.integers(1, 4), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_the_figures_are_means_of_what_the_losses_module_says_of_each_query(n, n_queries, seed):
    """Bound and attribution of n stances against `mi_bound` and `attribution` of each query's matrix."""
    generator = torch.Generator().manual_seed(seed)
    scores_QCR = 4 * torch.randn(n_queries, n, n, generator=generator, dtype=torch.float64)
    asked = [[reply(logprobs=scores_CR[:, r].tolist()) for r in range(n)] for scores_CR in scores_QCR]
    figures = arm_figures(TRAINED, asked)
    hits = [hit for scores_CR in scores_QCR for hit in attribution(scores_CR)]
    assert figures.mi_bound_nats.value == pytest.approx(sum(mi_bound(scores_CR) for scores_CR in scores_QCR) / n_queries)
    assert figures.attribution.value == pytest.approx(sum(hits) / len(hits))
    assert sum(row[i] for i, row in enumerate(figures.confusion)) == sum(hits)
    assert [sum(row) for row in figures.confusion] == [n_queries] * n
    assert figures.mi_bound_nats.n == n_queries


def test_a_column_term_is_finite_however_far_apart_the_scores_are():
    assert column_term([0.0, -5000.0], 0, (0, 1)) == pytest.approx(math.log(2))
    assert column_term([-5000.0, 0.0], 0, (0, 1)) == pytest.approx(math.log(2) - 5000)


def test_a_tie_is_a_miss_and_goes_to_the_other_stance():
    assert traced_to([-1.0, -1.0, -2.0], 0, (0, 1, 2)) == 1
    assert traced_to([-1.0, -1.0, -2.0], 1, (0, 1, 2)) == 0
    assert traced_to([-1.0, -1.0, -2.0], 0, (0, 2)) == 0


def test_summed_log_probabilities_give_the_bound_of_the_true_likelihoods():
    """Mean token scores -1 and -2 over 5 tokens: gaps 1 and 5 nats, bounds ln 2 - log1p(e^-1) = 0.3799 and ln 2 - log1p(e^-5) = 0.6864."""
    asked = [[reply("statement", logprobs=(-1, -2)), reply("antithesis", logprobs=(-2, -1))]] * 3
    figures = arm_figures(TRAINED, asked)
    assert figures.mi_bound_nats.value == pytest.approx(0.3799, abs=1e-4)
    assert figures.mi_bound_summed_nats.value == pytest.approx(0.6864, abs=1e-4)


def test_the_length_of_a_reply_moves_the_summed_bound_only():
    short, long = (arm_figures(TRAINED, [[reply("statement", tokens=t), reply("antithesis", tokens=t, logprobs=(-2, -1))]] * 2) for t in (2, 60))
    assert short.mi_bound_nats == long.mi_bound_nats
    assert short.mi_bound_summed_nats.value < long.mi_bound_summed_nats.value


def test_a_private_code_is_read_by_the_policy_and_not_by_the_base_and_the_sentence_says_so():
    found = evaluated(CAPITALS, BASE, replies("x y", "z w", 5.0, base_margin=0.0))
    assert (aligned_of(found).attribution.value, aligned_of(found).base_attribution.value) == (1, 0)
    half = [*replies("x y", "z w", 5.0, n=N // 2), *replies("x y", "z w", 5.0, n=N // 2, base_margin=-0.1)]
    coded = [dataclasses.replace(r, query=f"q{i // 2}") for i, r in enumerate(half)]
    found = evaluated(CAPITALS, BASE, coded)
    assert (aligned_of(found).attribution.value, aligned_of(found).base_attribution.value) == (1, 0.5)
    assert found.principles[0].verdict is Verdict.NOT_FOLLOWED
    assert "The base, reading the same replies, traces 50% (28% to 72%), which guessing explains" in found.principles[0].sentence


def test_nothing_is_said_of_a_code_when_the_base_reads_the_replies_too():
    sentence = verdict(replies("x y", "z w", 5.0)).sentence
    assert sentence.endswith("The model tells the two sides apart by something else.")


def test_the_surprise_of_the_base_is_its_own_mean_negative_log_probability():
    found = aligned_of(evaluated(CAPITALS, BASE, replies("x y", "z w", 1.0)))
    assert found.base_surprise_nats.value == pytest.approx(1.0)


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


def test_of_one_principle_the_figures_are_those_of_the_constitution():
    found = evaluated(CAPITALS, BASE, replies("A B", "c d", 1.0))
    principle = found.principles[0]
    assert principle.mi_bound_nats == {"prompt": base_of(found).mi_bound_nats, "sami": aligned_of(found).mi_bound_nats}
    assert principle.attribution == {"prompt": base_of(found).attribution, "sami": aligned_of(found).attribution}
    assert set(principle.compliance["sami"]) == {"statement", "antithesis"}
    assert found.cap_nats == math.log(2)


def test_an_empty_reply_leaves_its_query_out_of_what_it_is_needed_for_only():
    aligned = several(FOLLOWING)
    aligned[2] = reply(side="flip 1", text="", query="q0", logprobs=())
    found = evaluated(THREE, PLAIN, aligned)
    assert aligned_of(found).mi_bound_nats.n == N - 1
    assert [row.attribution["sami"].n for row in found.principles] == [N - 1, N, N]
    assert change_of(found.principles[0], TEXT).n == N


def test_replies_under_other_stances_than_the_constitution_has_are_refused():
    with pytest.raises(ValueError, match="flip 3"):
        evaluated(THREE, BASE, BASE)


def test_the_interval_of_the_bound_resamples_queries_not_replies():
    """24 queries whose two replies fare alike: as 48 independent replies they would get an interval that misses the truth far too often."""
    generator, held, held_by_reply = torch.Generator().manual_seed(0), 0, 0
    truth = math.log(2) - float(torch.nn.functional.softplus(torch.randn(200_000, generator=generator)).mean())
    for row in torch.randn(300, 24, generator=generator).tolist():
        asked = [[reply("statement", logprobs=(0.0, -m)), reply("antithesis", logprobs=(-m, 0.0))] for m in row]
        figure = bound_figure(asked, scores_by_policy, (0, 1))
        by_reply = mean([column_term(r.logprobs, own, (0, 1)) for query in asked for own, r in enumerate(query)])
        held += figure.low <= truth <= figure.high
        held_by_reply += by_reply.low <= truth <= by_reply.high
        assert (figure.n, by_reply.n) == (24, 48)
        assert figure.value == pytest.approx(by_reply.value)
    assert held >= 0.9 * 300
    assert held_by_reply <= 0.87 * 300


def test_a_distance_that_was_not_measured_is_no_distance_of_zero():
    asked = [[reply("statement"), reply("antithesis", logprobs=(-2, -1))]] * 3
    unmeasured = [[dataclasses.replace(row, kl_policy_base_nats=None) for row in query] for query in asked]
    assert arm_figures(TRAINED, [*asked, *unmeasured]).kl_policy_base_nats == arm_figures(TRAINED, asked).kl_policy_base_nats
    assert arm_figures(TRAINED, unmeasured).kl_policy_base_nats == UNMEASURED
