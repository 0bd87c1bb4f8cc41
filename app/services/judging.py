"""Judging replies that exist already by a stored version. Nothing is stored."""

from dataclasses import dataclass

from app.services.stored import require_constitution
from app.services.studio import Studio, in_words
from core.budget import Limit, within
from core.constitution.reading.replies import ReplyFile, read_replies
from core.errors import ReplyError
from core.measure.judging import Judged, judge_within
from db.constitutions import get_version_by_id

BUDGET_S = 60.0  # for one file; what is not reached then is unjudged, and a note says so
READING = Limit(what="Reading the file of replies", seconds=8.0, remedy="Take a sample of it.")
MOST_OUTCOMES = 400_000  # replies by principles: an answer that a browser can hold, and this process


@dataclass(frozen=True, kw_only=True)
class JudgedFile:
    """A file of replies, as what it was read, and what is found of them."""

    filename: str
    file: ReplyFile
    judged: Judged


def read_upload(data: bytes, filename: str) -> ReplyFile:
    """What is understood of a file of replies; nothing is judged.

    Raises:
        ReplyError: A file that cannot be read.
        OverBudgetError: Its reading took too long.
    """
    return within(READING, read_replies, data, filename)


def judge_file(studio: Studio, version_id: int, data: bytes, filename: str) -> JudgedFile:
    """Judge the replies of a file by a version.

    Raises:
        ReplyError: A file that cannot be read, or that does not go with the version.
        RefusedError: No such version.
        OverBudgetError: Reading the file took too long.
        BusyError: Files of others are being judged.
    """
    with in_words(), studio.sessions.read() as session:
        constitution = require_constitution(get_version_by_id(session, version_id))
    file = read_upload(data, filename)
    if (outcomes := len(file.replies) * len(constitution.principles)) > MOST_OUTCOMES:
        raise ReplyError(
            f"{len(file.replies):,} replies by {len(constitution.principles)} principles are {outcomes:,} outcomes; a page shows at most "
            f"{MOST_OUTCOMES:,}. Judge them in parts, or with the command: python -m app judge."
        )
    return JudgedFile(filename=filename, file=file, judged=judge_within(constitution, file.replies, BUDGET_S))
