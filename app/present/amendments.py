"""Amendments as HTML: the list with what can be proposed, and one of them with its clauses, comments, approvals, evidence and decision.

What can be done is a form: its `data-ask` is the endpoint, its fields are the question's; fields marked `data-number` are sent as numbers.
"""

from dataclasses import dataclass

from app.present.amended import evidence_html
from app.present.citations import place
from app.present.constitutions import changed_principle_html, changes_html, save_reason
from app.present.text import escape, pieces_html, time_html
from app.services.addresses import Named
from app.services.amendment_views import AmendmentLine, AmendmentView, Person, Said
from app.services.draft_views import DraftView
from app.services.plans import Choices
from app.services.roles import ROLES, Holder
from core.constitution.changes import ConstitutionChange, PrincipleChange
from core.constitution.principles import Principle
from core.methods.settings import PRESETS
from db.users import name_key

DECISIONS = {"adopted": "Adopt", "rejected": "Reject", "withdrawn": "Withdraw"}


@dataclass(frozen=True, kw_only=True)
class AmendmentsSeen:
    """What the list shows."""

    of: Named
    lines: tuple[AmendmentLine, ...]
    change: ConstitutionChange | None  # what one's draft would change; None: there is nothing to propose
    why_not: str  # if so
    roles: tuple[Holder, ...]
    note: str  # what a name is worth here


def amendments_html(seen: AmendmentsSeen) -> str:
    """The amendments of a constitution, and a form to propose another."""
    of = seen.of
    rows = "".join(
        f'<li class="cs-entry"><h3><a href="./amend?amendment={each.id}">Amendment {each.id}</a>: {each.status}{_became(of, each)}</h3>'
        f'<p class="cs-quiet">{_person(each.proposed_by)} · {time_html(each.proposed_at)} · changes version {each.base_number}</p>'
        f'<p dir="auto">{escape(each.reason)}</p></li>'
        for each in seen.lines
    )
    listed = f'<ol class="cs-entries">{rows}</ol>' if rows else '<p class="cs-quiet">None yet.</p>'
    return (
        f'<header><h1 dir="auto">Amendments to {escape(of.name)}</h1><p class="cs-lede">A change is proposed with a reason, discussed by clause, '
        f"approved by a second person, and adopted with evidence or a stated waiver.</p></header>{_note(seen.note)}"
        f'<p class="cs-actions"><a href="./write?constitution={of.id}">Write</a>'
        f'<a href="{place(of.slug)}">Changelog</a></p><section id="content" aria-label="Amendments">{listed}</section>{_proposing(seen)}{_roles(seen)}'
    )


def nothing_to_propose(draft: DraftView) -> str:
    """Why a draft cannot be proposed as an amendment, and what to do; empty where it can."""
    if draft.head_constitution is None:
        return "There is no version yet that could be amended. Save one on Write."
    if draft.problems:
        return f"{save_reason(draft)} Put it right on Write; then it can be proposed here."
    return "" if draft.changed else "Your draft says what the newest version says. Change it on Write; then it can be proposed here."


def _proposing(seen: AmendmentsSeen) -> str:
    if seen.change is None:
        return f'<section id="propose" aria-label="Propose"><h2>Propose an amendment</h2><p class="cs-quiet" dir="auto">{escape(seen.why_not)}</p></section>'
    fields = f'{_hidden("constitution", seen.of.id)}{_area("reason", "Reason", "amend-reason")}<button class="cs-button cs-button-main">Propose</button>'
    shown = f"<p>This is what your draft changes:</p>{changes_html(seen.change)}"
    return f'<section id="propose" aria-label="Propose"><h2>Propose an amendment</h2>{shown}{_form("propose", fields)}</section>'


