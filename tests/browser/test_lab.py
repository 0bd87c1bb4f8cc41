"""The laboratory as a person walks through it: a battery asked for, done on a tiny model, read, its cards picked by keyboard, and counted."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from app.processes.attempt import Watch
from app.processes.labs import probe
from app.processes.protocol import LAB
from app.services.lab_jobs import lab_view
from app.services.studio import Studio, open_studio
from core.lab.drift.data import drift_to_data
from db import claims
from db.claims import Progress
from db.jobs import get_job
from db.tables import Job
from tests.app.labs import claim_lab, finished_lab, write_files
from tests.app.marking import finished_run
from tests.app.planting import measure, settings_for, version_id
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App, look
from tests.core.lab.benches import ONE
from tests.core.lab.drifts import LOUD, trained
from tests.core.lab.drifts import found as drifted
from tests.core.lab.drifts import plan as drift_plan
from tests.core.lab.drifts import replies as drift_replies
from tests.tiny import save_tiny_model

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def studio(app: App) -> Iterator[Studio]:
    opened = open_studio(settings_for(app.data))
    measure(opened)
    yield opened
    opened.engine.dispose()


def claimed(studio: Studio, lab: int, model: Path) -> Watch:
    """As a trainer takes it, with the tiny model in the place of the default one."""
    with studio.sessions.begin() as session:
        spec = {**get_job(session, lab).spec, "model": str(model)}
        session.execute(update(Job).where(Job.id == lab).values(spec=spec))
    with studio.sessions.begin() as session:
        job = claims.claim_next(session, "a-trainer", {}, 3600.0, [LAB])
        assert job is not None and job.id == lab
        held = claims.claim_of(job)
        claims.set_progress(session, held, Progress(phase="probing", step=0, total_steps=2, notice="Prompting, the control: 1 of 4"))
    return Watch(studio.sessions, held)


def pictures(page: Page, name: str) -> None:
    """Of a part of the walk, for whoever wants to see it."""
    for scheme in ("light", "dark"):
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", scheme == "dark")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            look(page, f"lab-{name}-{scheme}-{width}")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_battery_is_asked_for_watched_read_its_cards_picked_and_counted(page: Page, app: App, studio: Studio, tmp_path: Path) -> None:
    model = save_tiny_model(tmp_path / "tiny")
    page.goto(f"{app.url}/lab?version={version_id(studio)}")
    expect(page.get_by_role("link", name="Laboratory")).to_have_attribute("aria-current", "page", timeout=20_000)
    before = page.get_by_role("complementary", name="What this battery would be")
    expect(before).to_contain_text("24 held-out queries of “", timeout=20_000)
    expect(page.get_by_label("Constitution and version")).to_have_value(str(version_id(studio)))
    expect(page.get_by_role("checkbox", name="The adapter, and its checkpoints")).to_be_disabled()
    expect(page.locator(".cs-lab-form")).to_contain_text("Would count against it")
    expect(page.locator(".cs-lab-form")).to_contain_text("arXiv 2404.14313")
    for box in page.locator(".cs-lab-form").get_by_role("checkbox").all():
        if box.is_enabled():
            box.set_checked(box.get_attribute("value") in ("prompt", "readers"))
    page.get_by_label("Held-out queries, at most").fill("2")
    expect(before).to_contain_text("2 held-out queries")
    expect(before).to_contain_text("2 probes, ")
    require_accessible_in_both_schemes(page)
    pictures(page, "form")
    page.set_viewport_size({"width": 1280, "height": 500})
    page.get_by_role("heading", name="Batteries").scroll_into_view_if_needed()
    edges = page.evaluate(
        "[...document.querySelectorAll('.cs-preview, .cs-lab-drift')].map((each) => each.getBoundingClientRect()).map((box) => [box.top, box.bottom])"
    )
    assert edges[0][1] <= edges[1][0], "what is told before the click covers what comes below the form"
    page.set_viewport_size({"width": 1280, "height": 900})

    page.get_by_role("button", name="Queue the battery").click()
    headline = page.locator(".cs-headline")
    expect(headline).to_have_text("Waits in the queue: 0 of 2 probes done", timeout=20_000)
    page.get_by_role("button", name="Stop").click()
    expect(headline).to_have_text("Stopped: 0 of 2 probes done")
    page.get_by_role("button", name="Resume").click()
    expect(headline).to_have_text("Waits in the queue: 0 of 2 probes done")
    lab = int(page.url.rpartition("=")[2])
    watch = claimed(studio, lab, model)
    expect(headline).to_have_text("In progress: 0 of 2 probes done", timeout=20_000)
    expect(page.get_by_role("region", name="Status")).to_contain_text("Prompting, the control: 1 of 4")
    with studio.store.workspace(watch.key) as folder:
        probe(studio.settings, watch, folder)
    expect(headline).to_have_text("Finished: 2 of 2 probes done", timeout=20_000)
    found = page.locator(".cs-lab-found")
    expect(found).to_contain_text("Mutual information: not ")  # shown, or sufficient: a tiny model says nothing
    assert found.locator("thead th").first.evaluate("head => getComputedStyle(head).fontWeight") == "600"
    expect(found.get_by_role("region", name="All probes")).to_contain_text("Readers from outside")
    expect(found.get_by_role("region", name="Who can tell the sides of a principle apart?").first).to_contain_text("was not asked")
    page.get_by_role("heading", name="Prompting, the control").click()
    expect(found.locator("details").first).to_contain_text("Predicted beforehand")

    page.get_by_role("link", name="Read 4 cards yourself").click()
    amount = page.locator(".cs-mark-amount")
    expect(amount).to_have_text("0 of 4", timeout=20_000)
    require_accessible_in_both_schemes(page)
    pictures(page, "card")
    first = page.locator(".cs-mark-card").inner_text()
    page.keyboard.press("1")
    expect(amount).to_have_text("1 of 4")
    page.keyboard.press("u")
    expect(amount).to_have_text("0 of 4")
    assert page.locator(".cs-mark-card").inner_text() == first
    page.keyboard.press("2")
    expect(amount).to_have_text("1 of 4")
    page.reload()
    expect(amount).to_have_text("1 of 4", timeout=20_000)
    for done, key in ((2, "1"), (3, "0")):
        page.keyboard.press(key)
        expect(amount).to_have_text(f"{done} of 4")
    assert "Brevity" not in page.locator(".cs-mark-card").inner_text()
    page.locator(".cs-lab-option").first.focus()
    page.keyboard.press("Enter")
    ended = page.get_by_role("region", name="What you told right")
    expect(ended.get_by_role("heading", name="All 4 picked")).to_be_focused(timeout=20_000)
    expect(ended).to_contain_text("guessing gives 50%")
    expect(ended.get_by_role("row")).to_have_count(5)
    pictures(page, "revealed")
    ended.get_by_role("link", name="What the battery found, with your picks counted").click()
    expect(found.get_by_role("region", name="Who can tell the sides of a principle apart?").first).to_contain_text("you, 4 cards: ", timeout=20_000)
    with page.expect_download() as report:
        page.get_by_role("link", name="Report (HTML)").click()
    assert "you, 4 cards" in Path(report.value.path()).read_text()
    assert lab_view(studio, lab).status.value == "finished"


def test_what_was_found_is_read_in_both_schemes_and_on_paper_and_a_battery_is_deleted(page: Page, app: App, studio: Studio) -> None:
    lab = finished_lab(studio, key="a-battery-of-its-own")
    page.goto(f"{app.url}/lab?lab={lab}")
    found = page.locator(".cs-lab-found")
    expect(found).to_contain_text("Mutual information: not sufficient here", timeout=20_000)
    expect(found.locator("li").first).to_contain_text("The information is there, the behaviour is not.")
    expect(found.get_by_role("img")).to_be_visible()
    expect(found.get_by_role("region", name="The same as a table")).to_contain_text("-50.0")
    page.get_by_role("heading", name="Readers from outside").click()
    require_accessible_in_both_schemes(page)
    pictures(page, "found")
    page.emulate_media(media="print")
    assert page.locator("button:visible").count() == 0
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Delete…").click()
    asked = page.get_by_role("dialog", name="Delete this battery")
    expect(asked).to_contain_text("nobody has read its cards")
    asked.get_by_role("button", name=f"Delete battery {lab}").click()
    expect(page.get_by_role("heading", name="Laboratory")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("link", name=f"Battery {lab} Brevity")).to_have_count(0)


def test_a_finished_run_is_carried_into_the_laboratory(page: Page, app: App, studio: Studio) -> None:
    run = finished_run(studio)
    page.goto(f"{app.url}/run?id={run}")
    page.get_by_role("link", name="Try it in the laboratory").click()
    expect(page.get_by_label("Run", exact=True)).to_have_value(str(run), timeout=20_000)
    expect(page.get_by_role("checkbox", name="The adapter, and its checkpoints")).to_be_checked()


def test_what_else_changed_is_asked_of_two_runs_and_read(page: Page, app: App, studio: Studio) -> None:
    runs = [finished_run(studio, name=name, version_id=version_id(studio, name)) for name in ("Brevity", "Bullet points")]
    page.goto(f"{app.url}/lab")
    asked = page.get_by_role("region", name="What else changed?")
    asked.get_by_role("checkbox", name=f"Run {runs[0]}: Brevity").check(timeout=20_000)
    expect(asked.get_by_role("alert")).to_have_text("Tick at least 2 runs, of different texts.")
    asked.get_by_role("checkbox", name=f"Run {runs[1]}: Bullet points").check()
    expect(asked.get_by_role("status")).to_contain_text("10 rows of 24 replies, 2 principles, 18 cells; about ")
    require_accessible_in_both_schemes(page)
    pictures(page, "drift-form")
    asked.get_by_role("button", name="Queue the matrix").click()
    expect(page.locator(".cs-headline")).to_have_text("Waits in the queue", timeout=20_000)
    made = drifted(
        drift_plan(ONE, LOUD, adapters=[trained(), trained(1, "cd" * 32)]), {"trained 1": drift_replies("x" * 12, said=lambda _: "ONE TWO THREE FOUR.")}
    )
    held = claim_lab(studio)
    write_files(studio, held, {"report.json": drift_to_data(made)})
    with studio.sessions.begin() as session:
        claims.set_progress(session, held, Progress(phase="probing", step=9, total_steps=10, notice="decoding rules"))
        claims.finish(session, held)
    expect(page.locator(".cs-headline")).to_have_text("Finished: 10 of 10 rows done", timeout=20_000)
    found = page.locator(".cs-lab-found")
    expect(found.locator("li").first).to_contain_text("Alarm: “Shout”, trained on “Brief”, with “Brief” in the prompt: +100 points")
    expect(found.get_by_role("region", name="The changes, drawn")).to_contain_text("+100!")
    require_accessible_in_both_schemes(page)
    pictures(page, "drift-found")
