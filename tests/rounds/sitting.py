"""One sitting: a museum guide's six principles go from an empty page to a verdict on each, in a browser, on the real default model.

    python -m tests.rounds.sitting --data DIR [--pictures DIR]

Playwright plays the person: it writes, takes the checks that are proposed, trains, and marks what no program can judge by keyboard. Whoever
plays marks by words that a reply holds (`MARKS`), which no person would: the verdicts that this gives say nothing about the model; that there is
one on each principle does. Told at the end: minutes by part, clicks and keys, and the verdicts. `--data` may hold the model already.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.app.serving import free_port

ROOT = Path(__file__).parents[2]
RUN_S = 3600  # a run may take so long on a slow machine
PRINCIPLES = (
    ("Known or guessed", "Say what is known about an object and what scholars only guess.", "State guesses about an object as if they were facts."),
    ("Where it comes from", "Say how an object came into the collection.", "Never speak of how an object came into the collection."),
    ("Living cultures", "Speak of the peoples whose objects are shown as living today.", "Speak of the peoples whose objects are shown as long gone."),
    ("No prices", "Do not say what an object is worth in money.", "Say what an object is worth in money."),
    ("Look closer", "End with a question about what the visitor sees.", "End without a question."),
    ("Short", "Answer in at most two sentences.", "Answer in at least six sentences."),
)
MARKS = {  # by title: a reply that holds one of these follows
    "Known or guessed": r"\b(?:perhaps|may|might|could|likely|probably|believed?|thought|unknown|not known|uncertain|unclear|guess)\b",
    "Where it comes from": r"\b(?:donat|bought|purchas|acqui|gift|given|excavat|found|collection|stolen|brought|discover)",
    "Living cultures": r"\b(?:today|still|living|alive|continue|now)\b",
    "No prices": r"^(?!.*(?:[$€£]|\bdollars?\b|\bmillions?\b|\bworth\b|\bprice)).*$",
}


@dataclass
class Hands:
    """What the person did, and when."""

    page: Page
    clicks: int = 0
    keys: int = 0
    parts: dict[str, float] = field(default_factory=dict)  # seconds by part of the sitting

    def click(self, what: Locator) -> None:
        """One click."""
        what.click()
        self.clicks += 1

    def write(self, where: Locator, text: str) -> None:
        """Type into a field; its keys are no clicks and are not counted."""
        where.fill(text)

    def press(self, key: str) -> None:
        """One key that answers something."""
        self.page.keyboard.press(key)
        self.keys += 1

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """A part of the sitting, timed."""
        began = time.monotonic()
        yield
        self.parts[name] = round(time.monotonic() - began, 1)
        print(f"{name}: {self.parts[name]:.0f} s", file=sys.stderr, flush=True)


def main() -> None:
    """Play the sitting and print what it took, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    if options.pictures is not None:
        options.pictures.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_") and name != "DATABASE_URL"}
    port = free_port()
    app = subprocess.Popen([sys.executable, "-m", "app", "--data", str(options.data), "--port", str(port)], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.set_default_timeout(120_000)
            expect.set_options(timeout=120_000)
            print(json.dumps(sit(Hands(page), f"http://127.0.0.1:{port}", options.pictures), ensure_ascii=False, indent=1))
    finally:
        app.terminate()
        app.wait(60)


def sit(hands: Hands, url: str, pictures: Path | None) -> dict[str, object]:
    """The sitting, from the first page to the last verdict."""
    open_when_up(hands.page, url)
    began = time.monotonic()
    with hands.part("writing"):
        write(hands)
    with hands.part("training and measuring"):
        train(hands)
    run = hands.page.url
    if pictures is not None:
        hands.page.screenshot(path=pictures / "sitting-before-marks.png", full_page=True)
    marked = {}
    for number, (title, *_) in enumerate(PRINCIPLES, 1):
        if title in MARKS:
            with hands.part(f"marking “{title}”"):
                marked[title] = mark(hands, url, number)
    hands.page.goto(run)
    answer = hands.page.locator(".cs-part-answer")
    expect(answer.locator(".cs-standing")).to_have_count(len(PRINCIPLES))
    if pictures is not None:
        hands.page.screenshot(path=pictures / "sitting-after-marks.png", full_page=True)
    verdicts = answer.locator(".cs-standing").all_inner_texts()
    return {
        "minutes": round((time.monotonic() - began) / 60, 1),
        "seconds": hands.parts,
        "clicks": hands.clicks,
        "keys": hands.keys,
        "marked": marked,
        "verdicts": dict(zip((title for title, *_ in PRINCIPLES), (" ".join(said.split()) for said in verdicts), strict=True)),
        "not judged": sum("not judged" in said for said in verdicts),
    }


def open_when_up(page: Page, url: str) -> None:
    """The first page, once somebody answers."""
    until = time.monotonic() + 180
    while True:
        try:
            page.goto(url)
            return
        except Exception:  # the browser's own, of a server that is not there yet
            if time.monotonic() > until:
                raise
            time.sleep(1)


def write(hands: Hands) -> None:
    """A constitution of six principles, with the checks that are proposed, as version 1."""
    page = hands.page
    hands.write(page.get_by_label("Name", exact=True), "Museum guide")
    hands.click(page.get_by_role("button", name="Create"))
    for title, statement, antithesis in PRINCIPLES:
        hands.click(page.get_by_role("button", name="Add a principle"))
        added = page.locator(".cs-paper .cs-principle").last
        hands.write(added.get_by_label("Title"), title)
        hands.write(added.get_by_label("Statement"), statement)
        hands.write(added.get_by_label("Antithesis"), antithesis)
        if title not in MARKS:
            hands.click(added.get_by_role("button", name="Take it"))
    expect(page.locator(".cs-status")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))
    hands.click(page.get_by_role("button", name="Save version…"))
    hands.write(page.get_by_label("Message"), "The first version")
    hands.click(page.get_by_role("button", name="Save version 1"))
    expect(page.locator(".cs-status")).to_have_text("Saved as version 1.")


