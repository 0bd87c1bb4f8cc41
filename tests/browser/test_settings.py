"""Advanced on the Train page: boxes to tick and choices in words, each with the name that messages have for it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App
from tests.browser.test_train import ready

pytestmark = pytest.mark.browser


def test_settings_are_ticked_chosen_and_named_and_come_back_with_the_run(page: Page, app: App, tmp_path: Path) -> None:
    page.goto(f"{app.url}/train")
    ready(page)
    page.get_by_text("Advanced").click()
    command = page.get_by_role("complementary", name="What this run would be").locator("pre")
    anyway = page.get_by_role("checkbox", name="Train even where the base shows no link")
    anyway.check()
    expect(command).to_contain_text("--set train_anyway=True")
    page.get_by_label("Compute activations again in the backward pass").select_option(label="always")
    expect(command).to_contain_text("--set activation_checkpointing=on")
    expect(page.locator("label", has_text="LoRA rank").locator("code")).to_have_text("lora_rank")
    page.get_by_label("LoRA rank").fill("many")
    expect(page.locator("#setting-lora_rank-problem")).to_contain_text("lora_rank must be a number")
    expect(page.get_by_text("As it was before the last change:")).to_be_visible()
    page.screenshot(path=tmp_path / "settings.png", full_page=True)
    page.get_by_label("LoRA rank").fill("")
    ready(page)
    page.get_by_label("Standard").check()
    expect(command).to_contain_text("--preset standard --seed 0 --set activation_checkpointing=on --set train_anyway=True")
    ready(page)
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url("**/run?id=*")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("link", name="Train again with changes").click()
    ready(page)
    expect(anyway).to_be_checked()
    expect(page.get_by_label("Compute activations again in the backward pass")).to_have_value("on")
    anyway.uncheck()
    expect(command).not_to_contain_text("train_anyway")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_consistency_training_brings_its_wrappers_as_texts_and_hides_what_means_nothing_in_it(page: Page, app: App, tmp_path: Path) -> None:
    page.goto(f"{app.url}/train")
    ready(page)
    page.get_by_text("Advanced").click()
    command = page.get_by_role("complementary", name="What this run would be").locator("pre")
    wrappers, own, constitutions = (page.get_by_label(name) for name in ("Wrappers of train queries", "Your own wrapper", "Constitutions a contrast"))
    expect(wrappers).to_be_hidden()
    expect(constitutions).to_be_visible()
    page.get_by_label("Method of training").select_option(label="BCT: consistent replies under wrappers")
    expect(command).to_contain_text("--set method=bct")
    expect(constitutions).to_be_hidden()
    expect(wrappers).to_have_attribute("placeholder", "irrelevant, flattering, contradicting, ignore, role_play")
    wrappers.fill("ignore, rude")
    expect(page.locator("#setting-wrappers-problem")).to_contain_text("wrappers names 'rude'; known are irrelevant, flattering")
    wrappers.fill("ignore")
    own.fill("My aunt says so.")
    expect(command).to_contain_text("--set method=bct --set wrappers=ignore --set 'own_wrapper=My aunt says so.'")
    expect(page.get_by_text("It does not train that replies follow more")).to_be_visible()
    ready(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") == width
            page.screenshot(path=tmp_path / f"consistency-{scheme}-{width}.png", full_page=True)
