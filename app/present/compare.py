"""Comparisons as HTML and as data for the Compare page. Every text of a person or a model is escaped, or sent as text."""

import re
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any, Literal

from app.host.client import METHODS, Method
from app.present.constitutions import check_sentence
from app.present.text import count, escape, time_html
from app.services.comparison_views import ComparisonView, Pane, Recent, Source
from core.constitution.changes import Piece, diff_pieces
from core.constitution.checks import complies
from core.constitution.principles import Turns
from core.constitution.text import words

HASH_CHARS = 12
SHOWN_DIFFERENCE = 0.1  # nats; smaller ones are rounding to a reader
POLICIES = {"base": "Base", "base+constitution": "Base", "aligned+constitution": "Aligned", "aligned": "Aligned"}
STATES = {"waiting": "waiting", "writing": "writing", "done": "", "stopped": "not finished", "failed": "could not answer"}


def method_name(method: str) -> str:
    """`Base with the constitution`."""
    return f"{POLICIES[method]} {'with' if method.endswith('+constitution') else 'without'} the constitution"


def prompt_note(method: str, side: str) -> str:
    """What the method's prompt holds."""
    if not method.endswith("+constitution"):
        return "no constitution in its prompt"
    return f"{'statements' if side == 'statement' else 'antitheses'} in its prompt"


def source_key(source: Source) -> str:
    return f"run:{source.run_id}" if source.run_id is not None else f"version:{source.version_id}"


def source_option(source: Source) -> dict[str, Any]:
    """One choice of the page's select, with the settings that it brings."""
    what = f"{source.constitution_name}, version {source.version_number}"
    sampling = source.sampling
    return {
        "key": source_key(source),
        "group": "Finished runs" if source.run_id is not None else "No training: the constitution in the prompt alone",
        "label": f"Run {source.run_id}: {what}" if source.run_id is not None else what,
        "facts": facts_html(source),
        "run": source.run_id,
        "seed": source.seed,
        "max_new_tokens": sampling.max_new_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
    }


def facts_html(source: Source) -> str:
    """Which constitution, model and adapter take part."""
    link = f'<a href="./write?constitution={source.constitution_id}">{escape(source.constitution_name)}</a>, version {source.version_number}'
    model = f"{escape(source.model)}{f' at {revision_html(source.revision)}' if source.revision else ''}"
    rows = [("Constitution", link), ("Model", model)]
    if source.run_id is not None:
        rows += [("Run", f'<a href="./run?id={source.run_id}">Run {source.run_id}</a>'), ("Adapter", adapter_html(source.adapter_sha256))]
    return f'<dl class="cs-compared">{"".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows)}</dl>'


def revision_html(revision: str) -> str:
    """A commit by its beginning; the name of a release, which has no more to say than it shows, in full."""
    if re.fullmatch(r"[0-9a-f]{40}", revision):
        return f'<code title="{revision}">{revision[:HASH_CHARS]}</code>'
    return escape(revision)


def adapter_html(sha256: str | None) -> str:
    """The adapter by the beginning of its hash."""
    return f'<code title="sha256 {escape(sha256)}">{escape(sha256[:HASH_CHARS])}</code>' if sha256 else "off"


def pane_data(view: ComparisonView, pane: Pane) -> dict[str, Any]:
    """One pane, while it is written and afterwards. `text` is plain text."""
    absent = "adapter off" if pane.method.startswith("base") else "adapter not yet loaded"
    adapter = f"adapter {pane.adapter_sha256[:HASH_CHARS]}" if pane.adapter_sha256 else absent
    return {
        "method": pane.method,
        "policy": POLICIES[pane.method],
        "prompt": prompt_note(pane.method, view.side),
        "adapter": adapter,
        "state": pane.state,
        "says": STATES[pane.state],
        "text": pane.text,
        "length": _length(view, pane),
        "error": pane.error or "",
        "checks": checks(view, pane),
    }


def checks(view: ComparisonView, pane: Pane) -> list[dict[str, Any]]:
    """What the programs say about a finished reply: principle by principle, whether it follows the statement. None: cannot be judged."""
    if pane.state != "done":
        return []
    return [
        {"title": p.title, "says": check_sentence(p.check), "follows": complies(p.check, pane.text) if pane.text else False}
        for p in view.constitution.principles
        if p.check is not None
    ]


