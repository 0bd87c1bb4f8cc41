"""Evidence of an amendment as people and models judge it: one ruler for both runs, under the judge's own name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.present.amended import evidence_html, evidence_lines
from app.services import constitutions
from app.services.amendment_views import open_amendment
from app.services.amendments import propose_draft
from app.services.cards import Marking, MarkWish, Source
from app.services.deleting import delete_run
from app.services.evidence import EvidenceView, ask_evidence
from app.services.judge_endpoint import JudgeEndpoint
from app.services.mark_files import import_marks, marks_file
from app.services.marking import Said, make_mark, marked_run, marking, open_book, take_back
from app.services.model_judging import ask, plan_asking
from app.services.plans import TrainForm
from app.services.replies import NothingToTakeError
from app.services.studio import RefusedError, Studio
from core.errors import ConfigError, FileError
from core.measure.amended import PrincipleEffect
from core.measure.questions import Answer
from db.runs import get_run
from tests.app.judging import JudgeServer, judge_server
from tests.app.marking import CONTROL, STATEMENT, TEXTS, TRAINED, finished_run, follows, mark_all, write_end
from tests.app.planting import make_control, make_studio, starter_set_id

ROW: dict[str, Any] = {"id": "c" * 32, "title": "Only", "statement": STATEMENT, "antithesis": "The other way."}
CLEARER = {**ROW, "statement": f"{STATEMENT} Always."}
UNSURE = {(CONTROL.key, "statement"): "A vase", (TRAINED.key, "statement"): "It is a vase", (TRAINED.key, "antithesis"): "Surely a vase"}
MOVED = {"id": "d" * 32, "title": "Added", "statement": "Be kind.", "antithesis": "Be rude."}


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with judge_server() as running:
        yield running


def amended(studio: Studio, rows: list[dict[str, Any]], before: list[dict[str, Any]] | None = None) -> tuple[int, EvidenceView]:
    """An amendment to a constitution, with its two runs finished: the old wording guesses never, the new one always."""
    made = constitutions.create_constitution(studio, "Museum")
    for who, text, version in (("Ann", before or [ROW], True), ("Ben", rows, False)):
        draft = constitutions.open_draft(studio, made, who)
        saved = constitutions.save_draft(studio, made, who, draft.revision, text)
        if version:
            constitutions.save_version(studio, made, who, "Saved.", (saved.revision, None))
    amendment = propose_draft(studio, made, "Ben", "Not clear.", "a-click-1")
    form = TrainForm(version_id=0, query_set_id=starter_set_id(studio), model=studio.settings.model)
    ask_evidence(studio, amendment, "Ann", form, (1, "a-click-2"))
    pair = open_amendment(studio, amendment).evidence[0]
    for run, texts in ((pair.old_run, UNSURE), (pair.new_run, TEXTS)):
        with studio.sessions.read() as session:
            version_id = get_run(session, run).version_id
        write_end(studio, run, version_id, 12, texts)
    return amendment, pair


def both(pair: EvidenceView) -> Source:
    return Source("run", pair.new_run, pair.old_run)


def mark_together(studio: Studio, pair: EvidenceView, who: str = "Ada", most: int = 1000) -> Marking:
    wish = MarkWish(principle=1)
    at = marking(studio, who, both(pair), wish)
    for _ in range(most):
        if at.card is None:
            break
        answer = "follows" if follows(at.card.reply) else "does not"
        at = make_mark(studio, who, both(pair), wish, Said(card=at.card.card, answer=answer, request_key=f"together-{who}-{at.done}-{most}"))
    return at


def effect(studio: Studio, amendment: int) -> PrincipleEffect:
    found = open_amendment(studio, amendment).evidence[0].found
    assert found is not None
    return found.principles[0]


def told(studio: Studio, amendment: int) -> str:
    return "\n".join(evidence_lines(open_amendment(studio, amendment).evidence[0]))


def test_nobody_can_judge_it_until_somebody_marks_both_and_the_ways_on_are_said(studio: Studio) -> None:
    amendment, pair = amended(studio, [CLEARER])
    lines = told(studio, amendment)
    assert "cannot be judged yet: no program judges it" in lines
    assert f"python -m app mark --run {pair.new_run} --beside {pair.old_run} --principle 1; or give it a check" in lines
    html = evidence_html(open_amendment(studio, amendment).evidence[0], 1, 7)
    assert f'href="./mark?run={pair.new_run}&amp;beside={pair.old_run}&amp;principle=1"' in html and 'href="./write?constitution=7"' in html
    assert f'href="./mark?run={pair.old_run}&amp;principle=1"' not in html  # there it would be marked by the old wording


def test_the_replies_of_both_are_marked_mixed_by_the_new_wording_and_the_verdict_has_the_markers_name(studio: Studio) -> None:
    amendment, pair = amended(studio, [CLEARER])
    begun = marking(studio, "Ada", both(pair), MarkWish())
    assert (begun.statement, begun.total, begun.amendment, begun.beside) == (CLEARER["statement"], 24, amendment, pair.old_run)
    assert mark_together(studio, pair, most=23).card is not None and effect(studio, amendment).judge is None  # a deal counts whole
    done = mark_together(studio, pair, who="Ada")
    assert done.card is None and done.says == ("They count in the evidence for the amendment, which says what they come to.",)
    found = effect(studio, amendment)
    assert (found.judge, found.old.value, found.new.value, found.change.n, found.question.answer) == ("marks by Ada", 0.0, 1.0, 12, Answer.SHOWN)
    assert "as marked by Ada; both are judged by the new wording" in told(studio, amendment) and "24 replies marked." in told(studio, amendment)
    last = marking(studio, "Ada", both(pair), MarkWish()).last
    assert last is not None
    take_back(studio, "Ada", both(pair), MarkWish(principle=1), last)
    assert effect(studio, amendment).judge is None


def test_where_the_wording_stayed_what_was_marked_of_each_run_counts(studio: Studio) -> None:
    amendment, pair = amended(studio, [ROW, MOVED])
    html = evidence_html(open_amendment(studio, amendment).evidence[0], 1, 7)
    assert all(f'href="./mark?run={run}&amp;principle=1">run {run}</a>' in html for run in (pair.old_run, pair.new_run))
    mark_all(studio, pair.old_run, deals=9)
    assert "of no query both replies are judged, as marked by Ada" in told(studio, amendment)
    mark_all(studio, pair.new_run, deals=9)
    found = effect(studio, amendment)
    assert (found.became, found.judge, found.change.value, found.change.n) == ("same", "marks by Ada", 1.0, 12)


def test_marks_of_both_change_nothing_of_either_run_and_travel_in_a_file_of_their_own(studio: Studio) -> None:
    amendment, pair = amended(studio, [CLEARER])
    mark_together(studio, pair)
    for run in (pair.old_run, pair.new_run):
        counted = marked_run(studio, run)
        assert counted.problem == "" and counted.result is not None and counted.result.report.principles[0].judge is None
    own, together = marks_file(studio, Source("run", pair.new_run), "jsonl"), marks_file(studio, both(pair), "jsonl")
    here = {card.shown for deal in open_book(studio, Source("run", pair.new_run)).deals(1) for card in deal}
    assert together.filename == f"run-{pair.new_run}-beside-run-{pair.old_run}-marks.jsonl" and together.text.count("\n") == 24
    assert own.text.count("\n") == sum(card.shown in here for deal in open_book(studio, both(pair)).deals(1) for card in deal)
    assert f"of run {pair.old_run}" in together.text
    again = import_marks(studio, both(pair), together.text.encode(), "marks.jsonl")
    assert (again.added, again.there) == (0, 24)
    with pytest.raises(FileError, match="no reply of this run"):
        import_marks(studio, Source("run", pair.old_run), together.text.encode(), "marks.jsonl")
    assert amendment == 1


def test_runs_that_are_no_pair_and_a_pair_of_which_one_is_gone_are_refused_in_words(studio: Studio) -> None:
    _, pair = amended(studio, [CLEARER])
    other = finished_run(studio, name="Other")
    with pytest.raises(RefusedError, match=f"Runs {other} and {pair.old_run} are not the two runs of one amendment"):
        marking(studio, "Ada", Source("run", other, pair.old_run), MarkWish())
    with pytest.raises(RefusedError, match="not the two runs of one amendment"):
        marking(studio, "Ada", Source("run", pair.old_run, pair.old_run), MarkWish())
    with pytest.raises(NothingToTakeError, match="not the two runs of one amendment"):
        marks_file(studio, Source("run", other, pair.old_run), "csv")
    with pytest.raises(ConfigError, match="There is no principle 5"):
        marking(studio, "Ada", both(pair), MarkWish(principle=5))
    delete_run(studio.sessions, studio.store, pair.old_run)
    with pytest.raises(RefusedError, match=f"no run {pair.old_run}"):
        marking(studio, "Ada", both(pair), MarkWish())


def asked(studio: Studio, server: JudgeServer, run: int, beside: int | None = None) -> None:
    judge = JudgeEndpoint(address=server.address, model="m", backoff_s=0.01)
    ask(studio, plan_asking(studio, run, judge, beside=beside), judge, "Ada", lambda _: None, lambda: False)


def test_a_model_judges_the_cards_of_both_where_people_agree_with_it_on_others_and_else_is_shown(studio: Studio, server: JudgeServer) -> None:
    amendment, pair = amended(studio, [ROW], before=[ROW, MOVED])
    asked(studio, server, pair.new_run, pair.old_run)
    assert "shown and not used" in told(studio, amendment) and effect(studio, amendment).judge is None
    marked = finished_run(studio, name="Elsewhere", texts={cell: f"Well. {text}" for cell, text in TEXTS.items()})
    mark_all(studio, marked)
    asked(studio, server, marked)
    found = effect(studio, amendment)
    assert found.judge is not None and found.judge.startswith("m at 127.0.0.1:") and found.judge.endswith("with people on 24 cards")
    assert (found.change.value, found.change.n, found.models[0].not_used) == (1.0, 12, "") and "as judged by m at 127.0.0.1" in told(studio, amendment)
    mark_together(studio, pair)
    assert effect(studio, amendment).judge == "marks by Ada"  # people come first, as for a run


def test_runs_that_turn_out_to_be_controls_are_not_compared(studio: Studio) -> None:
    amendment, pair = amended(studio, [CLEARER])
    make_control(studio, pair.new_run, "swapped")
    view = open_amendment(studio, amendment)
    assert view.evidence[0].found is None and not view.complete
    assert view.evidence[0].says == f"The two runs cannot be compared: run {pair.new_run} is a control: swapped sides, and no run of a wording."
