"""A studio that is away for a while, and a page that the browser kept: what was typed stays, and what is shown is fresh."""

import os
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import App, found_chromium
from tests.browser.test_write import add_principle, create, principle, saved

pytestmark = pytest.mark.browser
AWAY = "The studio does not answer."


def test_typing_and_focus_outlast_an_outage_and_the_page_says_so_meanwhile(page: Page, app: App) -> None:
    address = create(page, app, "Outage")
    add_principle(page, "T", "", "other")
    saved(page)
    field, notice = principle(page, 1).get_by_label("Statement"), page.locator(".cs-condition")
    field.focus()
    page.keyboard.type("before ")
    app.stop(kill=True)
    page.keyboard.type("while away ")
    expect(notice).to_contain_text(AWAY)
    expect(page.locator(".cs-status")).to_contain_text("The text is safe in this browser")
    page.keyboard.type("and still ")
    expect(field).to_have_value("before while away and still ")
    expect(field).to_be_focused()
    app.restart(kill=True)
    page.keyboard.type("after")
    expect(notice).to_be_hidden()
    saved(page)
    expect(field).to_be_focused()
    expect(field).to_have_value("before while away and still after")
    page.goto(address)
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("before while away and still after")


def test_a_studio_that_hangs_is_told_too_and_takes_what_was_typed_in_the_end(page: Page, app: App) -> None:
    create(page, app, "Hanging")
    add_principle(page, "T", "", "other")
    saved(page)
    field = principle(page, 1).get_by_label("Statement")
    field.focus()
    os.kill(app.process.pid, signal.SIGSTOP)
    try:
        page.keyboard.type("typed meanwhile")
        expect(page.locator(".cs-status")).to_contain_text("Go on writing; the text is safe in this browser.")
        expect(page.locator(".cs-condition")).to_contain_text(AWAY)
        expect(field).to_be_focused()
    finally:
        os.kill(app.process.pid, signal.SIGCONT)
    saved(page)
    expect(page.locator(".cs-condition")).to_be_hidden()
    expect(field).to_have_value("typed meanwhile")


@pytest.fixture
def keeping(chromium: Browser) -> Iterator[Page]:
    """A page of a browser that keeps pages for going back, as people's browsers do and those of tests do not."""
    launched = chromium.browser_type.launch(
        executable_path=found_chromium(whole=True), args=["--no-sandbox"], ignore_default_args=["--disable-back-forward-cache"]
    )
    yield launched.new_page()
    launched.close()


def test_the_list_is_fresh_after_going_back_to_it(keeping: Page, app: App) -> None:
    page = keeping
    page.goto(app.url)
    entry = page.get_by_role("link", name="Warm tone", exact=True)
    entry.wait_for()
    page.evaluate("addEventListener('pageshow', (event) => (window.wasKept = event.persisted))")
    entry.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Constitution", exact=True).fill("Warmer tone")
    expect(page).to_have_title("Warmer tone · Constitution Studio")
    page.go_back(wait_until="commit")  # a page that was kept is not loaded again
    expect(page.get_by_role("link", name="Warmer tone", exact=True)).to_be_visible()
    assert page.evaluate("window.wasKept") is True
    expect(page.get_by_role("link", name="Warmer tone", exact=True)).to_be_focused()


def test_a_list_that_was_kept_still_shows_what_was_looked_for(keeping: Page, app: App) -> None:
    page = keeping
    for number in range(5):
        create(page, app, f"Made {number}")  # with the starters more than a handful: there is a field to find one
    page.goto(app.url)
    page.get_by_role("searchbox").fill("Made 3")
    expect(page.locator(".cs-entry:visible")).to_have_count(1)
    page.evaluate("addEventListener('pageshow', (event) => (window.wasKept = event.persisted))")
    page.get_by_role("link", name="Made 3", exact=True).click()
    page.wait_for_url("**/write?**")
    page.go_back(wait_until="commit")
    expect(page.get_by_role("link", name="Made 3", exact=True)).to_be_visible()
    page.wait_for_timeout(1000)  # the list is asked for anew
    assert page.evaluate("window.wasKept") is True
    expect(page.locator(".cs-entry:visible")).to_have_count(1)
