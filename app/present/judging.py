"""Judged replies as HTML. Everything that a file says is escaped, and runs in its own direction."""

from app.present.readings import head_html, samples_html
from app.present.text import count, escape
from app.services.judging import JudgedFile
from core.constitution.reading.replies import ReplyFile
from core.measure.judging import Total


def upload_html(filename: str, file: ReplyFile) -> str:
    """As what a file was read, before it is judged."""
    samples = samples_html("Replies", [reply.response for reply in file.replies])
    return f'<div class="cs-judged-head">{_head_html(filename, file)}{samples}<p>Nothing is judged yet: click Judge.</p></div>'


def reading_html(found: JudgedFile) -> str:
    """As what the file was read, then a line a principle."""
    notes = "".join(f'<li dir="auto">{escape(note)}</li>' for note in found.judged.notes)
    lines = "".join(_total_html(title, total) for title, total in found.judged.totals.items())
    return (
        f'<div class="cs-judged-head">{_head_html(found.filename, found.file)}{f"<ul>{notes}</ul>" if notes else ""}'
        '<div class="cs-table-wrap" tabindex="0" role="region" aria-label="Totals">'
        '<table><thead><tr><th scope="col">Principle</th><th scope="col">Follow it</th><th scope="col">95% interval</th>'
        f'<th scope="col">Not judged</th></tr></thead><tbody>{lines}</tbody></table></div></div>'
    )


def _head_html(filename: str, file: ReplyFile) -> str:
    return f"<h2><bdi>{escape(filename)}</bdi></h2><p>{count(len(file.replies), 'reply', 'replies')}.</p>{head_html(file)}"


def _total_html(title: str, total: Total) -> str:
    share, interval = "–", "nothing could be judged"
    if total.low is not None and total.high is not None:
        share, interval = f"{total.follows:,} of {total.n:,} ({total.follows / total.n:.0%})", f"{total.low:.0%} to {total.high:.0%}"
    return f'<tr><th scope="row" dir="auto">{escape(title)}</th><td>{share}</td><td>{interval}</td><td>{total.unjudged:,}</td></tr>'
