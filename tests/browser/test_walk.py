"""The whole walk on the real default model, as a stranger takes it: one command, then only the browser.

`python -m app` on an empty folder; write, train, watch, compare, read the result; then the same figures from the command line.
On the way the web process, the trainer and the model host are killed, and nothing is lost.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from playwright.sync_api import Page, expect

from app.services.studio import Studio, open_studio
from app.settings import Settings
from core.measure.report_data import report_from_data
from core.measure.rows import rows_to_data
from db import runs
from db.status import JobStatus
from db.tables import Run
from tests.browser.conftest import ROOT, free_port

pytestmark = [pytest.mark.browser, pytest.mark.real_model]

STATEMENT = "Answer in one short sentence, as briefly as you can."
HELD_OUT, LONGEST = 12, 40  # of the preset's 24 queries and 64 tokens: most of the walk's time is measuring
DEPENDS = {"followed", "depends on the text, no rise shown"}  # so few queries show a rise of 0.3 seldom, this difference of the sides always
LARGEST_WEB_BYTES = 300 * 1024**2


class Whole:
    """`python -m app` with all its processes."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environ = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_") and name != "DATABASE_URL"}
        self.output = data.parent / "app.log"
        command = [sys.executable, "-m", "app", "--data", str(data), "--port", str(self.port)]
        with self.output.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait("the page", lambda: "is at http://" in self.output.read_text())

    def wait(self, what: str, condition, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}\n{self.logs()}"
            time.sleep(0.1)

    def child(self, *words: str) -> psutil.Process:
        """The running process of the app whose command line ends with these words."""
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):  # it may end, or be a zombie, while we look
                if process.cmdline()[3 : 3 + len(words)] == list(words):
                    return process
        raise AssertionError(f"no process {words}:\n{self.logs()}")

    def has_child(self, *words: str) -> bool:
        with contextlib.suppress(AssertionError):
            return self.child(*words).is_running()
        return False

    def logs(self) -> str:
        files = sorted(self.data.glob("logs/*.log")) + sorted(self.data.glob("runs/*/*/log.txt"))
        return "\n".join(f"--- {path}\n{path.read_text(errors='replace')[-1500:]}" for path in (self.output, *files))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    running = Whole(tmp_path_factory.mktemp("walk") / "data")
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="module")
def studio(whole: Whole) -> Iterator[Studio]:
    opened = open_studio(Settings(data=whole.data, database_url=f"sqlite:///{whole.data / 'studio.db'}"))
    yield opened
    opened.engine.dispose()


def the_run(studio: Studio) -> Run:
    with studio.sessions.read() as session:
        run = runs.list_runs(session)[0].run
    assert run.job.status != JobStatus.FAILED, run.job.error_text
    return run


def test_a_constitution_is_written_and_saved(page: Page, whole: Whole) -> None:
    page.goto(whole.url)
    expect(page.get_by_role("link", name="Brevity", exact=True)).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Few words")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("button", name="Add a principle").click()
    added = page.locator(".cs-paper .cs-principle").last
    added.get_by_label("Title").fill("Be brief")
    added.get_by_label("Statement").fill(STATEMENT)
    added.get_by_label("Antithesis").fill("Answer in several long sentences, with background and examples.")
    added.get_by_label("Check", exact=False).first.select_option("max_words")
    added.get_by_label("N =").fill("20")
    expect(page.locator(".cs-status")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))
    page.get_by_role("button", name="Save version…").click()
    page.get_by_label("Message").fill("The first version")
    page.get_by_role("button", name="Save version 1").click()
    expect(page.locator(".cs-status")).to_have_text("Saved as version 1.")


def test_a_run_trains_while_processes_are_killed_and_pages_reload(page: Page, whole: Whole, studio: Studio) -> None:
    page.goto(f"{whole.url}/train")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled(timeout=30_000)
    page.get_by_label("Constitution", exact=True).select_option(label="Few words, version 1: The first version")
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_label("Held-out queries measured").fill(str(HELD_OUT))
    page.get_by_label("Longest reply, in tokens").fill(str(LONGEST))
    expect(page.get_by_text(f"measured on {HELD_OUT} held-out queries").first).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled(timeout=30_000)
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"/run\?id=\d+$"))
    whole.wait("training", lambda: the_run(studio).job.phase == "training" and the_run(studio).job.step >= 2, 240)
    expect(page.locator(".cs-headline")).to_have_text("Training", timeout=30_000)
    expect(page.locator(".cs-chart").first).to_be_visible()
    kill_at_work(whole, studio)
    page.reload()
    expect(page.get_by_role("heading", name="Few words, version 1")).to_be_visible(timeout=60_000)
    whole.wait("the end of the run", lambda: the_run(studio).job.status in (JobStatus.FINISHED, JobStatus.FAILED), 420)
    run = the_run(studio)
    assert run.job.status == JobStatus.FINISHED, f"{run.job.error_text}\n{whole.logs()}"
    assert run.job.attempt >= 3
    expect(page.locator(".cs-headline")).to_have_text("Finished", timeout=60_000)


def kill_at_work(whole: Whole, studio: Studio) -> None:
    """SIGKILL in turn to the attempt, the web process and the trainer; each time the step count must go on from where it was."""
    for victim in (("attempt",), ("web",), ("trainer",)):
        before = the_run(studio)
        whole.child(*victim).kill()
        if victim != ("web",):
            whole.wait(f"going on after {victim[0]}", lambda before=before: the_run(studio).job.attempt > before.job.attempt, 90)
        whole.wait(f"training after {victim[0]}", lambda: the_run(studio).job.phase != "preparing" and the_run(studio).job.phase != "starting", 120)
        assert the_run(studio).job.phase.startswith("measuring") or the_run(studio).job.step >= 1
    whole.wait("the page again", lambda: is_up(whole))


