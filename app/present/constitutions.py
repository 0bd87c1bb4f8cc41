"""Constitutions as HTML: the list, a document to read, what changed between two of them, and the history."""

from collections.abc import Sequence

from app.present.scenarios import scenario_changes_html, scenarios_html
from app.present.sides import SHOWN_SIDES, ShownSide
from app.present.text import count, escape, pieces_html, replaced_html, time_html
from app.services.draft_views import DraftView
from core.constitution.changes import ConstitutionChange, PrincipleChange, TextChange
from core.constitution.checks import CHECKS, check_sentence
from core.constitution.findings import Rule
from core.constitution.principles import Constitution, Principle, Side, WrittenBy
from db.constitutions import ConstitutionSummary, VersionSummary

MOST_PROBLEMS = 5


def check_kinds() -> list[dict[str, object]]:
    """What the editor's select offers."""
    return [{"name": k.name, "says": k.says, "argument": k.argument and k.argument.__name__, "example": k.example} for k in CHECKS.values()]


def entries_html(cards: Sequence[ConstitutionSummary]) -> str:
    """The list of constitutions, set like a table of contents."""
    return f'<ol class="cs-entries">{"".join(_entry(card) for card in cards)}</ol>' if cards else '<p class="cs-quiet">None.</p>'


def groups_html(cards: Sequence[ConstitutionSummary], find: str = "") -> str:
    """Those in use: one's own, those of others, and starters, each group under its own heading."""
    if not cards:
        return f'<p class="cs-quiet">No constitution is called like “{escape(find.strip())}”.</p>' if find.strip() else '<p class="cs-quiet">None.</p>'
    groups: dict[str, list[ConstitutionSummary]] = {}
    for card in cards:
        groups.setdefault("Starters" if card.starter else "Yours" if card.own else "Other people’s", []).append(card)
    return "".join(
        f'<section class="cs-entry-group" aria-label="{name}"><h2 class="cs-group-name">{name}</h2>{entries_html(group)}</section>'
        for name, group in groups.items()
    )


def _entry(card: ConstitutionSummary) -> str:
    name, link = escape(card.name), f"./write?constitution={card.id}"
    facts = [*([count(card.run_count, "run")] if card.run_count else []), f"changed {time_html(card.updated_at)}"]
    copy = f'<button type="button" class="cs-link" data-action="duplicate" aria-label="Duplicate {name}">Duplicate</button>' if card.version_number else ""
    train = f'<a href="./train?constitution={card.id}" aria-label="Train on {name}">Train</a>' if card.version_number and not card.archived_at else ""
    rename, archive = ("", "") if card.closed else _owners_buttons(card)
    return (
        f'<li class="cs-entry" data-id="{card.id}" data-name="{name}">'
        f'{_line(card)}<div class="cs-entry-foot"><p class="cs-quiet">{" · ".join(facts)}</p><p class="cs-actions">'
        f'<a href="{link}" aria-label="Write {name}">Write</a>{train}'
        f"{rename}{copy}{archive}</p></div>{_quiet(escape(f'Renaming and archiving: {card.closed}')) if card.closed else ''}</li>"
    )


def _owners_buttons(card: ConstitutionSummary) -> tuple[str, str]:
    """What only owners may do, where there are roles."""
    name, (action, label) = escape(card.name), ("restore", "Put back") if card.archived_at else ("archive", "Archive")
    rename = f'<button type="button" class="cs-link" data-action="rename" aria-label="Rename {name}">Rename</button>'
    return rename, f'<button type="button" class="cs-link" data-action="{action}" aria-label="{label}: {name}">{label}</button>'


def _line(card: ConstitutionSummary) -> str:
    version = "no version yet" if card.version_number is None else f"version {card.version_number}{' cannot be read' if card.problem else ''}"
    blurb = f'<p class="cs-entry-blurb" dir="auto">{escape(card.blurb)}</p>' if card.blurb else ""
    problem = unreadable_html(card.version_id, card.version_number, card.problem) if card.problem else ""
    return (
        f'<div class="cs-entry-line"><h3><a href="./write?constitution={card.id}"><bdi>{escape(card.name)}</bdi></a></h3>'
        f'<span class="cs-leader" aria-hidden="true"></span><span class="cs-number">{version}</span></div>{blurb}{problem}'
    )


def unreadable_html(version_id: int | None, number: int | None, problem: str) -> str:
    """A version that cannot be read: why, and how to have it all the same."""
    return (
        f'<p class="cs-problem">Version {number} cannot be read: {escape(problem)} <a href="./versions/{version_id}/stored.json" download>Export as it is '
        "stored</a></p>"
    )