def _roles(seen: AmendmentsSeen) -> str:
    held = "".join(f"<li>{_person(Person(name=each.name, left=each.left))}: {each.role}</li>" for each in seen.roles)
    says = "Nobody has a role, so everybody may do everything." if not held else "Writers propose, reviewers approve, owners adopt and give roles."
    options = "".join(f'<option value="{role}">{role}</option>' for role in ROLES[::-1])
    fields = (
        f'{_hidden("constitution", seen.of.id)}<div class="cs-field"><label for="role-name">Name</label><input class="cs-input" id="role-name" name="name" '
        'autocomplete="off" dir="auto"></div><div class="cs-field"><label for="role-role">Role</label><select class="cs-input" id="role-role" name="role">'
        f'{options}<option value="">none</option></select></div><button class="cs-button">Give the role</button>'
    )
    return f'<details class="cs-roles"><summary>Who may do what</summary><p class="cs-quiet">{says}</p><ul>{held}</ul>{_form("role", fields)}</details>'


def amendment_html(view: AmendmentView, offered: Choices, who: str, note: str, closed: str) -> str:
    """One amendment. `closed` says why `who` may neither adopt nor reject it, if so."""
    line = view.line
    ends = f'<a href="./amend?constitution={view.of.id}">All amendments</a><a href="{place(view.of.slug)}">Changelog</a>'
    cited = f'<a href="{place(view.of.slug, line.version_number)}">Version {line.version_number}</a>' if line.version_number else ""
    document = f'<a href="./c/{view.of.slug}/redline?to={line.version_number}">Redline and DOCX</a>' if line.version_number else ""
    titles = {p.id: p for p in view.text.principles}
    clauses = "".join(_clause(view, change) for change in view.change.principles if change.changed)
    rule = view.change.conflict_rule
    conflicts = f'<p class="cs-label">When principles conflict</p><p class="cs-text cs-diff" dir="auto">{pieces_html(rule.pieces)}</p>' if rule.changed else ""
    others = [said for said in view.comments if not said.principle or said.principle not in _shown(view)]
    return (
        f'<header><h1 dir="auto">Amendment {line.id} to {escape(view.of.name)}</h1><p class="cs-quiet">{_person(line.proposed_by)} · '
        f"{time_html(line.proposed_at)} · changes version {line.base_number} · <strong>{line.status}</strong></p>"
        f'<p class="cs-text" dir="auto">{escape(line.reason)}</p></header>{_note(note)}'
        f'<p class="cs-actions">{cited}{document}{ends}</p>{_behind(view)}<section id="content" aria-label="What it changes"><h2>What it changes</h2>'
        f'<ol class="cs-principles cs-reading cs-diff">{clauses}</ol>{conflicts}</section><section aria-label="Comments on the whole"><h2>On the whole</h2>'
        f"{_said_list(others, titles)}{_commenting(view, '', 'the whole')}</section>"
        f"{_approvals(view, who)}{_evidence(view, offered)}{_decision(view, who, closed)}"
    )


def _shown(view: AmendmentView) -> set[str]:
    return {_identity(view, change) for change in view.change.principles if change.changed}


def _identity(view: AmendmentView, change: PrincipleChange) -> str:
    return view.text.principles[change.after].id if change.after is not None else ""


def _clause(view: AmendmentView, change: PrincipleChange) -> str:
    identity = _identity(view, change)
    title = "".join(piece.text for piece in change.title.pieces if piece.kind != "deleted")
    said = _said_list([each for each in view.comments if each.principle == identity], {}) if identity else ""
    return changed_principle_html(change, f"{said}{_commenting(view, identity, f'“{title}”') if identity else ''}")


def _said_list(said: list[Said], titles: dict[str, Principle]) -> str:
    rows = "".join(
        f'<li><p class="cs-quiet">{_person(each.who)} · {time_html(each.at)}'
        f"{' · on a clause: ' + escape(each.clause[:120]) if each.clause and titles else ''}</p>"
        f'<p dir="auto">{escape(each.text)}</p></li>'
        for each in said
    )
    return f'<ul class="cs-comments">{rows}</ul>' if rows else ""