def _length(view: ComparisonView, pane: Pane) -> str:
    if pane.state == "waiting" or not pane.text:
        return "empty reply" if pane.state == "done" else ""
    cut = f"cut at {view.sampling.max_new_tokens} tokens" if pane.ended is False and pane.state == "done" else ""
    return " · ".join(part for part in (count(len(words(pane.text)), "word"), cut) if part)


def comparison_data(view: ComparisonView) -> dict[str, Any]:
    """A comparison for the page; what takes time to make comes with the last one only."""
    data: dict[str, Any] = {
        "kind": "comparison",
        "id": view.id,
        "href": f"./compare?comparison={view.id}",
        "running": view.running,
        "note": _note(view),
        "problem": view.problem or "",
        "panes": [pane_data(view, pane) for pane in view.panes],
    }
    return data if view.running else data | _afterwards(view)


def _note(view: ComparisonView) -> str:
    if not view.running or view.note is None:
        return ""
    share = f", {view.share:.0%}" if view.share not in (None, 0, 1) else ""
    return f"{view.note[:1].upper()}{view.note[1:]}{share} …"


def _afterwards(view: ComparisonView) -> dict[str, Any]:
    first, second = default_pair(view)
    return {
        "asked": asked_html(view),
        "remarks": remarks(view),
        "proof": proof_html(view),
        "methods": [{"method": pane.method, "name": method_name(pane.method)} for pane in view.panes if pane.state == "done"],
        "pair": [first, second],
        "diff": diff_html(view, first, second),
        "scores": {pane.method: scores_html(pane) for pane in view.panes if pane.token_scores},
        "unfinished": len(view.unfinished),
    }


def asked_html(view: ComparisonView) -> str:
    """Everything that decided the replies, in a line."""
    sampling = view.sampling
    seed = f' (<span title="drawn from the seed, the query and the side">reply seed {view.reply_seed}</span>)' if view.reply_seed is not None else ""
    return (
        f"Seed {view.seed}{seed} · at most {count(sampling.max_new_tokens, 'token')} · temperature {sampling.temperature:g} · top-p {sampling.top_p:g} · "
        f"asked by {escape(view.created_by)}, {time_html(view.created_at)}"
    )


def remarks(view: ComparisonView) -> list[str]:
    """What a reader should not overlook."""
    base, aligned = view.pane("base+constitution"), view.pane("aligned+constitution")
    if base is None or aligned is None or base.state != "done" or aligned.state != "done":
        return []
    found = []
    if base.text == aligned.text:
        found.append("With the constitution, base and aligned reply the same, word for word: the adapter changed nothing here.")
    if aligned.token_scores and all(b == a for _, b, a in aligned.token_scores):
        found.append("The adapter gives every token of the reply the same probability as the base does. It has no effect at all; look at the run.")
    return found


def default_pair(view: ComparisonView) -> tuple[Method, Method]:
    """The two panes whose difference is shown first: what training changed, or without a run what the prompt changed."""
    return ("base+constitution", "aligned+constitution") if view.source.run_id is not None else ("base", "base+constitution")


def diff_html(view: ComparisonView, first: str, second: str) -> str:
    """Two finished replies facing each other, by words: what only the first says is struck out, what only the second says is added."""
    sides = [view.pane(method) for method in (first, second)]
    if any(pane is None or pane.state != "done" for pane in sides):
        return '<p class="cs-quiet">Both replies must be finished before they can be compared.</p>'
    before, after = (pane.text for pane in sides if pane is not None)
    if before == after:
        return '<p class="cs-quiet">The same, word for word.</p>'
    pieces = join_across_spaces(diff_pieces(before, after))
    columns = (_column(method_name(first), "del", pieces, "deleted"), _column(method_name(second), "ins", pieces, "inserted"))
    return f'<div class="cs-facing cs-diff">{"".join(columns)}</div>'


def _column(name: str, tag: str, pieces: Iterable[Piece], kind: Literal["deleted", "inserted"]) -> str:
    shown = "".join(escape(piece.text) if piece.kind == "same" else f"<{tag}>{escape(piece.text)}</{tag}>" for piece in pieces if piece.kind in ("same", kind))
    return f'<div class="cs-side"><p class="cs-label">{name}</p><p class="cs-text">{shown}</p></div>'