def begin_again_html(constitution_id: int, message: str) -> str:
    """What the Write page shows of a draft that cannot be read."""
    return (
        f'<div class="cs-paper cs-choosing" id="content"><h1>This draft cannot be read</h1><div class="cs-notice"><p role="alert">{escape(message)}</p></div>'
        f'<p class="cs-actions"><a href="./drafts/{constitution_id}/stored.json" download>Export as it is stored</a>'
        f'<button type="button" class="cs-button" data-begin="{constitution_id}">Begin again from the newest version</button></p></div>'
    )


def chooser_html(cards: Sequence[ConstitutionSummary], message: str = "") -> str:
    """What the Write page shows when its address names no constitution."""
    said = f'<div class="cs-notice"><p role="alert">{escape(message)}</p></div>' if message else ""
    rows = "".join(f'<li class="cs-entry">{_line(card)}</li>' for card in cards)
    return f'<div class="cs-paper cs-choosing" id="content"><h1>Which constitution?</h1>{said}<ol class="cs-entries cs-choose">{rows}</ol></div>'


def document_html(constitution: Constitution) -> str:
    """A constitution to read: numbered principles, statement and antithesis facing each other; and what a newer studio wrote besides."""
    others = _quiet(escape(f"This studio does not know {', '.join(constitution.left_out)}, and shows nothing of it.")) if constitution.left_out else ""
    articles = "".join(_article(i, p) for i, p in enumerate(constitution.principles, 1))
    return f'{others}<ol class="cs-principles cs-reading">{articles}</ol>{_rule(escape(constitution.conflict_rule))}'


def _rule(inner: str) -> str:
    """What to do where principles conflict, below them."""
    return f'<div class="cs-conflicts"><p class="cs-label">When principles conflict</p><p class="cs-text" dir="auto">{inner}</p></div>' if inner else ""


def priority_sentence(priority: int | None) -> str:
    """`Priority 1.` as plain text; nothing for a principle without one."""
    return f"Priority {priority}." if priority is not None else ""


def _article(number: int, principle: Principle) -> str:
    texts: dict[Side, str] = {"statement": principle.statement, "antithesis": principle.antithesis}
    sides = "".join(_side(side, escape(texts[side.name])) for side in SHOWN_SIDES)
    said = (priority_sentence(principle.priority), check_sentence(principle.check), writer_sentence(principle.written_by))
    facts = "".join(_quiet(escape(sentence)) for sentence in said)
    return _numbered(number, f'<h3 dir="auto">{escape(principle.title)}</h3><div class="cs-facing">{sides}</div>{facts}{scenarios_html(principle.scenarios)}')


def writer_sentence(written_by: WrittenBy | None) -> str:
    """`Written by SmolLM2-135M-Instruct (antithesis).` as plain text; nothing for what a person wrote."""
    return f"Written by {written_by}." if written_by is not None else ""


def _quiet(inner: str) -> str:
    return f'<p class="cs-quiet">{inner}</p>' if inner else ""


def _numbered(number: int | str, inner: str) -> str:
    return f'<li class="cs-principle"><span class="cs-numeral">{number}</span>{inner}</li>'


def changes_html(change: ConstitutionChange) -> str:
    """What changed, principle by principle; of those that only moved the title is enough."""
    if not change.changed:
        return '<p class="cs-quiet">Nothing differs.</p>'
    name = f'<p class="cs-text" dir="auto">{pieces_html(change.name.pieces)}</p>' if change.name.changed else ""
    shown = "".join(_principle_change(principle) for principle in change.principles if principle.changed)
    same = sum(not principle.changed for principle in change.principles)
    rule = _rule(pieces_html(change.conflict_rule.pieces)) if change.conflict_rule.changed else ""
    rest = _quiet(f"{count(same, 'principle')} unchanged.") if same else ""
    return f'<div class="cs-diff">{name}<ol class="cs-principles cs-reading">{shown}</ol>{rule}{rest}</div>'


def changed_principle_html(change: PrincipleChange, below: str) -> str:
    """One principle with its changes, and what stands below it."""
    return f"{_principle_change(change).removesuffix('</li>')}{below}</li>"


