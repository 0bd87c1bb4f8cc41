"""Amendments: proposed, discussed, approved by a second person, adopted; and what is refused, in words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.present.amended import evidence_lines
from app.present.preview import pair_html, pair_lines
from app.services import accounts, constitutions
from app.services.amendment_views import AmendmentView, list_amendments, open_amendment
from app.services.amendments import BehindError, ClashError, Decided, approve, bring_up_to_date, comment, decide, propose, propose_draft
from app.services.deleting import delete_run
from app.services.evidence import ask_evidence, preview_evidence
from app.services.plans import TrainForm
from app.services.roles import NAMES_ONLY, closed_to, give_role, roles, trust_note
from app.services.runs import stop
from app.services.studio import RefusedError, Studio
from core.constitution.files import parse_yaml
from core.errors import ConfigError, ConstitutionError
from core.measure.questions import Answer
from db.amendments import evidence_of
from db.audit import list_entries
from db.runs import get_run
from tests.app.marking import write_end
from tests.app.planting import make_studio, measure, starter_set_id
from tests.app.results import TRAINED
from tests.app.services.test_plans import ELECTIONS

ONE = {"id": "1" * 32, "title": "Be brief", "statement": "Answer in one sentence.", "antithesis": "Answer at length.", "check": {"max_words": 4}}
TWO = {"id": "2" * 32, "title": "Be kind", "statement": "Be kind.", "antithesis": "Be rude."}
SHORTER = {**ONE, "statement": "Answer in one short sentence."}
WAIVED = Decided(decision="adopted", message="It reads better.", waiver="Only the wording is shorter.")


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def save(studio: Studio, constitution: int, rows: list[dict[str, Any]], who: str = "Ann", version: bool = True) -> None:
    draft = constitutions.open_draft(studio, constitution, who)
    saved = constitutions.save_draft(studio, constitution, who, draft.revision, rows)
    if version:
        constitutions.save_version(studio, constitution, who, "Saved.", (saved.revision, saved.head.number if saved.head else None))


@pytest.fixture
def made(studio: Studio) -> int:
    made = constitutions.create_constitution(studio, "House rules")
    save(studio, made, [ONE, TWO])
    return made


@pytest.fixture
def proposed(studio: Studio, made: int) -> int:
    save(studio, made, [SHORTER, TWO], "Ben", version=False)
    return propose_draft(studio, made, "Ben", "Sentences grow long.", "a-click-1")


def seen(studio: Studio, amendment: int) -> AmendmentView:
    return open_amendment(studio, amendment)


def test_an_amendment_goes_from_a_draft_to_a_version_by_its_proposer(studio: Studio, made: int, proposed: int) -> None:
    comment(studio, proposed, "Zoë", ("1" * 32, "How short?"), "a-click-2")
    comment(studio, proposed, "Zoë", ("1" * 32, "How short?"), "a-click-2")  # the same click
    approve(studio, proposed, "Zoë", 1, "Good.")
    assert seen(studio, proposed).line.status == "approved"
    assert decide(studio, proposed, "Ann", 1, WAIVED) == 2
    view = seen(studio, proposed)
    assert (view.line.status, view.line.version_number, view.waiver) == ("adopted", 2, "Only the wording is shorter.")
    assert [(said.who.name, said.text, said.clause) for said in view.comments] == [("Zoë", "How short?", "Answer in one short sentence.")]
    version = constitutions.open_version(studio, made, 2)
    assert (version.summary.author, version.summary.message) == ("Ben", f"Amendment {proposed}: Sentences grow long.")
    assert version.constitution.principles[0].statement == "Answer in one short sentence."  # type: ignore[union-attr]
    with studio.sessions.read() as session:
        told = [row.what for row in list_entries(session) if row.what.startswith("amendment")]
    assert told == ["amendment.proposed", *["amendment.commented"] * 2, "amendment.approved", "amendment.adopted"]


def test_the_same_click_proposes_once_and_a_text_that_changes_nothing_is_refused(studio: Studio, made: int, proposed: int) -> None:
    assert propose_draft(studio, made, "Ben", "Sentences grow long.", "a-click-1") == proposed
    with pytest.raises(RefusedError, match="nothing to propose"):
        propose_draft(studio, made, "Ann", "Nothing.", "a-click-3")
    with pytest.raises(ConstitutionError, match="needs a reason"):
        propose_draft(studio, made, "Ben", " ", "a-click-4")


def test_a_file_takes_the_identities_of_the_principles_that_it_has(studio: Studio, made: int) -> None:
    text = "name: Else\nprinciples:\n  - {title: Be clear, statement: Use plain words., antithesis: Be vague.}\n"
    text += "  - {title: be BRIEF, statement: Answer in a word., antithesis: Answer at length.}\n"
    made_of_file = propose(studio, "Ben", parse_yaml(text), "Clearer.", (made, "a-click-5"))
    view = seen(studio, made_of_file)
    assert view.text.principles[1].id == "1" * 32 and view.text.name == "House rules"
    assert [each.removed for each in view.change.principles] == [False, False, True]


@pytest.mark.parametrize("name", ["Ben", "ben", "ＢＥＮ"])
def test_nobody_approves_their_own_under_whatever_writing_of_the_name(studio: Studio, proposed: int, name: str) -> None:
    with pytest.raises(RefusedError, match="A second person has to approve it"):
        approve(studio, proposed, name, 1, "")


def test_whoever_gave_no_name_is_asked_for_one(studio: Studio, proposed: int) -> None:
    with pytest.raises(RefusedError, match="needs names"):
        approve(studio, proposed, "you", 1, "")
    assert trust_note(studio) == NAMES_ONLY


def test_adopting_needs_an_approval_and_evidence_or_a_waiver(studio: Studio, proposed: int) -> None:
    with pytest.raises(RefusedError, match="Nobody but Ben has approved"):
        decide(studio, proposed, "Ann", 1, WAIVED)
    approve(studio, proposed, "Ann", 1, "")
    with pytest.raises(RefusedError, match="no finished evidence"):
        decide(studio, proposed, "Ann", 1, Decided(decision="adopted", message="Good."))
    with pytest.raises(ConstitutionError, match="A decision needs a message"):
        decide(studio, proposed, "Ann", 1, Decided(decision="adopted", message=""))
    assert seen(studio, proposed).line.status == "approved"


def test_one_that_is_behind_is_told_so_and_brought_up_to_date_without_loss(studio: Studio, made: int, proposed: int) -> None:
    approve(studio, proposed, "Zoë", 1, "")
    save(studio, made, [ONE, {**TWO, "statement": "Always be kind."}])
    with pytest.raises(BehindError, match=r"changes version 1, and Ann saved version 2 meanwhile\. Bring the amendment up to date"):
        decide(studio, proposed, "Ann", 1, WAIVED)
    bring_up_to_date(studio, proposed, "Ben", 1)
    view = seen(studio, proposed)
    assert (view.revision, view.behind, view.line.status) == (2, "", "proposed")  # what was approved was another wording
    assert [p.statement for p in view.text.principles] == ["Answer in one short sentence.", "Always be kind."]
    assert [said.revision for said in view.approvals] == [1]
    with pytest.raises(RefusedError, match="another wording since"):
        approve(studio, proposed, "Zoë", 1, "")


def test_where_both_changed_the_same_somebody_says_which_stays(studio: Studio, made: int, proposed: int) -> None:
    save(studio, made, [{**ONE, "statement": "Answer in a word."}, TWO])
    with pytest.raises(ClashError, match="version 2 changed the statement of “Be brief”"):
        bring_up_to_date(studio, proposed, "Ben", 1)
    with pytest.raises(RefusedError, match="says already what would be left"):
        bring_up_to_date(studio, proposed, "Ben", 1, "theirs")
    bring_up_to_date(studio, proposed, "Ben", 1, "mine")
    assert seen(studio, proposed).text.principles[0].statement == "Answer in one short sentence."


def test_what_is_decided_stays_decided_and_only_the_proposer_withdraws(studio: Studio, made: int, proposed: int) -> None:
    with pytest.raises(RefusedError, match="Only Ben"):
        decide(studio, proposed, "Ann", 1, Decided(decision="withdrawn", message="No."))
    decide(studio, proposed, "Ben", 1, Decided(decision="withdrawn", message="I was wrong."))
    with pytest.raises(RefusedError, match="was withdrawn by Ben"):
        approve(studio, proposed, "Ann", 1, "")
    assert [line.status for line in list_amendments(studio, made)] == ["withdrawn"]


def test_roles_say_who_may_do_what_and_a_version_is_then_an_owners(studio: Studio, made: int, proposed: int) -> None:
    with pytest.raises(RefusedError, match="There would be no owner"):
        give_role(studio, made, "Ann", "Zoë", "reviewer")
    for name, role in (("Ann", "owner"), ("Zoë", "reviewer"), ("Ben", "writer")):
        give_role(studio, made, "Ann", name, role)
    with pytest.raises(RefusedError, match=r"Ben is writer of “House rules”\. This is for its owner: Ann \(owner\)"):
        save(studio, made, [SHORTER, TWO], "Ben")
    with pytest.raises(RefusedError, match="Cleo is neither writer, reviewer nor owner"):
        approve(studio, proposed, "Cleo", 1, "")
    approve(studio, proposed, "Zoë", 1, "")
    with pytest.raises(RefusedError, match="for its owner"):
        decide(studio, proposed, "Zoë", 1, WAIVED)
    assert decide(studio, proposed, "Ann", 1, WAIVED) == 2


@pytest.mark.parametrize("act", ["rename", "archive", "put back"])
def test_where_there_are_roles_only_owners_rename_and_archive_and_the_list_says_so(studio: Studio, made: int, act: str) -> None:
    def do(who: str) -> None:
        if act == "rename":
            constitutions.rename(studio, made, who, "Rules")
        else:
            constitutions.archive(studio, made, who, archived=act == "archive")

    do("Cleo")  # there are no roles
    for name, role in (("Ann", "owner"), ("Zoë", "reviewer"), ("Ben", "writer")):
        give_role(studio, made, "Ann", name, role)
    before = {away: constitutions.list_constitutions(studio, archived=away) for away in (False, True)}
    others = {"Zoë": "Zoë is reviewer", "Ben": "Ben is writer", "Cleo": "Cleo is neither writer", "you": "Whoever gave no name is neither writer"}
    for who, is_what in others.items():
        with pytest.raises(RefusedError, match=rf"{is_what}.* This is for its owner: Ann \(owner\)\."):
            do(who)
        cards = [card for away in (False, True) for card in constitutions.list_constitutions(studio, archived=away, editor=who)]
        assert [card.closed.startswith(is_what) for card in cards if card.id == made] == [True] and not any(card.closed for card in cards if card.id != made)
    assert {away: constitutions.list_constitutions(studio, archived=away) for away in (False, True)} == before
    do("ann")  # the same name
    assert closed_to(studio, made, "Ann") == "" and "Ben is writer" in closed_to(studio, made, "Ben")


def test_somebody_whose_account_was_removed_is_told_as_left_and_what_they_said_stays(studio: Studio, made: int, proposed: int) -> None:
    for name in ("Ann", "Ben", "Zoë"):
        accounts.add(studio.sessions, name, "a long password")
    give_role(studio, made, "Ann", "Ann", "owner")
    give_role(studio, made, "Ann", "Zoë", "reviewer")
    approve(studio, proposed, "Zoë", 1, "Good.")
    accounts.remove(studio.sessions, "Zoë")
    view = seen(studio, proposed)
    assert [str(said.who) for said in view.approvals] == ["Zoë (left)"]
    assert [(holder.name, holder.left) for holder in roles(studio, made)] == [("Ann", False), ("Zoë", True)]
    assert decide(studio, proposed, "Ann", 1, WAIVED) == 2


def test_evidence_is_two_runs_that_differ_in_the_wording_alone(studio: Studio, made: int, proposed: int) -> None:
    form = TrainForm(version_id=0, query_set_id=starter_set_id(studio), model=studio.settings.model)
    for _ in range(2):  # a double click
        ask_evidence(studio, proposed, "Ann", form, (1, "a-click-7"))
    view = seen(studio, proposed)
    assert len(view.evidence) == 1 and "The old wording is queued, the new one queued" in view.evidence[0].says
    pair = view.evidence[0]
    with studio.sessions.read() as session:
        old, new = (get_run(session, each) for each in (pair.old_run, pair.new_run))
        assert (old.config, old.query_set_id, old.model) == (new.config, new.query_set_id, new.model) and old.version_id != new.version_id
    assert [card.name for card in constitutions.list_constitutions(studio, archived=True)] == [f"House rules, amendment {proposed}"]
    approve(studio, proposed, "Ann", 1, "")
    with pytest.raises(RefusedError, match="no finished evidence"):
        decide(studio, proposed, "Ann", 1, Decided(decision="adopted", message="Shown."))
    with studio.sessions.read() as session:
        versions = [get_run(session, each).version_id for each in (pair.old_run, pair.new_run)]
    for run, version, said in ((pair.old_run, versions[0], "A long answer of many words"), (pair.new_run, versions[1], "Short")):
        write_end(studio, run, version, 24, {(TRAINED.key, "statement"): said})
    view = seen(studio, proposed)
    found = view.evidence[0].found
    assert view.complete and found is not None and found.n_queries == 24
    brief, kind = found.principles
    assert (brief.old.value, brief.new.value, brief.change.value, brief.change.n, brief.question.answer) == (0.0, 1.0, 1.0, 24, Answer.SHOWN)
    assert kind.change.value is None and kind.judge is None
    assert found.words.value == -5.0 and "a rise is shown" in "\n".join(evidence_lines(view.evidence[0]))
    assert decide(studio, proposed, "Ann", 1, Decided(decision="adopted", message="Shown.")) == 2


def test_a_control_is_no_evidence_of_a_wording(studio: Studio, proposed: int) -> None:
    form = TrainForm(version_id=0, query_set_id=starter_set_id(studio), model=studio.settings.model, changes=("variant=emptied",))
    for ask in (lambda: preview_evidence(studio, proposed, form), lambda: ask_evidence(studio, proposed, "Ann", form, (1, "a-click-7"))):
        with pytest.raises(ConfigError, match="variant is emptied, a control: emptied text: evidence is of both wordings as they stand"):
            ask()
    assert not seen(studio, proposed).evidence


def test_evidence_of_a_run_that_was_deleted_says_so(studio: Studio, proposed: int) -> None:
    form = TrainForm(version_id=0, query_set_id=starter_set_id(studio), model=studio.settings.model)
    ask_evidence(studio, proposed, "Ann", form, (1, "a-click-7"))
    pair = seen(studio, proposed).evidence[0]
    stop(studio, pair.new_run)
    delete_run(studio.sessions, studio.store, pair.new_run)
    assert seen(studio, proposed).evidence[0].says == f"Run {pair.new_run} was deleted, so the two cannot be compared any more."


def test_before_both_wordings_are_trained_it_is_said_what_that_takes_and_what_to_mind(studio: Studio, made: int, proposed: int) -> None:
    form = TrainForm(version_id=0, query_set_id=starter_set_id(studio), model=studio.settings.model)
    unknown = preview_evidence(studio, proposed, form)
    assert (unknown.seconds, unknown.memory_bytes) == (None, None) and "Not known yet." in pair_html(unknown)
    assert pair_lines(unknown)[0] == "Time and memory are not known yet."
    measure(studio)
    found = preview_evidence(studio, proposed, form)
    old, new = found.old.estimate, found.new.estimate
    assert old is not None and new is not None and found.seconds == old.total_s + new.total_s > 60
    assert found.memory_bytes == max(old.memory_bytes, new.memory_bytes)
    assert found.new.plan.constitution.principles[0].statement == SHORTER["statement"] != found.old.plan.constitution.principles[0].statement
    assert "two runs, one after the other: about" in pair_html(found) and "at the peak, free when measured:" in pair_html(found)
    assert len(set(found.notes)) == len(found.notes)
    with studio.sessions.read() as session:
        assert not evidence_of(session, proposed)  # nothing is queued by that


def test_queries_that_have_little_to_do_with_an_amendment_are_told_before_the_click(studio: Studio, made: int) -> None:
    draft = constitutions.open_draft(studio, made, "Ben")
    constitutions.save_draft(studio, made, "Ben", draft.revision, [{**ONE, "statement": ELECTIONS}])
    amendment = propose_draft(studio, made, "Ben", "Say more.", "a-click-8")
    found = preview_evidence(studio, amendment, TrainForm(version_id=0, query_set_id=starter_set_id(studio), model=studio.settings.model))
    assert sum(note.startswith("By words alone") for note in found.notes) == 1
