"""Scenarios as HTML: to read below a principle, and what changed of them."""

from collections.abc import Sequence

from app.present.text import escape, pieces_html, replaced_html
from core.constitution.changes import text_change
from core.constitution.scenario_changes import ScenarioChange, ScenariosChange
from core.constitution.scenarios import Scenario

_EXPECTED = (("follows", "Would follow"), ("fails", "Would not"))


def scenarios_html(scenarios: Sequence[Scenario]) -> str:
    """The scenarios of a principle, numbered; nothing where there are none."""
    return _section(f"Scenarios ({len(scenarios)})", [_scenario(scenario) for scenario in scenarios]) if scenarios else ""


def scenario_changes_html(change: ScenariosChange) -> str:
    """Those that were added, removed or changed; nothing where none was."""
    if not change.changed:
        return ""
    order = '<p class="cs-quiet">in another order</p>' if change.reordered else ""
    return _section("Scenarios", [_change(each) for each in change.each if each.changed], order, "ul")


def _section(label: str, items: Sequence[str], before: str = "", kind: str = "ol") -> str:
    rows = f"<{kind}>{''.join(f'<li>{item}</li>' for item in items)}</{kind}>" if items else ""
    return f'<section class="cs-scenarios-read" aria-label="{label}"><p class="cs-label">{label}</p>{before}{rows}</section>'


def _scenario(scenario: Scenario) -> str:
    texts = {"follows": scenario.follows, "fails": scenario.fails}
    expected = "".join(_expected(label, escape(texts[part])) for part, label in _EXPECTED if texts[part])
    return f'{_text(escape(scenario.query))}{expected}<p class="cs-quiet">{scenario.use}</p>'


def _change(change: ScenarioChange) -> str:
    before, after = change.before or Scenario(query=""), change.after or Scenario(query="")
    pairs = {"follows": (before.follows, after.follows), "fails": (before.fails, after.fails)}
    expected = "".join(_expected(label, _pieces(*pairs[part])) for part, label in _EXPECTED if any(pairs[part]))
    use = replaced_html(change.before.use if change.before else after.use, change.after.use if change.after else before.use)
    became = "new, " if change.before is None else "removed, " if change.after is None else ""
    return f'{_text(_pieces(before.query, after.query))}{expected}<p class="cs-quiet">{became}{use}</p>'


def _pieces(before: str, after: str) -> str:
    return pieces_html(text_change(before, after).pieces)


def _text(inner: str) -> str:
    return f'<p class="cs-text" dir="auto">{inner}</p>'


def _expected(label: str, inner: str) -> str:
    return f'<p class="cs-label">{label}</p>{_text(inner)}'
