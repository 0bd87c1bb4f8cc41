"""A run that is moved onto the studio's model by proxy-tuning, as a person compares it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from app.services.studio import open_studio
from app.settings import Settings
from core.engine.adapters import adapter_hash
from tests.app.hosting import RunningHost, adapter_of, plant_finished_run
from tests.browser.accessible import require_accessible_in_both_schemes
from tests.browser.conftest import App, look
from tests.browser.test_compare import compare, finished, pane
from tests.tiny import save_tiny_adapter, save_tiny_model


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A studio whose model is another one than that of its run."""
    data = tmp_path_factory.mktemp("studio")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STUDIO_MODEL", str(save_tiny_model(data / "models" / "larger", seed=7, layers=3)))
        running = App(data)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def settings(app: App) -> Settings:
    return Settings(data=app.data, database_url=f"sqlite:///{app.data}/studio.db", device="cpu", model=str(app.data / "models" / "larger"))


@pytest.fixture(scope="module")
def run_id(app: App, settings: Settings) -> int:
    model = save_tiny_model(app.data / "models" / "tiny")
    adapter = save_tiny_adapter(model, app.data / "runs" / "1" / "attempt-1" / "adapter")
    studio = open_studio(settings)
    planted = plant_finished_run(studio, model, adapter_of(studio, adapter, adapter_hash(adapter)))
    studio.engine.dispose()
    return planted


@pytest.fixture(scope="module")
def host(settings: Settings) -> Iterator[RunningHost]:
    running = RunningHost(settings)
    yield running
    running.kill()


def text(page: Page, arm: str) -> str:
    return pane(page, arm).locator(".cs-text").inner_text()


def test_a_run_is_moved_onto_the_studios_model_and_a_pane_at_0_is_its_control(page: Page, app: App, run_id: int, host: RunningHost) -> None:
    page.goto(f"{app.url}/compare?run={run_id}")
    expect(page.get_by_label("Compare", exact=True)).to_have_value(f"run:{run_id}", timeout=60_000)
    page.get_by_label("Compare", exact=True).select_option(f"proxy:{run_id}")
    expect(page.locator(".cs-compared")).to_contain_text("which is held beside the model")
    page.get_by_label("Add a pane").select_option(label="Proxy-tuning")
    page.get_by_role("button", name="Add", exact=True).click()
    weight = page.get_by_label("Weight of what training changed in the adapter's own model")
    weight.fill("3")
    compare(page, "Why is the sky blue?")
    expect(page.get_by_role("alert").filter(has_text="alpha of proxy must be between 0 and 2, got 3.")).to_be_visible()
    weight.fill("0")
    page.get_by_role("button", name="Compare").click()
    finished(page)
    expect(page.locator(".cs-pane")).to_have_count(4)
    assert text(page, "proxy alpha=0") == text(page, "prompt") != text(page, "proxy")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            look(page, f"moved-{width}-{scheme}")
    require_accessible_in_both_schemes(page)
    before, address = text(page, "proxy"), page.get_by_role("link", name="Link to this comparison").get_attribute("href")
    page.goto(f"{app.url}/{address}")
    finished(page)
    assert text(page, "proxy") == before
    expect(page.get_by_label("Compare", exact=True)).to_have_value(f"proxy:{run_id}")
