"""How evenly principles were contrasted, in words and numbers."""

from app.present.balance import balance_html, balance_lines
from app.present.result import result_html
from core.runs.balance import PrincipleBalance
from tests.app.planting import HOSTILE
from tests.app.results import result


def row(title: str, flipped: int, alone: int) -> PrincipleBalance:
    return PrincipleBalance(title=title, statement=48 - flipped, antithesis=flipped, contrasts=24, flipped=flipped, flipped_alone=alone)


def test_a_single_principle_needs_no_table() -> None:
    assert balance_lines((row("Brief", 24, 24),)) == []
    assert balance_html((row("Brief", 24, 24),)) == ""
    assert balance_html(()) == ""


def test_the_terminal_has_a_line_for_each_principle_and_columns_stand_under_each_other() -> None:
    lines = balance_lines((row("Brief", 15, 8), row("Be kind to all", 14, 7)))
    assert lines[1].startswith("Trained on 24 contrasts.")
    assert [line.split() for line in lines[4:]] == [["Brief", "33", "15", "15", "8"], ["Be", "kind", "to", "all", "34", "14", "14", "7"]]
    assert len({len(line) for line in lines[3:]}) == 1


def test_what_is_uneven_is_said_and_opens_the_table() -> None:
    even = balance_html((row("Brief", 15, 8), row("Kind", 14, 7)))
    assert even.startswith("<details><summary>How often")
    assert "<td>33</td><td>15</td><td>15</td><td>8</td>" in even
    uneven = (row("Brief", 15, 9), row("Kind", 9, 4), row("Calm", 7, 0))
    html = balance_html(uneven)
    assert html.startswith("<details open>")
    assert "“Kind” was contrasted alone 4 times, “Brief” 9 times." in html
    assert "“Calm” was never contrasted alone" in html
    assert balance_lines(uneven)[-2:] == [
        "“Kind” was contrasted alone 4 times, “Brief” 9 times. More train queries would even this out.",
        "“Calm” was never contrasted alone: what training made of it cannot be told from what it made of the others.",
    ]


def test_a_result_shows_it_escaped_and_one_without_it_is_shown_as_before() -> None:
    html = result_html(result(balance=(row(HOSTILE, 15, 8), row("Kind", 14, 7))))
    assert "How often was each principle contrasted?" in html
    assert "<script>" not in html
    assert "How often" not in result_html(result())
