"""Two principles against each other in a fold of the Train page, on a tiny model with the real processes; and deleting what is kept of that."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from app.services.kept_conflicts import kept_of
from app.services.runs import list_runs
from app.services.studio import Studio, open_studio
from app.settings import Settings
from tests.app.conflicting import ASKING, BRIEF, KIND, KINDER, add_ruled_version, kept_conflict
from tests.app.hosting import RunningHost
from tests.app.planting import measure, settings_for
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App, look
from tests.browser.test_check import ready
from tests.tiny import save_tiny_model

pytestmark = pytest.mark.browser
STALE = "The form has changed since you pressed Ask which one wins."


@pytest.fixture(scope="module")
def studio(app: App) -> Iterator[Studio]:
    opened = open_studio(settings_for(app.data))
    measure(opened)
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def model(app: App) -> Path:
    return save_tiny_model(app.data / "models" / "tiny")


@pytest.fixture(scope="module")
def host(app: App) -> Iterator[RunningHost]:
    running = RunningHost(Settings(data=app.data, database_url=f"sqlite:///{app.data}/studio.db", device="cpu"))
    yield running
    running.kill()


def part(page: Page) -> Locator:
    return page.get_by_role("region", name="Two principles against each other")


def ask(page: Page) -> Locator:
    return part(page).get_by_role("button", name="Ask which one wins")


def unfold(page: Page, app: App, version: int) -> None:
    page.goto(f"{app.url}/train?version={version}")
    ready(page)
    page.get_by_role("heading", name="Two principles against each other").click()
    expect(part(page)).to_be_visible()


def filled(page: Page, app: App, version: int, model: Path, tokens: int) -> None:
    """The fold open, with the tiny model, a few queries and replies of so many tokens."""
    unfold(page, app, version)
    page.get_by_label("Base model").select_option(label="Another model…")
    page.get_by_label("Hub id or folder").fill(str(model))
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_label("Longest reply, in tokens").fill(str(tokens))
    part(page).get_by_label("Held-out queries, at most").fill("4")
    expect(part(page).locator(".cs-command-text")).to_contain_text(f"--limit 4 --max-new-tokens {tokens}")
    expect(ask(page)).to_be_enabled()


def test_two_principles_are_chosen_asked_read_found_again_and_deleted(page: Page, app: App, studio: Studio, model: Path, host: RunningHost) -> None:
    version = add_ruled_version(studio, "Ruled", BRIEF, KIND, ASKING)
    filled(page, app, version, model, 12)
    fold = part(page)
    expect(fold.get_by_label("One principle")).to_have_value("1")
    expect(fold.get_by_label("Against")).to_have_value("3")  # the two that can be judged
    expect(fold.get_by_label("Against").locator("option")).to_have_text(["1. Brief", "2. Kind: no check judges it", "3. Asking: priority 1"])
    expect(fold).to_contain_text(re.compile("4 held-out queries, each answered in 2 orders: 8 replies of the base, about "))
    expect(fold).to_contain_text("“Asking” with priority 1 before “Brief”, which has none; with the rule for conflicts “Be brief before all else.”")
    fold.get_by_label("One principle").select_option("3")
    expect(fold.get_by_role("alert")).to_have_text("Principle 3 cannot be set against itself. Choose another one.")
    fold.get_by_label("Against").select_option("1")
    expect(fold.locator(".cs-command-text")).to_contain_text("--first 3 --second 1")
    fold.get_by_label("Held-out queries, at most").press("Enter")  # begins no run
    ask(page).press("Enter")
    expect(fold.locator(".cs-found-word")).to_have_text(re.compile(r"wins$|Which of the two wins is not shown"), timeout=60_000)
    expect(fold.get_by_role("status").first).to_have_text(re.compile("^Finished: "))
    expect(fold.locator(".cs-found-meaning")).to_contain_text(re.compile(r"^With “Asking” first, .* of \d+ replies"))
    expect(fold.locator(".cs-conflict-found")).to_contain_text("with the rule for conflicts “Be brief before all else.”")
    assert page.evaluate("document.activeElement.textContent") == "Ask which one wins"
    (kept,) = kept_of(studio, version)
    assert page.url.endswith(f"/train?conflict={kept.conflict}") and list_runs(studio) == []
    reply = fold.locator(".cs-found-replies li").first
    expect(reply).to_be_hidden()
    fold.get_by_text("The replies behind it").first.click()
    expect(reply).to_be_visible()
    said = fold.locator(".cs-found-meaning").inner_text()

    page.reload()
    expect(fold.locator(".cs-found-meaning")).to_have_text(said)
    expect(fold.get_by_label("One principle")).to_have_value("3")
    expect(fold.get_by_label("Against")).to_have_value("1")
    expect(fold.get_by_label("Held-out queries, at most")).to_have_value("4")
    expect(page.get_by_label("Longest reply, in tokens")).to_have_value("12")
    expect(fold.get_by_text(STALE)).to_be_hidden()
    expect(ask(page)).to_be_enabled()
    fold.get_by_label("Held-out queries, at most").fill("5")
    expect(fold.get_by_text(STALE)).to_be_visible()
    expect(fold.locator(".cs-found-meaning")).to_have_text(said)
    expect(fold.get_by_text("Asked before of this version")).to_be_visible()

    fold.get_by_role("button", name="Delete this conflict…").click()
    dialog = page.get_by_role("dialog", name="Delete this conflict")
    expect(dialog).to_contain_text("Its figures and its replies are gone for good then.")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(fold.get_by_role("button", name="Delete this conflict…")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=f"Delete conflict {kept.conflict}").click()
    expect(fold.get_by_role("status").first).to_have_text(f"Conflict {kept.conflict} is deleted.")
    expect(fold.locator(".cs-conflict-found")).to_have_count(0)
    expect(ask(page)).to_be_focused()
    assert page.url.endswith("/train") and kept_of(studio, version) == []


def test_stop_ends_it_a_second_click_is_told_and_a_check_beside_it_is_left_alone(page: Page, app: App, studio: Studio, model: Path, host: RunningHost) -> None:
    version = add_ruled_version(studio, "Stopped", BRIEF, ASKING)
    filled(page, app, version, model, 3000)
    ask(page).click()
    expect(part(page).get_by_role("progressbar")).to_be_visible()
    expect(part(page)).to_contain_text("Asking with both principles in every order", timeout=60_000)
    ask(page).click(force=True)  # it says that it rests
    expect(part(page).get_by_text("It is being asked already. Stop ends it.")).to_be_visible()
    expect(page.get_by_role("region", name="What the base already does").get_by_role("button", name="Check")).to_be_enabled()
    part(page).get_by_role("button", name="Stop").press("Enter")
    expect(part(page).get_by_role("status").first).to_have_text("Stopped.")
    expect(part(page).get_by_text("It is being asked already.")).to_have_count(0)
    assert page.evaluate("document.activeElement.textContent") == "Ask which one wins"
    for _ in range(300):
        if host.ask("GET", "/health")["busy"] is False:
            break
        page.wait_for_timeout(100)
    assert host.ask("GET", "/health")["busy"] is False and kept_of(studio, version) == []
    page.get_by_label("Longest reply, in tokens").fill("8")
    expect(part(page).locator(".cs-command-text")).to_contain_text("--max-new-tokens 8")
    expect(ask(page)).to_be_enabled()
    ask(page).click()
    expect(part(page).locator(".cs-found-word")).to_be_visible(timeout=60_000)
    check = page.get_by_role("region", name="What the base already does")
    check.get_by_role("button", name="Check").click()
    expect(check.locator(".cs-found-word")).to_be_visible(timeout=60_000)
    (kept,) = kept_of(studio, version)
    assert re.search(rf"/train\?check=\d+&conflict={kept.conflict}$", page.url)
    page.reload()
    expect(check.locator(".cs-found-word")).to_be_visible()
    expect(part(page).locator(".cs-found-word")).to_be_visible()
    expect(page.get_by_text("The form has changed since you pressed")).to_have_count(2)
    for stale in page.get_by_text("The form has changed since you pressed").all():
        expect(stale).to_be_hidden()


def test_a_host_that_dies_twice_is_told_where_it_was_asked(page: Page, app: App, studio: Studio, model: Path, host: RunningHost) -> None:
    filled(page, app, add_ruled_version(studio, "Died", BRIEF, ASKING), model, 3000)
    ask(page).click()
    for _ in range(2):
        expect(part(page)).to_contain_text("Asking with both principles in every order", timeout=60_000)
        host.kill()
        expect(part(page)).not_to_contain_text("Asking with both principles in every order")
        host.start()
    expect(part(page).get_by_text("The model host stopped twice over this. Most likely memory ran out")).to_be_visible(timeout=30_000)
    expect(part(page).get_by_role("button", name="Stop")).to_be_hidden()
    expect(part(page).get_by_label("Held-out queries, at most")).to_have_value("4")


def test_what_cannot_be_asked_is_told_in_the_fold(page: Page, app: App, studio: Studio) -> None:
    unfold(page, app, add_ruled_version(studio, "Alone", BRIEF))
    expect(part(page).get_by_role("alert").first).to_have_text(
        "“Alone” has one principle, so there is nothing to set against it. Choose a constitution with two, or add one on the Write page."
    )
    expect(ask(page)).to_be_disabled()
    expect(part(page).get_by_label("One principle")).to_be_disabled()
    unfold(page, app, add_ruled_version(studio, "Unchecked", KIND, KINDER))
    told = part(page).get_by_role("alert").first
    expect(told).to_contain_text("“Kind” and “Kinder” cannot be judged yet: principles 1 and 2 have no check, so no program can tell. Two ways on: add a check")
    expect(told).to_contain_text("or mark the replies of a check before training")
    expect(part(page).get_by_label("Against")).to_have_attribute("aria-invalid", "true")
    expect(ask(page)).to_be_disabled()
    require_accessible_in_both_schemes(page)
    unfold(page, app, add_ruled_version(studio, "Few", BRIEF, ASKING))
    expect(ask(page)).to_be_enabled()
    queries = part(page).get_by_label("Held-out queries, at most")
    queries.fill("1")
    expect(part(page).get_by_role("alert").first).to_have_text("queries must be between 2 and 500, got 1.")
    expect(queries).to_have_attribute("aria-invalid", "true")
    queries.fill("2.5")
    expect(part(page).get_by_role("alert").first).to_have_text("queries must be a whole number, got 2.5.")
    queries.fill("2")
    expect(part(page).get_by_role("alert")).to_have_count(0)
    expect(ask(page)).to_be_enabled()
    page.get_by_label("Seed", exact=True).fill("-1")
    expect(ask(page)).to_be_disabled()
    expect(part(page).get_by_role("alert").first).to_have_text("What is chosen above cannot be used yet. The reason stands beside Train.")


def test_a_kept_conflict_fits(page: Page, app: App, studio: Studio) -> None:
    page.goto(f"{app.url}/train?conflict={kept_conflict(studio, 'Fitting')}")
    expect(part(page).locator(".cs-found-word")).to_have_text("✓“Asking” wins", timeout=20_000)
    expect(ask(page)).to_be_enabled()
    part(page).get_by_text("The replies behind it").first.click()
    look(page, "conflict-1280-light")
    require_accessible_in_both_schemes(page)
    look(page, "conflict-390-dark")
