"""Merging: what one side changed is taken, what both changed is told, and nothing is lost in silence."""

import random
from dataclasses import replace

import pytest

from core.constitution.checks import Check
from core.constitution.merging import Clash, merge
from core.constitution.principles import Constitution, Principle, WrittenBy
from core.constitution.scenarios import Scenario

A, B, C = (Principle(id=letter * 32, title=letter.upper(), statement=f"Do {letter}.", antithesis=f"Never {letter}.") for letter in "abc")
D = Principle(id="d" * 32, title="D", statement="Do d.", antithesis="Never d.")
BEFORE = Constitution(name="N", principles=(A, B, C))


def text(*principles: Principle) -> Constitution:
    return Constitution(name="N", principles=principles)


def merged(mine: Constitution, theirs: Constitution, prefer="mine") -> tuple[tuple[Principle, ...], tuple[Clash, ...]]:
    found = merge(BEFORE, mine, theirs, prefer)
    return found.constitution.principles, found.clashes


def test_what_either_side_changed_alone_is_taken_down_to_the_parts_of_one_principle() -> None:
    mine = text(replace(A, statement="Do a well."), B, replace(C, check=Check("max_words", 9)))
    theirs = text(replace(A, antithesis="Never, never a."), replace(B, title="Bee"), C)
    expected = (replace(A, statement="Do a well.", antithesis="Never, never a."), replace(B, title="Bee"), replace(C, check=Check("max_words", 9)))
    assert merged(mine, theirs) == (expected, ())
    assert merged(theirs, mine) == (expected, ())


def test_what_both_changed_alike_is_no_clash_and_what_they_changed_otherwise_is_the_preferred_ones() -> None:
    alike = text(replace(A, statement="Do a."), replace(B, statement="Both."), C)
    assert merged(alike, alike) == (alike.principles, ())
    mine, theirs = text(replace(A, statement="Mine."), B, C), text(replace(A, statement="Theirs.", title="T"), B, C)
    clash = (Clash(principle=A.id, part="statement"),)
    assert merged(mine, theirs) == ((replace(A, statement="Mine.", title="T"), B, C), clash)
    assert merged(mine, theirs, "theirs") == ((replace(A, statement="Theirs.", title="T"), B, C), clash)


def test_added_principles_stay_where_they_were_added_and_removed_ones_go() -> None:
    mine, theirs = text(A, D, B, C), text(B, C, replace(D, id="e" * 32))
    assert merged(mine, theirs) == ((D, B, C, replace(D, id="e" * 32)), ())
    assert merged(theirs, mine)[0] == (D, B, C, replace(D, id="e" * 32))


@pytest.mark.parametrize("prefer", ["mine", "theirs"])
def test_what_one_side_removed_and_the_other_changed_stays_and_is_told(prefer) -> None:
    changed = replace(B, statement="Else.")
    for mine, theirs in ((text(A, C), text(A, changed, C)), (text(A, changed, C), text(A, C))):
        assert merged(mine, theirs, prefer) == ((A, changed, C), (Clash(principle=B.id, part="removed"),))


def test_an_order_that_one_side_changed_is_kept() -> None:
    assert merged(text(C, A, B), BEFORE)[0] == (C, A, B)
    assert merged(BEFORE, text(C, A, B))[0] == (C, A, B)
    assert merged(text(C, A, B), text(A, B, D, C))[0] == (C, A, B, D)


def test_scenarios_are_merged_by_what_they_ask() -> None:
    rain, snow, fog = Scenario(query="What is rain?"), Scenario(query="What is snow?"), Scenario(query="What is fog?")
    before = text(replace(A, scenarios=(rain, snow)))
    mine = text(replace(A, scenarios=(replace(rain, follows="Water."), snow, fog)))
    theirs = text(replace(A, scenarios=(replace(rain, use="train"),)))
    found = merge(before, mine, theirs)
    assert found.constitution.principles[0].scenarios == (replace(rain, follows="Water.", use="train"), fog) and found.clashes == ()
    both = merge(before, mine, text(replace(A, scenarios=(replace(rain, query="what is RAIN", follows="Drops."), snow))), "theirs")
    assert both.constitution.principles[0].scenarios[0].follows == "Drops."
    assert both.clashes == (Clash(principle=A.id, part="scenario", query="What is rain?"),)
    gone = merge(before, text(replace(A, scenarios=(snow,))), text(replace(A, scenarios=(replace(rain, fails="No."), snow))))
    assert gone.constitution.principles[0].scenarios == (replace(rain, fails="No."), snow)
    assert gone.clashes == (Clash(principle=A.id, part="scenario", query="What is rain?"),)


def test_who_wrote_a_text_goes_with_the_text() -> None:
    before = text(replace(A, written_by=WrittenBy(model="m")))
    mine = text(replace(A, statement="By hand.", written_by=WrittenBy(model="m", texts=("antithesis",))))
    theirs = text(replace(A, antithesis="By hand too.", written_by=WrittenBy(model="m", texts=("statement",))))
    assert merge(before, mine, theirs).constitution.principles[0].written_by is None
    assert merge(before, mine, before).constitution.principles[0].written_by == WrittenBy(model="m", texts=("antithesis",))
    assert merge(before, before, before).constitution == before


def changed(rng: random.Random, constitution: Constitution, mark: str) -> Constitution:
    """Some edits of somebody, each told by their mark."""
    principles = list(constitution.principles)
    for _ in range(rng.randrange(4)):
        kind, i = rng.choice(("edit", "add", "remove", "move")), rng.randrange(len(principles) or 1)
        if kind == "add" or not principles:
            principles.insert(i, Principle(id=f"{rng.getrandbits(128):032x}", title=mark, statement=f"{mark} {rng.random()}", antithesis="No."))
        elif kind == "edit":
            part = rng.choice(("title", "statement", "antithesis"))
            principles[i] = replace(principles[i], **{part: f"{mark} {rng.random()}"})
        elif kind == "remove":
            principles.pop(i)
        else:
            principles.insert(rng.randrange(len(principles)), principles.pop(i))
    return replace(constitution, principles=tuple(principles))


def test_of_thousand_random_pairs_no_edit_is_lost_but_those_that_a_clash_names() -> None:
    rng = random.Random(0)
    clashing = 0
    for _ in range(1000):
        mine, theirs = changed(rng, BEFORE, "mine"), changed(rng, BEFORE, "theirs")
        found = merge(BEFORE, mine, theirs)
        clashing += bool(found.clashes)
        assert merge(BEFORE, mine, BEFORE).constitution == mine and merge(BEFORE, BEFORE, theirs).constitution.principles == theirs.principles
        result = {principle.id: principle for principle in found.constitution.principles}
        assert len(result) == len(found.constitution.principles)
        told = {(clash.principle, clash.part) for clash in found.clashes}
        for side, mark in ((mine, "mine"), (theirs, "theirs")):
            for principle in side.principles:
                for part in ("title", "statement", "antithesis"):
                    if getattr(principle, part).startswith(mark):
                        assert getattr(result[principle.id], part) == getattr(principle, part) or (mark == "theirs" and (principle.id, part) in told)
    assert 20 < clashing < 500
