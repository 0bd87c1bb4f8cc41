"""What a person without a mouse meets: where the focus goes, and what the keys do."""

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from app.services.studio import Studio
from db import claims
from tests.app.planting import claim, progress, queue, version_id
from tests.browser.conftest import App
from tests.browser.test_margin import ran, written
from tests.browser.test_write import add_principle, create, open_version, principle, save_version, saved

pytestmark = pytest.mark.browser
SEEN = ".filter(n => n.checkVisibility()).map(n => n.getBoundingClientRect())"


@pytest.mark.parametrize("path", ["/", "/write", "/write?constitution=1", "/train", "/run", "/judge", "/compare"])
def test_the_skip_link_leads_to_the_content_of_the_same_page(page: Page, app: App, path: str) -> None:
    page.goto(app.url + path)
    expect(page.locator("#content")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    assert page.evaluate("location.pathname + location.search") == path
    if path != "/run":  # where there is no run yet there is nothing to go to
        page.keyboard.press("Tab")
        assert page.evaluate("document.getElementById('content').contains(document.activeElement)")


def test_the_focus_is_on_the_new_version_after_restore(page: Page, app: App) -> None:
    create(page, app, "Restored")
    add_principle(page, "T", "One.", "Two.")
    saved(page)
    save_version(page, "First", 1)
    principle(page, 1).get_by_label("Statement").fill("Another one.")
    saved(page)
    save_version(page, "Second", 2)
    open_version(page, 1)
    page.get_by_role("button", name="Restore as a new version").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".cs-versions li")).to_have_count(3)
    expect(page.locator("[data-version='3']")).to_be_focused()


def test_the_focus_stays_with_the_run_after_stop_and_resume(page: Page, app: App, studio: Studio) -> None:
    run_id = queue(studio, key="stopped-by-key")
    held = claim(studio)
    progress(studio, held, "training", 4, 12)
    page.goto(f"{app.url}/run?id={run_id}")
    page.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".cs-headline")).to_have_text("Stopping: saves a checkpoint after this step")
    expect(page.locator(".cs-headline")).to_be_focused()
    with studio.sessions.begin() as session:
        claims.mark_stopped(session, held)
    page.get_by_role("button", name="Resume").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".cs-headline")).to_have_text("Stopped")


