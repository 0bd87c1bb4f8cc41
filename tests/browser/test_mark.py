"""A person as judge: a small principle marked by keyboard, with an undo and a reload on the way, and the verdict on the run's page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from app.processes.protocol import attempt_key
from app.services.studio import Studio, open_studio
from tests.app.marking import finished_run, follows
from tests.app.planting import settings_for
from tests.app.results import TRAINED
from tests.browser.conftest import App, look


@pytest.fixture(scope="module")
def studio(app: App) -> Iterator[Studio]:
    opened = open_studio(settings_for(app.data))
    yield opened
    opened.engine.dispose()


def answer(page: Page) -> None:
    """By one key, as an attentive person does; waits until the next card, or what came out, is there."""
    amount = page.locator(".cs-mark-amount").inner_text()
    page.keyboard.press("1" if follows(page.locator(".cs-mark-reply").inner_text()) else "2")
    expect(page.locator(".cs-mark-amount")).not_to_have_text(amount)


def test_a_principle_is_marked_by_keyboard_with_an_undo_and_a_reload_and_the_run_says_the_verdict(page: Page, app: App, studio: Studio) -> None:
    run = finished_run(studio)
    page.goto(f"{app.url}/run?id={run}")
    result, came_out = page.locator(".cs-part-result"), page.locator(".cs-part-answer")
    expect(came_out).to_contain_text("attributable, behaviour not measured", timeout=20_000)
    expect(came_out).to_contain_text("Two ways on: mark its replies, or add a check.")
    came_out.get_by_role("link", name="Mark replies").click()
    expect(page.get_by_role("heading", name="Mark replies")).to_be_visible()
    amount, reply = page.locator(".cs-mark-amount"), page.locator(".cs-mark-reply")
    expect(amount).to_have_text("0 of 24")
    expect(page).to_have_title(f"Run {run}, Only · Mark · Constitution Studio")
    expect(page.get_by_label("Principle", exact=True)).to_contain_text("only people can judge it")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()

    for _ in range(7):
        answer(page)
    expect(amount).to_have_text("7 of 24")
    seventh = page.locator(".cs-mark-card").inner_text()
    page.keyboard.press("3")
    expect(amount).to_have_text("8 of 24")
    page.keyboard.press("u")
    expect(amount).to_have_text("7 of 24")
    assert page.locator(".cs-mark-card").inner_text() == seventh

    page.reload()
    expect(amount).to_have_text("7 of 24", timeout=20_000)
    assert page.locator(".cs-mark-card").inner_text() == seventh
    app.restart(kill=True)
    page.reload()
    expect(amount).to_have_text("7 of 24", timeout=20_000)
    assert "run=" in page.url and "principle=1" in page.url

    for _ in range(17):
        answer(page)
    ended = page.get_by_role("region", name="What came out")
    expect(ended.get_by_role("heading", name="All 24 marked")).to_be_focused(timeout=20_000)
    expect(ended).to_contain_text("“Only” is followed: under the statement, replies comply in 100%")
    expect(ended).to_contain_text("Judged by marks by you.")
    expect(reply).to_be_hidden()
    ended.get_by_role("link", name="The result of the run").click()
    expect(came_out).to_contain_text("Judged by marks by you. 24 replies marked.", timeout=20_000)
    expect(came_out.locator(".cs-standing")).to_have_attribute("data-standing", "followed")
    expect(result.locator(".cs-finding")).to_have_attribute("data-tone", "good")
    expect(result).to_contain_text("Only (marks), under the statement")
    look(page, "run-marked")


def test_buttons_do_the_same_and_keep_the_focus_and_keys_can_be_switched_off(page: Page, app: App, studio: Studio) -> None:
    run = finished_run(studio, name="Buttons")
    page.goto(f"{app.url}/mark?run={run}")
    amount = page.locator(".cs-mark-amount")
    expect(amount).to_have_text("0 of 24", timeout=20_000)
    cannot = page.get_by_role("button", name="Cannot tell")
    cannot.focus()
    page.keyboard.press("Enter")
    expect(amount).to_have_text("1 of 24")
    expect(cannot).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Card 2 of 24.")).to_contain_text("Reply:")
    page.get_by_role("button", name="Follows").click()
    expect(amount).to_have_text("2 of 24")
    keys = page.get_by_label("Keys 1, 2, 3 and u")
    keys.uncheck()
    page.keyboard.press("1")
    page.reload()
    expect(keys).not_to_be_checked(timeout=20_000)
    expect(amount).to_have_text("2 of 24")
    keys.check()
    page.get_by_role("button", name="Undo").click()
    expect(amount).to_have_text("1 of 24")


def test_two_people_mark_the_same_cards_and_their_agreement_is_told(page: Page, app: App, studio: Studio) -> None:
    run = finished_run(studio, n=3, name="Together")
    seen = []
    for name in ("Ada", "Bob"):
        page.goto(f"{app.url}/mark?run={run}")
        page.get_by_text("Your name", exact=True).or_(page.get_by_text("Ada", exact=True)).first.click()
        page.get_by_label("What are you called?").fill(name)
        page.get_by_role("button", name="Keep").click()
        expect(page.get_by_text(f"Your marks stand under “{name}”.")).to_be_visible(timeout=20_000)
        expect(page.locator(".cs-mark-amount")).to_have_text("0 of 9")
        order = []
        for _ in range(9):
            order.append(page.locator(".cs-mark-reply").inner_text())
            answer(page)
        seen.append(order)
    assert seen[0] == seen[1]
    expect(page.get_by_role("region", name="What came out")).to_contain_text("Agreement of 2 people: Krippendorff’s alpha 1.00", timeout=20_000)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_page_fits_and_answers_stay_within_reach(page: Page, app: App, studio: Studio, scheme: str, width: int) -> None:
    long = "A long reply. " * 60
    texts = {("prompt", "statement"): long, ("sami", "statement"): f"We guess. {long}", ("sami", "antithesis"): f"Surely. {long}"}
    run = finished_run(studio, n=4, texts=texts, name=f"{scheme} {width}", check={"contains": "guess"})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{app.url}/mark?run={run}")
    expect(page.locator(".cs-mark-amount")).to_have_text("0 of 12", timeout=20_000)
    for button in ("Follows", "Does not", "Cannot tell", "Undo"):
        expect(page.get_by_role("button", name=button)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    look(page, f"mark-{scheme}-{width}", whole=False)
    page.mouse.wheel(0, 900)
    answer(page)
    expect(page.locator(".cs-mark-query")).to_be_in_viewport()
    look(page, f"mark-second-{scheme}-{width}", whole=False)
    for _ in range(11):
        answer(page)
    expect(page.get_by_role("region", name="What came out")).to_contain_text("Cohen’s kappa 1.00", timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    look(page, f"mark-end-{scheme}-{width}")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_a_card_of_a_scenario_shows_what_would_follow_and_what_would_not(page: Page, app: App, studio: Studio, scheme: str, width: int) -> None:
    own = [{"query": "Is this vase from Athens?", "follows": "Say that it is a guess.", "fails": "Name a year as if it were known."}, {"query": "Who made it?"}]
    run = finished_run(studio, n=2, name=f"Tried {scheme}", scenarios=own)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{app.url}/mark?run={run}")
    amount, expected = page.locator(".cs-mark-amount"), page.locator(".cs-mark-expected")
    expect(amount).to_have_text("0 of 6", timeout=20_000)
    expect(expected).to_be_hidden()  # the first deal is of held-out queries
    for _ in range(6):
        answer(page)
    page.get_by_role("button", name="6 more cards").click()
    expect(amount).to_have_text("6 of 12", timeout=20_000)
    for _ in range(6):
        if page.locator(".cs-mark-query").inner_text() == "Is this vase from Athens?":
            expect(expected).to_contain_text("Would follow")
            expect(expected).to_contain_text("Name a year as if it were known.")
            look(page, f"mark-scenario-{scheme}-{width}", whole=False)
        else:
            expect(expected).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        answer(page)
    page.get_by_role("link", name="The result of the run").click()
    expect(page.locator(".cs-part-answer")).to_contain_text("On its own 2 scenarios: 0 of 2 before training", timeout=20_000)
    look(page, f"run-scenarios-{scheme}-{width}")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_a_card_says_where_its_reply_was_cut(page: Page, app: App, studio: Studio, scheme: str, width: int) -> None:
    run = finished_run(studio, n=2, name=f"Cut {scheme}")
    for path in (app.data / attempt_key(run, 1)).glob(f"replies-{TRAINED.key}-*.json"):
        path.write_text(path.read_text().replace('"ended": true', '"ended": false'))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{app.url}/mark?run={run}")
    expect(page.locator(".cs-mark-amount")).to_have_text("0 of 6", timeout=20_000)
    told = 0
    for _ in range(6):
        is_cut = not page.locator(".cs-mark-reply").inner_text().startswith("It is a vase")
        expect(page.locator(".cs-mark-cut")).to_be_visible(visible=is_cut)
        if is_cut and not told:
            expect(page.locator(".cs-mark-cut")).to_have_text("The reply was cut at the token limit: it had not ended.")
            expect(page.get_by_role("status").filter(has_text="had not ended.")).to_contain_text("Reply:")
            look(page, f"mark-cut-{scheme}-{width}", whole=False)
        told += is_cut
        answer(page)
    assert told == 4
