"""What differs between two constitutions, on the values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.constitution import changes as module
from core.constitution.changes import ConstitutionChange, Piece, TextChange, ValueChange, changes, diff_pieces, text_change
from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle, WrittenBy

A = Principle(id="a", title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 20))
B = Principle(id="b", title="Ask", statement="Ask back.", antithesis="Never ask.")
C = Principle(id="c", title="Warm", statement="Be warm.", antithesis="Be cold.", written_by=WrittenBy(model="m"))


def made(*principles: Principle, name: str = "N") -> Constitution:
    return Constitution(name=name, principles=principles)


def changed(principle: Principle, **fields: object) -> Principle:
    return Principle(**{**principle.__dict__, **fields})


def places(change: ConstitutionChange) -> list[tuple[int | None, int | None]]:
    return [(principle.before, principle.after) for principle in change.principles]


def test_the_same_constitution_has_no_change() -> None:
    change = changes(made(A, B), made(A, B))
    assert not change.changed and places(change) == [(0, 0), (1, 1)]
    assert not any(principle.moved or principle.renamed or principle.rewritten for principle in change.principles)


def test_another_order_is_a_move_and_nothing_else() -> None:
    change = changes(made(A, B, C), made(C, A, B))
    assert places(change) == [(2, 0), (0, 1), (1, 2)]
    assert all(principle.moved and not (principle.added or principle.removed or principle.rewritten) for principle in change.principles)


def test_what_is_added_and_what_is_removed() -> None:
    change = changes(made(A, B), made(A, C))
    assert places(change) == [(0, 0), (None, 1), (1, None)]
    added, removed = change.principles[1:]
    assert added.added and added.statement.pieces == (Piece("inserted", "Be warm."),) and added.written_by == ValueChange(None, WrittenBy(model="m"))
    assert removed.removed and removed.statement.pieces == (Piece("deleted", "Ask back."),)
    assert not change.principles[0].changed and not added.renamed and not removed.renamed


def test_each_field_says_for_itself_whether_it_changed() -> None:
    after = changed(A, title="Short", statement="Be very brief.", check=Check("max_words", 10), written_by=WrittenBy(model="m", texts=("statement",)))
    (principle,) = changes(made(A), made(after)).principles
    assert principle.renamed and principle.rewritten and not principle.moved
    assert principle.statement.pieces == (Piece("same", "Be "), Piece("inserted", "very "), Piece("same", "brief."))
    assert not principle.antithesis.changed
    assert principle.check == ValueChange(Check("max_words", 20), Check("max_words", 10)) and principle.check.changed
    assert principle.written_by.changed


def test_a_rewritten_principle_stays_the_same_one_by_its_id() -> None:
    (principle,) = changes(made(A), made(Principle(id="a", title="X", statement="y", antithesis="z"))).principles
    assert not principle.added and principle.renamed and principle.check.after is None


def test_two_ids_are_two_principles_whatever_they_say() -> None:
    assert places(changes(made(A), made(changed(A, id="other")))) == [(None, 0), (0, None)]


def test_without_ids_a_principle_is_known_by_its_title_and_then_by_its_statement() -> None:
    plain = [changed(principle, id="") for principle in (A, B, C)]
    file = made(changed(plain[1], title="Ask again"), changed(plain[0], title=" BRIEF ", statement="Other."), changed(plain[2], title="X", statement="Y"))
    assert places(changes(made(*plain), file)) == [(1, 0), (0, 1), (None, 2), (2, None)]
    assert places(changes(made(A, B, C), file)) == [(1, 0), (0, 1), (None, 2), (2, None)]  # ids on one side only


def test_an_id_comes_before_a_title() -> None:
    """The first takes the other's title: it is still itself, and the other is left for the newcomer without an id."""
    after = made(changed(A, title="Ask"), changed(B, id=""))
    assert places(changes(made(A, B), after)) == [(0, 0), (1, 1)]


def test_equal_principles_are_each_taken_once() -> None:
    twin = changed(A, id="")
    assert places(changes(made(twin), made(twin, twin))) == [(0, 0), (None, 1)]


def test_where_there_was_nothing_every_principle_is_new_and_the_name_no_change() -> None:
    change = changes(None, made(A))
    assert change.principles[0].added and not change.name.changed
    assert changes(made(name="N"), made(name="M")).name.changed


@given(st.permutations([A, B, C]), st.permutations([A, B, C]), st.integers(0, 3), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_backwards_it_is_the_same_change_with_the_sides_exchanged(first: list[Principle], second: list[Principle], m: int, n: int) -> None:
    forth, back = changes(made(*first[:m]), made(*second[:n])), changes(made(*second[:n]), made(*first[:m]))
    assert {(principle.before, principle.after) for principle in forth.principles} == {(principle.after, principle.before) for principle in back.principles}


def joined(change: TextChange, without: str) -> str:
    return "".join(piece.text for piece in change.pieces if piece.kind != without)


@given(st.text("ab \n.é", max_size=40), st.text("ab \n.é", max_size=40))
@settings(max_examples=200, deadline=None)
def test_the_pieces_join_to_both_texts(before: str, after: str) -> None:
    change = text_change(before, after)
    assert (joined(change, "inserted"), joined(change, "deleted")) == (before, after)
    assert change.changed == (before != after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("a b c", "a c"),
        ("one\ntwo\nthree", "one\n2\nthree\n"),
        ("x " * 3000, "y " * 3000),
        ("  spaces\tkept ", "spaces kept"),
        ("é ü", "é ö"),
        ("a", ""),
    ],
)
def test_a_difference_joins_back_to_both_texts(before: str, after: str) -> None:
    pieces = diff_pieces(before, after)
    assert "".join(p.text for p in pieces if p.kind != "inserted") == before
    assert "".join(p.text for p in pieces if p.kind != "deleted") == after


def test_all_blocks_of_a_comparison_share_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty blocks with steps of their own once took a quarter of a minute; what is not reached is shown as replaced, and joins all the same."""
    monkeypatch.setattr(module, "MAX_STEPS", 1_000)
    before, after = ("".join(f"line {i}\na b c d {word} e f g h\n" for i in range(12)) for word in ("x", "y"))
    pieces = diff_pieces(before, after)
    deleted = [piece.text.strip() for piece in pieces if piece.kind == "deleted"]
    assert deleted[0] == "x" and deleted[-1] == "a b c d x e f g h"
    assert "".join(piece.text for piece in pieces if piece.kind != "inserted") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "deleted") == after
