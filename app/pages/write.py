"""The Write page: a constitution as a document, its draft and its versions."""

from dataclasses import asdict, dataclass, field
from typing import Literal

import gradio as gr

from app.pages.frame import Question, Reply, answers, component, header, wire
from app.present.constitutions import changes_html, check_kinds, chooser_html, document_html, history_html, save_reason, verdict, version_head_html
from app.services import constitutions as service
from app.services.constitutions import DraftConflictError, DraftView
from app.services.proposals import MAX_TRY, ProposalJob, Proposals, writer_name
from app.services.studio import Studio
from app.web.actors import caller
from core.constitution.changes import changes
from core.constitution.proposals import Wish
from core.errors import StudioError


@dataclass(frozen=True)
class WritePage:
    """The handlers of this page."""

    studio: Studio
    proposals: Proposals = field(default_factory=Proposals)

    def load(self, request: gr.Request) -> object:
        """Open the draft of the constitution that the address names."""
        editor = caller(request)
        wanted = request.query_params.get("constitution", "")
        try:
            reply = self._opened(int(wanted), editor) if wanted.isdecimal() else self._choose("")
        except StudioError as error:
            reply = self._choose(str(error))
        return gr.update(reply=reply)

    def _opened(self, constitution_id: int, editor: str) -> Reply:
        draft = service.open_draft(self.studio, constitution_id, editor)
        return {"kind": "opened", **self._draft(draft), "history": self._history(draft), "writer": writer_name(self.studio.settings)}

    def _choose(self, message: str) -> Reply:
        return {"kind": "choose", "html": chooser_html(service.list_constitutions(self.studio), message)}

    def _history(self, draft: DraftView) -> str:
        return history_html(service.history(self.studio, draft.constitution_id))

    def _draft(self, draft: DraftView) -> Reply:
        return {
            "constitution": draft.constitution_id,
            "name": draft.name,
            "editor": draft.editor,
            "revision": draft.revision,
            "saved_at": draft.saved_at and draft.saved_at.isoformat(),
            "principles": draft.rows,
            "problems": [asdict(finding) for finding in draft.problems],
            "advice": [asdict(finding) for finding in draft.advice],
            "verdict": verdict(draft),
            "head": draft.head and draft.head.number,
        }

    @answers
    def save(self, question: Question, editor: str) -> Reply:
        """Store what was typed."""
        try:
            draft = service.save_draft(self.studio, question.number("constitution"), editor, question.number("revision"), question.get("principles"))
        except DraftConflictError as conflict:
            return {"kind": "conflict", "message": str(conflict), **self._draft(conflict.current)}
        return {"kind": "saved", **self._draft(draft)}

    @answers
    def rename(self, question: Question, editor: str) -> Reply:
        """Give the constitution another name."""
        name = service.rename(self.studio, question.number("constitution"), question.get("name"))
        return {"kind": "renamed", "name": name, "verdict": verdict(service.view_draft(self.studio, question.number("constitution"), editor))}

    @answers
    def preview(self, question: Question, editor: str) -> Reply:
        """What a new version would change, and whether it can be saved."""
        draft = service.view_draft(self.studio, question.number("constitution"), editor)
        number = draft.head.number + 1 if draft.head else 1
        change = changes(draft.head_constitution, draft.constitution)
        shown = {"html": changes_html(change), "difference": asdict(change)}
        can_save = draft.changed and not draft.problems
        return {"kind": "preview", **self._draft(draft), **shown, "number": number, "reason": save_reason(draft), "can_save": can_save}

    @answers
    def version(self, question: Question, editor: str) -> Reply:
        """Make the draft the next version."""
        seen = (question.number("revision"), question.number_or_none("head"))
        draft = service.save_version(self.studio, question.number("constitution"), editor, question.get("message"), seen)
        return self._versioned(draft, "Saved as")

    @answers
    def restore(self, question: Question, editor: str) -> Reply:
        """Save an earlier version's text as the next version."""
        seen = (question.number("revision"), question.number_or_none("head"))
        number = question.number("number")
        draft = service.restore_version(self.studio, question.number("constitution"), editor, number, seen)
        return self._versioned(draft, f"Version {number} is restored as")

    def _versioned(self, draft: DraftView, says: str) -> Reply:
        number = draft.head.number if draft.head else 0
        return {"kind": "versioned", **self._draft(draft), "history": self._history(draft), "message": f"{says} version {number}."}

    @answers
    def open(self, question: Question, editor: str) -> Reply:
        """One version to read, and what the draft changes in it."""
        constitution_id = question.number("constitution")
        version = service.open_version(self.studio, constitution_id, question.number("number"))
        draft = service.view_draft(self.studio, constitution_id, editor)
        change = changes(version.constitution, draft.constitution)
        shown = {"head": version_head_html(version.summary), "html": document_html(version.constitution)}
        shown_change = {"changes": changes_html(change), "difference": asdict(change)}
        return {"kind": "version", "number": version.summary.number, **shown, **shown_change, "newest": draft.head and draft.head.number}

    @answers
    def download(self, question: Question, editor: str) -> Reply:
        """The draft or a version as a file."""
        form: Literal["yaml", "markdown"] = "yaml" if question.get("format") == "yaml" else "markdown"
        return {"kind": "file", **asdict(service.export(self.studio, question.number("constitution"), editor, form, question.number_or_none("number")))}

    @answers
    def propose(self, question: Question, editor: str) -> Reply:
        """Have a model write a principle. It is not stored: the page shows it, and the author takes it or not."""
        texts = {name: value for name in ("wish", "statement", "title") if isinstance(value := question.get(name), str)}
        return _proposed(self.proposals.begin(self.studio, editor, Wish(**texts), abs(question.number("try")) % MAX_TRY))

    @answers
    def proposal(self, question: Question, editor: str) -> Reply:
        """How a proposal stands."""
        return _proposed(self.proposals.look(editor, question.get("proposal")))

    @answers
    def leave(self, question: Question, editor: str) -> Reply:
        """Call a proposal off."""
        self.proposals.leave(editor, question.get("proposal"))
        return {"kind": "left"}


def _proposed(job: ProposalJob) -> Reply:
    if job.problem:
        return {"kind": "problem", "message": job.problem}
    return {"kind": "proposal", "id": job.id, "writer": job.writer, "note": job.note, "proposal": job.proposal and asdict(job.proposal)}


def build(page: gr.Blocks, studio: Studio) -> None:
    """Lay out the page and connect it."""
    handlers = WritePage(studio)
    header("write", studio)
    events = ("save", "rename", "preview", "version", "restore", "open", "download", "propose", "proposal", "leave")
    editor = component('<div class="cs-page cs-editor"></div>', "write/editor.js", events, elem_id="editor", checks=check_kinds())
    wire(editor, {event: getattr(handlers, event) for event in events}, "write")
    page.load(handlers.load, None, [editor], queue=False, show_progress="hidden", api_name="write_load")
