"""Charts: the drawing is read back as XML."""

import xml.etree.ElementTree as ET

import pytest

from app.present.charts import Chart, Mark, chart_svg, smoothing_window


def chart(points: list[tuple[int, float | None]], **more: object) -> ET.Element:
    values: dict[str, object] = {"id": "chart-a", "title": "Loss", "unit": "nats", "points": points}
    return ET.fromstring(chart_svg(Chart(**(values | more))))  # type: ignore[arg-type]


def test_a_chart_has_a_title_and_a_description_for_those_who_cannot_see_it() -> None:
    svg = chart([(1, 0.7), (2, 0.5)], meaning="Lower is better.", marks=[Mark(0.693, "cap")]).find("svg")
    assert svg is not None
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "chart-a-t chart-a-d"
    assert svg.findtext("title") == "Loss"
    assert svg.findtext("desc") == "Lower is better. From 0.700 at step 1 to 0.500 at step 2. Dashed line at 0.693: cap."


def test_the_last_value_is_written_at_the_end_of_the_line() -> None:
    texts = [text.text for text in chart([(1, 0.7), (2, -0.5)]).iter("text") if text.get("class") == "cs-value"]
    assert texts == ["−0.50"]


def test_nothing_to_draw_is_said_in_words() -> None:
    for points in ([], [(1, None)], [(1, float("nan"))]):
        assert chart(points).find("svg") is None
        assert chart(points).findtext("p") == "Nothing yet."


def test_what_could_not_be_scored_is_a_gap() -> None:
    lines = list(chart([(1, 0.1), (2, 0.2), (3, None), (4, 0.3), (5, 0.4)]).iter("polyline"))
    assert len(lines) == 2


def test_many_points_get_a_mean_of_the_past_over_faint_steps() -> None:
    root = chart([(step, float(step % 2)) for step in range(1, 61)])
    kinds = [line.get("class") for line in root.iter("polyline")]
    assert kinds == ["cs-line cs-line-raw", "cs-line"]
    assert smoothing_window(60) == 5
    assert [text.text for text in root.iter("text") if text.get("class") == "cs-value"] == ["0.40"]


def test_a_second_curve_is_told_apart_by_dashes_squares_and_its_label() -> None:
    points = [(step, 0.13 * step) for step in range(1, 9)]
    root = chart(points, beside=[(2, 0.3), (4, 0.9), (6, None), (8, 1.1)], beside_label="probe queries", starts=[5])
    lines = [line.get("class") for line in root.iter("polyline")]
    assert lines == ["cs-line", "cs-line", "cs-line cs-line-beside"]  # broken where the second iteration begins, each by itself
    assert len(list(root.iter("rect"))) == 3
    assert [text.text for text in root.iter("text") if text.get("class") == "cs-mark-label"] == ["□ 1.10"]
    [of_first], [of_second] = ([float(text.get("y", 0)) for text in root.iter("text") if text.get("class") == name] for name in ("cs-value", "cs-mark-label"))
    assert of_first - of_second >= 15  # 1.04 and 1.1 are nearer to each other than their words may be
    assert "Probe queries: from 0.300 at step 2 to 1.100." in (root.findtext("svg/desc") or "")
    for square in root.iter("rect"):
        assert 0 <= float(square.get("y", -1)) <= 220
    assert list(chart(points).iter("rect")) == []


def test_the_name_of_an_iteration_stands_clear_of_a_mark_at_the_top() -> None:
    root = chart([(1, 0.1), (8, 0.2)], marks=[Mark(0.693, "log 2")], starts=[5])
    heights = {text.text: float(text.get("y", 0)) for text in root.iter("text")}
    assert heights["log 2"] - heights["iteration 2"] >= 12


def test_a_curve_is_broken_at_an_iteration_also_where_no_point_falls_on_its_first_step() -> None:
    root = chart([(1, 0.1)], beside=[(2, 0.1), (4, 0.2), (8, 0.3), (10, 0.4)], starts=[5])
    assert [len((line.get("points") or "").split()) for line in root.iter("polyline")] == [2, 2]


@pytest.mark.parametrize("values", [[0.5], [0.0, 0.0], [-3.0, 2.0], [1e-6, 2e-6], [1e6, 2e6]])
def test_every_point_and_label_lies_inside_the_drawing(values: list[float]) -> None:
    root = chart(list(enumerate(values, 1)), marks=[Mark(values[0], "here")], last_step=12)
    for circle in root.iter("circle"):
        assert 0 <= float(circle.get("cx", -1)) <= 360
        assert 0 <= float(circle.get("cy", -1)) <= 220
    for text in root.iter("text"):
        assert 0 <= float(text.get("y", -1)) <= 220


def test_text_of_a_chart_is_escaped() -> None:
    assert "<b>" not in chart_svg(Chart(id="c", title="<b>", unit="<b>", points=[(1, 1.0)], marks=[Mark(1.0, "<b>")], meaning="<b>"))
