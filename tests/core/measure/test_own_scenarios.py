"""What a principle's own scenarios show stands beside the verdict, and moves neither it nor any other figure."""

import hashlib
import json
from dataclasses import replace

from app.present.report_csv import report_csv
from app.present.result import result_html
from app.present.standings import answer_html
from app.present.table import report_lines
from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.constitution.scenarios import Scenario
from core.measure.cards import dealt, identity, shown_hash
from core.measure.marked import Heard, count_marks
from core.measure.marks import Mark
from core.measure.report import evaluate
from core.measure.report_data import report_from_data, report_to_data
from core.measure.rows import rows, rows_to_data
from core.measure.series import pool, series_rows_to_data
from core.measure.statistics import share
from core.measure.values import Answered, OwnScenarios
from core.methods.arms import make_arm
from tests.app.results import result
from tests.core.measure.replies import ALONE, BASE, CAPITALS, CONTROL, TRAINED, replies, reply
from tests.core.measure.test_report import alone

ASKED = tuple(Scenario(query=f"Own {i}?") for i in range(6))
LOUD = replace(CAPITALS.principles[0], scenarios=(*ASKED, Scenario(query="For training?", use="train")))
ONE = replace(CAPITALS, principles=(LOUD,))
ARMS = {CONTROL: BASE, TRAINED: replies("A PLAIN REPLY", "a plain reply", 5.0), ALONE: alone(["a plain reply"] * 16)}


def answers(arm, loud, turned=0, scenarios=ASKED, flip="antithesis"):
    """Replies of an arm to scenarios: so many follow under the statements, and with the principle turned."""
    found = []
    for i, scenario in enumerate(scenarios):
        sides = (("statement", loud), (flip, turned)) if arm.in_prompt else (("none", loud),)
        found += [reply(side=side, query=scenario.query.upper(), text="LOUD" if i < n else "quiet", logprobs=()) for side, n in sides]
    return found


OWN = {CONTROL: answers(CONTROL, 2), TRAINED: answers(TRAINED, 5, 1), ALONE: answers(ALONE, 3)}


def test_each_arm_has_its_share_on_the_scenarios_with_wilsons_interval() -> None:
    found = evaluate(ONE, ARMS, own=OWN).principles[0].scenarios
    assert found is not None and (found.written, found.n_queries) == (6, 6)
    shares = {2: share([True] * 2 + [False] * 4), 5: share([True] * 5 + [False]), 1: share([True] + [False] * 5), 0: share([False] * 6)}
    assert found.compliance == {
        CONTROL.key: {"statement": shares[2], "antithesis": shares[0]},
        TRAINED.key: {"statement": shares[5], "antithesis": shares[1]},
        ALONE.key: {"none": share([True] * 3 + [False] * 3)},
    }
    assert found.sentence == (
        "On its own 6 scenarios: 2 of 6 before training (10% to 70%), 5 of 6 after (44% to 97%). "
        "About 90 more scenarios would show a difference of 20 points. The verdict does not rest on them."
    )


def test_no_other_figure_and_no_verdict_rests_on_them() -> None:
    with_own, without = evaluate(ONE, ARMS, own=OWN), evaluate(ONE, ARMS)
    assert replace(with_own, principles=tuple(replace(each, scenarios=None) for each in with_own.principles)) == without
    assert without.principles[0].scenarios is None


def test_of_several_principles_each_has_its_own_scenarios_and_its_own_flip() -> None:
    calm = Principle(title="Calm", statement="Be calm.", antithesis="Fret.", check=Check("max_words", 1), scenarios=(Scenario(query="Shared?"),))
    both = Constitution(name="C", principles=(replace(LOUD, scenarios=(Scenario(query="Only loud?"), Scenario(query="shared"))), calm))
    own = {
        CONTROL: [
            reply(side="statement", query="Only loud?", text="LOUD", logprobs=()),
            reply(side="flip 1", query="Only loud?", text="quiet", logprobs=()),
            reply(side="statement", query="Shared?", text="quiet", logprobs=()),
            reply(side="flip 1", query="Shared?", text="LOUD", logprobs=()),
            reply(side="flip 2", query="Shared?", text="two words", logprobs=()),
        ]
    }
    asked = [reply(side=side, query=f"q{i}", logprobs=(-1.0,) * 4) for i in range(2) for side in ("statement", "antithesis", "flip 1", "flip 2")]
    loud, quiet = evaluate(both, {CONTROL: asked}, own=own).principles
    assert loud.scenarios.compliance[CONTROL.key] == {"statement": share([True, False]), "flip": share([False, True])}
    assert quiet.scenarios.compliance[CONTROL.key] == {"statement": share([True]), "flip": share([False])}
    assert quiet.scenarios.sentence == ""  # nothing is held against it


def test_a_cut_and_an_arm_that_is_not_trained_are_said_as_they_are() -> None:
    context = make_arm("context")
    own = {CONTROL: answers(CONTROL, 1, scenarios=ASKED[:1]), context: answers(context, 1, scenarios=ASKED[:1])}
    found = evaluate(ONE, {CONTROL: BASE, context: ARMS[TRAINED]}, own=own).principles[0].scenarios
    assert found.sentence.startswith("On 1 of its own 6 scenarios: 1 of 1 with the prompt alone (21% to 100%), 1 of 1 by ")


def test_what_nobody_can_judge_is_said_and_has_no_line() -> None:
    unchecked = replace(ONE, principles=(replace(LOUD, check=None),))
    report = evaluate(unchecked, ARMS, own=OWN)
    assert report.principles[0].scenarios.sentence == "Nobody has judged the replies to its own 6 scenarios."
    assert not any("scenarios" in row.label for row in rows(report))


