"""The result in a terminal, from a real evaluation."""

from app.present.table import result_lines
from core.checks import Check
from core.constitutions import Constitution, Principle
from core.contrasts import asked_stances
from core.evaluation import evaluate
from core.measuring import MeasuredReply

BRIEF = Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 3))
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
            kl_nats=0.1,
        )
        for i in range(12)
        for side in sides
    ]


def lines(*principles: Principle) -> list[str]:
    sides = list(asked_stances(len(principles)))
    return result_lines(evaluate(Constitution(name="C", principles=principles), replies(sides, 0.0), replies(sides, 3.0)))


def test_one_principle_has_its_figures_once() -> None:
    found = lines(BRIEF)
    assert found[0] == "Result on 12 held-out queries, with 95% intervals"
    assert any(line.startswith("MI bound (nats, of 0.693)") for line in found)
    assert any(line.startswith("attribution accuracy (chance 0.50)") for line in found)
    assert any(line.startswith("attribution, read by the base (chance 0.50)") for line in found)
    assert any(line.startswith("Brief [max_words: 3], antithesis ") for line in found)
    assert not any("alone" in line for line in found)


def test_each_of_two_principles_has_its_own_figures_and_sentence() -> None:
    found = lines(BRIEF, KIND)
    assert any(line.startswith("MI bound (nats, of 1.386)") for line in found)
    assert any(line.startswith("attribution accuracy (chance 0.25)") for line in found)
    for title in ("Brief", "Kind"):
        assert any(line.startswith(f"{title}: MI bound alone (nats, of 0.693)") for line in found)
    assert any(line.startswith("Brief [max_words: 3], antithesis alone") for line in found)
    assert len([line for line in found if line.startswith("“")]) == 2


def test_columns_stand_under_each_other() -> None:
    table = lines(BRIEF, KIND)[2:-3]
    assert len({len(line) for line in table}) == 1
