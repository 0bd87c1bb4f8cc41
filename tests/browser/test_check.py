"""The check on the Train page in a browser, on a tiny model with the real processes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from app.services.runs import list_runs
from app.services.studio import Studio
from app.settings import Settings
from tests.app.hosting import RunningHost
from tests.app.planting import version_id
from tests.browser.conftest import App
from tests.tiny import save_tiny_model


@pytest.fixture(scope="module")
def model(app: App) -> Path:
    return save_tiny_model(app.data / "models" / "tiny")


@pytest.fixture(scope="module")
def host(app: App) -> Iterator[RunningHost]:
    running = RunningHost(Settings(data=app.data, database_url=f"sqlite:///{app.data}/studio.db", device="cpu"))
    yield running
    running.kill()


def part(page: Page) -> Locator:
    return page.get_by_role("region", name="What the base already does")


def ready(page: Page) -> None:
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()


def filled(page: Page, app: App, studio: Studio, model: Path, tokens: int) -> None:
    """Brevity with the tiny model; nothing else is changed but the length of a reply."""
    page.goto(f"{app.url}/train?version={version_id(studio)}")
    ready(page)
    page.get_by_label("Base model").select_option(label="Another model…")
    page.get_by_label("Hub id or folder").fill(str(model))
    page.get_by_text("Advanced").click()
    page.get_by_label("Longest reply, in tokens").fill(str(tokens))
    expect(page.locator(".cs-preview .cs-command-text")).to_contain_text(f"sampling.max_new_tokens={tokens}")
    ready(page)


def test_check_reads_out_a_verdict_without_a_run_and_keeps_the_form(page: Page, app: App, studio: Studio, model: Path, host: RunningHost) -> None:
    filled(page, app, studio, model, 12)
    page.get_by_label("Seed", exact=True).fill("7")
    ready(page)
    part(page).get_by_role("button", name="Check").press("Enter")
    expect(part(page).get_by_role("progressbar")).to_be_visible()
    expect(part(page).locator(".cs-found-word")).to_have_text(re.compile(r"Before training: (go|weak, no link is shown|no-go)"), timeout=60_000)
    expect(part(page)).to_contain_text(re.compile(r"\d+ of (16|96) replies of the base follow “Be brief”"))
    expect(part(page)).to_contain_text("under the antithesis")
    expect(part(page).get_by_role("status")).to_have_text(re.compile("^Check finished: (go|weak, no link is shown|no-go).$"))
    expect(part(page).get_by_role("progressbar")).to_be_hidden()
    expect(page.get_by_label("Seed", exact=True)).to_have_value("7")
    expect(page.get_by_label("Longest reply, in tokens")).to_have_value("12")
    assert page.evaluate("document.activeElement.textContent") == "Check"
    expect(part(page).get_by_text("The form has changed since you pressed Check.")).to_be_hidden()
    page.get_by_label("Seed", exact=True).fill("8")
    expect(part(page).get_by_text("The form has changed since you pressed Check.")).to_be_visible()
    expect(part(page).locator(".cs-found-word")).to_be_visible()
    assert list_runs(studio) == []
    expect(part(page).locator(".cs-found-replies li").first).to_be_hidden()
    part(page).get_by_text("Replies that were judged, worst first").click()
    expect(part(page).locator(".cs-found-replies li").first).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_stop_ends_the_asking_and_another_check_can_begin(page: Page, app: App, studio: Studio, model: Path, host: RunningHost) -> None:
    filled(page, app, studio, model, 3000)
    part(page).get_by_role("button", name="Check").click()
    expect(part(page)).to_contain_text("Asking the base what it already does", timeout=60_000)
    assert host.ask("GET", "/health")["busy"] is True
    part(page).get_by_role("button", name="Stop").press("Enter")
    expect(part(page).get_by_role("status")).to_have_text("Stopped.")
    assert page.evaluate("document.activeElement.textContent") == "Check"
    page.wait_for_timeout(1500)  # nothing more comes
    assert host.ask("GET", "/health")["busy"] is False
    expect(part(page).get_by_role("status")).to_have_text("Stopped.")
    page.get_by_label("Longest reply, in tokens").fill("8")
    expect(page.locator(".cs-preview .cs-command-text")).to_contain_text("sampling.max_new_tokens=8")
    ready(page)
    part(page).get_by_role("button", name="Check").click()
    expect(part(page).locator(".cs-found-word")).to_be_visible(timeout=60_000)


def test_a_tab_that_goes_away_ends_the_asking(page: Page, app: App, studio: Studio, model: Path, host: RunningHost) -> None:
    filled(page, app, studio, model, 3000)
    part(page).get_by_role("button", name="Check").click()
    expect(part(page)).to_contain_text("Asking the base what it already does", timeout=60_000)
    page.goto("about:blank")
    for _ in range(100):
        if host.ask("GET", "/health")["busy"] is False:
            break
        page.wait_for_timeout(100)
    assert host.ask("GET", "/health")["busy"] is False


def test_a_host_that_dies_twice_is_told_and_the_form_can_be_checked_again(page: Page, app: App, studio: Studio, model: Path, host: RunningHost) -> None:
    filled(page, app, studio, model, 3000)
    part(page).get_by_role("button", name="Check").click()
    for _ in range(2):
        expect(part(page)).to_contain_text("Asking the base what it already does", timeout=60_000)
        host.kill()
        expect(part(page)).not_to_contain_text("Asking the base what it already does")
        host.start()
    expect(part(page).get_by_role("alert")).to_contain_text("The model host stopped twice over this. Most likely memory ran out", timeout=30_000)
    expect(part(page).get_by_role("button", name="Stop")).to_be_hidden()
    expect(page.get_by_label("Longest reply, in tokens")).to_have_value("3000")
    page.get_by_label("Longest reply, in tokens").fill("8")
    expect(page.locator(".cs-preview .cs-command-text")).to_contain_text("sampling.max_new_tokens=8")
    ready(page)
    part(page).get_by_role("button", name="Check").click()
    expect(part(page).locator(".cs-found-word")).to_be_visible(timeout=60_000)
    expect(part(page).get_by_role("alert")).to_be_hidden()


def test_what_the_model_cannot_do_is_told_with_its_remedy(page: Page, app: App, studio: Studio, model: Path, host: RunningHost) -> None:
    filled(page, app, studio, model, 4090)
    part(page).get_by_role("button", name="Check").click()
    expect(part(page).get_by_role("alert")).to_contain_text("Shorten the constitution or the query, or ask for shorter replies.", timeout=60_000)
