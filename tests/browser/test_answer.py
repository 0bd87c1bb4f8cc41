"""The answer of a run stands first, and what explains it is folded below, as a person left it."""

import pytest
from playwright.sync_api import Page, expect

from app.services.studio import Studio
from db import claims
from tests.app.planting import claim, finish, progress, queue, queue_series, sample, train_steps
from tests.app.results import capitals, complying, result
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App

pytestmark = pytest.mark.browser


def tops(page: Page, *selectors: str) -> list[float]:
    """Where these begin on the page, in pixels from its top."""
    return [page.locator(selector).first.evaluate("node => node.getBoundingClientRect().top + scrollY") for selector in selectors]


def test_progress_stands_first_while_a_run_goes_on_and_the_answer_once_it_is_there(page: Page, app: App, studio: Studio) -> None:
    run_id = queue(studio, key="answered-run")
    held = claim(studio)
    train_steps(studio, held, 9)
    progress(studio, held, "training", 9, 12)
    page.goto(f"{app.url}/run?id={run_id}")
    expect(page.get_by_role("img", name="MI bound")).to_be_visible()
    expect(page.locator(".cs-came-out")).to_have_count(0)
    head, state, charts = tops(page, ".cs-run-head", ".cs-run-state", ".cs-charts")
    assert head < state < charts
    finish(studio, held, result(result().report.principles[0], capitals()))
    expect(page.locator(".cs-came-out")).to_have_count(2)
    places = tops(page, ".cs-run-head", ".cs-run-answer", ".cs-table-wrap", ".cs-run-state", ".cs-charts")
    assert places == sorted(places)
    expect(page.get_by_role("img", name="MI bound")).to_be_visible()  # what a person was looking at does not fold itself
    page.reload()
    expect(page.locator(".cs-came-out").first).to_be_in_viewport()
    expect(page.get_by_role("img", name="MI bound")).to_be_hidden()
    first = page.locator(".cs-came-out").first
    expect(first.locator(".cs-standing")).to_have_text("✓followed")
    expect(first).to_contain_text("“Be brief” is followed")
    expect(first.get_by_role("heading", name="Best reply")).to_be_visible()
    expect(first).to_contain_text("Follows, and answers its query best of the 21 that do.")
    expect(page.locator(".cs-came-out").nth(1).locator(".cs-standing")).to_have_text("✕not followed")


def test_what_a_person_unfolds_stays_unfolded_while_the_page_looks_again_and_all_is_open_in_print(page: Page, app: App, studio: Studio) -> None:
    ids = queue_series(studio, key="folded-series")
    held = claim(studio)
    train_steps(studio, held, 9)
    finish(studio, held, complying(0.9))
    page.goto(f"{app.url}/run?id={ids[0]}")
    reached = page.get_by_text("How each verdict was reached")
    expect(page.locator(".cs-finding").first).to_be_hidden()
    reached.click()
    page.get_by_text("How it learns").click()
    expect(page.get_by_role("img", name="MI bound")).to_be_visible()
    reached.focus()
    second = claim(studio)
    sample(studio, second, 0, [("Why?", "So.", "Because.")])
    finish(studio, second, complying(0.5))
    expect(page.get_by_role("heading", name="Over 2 seeds")).to_be_visible(timeout=20_000)  # it was drawn again
    expect(page.locator(".cs-part-result .cs-finding").first).to_be_visible()
    expect(page.get_by_role("img", name="MI bound")).to_be_visible()
    log = page.locator("details.cs-run-log")
    look = "[...document.querySelectorAll('.cs-runpage details')].every((each) => each.open)"
    page.evaluate(f"addEventListener('beforeprint', () => {{ window.printed = {look}; }})")
    page.pdf()
    assert page.evaluate("window.printed") is True
    assert log.get_attribute("open") is None  # as it was
    finish(studio, claim(studio), complying(0.7))


def test_the_answer_is_accessible_and_fits_in_both_schemes(page: Page, app: App, studio: Studio) -> None:
    run_id = queue(studio, key="accessible-run")
    held = claim(studio)
    train_steps(studio, held, 9)
    finish(studio, held, result(result().report.principles[0], capitals()))
    page.goto(f"{app.url}/run?id={run_id}")
    expect(page.locator(".cs-came-out")).to_have_count(2)
    require_accessible_in_both_schemes(page)


def test_the_list_of_runs_says_what_came_out_and_why_one_failed(page: Page, app: App, studio: Studio) -> None:
    good = queue(studio, key="listed-run")
    finish(studio, claim(studio), result(result().report.principles[0], capitals()))
    failed = queue(studio, key="failed-run")
    held = claim(studio)
    with studio.sessions.begin() as session:
        claims.fail(session, held, "memory", "Memory ran out.")
    for address in ("train", "run"):
        page.goto(f"{app.url}/{address}")
        expect(page.locator(".cs-run", has_text=f"Run {good}")).to_contain_text("finished: 1 followed, 1 not followed")
        expect(page.locator(".cs-run", has_text=f"Run {failed}")).to_contain_text("failed: memory ran out")
