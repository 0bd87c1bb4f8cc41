"""Scenarios that a model at an endpoint proposes: nothing is sent before the click that names where to, and nothing is taken but by a click each."""

from playwright.sync_api import Locator, Page, expect

from core.constitution.scenario_proposals import ScenarioWish, scenario_prompt
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App
from tests.browser.test_propose import HOSTILE, Writer, app, panel, writer
from tests.browser.test_scenarios import field, picture, queries, unfold
from tests.browser.test_write import add_principle, create, principle, save_version, saved

__all__ = ["app", "writer"]  # fixtures

RAIN = "1. Query: What is rain?\nWould follow: One sentence.\nWould not: A lecture."
THREE = f"{RAIN}\n\n2. Query: {HOSTILE}\nWould not: A lecture.\n\n3. Query: ما هو المطر؟\n\n4. Query: what is RAIN"


def knows(writer: Writer, answer: str, *known: str) -> None:
    """What the model answers where these queries are there already."""
    writer.answers[scenario_prompt(ScenarioWish(statement="Be brief.", antithesis="Be long.", known=known)).user] = answer


def begin(page: Page, app: App, name: str) -> Locator:
    create(page, app, name)
    add_principle(page, "Brief", "Be brief.", "Be long.")
    saved(page)
    unfold(page)
    page.get_by_role("button", name="Propose some scenarios for principle 1").click()
    expect(panel(page)).to_contain_text("would be sent this principle’s statement and antithesis")
    return panel(page)


def send(page: Page) -> None:
    panel(page).get_by_role("button", name="Send it to 127.0.0.1:").click()


def test_one_is_taken_and_one_is_left_and_the_version_has_the_one(page: Page, app: App, writer: tuple[Writer, str]) -> None:
    writer[0].answers = {}
    knows(writer[0], THREE)
    shown = begin(page, app, "Proposed scenarios")
    expect(shown).to_contain_text("a-large-model at 127.0.0.1:")
    send(page)
    expect(shown.locator(".cs-proposed")).to_have_count(3)
    expect(shown).to_contain_text("a-large-model proposes 3 scenarios. What you do not take is kept nowhere.")
    assert queries(page) == []
    first = shown.get_by_role("button", name="Take it: What is rain?")
    expect(first).to_be_focused()
    shown.get_by_text("Left out of its answer (1)").click()
    expect(shown.locator(".cs-left-out li")).to_have_text("“what is RAIN” asks the same as another of these.")
    picture(page, "proposed")
    require_accessible_in_both_schemes(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    first.press("Enter")
    expect(shown).to_contain_text("Taken as scenario 1.")
    expect(first).to_be_hidden()
    expect(shown.get_by_role("button", name=f"Take it: {HOSTILE}")).to_be_focused()
    assert queries(page) == ["What is rain?"]
    shown.get_by_role("button", name=f"Leave: {HOSTILE}").click()
    expect(shown.locator(".cs-proposed")).to_have_count(2)
    expect(shown.get_by_role("button", name="Take it: ما هو المطر؟")).to_be_focused()
    saved(page)
    save_version(page, "With one", 1)
    page.reload()
    unfold(page)
    assert queries(page) == ["What is rain?"]
    expect(field(page, "Would follow", 1)).to_have_value("One sentence.")
    expect(field(page, "Would not", 1)).to_have_value("A lecture.")
    expect(field(page, "For test or train", 1)).to_have_value("test")
    expect(panel(page)).to_have_count(0)
    expect(page.locator(".cs-verdict")).to_have_text("The same as version 1")


def test_what_is_taken_for_training_is_taken_back_and_again_and_others_are_asked_for(page: Page, app: App, writer: tuple[Writer, str]) -> None:
    writer[0].answers = {}
    knows(writer[0], RAIN)
    knows(writer[0], "1. Query: And snow?\n2. Query: What is rain?", "What is rain?")
    shown = begin(page, app, "Taken back")
    send(page)
    shown.get_by_label("For test or train: What is rain?").select_option("train")
    take = shown.get_by_role("button", name="Take it: What is rain?")
    take.click()
    expect(field(page, "For test or train", 1)).to_have_value("train")
    expect(shown.get_by_role("button", name="Ask for others")).to_be_focused()
    page.keyboard.press("Control+z")
    assert queries(page) == []
    expect(take).to_be_visible()
    page.keyboard.press("Control+Shift+z")
    assert queries(page) == ["What is rain?"]
    expect(take).to_be_hidden()
    page.get_by_role("button", name="Remove scenario 1 of principle 1").click()
    expect(take).to_be_visible()
    take.click()
    shown.get_by_role("button", name="Ask for others").click()
    expect(shown.get_by_role("button", name="Take it: And snow?")).to_be_focused()
    expect(shown.locator(".cs-proposed")).to_have_count(1)
    shown.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Propose some scenarios for principle 1")).to_be_focused()
    saved(page)


def test_nothing_is_sent_before_the_click_and_waiting_can_be_called_off(page: Page, app: App, writer: tuple[Writer, str]) -> None:
    writer[0].answers = {}
    knows(writer[0], RAIN)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    shown = begin(page, app, "Called off")
    shown.get_by_role("button", name="Cancel").click()
    expect(panel(page)).to_have_count(0)
    assert "propose_scenarios" not in asked
    writer[0].go.clear()
    try:
        page.get_by_role("button", name="Propose some scenarios for principle 1").click()
        send(page)
        expect(shown).to_contain_text("a-large-model: writing …")
        principle(page, 1).get_by_label("Title").fill("Typed meanwhile")
        saved(page)
        shown.get_by_role("button", name="Cancel").click()
    finally:
        writer[0].go.set()
    page.wait_for_timeout(1500)
    expect(panel(page)).to_have_count(0)
    assert queries(page) == [] and asked.count("leave") == 1


def test_nonsense_and_a_missing_statement_are_told_in_place(page: Page, app: App, writer: tuple[Writer, str]) -> None:
    writer[0].answers = {}
    knows(writer[0], "I like turtles.")
    shown = begin(page, app, "Nonsense")
    send(page)
    expect(shown.get_by_role("alert")).to_contain_text("The model wrote nothing that can be read as a scenario. The last of 2 answers: “I like turtles.”")
    picture(page, "proposed_nothing")
    page.set_viewport_size({"width": 1280, "height": 900})
    knows(writer[0], RAIN)
    shown.get_by_role("button", name="Try again").click()
    expect(shown.locator(".cs-proposed")).to_have_count(1)
    shown.get_by_role("button", name="Close").click()
    principle(page, 1).get_by_label("Statement").fill(" ")
    page.get_by_role("button", name="Propose some scenarios for principle 1").click()
    expect(shown.get_by_role("alert")).to_contain_text("Write the statement of the principle first.")
    shown.get_by_role("button", name="Close").click()
    assert queries(page) == []
