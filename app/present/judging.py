"""Judged replies as HTML. Everything that a file says is escaped, and runs in its own direction."""

import csv
import io
from collections.abc import Iterable, Sequence

from app.present.readings import head_html, samples_html
from app.present.text import count, escape
from app.services.judging import JudgedFile
from core.constitution.reading.replies import ReplyFile
from core.measure.judging import RowOutcome, Total

ROWS_A_PAGE = 50
SHOWN_CHARS = 600  # of one reply
FOLLOWS = {True: "follows", False: "does not", None: "not judged"}


def upload_html(filename: str, file: ReplyFile) -> str:
    """As what a file was read, before it is judged."""
    samples = samples_html("Replies", [reply.response for reply in file.replies])
    return f'<div class="cs-page cs-judged">{_head_html(filename, file)}{samples}<p>Nothing is judged yet: click Judge.</p></div>'


def refusal_html(message: str) -> str:
    """Why a file cannot be read."""
    return f'<div class="cs-page cs-judged"><p class="cs-problem" role="alert" dir="auto">{escape(message)}</p></div>'


def reading_html(found: JudgedFile) -> str:
    """As what the file was read, then a line a principle."""
    notes = "".join(f'<li dir="auto">{escape(note)}</li>' for note in found.judged.notes)
    lines = "".join(_total_html(title, total) for title, total in found.judged.totals.items())
    return (
        f'<div class="cs-page cs-judged">{_head_html(found.filename, found.file)}{f"<ul>{notes}</ul>" if notes else ""}'
        '<div class="cs-table-wrap"><table><thead><tr><th scope="col">Principle</th><th scope="col">Follow it</th><th scope="col">95% interval</th>'
        f'<th scope="col">Not judged</th></tr></thead><tbody>{lines}</tbody></table></div></div>'
    )


def _head_html(filename: str, file: ReplyFile) -> str:
    return f"<h2><bdi>{escape(filename)}</bdi></h2><p>{count(len(file.replies), 'reply', 'replies')}.</p>{head_html(file)}"


def _total_html(title: str, total: Total) -> str:
    share, interval = "–", "nothing could be judged"
    if total.low is not None and total.high is not None:
        share, interval = f"{total.follows:,} of {total.n:,} ({total.follows / total.n:.0%})", f"{total.low:.0%} to {total.high:.0%}"
    return f'<tr><th scope="row" dir="auto">{escape(title)}</th><td>{share}</td><td>{interval}</td><td>{total.unjudged:,}</td></tr>'


def chosen_outcomes(found: JudgedFile, principle: str, outcome: str) -> list[RowOutcome]:
    """Those of one principle (empty: of all) that have one outcome (empty: any)."""
    return [each for each in found.judged.outcomes if principle in ("", each.principle) and outcome in ("", FOLLOWS[each.follows])]


def rows_html(found: JudgedFile, chosen: Sequence[RowOutcome], page: int) -> str:
    """One page of outcomes, each with its reply."""
    shown = chosen[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE]
    texts = {reply.row: reply.response for reply in found.file.replies}
    first = (page - 1) * ROWS_A_PAGE + 1
    says = f"{first:,} to {first + len(shown) - 1:,} of {count(len(chosen), 'outcome')}" if shown else "No outcome is of this kind."
    return f'<div class="cs-page cs-judged"><p>{says}</p>{_table(shown, texts) if shown else ""}</div>'


def _table(shown: Iterable[RowOutcome], texts: dict[int, str]) -> str:
    lines = "".join(
        f'<tr><td>{each.row:,}</td><td dir="auto">{escape(_short(texts[each.row]))}</td><td dir="auto">{escape(each.principle)}</td>'
        f"<td>{FOLLOWS[each.follows]}</td><td>{escape(each.why)}</td></tr>"
        for each in shown
    )
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Row", "Reply", "Principle", "Outcome", "Why"))
    return f'<div class="cs-table-wrap"><table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'


def judged_csv(found: JudgedFile) -> str:
    """The outcomes as a table, each with its reply. A cell that a spreadsheet would run as a formula begins with an apostrophe."""
    texts = {reply.row: reply.response for reply in found.file.replies}
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(("row", "principle", "follows", "why", "by", "response"))
    for each in found.judged.outcomes:
        follows = "" if each.follows is None else str(each.follows).lower()
        table.writerow((each.row, *map(_cell, (each.principle, follows, each.why, each.by, texts[each.row]))))
    return out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]} …"