def _commenting(view: AmendmentView, principle: str, about: str) -> str:
    if not view.open:
        return ""
    key = principle or "whole"
    area = _area("text", f"Comment on {about}", f"comment-{key}")
    about_what = f'{_hidden("amendment", view.line.id)}<input type="hidden" name="principle" value="{escape(principle)}">'
    fields = f'{about_what}{area}<button class="cs-button">Comment</button>'
    return f"<details><summary>Comment on <bdi>{escape(about)}</bdi></summary>{_form('comment', fields)}</details>"


def _behind(view: AmendmentView) -> str:
    if not view.behind:
        return ""
    options = '<option value="">ask me</option><option value="mine">the amendment’s text</option><option value="theirs">the version’s text</option>'
    fields = (
        f'{_seen(view)}<div class="cs-field"><label for="update-prefer">Where both changed the same</label>'
        f'<select class="cs-input" id="update-prefer" name="prefer">'
        f'{options}</select></div><button class="cs-button">Bring it up to date</button>'
    )
    says = f"{escape(view.behind)} Bring it up to date before it is approved; what both changed apart is put together, and nothing is lost."
    return f'<div class="cs-notice"><p role="alert">{says}</p>{_form("update", fields)}</div>'


def _approvals(view: AmendmentView, who: str) -> str:
    rows = "".join(
        f"<li><p>{_person(each.who)} approves{'' if each.revision == view.revision else ' an earlier wording'} · {time_html(each.at)}</p>"
        f'<p dir="auto">{escape(each.text)}</p></li>'
        for each in view.approvals
    )
    shown = f'<ul class="cs-comments">{rows}</ul>' if rows else '<p class="cs-quiet">Nobody has approved it yet.</p>'
    form = ""
    if view.open and name_key(who) == name_key(view.line.proposed_by.name):
        form = '<p class="cs-quiet">You proposed it, so a second person has to approve it.</p>'
    elif view.open and any(each.revision == view.revision and name_key(each.who.name) == name_key(who) for each in view.approvals):
        form = '<p class="cs-quiet">You approved it as it stands.</p>'
    elif view.open and not view.behind:
        fields = f'{_seen(view)}{_area("message", "A word on it (may stay empty)", "approve-message")}<button class="cs-button">Approve</button>'
        form = _form("approve", fields)
    return f'<section aria-label="Approval"><h2>Approval</h2>{shown}{form}</section>'


def _evidence(view: AmendmentView, offered: Choices) -> str:
    nothing = '<p class="cs-quiet">Neither wording has been trained for it yet.</p>'
    shown = "".join(evidence_html(each, view.revision, view.of.id) for each in view.evidence) or nothing
    form = ""
    if view.open:
        sets = "".join(f'<option value="{each.id}">{escape(each.name)}</option>' for each in offered.query_sets)
        models = "".join(f'<option value="{escape(each)}">{escape(each)}</option>' for each in offered.models)
        presets = "".join(f'<option value="{name}">{name}</option>' for name in PRESETS)
        fields = (
            f"{_seen(view)}{_select('query_set', 'Queries', sets, ' data-number')}{_select('model', 'Model', models)}{_select('preset', 'Preset', presets)}"
            '<div class="cs-field"><label for="evidence-seed">Seed</label><input class="cs-input" id="evidence-seed" name="seed" data-number '
            'type="number" min="0" max="2147483647" value="0"></div><div class="cs-forecast" aria-live="polite"></div>'
            '<button class="cs-button">Train both wordings</button>'
        )
        form = f"<p>Both wordings are trained with the same queries, seed and settings, and answer the same held-out queries.</p>{_form('evidence', fields)}"
    return f'<section id="evidence" aria-label="Evidence"><h2>Evidence</h2>{shown}{form}</section>'


