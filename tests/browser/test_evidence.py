"""Evidence in the browser: what cannot be judged yet is marked, the replies of both runs mixed, and judged under the marker's name; and who may rename."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.services import constitutions
from app.services.roles import give_role
from app.services.studio import Studio
from tests.app.marking import follows
from tests.app.services.test_evidence import CLEARER, MOVED, ROW, amended
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App, look

pytestmark = pytest.mark.browser


def named(page: Page, app: App, name: str) -> None:
    page.context.add_cookies([{"name": "studio_name", "value": name, "url": app.url}])


def answer(page: Page) -> None:
    amount = page.locator(".cs-mark-amount").inner_text()
    page.keyboard.press("1" if follows(page.locator(".cs-mark-reply").inner_text()) else "2")
    expect(page.locator(".cs-mark-amount")).not_to_have_text(amount)


def looked_at(page: Page, name: str) -> None:
    """Pictures in both schemes and both widths."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", scheme == "dark")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            look(page, f"{name}-{scheme}-{width}")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_what_nobody_can_judge_is_marked_mixed_and_then_judged_as_marked(page: Page, app: App, studio: Studio) -> None:
    scenarios = [{"query": "Is it a vase?", "follows": "It says that it guesses."}]
    amendment, pair = amended(studio, [{**CLEARER, "scenarios": scenarios}, MOVED], before=[{**ROW, "scenarios": scenarios}])
    named(page, app, "Ada")
    page.goto(f"{app.url}/amend?amendment={amendment}")
    evidence = page.get_by_role("region", name="Evidence").first
    only = evidence.locator("tbody").filter(has_text="Only").first
    expect(only).to_contain_text("Cannot be judged yet: no program judges it", timeout=20_000)
    expect(only.get_by_role("link", name="give it a check")).to_have_attribute("href", re.compile(r"write\?constitution=\d+"))
    expect(evidence).to_contain_text("No claim is made, so none is corrected: nothing could be compared of “Only” and “Added”.")
    require_accessible_in_both_schemes(page)
    looked_at(page, "evidence-unjudged")

    only.get_by_role("link", name="Mark the replies of both runs, mixed").click()
    amount = page.locator(".cs-mark-amount")
    expect(amount).to_have_text("0 of 24", timeout=20_000)
    expect(page.locator(".cs-mark-principle")).to_contain_text(CLEARER["statement"])
    expect(page.locator(".cs-mark-choice summary")).to_contain_text(f"Run {pair.new_run} beside run {pair.old_run}")
    assert f"beside={pair.old_run}" in page.url
    for _ in range(5):
        answer(page)
    page.reload()
    expect(amount).to_have_text("5 of 24", timeout=20_000)
    require_accessible_in_both_schemes(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    look(page, "marking-both")
    for _ in range(19):
        answer(page)
    ended = page.get_by_role("region", name="What came out")
    expect(ended).to_contain_text("They count in the evidence for the amendment")
    ended.get_by_role("button", name="2 more cards").click()  # those of its own scenario
    expect(amount).to_have_text("24 of 26")
    for _ in range(2):
        answer(page)
    ended.get_by_role("link", name="The evidence for the amendment").click()
    expect(only).to_contain_text("A rise is shown", timeout=20_000)
    expect(only).to_contain_text("as marked by Ada; both are judged by the new wording")
    expect(only).to_contain_text("On 1 scenario of its own, by themselves: change +1.00")
    expect(only).to_contain_text("26 replies marked.")
    expect(evidence).to_contain_text("Family of the correction (Holm): one comparison of compliance, of “Only”")
    expect(evidence).to_contain_text("Not among them, since nothing could be compared: “Added”.")
    expect(evidence).to_contain_text("so it is one finding, and not one for each principle")
    require_accessible_in_both_schemes(page)
    looked_at(page, "evidence-marked")


def test_who_is_no_owner_is_told_who_renames_and_archives_and_owners_do(page: Page, app: App, studio: Studio) -> None:
    made = constitutions.create_constitution(studio, "Rules of the house")
    give_role(studio, made, "Ann", "Ann", "owner")
    give_role(studio, made, "Ann", "Ben", "writer")
    named(page, app, "Ben")
    page.goto(app.url)
    entry = page.locator(".cs-entry").filter(has_text="Rules of the house")
    expect(entry).to_contain_text("Renaming and archiving: Ben is writer of “Rules of the house”. This is for its owner: Ann (owner).", timeout=20_000)
    expect(entry.get_by_role("button", name=re.compile("Rename|Archive"))).to_have_count(0)
    require_accessible_in_both_schemes(page)
    looked_at(page, "list-closed")
    page.goto(f"{app.url}/write?constitution={made}")
    name = page.get_by_label("Constitution", exact=True)
    expect(name).to_have_value("Rules of the house", timeout=20_000)
    expect(name).not_to_be_editable()
    expect(page.locator("#constitution-name-closed")).to_contain_text("Renaming: Ben is writer")
    require_accessible_in_both_schemes(page)
    looked_at(page, "write-closed")

    named(page, app, "Ann")
    page.goto(f"{app.url}/write?constitution={made}")
    expect(name).to_be_editable(timeout=20_000)
    expect(page.locator("#constitution-name-closed")).to_be_empty()
    page.goto(app.url)
    entry.get_by_role("button", name="Rename Rules of the house").click()
    page.get_by_label("New name of “Rules of the house”").fill("House rules")
    page.get_by_role("button", name="Rename", exact=True).click()
    page.get_by_role("button", name="Archive: House rules").click()
    expect(page.get_by_text("Archived. Its versions and runs stay, and it can be put back.")).to_be_visible()
