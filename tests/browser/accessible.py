"""What axe-core, which runs in the page itself, finds of it: rules of WCAG 2.2, level AA."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

AXE = Path(__file__).parents[1] / "pages" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def require_accessible(page: Page, part: str = ".gradio-container") -> None:
    """Fail with every rule that the page breaks, and where."""
    if not AXE.exists():
        pytest.skip("no axe-core; in tests/pages: npm ci")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("([part, rules]) => axe.run(part, {runOnly: rules})", [part, RULES])
    broken = [f"{each['id']}: {node['html'][:200]}" for each in found["violations"] for node in each["nodes"]]
    assert not broken, "\n".join(broken)


def require_accessible_in_both_schemes(page: Page, part: str = ".gradio-container") -> None:
    """The same in light and in dark, at 1280 and at 390 pixels, where nothing may be wider than the page either."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # colours do not fade over while axe looks
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", scheme == "dark")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            require_accessible(page, part)
            assert page.evaluate("document.documentElement.scrollWidth") == width