def _decision(view: AmendmentView, who: str, closed: str) -> str:
    if view.decided is not None:
        waived = f'<p dir="auto">Without evidence: {escape(view.waiver)}</p>' if view.waiver else ""
        return (
            f'<section aria-label="Decision"><h2>Decision</h2>'
            f"<p>{view.line.status.capitalize()} by {_person(view.decided.who)} · {time_html(view.decided.at)}</p>"
            f'<p dir="auto">{escape(view.decided.text)}</p>{waived}</section>'
        )
    own = name_key(who) == name_key(view.line.proposed_by.name)
    reasons = {"adopted": closed or _not_yet(view), "rejected": closed, "withdrawn": "" if own else f"only {view.line.proposed_by.name}, who proposed it, can."}
    if all(reasons.values()):
        return f'<section aria-label="Decision"><h2>Decision</h2><p class="cs-quiet" dir="auto">{escape(closed)}</p></section>'
    # What a click decides is what somebody chose, or what it was approved for.
    begin = '<option value="">Choose…</option>' if reasons["adopted"] else ""
    choice = begin + "".join(f'<option value="{name}"{" disabled" if reasons[name] else ""}>{DECISIONS[name]}</option>' for name in DECISIONS)
    described = " aria-describedby=decide-why-not" if any(reasons.values()) else ""
    waiver = "" if view.complete else _area("waiver", "Waiver: why it is adopted without evidence", "decide-waiver")
    fields = (
        f"{_seen(view)}{_select('decision', 'Decision', choice, described)}{_why_not(reasons)}"
        f"{_area('message', 'Message: why', 'decide-message')}{waiver}"
        '<button class="cs-button cs-button-main">Decide</button>'
    )
    return f'<section aria-label="Decision"><h2>Decision</h2>{_form("decide", fields)}</section>'


def _why_not(reasons: dict[str, str]) -> str:
    """What cannot be decided, and why: one line a reason."""
    shared = {reason: ", ".join(DECISIONS[name] for name in reasons if reasons[name] == reason) for reason in reasons.values() if reason}
    return f'<ul class="cs-quiet" id="decide-why-not">{"".join(_reason_line(names, reason) for reason, names in shared.items())}</ul>' if shared else ""


def _reason_line(names: str, reason: str) -> str:
    return f'<li dir="auto">{names}: {escape(reason)}</li>'


def _not_yet(view: AmendmentView) -> str:
    """Why it cannot be adopted as it stands; empty where it can."""
    if view.behind:
        return "it has to be brought up to date first."
    return "" if view.line.status == "approved" else "nobody else has approved it as it stands. A second person has to approve it first."


def _form(ask: str, fields: str) -> str:
    return f'<form class="cs-ask-form" data-ask="{ask}" novalidate>{fields}<p class="cs-problem" role="alert"></p></form>'


def _seen(view: AmendmentView) -> str:
    return _hidden("amendment", view.line.id) + _hidden("revision", view.revision)


def _hidden(name: str, value: int) -> str:
    return f'<input type="hidden" name="{name}" value="{value}" data-number>'


def _area(name: str, label: str, key: str) -> str:
    return (
        f'<div class="cs-field"><label for="{escape(key)}"><bdi>{escape(label)}</bdi></label>'
        f'<textarea class="cs-input" id="{escape(key)}" name="{name}" rows="2" dir="auto"></textarea></div>'
    )


def _select(name: str, label: str, options: str, mark: str = "") -> str:
    return (
        f'<div class="cs-field"><label for="amend-{name}">{label}</label>'
        f'<select class="cs-input" id="amend-{name}" name="{name}"{mark}>{options}</select></div>'
    )


def _person(person: Person) -> str:
    return f"<bdi>{escape(person.name)}</bdi>{' (left)' if person.left else ''}"


def _note(note: str) -> str:
    return f'<p class="cs-quiet">{escape(note)}</p>' if note else ""


def _became(of: Named, line: AmendmentLine) -> str:
    return f' as <a href="{place(of.slug, line.version_number)}">version {line.version_number}</a>' if line.version_number else ""