def _principle_change(change: PrincipleChange) -> str:
    place = change.after if change.after is not None else change.before
    number = (place if place is not None else 0) + 1
    became = _quiet(_became(change))
    if not (change.added or change.removed or change.rewritten):
        return _numbered(number, f'<h3 dir="auto">{pieces_html(change.title.pieces)}</h3>{became}')
    texts: dict[Side, TextChange] = {"statement": change.statement, "antithesis": change.antithesis}
    sides = "".join(_side(side, pieces_html(texts[side.name].pieces)) for side in SHOWN_SIDES)
    facts = _quiet(replaced_html(priority_sentence(change.priority.before), priority_sentence(change.priority.after)))
    facts += _quiet(_check_change(change)) + _quiet(replaced_html(writer_sentence(change.written_by.before), writer_sentence(change.written_by.after)))
    return _numbered(
        number,
        f'<h3 dir="auto">{pieces_html(change.title.pieces)}</h3>{became}<div class="cs-facing">{sides}</div>{facts}{scenario_changes_html(change.scenarios)}',
    )


def _became(change: PrincipleChange) -> str:
    if change.before is None:
        return "new"
    if change.after is None:
        return "removed"
    return f"moved from {change.before + 1} to {change.after + 1}" if change.moved else ""


def _check_change(change: PrincipleChange) -> str:
    before = "" if change.added else check_sentence(change.check.before)
    return replaced_html(before, "" if change.removed else check_sentence(change.check.after))


def _side(side: ShownSide, inner: str) -> str:
    return (
        f'<div class="cs-side cs-{side.name}"><p class="cs-label"><span class="cs-sign" aria-hidden="true">{side.sign}</span>{side.label}</p>'
        f'<p class="cs-text" dir="auto">{inner}</p></div>'
    )


def history_html(versions: Sequence[VersionSummary]) -> str:
    """The versions, newest first."""
    if not versions:
        return '<p class="cs-quiet">None yet. A version is a fixed, numbered state of the text; training starts from one.</p>'
    rows = "".join(
        f'<li><button type="button" class="cs-version" data-version="{v.number}"><span class="cs-version-number">Version {v.number}'
        f"{' cannot be read' if v.problem else ''}</span>"
        f'<span class="cs-version-by"><bdi>{escape(v.author)}</bdi> · {time_html(v.created_at)}</span>'
        f'<span class="cs-version-message" dir="auto">{escape(v.message)}</span></button></li>'
        for v in versions
    )
    return f'<ol class="cs-versions" reversed>{rows}</ol>'


def version_head_html(version: VersionSummary, constitution_id: int) -> str:
    """Number, author, time and message of a version that is being read."""
    named = f"constitution={constitution_id}&amp;version={version.id}"
    onwards = (
        f'<p class="cs-actions"><a href="./train?version={version.id}">Train this version</a><a href="./compare?{named}">Compare</a>'
        f'<a href="./judge?version={version.id}">Judge replies I already have</a><a href="./versions/{version.id}">Cite</a>'
        f'<a href="./amend?constitution={constitution_id}">Amendments</a></p>'
        if not version.problem
        else ""
    )
    return (
        f'<h2>Version {version.number}</h2><p class="cs-quiet"><bdi>{escape(version.author)}</bdi> · {time_html(version.created_at)} · '
        f'<span class="cs-number" title="sha256 of the text">{version.sha256[:12]}</span></p><p class="cs-text" dir="auto">{escape(version.message)}</p>'
        f"{onwards}"
    )


def verdict(draft: DraftView) -> str:
    """Where a draft stands against the newest version, in a few words."""
    if [problem.rule for problem in draft.problems] == [Rule.NO_PRINCIPLES]:
        return draft.problems[0].message  # no field can say so
    if draft.problems:
        return f"{count(len(draft.problems), 'thing')} to put right before a version can be saved"
    if draft.head is None:
        return "No version yet"
    if draft.head.problem:
        return f"Version {draft.head.number} cannot be read: save one after it"
    return f"Differs from version {draft.head.number}" if draft.changed else f"The same as version {draft.head.number}"


def save_reason(draft: DraftView) -> str:
    """Why the draft can or cannot become a version; shown above what would change."""
    if draft.problems:
        return "Not yet: " + " ".join(problem.message for problem in draft.problems[:MOST_PROBLEMS])
    if draft.head is None:
        return "The first version. It stays as it is for good; training starts from it."
    if draft.head.problem:
        since = f"This is what your text changes in version {draft.held_against.number}:" if draft.held_against else "No earlier one can be read either."
        return f"Version {draft.head.number} cannot be read: {draft.head.problem} {since}"
    if not draft.changed:
        return f"Nothing changed since version {draft.head.number}, so there is nothing to save."
    if draft.behind:
        return f"{draft.head.author} saved version {draft.head.number} since you began. This is what your text would change in it:"
    return f"This is what changed since version {draft.head.number}:"
