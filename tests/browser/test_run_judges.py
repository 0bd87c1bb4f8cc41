"""A model as judge on the page of a run: what would go where, a second click that sends, progress, a stop, going on, and what came out."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.processes.trainer import work_once
from app.services import asking
from app.services.askings import AskWish
from app.services.runs import run_view
from app.services.studio import Studio
from tests.app.judging import Handler, JudgeServer, attentive, judge_server
from tests.app.marking import TEXTS, finished_run, mark_all
from tests.app.services.test_asking import asker
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App, look

OTHER_TEXTS = {cell: f"Well. {text}" for cell, text in TEXTS.items()}


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with judge_server() as running:
        yield running


@contextmanager
def at_work(studio: Studio) -> Iterator[None]:
    """The process that asks, as the trainer's has it."""
    trainer = asker(studio)

    def serve() -> None:
        while not trainer.stopping.is_set():
            if not work_once(trainer):
                trainer.stopping.wait(0.1)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        trainer.stopping.set()
        thread.join(30)


def unfolded(page: Page, app: App, run: int) -> Any:
    page.goto(f"{app.url}/run?id={run}")
    fold = page.locator("details[data-fold=judges]")
    fold.locator("summary").click(timeout=20_000)
    return fold


def test_a_model_is_asked_from_the_page_stopped_goes_on_and_judges_what_nobody_marked(page: Page, app: App, studio: Studio, server: JudgeServer) -> None:
    marked = finished_run(studio, name="Marked")
    mark_all(studio, marked)
    asking.begin(studio, "Ada", AskWish(run=marked, address=server.address, model="m"), "asked-before")
    assert work_once(asker(studio))
    server.seen.clear()
    run = finished_run(studio, name="Other", texts=OTHER_TEXTS)
    going_on = threading.Event()

    def slowly(handler: Handler, body: dict[str, Any]) -> None:
        if len(server.seen) > 6:
            going_on.wait(60)
        attentive(handler, body)

    server.answer = slowly
    with at_work(studio):
        fold = unfolded(page, app, run)
        expect(fold).to_contain_text("No model was asked about this run.")
        fold.get_by_label("Address of the endpoint").fill(server.address)
        fold.get_by_label("Model, as it calls it").fill("m")
        page.keyboard.press("Enter")
        planned = fold.locator(".cs-ask-planned")
        expect(planned).to_contain_text(f"48 questions about 24 cards would go to {server.address}, model m.")
        assert server.seen == []
        fold.get_by_label("Model, as it calls it").fill("mm")
        expect(planned.get_by_role("button")).to_have_count(0)  # it was told of another one
        fold.get_by_label("Model, as it calls it").fill("m")
        fold.get_by_role("button", name="How many questions?").click()
        planned.get_by_role("button", name=f"Send 48 questions to {server.address}").click()
        expect(fold).to_contain_text("is being asked, 3 of 24 cards.", timeout=60_000)
        look(page, "judges-asking")
        page.reload()
        fold.locator("summary").click(timeout=20_000)
        expect(fold).to_contain_text("is being asked, 3 of 24 cards.")
        fold.get_by_role("button", name="Stop asking").click()
        expect(fold).to_contain_text("stopping after the card that it is at, 3 of 24 cards.")
        going_on.set()
        expect(fold).to_contain_text("stopped, ", timeout=60_000)
        fold.get_by_role("button", name="Go on asking").click()
        expect(fold).to_contain_text("24 of 24 cards asked about.", timeout=60_000)
        expect(fold.locator(".cs-asking")).to_have_count(0, timeout=60_000)
    assert len(server.seen) == 48
    expect(fold.get_by_role("row").nth(1)).to_contain_text("yes")
    came_out = page.locator(".cs-part-answer")
    expect(came_out).to_contain_text("with people on 24 cards.")
    expect(came_out.locator(".cs-standing")).to_have_attribute("data-standing", "followed")


def test_an_address_that_cannot_be_asked_is_told_beside_the_form_and_the_command_can_be_copied(page: Page, app: App, studio: Studio) -> None:
    run = finished_run(studio, name="Refused")
    fold = unfolded(page, app, run)
    fold.get_by_label("Address of the endpoint").fill("ftp://nowhere")
    fold.get_by_label("Model, as it calls it").fill("m")
    fold.get_by_role("button", name="How many questions?").click()
    expect(fold.get_by_role("alert")).to_contain_text("The judge's address must be an http or https address")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app.url)
    fold.get_by_role("button", name="Copy").click()
    expect(fold.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"python -m app ask --run {run} --judge http://127.0.0.1:8000/v1 --model NAME"


def test_the_fold_fits(page: Page, app: App, studio: Studio, server: JudgeServer) -> None:
    run = finished_run(studio, name="Fits", n=2)
    asking.begin(studio, "Ada", AskWish(run=run, address=server.address, model="qwen2.5-72b-instruct"), "fits-at-every-width")
    assert work_once(asker(studio))
    asking.begin(studio, "Ada", AskWish(run=run, address=server.address, model="another-model-with-a-long-name-" * 3), "waits-at-every-width")
    fold = unfolded(page, app, run)
    fold.get_by_label("Address of the endpoint").fill(server.address)
    fold.get_by_label("Model, as it calls it").fill("m")
    fold.get_by_role("button", name="How many questions?").click()
    expect(fold.locator(".cs-ask-planned")).to_contain_text("12 questions about 6 cards")
    look(page, "judges-light-1280")
    require_accessible_in_both_schemes(page)
    look(page, "judges-dark-390")
    asking.stop(studio, run, asking_of(studio, run))


def asking_of(studio: Studio, run: int) -> int:
    return next(view.id for view in run_view(studio, run).askings if view.pending)
