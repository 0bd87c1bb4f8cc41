"""What is stored of a draft and what somebody typed meanwhile, put together over a real database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.present.merging import clashes_html, together_says
from app.services.constitutions import create_constitution, open_draft, save_draft
from app.services.merging import Together, Typed, together
from app.services.studio import Studio
from core.constitution.checks import Check
from core.constitution.scenarios import Scenario
from core.errors import ConstitutionError
from tests.app.planting import make_studio

BEFORE = [{"id": letter * 32, "title": letter.upper(), "statement": f"Do {letter}.", "antithesis": f"Never {letter}."} for letter in "ab"]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


def met(studio: Studio, stored: list[dict], typed: list[dict], name: str = "Two tabs") -> Together:
    """A draft begun with BEFORE, stored otherwise by one tab while another typed."""
    made = create_constitution(studio, name)
    first = save_draft(studio, made, "Ada", open_draft(studio, made, "Ada").revision, BEFORE)
    save_draft(studio, made, "Ada", first.revision, stored)
    return together(studio, made, "Ada", Typed(rows=BEFORE), Typed(rows=typed))


def changed(place: int, **parts: object) -> list[dict]:
    return [row | (parts if i == place else {}) for i, row in enumerate(BEFORE)]


def test_apart_changes_are_put_together_and_nothing_is_written(studio: Studio) -> None:
    found = met(studio, changed(0, statement="There."), changed(1, statement="Here."))
    assert [row["statement"] for row in found.mine] == ["There.", "Here."] == [row["statement"] for row in found.theirs]
    assert (found.clashes, found.taken) == ((), ("A",))
    assert together_says(found).endswith("From there came what differs in “A”.") and clashes_html(found.clashes) == ""
    stored = open_draft(studio, found.draft.constitution_id, "Ada")
    assert stored.revision == found.draft.revision and [row["statement"] for row in stored.rows] == ["There.", "Do b."]
    saved = save_draft(studio, found.draft.constitution_id, "Ada", found.draft.revision, found.mine)
    assert [row["statement"] for row in saved.rows] == ["There.", "Here."]


def test_where_both_changed_the_same_either_can_be_had_and_both_are_shown_escaped(studio: Studio) -> None:
    there = changed(0, statement="<b>There</b> it is.", check={"max_words": 5}, scenarios=[{"query": "Why?", "follows": "There."}])
    here = changed(0, statement="<b>Here</b> it is.", check="ends_with_question", scenarios=[{"query": "why", "follows": "Here."}])
    found = met(studio, there, here)
    assert [(clash.part, clash.query) for clash in found.clashes] == [("statement", ""), ("check", ""), ("scenario", "why")]
    assert (found.clashes[1].theirs, found.clashes[1].mine) == (Check("max_words", 5), Check("ends_with_question"))
    assert (found.clashes[2].theirs, found.clashes[2].mine) == (Scenario(query="Why?", follows="There."), Scenario(query="why", follows="Here."))
    assert (found.mine[0]["check"], found.theirs[0]["check"]) == ("ends_with_question", {"max_words": 5})
    html = clashes_html(found.clashes)
    assert html.count("&lt;") >= 2 and "<b>" not in html and "The reply has at most 5 words." in html and "Would follow:" in html
    assert "3 places were changed in both" in together_says(found)


def test_what_was_removed_here_and_changed_there_stays_and_is_told(studio: Studio) -> None:
    found = met(studio, changed(1, title="Bee"), BEFORE[:1])
    assert [row["title"] for row in found.mine] == ["A", "Bee"] and found.taken == ("Bee",)
    assert [(clash.title, clash.part, clash.mine, clash.theirs) for clash in found.clashes] == [("Bee", "removed", None, "Do b.")]
    assert "“Bee”</bdi>: removed here, changed there" in clashes_html(found.clashes)
    gone = met(studio, BEFORE[:1], changed(0, title="Ay"), "Others")
    assert [row["title"] for row in gone.mine] == ["Ay"] and gone.taken == ("B",) and gone.clashes == ()


def test_rows_that_are_none_are_refused_in_words(studio: Studio) -> None:
    with pytest.raises(ConstitutionError, match="Principle 1 did not arrive whole"):
        met(studio, BEFORE, [{"title": "no id"}])


def test_priorities_and_the_rule_for_conflicts_are_put_together_and_said(studio: Studio) -> None:
    made = create_constitution(studio, "Ruled")
    first = save_draft(studio, made, "Ada", open_draft(studio, made, "Ada").revision, BEFORE, conflict_rule="Old.")
    save_draft(studio, made, "Ada", first.revision, changed(0, priority=1), conflict_rule="There.")
    before = Typed(rows=BEFORE, conflict_rule="Old.")
    apart = together(studio, made, "Ada", before, Typed(rows=changed(1, priority=2), conflict_rule="Old."))
    assert [row["priority"] for row in apart.mine] == [1, 2] and (apart.mine_rule, apart.theirs_rule, apart.clashes) == ("There.", "There.", ())
    assert together_says(apart).endswith("From there came what differs in “A”, the rule for conflicts.")
    both = together(studio, made, "Ada", before, Typed(rows=changed(0, priority=5), conflict_rule="<i>Here</i>."))
    assert ([row.get("priority") for row in both.mine], both.mine_rule, both.theirs_rule) == ([5, None], "<i>Here</i>.", "There.")
    html = clashes_html(both.clashes)
    assert "<del>Priority 1</del> → <ins>Priority 5</ins>" in html and "For all principles</bdi>: what is done when principles conflict" in html
    assert "<i>" not in html


def test_a_save_that_says_nothing_of_the_rule_leaves_it_and_an_empty_one_removes_it(studio: Studio) -> None:
    made = create_constitution(studio, "Ruled")
    first = save_draft(studio, made, "Ada", open_draft(studio, made, "Ada").revision, [], conflict_rule="Ask.")
    again = save_draft(studio, made, "Ada", first.revision, BEFORE)
    assert (first.constitution.conflict_rule, again.constitution.conflict_rule) == ("Ask.", "Ask.")
    assert save_draft(studio, made, "Ada", again.revision, BEFORE, conflict_rule="").constitution.conflict_rule == ""
    with pytest.raises(ConstitutionError, match=r"priority of principle 2 must be a whole number .* got 1\.5"):
        save_draft(studio, made, "Ada", again.revision + 1, changed(1, priority=1.5))
