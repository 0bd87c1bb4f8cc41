"""An amendment in the browser: proposed from a draft, commented on, approved under a second name, adopted with a waiver, cited, and taken as a document."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.services import constitutions
from app.services.amendment_views import open_amendment
from app.services.amendments import propose_draft
from app.services.roles import give_role
from app.services.studio import Studio
from tests.app.planting import measure
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App, look

pytestmark = pytest.mark.browser
ROW = {"id": "1" * 32, "title": "Be brief", "statement": "Answer in one sentence.", "antithesis": "Answer at length."}


def named(page: Page, app: App, name: str) -> None:
    page.context.add_cookies([{"name": "studio_name", "value": name, "url": app.url}])


def save(studio: Studio, constitution: int, who: str, statement: str, version: bool) -> None:
    draft = constitutions.open_draft(studio, constitution, who)
    saved = constitutions.save_draft(studio, constitution, who, draft.revision, [{**ROW, "statement": statement}])
    if version:
        constitutions.save_version(studio, constitution, who, "First.", (saved.revision, saved.head.number if saved.head else None))


def proposed(studio: Studio, name: str) -> int:
    """An amendment of Ben's."""
    made = constitutions.create_constitution(studio, name)
    save(studio, made, "Ben", "Answer in one sentence.", version=True)
    save(studio, made, "Ben", "Answer in one short sentence.", version=False)
    return propose_draft(studio, made, "Ben", "Sentences grow long.", f"a-click-of-{made}")


