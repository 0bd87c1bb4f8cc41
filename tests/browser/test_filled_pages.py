"""Each page with something on it, as axe sees it: light and dark, 1280 and 390 pixels wide. Pages that other files fill are looked at there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.services.studio import Studio, open_studio
from tests.app.marking import finished_run
from tests.app.planting import measure, settings_for, version_id
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App


@pytest.fixture(scope="module")
def studio(app: App) -> Iterator[Studio]:
    opened = open_studio(settings_for(app.data))
    yield opened
    opened.engine.dispose()


def test_train_with_all_its_settings_and_something_wrong_with_one(page: Page, app: App, studio: Studio) -> None:
    measure(studio)
    page.goto(f"{app.url}/train?version={version_id(studio, 'Warm tone')}")
    expect(page.get_by_role("complementary", name="What this run would be")).to_contain_text("about", timeout=20_000)
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_label("Passes over the train queries").fill("0")
    expect(page.locator("#setting-passes-problem")).to_contain_text("passes")
    require_accessible_in_both_schemes(page)


def test_judge_with_outcomes(page: Page, app: App, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(json.dumps({"output": text}) + "\n" for text in ("Yes.", "so " * 60, "نعم، هذا صحيح.")))
    page.goto(f"{app.url}/judge")
    expect(page.get_by_label("Version")).not_to_have_value("", timeout=20_000)
    page.get_by_label("Version").select_option(label="Brevity, version 1")
    page.get_by_label("File of replies").set_input_files(file)
    expect(page.locator(".cs-judged").first).to_contain_text("Nothing is judged yet", timeout=20_000)
    page.get_by_role("button", name="Judge", exact=True).click()
    expect(page.locator(".cs-judged").first).to_contain_text("2 of 3 (67%)", timeout=20_000)
    require_accessible_in_both_schemes(page)


def test_mark_with_a_card(page: Page, app: App, studio: Studio) -> None:
    page.goto(f"{app.url}/mark?run={finished_run(studio)}")
    expect(page.locator(".cs-mark-amount")).to_have_text("0 of 24", timeout=20_000)
    page.keyboard.press("1")
    expect(page.locator(".cs-mark-amount")).to_have_text("1 of 24")
    require_accessible_in_both_schemes(page)


def test_an_address_that_leads_nowhere(page: Page, app: App) -> None:
    page.goto(f"{app.url}/nowhere")
    expect(page.get_by_role("heading").first).to_be_visible()
    require_accessible_in_both_schemes(page, "body")
