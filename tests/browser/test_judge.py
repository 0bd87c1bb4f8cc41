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
    version.click()
    page.get_by_role("option", name="Brevity, version 1").click()
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("mine", exact=False).first).to_be_visible()
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
    page.get_by_label("Outcome").click()
    page.get_by_role("option", name="does not").click()
    expect(table.locator("tbody tr")).to_have_count(1)
    with page.expect_download() as taken:
        page.get_by_role("button", name="JSON").click()
    assert list(json.loads(taken.value.path().read_text())) == ["outcomes", "rows", "totals"]


def test_a_file_says_what_it_is_read_as_before_it_is_judged_and_another_takes_its_place(app: App, page: Page, tmp_path: Path) -> None:
    page.goto(f"{app.url}/judge")
    expect(page.get_by_label("Version")).not_to_have_value("")
    table, wrong = tmp_path / "سجل.csv", tmp_path / "wrong.csv"
    table.write_text("Completion;lang\nOne.;en\n;de\nZwei.;de\n", encoding="utf-8")
    wrong.write_text("answer,lang\nOne.,en\n")
    chooser = page.locator("input[type=file]")
    chooser.set_input_files(table)
    shown = page.locator(".cs-judged").first
    expect(shown).to_contain_text("Read as", timeout=20_000)
    expect(shown).to_contain_text("Not used: `lang`.")
    page.get_by_role("button", name="Judge", exact=True).click()
    expect(page.get_by_label("Outcome")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".cs-judged")).to_have_count(0)
    expect(page.get_by_label("Outcome")).to_be_hidden()
    chooser.set_input_files(wrong)
    expect(page.locator(".cs-judged [role=alert]")).to_contain_text("no field `response`", timeout=20_000)


def test_what_cannot_be_used_is_said_and_judging_goes_on(app: App, page: Page) -> None:
    page.goto(f"{app.url}/judge")
    expect(page.get_by_label("Version")).not_to_have_value("")
    page.get_by_label("Or paste rows").fill('{"answer": "Yes."}')
    page.get_by_role("button", name="Judge", exact=True).click()
    expect(page.get_by_text("no field `response`")).to_be_visible(timeout=20_000)
    page.get_by_label("Or paste rows").fill('{"response": "Yes."}')
    page.get_by_role("button", name="Judge", exact=True).click()
    expect(page.locator(".cs-judged").first).to_contain_text("1 reply.", timeout=20_000)
