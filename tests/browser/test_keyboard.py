"""What a person without a mouse meets: where the focus goes, and what the keys do."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App

pytestmark = pytest.mark.browser


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
