"""The pictures of README's walk that show *Write* and *Train*, from a studio that holds a finished run.

    python -m tests.rounds.pictures --data DIR [--out docs]

DIR is copied and never changed: what `tests.rounds.sitting` left will do. The newest finished run of the text is taken, its constitution on *Write* with
what came out in the margin, its form on *Train*.
"""

import argparse
import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from app.services.stored import control_of
from app.services.studio import open_studio
from core.engine.default_model import DEFAULT_MODEL
from db.runs import RunSummary, list_runs
from db.status import JobStatus
from tests.app.planting import settings_for
from tests.browser.conftest import found_chromium
from tests.rounds.servers import serving

WIDTH, HEIGHT = 1280, 900
WITHIN_MS = 120_000


def main() -> None:
    """Take both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "studio-data"
        shutil.copytree(options.data, data, ignore=shutil.ignore_patterns("models", "*.lock"))
        with serving(data, STUDIO_MODEL=DEFAULT_MODEL) as server, sync_playwright() as playwright:  # which brings an older database up to date
            shown = newest(data)
            browser = playwright.chromium.launch(executable_path=found_chromium(), args=["--no-sandbox"])
            page = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light").new_page()
            page.set_default_timeout(WITHIN_MS)
            expect.set_options(timeout=WITHIN_MS)
            write(page, f"{server.url}/write?constitution={shown.constitution_id}", options.out / "write.png")
            train(page, f"{server.url}/train?from={shown.run.id}", options.out / "train.png")


def newest(data: Path) -> RunSummary:
    """The newest finished run of a text."""
    studio = open_studio(settings_for(data))
    with studio.sessions.read() as session:
        runs = [each for each in list_runs(session, status=JobStatus.FINISHED) if not control_of(each.run)]
    studio.engine.dispose()
    if not runs:
        raise SystemExit(f"{data.name} holds no finished run. Give the data of a studio that has one.")
    return runs[0]


def write(page: Page, url: str, picture: Path) -> None:
    """The text with what came out beside each principle, as much of it as a window shows."""
    page.goto(url)
    expect(page.locator(".cs-paper .cs-standing").first).to_be_visible()
    page.screenshot(path=picture)


def train(page: Page, url: str, picture: Path) -> None:
    """The whole form with minutes and memory, and the runs below it."""
    page.goto(url)
    expect(page.get_by_text(re.compile(r"^about \d+ (min|s)$")).first).to_be_visible()
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    page.screenshot(path=picture, full_page=True)


if __name__ == "__main__":
    main()