def is_up(whole: Whole) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{whole.url}/healthz", trust_env=False).status_code == 200
    return False


def test_the_result_says_what_its_figures_show_with_intervals(page: Page, whole: Whole, studio: Studio) -> None:
    page.goto(f"{whole.url}/run?id={the_run(studio).id}")
    result = page.locator(".cs-result")
    expect(result).to_contain_text("cap log n = 0.693", timeout=30_000)
    expect(result).to_contain_text(re.compile(r"\d+ to \d+%"))
    report = the_run(studio).result["report"]
    figures = report["principles"][0]
    assert figures["verdict"] in DEPENDS
    expect(page.locator(".cs-finding")).to_contain_text(figures["verdict"])
    assert (figures["changes"][0]["figure"]["low"] > 0) == (figures["verdict"] == "followed")
    aligned = figures["compliance"]["mipo"]
    assert aligned["statement"]["low"] > aligned["antithesis"]["high"]
    assert aligned["statement"]["value"] > figures["compliance"]["prompt"]["statement"]["value"]
    words = next(row["words"] for row in report["arms"] if row["arm"]["key"] == "mipo")
    assert words["statement"]["value"] < 20 < words["antithesis"]["value"]


def test_panes_stream_side_by_side_and_agree_with_the_result_also_after_the_host_is_killed(page: Page, whole: Whole, studio: Studio) -> None:
    run = the_run(studio)
    folder = (studio.settings.data / str(run.adapter)).parent
    measured = {policy: json.loads((folder / f"replies-{arm}-000.json").read_text()) for policy, arm in (("base", "prompt"), ("aligned", "mipo"))}
    query = measured["aligned"][0]["query"]
    page.goto(f"{whole.url}/compare?run={run.id}")
    compare(page, query)
    page.goto(f"{whole.url}/compare?run={run.id}")
    kill_the_host_while_it_writes(page, whole, query)
    page.get_by_role("button", name="Finish the replies").click()
    all_panes_done(page)
    arms = {"base": "prompt", "aligned": "mipo"}
    shown = {arm: page.locator(f'.cs-pane[data-arm="{arm}"] .cs-text').inner_text() for arm in arms.values()}
    expected = {arms[policy]: next(r["text"] for r in rows if r["side"] == "statement") for policy, rows in measured.items()}
    assert {arm: text.split() for arm, text in shown.items()} == {arm: text.split() for arm, text in expected.items()}
    expect(page.get_by_label("Differences").locator("del").first).to_be_visible()
    address = page.get_by_role("link", name="Link to this comparison").get_attribute("href")
    page.goto(f"{whole.url}/{address}")
    expect(page.locator(".cs-asked-query")).to_have_text(query, timeout=30_000)


def compare(page: Page, query: str) -> None:
    page.get_by_label("Query").fill(query)
    page.get_by_role("button", name="Compare").click()
    all_panes_done(page)


def all_panes_done(page: Page) -> None:
    for arm in ("base", "prompt", "mipo", "mipo-alone"):
        expect(page.locator(f'.cs-pane[data-arm="{arm}"]')).to_have_attribute("data-state", "done", timeout=120_000)
    expect(page.get_by_role("link", name="Link to this comparison")).to_be_visible(timeout=30_000)


def kill_the_host_while_it_writes(page: Page, whole: Whole, query: str) -> None:
    """SIGKILL in mid-stream: the page must say so, and keep what it has until the supervisor's new host finishes it."""
    host = whole.child("model-host")
    page.get_by_label("Query").fill(query)
    page.get_by_role("button", name="Compare").click()
    expect(page.locator('.cs-pane[data-state="writing"]').first).to_be_visible(timeout=60_000)
    host.kill()
    expect(page.locator(".cs-comparison .cs-status")).to_contain_text("The model host stopped in the middle of the replies.", timeout=30_000)
    host.wait(30)
    whole.wait("a new model host", lambda: whole.has_child("model-host"))


def test_the_command_line_measures_the_same_figures(whole: Whole, studio: Studio, page: Page, tmp_path: Path) -> None:
    run = the_run(studio)
    constitution, queries = tmp_path / "c.yaml", tmp_path / "q.jsonl"
    constitution.write_bytes(page.request.get(f"{whole.url}/versions/{run.version_id}.yaml").body())
    queries.write_bytes(page.request.get(f"{whole.url}/query-sets/{run.query_set_id}.jsonl").body())
    command = [
        "measure",
        "--constitution",
        constitution,
        "--adapter",
        studio.settings.data / str(run.adapter),
        "--queries",
        queries,
        "--data",
        whole.data,
        "--json",
    ]
    done = subprocess.run([sys.executable, "-m", "app", *map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)["result"]
    rows = result.pop("rows")
    assert result == run.result["report"]
    assert rows == json.loads(json.dumps(rows_to_data(report_from_data(result))))


def test_the_web_process_is_small_and_everything_stops_cleanly(whole: Whole) -> None:
    web = whole.child("web")
    assert web.memory_info().rss < LARGEST_WEB_BYTES
    assert not any("torch" in mapped.path for mapped in web.memory_maps())
    children = psutil.Process(whole.process.pid).children(recursive=True)
    assert whole.stop() == 0
    assert not [process for process in children if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
