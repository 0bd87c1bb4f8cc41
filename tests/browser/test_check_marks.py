"""A check on a constitution without a program, its replies marked by keyboard, and the verdict on the Train page; on a tiny model with a real host."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, expect

from app.services.studio import Studio, open_studio
from app.settings import Settings
from tests.app.checked import GUESS, kept_check
from tests.app.hosting import RunningHost
from tests.app.planting import add_plain_version, settings_for
from tests.browser.conftest import App, look
from tests.browser.test_check import part, ready
from tests.tiny import save_tiny_model


@pytest.fixture(scope="module")
def studio(app: App) -> Iterator[Studio]:
    opened = open_studio(settings_for(app.data))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def host(app: App) -> Iterator[RunningHost]:
    running = RunningHost(Settings(data=app.data, database_url=f"sqlite:///{app.data}/studio.db", device="cpu"))
    yield running
    running.kill()


@pytest.fixture(scope="module")
def model(app: App) -> Path:
    return save_tiny_model(app.data / "models" / "tiny")


def answer(page: Page, key: str) -> None:
    amount = page.locator(".cs-mark-amount").inner_text()
    page.keyboard.press(key)
    expect(page.locator(".cs-mark-amount")).not_to_have_text(amount)


def test_a_check_without_a_program_is_marked_and_says_its_verdict(page: Page, app: App, studio: Studio, model: Path, host: RunningHost) -> None:
    page.goto(f"{app.url}/train?version={add_plain_version(studio, 'Museum', 'Say whether it is known or guessed.')}")
    ready(page)
    page.get_by_label("Base model").select_option(label="Another model…")
    page.get_by_label("Hub id or folder").fill(str(model))
    page.get_by_text("Advanced").click()
    page.get_by_label("Longest reply, in tokens").fill("12")
    expect(page.locator(".cs-preview .cs-command-text")).to_contain_text("sampling.max_new_tokens=12")
    ready(page)
    part(page).get_by_role("button", name="Check").click()
    expect(part(page).locator(".cs-found-word")).to_have_text(re.compile("Before training: cannot be judged yet"), timeout=60_000)
    expect(part(page)).to_contain_text("Two ways on: mark its replies, or add a check.")
    assert "/train?check=" in page.url
    heard: list[str] = []
    page.on("response", lambda response: heard.append(body_of(response)))
    part(page).get_by_role("link", name="Mark replies").click()
    amount, last = page.locator(".cs-mark-amount"), page.locator(".cs-mark-reply")
    expect(amount).to_have_text(re.compile(r"^0 of \d+$"), timeout=20_000)
    total = int(amount.inner_text().split()[-1])
    for i in range(5):
        answer(page, "12"[i % 2])
    fifth = last.inner_text()
    answer(page, "3")
    answer(page, "u")
    assert last.inner_text() == fifth
    page.reload()
    expect(amount).to_have_text(f"5 of {total}", timeout=20_000)
    app.restart(kill=True)
    page.reload()
    expect(amount).to_have_text(f"5 of {total}", timeout=20_000)
    for i in range(5, total):
        if i == total - 1:
            assert not any(told in "".join(heard) for told in ('"side"', '"flip', '"antithesis"}', '"prompt"'))  # until what came out is told
        answer(page, "12"[i % 2])
    ended = page.get_by_role("region", name="What came out")
    expect(ended.get_by_role("heading", name=f"All {total} marked")).to_be_focused(timeout=20_000)
    expect(ended).to_contain_text("replies of the base follow “Only”, as marked by you")
    ended.get_by_role("link", name="The check, as the marks make it").click()
    expect(part(page).locator(".cs-found-word")).to_have_text(re.compile(r"Before training: (go|weak, no link is shown|no-go)"), timeout=20_000)
    expect(part(page)).to_contain_text("as marked by you")
    expect(part(page)).to_contain_text(f"{total} replies marked.")
    expect(page.get_by_label("Longest reply, in tokens")).to_have_value("12")
    expect(part(page).get_by_text("The form has changed since you pressed Check.")).to_be_hidden()
    ready(page)
    page.get_by_label("Seed", exact=True).fill("8")
    expect(part(page).get_by_text("The form has changed since you pressed Check.")).to_be_visible()


def body_of(response: Response) -> str:
    return response.text() if "/api/mark/" in response.url else ""


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_a_kept_check_fits_before_and_after_it_is_marked(page: Page, app: App, studio: Studio, scheme: str, width: int) -> None:
    check = kept_check(studio, name=f"Vases {scheme} {width}")
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{app.url}/train?check={check}")
    expect(part(page).get_by_role("link", name="Mark replies")).to_be_visible(timeout=20_000)
    look(page, f"check-unmarked-{scheme}-{width}")
    part(page).get_by_role("link", name="Mark replies").click()
    expect(page.locator(".cs-mark-amount")).to_have_text("0 of 32", timeout=20_000)
    look(page, f"check-card-{scheme}-{width}", whole=False)
    for _ in range(32):
        answer(page, "1" if GUESS in page.locator(".cs-mark-reply").inner_text() else "2")
    expect(page.get_by_role("region", name="What came out")).to_contain_text("10 of 16 replies of the base follow “Only”, as marked by you", timeout=20_000)
    look(page, f"check-ended-{scheme}-{width}")
    page.get_by_role("link", name="The check, as the marks make it").click()
    expect(part(page).locator(".cs-found-word")).to_have_text("✓Before training: go", timeout=20_000)
    expect(part(page).get_by_role("link", name="Mark more replies")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    look(page, f"check-marked-{scheme}-{width}")
    page.goto(f"{app.url}/mark?check={check}")
    page.get_by_text(f"Check {check}, Vases").click()
    expect(page.get_by_label("Run or check")).to_contain_text(f"Check {check}: Vases {scheme} {width}, version 1")
