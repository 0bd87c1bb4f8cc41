"""A run is deleted from its page, a check from Train and from Mark, and none by mistake."""

import pytest
from playwright.sync_api import Page, expect

from app.services.studio import Studio
from tests.app.checked import kept_check, mark_check_whole
from tests.app.planting import claim, finish, queue
from tests.app.results import capitals, result
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App, look

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


def test_a_check_is_deleted_from_the_train_page_after_saying_whose_marks_go(page: Page, app: App, studio: Studio) -> None:
    check, other = kept_check(studio, name="Vases"), kept_check(studio, name="Bowls")
    mark_check_whole(studio, check, "Ada", most=3)
    mark_check_whole(studio, check, "Ben", most=1)
    page.goto(f"{app.url}/train?check={check}")
    part = page.get_by_role("region", name="What the base already does")
    opener = part.get_by_role("button", name="Delete this check…")
    opener.click()
    dialog = page.get_by_role("dialog", name="Delete this check")
    expect(dialog).to_contain_text("Its verdict and its replies are gone for good then, and so are the 4 marks of them (3 by Ada, 1 by Ben).")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    look(page, "check-deleting", whole=False)
    require_accessible_in_both_schemes(page)
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.press("Enter")
    page.get_by_role("button", name=f"Delete check {check}").press("Enter")
    expect(part.get_by_role("status").first).to_have_text(f"Check {check} is deleted.")
    expect(part.locator(".cs-found")).to_have_count(0)
    expect(opener).to_be_hidden()
    assert page.url == f"{app.url}/train"
    page.goto(f"{app.url}/train?check={check}")
    expect(page.get_by_text(f"There is no check {check}.")).to_be_visible()
    page.goto(f"{app.url}/mark?check={other}")
    expect(page.locator(".cs-mark-amount")).to_have_text("0 of 32")
    expect(page.get_by_label("Run or check").locator("option", has_text=f"Check {check}:")).to_have_count(0)


def test_a_check_is_deleted_from_the_mark_page_and_no_key_marks_a_card_behind_the_question(page: Page, app: App, studio: Studio) -> None:
    check = kept_check(studio, name="Jugs")
    page.goto(f"{app.url}/mark?check={check}")
    expect(page.locator(".cs-mark-amount")).to_have_text("0 of 32")
    page.get_by_text(f"Check {check}, Jugs").click()
    page.get_by_role("button", name="Delete this check…").click()
    dialog = page.get_by_role("dialog", name="Delete this check")
    expect(dialog).to_contain_text("nobody has marked them")
    page.keyboard.press("1")
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator(".cs-mark-amount")).to_have_text("0 of 32")
    page.get_by_role("button", name="Delete this check…").click()
    page.get_by_role("button", name=f"Delete check {check}").click()
    page.wait_for_url(lambda url: f"check={check}" not in url)
    page.goto(f"{app.url}/mark?check={check}")
    expect(page.get_by_text(f"There is no check {check}.")).to_be_visible()
    expect(page.get_by_role("button", name="Delete this check…")).to_be_hidden()
