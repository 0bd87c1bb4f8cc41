"""Judging replies that exist already by a stored version. Nothing is stored."""

import time
from dataclasses import dataclass

from app.services.stored import require_constitution
from app.services.studio import Studio, in_words
from core.constitution.reading.replies import ReplyFile, read_replies
from core.measure.judging import Judged, judge_replies
from db.constitutions import get_version_by_id

BUDGET_S = 60.0  # for one file; what is not reached then is unjudged, and a note says so


@dataclass(frozen=True, kw_only=True)
class JudgedFile:
    """A file of replies, as what it was read, and what is found of them."""

    filename: str
    file: ReplyFile
    judged: Judged


def judge_file(studio: Studio, version_id: int, data: bytes, filename: str) -> JudgedFile:
    """Judge the replies of a file by a version.

    Raises:
        ReplyError: A file that cannot be read, or that does not go with the version.
        RefusedError: No such version.
    """
    with in_words(), studio.sessions.read() as session:
        constitution = require_constitution(get_version_by_id(session, version_id))
    file = read_replies(data, filename)
    ends = time.monotonic() + BUDGET_S
    return JudgedFile(filename=filename, file=file, judged=judge_replies(constitution, file.replies, time_is_up=lambda: time.monotonic() > ends))