def test_an_amendment_goes_from_a_draft_to_a_cited_version_and_a_document(page: Page, app: App, studio: Studio, tmp_path: Path) -> None:
    made = constitutions.create_constitution(studio, "House rules")
    save(studio, made, "Ben", "Answer in one sentence.", version=True)
    save(studio, made, "Ben", "Answer in one short sentence.", version=False)
    named(page, app, "Ben")
    page.goto(f"{app.url}/amend?constitution={made}")
    expect(page.get_by_text("whoever opens the page can take any")).to_be_visible()
    require_accessible_in_both_schemes(page)
    page.get_by_label("Reason").fill("Sentences grow long.")
    page.get_by_role("button", name="Propose", exact=True).click()
    expect(page.locator(".cs-said")).to_contain_text("is proposed. A second person has to approve it.")
    expect(page.locator(".cs-diff ins")).to_have_text("short ")
    expect(page.get_by_text("You proposed it, so a second person has to approve it.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    address = page.url

    named(page, app, "Ann")
    page.goto(address)
    page.locator("summary", has_text="Comment on “Be brief”").click()
    page.get_by_label("Comment on “Be brief”").fill("How short? <b>")
    page.get_by_role("button", name="Comment", exact=True).first.click()
    expect(page.locator(".cs-comments").first).to_contain_text("How short? <b>")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".cs-said")).to_have_text("You approve it.")
    page.get_by_label("Message: why").fill("It reads better.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("There is no finished evidence")).to_be_visible()
    require_accessible_in_both_schemes(page)
    look(page, "amend-1280")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    look(page, "amend-390")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_label("Waiver").fill("Only shorter.")
    page.get_by_role("button", name="Decide").click()
    expect(page.locator(".cs-said")).to_have_text("It is adopted, as version 2.")

    page.get_by_role("link", name="Version 2").first.click()
    page.wait_for_url("**/c/house-rules@2")
    expect(page.get_by_role("heading", level=1)).to_have_text("House rules, version 2")
    require_accessible_in_both_schemes(page, "body")
    look(page, "cite-1280")
    page.get_by_role("link", name="house-rules@2#1").click()
    page.wait_for_url("**/c/house-rules@2#1")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link to house-rules@2#1").click()
    expect(page.get_by_role("status")).to_have_text("The link to house-rules@2#1 is copied.")
    assert page.evaluate("navigator.clipboard.readText()") == f"{app.url}/c/house-rules@2#1"
    page.get_by_role("link", name="What it changed").click()
    expect(page.locator(".cs-redline ins").first).to_be_visible()
    require_accessible_in_both_schemes(page, "body")
    look(page, "redline-1280")
    with page.expect_download() as taken:
        page.get_by_role("link", name="Word (DOCX, tracked changes)").click()
    taken.value.save_as(tmp_path / "house.docx")
    assert b'<w:ins w:id="' in zipfile.ZipFile(tmp_path / "house.docx").read("word/document.xml")
    page.get_by_role("link", name="Side by side").click()
    expect(page.locator(".cs-sides td del")).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    require_accessible_in_both_schemes(page, "body")
    page.get_by_role("link", name="Changelog").click()
    expect(page.get_by_role("heading", name="Version 2")).to_be_visible()
    require_accessible_in_both_schemes(page, "body")
    look(page, "changelog-390")


def test_one_that_is_behind_is_brought_up_to_date_where_it_is_read(page: Page, app: App, studio: Studio) -> None:
    made = constitutions.create_constitution(studio, "Other rules")
    save(studio, made, "Ben", "Answer in one sentence.", version=True)
    save(studio, made, "Ben", "Answer in one short sentence.", version=False)
    named(page, app, "Ben")
    page.goto(f"{app.url}/amend?constitution={made}")
    page.get_by_label("Reason").fill("Sentences grow long.")
    page.get_by_role("button", name="Propose", exact=True).click()
    expect(page.locator(".cs-said")).to_contain_text("is proposed")
    save(studio, made, "Ann", "Answer in a word.", version=True)
    page.reload()
    expect(page.get_by_role("alert").filter(has_text="Ann saved version 2 since; this changes version 1.")).to_be_visible()
    page.get_by_role("button", name="Bring it up to date").click()
    expect(page.get_by_text("Both the amendment and version 2 changed the statement of “Be brief”.")).to_be_visible()
    page.get_by_label("Where both changed the same").select_option("mine")
    page.get_by_role("button", name="Bring it up to date").click()
    expect(page.locator(".cs-said")).to_have_text("It is brought up to date, and has to be approved anew.")
    page.goto(f"{app.url}/amend?amendment=99999")
    expect(page.get_by_text("There is no amendment 99999.")).to_be_visible()


def test_what_is_typed_in_one_form_stays_when_another_is_sent(page: Page, app: App, studio: Studio) -> None:
    amendment = proposed(studio, "Typed rules")
    named(page, app, "Ann")
    page.goto(f"{app.url}/amend?amendment={amendment}")
    page.locator("summary", has_text="Comment on “Be brief”").click()
    page.get_by_label("Comment on “Be brief”").fill("Half a thought")
    page.get_by_label("Message: why").fill("It reads better.")
    page.get_by_label("Waiver").fill("Only shorter.")
    page.get_by_label("Seed").fill("7")
    page.locator("summary", has_text="Comment on the whole").click()
    page.get_by_label("Comment on the whole").fill("Fine with me.")
    page.get_by_role("button", name="Comment", exact=True).last.click()
    expect(page.locator(".cs-said")).to_have_text("Your comment is kept.")
    expect(page.get_by_label("Comment on the whole")).to_be_hidden()  # this one was sent
    expect(page.get_by_label("Comment on the whole")).to_have_value("")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".cs-said")).to_have_text("You approve it.")
    expect(page.get_by_label("Comment on “Be brief”")).to_be_visible()
    expect(page.get_by_label("Comment on “Be brief”")).to_have_value("Half a thought")
    expect(page.get_by_label("Message: why")).to_have_value("It reads better.")
    expect(page.get_by_label("Waiver")).to_have_value("Only shorter.")
    expect(page.get_by_label("Seed")).to_have_value("7")
    page.get_by_role("button", name="Decide").click()
    expect(page.locator(".cs-said")).to_have_text("It is adopted, as version 2.")


