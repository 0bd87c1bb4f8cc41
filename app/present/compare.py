"""Comparisons as HTML. Every text of a person or a model is escaped."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from app.present.text import count, escape, time_html
from app.services.comparison_views import ComparisonView, Pane, Recent
from app.services.differences import reply_differences
from app.services.sources import Source
from core.constitution.changes import Piece
from core.constitution.principles import Turns
from core.constitution.stored import Unreadable
from core.errors import StudioError
from core.methods.arms import ARTIFACTS, CONTROL, Arm, Artifact, arm_title, trained_name

HASH_CHARS = 12


def facts_html(source: Source) -> str:
    """Which constitution, model and adapter take part."""
    link = f'<a href="./write?constitution={source.constitution_id}"><bdi>{escape(source.constitution_name)}</bdi></a>, version {source.version_number}'
    model = f"{escape(source.model)}{f' at {revision_html(source.revision)}' if source.revision else ''}"
    rows = [("Constitution", link), ("Model", model)]
    if source.run_id is not None:
        rows += [
            ("Run", f'<a href="./run?id={source.run_id}">Run {source.run_id}</a>'),
            (_worn(source.artifact), adapter_html(source.artifact.sha256 if source.artifact else None)),
        ]
    if source.trained_on:
        rows.append(("Trained on", f"{escape(source.trained_on)}, which is held beside the model"))
    problem = f'<p class="cs-problem">It cannot be read: {escape(source.problem)}</p>' if source.problem else ""
    return f'{problem}<dl class="cs-compared">{"".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows)}</dl>'


def revision_html(revision: str) -> str:
    """A commit by its beginning; the name of a release, which has no more to say than it shows, in full."""
    if re.fullmatch(r"[0-9a-f]{40}", revision):
        return f'<code title="{revision}">{revision[:HASH_CHARS]}</code>'
    return escape(revision)


def _worn(artifact: Artifact | None) -> str:
    """What an arm wears, in words."""
    return ARTIFACTS[artifact.kind if artifact is not None else "adapter"].capitalize()


def _the_worn(arm: Arm) -> str:
    return f"the {_worn(arm.artifact).lower()}"


def adapter_html(sha256: str | None) -> str:
    """An adapter, or what else an arm wears, by the beginning of its hash."""
    return f'<code title="sha256 {escape(sha256)}">{escape(sha256[:HASH_CHARS])}</code>' if sha256 else "off"


def asked_html(view: ComparisonView) -> str:
    """Everything that decided the replies, in a line."""
    sampling = view.sampling
    seed = f' (<span title="drawn from the seed, the query and the side">reply seed {view.reply_seed}</span>)' if view.reply_seed is not None else ""
    return (
        f"Seed {view.seed}{seed} · at most {count(sampling.max_new_tokens, 'token')} · temperature {sampling.temperature:g} · top-p {sampling.top_p:g} · "
        f"asked by <bdi>{escape(view.created_by)}</bdi>, {time_html(view.created_at)}"
    )


def remarks(view: ComparisonView) -> list[str]:
    """What a reader should not overlook."""
    base, trained = trained_pair(view)
    if base is None or trained is None or base.state != "done" or trained.state != "done":
        return []
    told = []
    if base.text == trained.text:
        told.append(
            f"With the constitution, base and {trained_name(trained.arm)} reply the same, word for word: {_the_worn(trained.arm)} changed nothing here."
        )
    if trained.token_scores and all(by_arm == by_base for _, by_base, by_arm in trained.token_scores):
        the_worn = f"T{_the_worn(trained.arm)[1:]}"
        told.append(f"{the_worn} gives every token of the reply the same probability as the base does. It has no effect at all; look at the run.")
    return told


def trained_pair(view: ComparisonView) -> tuple[Pane | None, Pane | None]:
    """What training changed where the constitution stands in the prompt: the base's pane, and that of the adapter as it was trained."""
    prompted = [pane for pane in view.panes if pane.arm.in_prompt]
    base = next((pane for pane in prompted if pane.arm.method == CONTROL), None)
    return base, next((pane for pane in prompted if pane.arm.artifact is not None and view.source.offers(pane.arm)), None)


def default_pair(view: ComparisonView) -> tuple[str, str]:
    """The arms of the two panes whose difference is shown first: what training changed, or without a run what the prompt changed."""
    before, after = trained_pair(view)
    if before is None or after is None:
        before, after = view.panes[0], view.panes[:2][-1]
    return before.arm.key, after.arm.key


def diff_html(view: ComparisonView, first: str, second: str) -> str:
    """Two finished replies facing each other, by words: what only the first says is struck out, what only the second says is added."""
    before, after = view.pane(first), view.pane(second)
    if before is None or after is None or before.state != "done" or after.state != "done":
        return '<p class="cs-quiet">Both replies must be finished before they can be compared.</p>'
    if before.text == after.text:
        return '<p class="cs-quiet">The same, word for word.</p>'
    try:
        pieces = join_across_spaces(reply_differences(before.text, after.text))
    except StudioError as error:  # the replies themselves are shown all the same
        return f'<p class="cs-quiet">{escape(str(error))}</p>'
    columns = (_column(arm_title(before.arm), "del", pieces, "deleted"), _column(arm_title(after.arm), "ins", pieces, "inserted"))
    return f'<div class="cs-facing cs-diff">{"".join(columns)}</div>'


def _column(name: str, tag: str, pieces: Iterable[Piece], kind: Literal["deleted", "inserted"]) -> str:
    shown = "".join(escape(piece.text) if piece.kind == "same" else f"<{tag}>{escape(piece.text)}</{tag}>" for piece in pieces if piece.kind in ("same", kind))
    return f'<div class="cs-side"><p class="cs-label">{escape(name)}</p><p class="cs-text" dir="auto">{shown}</p></div>'


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
        f'<div class="cs-proof"><p class="cs-label">{escape(arm_title(pane.arm))}</p>'
        f'<p class="cs-quiet">{_worn(pane.arm.artifact)}: {adapter_html(pane.adapter_sha256)}</p>'
        f'<pre class="cs-system" dir="auto" tabindex="0" role="region" aria-label="The prompt">{escape(_prompt_of(view, pane.arm))}</pre></div>'
        for pane in view.panes
    )
    return f'<p class="cs-quiet">The query is the same for all. This is the prompt as put to the model, and what was loaded for it.</p>{rows}'


def _prompt_of(view: ComparisonView, arm: Arm) -> str:
    if arm.in_prompt and isinstance(view.constitution, Unreadable):
        return f"The constitution that stood in this prompt cannot be read: {view.constitution.reason}"
    return _prompt(view.turns(arm))


def _prompt(turns: Turns) -> str:
    return f"System: {turns.system}\nUser: {turns.user}"


def recent_html(rows: Sequence[Recent]) -> str:
    """The newest comparisons, to be opened again."""
    if not rows:
        return '<p class="cs-quiet">None yet.</p>'
    lines = "".join(_recent(row) for row in rows)
    return f'<ol class="cs-recent">{lines}</ol>'


def _recent(row: Recent) -> str:
    run = [f"run {row.run_id}"] if row.run_id is not None else []
    asked = f"<bdi>{escape(row.created_by)}</bdi>, {time_html(row.created_at)}"
    facts = " · ".join([f"<bdi>{escape(row.constitution_name)}</bdi>, version {row.version_number}", *run, row.side, asked])
    return f'<li><a href="./compare?comparison={escape(row.id)}"><bdi>{escape(_short(row.query))}</bdi></a><span class="cs-quiet">{facts}</span></li>'


def _short(text: str, limit: int = 100) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
