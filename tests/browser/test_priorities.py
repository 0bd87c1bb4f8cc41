"""Priorities and the rule for conflicts on the Write page: typed, undone, saved, reloaded, read in a version, put together with another tab's."""

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App
from tests.browser.test_scenarios import picture
from tests.browser.test_write import add_principle, create, open_version, principle, save_version, saved

RULE = "Do what harms least, then ask."


def priority(page: Page, number: int) -> Locator:
    return principle(page, number).get_by_label("Priority", exact=True)


def rule(page: Page) -> Locator:
    return page.get_by_label("When principles conflict", exact=True)


def begin(page: Page, app: App, name: str) -> None:
    create(page, app, name)
    add_principle(page, "Brief", "Be brief.", "Be long.")
    add_principle(page, "Kind", "Be kind.", "Be blunt.")
    saved(page)


def test_both_are_typed_undone_saved_reloaded_and_read_in_a_version(page: Page, app: App, tmp_path: Path) -> None:
    begin(page, app, "Ranked")
    priority(page, 2).focus()
    page.keyboard.type("1")
    rule(page).focus()
    page.keyboard.type(RULE)
    saved(page)
    page.keyboard.press("Control+z")
    expect(rule(page)).to_have_value("")
    expect(rule(page)).to_be_focused()
    page.keyboard.press("Control+z")
    expect(priority(page, 2)).to_have_value("")
    expect(priority(page, 2)).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Control+Shift+z")
    expect(rule(page)).to_have_value(RULE)
    expect(priority(page, 2)).to_have_value("1")
    saved(page)
    picture(page, "priorities")
    page.set_viewport_size({"width": 1280, "height": 900})
    require_accessible_in_both_schemes(page)
    save_version(page, "Ranked", 1)
    page.reload()
    expect(priority(page, 2)).to_have_value("1")
    expect(priority(page, 1)).to_have_value("")
    expect(rule(page)).to_have_value(RULE)

    priority(page, 1).fill("40")
    priority(page, 1).blur()
    expect(principle(page, 1).get_by_text("The priority of principle 1 is 40")).to_be_visible()
    priority(page, 1).fill("2")
    rule(page).fill("Ask first.")
    saved(page)
    page.get_by_role("button", name="Save version…").click()
    shown = page.get_by_role("dialog")
    expect(shown.locator("ins", has_text="Priority 2.")).to_be_visible()
    expect(shown.locator("del", has_text="harms")).to_be_visible()
    picture(page, "priorities-redline")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_label("Message").fill("Two")
    page.get_by_role("button", name="Save version 2").click()
    expect(page.locator(".cs-status")).to_have_text("Saved as version 2.")
    open_version(page, 1)
    expect(page.get_by_role("dialog").get_by_text("Priority 1.")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_text(RULE)).to_be_visible()
    page.get_by_role("button", name="Restore").click()
    expect(rule(page)).to_have_value(RULE)
    expect(priority(page, 1)).to_have_value("")
    with page.expect_download() as download:
        page.get_by_role("button", name="Markdown").first.click()
    file = tmp_path / "ranked.md"
    download.value.save_as(file)
    assert f"**When principles conflict.** {RULE}" in file.read_text() and "*Priority:* 1" in file.read_text()


def test_what_another_tab_said_of_either_is_put_together(page: Page, app: App) -> None:
    begin(page, app, "Two tabs")
    other = page.context.new_page()
    other.goto(page.url)
    expect(rule(other)).to_be_visible()
    rule(page).fill("Mine.")
    saved(page)
    priority(other, 1).fill("3")
    expect(other.get_by_text("From there came what differs in the rule for conflicts.")).to_be_visible()
    expect(rule(other)).to_have_value("Mine.")
    expect(priority(other, 1)).to_have_value("3")
    saved(other)
    rule(page).fill("Mine again.")
    saved(page)
    rule(other).fill("The other.")
    expect(other.get_by_text("one place was changed in both")).to_be_visible()
    expect(other.get_by_text("For all principles: what is done when principles conflict")).to_be_visible()
    other.get_by_role("button", name="Together, the other there").click()
    expect(rule(other)).to_have_value("Mine again.")


def test_what_is_no_whole_number_is_told_at_its_field_and_kept_over_a_reload(page: Page, app: App) -> None:
    begin(page, app, "Typed")
    beside = principle(page, 2).locator("[data-problem=priority]")
    for typed in ("1.5", "first", "-"):
        told = f"The priority of principle 2 must be a whole number from 1 (first) to 32, got '{typed}'. Correct it, or leave it out."
        priority(page, 2).fill(typed)
        expect(beside).to_have_text(told)
        expect(principle(page, 1).locator("[data-problem=priority]")).to_have_text("")
        expect(priority(page, 2)).to_have_attribute("aria-invalid", "true")
        assert beside.get_attribute("id") in (priority(page, 2).get_attribute("aria-describedby") or "").split()
        expect(page.locator(".cs-status")).to_have_text(f"Not saved: {told}")
    require_accessible_in_both_schemes(page)
    page.reload()
    expect(priority(page, 2)).to_have_value(typed)
    expect(beside).to_have_text(told)
    priority(page, 2).fill("3")
    expect(beside).to_have_text("")
    expect(priority(page, 2)).not_to_have_attribute("aria-invalid", "true")
    saved(page)
