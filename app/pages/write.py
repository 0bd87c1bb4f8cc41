"""The Write page: a constitution as a document, its draft and its versions."""

from dataclasses import asdict, dataclass

from app.pages.answers import (
    CheckTried,
    Choose,
    Conflict,
    FieldProblems,
    FileToTake,
    History,
    Opened,
    PatternMatches,
    Renamed,
    Saved,
    Suggested,
    SuggestedCheck,
    Versioned,
    VersionPreview,
    VersionText,
)
from app.pages.drafts import PutTogether, TakeInWish, TakingInShown, TwoDrafts, draft_state, put_together, show_taking_in
from app.pages.endpoints import answers
from app.pages.frame import component, header
from app.pages.questions import (
    A_PAGE,
    CheckTrial,
    DraftSeen,
    DraftTexts,
    HistoryWish,
    NewName,
    OneConstitution,
    OneVersion,
    PatternTry,
    Restoration,
    Statements,
    TextFileWish,
    VersionWish,
    WriteAddress,
    id_in,
)
from app.present.constitutions import (
    begin_again_html,
    changes_html,
    check_kinds,
    chooser_html,
    document_html,
    history_html,
    save_reason,
    unreadable_html,
    verdict,
    version_head_html,
)
from app.present.standings import standing_html
from app.present.text import more_html
from app.present.trials import trial_html, trial_sentences
from app.services import constitutions as service
from app.services.came_out import newest_run
from app.services.differences import differences
from app.services.documents import UnreadableFieldsError
from app.services.draft_views import DraftConflictError, DraftView, UnreadableDraftError
from app.services.matching import matches
from app.services.proposals import is_weak, writer_name, writer_place
from app.services.roles import closed_to
from app.services.studio import Studio
from app.services.taking_in import take_in
from app.services.text_files import export
from app.services.trials import try_on_stored
from core.constitution.checks import check_from_data, check_to_data
from core.constitution.principles import Principle
from core.constitution.stored import Unreadable
from core.constitution.suggesting import in_words, suggest
from core.errors import StudioError
from core.measure.standings import Standing

ENDPOINTS = (
    *("opened", "draft", "save", "merge", "begin", "rename", "preview", "version", "restore", "discard", "open", "history", "download", "matches"),
    *("suggest", "trial", "behind", "take_in"),
)


