"""Scenarios on the Write page: written, undone, saved, restored, taken along as a file."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App
from tests.browser.test_write import add_principle, create, open_version, principle, save_version, saved


def field(page: Page, label: str, number: int, of: int = 1) -> Locator:
    return page.get_by_label(f"{label}: scenario {number} of principle {of}", exact=True)


def unfold(page: Page, of: int = 1) -> None:
    principle(page, of).locator(".cs-scenarios > summary").click()


def queries(page: Page, of: int = 1) -> list[str]:
    return [node.input_value() for node in principle(page, of).locator("[data-part=query]").all()]


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("STUDIO_PICTURES"):
        for scheme in ("light", "dark"):
            page.evaluate("dark => document.body.classList.toggle('dark', dark)", scheme == "dark")
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 900})
                page.screenshot(path=Path(folder) / f"{name}_{scheme}_{width}.png", full_page=True)


def begin(page: Page, app: App, name: str) -> None:
    create(page, app, name)
    add_principle(page, "Brief", "Be brief.", "Be long.")
    unfold(page)
    page.get_by_role("button", name="Add a scenario to principle 1").click()
    field(page, "Query", 1).fill("Tell me about rain.")


def test_two_scenarios_are_written_by_the_keyboard_saved_removed_undone_restored_and_imported(page: Page, app: App, tmp_path: Path) -> None:
    begin(page, app, "With scenarios")
    for key in ("Enter", "One sentence.", "Enter", "A lecture.", "Enter", "And of snow?"):
        page.keyboard.press("Enter") if key == "Enter" else page.keyboard.type(key)
    expect(field(page, "Query", 2)).to_have_value("And of snow?")
    field(page, "For test or train", 2).select_option("train")
    saved(page)
    page.reload()
    expect(page.locator(".cs-scenarios > summary")).to_have_text("Scenarios (2)")
    unfold(page)
    expect(field(page, "Would follow", 1)).to_have_value("One sentence.")
    expect(field(page, "Would not", 1)).to_have_value("A lecture.")
    expect(field(page, "For test or train", 2)).to_have_value("train")
    save_version(page, "Two scenarios", 1)

    page.get_by_role("button", name="Remove scenario 1 of principle 1").click()
    expect(page.get_by_text("Scenario 1 is removed.")).to_be_visible()
    assert queries(page) == ["And of snow?"]
    page.keyboard.press("Control+z")
    expect(field(page, "Query", 2)).to_have_value("And of snow?")
    expect(field(page, "Would not", 1)).to_have_value("A lecture.")
    saved(page)
    expect(page.locator(".cs-verdict")).to_have_text("The same as version 1")
    page.get_by_role("button", name="Remove scenario 2 of principle 1").click()
    field(page, "Query", 1).fill("Tell me about hail.")
    saved(page)
    page.get_by_role("button", name="Save version…").click()
    shown = page.get_by_role("dialog")
    expect(shown.locator("del", has_text="And of snow?")).to_be_visible()
    expect(shown.locator("ins", has_text="hail")).to_be_visible()
    picture(page, "redline")
    page.get_by_label("Message").fill("One")
    page.get_by_role("button", name="Save version 2").click()
    expect(page.locator(".cs-status")).to_have_text("Saved as version 2.")

    open_version(page, 1)
    expect(page.get_by_role("dialog").get_by_text("Scenarios (2)")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_text("A lecture.")).to_be_visible()
    picture(page, "version")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name=re.compile("^Restore")).click()
    expect(page.locator(".cs-scenarios > summary")).to_have_text("Scenarios (2)")
    with page.expect_download() as download:
        page.get_by_role("button", name="YAML").first.click()
    file = tmp_path / "again.yaml"
    download.value.save_as(file)
    page.goto(app.url)
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.locator(".cs-scenarios > summary")).to_have_text("Scenarios (2)")
    assert queries(page) == ["Tell me about rain.", "And of snow?"]


def test_moved_and_removed_principles_take_their_scenarios_along(page: Page, app: App) -> None:
    begin(page, app, "Carried")
    add_principle(page, "Warm", "Be warm.", "Be cold.")
    principle(page, 1).get_by_role("button", name="Move down").click()
    unfold(page, 1)
    expect(field(page, "Query", 1, of=2)).to_have_value("Tell me about rain.")
    principle(page, 2).get_by_role("button", name="Remove: principle 2").click()
    page.get_by_role("button", name="Undo").click()
    expect(field(page, "Query", 1, of=2)).to_have_value("Tell me about rain.")
    principle(page, 2).get_by_role("button", name="Remove: principle 2").click()
    page.keyboard.press("Control+z")
    assert queries(page, 2) == ["Tell me about rain."]
    saved(page)


def test_what_is_wrong_with_a_scenario_is_said_beside_it_and_lines_become_scenarios(page: Page, app: App) -> None:
    begin(page, app, "Pasted")
    page.get_by_role("button", name="Add a scenario to principle 1").click()
    page.evaluate(
        """() => { const data = new DataTransfer(); data.setData("text/plain", "Why?\\n\\n  How?\\nWhere?");
        document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})) }"""
    )
    expect(page.get_by_text("3 lines became 3 scenarios.")).to_be_visible()
    assert queries(page) == ["Tell me about rain.", "Why?", "How?", "Where?"]
    page.keyboard.press("Control+z")
    assert queries(page) == ["Tell me about rain.", ""]
    page.keyboard.press("Control+Shift+z")
    field(page, "Query", 3).fill("why? ")
    field(page, "Query", 4).fill("")
    field(page, "Would follow", 4).fill("x")
    field(page, "Would follow", 4).blur()
    expect(page.locator('[data-problem="scenarios.2.query"]')).to_have_text("Scenarios 2 and 3 of principle 1 have the same query. Change one, or remove it.")
    expect(page.locator('[data-problem="scenarios.3.query"]')).to_have_text("Scenario 4 of principle 1 has no query. Write one, or remove the scenario.")
    picture(page, "write")
    require_accessible_in_both_schemes(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    unfold(page)
    page.get_by_role("button", name="Save version…").click()
    expect(page.get_by_role("button", name="Save version 1")).to_be_disabled()
    page.get_by_role("button", name="Back to the draft").click()
    expect(field(page, "Query", 3)).to_be_focused()


def test_typed_scenarios_survive_a_killed_server(page: Page, app: App) -> None:
    begin(page, app, "Outlasting")
    saved(page)
    app.stop(kill=True)
    field(page, "Would follow", 1).fill("Offline words.")
    expect(page.locator(".cs-status")).to_have_text(re.compile("^Not saved"))
    app.restart()
    saved(page)
    page.reload()
    unfold(page)
    expect(field(page, "Would follow", 1)).to_have_value("Offline words.")


@pytest.mark.parametrize("unfolded", [True, False])
def test_scenarios_are_printed_whether_or_not_they_are_folded(page: Page, app: App, unfolded: bool) -> None:
    begin(page, app, f"Printed {unfolded}")
    saved(page)
    if not unfolded:
        unfold(page)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(field(page, "Query", 1)).to_be_visible()
    expect(page.get_by_role("button", name="Remove scenario 1 of principle 1")).to_be_hidden()
