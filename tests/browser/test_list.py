"""The list of constitutions: whose they are, copies, names, and finding one among many; and what each page is called."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.services import constitutions
from app.services.studio import Studio
from tests.app.planting import queue, version_id
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App

pytestmark = pytest.mark.browser


def test_a_starter_is_duplicated_into_ones_own_and_a_taken_name_is_refused(page: Page, app: App) -> None:
    page.goto(app.url)
    expect(page.get_by_role("region", name="Starters").get_by_role("listitem")).to_have_count(5)
    expect(page.get_by_role("region", name="Yours")).to_have_count(0)
    page.get_by_label("Name", exact=True).fill("brevity")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("There is a constitution named “Brevity” already. Choose another name.")).to_be_visible()
    page.get_by_role("button", name="Duplicate Brevity").click()
    page.wait_for_url(re.compile(r"/write\?constitution=\d+$"))
    expect(page.locator("#constitution-name")).to_have_value("Brevity 2")
    expect(page.locator(".cs-versions")).to_contain_text("Duplicated from version 1 of “Brevity”.")
    page.goto(app.url)
    yours = page.get_by_role("region", name="Yours")
    expect(yours.get_by_role("link", name="Brevity 2", exact=True)).to_be_visible()
    assert yours.bounding_box()["y"] < page.get_by_role("region", name="Starters").bounding_box()["y"]  # type: ignore[index]
    yours.get_by_role("button", name="Rename Brevity 2").click()
    page.get_by_label("New name of “Brevity 2”").fill("Warm tone")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_text("There is a constitution named “Warm tone” already.")).to_be_visible()


def test_among_many_there_is_a_field_to_find_one_and_it_keeps_the_focus(page: Page, app: App, studio: Studio) -> None:
    page.goto(app.url)
    expect(page.get_by_label("Find a constitution")).to_be_hidden()  # a handful
    for number in range(6):
        constitutions.create_constitution(studio, f"House rules {number}")
    page.reload()
    find = page.get_by_label("Find a constitution")
    find.press_sequentially("rules 4")
    expect(page.get_by_role("link", name="House rules 4", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Brevity", exact=True)).to_be_hidden()
    expect(find).to_be_focused()
    find.fill("nothing of the kind")
    expect(page.get_by_text("No constitution is called like “nothing of the kind”.")).to_be_visible()
    find.fill("")
    expect(page.get_by_role("link", name="Brevity", exact=True)).to_be_visible()
    require_accessible_in_both_schemes(page)


def test_every_page_is_called_by_what_it_has_open(page: Page, app: App, studio: Studio) -> None:
    version = version_id(studio, "Warm tone")
    constitution = next(card.id for card in constitutions.list_constitutions(studio) if card.name == "Warm tone")
    run = queue(studio, "Warm tone", key="titled-run-1")
    titles = {
        "": "Constitutions",
        "write": "Which constitution? · Write",
        f"write?constitution={constitution}": "Warm tone",
        f"train?version={version}": "Warm tone, version 1 · Train",
        "train?version=99999": "Train",
        "run": "Which run?",
        f"run?id={run}": re.compile("^0% · Warm tone v1 · Constitution Studio$"),
        f"judge?version={version}": "Warm tone, version 1 · Judge",
        f"compare?version={version}": "Warm tone, version 1 · Compare",
        "compare?run=99999": "Compare",
        "mark": "Mark",
    }
    for address, title in titles.items():
        page.goto(f"{app.url}/{address}")
        expect(page).to_have_title(f"{title} · Constitution Studio" if isinstance(title, str) else title)
    page.goto(f"{app.url}/train?version={version}")
    page.locator("#train-version").select_option(str(version_id(studio)))
    expect(page).to_have_title("Brevity, version 1 · Train · Constitution Studio")


@pytest.mark.parametrize("address", ["train", "compare", "judge", "run", "write"])
def test_pages_that_open_with_a_choice_are_accessible(page: Page, app: App, address: str) -> None:
    page.goto(f"{app.url}/{address}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    require_accessible_in_both_schemes(page)