@dataclass(frozen=True)
class WritePage:
    """The handlers of this page."""

    studio: Studio

    @answers
    def opened(self, question: WriteAddress, editor: str) -> Opened | Choose:
        """What the page begins with: the draft of the constitution that its address names, or the constitutions there are."""
        wanted = id_in(question.constitution)
        try:
            return self._opened(wanted, editor) if wanted is not None else self._choose("", editor)
        except UnreadableDraftError as error:
            return Choose(html=begin_again_html(error.constitution_id, str(error)))
        except StudioError as error:
            return self._choose(str(error), editor)

    @answers
    def draft(self, question: OneConstitution, editor: str) -> Opened:
        """The draft of whoever asks, begun from the newest version where there is none yet."""
        return self._opened(question.constitution, editor)

    @answers
    def begin(self, question: OneConstitution, editor: str) -> Opened:
        """Begin again from the newest version, where what is stored of the draft cannot be read."""
        service.begin_again(self.studio, question.constitution, editor)
        return self._opened(question.constitution, editor)

    def _opened(self, constitution_id: int, editor: str) -> Opened:
        draft = service.open_draft(self.studio, constitution_id, editor)
        found = newest_run(self.studio, constitution_id)
        return Opened(
            **draft_state(draft),
            history=self._history(draft.constitution_id),
            writer=writer_name(self.studio.settings),
            writer_place=writer_place(self.studio.settings),
            writer_weak=is_weak(self.studio.settings),
            came_out=found,
            standings={each.value: standing_html(each) for each in Standing} if found is not None else {},
            closed=closed_to(self.studio, constitution_id, editor),
        )

    def _choose(self, message: str, editor: str) -> Choose:
        return Choose(html=chooser_html(service.list_constitutions(self.studio, editor=editor), message))

    def _history(self, constitution: int, shown: int = A_PAGE) -> str:
        versions = service.history(self.studio, constitution)
        return history_html(versions[:shown]) + more_html(len(versions) - shown)

    @answers
    def history(self, question: HistoryWish, editor: str) -> History:
        """The versions, newest first: as many as are to be shown."""
        return History(html=self._history(question.constitution, question.shown))

    @answers
    def save(self, question: DraftTexts, editor: str) -> Saved | Conflict | FieldProblems:
        """Store what was typed."""
        try:
            draft = service.save_draft(
                self.studio, question.constitution, editor, question.revision, question.principles, question.head, question.conflict_rule
            )
        except DraftConflictError as conflict:
            return Conflict(**draft_state(conflict.current), message=str(conflict))
        except UnreadableFieldsError as error:
            return FieldProblems(message=str(error), problems=error.findings)
        return Saved(**draft_state(draft))

    @answers
    def merge(self, question: TwoDrafts, editor: str) -> PutTogether:
        """What is stored, and what was typed by somebody who did not know it, as one text. Nothing is saved."""
        return put_together(self.studio, question, editor)

    @answers
    def behind(self, question: OneConstitution, editor: str) -> TakingInShown:
        """What taking in a version that somebody saved since the draft was begun would change in it. Nothing is saved."""
        return show_taking_in(self.studio, question.constitution, editor)

    @answers
    def take_in(self, question: TakeInWish, editor: str) -> Saved:
        """Put that version into the draft."""
        draft = take_in(self.studio, question.constitution, editor, (question.revision, question.number), question.prefer)
        return Saved(**draft_state(draft))

    @answers
    def rename(self, question: NewName, editor: str) -> Renamed:
        """Give the constitution another name."""
        name = service.rename(self.studio, question.constitution, editor, question.name)
        try:
            said = verdict(service.open_draft(self.studio, question.constitution, editor))
        except UnreadableDraftError as error:
            said = str(error)  # the name is kept all the same
        return Renamed(name=name, verdict=said)

    @answers
    def preview(self, question: OneConstitution, editor: str) -> VersionPreview:
        """What a new version would change, and whether it can be saved."""
        draft = service.open_draft(self.studio, question.constitution, editor)
        number = draft.head.number + 1 if draft.head else 1
        change = differences(draft.head_constitution, draft.constitution)
        can_save = draft.changed and not draft.problems
        return VersionPreview(**draft_state(draft), html=changes_html(change), difference=change, number=number, reason=save_reason(draft), can_save=can_save)

    @answers
    def version(self, question: VersionWish, editor: str) -> Versioned:
        """Make the draft the next version."""
        draft = service.save_version(self.studio, question.constitution, editor, question.message, (question.revision, question.head))
        return self._versioned(draft, "Saved as")

    @answers
    def restore(self, question: Restoration, editor: str) -> Versioned:
        """Save an earlier version's text as the next version."""
        draft = service.restore_version(self.studio, question.constitution, editor, question.number, (question.revision, question.head))
        return self._versioned(draft, f"Version {question.number} is restored as")

    @answers
    def discard(self, question: DraftSeen, editor: str) -> Saved:
        """Put the newest version in the place of the draft."""
        return Saved(**draft_state(service.discard_draft(self.studio, question.constitution, editor, (question.revision, question.head))))

    def _versioned(self, draft: DraftView, says: str) -> Versioned:
        number = draft.head.number if draft.head else 0
        return Versioned(**draft_state(draft), history=self._history(draft.constitution_id), message=f"{says} version {number}.")

    @answers
    def open(self, question: OneVersion, editor: str) -> VersionText:
        """One version to read, and what the draft changes in it."""
        version = service.open_version(self.studio, question.constitution, question.number)
        draft = service.open_draft(self.studio, question.constitution, editor)
        summary, text = version.summary, version.constitution
        newest = draft.head.number if draft.head else None
        head = version_head_html(summary, question.constitution)
        if isinstance(text, Unreadable):
            html = unreadable_html(summary.id, summary.number, text.reason)
            return VersionText(
                number=summary.number,
                head=head,
                html=html,
                changes=html,
                difference=None,
                newest=newest,
                problem=text.reason,
            )
        change = differences(text, draft.constitution)
        return VersionText(
            number=summary.number,
            head=head,
            html=document_html(text),
            changes=changes_html(change),
            difference=change,
            newest=newest,
        )

    @answers
    def download(self, question: TextFileWish, editor: str) -> FileToTake:
        """The draft or a version as a file."""
        return FileToTake(**asdict(export(self.studio, question.constitution, editor, question.format, question.number)))

    @answers
    def matches(self, question: PatternTry, editor: str) -> PatternMatches:
        """What a pattern matches, tried on replies that are stored for this constitution."""
        found = matches(self.studio, question.constitution, question.pattern, question.statement)
        return PatternMatches(says=found.says, texts=found.texts)

    @answers
    def suggest(self, question: Statements, editor: str) -> Suggested:
        """The check that each statement allows, by its words; nothing is stored, the author takes it or not."""
        return Suggested(checks=tuple(map(_suggested, question.statements)))

    @answers
    def trial(self, question: CheckTrial, editor: str) -> CheckTried:
        """What a check says of stored replies: those of the newest finished run that had the principle. Nothing is stored."""
        check = check_from_data(question.check, "this principle")
        principle = Principle(id=question.principle, title="", statement=question.statement, antithesis=question.antithesis)
        found = try_on_stored(self.studio, principle, check)
        html = trial_html(found, in_words(check))
        return CheckTried(run=found.run, tried=found.tried, problem=found.problem, says=" ".join(trial_sentences(found)), html=html)


def _suggested(statement: str) -> SuggestedCheck | None:
    check = suggest(statement)
    return SuggestedCheck(check=check_to_data(check), says=in_words(check)) if check is not None else None


def build(studio: Studio) -> None:
    """Lay out the page."""
    header("write", studio)
    component('<div class="cs-page cs-editor"></div>', "write/editor.js", elem_id="editor", checks=check_kinds())