def test_the_focus_stays_on_compare_after_an_empty_query(page: Page, app: App, studio: Studio) -> None:
    page.goto(f"{app.url}/compare?version={version_id(studio)}")
    button = page.get_by_role("button", name="Compare", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#compare-problem")).not_to_be_empty()
    expect(button).to_be_focused()


def test_undo_goes_over_the_whole_document_and_a_removed_principle_too(page: Page, app: App) -> None:
    address = create(page, app, "Undone")
    add_principle(page, "A", "", "not a")
    add_principle(page, "B", "b", "not b")
    principle(page, 1).get_by_label("Statement").focus()
    page.keyboard.type("typed before")
    principle(page, 2).get_by_role("button", name="Remove: principle 2, “B”").click()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(principle(page, 2).get_by_label("Statement")).to_have_value("b")
    expect(principle(page, 2).get_by_label("Title")).to_be_focused()
    expect(page.locator(".cs-removed")).to_have_count(0)
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("typed before")
    page.keyboard.press("Control+z")
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("")
    expect(principle(page, 1).get_by_label("Statement")).to_be_focused()
    page.keyboard.press("Control+Shift+z")
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("typed before")
    page.keyboard.type(" and after")
    principle(page, 1).get_by_label("Title").focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(principle(page, 2).get_by_label("Title")).to_have_value("A")
    page.keyboard.press("Control+z")
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("typed before and after")
    expect(principle(page, 1).get_by_label("Title")).to_be_focused()
    page.get_by_label("Constitution", exact=True).fill("Named anew")
    expect(page).to_have_title("Named anew · Constitution Studio")
    page.keyboard.press("Control+z")
    expect(page.get_by_label("Constitution", exact=True)).to_have_value("Undone")
    expect(page).to_have_title("Undone · Constitution Studio")
    saved(page)
    page.goto(address)
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("typed before and after")
    expect(principle(page, 2).get_by_label("Title")).to_have_value("B")
    page.keyboard.press("Control+z")  # nothing goes back beyond what was opened
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("typed before and after")


def test_a_draft_is_discarded_for_the_newest_version_and_can_be_brought_back(page: Page, app: App) -> None:
    address = create(page, app, "Discarded")
    add_principle(page, "T", "One.", "Two.")
    saved(page)
    discard = page.get_by_role("button", name="Discard the draft, back to version 1")
    expect(discard).to_have_count(0)
    save_version(page, "First", 1)
    expect(discard).to_be_hidden()
    principle(page, 1).get_by_label("Statement").fill("Tried out.")
    discard.click()
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("One.")
    expect(page.locator(".cs-verdict")).to_have_text("The same as version 1")
    expect(page.get_by_role("button", name="Bring mine back")).to_be_focused()
    page.keyboard.press("Enter")
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("Tried out.")
    saved(page)
    discard.click()
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("One.")
    page.goto(address)
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("One.")
    expect(discard).to_be_hidden()


def test_tab_leads_through_the_texts_of_a_principle_and_then_to_what_is_done_with_it(page: Page, app: App, studio: Studio) -> None:
    made, version = written(studio, "In order")
    ran(studio, version, "in-order-run-1")
    page.goto(f"{app.url}/write?constitution={made}")
    first = principle(page, 1)
    expect(first.locator(".cs-margin").get_by_role("link")).to_be_visible()
    first.get_by_label("Title").focus()
    for label in ("Statement", "Antithesis"):
        page.keyboard.press("Tab")
        expect(first.get_by_role("textbox", name=label, exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(first.locator(".cs-margin").get_by_role("link")).to_be_focused()
    for width in (1280, 390):  # and they are met in the order in which they are seen
        page.set_viewport_size({"width": width, "height": 900})
        tops = first.evaluate(f"item => [...item.querySelectorAll('a, button, input, select, textarea')]{SEEN}.map(r => [r.top, r.bottom])")
        assert all(after[1] > before[0] for before, after in pairwise(tops))


def test_priority_and_proposals_stand_alike_whatever_the_check_of_a_principle(page: Page, app: App) -> None:
    create(page, app, "Alike")
    for title in ("One", "Two"):
        add_principle(page, title, f"Do {title}.", f"Avoid {title}.")
    principle(page, 2).get_by_label("Check", exact=True).select_option("regex")
    principle(page, 2).get_by_label("namely").fill("a rather long pattern, as they come|or another one of those")
    for width in (1280, 1000, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for part in (".cs-ranked", ".cs-writer", ".cs-principle-tools"):
            lefts = [principle(page, number).locator(part).bounding_box()["x"] for number in (1, 2)]  # type: ignore[index]
            assert abs(lefts[0] - lefts[1]) < 1
            below = [
                principle(page, number).locator(part).bounding_box()["y"] - principle(page, number).locator(".cs-check").first.bounding_box()["y"]
                for number in (1, 2)
            ]  # type: ignore[index]
            assert below[0] > 10 and below[1] > 10


def test_what_a_field_asks_for_never_looks_like_a_text_that_was_entered(page: Page, app: App) -> None:
    create(page, app, "Asked for")
    page.get_by_role("button", name="Add a principle").click()
    empty = "[...document.querySelectorAll('.cs-paper textarea')].filter(n => n.placeholder && n.checkVisibility())"
    looks = page.evaluate(f"{empty}.map(n => [n.id, getComputedStyle(n, '::placeholder').fontStyle])")
    assert len(looks) >= 4 and {style for _, style in looks} == {"italic"}, looks


def test_an_empty_constitution_says_what_to_begin_with_and_the_focus_is_there(page: Page, app: App) -> None:
    create(page, app, "Empty")
    expect(page.locator(".cs-verdict")).to_have_text("There is no principle yet. Add at least one.")
    expect(page.get_by_role("button", name="Add a principle")).to_be_focused()
    page.keyboard.press("Enter")
    expect(principle(page, 1).get_by_label("Title")).to_be_focused()
