"""A database that holds what cannot be read, walked in a browser: every page opens, says so, and what can be put right is put right."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.app.damaging import Damaged, damage, plant_damage
from tests.app.planting import make_studio
from tests.browser.conftest import App
from tests.browser.test_write import add_principle, save_version, saved


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Damaged]]:
    data = tmp_path_factory.mktemp("damaged")
    made = make_studio(data)
    damaged = plant_damage(made)
    damage(made, ("UPDATE draft SET editor = 'you'", None))  # of a browser that was given no name
    made.engine.dispose()
    running = App(data)
    yield running, damaged
    running.stop()


def test_a_damaged_database_is_walked_through_and_put_right(page: Page, walked: tuple[App, Damaged]) -> None:
    app, damaged = walked
    page.goto(app.url)
    problem = page.locator(".cs-entry", has_text="Lost").locator(".cs-problem")
    expect(problem).to_contain_text("Version 1 cannot be read: its stored text was changed")
    with page.expect_download() as taken:
        problem.get_by_role("link", name="Export as it is stored").click()
    assert json.loads(taken.value.path().read_text())["version"][0]["content"].startswith('{"')

    page.goto(f"{app.url}/write?constitution={damaged.head}")
    expect(page.get_by_role("heading", name="This draft cannot be read")).to_be_visible()
    page.get_by_role("button", name="Begin again from the newest version").click()
    expect(page.locator(".cs-verdict")).to_have_text("Version 2 cannot be read: save one after it")
    page.get_by_role("button", name=re.compile("^Version 2 cannot be read")).click()
    expect(page.get_by_role("region", name="The version")).to_contain_text("Version 2 cannot be read")
    expect(page.get_by_role("button", name="Restore as a new version")).to_be_hidden()
    page.get_by_role("button", name="Close").click()
    save_version(page, "Put right.", 3)
    expect(page.locator(".cs-verdict")).to_have_text("The same as version 3")

    page.goto(f"{app.url}/write?constitution={damaged.lost}")
    add_principle(page, "Brief", "Be brief.", "Be long.")
    saved(page)
    save_version(page, "Written anew.", 2)

    page.goto(f"{app.url}/train?constitution={damaged.lost}")
    expect(page.locator("#train-version option:disabled", has_text="cannot be read").first).to_be_attached()
    for name, run_id in damaged.runs.items():
        page.goto(f"{app.url}/run?id={run_id}")
        expect(page.locator("h1")).to_contain_text("Brevity")
        if name in ("setting", "method", "json", "kind", "status"):
            expect(page.get_by_role("alert").first).to_contain_text("cannot be read")
    page.goto(f"{app.url}/judge")
    expect(page.get_by_role("heading", name="Judge replies I already have")).to_be_visible()
    page.goto(f"{app.url}/compare?comparison={damaged.comparison}")
    expect(page.locator(".cs-compare")).to_contain_text("This comparison cannot be read")
    expect(page.locator("#compare-source option:disabled").first).to_be_attached()
