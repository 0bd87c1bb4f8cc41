"""From what a run found back to the text, and from the text on to Train and Compare: each page opens with what the last one had open."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.services import constitutions
from app.services.runs import queue_run
from app.services.studio import Studio
from tests.app.planting import claim, finish, form
from tests.app.results import capitals, result
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App

pytestmark = pytest.mark.browser


def written(studio: Studio, name: str, author: str = "you") -> tuple[int, int]:
    """A constitution of two principles, and the id of its first version."""
    made = constitutions.create_constitution(studio, name)
    rows = [{"id": f"{made:031d}{letter}", "title": f"Say {letter}", "statement": f"Say {letter}.", "antithesis": f"Not {letter}."} for letter in "ab"]
    draft = constitutions.save_draft(studio, made, author, 1, rows)
    saved = constitutions.save_version(studio, made, author, "First.", (draft.revision, None))
    assert saved.head is not None
    return made, saved.head.id


def ran(studio: Studio, version: int, key: str, author: str = "you") -> int:
    run = queue_run(studio, author, form(studio, version_id=version), key)
    finish(studio, claim(studio), result(result().report.principles[0], capitals()))
    return run


def test_each_principle_says_what_the_newest_run_found_and_whether_it_was_changed_since(page: Page, app: App, studio: Studio) -> None:
    made, version = written(studio, "Two principles")
    run = ran(studio, version, "margin-run-1")
    page.goto(f"{app.url}/write?constitution={made}")
    margins = page.locator(".cs-margin")
    expect(margins).to_have_text([re.compile(rf"✓followedin run {run} of version 1$"), re.compile(rf"✕not followedin run {run} of version 1$")])
    second = page.locator(".cs-paper .cs-principle").nth(1)
    second.get_by_label("Statement").fill("Say b, and loudly.")
    expect(margins.nth(1)).to_contain_text("text changed since")
    second.get_by_role("button", name="Move up").click()
    expect(margins.nth(0)).to_contain_text("not followed")  # it goes with the principle, not with its place
    page.get_by_role("button", name="Add a principle").click()
    expect(page.locator(".cs-paper .cs-principle")).to_have_count(3)
    expect(margins).to_have_count(2)  # no run knows the new one
    page.reload()
    expect(margins.nth(0)).to_contain_text("text changed since")
    second.get_by_label("Statement").fill("Say a.")
    expect(margins.nth(1)).not_to_contain_text("changed since")
    require_accessible_in_both_schemes(page)
    margins.nth(1).get_by_role("link").click()
    expect(page.locator(".cs-came-out")).to_have_count(2)


def test_train_and_compare_open_with_the_version_that_write_had_open(page: Page, app: App, studio: Studio) -> None:
    made, version = written(studio, "To be trained")
    written(studio, "Newer and another person's", "Bob")
    page.goto(f"{app.url}/write?constitution={made}")
    onwards = page.get_by_role("navigation", name="With this version")
    onwards.get_by_role("link", name="Train this version").click()
    expect(page.get_by_label("Constitution", exact=True)).to_have_value(str(version))
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    page.go_back()
    onwards.get_by_role("link", name="Compare").click()
    expect(page.get_by_label("Compare", exact=True)).to_have_value(f"version:{version}")  # no run of it yet
    run = ran(studio, version, "onwards-run-1")
    page.goto(f"{app.url}/write?constitution={made}")
    page.get_by_label("Statement").first.fill("Say a, as a second version.")
    page.get_by_role("button", name="Save version…").click()
    page.get_by_label("Message").fill("Second.")
    page.get_by_role("button", name="Save version 2").click()
    expect(onwards).to_contain_text("With version 2")
    onwards.get_by_role("link", name="Compare").click()
    expect(page.get_by_label("Compare", exact=True)).to_have_value(f"run:{run}")  # the newest run, of the version before
    page.go_back()
    onwards.get_by_role("link", name="Train this version").click()
    expect(page.locator("#train-version option:checked")).to_have_text("To be trained, version 2: Second.")


def test_no_page_opens_on_another_persons_work(page: Page, app: App, studio: Studio) -> None:
    _, others = written(studio, "Bob's alone", "Bob")
    ran(studio, others, "bobs-run-1", "Bob")
    page.goto(f"{app.url}/train?version=99999")
    expect(page.get_by_role("alert").filter(has_text="cannot be trained on")).to_be_visible()
    expect(page.locator("#train-version option:checked")).to_have_text("Choose a version…")
    expect(page.get_by_text("No version is chosen. Choose the one to train on.")).to_be_visible()
    page.goto(f"{app.url}/compare?run=99999")
    expect(page.get_by_text("There is no finished run 99999.")).to_be_visible()
    page.get_by_label("Query").fill("Why?")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text("No run and no version is chosen. Choose one.")).to_be_visible()
    for address, field in (("train", "#train-version"), ("judge", "#judge-version"), ("compare", "#compare-source")):
        page.goto(f"{app.url}/{address}")
        expect(page.locator(f"{field} option:checked")).not_to_contain_text("Bob's alone")
