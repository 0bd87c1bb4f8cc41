"""A run is deleted from its page, and from nowhere by mistake."""

import pytest
from playwright.sync_api import Page, expect

from app.services.studio import Studio
from tests.app.planting import claim, finish, queue
from tests.app.results import capitals, result
from tests.browser.conftest import App

pytestmark = pytest.mark.browser


def test_a_finished_run_is_deleted_after_a_question_and_kept_where_the_answer_is_no(page: Page, app: App, studio: Studio) -> None:
    run_id = queue(studio, key="deleted-run")
    finish(studio, claim(studio), result(result().report.principles[0], capitals()))
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app.url}/run?id={run_id}")
    opener = page.get_by_role("button", name="Delete…")
    opener.click()
    dialog = page.get_by_role("dialog", name="Delete this run")
    expect(dialog).to_contain_text("comparisons that were made with it keep their texts")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    page.get_by_role("button", name=f"Delete run {run_id}").click()
    page.wait_for_url(f"{app.url}/train")
    expect(page.locator(".cs-run-list")).to_contain_text("None yet.")
    page.goto(f"{app.url}/run?id={run_id}")
    expect(page.get_by_text(f"There is no run {run_id}.")).to_be_visible()
    assert not (app.data / "runs" / str(run_id)).exists()
