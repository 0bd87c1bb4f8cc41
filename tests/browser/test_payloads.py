"""Texts that try to be more than text, planted wherever a stranger's words are kept, and every view that shows them opened: none of it runs."""

import os
from collections.abc import Iterator
from dataclasses import asdict

import pytest
from playwright.sync_api import Page, expect

from app.services.query_sets import upload
from core.methods.arms import arm_to_data, arms_for
from core.settings import SamplingConfig
from db.comparisons import NewComparison, NewReply, add_comparison, save_reply
from tests.app.planting import add_plain_version, claim, make_studio, progress, queue, sample, train_steps, write_log
from tests.browser.conftest import App

RUN = "window.ran=1"
PAYLOADS = (
    f"<script>{RUN}</script>",
    f"<img src=x onerror='{RUN}'>",
    f'"><svg onload="{RUN}">',
    f"'><iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<details open ontoggle='{RUN}'>",
    f"</textarea></select></style></title><img src=x onerror='{RUN}'>",
    f"<math><mtext><table><mglyph><style><img src=x onerror='{RUN}'>",
    f"[a](javascript:{RUN}) ![b](javascript:{RUN})",
    "{{constructor.constructor('window.ran=1')()}} ${window.ran=1} <%= window.ran=1 %>",
    f"&lt;img src=x onerror='{RUN}'&gt; &#60;script&#62;{RUN}&#60;/script&#62;",
    f"\u2028<a href='javascript:{RUN}' autofocus onfocus='{RUN}'>x</a>",
    f"<form><button formaction='javascript:{RUN}'>x</button></form><base href='http://evil.test/'>",
)

TRIED = PAYLOADS if os.environ.get("STUDIO_TEST_LONG") else PAYLOADS[::4]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, list[str]]]:
    """The server, and the addresses of everything that shows one of them."""
    data, addresses = tmp_path_factory.mktemp("payloads"), ["", "write", "train", "judge", "compare", "run"]
    studio = make_studio(data)
    for number, payload in enumerate(TRIED):
        version = add_plain_version(studio, payload[:100], payload, {"contains": payload})
        queries = "".join(f"What is {i}? {payload}\n".replace("\u2028", " ") for i in range(40)).encode()
        query_set, _ = upload(studio, queries, f"{payload}.txt")
        run = queue(studio, key=f"payload-{number}-key", caller=payload[:60], version_id=version, query_set_id=query_set.id)
        held = claim(studio)
        train_steps(studio, held, 2)
        progress(studio, held, "training", 2, 12)
        sample(studio, held, 1, [(payload, payload, payload)])
        write_log(studio, held, payload)
        arms = arms_for(None, None)
        asked = NewComparison(
            version_id=version,
            run_id=None,
            model="SmolLM2-135M-Instruct",
            revision=None,
            four_bit=False,
            arms=[arm_to_data(arm) for arm in arms],
            query=payload,
            side="statement",
            seed=0,
            sampling=asdict(SamplingConfig()),
            created_by=payload[:60],
        )
        with studio.sessions.begin() as session:
            comparison = add_comparison(session, asked).id
            for arm in arms:
                reply = {"done": True, "tokens": 4, "ended": True, "error": payload, "token_scores": [[payload, -1.0]]}
                save_reply(session, comparison, NewReply(arm=arm.key, text=payload, seed=0, **reply))
        addresses += [f"write?constitution={6 + number}&version=1", f"run?id={run}", f"compare?comparison={comparison}", f"train?from={run}"]
    studio.engine.dispose()
    running = App(data)
    yield running, addresses
    running.stop()


def test_no_view_runs_what_is_written(page: Page, planted: tuple[App, list[str]]) -> None:
    app, addresses = planted
    for address in addresses:
        page.goto(f"{app.url}/{address}")
        expect(page.locator("#content").first).to_be_visible()
        assert page.evaluate("window.ran") is None, address
        assert page.evaluate("document.baseURI.startsWith(location.origin)"), address
        assert page.locator("#content iframe, #content script, #content img, #content [onerror], #content [onfocus], a[href^='javascript']").count() == 0, (
            address
        )