def test_an_empty_reply_is_a_miss() -> None:
    silent = {**OWN, TRAINED: [replace(each, text="") for each in OWN[TRAINED]]}
    assert evaluate(ONE, ARMS, own=silent).principles[0].scenarios.compliance[TRAINED.key]["statement"] == share([False] * 6)


def test_a_result_with_scenarios_is_plain_json_and_one_without_is_as_before() -> None:
    report = evaluate(ONE, ARMS, own=OWN)
    assert report_from_data(json.loads(json.dumps(report_to_data(report)))) == report
    assert "scenarios" not in report_to_data(evaluate(ONE, ARMS))["principles"][0]


def test_the_lines_name_scenarios_and_their_split() -> None:
    report = evaluate(ONE, ARMS, own=OWN)
    lines = {row["measure"]: row["split"] for row in rows_to_data(report) if "Capitals (capital_letters)" in row["measure"]}
    assert lines == {
        "Capitals (capital_letters), under the statement": "held-out",
        "Capitals (capital_letters), under the antithesis": "held-out",
        "Capitals (capital_letters), on its own scenarios, under the statement": "scenarios",
        "Capitals (capital_letters), on its own scenarios, under the antithesis": "scenarios",
        "Capitals (capital_letters), on its own scenarios, without the constitution": "scenarios",
        "Capitals (capital_letters), each arm with its own prompt": "held-out",
        "Capitals (capital_letters), follows the statement and not the antithesis when the two are swapped": "held-out",
    }
    assert "on its own scenarios, under the statement,sami,0.8333333333333334" in report_csv(report).replace('"', "")
    series = series_rows_to_data(pool({0: report, 1: report}))
    assert {row.get("split") for row in series if "own scenarios" in row["measure"]} == {"scenarios"}
    assert not any("split" in row for row in series if "own scenarios" not in row["measure"])


def test_the_sentence_of_several_seeds_names_scenarios_where_they_were_measured() -> None:
    few, many = (evaluate(ONE, ARMS, own={**OWN, TRAINED: answers(TRAINED, hits)}) for hits in (3, 6))
    sentence = pool({0: few, 1: many}).principles[0].sentence
    assert " On its own 6 scenarios, which no verdict rests on, they comply in 75% on average (" in sentence
    assert sentence.endswith("with the seeds from 50% to 100%; before training in 33% on average (17% to 59%), with every seed alike.")
    assert "scenario" not in pool({0: evaluate(ONE, ARMS), 1: evaluate(ONE, ARMS)}).principles[0].sentence
    assert "with the 1 of 2 seeds that were judged" in pool({0: evaluate(ONE, ARMS), 1: many}).principles[0].sentence
    nobody = replace(ONE, principles=(replace(LOUD, check=None),))
    assert "scenario" not in pool({0: evaluate(nobody, ARMS, own=OWN), 1: evaluate(nobody, ARMS, own=OWN)}).principles[0].sentence


def test_page_and_terminal_say_the_sentence_below_the_verdict() -> None:
    report = evaluate(ONE, ARMS, own=OWN)
    sentence = report.principles[0].scenarios.sentence
    assert sentence in report_lines(report)
    assert sentence in answer_html(report)
    page = result_html(replace(result(), report=report))
    assert sentence in page and "Held-out queries, or where it says so a principle’s own scenarios; 95%" in page


def test_people_judge_the_scenarios_whose_cards_they_marked_and_no_others() -> None:
    """Each reply to a scenario is a card that shows what was expected of it; the first deal is of held-out queries."""
    kind = replace(LOUD, check=None, scenarios=tuple(replace(each, follows="It shouts.") for each in ASKED))
    one, answered = replace(CAPITALS, principles=(kind,)), Answered(replies=ARMS, own=OWN)
    report = evaluate(one, ARMS, own=OWN)
    deals = dealt(one, 0, answered, "run")
    assert [len({card.query for card in deal if card.query.startswith("OWN")}) for deal in deals] == [0, 6, 0]

    def marked(n: int) -> OwnScenarios:
        cards = [card for deal in deals[:n] for card in deal]
        marks = [Mark(principle=identity(kind), query=card.query, shown=card.shown, who="Ada", follows=card.text.isupper()) for card in cards]
        return count_marks(report, one, answered, Heard(marks=tuple(marks)), "run").report.principles[0].scenarios

    assert marked(1).sentence == "Nobody has judged the replies to its own 6 scenarios."
    found, by_program = marked(2), evaluate(ONE, ARMS, own=OWN).principles[0].scenarios
    assert found.compliance[TRAINED.key] == by_program.compliance[TRAINED.key]
    assert found.compliance[ALONE.key]["none"].n == 0  # people were not asked about those
    assert found.sentence == by_program.sentence


def test_a_card_is_known_by_what_was_expected_too_where_that_is_said_and_marks_of_before_stay_valid() -> None:
    plain, said = LOUD, replace(LOUD, scenarios=(Scenario(query="Why?", follows="It shouts."), Scenario(query="For training?", follows="x", use="train")))
    before = hashlib.sha256(b'["Shout.", "Do not.", "Own 1?", "LOUD"]').hexdigest()  # as it was before there were scenarios
    assert {shown_hash(each, "Own 1?", "LOUD") for each in (CAPITALS.principles[0], plain, said)} == {before}
    assert shown_hash(said, "For training?", "LOUD") == shown_hash(plain, "For training?", "LOUD")
    assert shown_hash(said, "WHY", "LOUD") != shown_hash(plain, "WHY", "LOUD")
    other = replace(said, scenarios=(Scenario(query="Why?", follows="It roars."),))
    assert shown_hash(said, "WHY", "LOUD") != shown_hash(other, "WHY", "LOUD")
