"""Walk step 4 in a browser: base and aligned side by side, on a tiny model with the real processes."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, expect

from app.services.studio import open_studio
from app.settings import Settings
from core.engine.adapters import adapter_hash
from core.settings import SamplingConfig
from tests.app.hosting import SHORT, RunningHost, adapter_of, plant_finished_run
from tests.app.planting import add_plain_version, settings_for
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App, look
from tests.tiny import save_tiny_adapter, save_tiny_model

QUERY = "Why is the sky blue? <img src=x onerror=alert(1)>"
ARMS = ("base", "prompt", "sami", "sami-alone")


@pytest.fixture(scope="module")
def run_id(app: App) -> int:
    """A finished run of a tiny model, planted as its trainer leaves it."""
    settings = Settings(data=app.data, database_url=f"sqlite:///{app.data}/studio.db")
    model = save_tiny_model(app.data / "models" / "tiny")
    adapter = save_tiny_adapter(model, app.data / "runs" / "1" / "attempt-1" / "adapter")
    studio = open_studio(settings)
    planted = plant_finished_run(
        studio, model, adapter_of(studio, adapter, adapter_hash(adapter)), config=replace(SHORT, sampling=SamplingConfig(max_new_tokens=40))
    )
    studio.engine.dispose()
    return planted


@pytest.fixture(scope="module")
def host(app: App) -> Iterator[RunningHost]:
    running = RunningHost(Settings(data=app.data, database_url=f"sqlite:///{app.data}/studio.db", device="cpu"))
    yield running
    running.kill()


def pane(page: Page, arm: str) -> Locator:
    return page.locator(f'.cs-pane[data-arm="{arm}"]')


def compare(page: Page, query: str = QUERY, tokens: int = 40) -> None:
    page.get_by_label("Query").fill(query)
    page.get_by_label("Most tokens").fill(str(tokens))
    page.get_by_role("button", name="Compare").click()


def finished(page: Page) -> None:
    expect(page.get_by_role("link", name="Link to this comparison")).to_be_visible(timeout=60_000)


def replies(page: Page) -> dict[str, str]:
    return {arm: pane(page, arm).locator(".cs-text").inner_text() for arm in ARMS}


def test_four_panes_are_written_side_by_side_and_say_what_they_are(page: Page, app: App, run_id: int, host: RunningHost) -> None:
    page.goto(f"{app.url}/compare?run={run_id}")
    expect(page.get_by_label("Compare", exact=True)).to_have_value(f"run:{run_id}")
    compare(page, tokens=400)
    for arm in ARMS:  # all are under way at once
        expect(pane(page, arm)).to_have_attribute("data-state", "writing", timeout=60_000)
    finished(page)
    expect(pane(page, "base")).to_contain_text("adapter off")
    expect(pane(page, "sami-alone")).to_contain_text(re.compile(r"adapter [0-9a-f]{12}"))
    expect(pane(page, "sami")).to_contain_text("statements in its prompt")
    assert len(set(replies(page).values())) == 4
    expect(page.locator(".cs-asked-query")).to_have_text(QUERY)
    pane(page, "sami").get_by_text("Token by token").click()
    require_accessible_in_both_schemes(page)


def test_a_pane_of_another_strength_can_be_added_and_the_link_brings_it_back(page: Page, app: App, run_id: int, host: RunningHost) -> None:
    page.goto(f"{app.url}/compare?run={run_id}")
    page.get_by_label("Add a pane").select_option(label="Aligned with the constitution")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("Strength of the adapter").fill("7")
    page.get_by_label("Add a pane").select_option(label="Context-aware decoding")
    page.get_by_role("button", name="Add", exact=True).click()
    compare(page)
    expect(page.get_by_role("alert").filter(has_text="strength of sami must be between 0 and 3, got 7.")).to_be_visible()
    page.get_by_label("Strength of the adapter").fill("0")
    page.get_by_role("button", name="Compare").click()
    finished(page)
    expect(page.locator(".cs-pane")).to_have_count(6)
    expect(pane(page, "sami strength=0")).to_contain_text("Aligned with the constitution, strength 0")
    assert pane(page, "sami strength=0").locator(".cs-text").inner_text() == replies(page)["prompt"]
    before = pane(page, "context").locator(".cs-text").inner_text()
    page.goto(f"{app.url}/{page.get_by_role('link', name='Link to this comparison').get_attribute('href')}")
    finished(page)
    assert pane(page, "context").locator(".cs-text").inner_text() == before
    expect(page.get_by_label("Strength of the adapter")).to_have_value("0")
    page.get_by_role("button", name="Remove Aligned with the constitution").click()
    page.get_by_role("button", name="Remove Context-aware decoding").click()
    compare(page)
    expect(page.locator(".cs-pane")).to_have_count(4)


def test_the_link_shows_the_same_replies_again(page: Page, app: App, run_id: int, host: RunningHost) -> None:
    page.goto(f"{app.url}/compare?run={run_id}")
    page.get_by_role("radio", name="Antitheses").check()
    compare(page)
    finished(page)
    before, address = replies(page), page.get_by_role("link", name="Link to this comparison").get_attribute("href")
    assert page.url.endswith(str(address).lstrip("."))
    page.goto(f"{app.url}/{address}")
    finished(page)
    assert replies(page) == before
    expect(page.get_by_role("radio", name="Antitheses")).to_be_checked()
    expect(page.get_by_label("Most tokens")).to_have_value("40")
    expect(pane(page, "prompt")).to_contain_text("antitheses in its prompt")


def test_any_two_panes_can_be_told_apart_word_by_word_without_colour(page: Page, app: App, run_id: int, host: RunningHost) -> None:
    page.goto(f"{app.url}/compare?run={run_id}")
    compare(page)
    finished(page)
    difference = page.get_by_label("Differences")
    expect(difference.locator("del").first).to_be_visible()
    assert difference.locator("ins").first.evaluate("node => getComputedStyle(node, '::before').content") == '"+"'
    difference.get_by_label("From").select_option("sami-alone")
    difference.get_by_label("To").select_option("sami-alone")
    expect(difference).to_contain_text("The same, word for word.")


def test_what_each_pane_got_and_how_likely_each_token_is_can_be_opened(page: Page, app: App, run_id: int, host: RunningHost) -> None:
    page.goto(f"{app.url}/compare?run={run_id}")
    compare(page)
    finished(page)
    page.get_by_text("What each pane is").click()
    expect(page.locator(".cs-system")).to_have_count(4)
    expect(page.locator(".cs-system").nth(1)).to_contain_text("Answer in one short sentence")
    expect(page.locator(".cs-system").nth(0)).not_to_contain_text("Answer in one short sentence")
    pane(page, "sami").get_by_text("Token by token").click()
    expect(pane(page, "sami")).to_contain_text("a token over 40 tokens")


def test_stop_keeps_what_was_written_and_the_rest_can_be_finished(page: Page, app: App, run_id: int, host: RunningHost) -> None:
    page.goto(f"{app.url}/compare?run={run_id}")
    compare(page, tokens=1500)
    expect(pane(page, "sami-alone")).to_have_attribute("data-state", "writing", timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Compare")).to_be_enabled()
    written = pane(page, "base").locator(".cs-text").inner_text()
    page.wait_for_timeout(1500)  # nothing more comes
    assert pane(page, "base").locator(".cs-text").inner_text() == written
    page.reload()
    expect(pane(page, "base").locator(".cs-text")).to_contain_text(written[:8])
    page.get_by_label("Most tokens").fill("1500")
    page.get_by_role("button", name="Finish the replies").click()
    expect(pane(page, "base")).to_have_attribute("data-state", "writing", timeout=60_000)
    page.get_by_role("button", name="Stop").click()


def test_a_killed_model_host_is_told_and_the_next_comparison_works(page: Page, app: App, run_id: int, host: RunningHost) -> None:
    page.goto(f"{app.url}/compare?run={run_id}")
    compare(page, tokens=3000)
    expect(pane(page, "base")).to_have_attribute("data-state", "writing", timeout=60_000)
    host.kill()
    expect(page.locator(".cs-comparison .cs-status")).to_contain_text("The model host stopped in the middle of the replies.")
    host.start()
    compare(page)
    for arm in ARMS:
        expect(pane(page, arm)).to_have_attribute("data-state", "done", timeout=60_000)


def test_a_version_can_be_compared_by_its_prompt_alone(page: Page, app: App, run_id: int, host: RunningHost) -> None:
    page.goto(f"{app.url}/compare")
    page.get_by_label("Compare", exact=True).select_option(label="Warm tone, version 1")
    expect(page.get_by_label("Seed")).to_have_value("0")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("alert").filter(has_text="There is no query yet.")).to_be_visible()


def test_a_scenario_of_the_constitution_can_be_asked(page: Page, app: App, run_id: int) -> None:
    studio = open_studio(settings_for(app.data))
    version = add_plain_version(studio, "Tried", "Be brief.", scenarios=[{"query": "Where are you from?"}, {"query": "Why?\n\nTell me.", "use": "train"}])
    studio.engine.dispose()
    page.goto(f"{app.url}/compare?version={version}")
    scenario, query = page.get_by_label("Or one of its scenarios"), page.get_by_label("Query", exact=True)
    expect(scenario).to_be_visible(timeout=20_000)
    scenario.select_option(label="Why? Tell me. (train)")
    expect(query).to_have_value("Why?\n\nTell me.")
    query.fill("My own?")
    expect(query).to_have_value("My own?")
    expect(scenario).to_have_value("")  # what stands there is no scenario any more
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        look(page, f"compare-scenario-{width}")
    page.get_by_label("Compare", exact=True).select_option(f"run:{run_id}")
    expect(scenario).to_be_hidden()
