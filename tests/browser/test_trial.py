"""A check tried on stored replies, beside the principle that it is for: by keyboard, in both schemes, at both widths."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.services import constitutions
from app.services.studio import Studio
from tests.app.marking import finished_run
from tests.app.planting import HOSTILE
from tests.app.results import CONTROL, TRAINED
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App
from tests.browser.test_write import add_principle, create, principle

pytestmark = pytest.mark.browser

TEXTS = {
    (CONTROL.key, "statement"): f"Air scatters blue light. It does so {HOSTILE}",
    (CONTROL.key, "antithesis"): "Air scatters blue light. There is more to it. It is a long story",
    (TRAINED.key, "statement"): "Air scatters blue light most",
    (TRAINED.key, "antithesis"): "There is much to be said. And more",
}


def ran(studio: Studio, name: str) -> tuple[int, int]:
    """A constitution of one principle, and a finished run on it."""
    made = constitutions.create_constitution(studio, name)
    row = {"id": f"{made:032d}", "title": "Brief", "statement": "Answer in one sentence.", "antithesis": "Answer in many sentences."}
    draft = constitutions.save_draft(studio, made, "you", 1, [row])
    saved = constitutions.save_version(studio, made, "you", "First.", (draft.revision, None))
    assert saved.head is not None
    return made, finished_run(studio, texts=TEXTS, name=name, version_id=saved.head.id)


def test_a_proposed_check_is_tried_before_it_is_taken_and_the_panel_stays_as_long_as_the_check(page: Page, app: App, studio: Studio) -> None:
    made, run = ran(studio, "Tried before it is taken")
    page.goto(f"{app.url}/write?constitution={made}")
    first, panel = principle(page, 1), page.get_by_role("region", name="The check on stored replies")
    first.get_by_role("button", name="Try it on replies: The reply has at most 1 sentence.").press("Enter")
    expect(panel.get_by_role("status")).to_contain_text(f"Tried on the held-out replies of run {run} of “Tried before it is taken”, version 1.")
    expect(panel.get_by_role("status")).to_contain_text("Aligned with the constitution: under the statement 8 of 8 pass")
    expect(panel.locator(".cs-trial-alike")).to_have_text(["Tells nothing apart: none passes, neither under the statement nor under the antithesis."])
    expect(first.get_by_role("button", name=re.compile("^Try it on replies"))).to_be_focused()
    expect(first.locator('[data-field="check"]')).to_have_value("")
    panel.get_by_text("Replies, a few of each").press("Enter")
    expect(panel.get_by_text(re.compile("^Pass: 3 of 8 replies$"))).to_be_visible()
    expect(panel.locator(".cs-found-replies li")).to_have_count(6)
    expect(panel).to_contain_text("<script>alert(1)</script>")
    require_accessible_in_both_schemes(page)
    first.get_by_role("button", name="Take it").click()
    expect(panel).to_be_visible()  # it is the chosen check by now
    panel.get_by_role("button", name="Close").press("Enter")
    expect(panel).to_have_count(0)
    expect(first.get_by_role("button", name="Try it on replies: the chosen check")).to_be_focused()


def test_another_check_closes_what_was_found_of_the_one_before(page: Page, app: App, studio: Studio) -> None:
    made, _ = ran(studio, "Another check")
    page.goto(f"{app.url}/write?constitution={made}")
    first, panel = principle(page, 1), page.locator(".cs-trial")
    first.locator('[data-field="check"]').select_option("max_words")
    first.locator('[data-field="argument"]').fill("500")
    first.get_by_role("button", name="Try it on replies: the chosen check").click()
    expect(panel.locator(".cs-trial-alike")).to_have_text(["Tells nothing apart: all pass, under the statement and under the antithesis."] * 2)
    first.locator('[data-field="argument"]').fill("5")
    expect(panel).to_have_count(0)
    first.locator('[data-field="argument"]').fill("")
    first.get_by_role("button", name="Try it on replies: the chosen check").click()
    expect(panel.locator(".cs-problem")).to_contain_text("needs an argument")
    first.locator('[data-field="check"]').select_option("")
    expect(first.get_by_role("button", name="Try it on replies: the chosen check")).to_be_hidden()
    expect(panel).to_have_count(0)


def test_where_no_replies_are_stored_what_makes_some_is_said(page: Page, app: App) -> None:
    create(page, app, "Nothing stored")
    add_principle(page, "Quiet", "Use at most 7 words.", "Use more.")
    principle(page, 1).get_by_role("button", name="Try it on replies").click()
    expect(page.locator(".cs-trial")).to_contain_text("No replies are stored for this principle. A finished run of a version that has")
