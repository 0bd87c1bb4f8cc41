"""Two people on one constitution: one saves a version while the other has a draft. Nothing is dropped, and what taking it in changes is shown before."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.services import constitutions
from app.services.studio import Studio
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App, look
from tests.browser.test_write import principle, save_version, saved

pytestmark = pytest.mark.browser
ROWS = [{"id": letter * 32, "title": letter.upper(), "statement": f"Do {letter}.", "antithesis": f"Never {letter}."} for letter in "ab"]


@pytest.fixture
def ann(chromium: Browser, app: App) -> Iterator[Page]:
    """Somebody else, in a browser of her own."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    context.add_cookies([{"name": "studio_name", "value": "Ann", "url": app.url}])
    yield context.new_page()
    context.close()


@pytest.fixture
def ben(page: Page, app: App) -> Page:
    page.context.add_cookies([{"name": "studio_name", "value": "Ben", "url": app.url}])
    return page


def begun(studio: Studio, name: str) -> int:
    made = constitutions.create_constitution(studio, name)
    draft = constitutions.open_draft(studio, made, "Ann")
    kept = constitutions.save_draft(studio, made, "Ann", draft.revision, ROWS)
    constitutions.save_version(studio, made, "Ann", "First.", (kept.revision, None))
    return made


def statement(page: Page, number: int) -> Locator:
    return principle(page, number).get_by_label("Statement")


def write(page: Page, number: int, text: str) -> None:
    statement(page, number).fill(text)
    principle(page, number).get_by_label("Title").focus()
    saved(page)


def test_what_another_person_saved_is_told_shown_and_taken_in_and_nothing_of_either_is_dropped(ben: Page, ann: Page, app: App, studio: Studio) -> None:
    made = begun(studio, "House rules")
    for page in (ben, ann):
        page.goto(f"{app.url}/write?constitution={made}")
        expect(statement(page, 1)).to_have_value("Do a.", timeout=20_000)
    write(ben, 2, "Ben's b.")
    write(ann, 1, "Ann's a, <b>now</b>.")
    save_version(ann, "Ann's way", 2)
    told = ben.locator(".cs-behind")
    expect(told).to_be_hidden()  # he has not been told by anybody yet
    write(ben, 2, "Ben's b, and more.")
    expect(told).to_contain_text("Ann saved version 2 since you began. Your draft does not have it: saved as it is, it would take back what that changed.")
    expect(ben.locator(".cs-versions li")).to_have_count(2)
    expect(ben.locator(".cs-onwards")).to_contain_text("With version 2")
    require_accessible_in_both_schemes(ben)
    ben.set_viewport_size({"width": 1280, "height": 900})
    look(ben, "behind-1280")

    told.get_by_role("button", name="Take in version 2…").click()
    sheet = ben.get_by_role("dialog", name="Take in a version")
    expect(sheet).to_contain_text("Ann saved version 2 since you began. This is what taking it in changes in your draft. What you changed stays.")
    expect(sheet.locator("ins").first).to_contain_text("Ann's")
    expect(sheet).to_contain_text("<b>now</b>")
    expect(sheet).not_to_contain_text("Ben's b")  # of his nothing changes
    require_accessible_in_both_schemes(ben, "dialog[open]")
    ben.set_viewport_size({"width": 1280, "height": 900})
    look(ben, "take-in-1280", whole=False)
    ben.set_viewport_size({"width": 390, "height": 844})
    look(ben, "take-in-390", whole=False)
    ben.set_viewport_size({"width": 1280, "height": 900})
    sheet.get_by_role("button", name="Back to the draft").click()
    expect(statement(ben, 1)).to_have_value("Do a.")  # shown, and nothing done
    told.get_by_role("button", name="Take in version 2…").click()
    sheet.get_by_role("button", name="Take in version 2", exact=True).click()
    expect(sheet).to_be_hidden()
    expect(statement(ben, 1)).to_have_value("Ann's a, <b>now</b>.")
    expect(statement(ben, 2)).to_have_value("Ben's b, and more.")
    expect(told).to_be_hidden()
    expect(ben.locator(".cs-top .cs-notice")).to_contain_text("Your draft has version 2 and what you changed.")
    ben.reload()
    expect(statement(ben, 1)).to_have_value("Ann's a, <b>now</b>.", timeout=20_000)
    expect(told).to_be_hidden()

    ben.get_by_role("button", name="Save version…").click()
    dialog = ben.get_by_role("dialog", name="Save a version")
    expect(dialog).to_contain_text("This is what changed since version 2:")
    expect(dialog).not_to_contain_text("Ann's")
    ben.get_by_label("Message").fill("Both")
    ben.get_by_role("button", name="Save version 3").click()
    expect(ben.locator(".cs-status")).to_have_text("Saved as version 3.")
    ann.reload()
    expect(statement(ann, 1)).to_have_value("Ann's a, <b>now</b>.", timeout=20_000)
    expect(statement(ann, 2)).to_have_value("Ben's b, and more.")


