"""Constitutions as HTML: the list, a document to read, what changed between two of them, and the history."""

from collections.abc import Sequence

from app.present.text import count, diff_html, escape, time_html
from app.services.constitutions import DraftView
from core.constitution.checks import CHECKS, Check
from core.constitution.principles import Constitution, Principle
from db.constitutions import ConstitutionSummary, VersionSummary

MOST_PROBLEMS = 5
SIDES = (("statement", "◆", "Statement"), ("antithesis", "◇", "Antithesis"))


def check_kinds() -> list[dict[str, object]]:
    """What the editor's select offers."""
    return [{"name": k.name, "says": k.says, "argument": k.argument and k.argument.__name__, "example": k.example} for k in CHECKS.values()]


def check_sentence(check: Check | None) -> str:
    """`The reply has at most 20 words.` as plain text."""
    if check is None:
        return "No program checks it."
    says = CHECKS[check.name].says
    if check.argument is None:
        return f"The reply {says}."
    return f"The reply {says.replace(' N ', f' {check.argument} ')}." if " N " in says else f"The reply {says}: {check.argument}"


def entries_html(cards: Sequence[ConstitutionSummary]) -> str:
    """The list of constitutions, set like a table of contents."""
    return f'<ol class="cs-entries">{"".join(_entry(card) for card in cards)}</ol>' if cards else '<p class="cs-quiet">None.</p>'


def _entry(card: ConstitutionSummary) -> str:
    name, link = escape(card.name), f"./write?constitution={card.id}"
    facts = [*(["starter"] if card.starter else []), *([count(card.run_count, "run")] if card.run_count else []), f"changed {time_html(card.updated_at)}"]
    archive = ("restore", "Put back") if card.archived_at else ("archive", "Archive")
    train = f'<a href="./train?constitution={card.id}" aria-label="Train on {name}">Train</a>' if card.version_number and not card.archived_at else ""
    return (
        f'<li class="cs-entry" data-id="{card.id}" data-name="{name}">'
        f'{_line(card)}<div class="cs-entry-foot"><p class="cs-quiet">{" · ".join(facts)}</p><p class="cs-actions">'
        f'<a href="{link}" aria-label="Write {name}">Write</a>{train}'
        f'<button type="button" class="cs-link" data-action="rename" aria-label="Rename {name}">Rename</button>'
        f'<button type="button" class="cs-link" data-action="{archive[0]}" aria-label="{archive[1]}: {name}">{archive[1]}</button>'
        "</p></div></li>"
    )


def _line(card: ConstitutionSummary) -> str:
    version = "no version yet" if card.version_number is None else f"version {card.version_number}"
    blurb = f'<p class="cs-entry-blurb">{escape(card.blurb)}</p>' if card.blurb else ""
    return (
        f'<div class="cs-entry-line"><h2><a href="./write?constitution={card.id}">{escape(card.name)}</a></h2>'
        f'<span class="cs-leader" aria-hidden="true"></span><span class="cs-number">{version}</span></div>{blurb}'
    )


def chooser_html(cards: Sequence[ConstitutionSummary], message: str = "") -> str:
    """What the Write page shows when its address names no constitution."""
    said = f'<div class="cs-notice"><p role="alert">{escape(message)}</p></div>' if message else ""
    rows = "".join(f'<li class="cs-entry">{_line(card)}</li>' for card in cards)
    return f'<div class="cs-paper cs-choosing" id="content"><h1>Which constitution?</h1>{said}<ol class="cs-entries cs-choose">{rows}</ol></div>'


def document_html(constitution: Constitution) -> str:
    """A constitution to read: numbered principles, statement and antithesis facing each other."""
    return f'<ol class="cs-principles cs-reading">{"".join(_article(i, p) for i, p in enumerate(constitution.principles, 1))}</ol>'


def _article(number: int, principle: Principle) -> str:
    sides = "".join(
        f'<div class="cs-side cs-{field}"><p class="cs-label"><span class="cs-sign" aria-hidden="true">{sign}</span>{label}</p>'
        f'<p class="cs-text">{escape(getattr(principle, field))}</p></div>'
        for field, sign, label in SIDES
    )
    facts = f'<p class="cs-quiet">{escape(check_sentence(principle.check))}</p>' + _quiet(escape(writer_sentence(principle.written_by)))
    return _numbered(number, f'<h3>{escape(principle.title)}</h3><div class="cs-facing">{sides}</div>{facts}')


def writer_sentence(written_by: str) -> str:
    """`Written by SmolLM2-135M-Instruct (antithesis).` as plain text; nothing for what a person wrote."""
    return f"Written by {written_by}." if written_by else ""


def _quiet(inner: str) -> str:
    return f'<p class="cs-quiet">{inner}</p>' if inner else ""


def _numbered(number: int | str, inner: str) -> str:
    return f'<li class="cs-principle"><span class="cs-numeral">{number}</span>{inner}</li>'


