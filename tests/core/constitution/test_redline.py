"""Two constitutions as one document: whoever accepts every change has the later one, whoever rejects every change the earlier."""

from core.constitution.checks import check_from_data
from core.constitution.principles import Constitution, Principle
from core.constitution.redline import Paragraph, redline
from core.constitution.scenarios import Scenario

A, B, C = ("a" * 32, "b" * 32, "c" * 32)


def principle(id, title, statement, antithesis="No.", **more):
    return Principle(id=id, title=title, statement=statement, antithesis=antithesis, **more)


def of(*principles, name="Brevity"):
    return Constitution(name=name, principles=principles)


def taken(paragraphs: tuple[Paragraph, ...], later: bool) -> list[tuple[str, str]]:
    """The document as it is once every change is accepted, or rejected."""
    found = ((each.style, "".join(piece.text for piece in each.side(later))) for each in paragraphs)
    return [(style, text) for style, text in found if text]


def plain(constitution: Constitution) -> list[tuple[str, str]]:
    return taken(redline(None, constitution), later=True)


OLD = of(principle(A, "Be brief", "Answer in one sentence.", check=check_from_data("max_words: 20", "here")), principle(B, "Be kind", "Be kind."))
NEW = of(
    principle(C, "Be clear", "Use plain words."),
    principle(A, "Be brief", "Answer in one short sentence.", check=check_from_data("max_words: 12", "here"), scenarios=(Scenario(query="What is rain?"),)),
    name="Brevity, again",
)


def test_accepting_everything_gives_the_later_text_and_rejecting_everything_the_earlier():
    both = redline(OLD, NEW)
    assert taken(both, later=True) == plain(NEW)
    assert taken(both, later=False) == plain(OLD)


def test_a_change_is_told_word_by_word_and_a_check_as_a_whole():
    both = redline(OLD, NEW)
    statement = next(each for each in both if any("short" in piece.text for piece in each.pieces))
    assert [(piece.kind, piece.text) for piece in statement.pieces] == [("same", "Answer in one "), ("inserted", "short "), ("same", "sentence.")]
    check = [each for each in both if any("words." in piece.text for piece in each.pieces)][-1]
    assert [(piece.kind, piece.text) for piece in check.pieces] == [
        ("deleted", "The reply has at most 20 words."),
        ("inserted", "The reply has at most 12 words."),
    ]


def test_a_principle_that_moved_keeps_its_text_and_gets_another_number():
    both = redline(OLD, of(OLD.principles[1], OLD.principles[0]))
    headings = [[(piece.kind, piece.text) for piece in each.pieces] for each in both if each.style == "heading"]
    assert headings[0] == [("deleted", "2. "), ("inserted", "1. "), ("same", "Be kind")]


def test_what_was_removed_stands_where_it_stood():
    both = redline(of(OLD.principles[0], principle(C, "Gone", "Gone."), OLD.principles[1]), OLD)
    assert [each.number for each in both if each.style == "heading"] == [1, None, 2]


def test_a_priority_and_the_rule_for_conflicts_are_part_of_it():
    old = Constitution(name="Brevity", principles=(principle(A, "Be brief", "Short.", priority=2),), conflict_rule="Ask.")
    new = Constitution(name="Brevity", principles=(principle(A, "Be brief", "Short.", priority=1),), conflict_rule="Ask first.")
    both = redline(old, new)
    assert taken(both, later=True) == plain(new) and taken(both, later=False) == plain(old)
    assert ("text", "1") in plain(new) and ("text", "Ask first.") in plain(new)