@pytest.mark.parametrize(("way", "stays"), [("Take it in, mine stays there", "Ben's a."), ("Take it in, the version’s there", "Ann's a.")])
def test_where_both_changed_the_same_both_texts_are_shown_and_one_is_chosen(ben: Page, ann: Page, app: App, studio: Studio, way: str, stays: str) -> None:
    made = begun(studio, f"Rules where {stays}")
    for page in (ben, ann):
        page.goto(f"{app.url}/write?constitution={made}")
        expect(statement(page, 1)).to_have_value("Do a.", timeout=20_000)
    write(ben, 1, "Ben's a.")
    write(ann, 1, "Ann's a.")
    write(ann, 2, "Ann's b.")
    save_version(ann, "Hers", 2)
    ben.get_by_role("button", name="Save version…").click()  # he has seen nothing of it until he would save
    dialog = ben.get_by_role("dialog", name="Save a version")
    expect(dialog).to_contain_text("Ann saved version 2 since you began. This is what your text would change in it:")
    dialog.get_by_role("button", name="Take in version 2…").click()
    expect(dialog).to_be_hidden()
    sheet = ben.get_by_role("dialog", name="Take in a version")
    expect(sheet).to_contain_text("Both texts can be put together, but one place was changed in both. Which should stay there?")
    expect(sheet.locator(".cs-clashes del")).to_have_text("Ann's")
    expect(sheet.locator(".cs-clashes ins")).to_have_text("Ben's")
    require_accessible_in_both_schemes(ben, "dialog[open]")
    ben.set_viewport_size({"width": 1280, "height": 900})
    look(ben, "take-in-clash-1280", whole=False)
    sheet.get_by_role("button", name=way).click()
    expect(sheet).to_be_hidden()
    expect(statement(ben, 1)).to_have_value(stays)
    expect(statement(ben, 2)).to_have_value("Ann's b.")
    ben.get_by_role("button", name="Bring mine back").click()
    expect(statement(ben, 1)).to_have_value("Ben's a.")
    expect(statement(ben, 2)).to_have_value("Do b.")
    notice = ben.locator(".cs-top > .cs-notice")
    expect(notice).to_contain_text("Your draft is without version 2 again: saved as it is, it would take back what that changed.")
    saved(ben)
    notice.get_by_role("button", name="Put it in again").click()
    expect(statement(ben, 1)).to_have_value(stays)
    expect(statement(ben, 2)).to_have_value("Ann's b.")
    saved(ben)
    if stays == "Ben's a.":
        save_version(ben, "Put together", 3)
    else:  # nothing of his is left to be saved
        expect(ben.locator(".cs-verdict")).to_have_text("The same as version 2")


def test_a_version_that_came_while_one_was_shown_is_no_version_that_was_decided_on(ben: Page, ann: Page, app: App, studio: Studio) -> None:
    made = begun(studio, "Twice")
    for page in (ben, ann):
        page.goto(f"{app.url}/write?constitution={made}")
        expect(statement(page, 1)).to_have_value("Do a.", timeout=20_000)
    write(ben, 2, "Ben's b.")
    write(ann, 1, "Ann's a.")
    save_version(ann, "Hers", 2)
    ben.reload()
    ben.get_by_role("button", name="Take in version 2…").click()
    sheet = ben.get_by_role("dialog", name="Take in a version")
    expect(sheet.get_by_role("button", name="Take in version 2", exact=True)).to_be_visible()
    write(ann, 1, "Ann's other a.")
    save_version(ann, "Hers again", 3)
    sheet.get_by_role("button", name="Take in version 2", exact=True).click()
    expect(sheet.get_by_role("alert")).to_have_text("Ann saved version 3 meanwhile. Go back to the draft, then take that one in.")
    sheet.get_by_role("button", name="Back to the draft").click()
    expect(statement(ben, 1)).to_have_value("Do a.")
    write(ben, 2, "Ben's b, still.")
    ben.get_by_role("button", name="Take in version 3…").click()
    sheet.get_by_role("button", name="Take in version 3", exact=True).click()
    expect(statement(ben, 1)).to_have_value("Ann's other a.")
    expect(statement(ben, 2)).to_have_value("Ben's b, still.")
    expect(ben.locator(".cs-status")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))
