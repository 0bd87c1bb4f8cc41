"""The Judge page: what the checks of a version say of replies that exist already."""

from dataclasses import dataclass

from app.pages.answers import JudgedReplies, JudgeOpened, VersionOption
from app.pages.endpoints import answers
from app.pages.frame import component, header
from app.pages.questions import JudgeAddress, ReplyFileWish, file_bytes, id_in
from app.present.judging import reading_html
from app.services import judging, plans
from app.services.studio import Studio

ENDPOINTS = ("opened", "replies")


@dataclass(frozen=True)
class JudgePage:
    """The handlers of this page."""

    studio: Studio

    @answers
    def opened(self, question: JudgeAddress, editor: str) -> JudgeOpened:
        """What the page begins with: the versions, and the one that its address names."""
        versions = tuple(VersionOption(id=v.id, constitution=v.constitution, number=v.number) for v in plans.choices(self.studio).versions)
        wanted = id_in(question.version)
        chosen = next((v.id for v in versions if v.id == wanted), versions[0].id if versions and wanted is None else None)
        return JudgeOpened(versions=versions, chosen=chosen)

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