def test_nothing_is_preselected_that_would_only_be_refused(page: Page, app: App, studio: Studio) -> None:
    amendment = proposed(studio, "Undecided rules")
    named(page, app, "Ann")
    page.goto(f"{app.url}/amend?amendment={amendment}")
    decision = page.locator("#amend-decision")
    expect(decision).to_have_value("")
    expect(decision.locator("option:disabled")).to_have_text(["Adopt", "Withdraw"])
    expect(decision).to_have_accessible_description(re.compile("Adopt: nobody else has approved it as it stands. .*Withdraw: only Ben, who proposed it, can."))
    page.get_by_label("Message: why").fill("Let us see.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("Nothing is decided yet. Choose what becomes of it")).to_be_visible()
    require_accessible_in_both_schemes(page)
    page.get_by_role("button", name="Approve").click()
    expect(decision).to_have_value("adopted")
    expect(decision.locator("option:disabled")).to_have_text(["Withdraw"])
    give_role(studio, open_amendment(studio, amendment).of.id, "Cem", "Cem", "owner")
    page.reload()
    expect(page.get_by_role("region", name="Decision")).to_contain_text(
        "Ann is neither writer, reviewer nor owner of “Undecided rules”. This is for its owner: Cem (owner)."
    )
    expect(page.get_by_role("button", name="Decide")).to_have_count(0)


def test_from_a_draft_that_differs_the_way_to_propose_it_stands_beside_discarding_it(page: Page, app: App, studio: Studio) -> None:
    made = constitutions.create_constitution(studio, "Found rules")
    save(studio, made, "Ben", "Answer in one sentence.", version=True)
    named(page, app, "Ben")
    page.goto(f"{app.url}/write?constitution={made}")
    way = page.get_by_role("link", name="Propose as an amendment")
    expect(page.locator(".cs-verdict")).to_have_text("The same as version 1")
    expect(way).to_be_hidden()
    page.get_by_label("Statement").fill("Answer in one short sentence.")
    expect(way).to_be_visible()
    page.get_by_role("button", name="Save version…").click()
    expect(page.get_by_role("dialog").get_by_role("link", name="Propose as an amendment")).to_be_visible()
    require_accessible_in_both_schemes(page)
    page.keyboard.press("Escape")
    page.get_by_label("Statement").fill("Answer in one very short sentence.")  # not saved yet, and proposed all the same
    way.click()
    page.wait_for_url("**/amend?constitution=*")
    expect(page.locator("#propose ins")).to_have_text("very short ")
    expect(page.locator("#propose")).to_be_in_viewport()
    page.goto(f"{app.url}/write?constitution={made}")
    page.get_by_role("button", name="Remove: principle 1").click()
    expect(page.locator(".cs-verdict")).to_have_text("There is no principle yet. Add at least one.")
    way.click()
    expect(page.locator("#propose")).to_contain_text("Not yet: There is no principle yet. Add at least one. Put it right on Write")


def test_what_training_both_wordings_takes_is_said_before_the_click(page: Page, app: App, studio: Studio) -> None:
    measure(studio)
    amendment = proposed(studio, "Weighed rules")
    named(page, app, "Ann")
    page.goto(f"{app.url}/amend?amendment={amendment}")
    forecast = page.locator(".cs-forecast")
    expect(forecast).to_contain_text(re.compile(r"about .*two runs, one after the other: about .* for the old wording, about .* for the new wording"))
    expect(forecast).to_contain_text(re.compile("Memory.*GB"))
    before = forecast.inner_text()
    page.get_by_label("Preset").select_option("thorough")
    expect(forecast).not_to_have_text(before)
    expect(forecast).to_contain_text("Work of each")
    page.get_by_label("Seed").fill("-1")
    page.get_by_label("Seed").press("Tab")
    expect(forecast.locator(".cs-problem")).to_contain_text("seed")
    require_accessible_in_both_schemes(page)
