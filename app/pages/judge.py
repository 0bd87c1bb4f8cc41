"""The Judge page: replies that exist already, judged by a version."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from app.pages.answers import JudgedReplies
from app.pages.endpoints import answers
from app.pages.frame import WIRING, header
from app.pages.questions import ReplyFileWish, file_bytes, id_in
from app.present.judging import FOLLOWS, ROWS_A_PAGE, chosen_outcomes, judged_csv, reading_html, rows_html
from app.services import judging, plans
from app.services.judging import JudgedFile
from app.services.studio import Studio
from app.web.actors import caller
from core.constitution.normal import closed
from core.errors import ReplyError, StudioError
from core.measure.judging import judged_to_data
from db.runs import VersionToTrain

ENDPOINTS = ("replies",)
PASTED = "pasted.jsonl"
KEPT_S = 3600  # what a tab was shown, after it was closed
HEAD = (
    '<div class="cs-page cs-judge-head" id="content"><h1>Judge replies I already have</h1><p class="cs-lede">What the checks of a version say of replies from '
    "any model. Nothing is trained, nothing enters the database, and the file is deleted after a day.</p></div>"
)
ROWS = 'A .jsonl, .json, .csv or .tsv file whose rows have `response`, and may have `query`, `principle` and `side`, as in {"response": "…"}.'


@dataclass(frozen=True)
class JudgePage:
    """The handlers of this page."""

    studio: Studio

    def load(self, request: gr.Request) -> object:
        """Offer the versions; the address may name one."""
        caller(request)
        versions = plans.choices(self.studio).versions
        wanted = id_in(request.query_params.get("version", ""))
        chosen = next((v.id for v in versions if v.id == wanted), next((v.id for v in versions if not v.problem), None) if wanted is None else None)
        return gr.update(choices=[(_label(v), v.id) for v in versions], value=chosen)

    @answers
    def replies(self, question: ReplyFileWish, editor: str) -> JudgedReplies:
        """Judge a file of replies by a version. Nothing is stored."""
        found = judging.judge_file(self.studio, question.version, file_bytes(question.data), question.filename)
        file, judged = found.file, found.judged
        notes = (*file.notes, *judged.notes)
        return JudgedReplies(
            format=file.format, used=dict(file.used), ignored=file.ignored, notes=notes, outcomes=judged.outcomes, rows=judged.rows, totals=judged.totals
        )

    def judge(self, version: object, upload: str | None, pasted: str, request: gr.Request) -> tuple[Any, ...]:
        """Show what a file or a pasted text was read as, the totals, and the first rows."""
        caller(request)
        try:
            found = judging.judge_file(self.studio, _version(version), *_given(upload, pasted or ""))
        except StudioError as error:
            raise gr.Error(str(error).replace("<", "&lt;"), print_exception=False) from error
        shown = self.rows(found, "", "", 1, request)
        principles = [("All principles", ""), *((title, title) for title in found.judged.totals)]
        return found, reading_html(found), gr.update(choices=principles, value=""), "", 1, gr.update(visible=True), shown, *_files(found)

    def rows(self, found: JudgedFile | None, principle: str, outcome: str, page: float, request: gr.Request) -> str:
        """One page of the outcomes that were chosen."""
        caller(request)
        if found is None:
            return ""
        chosen = chosen_outcomes(found, principle or "", outcome or "")
        last = max(1, -(-len(chosen) // ROWS_A_PAGE))
        return rows_html(found, chosen, min(max(1, int(page or 1)), last))


def _label(version: VersionToTrain) -> str:
    return f"{closed(version.constitution)}, version {version.number}{' (cannot be read)' if version.problem else ''}"


def _version(version: object) -> int:
    if type(version) is not int:
        raise ReplyError("No version is chosen. Choose the one whose principles the replies are judged by.")
    return version


def _given(upload: str | None, pasted: str) -> tuple[bytes, str]:
    """The file, or what was pasted: never one of two in silence."""
    if upload is not None and pasted.strip():
        raise ReplyError("There is a file, and there are pasted rows. Remove one of them.")
    if upload is not None:
        return Path(upload).read_bytes(), Path(upload).name
    if not pasted.strip():
        raise ReplyError("There is nothing to judge. Choose a file, or paste rows.")
    try:
        return pasted.encode(), PASTED if pasted.lstrip()[:1] != "[" else "pasted.json"
    except UnicodeEncodeError as error:
        raise ReplyError("The pasted text holds half a character. Copy it again, whole.") from error


def _files(found: JudgedFile) -> tuple[str, str]:
    """JSON and CSV to take away, in a folder of their own among the uploads, which are deleted with them."""
    folder = Path(tempfile.mkdtemp(dir=gr.utils.get_upload_folder()))
    contents: Mapping[str, str] = {"judged.json": json.dumps(judged_to_data(found.judged), ensure_ascii=False), "judged.csv": judged_csv(found)}
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return str(folder / "judged.json"), str(folder / "judged.csv")


def build(page: gr.Blocks, studio: Studio) -> None:
    """Lay out the page and connect it."""
    handlers = JudgePage(studio)
    header("judge", studio)
    found = gr.State(None, time_to_live=KEPT_S)
    gr.HTML(HEAD, apply_default_css=False)
    with gr.Column(elem_classes="cs-form"):
        version = gr.Dropdown([], label="Version")
        upload = gr.File(label="File of replies", file_types=[".jsonl", ".json", ".ndjson", ".csv", ".tsv"], type="filepath", height=120)
        pasted = gr.Textbox(label="Or paste rows", info=ROWS, lines=3, max_lines=10)
        go = gr.Button("Judge", variant="primary")
    reading = gr.HTML(apply_default_css=False)
    with gr.Column(visible=False, elem_classes="cs-form") as chosen:
        principle = gr.Dropdown([("All principles", "")], value="", label="Principle")
        outcome = gr.Dropdown([("All outcomes", ""), *((says, says) for says in FOLLOWS.values())], value="", label="Outcome")
        number = gr.Number(1, label="Page", precision=0, minimum=1)
        with gr.Row():
            as_json, as_csv = gr.DownloadButton("JSON"), gr.DownloadButton("CSV")
    rows = gr.HTML(apply_default_css=False)
    wiring = {name: value for name, value in WIRING.items() if name != "show_progress"}
    outputs = [found, reading, principle, outcome, number, chosen, rows, as_json, as_csv]
    go.click(handlers.judge, [version, upload, pasted], outputs, concurrency_limit=2, trigger_mode="once", **wiring)
    for choice in (principle, outcome, number):
        choice.change(handlers.rows, [found, principle, outcome, number], [rows], queue=False, trigger_mode="always_last", **WIRING)
    page.load(handlers.load, None, [version], queue=False, **WIRING)
