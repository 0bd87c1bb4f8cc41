"""Two principles against each other, as lines of a terminal and as HTML for the Train page.

The answer comes first: who wins in the order that the constitution gives, or that it is not shown. Every share stands beside its bar.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.present.preview import about_minutes
from app.present.text import count, escape, isolated, time_html
from app.present.trainability import meter_html
from core.constitution.principles import Constitution
from core.measure.conflicts import Conflict, Followed, Order, PairReplies, Sides, prompt_says
from core.measure.statistics import Figure

if TYPE_CHECKING:  # it loads the database, which the command line never does
    from app.services.conflicts import ConflictPreview, ConflictView
    from app.services.kept_conflicts import ConflictFound, KeptConflict

NOT_KNOWN = "how long that takes is not known yet, since the machine was not measured"


def conflict_lines(pair: Constitution, found: Conflict) -> list[str]:
    """A table an order, each with its sentence; then what is said of the order."""
    lines = [f"1: {found.first}", f"2: {found.second}", prompt_says(pair), ""]
    for sides in found.orders:
        lines += [*_sides_lines(sides), ""]
    gains = (("1", found.first_gains), ("2", found.second_gains))
    lines += [f"  {number} first instead of second, followed  {_figure(gain, sign=True)}" for number, gain in gains]
    return [*lines, found.sentence]


def _sides_lines(sides: Sides) -> list[str]:
    order = {"none": "neither first", "first": "1 first", "second": "2 first"}[sides.order]
    rows = (("1 alone", sides.first_only), ("2 alone", sides.second_only), ("both", sides.both), ("neither", sides.neither))
    return [_head(order, sides), *(f"  {name:<8} {_figure(figure)}" for name, figure in rows), f"  {sides.sentence}"]


def _head(order: str, sides: Sides) -> str:
    unjudged = f", {sides.unjudged} that could not be judged by both left out" if sides.unjudged else ""
    return f"{order}{', as the constitution has it' if sides.written else ''}: {count(sides.n, 'reply', 'replies')}{unjudged}"


def _figure(figure: Figure, sign: bool = False) -> str:
    if figure.value is None:
        return "–  nothing could be judged"
    form = "+.1%" if sign else ".1%"
    plain = f"{figure.value:{form}}"
    interval = f"  {figure.low:{form}} to {figure.high:{form}}" if figure.low is not None and figure.high is not None else ""
    return f"{plain:>7}{interval}"


def plan_html(preview: "ConflictPreview") -> str:
    """What would be asked, and how long that takes; nothing where it cannot be."""
    if preview.problem:
        return ""
    queries = f"all {preview.queries} held-out queries" if preview.queries == preview.held_out else f"{preview.queries} held-out queries"
    takes = about_minutes(preview.seconds / 60) if preview.seconds is not None else NOT_KNOWN
    replies = count(preview.queries * preview.orders, "reply", "replies")
    asked = f"{queries.capitalize()}, each answered in {preview.orders} orders: {replies} of the base, {takes}."
    titles = [principle.title for principle in preview.principles]
    return f'<p class="cs-number">{escape(asked)}</p><p class="cs-quiet">{isolated(preview.prompt, *titles)}</p>'


def kept_html(kept: Sequence["KeptConflict"]) -> str:
    """What was asked before of a version, each at its address."""
    rows = "".join(f"<li>{_kept(each)}</li>" for each in kept)
    return f'<p class="cs-found-shown">Asked before of this version</p><ul class="cs-conflict-kept">{rows}</ul>' if rows else ""


def _kept(each: "KeptConflict") -> str:
    titles = f"“<bdi>{escape(each.first)}</bdi>” against “<bdi>{escape(each.second)}</bdi>”"
    by = f"{escape(each.model)} · <bdi>{escape(each.requested_by)}</bdi> · {time_html(each.made_at)}"
    return f'<a href="./train?conflict={each.conflict}">Conflict {each.conflict}: {titles}</a> <span class="cs-quiet">{by}</span>'


def headline(found: Conflict) -> str:
    """Who wins in the order that the constitution gives."""
    winner = found.orders[0].winner
    if winner is None:
        return "Which of the two wins is not shown"
    return f"“{found.first if winner == 'first' else found.second}” wins"


def conflict_spoken(view: "ConflictView") -> str:
    """What a screen reader says of it: its tenths, not its every token."""
    if view.running:
        return view.note.partition(":")[0] + ("" if view.share is None else f", {10 * int(10 * view.share)}%")
    return f"Finished: {headline(view.told.found)}." if view.told is not None else ""


def conflict_html(told: "ConflictFound") -> str:
    """The answer, then what it rests on: every order with its figures and replies, and whether the order matters."""
    found, names = told.found, (told.found.first, told.found.second)
    problem = f'<div class="cs-notice cs-notice-problem"><p role="alert">{escape(told.problem)}</p></div>' if told.problem else ""
    shown = found.orders[0].winner is not None
    mark = f'<span class="cs-found-mark" aria-hidden="true">{"✓" if shown else "·"}</span>'
    orders = "".join(_order_html(found, sides, told.replies) for sides in found.orders)
    return (
        f'{problem}<div class="cs-found cs-conflict-found" data-winner="{found.orders[0].winner or "none"}">'
        f'<p class="cs-found-word">{mark}<strong>{isolated(headline(found), *names)}</strong></p>'
        f'<p class="cs-found-meaning">{isolated(found.orders[0].sentence, *names)}</p>'
        f'<p class="cs-found-reason">{isolated(prompt_says(told.pair), *names)}</p>'
        f'<p class="cs-found-reason">{isolated(found.sentence, *names)}</p><ol class="cs-found-links">{orders}</ol></div>'
    )


def _order_html(found: Conflict, sides: Sides, replies: PairReplies) -> str:
    first, second = (f"<bdi>{escape(title)}</bdi>" for title in (found.first, found.second))
    order = {"none": "neither first", "first": f"“{found.first}” first", "second": f"“{found.second}” first"}[sides.order]
    rows = ((f"{first} alone", sides.first_only), (f"{second} alone", sides.second_only), ("Both", sides.both), ("Neither", sides.neither))
    meters = "".join(meter_html(figure, "", label) for label, figure in rows)
    says = "" if sides.written else f'<p class="cs-found-reason">{isolated(sides.sentence, found.first, found.second)}</p>'
    return (
        f'<li><p class="cs-found-title"><span>{isolated(_capital(_head(order, sides)), found.first, found.second)}</span></p>'
        f'{f"""<dl class="cs-meters">{meters}</dl>""" if meters else ""}{says}{_replies_html(found, sides.order, replies)}</li>'
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _replies_html(found: Conflict, order: Order, replies: PairReplies) -> str:
    """All replies of an order, folded, by what they follow."""
    groups = ""
    for says, belongs in _groups(found):
        rows = [
            f'<li><p class="cs-quiet" dir="auto">{escape(query)}</p><p dir="auto">{escape(text) or "(empty)"}</p></li>'
            for query, text, followed in zip(replies.queries, replies.texts[order], replies.followed[order], strict=True)
            if followed in belongs
        ]
        if rows:
            heading = f'<p class="cs-found-shown">{says}: {count(len(rows), "reply", "replies")}</p>'
            groups += f'{heading}<ul class="cs-found-replies">{"".join(rows)}</ul>'
    return f'<details class="cs-fold" data-fold="conflict-{order}"><summary>The replies behind it</summary>{groups}</details>'


def _groups(found: Conflict) -> tuple[tuple[str, tuple[Followed, ...]], ...]:
    """What replies may follow, as HTML, and what was then found of them."""
    first, second = (f"<bdi>{escape(title)}</bdi>" for title in (found.first, found.second))
    unjudged = tuple((a, b) for a in (True, False, None) for b in (True, False, None) if a is None or b is None)
    return (
        (f"Follow {first} alone", ((True, False),)),
        (f"Follow {second} alone", ((False, True),)),
        ("Follow both", ((True, True),)),
        ("Follow neither", ((False, False),)),
        ("Could not be judged by both checks", unjudged),
    )
