"""The Judge page: what the checks of a version say of replies that exist already."""

from dataclasses import dataclass

from app.pages.endpoints import answers
from app.pages.frame import component, header
from app.pages.judge_answers import JudgedReplies, JudgeOpened, RepliesRead, VersionOption
from app.pages.judge_questions import JudgeAddress, ReplyFile, ReplyFileWish
from app.pages.questions import file_bytes, id_in
from app.present.judging import reading_html, upload_html
from app.present.readings import reply_reading_data
from app.services import judging, plans
from app.services.studio import Studio

ENDPOINTS = ("opened", "read", "replies")


@dataclass(frozen=True)
class JudgePage:
    """The handlers of this page."""

    studio: Studio

    @answers
    def opened(self, question: JudgeAddress, editor: str) -> JudgeOpened:
        """What the page begins with: the versions, and the one that its address names."""
        wanted = id_in(question.version)
        offered = plans.choices(self.studio, wanted).versions
        versions = tuple(VersionOption(id=v.id, constitution=v.constitution, number=v.number, problem=v.problem) for v in offered)
        chosen = plans.own_version(offered, editor) if wanted is None else next((v.id for v in versions if v.id == wanted), None)
        return JudgeOpened(versions=versions, chosen=chosen)

    @answers
    def read(self, question: ReplyFile, editor: str) -> RepliesRead:
        """As what a file of replies is read, before it is judged. Nothing is stored."""
        file = judging.read_upload(file_bytes(question.data), question.filename)
        return RepliesRead(reading=reply_reading_data(file), html=upload_html(question.filename, file))

    @answers
    def replies(self, question: ReplyFileWish, editor: str) -> JudgedReplies:
        """Judge a file of replies by a version. Nothing is stored."""
        found = judging.judge_file(self.studio, question.version, file_bytes(question.data), question.filename)
        file, judged = found.file, found.judged
        return JudgedReplies(
            format=file.format,
            used=dict(file.used),
            ignored=file.ignored,
            notes=(*file.notes, *judged.notes),
            outcomes=judged.outcomes,
            rows=judged.rows,
            totals=judged.totals,
            replies={reply.row: reply.response for reply in file.replies},
            html=reading_html(found),
        )


def build(studio: Studio) -> None:
    """Lay out the page."""
    header("judge", studio)
    component('<div class="cs-page cs-judge"></div>', "judge.js", elem_id="judge")
