"""Walk steps 3 and 5 in a browser, with rows planted as a trainer writes them: asking for a run, watching it, its result."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.services.studio import Studio
from db import claims
from db.constitutions import NewVersion, add_constitution, add_version
from tests.app.planting import HOSTILE, claim, finish, get_run, measure, progress, queue, sample, train_steps, version_id, write_log
from tests.app.results import NONSENSE, capitals, complying, result, senseless
from tests.browser.conftest import App

pytestmark = pytest.mark.browser
QUERY = "How do bees make honey?"


def ready(page: Page) -> None:
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()


def two_principles(studio: Studio) -> int:
    """A version that has so many."""
    rows = [{"id": letter * 32, "title": letter, "statement": f"Say {letter}.", "antithesis": f"Never say {letter}."} for letter in "ab"]
    with studio.sessions.begin() as session:
        constitution = add_constitution(session, "Two")
        content = {"name": "Two", "principles": rows}
        return add_version(session, NewVersion(constitution_id=constitution.id, base_version_id=None, content=content, message="First.", author="Ann")).id


def end_all(studio: Studio) -> None:
    """Leave no run waiting or running for the next test."""
    with studio.sessions.begin() as session:
        for job in session.query(claims.Job).filter(claims.Job.status.in_(("queued", "running"))):
            job.status, job.owner = claims.JobStatus.STOPPED, None


def test_the_form_shows_what_a_run_would_be_before_anyone_clicks(page: Page, app: App, studio: Studio) -> None:
    measure(studio)
    page.goto(f"{app.url}/train?version={version_id(studio, 'Warm tone')}")
    ready(page)
    expect(page.get_by_label("Constitution", exact=True)).to_have_value(str(version_id(studio, "Warm tone")))
    preview = page.get_by_role("complementary", name="What this run would be")
    expect(preview).to_contain_text("AMD EPYC 9355")
    expect(preview).to_contain_text(re.compile(r"about \d+ min"))
    expect(preview).to_contain_text(re.compile(r"about \d\.\d GB"))
    expect(preview).to_contain_text("de-quantised from Q4_1")
    expect(preview.locator("pre")).to_contain_text("--preset quick --seed 0")
    page.get_by_label("Thorough").check()
    expect(preview).to_contain_text("48 queries × 1 pass = 12 steps of 4; measured on 80 held-out queries")
    page.get_by_text("Advanced").click()
    page.get_by_label("Passes over the train queries").fill("3")
    page.get_by_label("Seed", exact=True).fill("7")
    expect(preview.locator("pre")).to_contain_text("--preset thorough --seed 7 --set passes=3")


def test_what_replies_are_traced_among_is_chosen_before_the_click_with_its_minutes(page: Page, app: App, studio: Studio) -> None:
    """Of one principle there is nothing to choose from, and nothing is said."""
    measure(studio)
    page.goto(f"{app.url}/train?version={two_principles(studio)}")
    ready(page)
    preview = page.get_by_role("complementary", name="What this run would be")
    expect(preview).to_contain_text("among what verdicts rest on: 10 of 16 pairs (trace=own)")
    expect(preview.locator("pre")).not_to_contain_text("trace")
    page.get_by_text("Advanced").click()
    page.get_by_label("What replies are traced among").select_option("all")
    expect(preview).to_contain_text("among all 4 constitutions: 16 pairs (trace=all)")
    expect(preview.locator("pre")).to_contain_text("--set trace=all")
    page.get_by_label("Constitution", exact=True).select_option(str(version_id(studio, "Warm tone")))
    ready(page)
    expect(preview).not_to_contain_text("Traced")


def test_what_cannot_be_used_disables_the_button_and_says_why(page: Page, app: App, studio: Studio) -> None:
    page.goto(f"{app.url}/train")
    ready(page)
    button = page.get_by_role("button", name="Train", exact=True)
    page.get_by_text("Advanced").click()
    page.get_by_label("LoRA rank").fill("many")
    expect(page.get_by_role("alert").filter(has_text="lora_rank must be a number, got 'many'.")).to_be_visible()
    expect(button).to_be_disabled()
    page.get_by_label("LoRA rank").fill("8")
    ready(page)
    asked = page.get_by_label("Constitutions a contrast")
    asked.fill("4")
    expect(page.locator("#setting-n_constitutions-problem")).to_contain_text("in only 2 ways. Set n_constitutions to 2 or less")
    expect(asked).to_have_attribute("aria-invalid", "true")
    expect(button).to_be_disabled()
    asked.fill("2")
    ready(page)
    expect(asked).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("#setting-n_constitutions-problem")).to_be_empty()
    page.get_by_label("Base model").select_option(label="Another model…")
    page.get_by_label("Hub id or folder").fill(HOSTILE)
    expect(page.get_by_role("alert").filter(has_text="is neither a Hub id")).to_be_visible()
    expect(button).to_be_disabled()
    page.get_by_label("Seed", exact=True).fill("")
    expect(page.get_by_role("alert").filter(has_text="no usable seed")).to_be_visible()


def test_queries_can_be_uploaded_and_a_bad_file_says_what_is_wrong(page: Page, app: App, studio: Studio, tmp_path: Path) -> None:
    page.goto(f"{app.url}/train")
    ready(page)
    bad, good = tmp_path / "bad.jsonl", tmp_path / "good.jsonl"
    bad.write_text('{"post": "Why?"}\n{"post": "How?"}\n')
    good.write_text("".join(json.dumps({"query": f"What is number {i}? {HOSTILE}", "split": "held_out" if i % 4 == 0 else "train"}) + "\n" for i in range(40)))
    chooser = page.get_by_label("or upload text, CSV or JSON")
    chooser.set_input_files(bad)
    expect(page.get_by_text("bad.jsonl has no column `query`; its columns are `post`.")).to_be_visible()
    table = tmp_path / "table.csv"
    table.write_text("Post;Split\n" + "".join(f"Where is {i}, then?;{'Held out' if i % 2 else 'train'}\n" for i in range(8)) + ";train\n")
    page.get_by_label("column to ask").fill("post")
    chooser.set_input_files(table)
    reading = page.locator(".cs-read-as")
    expect(reading).to_contain_text("Read as table in UTF-8, query from `Post`, split from `Split`.")
    expect(reading).to_contain_text("Fields are parted by semicolons.")
    expect(reading).to_contain_text("1 row without a text to ask left out: Line 10.")
    expect(reading).to_contain_text("Where is 1, then?")
    page.get_by_label("column to ask").fill("")
    chooser.set_input_files(good)
    expect(page.get_by_text("Read 40 queries: 30 to train on, 10 held out.")).to_be_visible()
    expect(reading).to_contain_text(HOSTILE[:60])
    expect(page.locator("#train-queries option:checked")).to_have_text("good.jsonl: 30 to train on, 10 held out")
    expect(page.locator(".cs-notes")).to_contain_text("10 held-out queries where 24 are asked for")


def test_a_double_click_makes_one_run_and_goes_to_it(page: Page, app: App, studio: Studio) -> None:
    page.goto(f"{app.url}/train?version={version_id(studio)}")
    ready(page)
    page.get_by_role("button", name="Train", exact=True).dblclick()
    page.wait_for_url(re.compile(r"/run\?id=\d+$"))
    expect(page.locator(".cs-headline")).to_have_text("Waiting, next in line")
    run_id = int(page.url.rpartition("=")[2])
    page.goto(f"{app.url}/train")
    expect(page.locator(".cs-run", has_text="waiting")).to_have_count(1)
    assert get_run(studio, run_id).config["preset"] == "quick"
    end_all(studio)


def test_the_page_of_a_run_follows_its_rows_through_reload_and_restart(page: Page, app: App, studio: Studio) -> None:
    run_id = queue(studio, key="followed-run")
    page.goto(f"{app.url}/run?id={run_id}")
    expect(page.locator(".cs-headline")).to_have_text("Waiting, next in line")
    held = claim(studio)
    sample(studio, held, 0, [(QUERY, HOSTILE, "They make it from nectar.")])
    train_steps(studio, held, 3)
    progress(studio, held, "training", 3, 12, eta_s=20.0)
    bar = page.get_by_role("progressbar")
    expect(page.locator(".cs-headline")).to_have_text("Training")
    expect(page.locator(".cs-phases")).to_contain_text("3 of 12 steps")
    expect(page.locator(".cs-amount")).to_contain_text("left")
    expect(page.get_by_text(HOSTILE, exact=True)).to_be_visible()
    before = int(bar.get_attribute("aria-valuenow") or "0")
    page.get_by_text("Log", exact=True).click()
    write_log(studio, held, "training 3/12\n" + HOSTILE)
    expect(page.locator(".cs-log")).to_contain_text(HOSTILE)
    train_steps(studio, held, 9, first=4)
    sample(studio, held, 6, [(QUERY, "From nectar.", "They make it from nectar, at length.")])
    progress(studio, held, "training", 9, 12, eta_s=6.0)
    expect(page.locator(".cs-phases")).to_contain_text("9 of 12 steps")
    assert int(bar.get_attribute("aria-valuenow") or "0") > before
    expect(page.locator(".cs-log")).to_be_visible()  # what a person opened stays open
    expect(page.get_by_role("img", name="MI bound")).to_be_visible()
    expect(page.get_by_text("From nectar.", exact=True)).to_be_visible()
    page.get_by_role("button", name="Before training").click()
    expect(page.get_by_text("From nectar.", exact=True)).to_be_hidden()
    page.reload()
    expect(page.locator(".cs-phases")).to_contain_text("9 of 12 steps")
    app.restart()
    progress(studio, held, "training", 12, 12)
    expect(page.locator(".cs-phases li").nth(2)).to_have_attribute("data-state", "done", timeout=30_000)
    end_all(studio)


def test_stop_and_resume_from_the_page(page: Page, app: App, studio: Studio) -> None:
    run_id = queue(studio, key="stopped-run")
    held = claim(studio)
    progress(studio, held, "training", 4, 12, checkpoint="/data/checkpoint-000004")
    page.goto(f"{app.url}/run?id={run_id}")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".cs-headline")).to_have_text("Stopping: saves a checkpoint after this step")
    expect(page.get_by_role("button", name="Stopping…")).to_be_disabled()
    with studio.sessions.begin() as session:
        claims.mark_stopped(session, held)
    expect(page.locator(".cs-headline")).to_have_text("Stopped")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".cs-headline")).to_have_text("Waiting, next in line")
    held = claim(studio)
    progress(studio, held, "training", 5, 12)
    expect(page.locator(".cs-headline")).to_have_text("Training")  # the page watches again
    with studio.sessions.begin() as session:
        claims.fail(session, held, "memory", "Memory ran out. Choose a smaller model.")
    expect(page.locator(".cs-headline")).to_have_text("Failed: memory ran out")
    expect(page.get_by_role("alert").filter(has_text="Choose a smaller model.")).to_be_visible()
    page.get_by_role("link", name="Train again with changes").click()
    ready(page)
    expect(page.get_by_label("Constitution", exact=True)).to_have_value(str(version_id(studio)))


def test_a_finished_run_ends_with_an_honest_result_and_its_files(page: Page, app: App, studio: Studio) -> None:
    run_id = queue(studio, key="finished-run")
    held = claim(studio)
    train_steps(studio, held, 12)
    page.goto(f"{app.url}/run?id={run_id}")
    expect(page.locator(".cs-headline")).to_have_text("Starting")
    finish(studio, held, result(result().report.principles[0], capitals()))
    expect(page.get_by_role("heading", name="Result")).to_be_visible()
    expect(page.locator(".cs-finding").nth(1)).to_contain_text("attributable, not followed")
    expect(page.get_by_role("row", name=re.compile("MI bound, nats"))).to_contain_text("0.552")
    expect(page.get_by_role("link", name="Compare replies").first).to_have_attribute("href", f"./compare?run={run_id}")
    expect(page.locator(".cs-answers").first).to_contain_text("Do the replies still answer?")
    with page.expect_download() as download:
        page.get_by_role("link", name="Adapter (zip)").click()
    assert download.value.suggested_filename == f"run-{run_id}-adapter.zip"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []  # a finished run is not asked about any more


def test_a_result_whose_replies_no_longer_answer_shows_the_worst_of_them_and_fits_a_phone(page: Page, app: App, studio: Studio) -> None:
    run_id = queue(studio, key="senseless-run")
    finish(studio, claim(studio), senseless())
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app.url}/run?id={run_id}")
    expect(page.locator(".cs-finding")).to_contain_text("in the form asked for, but the replies no longer answer")
    expect(page.locator(".cs-worst").get_by_text(NONSENSE, exact=True)).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_several_seeds_with_one_click_end_as_one_result_that_fits_a_phone(page: Page, app: App, studio: Studio) -> None:
    measure(studio)
    page.goto(f"{app.url}/train?version={version_id(studio)}")
    ready(page)
    page.get_by_label("How many seeds").select_option("3")
    preview = page.get_by_role("complementary", name="What this run would be")
    expect(preview.locator("pre")).to_contain_text("--seed 0 --seeds 3")
    expect(preview).to_contain_text("3 runs, one after the other, about")
    ready(page)
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"/run\?id=\d+$"))
    seeds = page.get_by_role("navigation", name="Runs of this series")
    expect(seeds.get_by_role("listitem")).to_have_count(3)
    expect(seeds).to_contain_text("No run of the series has finished")
    for share in (0.9, 0.5, 0.7):
        finish(studio, claim(studio), complying(share))
    expect(page.get_by_role("heading", name="Over 3 seeds")).to_be_visible()  # this run had ended before the others did
    expect(seeds.get_by_role("listitem").nth(2)).to_contain_text("median: the adapter to use")
    expect(page.get_by_role("row", name=re.compile("under the statement")).first).to_contain_text("90 · 50 · 70")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("link", name="Compare replies of the median seed").click()
    expect(page.locator("#compare-source option:checked")).to_contain_text("seed 2: the median of 3")
    end_all(studio)


def test_an_address_of_no_run_offers_those_there_are(page: Page, app: App, studio: Studio) -> None:
    queue(studio, key="some-run")
    page.goto(f"{app.url}/run?id=99999")
    expect(page.get_by_text("There is no run 99999.")).to_be_visible()
    page.get_by_role("link", name=re.compile("Brevity")).first.click()
    expect(page.locator(".cs-headline")).to_be_visible()
    end_all(studio)
