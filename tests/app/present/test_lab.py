"""The laboratory's result as lines and as an HTML file."""

from dataclasses import replace

from app.present.lab import lab_lines
from app.present.lab_page import found_html
from app.present.lab_report import lab_html
from app.present.scatter import SHAPES, Point, scatter_svg
from core.constitution.principles import Constitution
from core.lab.results import LabAbout, lab_result
from core.lab.values import LabTable, ProbeRecord, ProbeResult, Upshot
from tests.core.lab.benches import ONE
from tests.core.lab.found import changed, known, record, row

EVIL = '<script>alert("x")</script>'
MISSING = ProbeRecord(key="sami", result=None, why="it needs an adapter")


def result(*records, constitution: Constitution = ONE):
    return lab_result(LabAbout(constitution=constitution, model="m", adapter_sha256="ab" * 32, arm="alpha 1", n_queries=24, seed=0), records)


FOUND = result(record(row(), changed(0.2, 0.1), row("Shout", bound=0.9, compliance=0.1)), MISSING)


def test_the_verdict_comes_first_then_the_counter_evidence_then_each_probe_with_its_prediction():
    lines = lab_lines(FOUND)
    assert lines[0] == "Mutual information: not sufficient here"
    places = [next(i for i, line in enumerate(lines) if word in line) for word in ("Against it: “Shout”", "Missing:", "Predicted:", "Could not be measured")]
    assert places == sorted(places)


def test_an_adapter_of_a_control_is_said_to_be_one_before_anything_else():
    control = replace(FOUND, about=replace(FOUND.about, variant="swapped"))
    told = "The adapter that is examined is of a control: swapped sides. This is a control and no run of the text: replies that were drawn"
    assert lab_lines(control)[0].startswith(told) and lab_lines(control)[2].startswith("Mutual information")
    assert told in lab_html(control) and told in found_html(control) and "no run of the text" not in lab_html(FOUND)
    of_tomorrow = replace(FOUND, about=replace(FOUND.about, variant=EVIL))
    assert "is of a control: &lt;script&gt;" in found_html(of_tomorrow) and lab_lines(of_tomorrow)[0].endswith(f"{EVIL}.")


def test_what_could_not_be_measured_is_said_with_its_reason_and_never_a_number():
    page = lab_html(FOUND)
    assert "<strong>Could not be measured:</strong> it needs an adapter." in page
    assert "could not be measured: nobody read" in page


def test_what_people_and_models_wrote_is_escaped_wherever_it_stands():
    table = LabTable(title=EVIL, heads=(EVIL,), rows=((EVIL,),), note=EVIL)
    rows = (replace(row(), principle=EVIL, arm=EVIL), replace(changed(0.2, 0.1), principle=EVIL, arm=EVIL))
    probed = ProbeRecord(key=EVIL, result=ProbeResult(upshot=Upshot.OPEN, said=EVIL, rows=rows, tables=(table,), sentences=(EVIL,)))
    page = lab_html(result(probed, ProbeRecord(key="context", result=None, why=EVIL), constitution=replace(ONE, name=EVIL)))
    assert "<script" not in page and page.count("&lt;script&gt;") > 10


def test_the_chart_has_its_table_and_the_page_is_for_keyboards_dark_screens_and_paper():
    page = lab_html(FOUND)
    assert 'role="img"' in page and "<caption>The same as a table</caption>" in page and "+20.0" in page and "+10.0" in page
    assert page.count('class="wide" tabindex="0" role="region" aria-label=') == page.count("<table>")
    assert "prefers-color-scheme: dark" in page and "@media print" in page and '<html lang="en">' in page
    assert page.count("<h1") == 1


def test_without_a_change_there_is_a_sentence_in_place_of_the_chart():
    assert "No change could be measured of both." in lab_html(result(record(row())))


def test_marks_of_different_probes_differ_in_shape_and_zero_is_within_the_axes():
    drawn = scatter_svg([Point(x=float(10 + i), y=float(-5 - i), group=f"g{i}", title=f"t{i}") for i in range(len(SHAPES))], ("i", "across", "up"))
    marks = drawn.split("</ul>")[0].split('<ul class="legend">')[0].split('<g class="mark">')[1:]
    shapes = {"".join(c for c in mark.split("</title>")[1].split("</g>")[0] if not c.isdigit() and c not in ".-") for mark in marks}
    assert len(marks) == len(SHAPES) and len(shapes) > 3
    assert drawn.count('class="zero"') == 2
    assert all(f"<title>t{i}</title>" in drawn for i in range(len(SHAPES)))


def test_a_single_change_at_zero_can_be_drawn():
    assert "NaN" not in scatter_svg([Point(x=0.0, y=0.0, group="g", title="t")], ("i", "a", "u"))


def test_a_reader_is_named_where_its_bound_speaks_against_the_thesis():
    assert "m by likelihood reads" in lab_html(result(record(row("Shout", bound=0.9, compliance=0.1, reader=known(0.35, by="m by likelihood")))))


def test_one_table_has_all_probes_with_their_four_figures_and_those_without():
    page = lab_html(FOUND)
    table = page.split("<caption>All probes</caption>")[1].split("</table>")[0]
    assert [head in table for head in ("Own bound, % of cap", "Reader’s bound, % of cap", "Compliance", "Relevance, nats")] == [True] * 4
    assert 'scope="rowgroup" rowspan="3"' in table and table.count("<tr>") == 1 + 3 + 1
    assert "Could not be measured: it needs an adapter." in table and "30% (25 to 35; n = 24)" in table


def test_the_page_says_the_verdict_first_and_folds_each_probe_under_what_became_of_it():
    page = found_html(FOUND)
    heads = [part.split("</h2>")[0] for part in page.split("<h2>")[1:]]
    assert heads == ["The verdict", "Bound, readers, compliance and relevance", "Bound against compliance", "Principle by principle", "Probe by probe"]
    assert page.index("the strongest first") < page.index("The rule:") and "rank correlation could not be measured" in page
    assert '<details class="cs-fold" data-fold="probe-sami"><summary>' in page and '<span class="quiet">could not be measured</span>' in page
    assert "<h1" not in page and page.count('tabindex="0"') == page.count("<table>")


def test_what_people_and_models_wrote_is_escaped_on_the_page_too():
    table = LabTable(title=EVIL, heads=(EVIL,), rows=((EVIL,),), note=EVIL)
    probed = ProbeRecord(key=EVIL, result=ProbeResult(upshot=Upshot.OPEN, said=EVIL, rows=(replace(row(), principle=EVIL, arm=EVIL),), tables=(table,)))
    page = found_html(result(probed, ProbeRecord(key="context", result=None, why=EVIL), constitution=replace(ONE, name=EVIL)))
    assert "<script" not in page and page.count("&lt;script&gt;") > 10
