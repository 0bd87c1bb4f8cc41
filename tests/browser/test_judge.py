"""Replies from elsewhere, judged in the browser: what was read, totals, rows, files to take away."""

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import App


def test_a_file_is_read_told_of_judged_filtered_and_taken_away(app: App, page: Page, tmp_path: Path) -> None:
    rows = [{"output": "Yes."}, {"output": "<img src=x onerror=alert(1)> " + "so " * 60, "id": 2}, {"output": "نعم، هذا صحيح."}]
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    page.goto(f"{app.url}/judge")
    expect(page.get_by_role("heading", name="Judge replies I already have")).to_be_visible()
    version = page.get_by_label("Version")
    expect(version).not_to_have_value("")
    version.select_option(label="Brevity, version 1")
    page.get_by_label("File of replies").set_input_files(file)
    reading = page.locator(".cs-judged").first
    expect(reading).to_contain_text("Read as JSON lines in UTF-8, response from `output`.", timeout=20_000)
    expect(reading).to_contain_text("Nothing is judged yet")
    page.get_by_role("button", name="Judge", exact=True).dblclick()
    expect(reading).to_contain_text("2 of 3 (67%)", timeout=20_000)
    expect(reading).to_contain_text("Read as JSON lines in UTF-8, response from `output`.", timeout=20_000)
    expect(reading).to_contain_text("3 replies.")
    expect(reading).to_contain_text("Not used: `id`.")
    expect(reading).to_contain_text("2 of 3 (67%)")
    table = page.locator(".cs-judged").last
    expect(table.locator("tbody tr")).to_have_count(3)
    assert page.locator(".cs-judged img").count() == 0
    assert table.locator("td").nth(11).get_attribute("dir") == "auto"
    page.get_by_label("Outcome").select_option(label="does not")
    expect(table.locator("tbody tr")).to_have_count(1)
    with page.expect_download() as taken:
        page.get_by_role("button", name="JSON").click()
    assert list(json.loads(taken.value.path().read_text())) == ["outcomes", "rows", "totals"]
    with page.expect_download() as taken:
        page.get_by_role("button", name="CSV").click()
    assert taken.value.path().read_text(encoding="utf-8").splitlines()[0] == "row,principle,follows,why,by,response"


def test_many_outcomes_come_in_pages_and_neither_file_nor_text_is_said(app: App, page: Page) -> None:
    page.goto(f"{app.url}/judge")
    expect(page.get_by_label("Version")).not_to_have_value("")
    page.get_by_role("button", name="Judge", exact=True).click()
    expect(page.get_by_text("There is nothing to judge.")).to_be_visible()
    page.get_by_label("Or paste rows").fill("".join(json.dumps({"response": f"Reply {i}."}) + "\n" for i in range(120)))
    page.get_by_role("button", name="Judge", exact=True).click()
    expect(page.get_by_text("1 to 50 of 120 outcomes")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Later").click()
    page.get_by_role("button", name="Later").click()
    expect(page.get_by_text("101 to 120 of 120 outcomes")).to_be_visible()
    expect(page.get_by_role("button", name="Later")).to_be_disabled()


def test_a_file_says_what_it_is_read_as_before_it_is_judged_and_another_takes_its_place(app: App, page: Page, tmp_path: Path) -> None:
    page.goto(f"{app.url}/judge")
    expect(page.get_by_label("Version")).not_to_have_value("")
    table, wrong = tmp_path / "سجل.csv", tmp_path / "wrong.csv"
    table.write_text("Completion;lang\nOne.;en\n;de\nZwei.;de\n", encoding="utf-8")
    wrong.write_text("answer,lang\nOne.,en\n")
    chooser, shown = page.get_by_label("File of replies"), page.locator(".cs-judged").first
    chooser.set_input_files(table)
    expect(shown).to_contain_text("Read as", timeout=20_000)
    expect(shown).to_contain_text("Not used: `lang`.")
    page.get_by_role("button", name="Judge", exact=True).click()
    expect(page.get_by_label("Outcome")).to_be_visible(timeout=20_000)
    chooser.set_input_files([])
    expect(shown).to_be_empty()
    expect(page.get_by_label("Outcome")).to_be_hidden()
    chooser.set_input_files(wrong)
    expect(page.get_by_text("no field `response`")).to_be_visible(timeout=20_000)


def test_what_cannot_be_used_is_said_and_judging_goes_on(app: App, page: Page) -> None:
    page.goto(f"{app.url}/judge")
    expect(page.get_by_label("Version")).not_to_have_value("")
    page.get_by_label("Or paste rows").fill('{"answer": "Yes."}')
    page.get_by_role("button", name="Judge", exact=True).click()
    expect(page.get_by_text("no field `response`")).to_be_visible(timeout=20_000)
    page.get_by_label("Or paste rows").fill('{"response": "Yes."}')
    page.get_by_role("button", name="Judge", exact=True).click()
    expect(page.locator(".cs-judged").first).to_contain_text("1 reply.", timeout=20_000)
