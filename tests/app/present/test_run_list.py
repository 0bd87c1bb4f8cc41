"""A line of the list of runs says what came out, not just that it is over."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.present.run_list import came_out, list_html
from app.services.run_views import RunLine
from core.measure.standings import Standing
from db.status import JobStatus
from tests.app.planting import HOSTILE

LINE = RunLine(
    id=7,
    constitution="Brevity",
    version_number=2,
    model="tiny",
    preset="quick",
    seed=0,
    status=JobStatus.FINISHED,
    stopping=False,
    phase="",
    share=1.0,
    requested_by="Ann",
    created_at=datetime(2026, 11, 27, tzinfo=UTC),
    finished_at=None,
)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (replace(LINE, came_out=(Standing.FOLLOWED, Standing.FOLLOWED, Standing.NOT_JUDGED)), "finished: 2 followed, 1 not judged"),
        (LINE, "finished, without verdicts that can be read"),
        (replace(LINE, control="a control: emptied text"), "finished: a control and no run of the text"),
        (replace(LINE, control="a control: <b>", status=JobStatus.STOPPED), "stopped"),
        (replace(LINE, status=JobStatus.FAILED, error_kind="memory"), "failed: memory ran out"),
        (replace(LINE, status=JobStatus.FAILED, error_kind="of another studio"), "failed"),
        (replace(LINE, status=JobStatus.STOPPED), "stopped"),
        (replace(LINE, status=JobStatus.QUEUED), "waiting"),
        (replace(LINE, status=JobStatus.UNREADABLE), "cannot be read"),
    ],
)
def test_what_is_said_of_each_state(line: RunLine, words: str) -> None:
    assert came_out(line) == words
    assert f"{words}</span>" in list_html([line])


def test_names_are_shown_not_run_and_nothing_is_said_to_be_nothing() -> None:
    assert "<script" not in list_html([replace(LINE, constitution=HOSTILE, requested_by=HOSTILE, control=HOSTILE)])
    assert "quick · seed 0 · a control: emptied text · <bdi>Ann" in list_html([replace(LINE, control="a control: emptied text")])
    assert "None yet" in list_html([])