def changes_html(before: Constitution | None, after: Constitution) -> str:
    """What changed, principle by principle: matched by their lasting ids, so that a moved one is not shown as new."""
    old = {p.id: (i, p) for i, p in enumerate(before.principles, 1)} if before else {}
    kept = {p.id for p in after.principles}
    rows = [_changed(i, p, old.get(p.id)) for i, p in enumerate(after.principles, 1)]
    rows += [_only(i, p, "del", "removed") for i, p in old.values() if p.id not in kept]
    name = f'<p class="cs-text">{diff_html(before.name, after.name)}</p>' if before and before.name != after.name else ""
    shown = [row for row in rows if row]
    same = len(rows) - len(shown)
    if not shown and not name:
        return '<p class="cs-quiet">Nothing differs.</p>'
    rest = f'<p class="cs-quiet">{count(same, "principle")} unchanged.</p>' if same else ""
    return f'<div class="cs-diff">{name}<ol class="cs-principles cs-reading">{"".join(shown)}</ol>{rest}</div>'


def _changed(number: int, new: Principle, found: tuple[int, Principle] | None) -> str:
    if found is None:
        return _only(number, new, "ins", "new")
    was, old = found
    moved = f'<p class="cs-quiet">moved from {was} to {number}</p>' if was != number else ""
    if old == new:
        return _numbered(number, f"<h3>{escape(new.title)}</h3>{moved}") if moved else ""
    sides = "".join(_side(field, sign, label, diff_html(getattr(old, field), getattr(new, field))) for field, sign, label in SIDES)
    check = diff_html(check_sentence(old.check), check_sentence(new.check))
    writer = _quiet(diff_html(writer_sentence(old.written_by), writer_sentence(new.written_by)))
    return _numbered(number, f'<h3>{diff_html(old.title, new.title)}</h3>{moved}<div class="cs-facing">{sides}</div><p class="cs-quiet">{check}</p>{writer}')


def _only(number: int, principle: Principle, tag: str, word: str) -> str:
    def marked(text: str) -> str:
        return f"<{tag}>{escape(text)}</{tag}>" if text else ""

    sides = "".join(_side(field, sign, label, marked(getattr(principle, field))) for field, sign, label in SIDES)
    check = f'<p class="cs-quiet">{marked(check_sentence(principle.check))}</p>' + _quiet(marked(writer_sentence(principle.written_by)))
    return _numbered(number, f'<h3>{marked(principle.title)}</h3><p class="cs-quiet">{word}</p><div class="cs-facing">{sides}</div>{check}')


def _side(field: str, sign: str, label: str, inner: str) -> str:
    return (
        f'<div class="cs-side cs-{field}"><p class="cs-label"><span class="cs-sign" aria-hidden="true">{sign}</span>{label}</p>'
        f'<p class="cs-text">{inner}</p></div>'
    )


def history_html(versions: Sequence[VersionSummary]) -> str:
    """The versions, newest first."""
    if not versions:
        return '<p class="cs-quiet">None yet. A version is a fixed, numbered state of the text; training starts from one.</p>'
    rows = "".join(
        f'<li><button type="button" class="cs-version" data-version="{v.number}"><span class="cs-version-number">Version {v.number}</span>'
        f'<span class="cs-version-by">{escape(v.author)} · {time_html(v.created_at)}</span>'
        f'<span class="cs-version-message">{escape(v.message)}</span></button></li>'
        for v in versions
    )
    return f'<ol class="cs-versions" reversed>{rows}</ol>'


def version_head_html(version: VersionSummary) -> str:
    """Number, author, time and message of a version that is being read."""
    return (
        f'<h2>Version {version.number}</h2><p class="cs-quiet">{escape(version.author)} · {time_html(version.created_at)} · '
        f'<span class="cs-number" title="sha256 of the text">{version.sha256[:12]}</span></p><p class="cs-text">{escape(version.message)}</p>'
    )


def verdict(draft: DraftView) -> str:
    """Where a draft stands against the newest version, in a few words."""
    if draft.problems:
        return f"{count(len(draft.problems), 'thing')} to put right before a version can be saved"
    if draft.head is None:
        return "No version yet"
    return f"Differs from version {draft.head.number}" if draft.changed else f"The same as version {draft.head.number}"


def save_reason(draft: DraftView) -> str:
    """Why the draft can or cannot become a version; shown above what would change."""
    if draft.problems:
        return "Not yet: " + " ".join(problem.message for problem in draft.problems[:MOST_PROBLEMS])
    if draft.head is None:
        return "The first version. It stays as it is for good; training starts from it."
    if not draft.changed:
        return f"Nothing changed since version {draft.head.number}, so there is nothing to save."
    if draft.behind:
        return f"{draft.head.author} saved version {draft.head.number} since you began. This is what your text would change in it:"
    return f"This is what changed since version {draft.head.number}:"
