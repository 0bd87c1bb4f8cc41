"""What comes out of a printer: the document alone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.services.studio import Studio
from tests.app.marking import finished_run
from tests.browser.conftest import App
from tests.browser.test_write import add_principle, create, open_version, principle, save_version, saved

pytestmark = pytest.mark.browser
LONG = "Answer in one short sentence, and then say why that is enough. " * 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_constitution_is_printed_without_what_can_be_pressed(page: Page, app: App, scheme: str, tmp_path: Path) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    create(page, app, f"On paper, {scheme}")
    add_principle(page, "Be brief", LONG, "Answer at length.")
    principle(page, 1).get_by_label("Check", exact=True).select_option("max_words")
    principle(page, 1).get_by_label("N =").fill("20")
    add_principle(page, "Be warm", "Be warm.", "Be cold.")
    saved(page)
    save_version(page, "First", 1)
    page.emulate_media(media="print", color_scheme=scheme)  # type: ignore[arg-type]
    for gone in (".cs-header", ".cs-top", ".cs-rail", ".cs-add"):
        expect(page.locator(gone)).to_be_hidden()
    assert page.locator("button:visible").count() == 0
    expect(page.get_by_label("Constitution", exact=True)).to_be_visible()
    statement = principle(page, 1).get_by_label("Statement")
    expect(statement).to_be_visible()
    assert statement.evaluate("field => field.scrollHeight <= field.clientHeight + 2")  # all of it
    expect(principle(page, 1).get_by_label("N =")).to_have_value("20")
    assert page.evaluate("getComputedStyle(document.querySelector('.gradio-container')).backgroundColor") == "rgb(255, 255, 255)"
    assert statement.evaluate("field => getComputedStyle(field).color") == "rgb(0, 0, 0)"
    page.screenshot(path=tmp_path / f"print-{scheme}.png", full_page=True)
    page.emulate_media(media="screen", color_scheme=scheme)  # type: ignore[arg-type]
    open_version(page, 1)
    expect(page.get_by_role("dialog", name="Version 1")).to_be_visible()
    page.emulate_media(media="print", color_scheme=scheme)  # type: ignore[arg-type]
    expect(page.get_by_role("dialog", name="Version 1")).to_contain_text("Be warm.")
    expect(page.locator(".cs-paper")).to_be_hidden()
    assert page.locator("button:visible").count() == 0


def test_a_result_is_printed_without_what_can_be_pressed(page: Page, app: App, studio: Studio) -> None:
    run_id = finished_run(studio)
    page.goto(f"{app.url}/run?id={run_id}")
    expect(page.locator(".cs-came-out")).to_be_visible(timeout=20_000)
    page.emulate_media(media="print")
    for gone in (".cs-part-actions", ".cs-downloads", ".cs-judged-by a"):
        expect(page.locator(gone).first).to_be_hidden()
    expect(page.locator(".cs-judged-by").first).to_be_visible()
    assert page.locator("button:visible").count() == 0
