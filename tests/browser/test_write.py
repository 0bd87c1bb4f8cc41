"""Walk steps 1 and 2 in a browser: constitutions and writing."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import App, look

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)> {{7*7}} ${1+1} [a link](javascript:alert(3))"


def create(page: Page, app: App, name: str) -> str:
    page.goto(app.url)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("button", name="Add a principle")).to_be_visible()
    return page.url


def principle(page: Page, number: int) -> Locator:
    return page.locator(".cs-paper .cs-principle").nth(number - 1)


def add_principle(page: Page, title: str, statement: str, antithesis: str) -> None:
    page.get_by_role("button", name="Add a principle").click()
    added = page.locator(".cs-paper .cs-principle").last
    added.get_by_label("Title").fill(title)
    added.get_by_label("Statement").fill(statement)
    added.get_by_label("Antithesis").fill(antithesis)


def saved(page: Page) -> None:
    expect(page.locator(".cs-status")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))


def save_version(page: Page, message: str, number: int) -> None:
    page.get_by_role("button", name="Save version…").click()
    page.get_by_label("Message").fill(message)
    page.get_by_role("button", name=f"Save version {number}").click()
    expect(page.locator(".cs-status")).to_have_text(f"Saved as version {number}.")


def open_version(page: Page, number: int) -> None:
    page.locator(".cs-versions").get_by_role("button", name=re.compile(f"^Version {number} ")).click()


def test_the_first_page_lists_the_starters_and_archives_and_renames(page: Page, app: App) -> None:
    page.goto(app.url)
    for name in ("Brevity", "Bullet points", "Ends with a question", "Warm tone", "Capital letters"):
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(page.get_by_text("The check before training says no-go")).to_be_visible()
    page.get_by_role("button", name="Rename Warm tone").click()
    page.get_by_label("New name of “Warm tone”").fill("Warmth")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("link", name="Warmth", exact=True)).to_be_visible()
    page.get_by_role("button", name="Archive: Warmth").click()
    expect(page.get_by_role("link", name="Warmth", exact=True)).to_be_hidden()
    page.get_by_text("Archived (1)").click()
    page.get_by_role("button", name="Put back: Warmth").click()
    expect(page.get_by_role("link", name="Warmth", exact=True)).to_be_visible()


def test_a_double_click_does_everything_once(page: Page, app: App) -> None:
    page.goto(app.url)
    page.get_by_label("Name", exact=True).fill("Only one")
    page.get_by_role("button", name="Create").dblclick()
    page.get_by_role("button", name="Add a principle").dblclick()
    expect(page.locator(".cs-paper .cs-principle")).to_have_count(1)
    for _ in range(2):  # one that was made beside the first would be read as well
        page.goto(app.url)
        expect(page.get_by_role("link", name="Only one", exact=True)).to_have_count(1)
    shown = page.locator(".cs-in-use .cs-entry")
    expect(shown.first).to_be_visible()
    before = shown.count()
    page.get_by_role("button", name="Archive: Only one").dblclick()
    expect(page.get_by_text("Archived (")).to_be_visible()
    page.reload()
    expect(shown).to_have_count(before - 1)
    page.locator(".cs-away summary").click()
    page.get_by_role("button", name="Put back: Only one").dblclick()
    expect(page.get_by_role("link", name="Only one", exact=True)).to_be_visible()


def test_a_form_sent_twice_while_the_studio_answers_makes_one(page: Page, app: App) -> None:
    page.goto(app.url)
    page.get_by_label("Name", exact=True).fill("Slowly")
    page.evaluate("() => { const form = document.querySelector('form.cs-begin'); form.requestSubmit(); form.requestSubmit(); }")
    expect(page.get_by_role("button", name="Add a principle")).to_be_visible()
    for _ in range(2):
        page.goto(app.url)
        expect(page.get_by_role("link", name="Slowly", exact=True)).to_have_count(1)


def test_a_double_click_removes_one_principle(page: Page, app: App) -> None:
    create(page, app, "Three")
    for title in ("One", "Two", "Three"):
        add_principle(page, title, f"Do {title}.", f"Avoid {title}.")
    page.get_by_role("button", name="Remove: principle 1, “One”").dblclick()
    expect(page.locator(".cs-paper .cs-principle")).to_have_count(2)


def test_an_empty_name_and_a_binary_file_are_refused_where_they_happened(page: Page, app: App) -> None:
    page.goto(app.url)
    page.get_by_role("button", name="Create").click()
    expect(page.locator("#new-name-problem")).to_have_text("A constitution needs a name. Type one.")
    page.get_by_label("From a file").set_input_files({"name": "x.yaml", "mimeType": "text/yaml", "buffer": b"\xff\xfe\x00binary"})
    expect(page.locator("#new-file-problem")).to_contain_text("is not UTF-16 text")
    good = b"name: From a file\nprinciples:\n- {title: T, statement: Be short., antithesis: Be long., check: bulleted_list}\n"
    page.get_by_label("From a file").set_input_files({"name": "x.yaml", "mimeType": "text/yaml", "buffer": good})
    expect(page.get_by_label("Statement")).to_have_value("Be short.")
    expect(page.locator(".cs-paper .cs-read")).to_have_text("1 principle.Read as YAML in UTF-8.")
    page.reload()
    expect(page.get_by_label("Statement")).to_have_value("Be short.")
    expect(page.locator(".cs-paper .cs-read")).to_be_empty()


def test_a_constitution_is_written_saved_and_restored(page: Page, app: App) -> None:
    address = create(page, app, "Walk")
    add_principle(page, "First", "Say one thing.", "Say many things.")
    add_principle(page, "Second", "Ask back.", "Never ask.")
    principle(page, 2).get_by_label("Check", exact=True).select_option("max_words")
    principle(page, 2).get_by_label("N =").fill("20")
    saved(page)
    principle(page, 2).get_by_role("button", name="Move up").click()
    expect(principle(page, 1).get_by_label("Title")).to_have_value("Second")
    saved(page)
    page.goto(address)
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("Ask back.")
    expect(principle(page, 1).get_by_label("N =")).to_have_value("20")
    expect(principle(page, 2).get_by_label("Antithesis")).to_have_value("Say many things.")
    save_version(page, "The first text", 1)
    page.get_by_role("button", name="Save version…").click()
    expect(page.get_by_text("Nothing changed since version 1, so there is nothing to save.")).to_be_visible()
    expect(page.get_by_role("button", name="Save version 2")).to_be_disabled()
    page.get_by_role("button", name="Back to the draft").click()
    principle(page, 2).get_by_label("Statement").fill("Say exactly one thing.")
    page.get_by_role("button", name="Save version…").click()
    expect(page.locator("dialog ins")).to_have_text("exactly ")
    page.get_by_label("Message").fill("Sharper")
    page.get_by_role("button", name="Save version 2").click()
    expect(page.locator(".cs-versions li")).to_have_count(2)
    open_version(page, 1)
    sheet = page.get_by_role("dialog", name="Version 1")
    expect(sheet).to_contain_text("Say one thing.")
    sheet.get_by_role("button", name="Changes from it to the draft").click()
    expect(sheet.locator("ins")).to_have_text("exactly ")
    sheet.get_by_role("button", name="Restore as a new version").click()
    expect(page.locator(".cs-versions li")).to_have_count(3)
    expect(page.locator(".cs-versions")).to_contain_text("Restored version 1.")
    expect(principle(page, 2).get_by_label("Statement")).to_have_value("Say one thing.")
    open_version(page, 1)
    page.get_by_role("button", name="Restore as a new version").click()
    expect(page.get_by_role("dialog")).to_contain_text("there is nothing to restore")


def test_a_removed_principle_comes_back_and_the_keyboard_moves_one(page: Page, app: App) -> None:
    create(page, app, "Undo")
    add_principle(page, "A", "a", "not a")
    add_principle(page, "B", "b", "not b")
    principle(page, 1).get_by_role("button", name="Remove: principle 1, “A”").click()
    expect(page.locator(".cs-paper .cs-principle")).to_have_count(1)
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(principle(page, 1).get_by_label("Title")).to_have_value("A")
    principle(page, 1).get_by_label("Statement").focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(principle(page, 2).get_by_label("Statement")).to_be_focused()
    expect(principle(page, 2).get_by_label("Title")).to_have_value("A")
    saved(page)


def test_typing_goes_on_while_the_server_answers(page: Page, app: App) -> None:
    address = create(page, app, "Typing")
    add_principle(page, "T", "", "other")
    field = principle(page, 1).get_by_label("Statement")
    field.focus()
    text = "one two three four five six seven eight nine ten"
    page.keyboard.type(text, delay=70)  # longer than several autosaves
    expect(field).to_be_focused()
    expect(field).to_have_value(text)
    saved(page)
    page.goto(address)
    expect(principle(page, 1).get_by_label("Statement")).to_have_value(text)


def test_hostile_text_is_shown_and_never_run(page: Page, app: App) -> None:
    address = create(page, app, HOSTILE[:100])
    add_principle(page, HOSTILE, HOSTILE, f"not {HOSTILE}")
    saved(page)
    page.goto(address)
    expect(principle(page, 1).get_by_label("Statement")).to_have_value(HOSTILE)
    page.get_by_role("button", name="Save version…").click()
    expect(page.locator("dialog[open]")).to_contain_text(HOSTILE)
    page.get_by_label("Message").fill(HOSTILE)
    page.get_by_role("button", name="Back to the draft").click()
    principle(page, 1).get_by_label("Title").fill("<b>short</b>")
    page.get_by_role("button", name="Save version…").click()
    page.get_by_role("button", name="Save version 1").click()
    expect(page.locator(".cs-versions")).to_contain_text(HOSTILE)
    open_version(page, 1)
    expect(page.get_by_role("dialog", name="Version 1")).to_contain_text("<b>short</b>")
    page.goto(app.url)
    expect(page.get_by_role("link", name=HOSTILE[:100].strip(), exact=True)).to_be_visible()
    assert page.locator("main img, main script, main b").count() == 0


def test_two_tabs_on_one_draft_lose_nothing(page: Page, app: App) -> None:
    address = create(page, app, "Tabs")
    add_principle(page, "T", "common", "other")
    saved(page)
    other = page.context.new_page()
    other.goto(address)
    expect(principle(other, 1).get_by_label("Statement")).to_have_value("common")
    principle(page, 1).get_by_label("Statement").fill("from the first tab")
    principle(page, 1).get_by_label("Title").focus()
    saved(page)
    principle(other, 1).get_by_label("Statement").fill("from the second tab")
    expect(other.get_by_role("alert")).to_contain_text("changed elsewhere")
    expect(principle(other, 1).get_by_label("Statement")).to_have_value("from the second tab")
    other.get_by_role("button", name="Load the other one").click()
    expect(principle(other, 1).get_by_label("Statement")).to_have_value("from the first tab")
    other.get_by_role("button", name="Bring mine back").click()
    expect(principle(other, 1).get_by_label("Statement")).to_have_value("from the second tab")
    saved(other)
    principle(page, 1).get_by_label("Statement").fill("first again")
    page.get_by_role("button", name="Keep mine").click()
    saved(page)
    other.goto(address)
    expect(principle(other, 1).get_by_label("Statement")).to_have_value("first again")


def test_what_two_tabs_changed_apart_is_put_together_while_somebody_types(page: Page, app: App) -> None:
    address = create(page, app, "Apart")
    for title in ("One", "Two"):
        add_principle(page, title, f"common {title}", "other")
    saved(page)
    other = page.context.new_page()
    other.goto(address)
    expect(principle(other, 2).get_by_label("Statement")).to_have_value("common Two")
    principle(page, 1).get_by_label("Statement").fill("from the first tab")
    principle(page, 1).get_by_label("Title").focus()
    saved(page)
    field = principle(other, 2).get_by_label("Statement")
    field.fill("from the second tab")
    expect(principle(other, 1).get_by_label("Statement")).to_have_value("from the first tab")
    expect(field).to_have_value("from the second tab")
    expect(field).to_be_focused()
    expect(other.locator(".cs-top > .cs-notice")).to_contain_text("Both texts are put together. From there came what differs in “One”.")
    saved(other)
    other.keyboard.press("Control+z")
    expect(principle(other, 1).get_by_label("Statement")).to_have_value("common One")
    other.keyboard.press("Control+y")
    saved(other)
    page.goto(address)
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("from the first tab")
    expect(principle(page, 2).get_by_label("Statement")).to_have_value("from the second tab")


def test_where_two_tabs_changed_the_same_both_texts_are_shown_and_the_person_decides(page: Page, app: App) -> None:
    address = create(page, app, "Clash")
    add_principle(page, "T", "Be common.", "other")
    saved(page)
    other = page.context.new_page()
    other.goto(address)
    expect(principle(other, 1).get_by_label("Statement")).to_have_value("Be common.")
    principle(page, 1).get_by_label("Statement").fill("Be first.")
    principle(page, 1).get_by_label("Title").fill("Renamed")
    principle(page, 1).get_by_label("Antithesis").focus()
    saved(page)
    principle(other, 1).get_by_label("Statement").fill("Be second.")
    places = other.get_by_role("region", name="Changed in both")
    expect(places).to_contain_text("“Renamed”: statement")
    expect(places.locator("del")).to_have_text("first")
    expect(places.locator("ins")).to_have_text("second")
    expect(principle(other, 1).get_by_label("Statement")).to_have_value("Be second.")
    for width in (1280, 390):
        other.set_viewport_size({"width": width, "height": 844})
        look(other, f"clash-{width}", whole=False)
        assert other.evaluate("document.documentElement.scrollWidth <= innerWidth")
    other.get_by_role("button", name="Together, mine there").click()
    expect(principle(other, 1).get_by_label("Title", exact=True)).to_have_value("Renamed")
    expect(principle(other, 1).get_by_label("Statement")).to_have_value("Be second.")
    saved(other)
    principle(page, 1).get_by_label("Statement").fill("Be third.")
    page.get_by_role("button", name="Together, the other there").click()
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("Be second.")
    saved(page)


def test_problems_are_said_beside_the_field_and_keep_a_version_from_being_saved(page: Page, app: App) -> None:
    create(page, app, "Problems")
    add_principle(page, "Long", "x" * 100_000, "short")
    field = principle(page, 1).get_by_label("Statement")
    expect(principle(page, 1)).to_contain_text("The statement of principle 1 has 100,000 characters; the limit is 4,000. Shorten it.")
    assert len(field.input_value()) == 100_000
    page.get_by_role("button", name="Save version…").click()
    expect(page.locator("#save-reason")).to_contain_text("Not yet: The statement of principle 1 has 100,000 characters")
    expect(page.get_by_role("button", name="Save version 1")).to_be_disabled()
    page.get_by_role("button", name="Back to the draft").click()
    expect(field).to_be_focused()
    field.fill("Short")
    principle(page, 1).get_by_label("Title").focus()
    expect(principle(page, 1)).to_contain_text("Statement and antithesis of principle 1 are the same text.")
    principle(page, 1).get_by_label("Antithesis").fill("Long")
    principle(page, 1).get_by_label("Check", exact=True).select_option("max_words")
    expect(principle(page, 1).locator("[data-problem=check]")).to_have_text("The check of principle 1 needs a number, for instance 20.")
    principle(page, 1).get_by_label("N =").fill("20")
    expect(page.locator(".cs-verdict")).to_have_text("No version yet")


def test_a_draft_survives_a_killed_server_and_a_closed_tab(page: Page, app: App) -> None:
    address = create(page, app, "Crash")
    add_principle(page, "T", "on the server", "other")
    saved(page)
    app.stop(kill=True)
    principle(page, 1).get_by_label("Statement").fill("typed while the server was away")
    page.wait_for_timeout(1500)
    context = page.context
    page.close()
    app.restart(kill=True)
    again = context.new_page()
    again.goto(address)
    expect(principle(again, 1).get_by_label("Statement")).to_have_value("typed while the server was away")
    saved(again)


def test_files_are_downloaded_as_they_stand(page: Page, app: App, tmp_path: Path) -> None:
    create(page, app, "To take away")
    add_principle(page, "T", "Be *short*.", "Be long.")
    for button, name, holds in (("YAML", "to-take-away-draft.yaml", "statement: Be *short*."), ("Markdown", "to-take-away-draft.md", r"Be \*short\*.")):
        with page.expect_download() as download:
            page.locator(".cs-rail").get_by_role("button", name=button).click()
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
        assert holds in (tmp_path / name).read_text(encoding="utf-8")


def test_a_new_name_is_kept_as_it_is_typed_and_a_version_has_an_address(page: Page, app: App) -> None:
    address = create(page, app, "Before")
    add_principle(page, "T", "Be short.", "Be long.")
    saved(page)
    save_version(page, "First", 1)
    page.get_by_label("Constitution", exact=True).fill("After")
    expect(page.locator(".cs-verdict")).to_have_text("Differs from version 1")
    expect(page).to_have_title("After · Constitution Studio")
    page.goto(f"{address}&version=1")
    expect(page.get_by_role("dialog", name="Version 1")).to_contain_text("Be short.")
    page.keyboard.press("Escape")
    page.get_by_label("Constitution", exact=True).fill(" ")
    page.keyboard.press("Tab")
    expect(page.locator("#constitution-name-problem")).to_have_text("A constitution needs a name. Type one.")


@pytest.mark.parametrize("path", ["/", "/write", "/write?constitution=1"])
def test_no_page_scrolls_sideways_on_a_phone(page: Page, app: App, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(app.url + path)
    expect(page.locator("#content")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("footer:visible").count() == 0
