"""Proposals in a browser: a model at an endpoint writes, and nothing changes before the author's click."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.app.serving import completion, served
from tests.browser.conftest import App
from tests.browser.test_write import add_principle, create, principle, save_version, saved

HOSTILE = "<img src=x onerror=alert(1)> {{7*7}}"


class Writer:
    """An endpoint whose model knows one answer for each text it is given; it can be made to wait."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.go = threading.Event()
        self.go.set()
        self.app = Starlette(routes=[Route("/v1/chat/completions", self.chat, methods=["POST"])])

    async def chat(self, request: Request) -> Response:
        return await run_in_threadpool(self.answer, await request.json())

    def answer(self, body: dict[str, Any]) -> Response:
        self.go.wait(20)
        asked, task = body["messages"][-1]["content"], body["messages"][0]["content"]
        text = "Shortness" if "title" in task else self.answers.get(asked, "")
        return completion(text)


@pytest.fixture(scope="module")
def writer() -> Iterator[tuple[Writer, str]]:
    made = Writer()
    with served(made.app) as url:
        yield made, url


@pytest.fixture(scope="module")
def app(writer: tuple[Writer, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_WRITER_URL", writer[1])
        patch.setenv("STUDIO_WRITER_MODEL", "a-large-model")
        patch.setenv("STUDIO_WRITER_KEY", "sk-not-to-be-seen")
        patch.setenv("NO_PROXY", "127.0.0.1")
        running = App(tmp_path_factory.mktemp("studio"))
        yield running
        running.stop()


def panel(page: Page) -> Locator:
    return page.locator(".cs-proposal")


def test_a_wish_becomes_a_principle_that_says_who_wrote_it(page: Page, app: App, writer: tuple[Writer, str]) -> None:
    writer[0].answers = {"Shorter, please": "Use few words.", "Use few words.": f"Use many words. {HOSTILE}"}
    address = create(page, app, "Wish")
    page.get_by_role("button", name="Propose one…").click()
    expect(panel(page)).to_contain_text("a-large-model writes a principle from it")
    page.get_by_label("What do you want of the model?").fill("Shorter, please")
    panel(page).get_by_role("button", name="Propose").click()
    expect(page.get_by_label("Proposed statement")).to_have_value("Use few words.")
    expect(page.get_by_label("Proposed antithesis")).to_have_value(f"Use many words. {HOSTILE}")
    expect(page.locator(".cs-paper .cs-principle")).to_have_count(0)
    panel(page).get_by_role("button", name="Accept").click()
    expect(panel(page)).to_have_count(0)
    expect(principle(page, 1).get_by_label("Title")).to_have_value("Shortness")
    expect(principle(page, 1)).to_contain_text("Written by a-large-model.")
    saved(page)
    page.goto(address)
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("Use few words.")
    expect(principle(page, 1)).to_contain_text("Written by a-large-model.")
    save_version(page, "First", 1)
    page.locator(".cs-versions").get_by_role("button", name=re.compile("^Version 1 ")).click()
    expect(page.get_by_role("dialog", name="Version 1")).to_contain_text("Written by a-large-model.")
    page.keyboard.press("Escape")
    principle(page, 1).get_by_label("Antithesis").fill("Use many words.")
    expect(principle(page, 1)).to_contain_text("Written by a-large-model (statement).")
    principle(page, 1).get_by_label("Statement").fill("Use few words, please.")
    expect(principle(page, 1)).not_to_contain_text("Written by")
    saved(page)
    assert "sk-not-to-be-seen" not in page.content()


def test_a_statement_gets_an_antithesis_and_what_it_replaces_is_kept(page: Page, app: App, writer: tuple[Writer, str]) -> None:
    writer[0].answers = {"Be brief.": "Be long."}
    create(page, app, "Statement")
    add_principle(page, "Mine", "Be brief.", "My own antithesis.")
    saved(page)
    antithesis = principle(page, 1).locator('[data-field="antithesis"]')
    button = principle(page, 1).get_by_role("button", name="Propose texts: principle 1, “Mine”")
    button.click()
    expect(page.get_by_label("Proposed antithesis")).to_have_value("Be long.")
    expect(page.get_by_label("Proposed title")).to_have_count(0)
    expect(antithesis).to_have_value("My own antithesis.")
    panel(page).get_by_role("button", name="Discard").click()
    expect(button).to_be_focused()
    expect(antithesis).to_have_value("My own antithesis.")
    button.click()
    page.get_by_label("Proposed antithesis").fill("Be long, as I say.")
    panel(page).get_by_role("button", name="Accept").click()
    expect(antithesis).to_have_value("Be long, as I say.")
    expect(principle(page, 1)).not_to_contain_text("Written by")
    page.get_by_role("button", name="Bring mine back").click()
    expect(antithesis).to_have_value("My own antithesis.")
    saved(page)


def test_writing_goes_on_and_is_saved_while_a_proposal_is_waited_for(page: Page, app: App, writer: tuple[Writer, str]) -> None:
    writer[0].answers = {"Be brief.": "Be long."}
    create(page, app, "Waiting")
    add_principle(page, "Mine", "Be brief.", "")
    saved(page)
    writer[0].go.clear()
    principle(page, 1).get_by_role("button", name="Propose texts").click()
    expect(panel(page)).to_contain_text("a-large-model: writing …")
    principle(page, 1).get_by_label("Antithesis").fill("Typed meanwhile.")
    saved(page)
    panel(page).get_by_role("button", name="Cancel").click()
    expect(panel(page)).to_have_count(0)
    writer[0].go.set()
    page.wait_for_timeout(1500)
    expect(principle(page, 1).get_by_label("Antithesis")).to_have_value("Typed meanwhile.")


def test_a_model_without_a_usable_answer_leaves_the_text_alone(page: Page, app: App, writer: tuple[Writer, str]) -> None:
    writer[0].answers = {}
    create(page, app, "Nothing usable")
    add_principle(page, "Mine", "Be brief.", "")
    principle(page, 1).get_by_role("button", name="Propose texts").click()
    expect(panel(page).get_by_role("alert")).to_contain_text("The model wrote nothing that can be used as an antithesis. The last answer was empty.")
    panel(page).get_by_role("button", name="Close").click()
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("Be brief.")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_proposal_fits_the_page(page: Page, app: App, writer: tuple[Writer, str], width: int, scheme: Any) -> None:
    writer[0].answers = {"Shorter, please": "Use few words.", "Use few words.": "Use " + "very " * 60 + "many words."}
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    create(page, app, f"Fits {width}")
    page.get_by_role("button", name="Propose one…").click()
    page.get_by_label("What do you want of the model?").fill("Shorter, please")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Proposed statement")).to_have_value("Use few words.")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_one_click_proposes_every_missing_antithesis_and_each_is_accepted_by_the_author(page: Page, app: App, writer: tuple[Writer, str]) -> None:
    writer[0].answers = {"Be brief.": "Be long and slow.", "Be warm.": "Be cold and stiff."}
    create(page, app, "All")
    add_principle(page, "Whole", "Be bright.", "Be dull.")
    for title, statement in (("Short", "Be brief."), ("Odd", "Nobody knows this one."), ("Warm", "Be warm.")):
        add_principle(page, title, statement, "")
    page.get_by_role("button", name="Propose the 3 missing antitheses").click()
    expect(principle(page, 2).get_by_label("Proposed antithesis")).to_have_value("Be long and slow.", timeout=15_000)
    expect(principle(page, 4).get_by_label("Proposed antithesis")).to_have_value("Be cold and stiff.", timeout=15_000)
    expect(principle(page, 3).get_by_role("button", name="Accept")).to_have_count(0)
    assert principle(page, 3).locator(".cs-proposal .cs-problem").inner_text()
    expect(principle(page, 1).locator(".cs-proposal")).to_have_count(0)
    expect(principle(page, 2).locator('[data-field="antithesis"]')).to_have_value("")
    principle(page, 2).get_by_role("button", name="Accept").click()
    expect(principle(page, 2).locator('[data-field="antithesis"]')).to_have_value("Be long and slow.")
    expect(principle(page, 2)).to_contain_text("Written by a-large-model (antithesis).")
    principle(page, 4).get_by_role("button", name="Discard").click()
    expect(principle(page, 4).locator('[data-field="antithesis"]')).to_have_value("")
    saved(page)


def test_proposing_all_can_be_stopped(page: Page, app: App, writer: tuple[Writer, str]) -> None:
    create(page, app, "Stopped")
    add_principle(page, "Short", "Be brief.", "")
    add_principle(page, "Warm", "Be warm.", "")
    writer[0].go.clear()
    try:
        page.get_by_role("button", name="Propose the 2 missing antitheses").click()
        page.get_by_role("button", name="Stop").click()
    finally:
        writer[0].go.set()
    expect(panel(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Propose the 2 missing antitheses")).to_be_visible()


def test_what_a_pattern_matches_is_marked_while_it_is_typed(page: Page, app: App) -> None:
    create(page, app, "Pattern")
    add_principle(page, "Numbers", "Name 3 or 12 things.", "Name none.")
    principle(page, 1).locator('[data-field="check"]').select_option("regex")
    argument = principle(page, 1).locator('[data-field="argument"]')
    argument.press_sequentially(r"\d+")
    marks = principle(page, 1).locator(".cs-matches mark")
    expect(marks).to_have_text(["3", "12"])
    argument.fill("(")
    expect(principle(page, 1).locator(".cs-matches")).to_contain_text("cannot be read")
    argument.fill("")
    expect(principle(page, 1).locator(".cs-matches")).to_have_count(0)


def test_a_file_without_antitheses_says_how_it_was_read_and_opens_as_a_draft(page: Page, app: App) -> None:
    page.goto(app.url)
    file = {"name": "kind ones.json", "mimeType": "application/json", "buffer": b'[{"trait": "Be the kinder one.", "questions": ["Why?"]}]'}
    page.locator("#new-file").set_input_files([file])
    expect(page.locator(".cs-read")).to_contain_text("Read as JSON, a list")
    expect(page.locator(".cs-read")).to_contain_text("`questions of 1 principle`")
    page.get_by_role("link", name="Open the draft").click()
    expect(principle(page, 1).get_by_label("Statement")).to_have_value("Be the kinder one.")
    expect(page.get_by_role("button", name="Propose the missing antithesis")).to_be_visible()


def test_a_check_that_the_statement_allows_is_proposed_taken_by_a_click_and_taken_back(page: Page, app: App) -> None:
    create(page, app, "Proposed checks")
    add_principle(page, "Brief", "Answer in one sentence.", "Answer in many sentences.")
    first = principle(page, 1)
    expect(first.locator(".cs-suggested")).to_contain_text("Proposed: The reply has at most 1 sentence.")
    expect(first.locator('[data-field="check"]')).to_have_value("")
    first.get_by_role("button", name="Take it").press("Enter")
    expect(first.locator('[data-field="check"]')).to_have_value("max_sentences")
    expect(first.locator('[data-field="argument"]')).to_have_value("1")
    expect(first.locator('[data-field="check"]')).to_be_focused()
    expect(first.locator(".cs-suggested")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(first.locator('[data-field="check"]')).to_have_value("")
    expect(first.locator(".cs-suggested")).to_be_visible()
    first.get_by_role("button", name="Take it").click()
    saved(page)
    page.reload()
    expect(first.locator('[data-field="check"]')).to_have_value("max_sentences")
    first.locator('[data-field="check"]').select_option("")
    expect(first.locator(".cs-suggested")).to_be_visible()
    first.locator('[data-field="statement"]').fill("Never answer in one sentence.")
    expect(first.locator(".cs-suggested")).to_have_count(0)