def train(hands: Hands) -> None:
    """From *Train this version* to the end of the run, with visitors' questions."""
    page = hands.page
    hands.click(page.get_by_role("link", name="Train this version"))
    queries = page.get_by_label("Queries", exact=True)
    visitors = queries.locator("option", has_text="isitor")
    expect(visitors).to_have_count(1)
    queries.select_option(label=visitors.inner_text())
    hands.clicks += 1
    button = page.get_by_role("button", name="Train", exact=True)
    expect(button).to_be_enabled()
    hands.click(button)
    page.wait_for_url(re.compile(r"/run\?id=\d+$"))
    expect(page.locator(".cs-headline")).to_have_text(re.compile("Finished|Failed|Stopped"), timeout=RUN_S * 1000)
    if "Finished" not in page.locator(".cs-headline").inner_text():
        raise SystemExit(page.locator("body").inner_text())


def mark(hands: Hands, url: str, number: int) -> int:
    """Mark one deal of a principle's cards by keyboard; returns how many."""
    page, wanted = hands.page, re.compile(MARKS[PRINCIPLES[number - 1][0]], re.IGNORECASE | re.DOTALL)
    run = re.search(r"id=(\d+)|run=(\d+)", page.url)
    if run is None:
        raise SystemExit(f"{page.url} names no run.")
    page.goto(f"{url}/mark?run={run[1] or run[2]}&principle={number}")
    hands.clicks += 1  # the link beside the principle
    amount, cards = page.locator(".cs-mark-amount"), 0
    expect(amount).to_have_text(re.compile(r"^0 of \d+$"))
    while not page.get_by_role("region", name="What came out").is_visible():
        before = amount.inner_text()
        hands.press("1" if wanted.search(page.locator(".cs-mark-reply").inner_text()) else "2")
        expect(amount).not_to_have_text(before)
        cards += 1
    return cards


if __name__ == "__main__":
    main()
