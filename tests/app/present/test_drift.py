"""A drift matrix as lines and as an HTML file."""

import json
from dataclasses import replace

import pytest

from app.present.drift import drift_lines, forecast
from app.present.drift_report import drift_html
from app.present.heatmap import Band, Tile, heatmap_svg
from core.lab.drift.data import drift_from_data, drift_to_data
from tests.core.lab.drifts import LOUD, ONE, OTHER, found, plan, replies, trained

EVIL = '<script>alert("x")</script>'
ALARMED = found(
    plan(ONE, LOUD, OTHER, adapters=[trained(), trained(1, "cd" * 32)]),
    {"trained 1": replies("x" * 12, said=lambda _: "ONE TWO THREE FOUR."), "trained 2": replies("x" * 12)},
    failed={"trained 2, alone": "The adapter was made for another model."},
)


def test_the_strongest_alarm_comes_first_then_what_was_trained_for_then_what_could_not_be_measured():
    lines = drift_lines(ALARMED)
    assert lines[0].startswith("Alarm: “Shout”, trained on “Brief”, with “Brief” in the prompt: +100 points")
    places = [
        next(i for i, line in enumerate(lines) if line.startswith(word)) for word in ("Alarm", "“Be brief”, trained on", "“Ask back” could not", "Change of")
    ]
    assert places == sorted(places)
    page = drift_html(ALARMED)
    told = [page.index(word) for word in ("Alarm: ", "What was trained for", "What could not be measured", "What changed, by the checks")]
    assert told == sorted(told)


def test_what_could_not_be_measured_is_said_with_its_reason_and_never_a_number():
    page = drift_html(ALARMED)
    assert "could not be measured: no program judges this principle" in page and "could not be measured: The adapter was made for another model." in page
    assert "nan" not in page.casefold()


def test_what_people_and_models_wrote_is_escaped_wherever_it_stands():
    evil = replace(ONE, name=EVIL, principles=(replace(ONE.principles[0], title=EVIL),))
    loud = replace(LOUD, name=EVIL, principles=(replace(LOUD.principles[0], title=EVIL),))
    said = replies("x" * 12, said=lambda _: f"ONE TWO THREE FOUR. {EVIL.upper()}")
    made = found(plan(evil, loud, adapters=[trained()]), {"trained 1": said}, failed={"trained 1, alone": EVIL})
    assert made.examples and EVIL.upper() in made.examples[0].after
    page = drift_html(made)
    assert "<script" not in page.casefold() and page.casefold().count("&lt;script&gt;") > 10


def test_the_drawing_has_its_table_and_the_page_is_for_keyboards_dark_screens_and_paper():
    page = drift_html(ALARMED)
    assert 'role="img"' in page and "<caption>The same as a table</caption>" in page
    assert page.count('class="wide" tabindex="0" role="region" aria-label=') == page.count("<table>") + 1 == 6  # and the drawing
    assert "prefers-color-scheme: dark" in page and "@media print" in page and '<html lang="en">' in page
    assert page.count("<h1") == 1 and "src=" not in page and "href=" not in page and "url(" not in page


def test_an_alarm_is_told_by_a_sign_and_a_frame_and_not_by_colour_alone():
    tiles = [
        Tile(value=0.42, own=False, alarm=True, title="a"),
        Tile(value=-0.1, own=True, alarm=False, title="b"),
        Tile(value=None, own=False, alarm=False, title="c"),
    ]
    drawn = heatmap_svg([Band(label="row", tiles=tiles)], 3, "i")
    assert ">+42!<" in drawn and ">−10<" in drawn and ">–<" in drawn
    assert [drawn.count(f'class="frame {kind}"') for kind in ("alarm", "own", "plain")] == [1, 1, 1]


def test_the_data_name_every_cell_and_hold_no_path():
    data = drift_to_data(ALARMED)
    text = json.dumps(data, ensure_ascii=False)
    assert "/somewhere" not in text and len(data["checks"]["cells"]) == 3 * sum(row["against"] is not None for row in data["rows"])
    assert data["said"]["alarms"][0].startswith("Alarm: “Shout”") and data["checks"]["family"] == 20
    unmeasured = next(each for each in data["checks"]["cells"] if each["column"] == "3.1")
    assert unmeasured["change"]["value"] is None and unmeasured["says"] == "could not be measured"


def test_a_matrix_that_is_read_back_says_the_same():
    data = json.loads(json.dumps(drift_to_data(ALARMED)))
    again = drift_from_data(data)
    assert json.loads(json.dumps(drift_to_data(again))) == data and drift_html(again) == drift_html(ALARMED)
    with pytest.raises(ValueError, match="no drift matrix"):
        drift_from_data({**data, "checks": {}})


def test_how_much_is_asked_is_told_beforehand():
    of = plan(adapters=[trained()])
    assert forecast(of, 120.0) == "8 rows of 12 replies, 2 principles, 14 cells; about 2 min here, less what is in the folder already."
    assert "how long it takes is not known" in forecast(of, None)
