"""The result in a terminal, from a real evaluation."""

from app.present.table import report_lines
from core.constitution.checks import Check
from core.constitution.contrasts import asked_stances
from core.constitution.principles import Constitution, Principle
from core.measure.report import evaluate
from core.measure.values import MeasuredReply
from core.methods.arms import Artifact, make_arm

BRIEF = Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 3))
TRAINED = make_arm("sami", artifact=Artifact(kind="adapter", place="", sha256="ab"))
KIND = Principle(title="Kind", statement="Be kind.", antithesis="Be cold.")


def replies(sides: list[str], margin: float) -> list[MeasuredReply]:
    """Twelve queries under every side, each reply explained best by its own side."""
    return [
        MeasuredReply(
            query=f"q{i}",
            side=side,
            text="a b" if side in ("statement", "flip 2") else "a b c d",
            ended=True,
            tokens=5,
            logprobs=tuple(-1.0 if other == side else -1.0 - margin for other in sides),
            base_logprobs=tuple(-2.0 for _ in sides),
            kl_policy_base_nats=0.1,
        )
        for i in range(12)
        for side in sides
    ]


def lines(*principles: Principle) -> list[str]:
    sides = list(asked_stances(len(principles)))
    arms = {make_arm("prompt"): replies(sides, 0.0), TRAINED: replies(sides, 3.0)}
    return report_lines(evaluate(Constitution(name="C", principles=principles), arms))


def test_one_principle_has_its_figures_once() -> None:
    found = lines(BRIEF)
    assert found[0] == "Result on 12 held-out queries, with 95% intervals"
    assert found[2].split() == ["prompt", "sami", "n"]
    assert any(line.startswith("  MI bound, nats (cap log n = 0.693)") for line in found)
    assert any(line.startswith("  Attribution accuracy (guessing: 50%)") for line in found)
    assert any(line.startswith("  Attribution when the base reads the replies (guessing: 50%)") for line in found)
    assert any(line.startswith("  Brief (max_words: 3), under the antithesis ") for line in found)
    assert not any("alone" in line for line in found)


def test_each_of_two_principles_has_its_own_figures_and_sentence() -> None:
    found = lines(BRIEF, KIND)
    assert any(line.startswith("  MI bound, nats (cap log n = 1.386)") for line in found)
    assert any(line.startswith("  Attribution accuracy (guessing: 25%)") for line in found)
    for title in ("Brief", "Kind"):
        assert any(line.startswith(f"  {title}: MI bound, nats (cap log 2 = 0.693)") for line in found)
    assert any(line.startswith("  Brief (max_words: 3), under its antithesis alone") for line in found)
    assert len([line for line in found if line.startswith("“")]) == 2


def test_columns_stand_under_each_other() -> None:
    found = lines(BRIEF, KIND)
    table = found[2 : found.index("", 2)]
    groups = [line for line in table[1:] if not line.startswith("  ")]
    assert groups[0] == "Can the constitutions be told apart?"
    assert len({len(line) for line in table if line not in groups}) == 1


def test_several_principles_have_a_table_of_who_is_taken_for_whom() -> None:
    """The base finds all sides equally likely, and a tie is traced to another side than its own; the aligned model traces each to its own."""
    found = lines(BRIEF, KIND)
    start = found.index("Replies by the constitution they were written under (rows) and traced to (columns); [traced to its own]")
    assert found[start + 1 : start + 13] == [
        "",
        "prompt    S   A  A1  A2",
        "S       [0]  12   0   0  all statements",
        "A        12 [0]   0   0  all antitheses",
        "A1       12   0 [0]   0  antithesis of “Brief” alone",
        "A2       12   0   0 [0]  antithesis of “Kind” alone",
        "",
        "sami       S    A   A1   A2",
        "S       [12]    0    0    0  all statements",
        "A          0 [12]    0    0  all antitheses",
        "A1         0    0 [12]    0  antithesis of “Brief” alone",
        "A2         0    0    0 [12]  antithesis of “Kind” alone",
    ]
    assert not any("traced to its own" in line for line in lines(BRIEF))


def test_each_principle_has_its_word_and_the_replies_to_read_first() -> None:
    found = lines(BRIEF, KIND)
    assert [line for line in found if line.startswith("  In a word: ")] == ["  In a word: followed", "  In a word: not judged"]
    assert "  Best reply, to 'q0': 'a b' (One of 12 that follow; it was not read for how well it answers)" in found
