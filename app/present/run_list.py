"""The list of runs as HTML: where each stands, and of those that have finished what came out."""

from collections.abc import Sequence

from app.present.runs import STATUS_MARKS, status_words, with_cause
from app.present.text import escape, time_html
from app.services.run_views import RunLine
from core.measure.standings import counted
from db.status import JobStatus


def list_html(lines: Sequence[RunLine]) -> str:
    """The runs there are, newest first."""
    if not lines:
        return '<p class="cs-quiet">None yet. The first one appears here when you click Train.</p>'
    return f'<ol class="cs-runs">{"".join(_list_item(line) for line in lines)}</ol>'


def _list_item(line: RunLine) -> str:
    name = f'<bdi>{escape(line.constitution)}</bdi> <span class="cs-number">v{line.version_number}</span>'
    percent = f" · {line.share:.0%}" if line.status == JobStatus.RUNNING else ""
    mark = f'<span aria-hidden="true">{STATUS_MARKS[line.status]}</span>'
    to_mark = f' · <a href="./mark?run={line.id}">Mark replies</a>' if line.status == JobStatus.FINISHED else ""
    seed = "".join(f" · {each}" for each in (f"seed {line.seed}" if line.seed is not None else "", line.control) if each)
    return (
        f'<li class="cs-run"><a href="./run?id={line.id}"><span class="cs-number">Run {line.id}</span> {name}</a>'
        f'<span class="cs-run-status" data-status="{line.status.value}">{mark} {escape(came_out(line))}{percent}</span>'
        f'<span class="cs-quiet">{escape(line.model)} · {escape(line.preset)}{escape(seed)} · '
        f"<bdi>{escape(line.requested_by)}</bdi> · {time_html(line.created_at)}{to_mark}</span></li>"
    )


def came_out(line: RunLine) -> str:
    """`finished: 2 followed, 1 not judged`, `failed: memory ran out`, `stopped`, or where it stands. A control says nothing of the text."""
    if line.status == JobStatus.FINISHED and line.control:
        return "finished: a control and no run of the text"
    if line.status == JobStatus.FINISHED:
        return f"finished: {counted(line.came_out)}" if line.came_out else "finished, without verdicts that can be read"
    return with_cause(status_words(line), line)