def join_across_spaces(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with changed words that only a space parts put together: two replies to one query often share little else.

    As with `diff_pieces`, those that are not inserted join to the first text, and those that are not deleted to the second.
    """
    joined: list[Piece] = []
    deleted = inserted = ""
    for i, piece in enumerate(pieces):
        between = 0 < i < len(pieces) - 1 and pieces[i - 1].kind != "same" and pieces[i + 1].kind != "same"
        if piece.kind == "same" and not (between and piece.text.isspace()):
            joined += [*_changed(deleted, inserted), piece]
            deleted = inserted = ""
            continue
        deleted += piece.text if piece.kind != "inserted" else ""
        inserted += piece.text if piece.kind != "deleted" else ""
    return [*joined, *_changed(deleted, inserted)]


def _changed(deleted: str, inserted: str) -> list[Piece]:
    return [*([Piece("deleted", deleted)] if deleted else []), *([Piece("inserted", inserted)] if inserted else [])]


def proof_html(view: ComparisonView) -> str:
    """What each pane really was: its adapter and its prompt, as put to the model."""
    rows = "".join(
        f'<div class="cs-proof"><p class="cs-label">{method_name(pane.method)}</p><p class="cs-quiet">Adapter: {adapter_html(pane.adapter_sha256)}</p>'
        f'<pre class="cs-system">{escape(_prompt(view.turns(pane.method)))}</pre></div>'
        for pane in sorted(view.panes, key=lambda pane: METHODS.index(pane.method))
    )
    return f'<p class="cs-quiet">The query is the same for all. This is the prompt as put to the model, and the adapter that was loaded.</p>{rows}'


def _prompt(turns: Turns) -> str:
    return f"System: {turns.system}\nUser: {turns.user}"


def scores_html(pane: Pane) -> str:
    """How much likelier the adapter makes each token of this reply than the base does, in nats, under the same prompt."""
    scores = pane.token_scores or ()
    differences = [aligned - base for _, base, aligned in scores]
    mean = fmean(differences)
    towards = "likelier than" if mean > 0 else "less likely than" if mean < 0 else "as likely as"
    tokens = "".join(_token(text, difference) for (text, _, _), difference in zip(scores, differences, strict=True))
    return (
        f'<p class="cs-quiet">Log-probability of each token by the aligned model minus that by the base, under the same prompt, in nats. '
        f"Mean {signed(mean)} a token over {count(len(scores), 'token')}: the adapter makes this reply {towards} the base does.</p>"
        f'<p class="cs-tokens">{tokens}</p>'
    )


def _token(text: str, difference: float) -> str:
    lines = text.count("\n")
    shown = escape(text.replace("\n", "↵")) if text.strip() or lines else ("␣" if text else "∎")
    tone = "up" if difference >= SHOWN_DIFFERENCE else "down" if difference <= -SHOWN_DIFFERENCE else "same"
    strength = min(1.0, abs(difference) / 3)
    inner = f"<span>{shown}</span><small>{signed(difference)}</small>"
    return f'<span class="cs-token" data-tone="{tone}" style="--cs-strength:{strength:.2f}">{inner}</span>{"<br>" if lines else ""}'


def signed(number: float) -> str:
    """`+0.4`, `−1.2`, `0.0`: with a true minus sign."""
    text = f"{number:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def recent_html(rows: Sequence[Recent]) -> str:
    """The newest comparisons, to be opened again."""
    if not rows:
        return '<p class="cs-quiet">None yet.</p>'
    lines = "".join(_recent(row) for row in rows)
    return f'<ol class="cs-recent">{lines}</ol>'


def _recent(row: Recent) -> str:
    run = [f"run {row.run_id}"] if row.run_id is not None else []
    asked = f"{escape(row.created_by)}, {time_html(row.created_at)}"
    facts = " · ".join([f"{escape(row.constitution_name)}, version {row.version_number}", *run, row.side, asked])
    return f'<li><a href="./compare?comparison={escape(row.id)}">{escape(_short(row.query))}</a><span class="cs-quiet">{facts}</span></li>'


def _short(text: str, limit: int = 100) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
