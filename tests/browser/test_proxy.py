"""The whole studio through a real nginx and a real caddy, below /studio: pages, what they load, uploads and streams."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, Response, expect

from app.services.starter_queries import FILES
from app.settings import Settings
from tests.app.hosting import RunningHost
from tests.app.proxying import PATH, proxied
from tests.browser.conftest import App
from tests.browser.test_write import add_principle, save_version, saved
from tests.tiny import save_tiny_model

pytestmark = pytest.mark.browser
QUERIES = b"".join(b"Question %d: how does one answer at greater length than the proxy takes at once?\n" % i for i in range(3000)) + b" " * 1_200_000
WAYS = [("nginx", True, "header"), ("caddy", False, "setting"), ("nginx", False, "setting"), ("caddy", True, "header")]
if not os.environ.get("STUDIO_TEST_LONG"):
    WAYS = WAYS[:2]  # both proxies, the path taken off and not, by header and by setting; all four pairings take twice the time


@pytest.fixture(scope="module", params=WAYS, ids=["-".join(map(str, way)) for way in WAYS])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    kind, stripped, by = request.param
    data = tmp_path_factory.mktemp("studio")
    model = save_tiny_model(data / "models" / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_MODEL", str(model))
        patch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
        if by == "setting":
            patch.setenv("STUDIO_ROOT_PATH", f"{PATH}/")
        app = App(data)
        host = RunningHost(Settings.from_environment({"STUDIO_DEVICE": "cpu"}, data=data))
        with proxied(kind, app.url, tmp_path_factory.mktemp("proxy"), stripped=stripped, told=by == "header") as url:
            yield url
        host.kill()
        app.stop()


@pytest.fixture
def quiet(page: Page) -> Iterator[Page]:
    """A page that fails the test on an error in the console, and on an answer that is none."""
    wrong: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(f"{message.text} {message.location['url']}")

    def look(answer: Response) -> None:
        below = answer.url.startswith(("data:", "blob:")) or f"{PATH}/" in answer.url or answer.status in (302, 308)  # from /studio to /studio/
        if answer.status >= 400 or not below:
            wrong.append(f"{answer.status} {answer.url}")

    page.on("console", hear)
    page.on("response", look)
    yield page
    assert wrong == []


def test_everything_works_below_the_path(quiet: Page, address: str, tmp_path: Path) -> None:
    page = quiet
    page.goto(f"{address}/")
    page.get_by_text("Your name").click()
    page.get_by_label("What are you called?").fill("Zoë")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".cs-who-said")).to_have_text("Zoë")
    assert [cookie.get("path") for cookie in page.context.cookies()] == [f"{PATH}/"]
    page.get_by_label("Name", exact=True).fill("Below a path")
    page.get_by_role("button", name="Create").click()
    add_principle(page, "Brief", "Answer briefly.", "Answer at length.")
    saved(page)
    save_version(page, "First", 1)
    expect(page.locator(".cs-versions")).to_contain_text("Zoë")
    page.get_by_role("link", name="Train", exact=True).click()
    button = page.get_by_role("button", name="Train", exact=True)
    expect(button).to_be_enabled()
    page.get_by_label("or upload").set_input_files({"name": "q.txt", "mimeType": "text/plain", "buffer": QUERIES})
    expect(page.get_by_text(re.compile(r"3,000 queries"))).to_be_visible()
    expect(page.get_by_role("link", name="queries", exact=True)).to_have_attribute("href", f"./query-sets/{len(FILES) + 1}.jsonl")
    with page.expect_download() as taken:
        page.get_by_role("link", name="queries", exact=True).click()
    taken.value.save_as(tmp_path / "q.jsonl")
    assert len((tmp_path / "q.jsonl").read_text().splitlines()) == 3000
    expect(button).to_be_enabled()
    button.click()
    page.wait_for_url(f"{address}/run?id=1")
    expect(page.locator(".cs-headline")).to_be_visible()


def test_a_comparison_streams_below_the_path_and_is_found_again_by_its_link(quiet: Page, address: str) -> None:
    page = quiet
    page.goto(f"{address}/compare")
    page.get_by_label("Query").fill("Why is the sky blue?")
    page.get_by_label("Most tokens").fill("30")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("link", name="Link to this comparison")).to_be_visible(timeout=60_000)
    assert page.url.startswith(f"{address}/compare?comparison=")
    text = page.locator('.cs-pane[data-arm="base"] .cs-text').inner_text()
    page.reload()
    expect(page.locator('.cs-pane[data-arm="base"] .cs-text')).to_have_text(text)


@pytest.mark.parametrize("path", ["", "/api", "/docs", "/judge", "/write", "/write/", "/train", "/run", "/compare"])
def test_every_page_loads_what_it_needs(quiet: Page, address: str, path: str) -> None:
    quiet.goto(f"{address}{path}")
    expect(quiet.locator("h1, h2").first).to_be_visible()
    quiet.wait_for_load_state("networkidle") if path in ("/api", "/docs") else quiet.wait_for_timeout(500)
    assert quiet.url.startswith(address)
    expect(quiet.get_by_text("This page did not load")).to_have_count(0)
