"""Runs as HTML: the list, and the parts of a run's page. Pure functions over what the services return."""

import math
from collections.abc import Mapping, Sequence

from app.present.marks import judging_html, marks_problem_html
from app.present.result import UNREADABLE, result_html
from app.present.sides import SHOWN_SIDES
from app.present.standings import answer_html
from app.present.text import count, escape, time_html
from app.present.trainability import trainability_html
from app.processes.patience import Hindrance
from app.services.run_views import RunLine, RunView, SampledReply
from core.engine.default_model import DEFAULT_MODEL, DEFAULT_NOTICE
from core.methods.arms import ARTIFACTS, inner_title
from core.methods.recipes import RECIPES
from core.methods.settings import TrainConfig, preset
from core.progress import is_training, measuring_phase
from core.runs.phases import artifact_of, measured_arms, run_phases
from db.status import JobStatus

PHASE_NAMES = {
    "preparing": "Prepare the model",
    "sampling": "Sample responses",
    "training": "Train",
    "measuring": "Measure",
}
DOING = {
    "preparing": "preparing the model",
    "sampling": "sampling responses",
    "training": "training",
    "measuring": "measuring",
}
MEASURED = {  # by the phase that measures it: an arm's title, for the runs of every recipe
    measuring_phase(arm.key): inner_title(arm) for recipe in RECIPES for arm in measured_arms(preset("quick", method=recipe))
}
STATUS_MARKS = {
    JobStatus.QUEUED: "…",
    JobStatus.RUNNING: "▸",
    JobStatus.STOPPED: "‖",
    JobStatus.FAILED: "!",
    JobStatus.FINISHED: "✓",
    JobStatus.UNREADABLE: "?",
}
DELETE = '<button type="button" class="cs-link" data-action="delete">Delete…</button>'  # asks first
CAUSES = {
    "memory": "memory ran out",
    "disk": "the disk is full",
    "model": "the model cannot be used",
    "damaged": "a file of the model is damaged",
    "unsupported": "models of this kind cannot be trained",
    "unreachable": "the place that the model comes from does not answer",
    "adapter": "the adapter cannot be used",
    "context": "the prompt is too long for the model",
    "link": "the base shows no link to the principles",
    "contrast": "the responses gave nothing to learn from",
    "constitution": "the constitution cannot be trained on",
    "queries": "the query set cannot be used",
    "config": "a setting cannot be used",
    "result": "its figures could not be stored",
    "crashed": "the training process died",
    "bug": "a mistake in the program",
    "system": "the system refused",
}


def duration(seconds: float) -> str:
    """`40 s`, `3 min`, `1 h 20 min`: as exact as an estimate deserves."""
    if seconds < 55:
        return f"{max(5, 5 * round(seconds / 5))} s"
    minutes = math.ceil(seconds / 60 - 0.25)
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours < 10 and rest else f"{hours + (rest >= 30)} h"


def status_words(line: RunLine, ahead: int | None = None) -> str:
    """Where a run stands, in words."""
    if line.status == JobStatus.QUEUED:
        if ahead is None:
            return "waiting"
        return f"waiting behind {count(ahead, 'run')}" if ahead else "waiting, next in line"
    if line.status == JobStatus.RUNNING:
        if line.stopping:
            return "stopping: saves a checkpoint after this step"
        return phase_words(line.phase, DOING)
    return "cannot be read" if line.status == JobStatus.UNREADABLE else line.status.value


def with_cause(words: str, line: RunLine) -> str:
    """The words with why a run failed, where that is known."""
    return f"{words}: {CAUSES[line.error_kind]}" if line.error_kind in CAUSES else words


def phase_words(phase: str, names: Mapping[str, str] = PHASE_NAMES) -> str:
    """A phase in words; the later iterations say which they are, and measuring says whom."""
    if phase in MEASURED:
        return f"{names['measuring']}: {MEASURED[phase]}"
    work, _, iteration = phase.partition(" ")
    if work not in names:
        return "starting"
    return f"{names[work]}, iteration {iteration}" if iteration else names[work]


def head_html(view: RunView) -> str:
    """Title, and what the run was asked to do."""
    line = view.line
    link = f"./write?constitution={view.constitution_id}&amp;version={line.version_number}"
    seed = " · ".join(filter(None, (f"seed {view.config.seed}", view.config.control))) if view.config else ""
    pinned = view.revision if view.revision and "/" in line.model else ""
    revision = f' <span class="cs-number" title="{escape(pinned)}">@{escape(pinned[:12])}</span>' if pinned else ""
    model = f"{escape(line.model)}{revision}"
    facts = [
        model,
        f"{escape(line.preset)} preset",
        seed,
        f"<bdi>{escape(view.query_set)}</bdi>",
        f"asked for by <bdi>{escape(line.requested_by)}</bdi>, {time_html(line.created_at)}",
    ]
    notice = f'<p class="cs-quiet">{escape(DEFAULT_NOTICE)}</p>' if line.model == DEFAULT_MODEL else ""
    return (
        f'<p class="cs-label cs-number">Run {line.id}</p><h1><a href="{link}"><bdi>{escape(line.constitution)}</bdi>, version {line.version_number}</a></h1>'
        f'<p class="cs-quiet">{" · ".join(fact for fact in facts if fact)}</p>{notice}'
    )


def headline(view: RunView) -> str:
    """The status as one sentence, for the top of the page and the window's title."""
    words = with_cause(status_words(view.line, view.ahead), view.line)
    return words[0].upper() + words[1:]


def progress_words(view: RunView) -> str:
    """How far, and how long still."""
    if view.line.status == JobStatus.FINISHED:
        took = _took(view)
        return f"All phases done{took}"
    parts = [f"{view.line.share:.0%}"]
    if view.eta_s is not None:
        parts.append(f"about {duration(view.eta_s)} left")
    return " · ".join(parts)


def _took(view: RunView) -> str:
    if view.started_at is None or view.line.finished_at is None:
        return ""
    return f" in {duration((view.line.finished_at - view.started_at).total_seconds())}"


def phases_html(view: RunView) -> str:
    """The phases with what is done, what is under way and what is to come."""
    order = run_phases(view.config or TrainConfig())
    current = order.index(view.line.phase) if view.line.phase in order else -1
    finished = view.line.status == JobStatus.FINISHED
    rows = []
    for i, phase in enumerate(order):
        state = (
            "done" if finished or i < current or (i == current and view.total_steps and view.step >= view.total_steps) else "now" if i == current else "todo"
        )
        word = {"done": "done", "now": "under way" if view.line.status == JobStatus.RUNNING else "begun", "todo": "to come"}[state]
        amount = f' <span class="cs-number cs-quiet">{_amount(view)}</span>' if state == "now" else ""
        mark = {"done": "✓", "now": "▸", "todo": "·"}[state]
        rows.append(
            f'<li data-state="{state}"><span class="cs-phase-mark" aria-hidden="true">{mark}</span><span>{phase_words(phase)}</span>'
            f'<span class="cs-sr"> {word}</span>{amount}</li>'
        )
    return f'<ol class="cs-phases">{"".join(rows)}</ol>{_trainability(view)}'


def _amount(view: RunView) -> str:
    if not view.total_steps:
        return ""
    unit = "%" if view.line.phase == "preparing" else "steps" if is_training(view.line.phase) else "batches"
    return f"{view.step} %" if unit == "%" else f"{view.step} of {view.total_steps} {unit}"


def messages_html(view: RunView) -> str:
    """What a reader must know: what cannot be read, a notice, a silence, an error with its cause and remedy."""
    stored = f'<a href="./runs/{view.line.id}/stored.json" download>Export as it is stored</a>'
    said = [f'<div class="cs-notice cs-notice-problem" role="alert"><p>{escape(problem)} {stored}</p></div>' for problem in view.problems]
    if view.config is not None and view.config.control and view.result is None:  # with its result it is said beside that
        said.append(_notice(f"This is {view.config.control}. It is no run of the text, and what comes of it is never taken for what the text does."))
    if view.error_text and view.line.status == JobStatus.FAILED:
        said.append(f'<div class="cs-notice cs-notice-problem" role="alert"><p>{escape(view.error_text)}</p></div>')
    if view.notice and not view.ended:
        said.append(_notice(view.notice[0].upper() + view.notice[1:]))
    if view.waits is not None:
        said.append(f'<div class="cs-notice"><p>{_waits(view.waits)}</p></div>')
    elif view.silent_s is not None:
        silent = duration(10 * math.floor(view.silent_s / 10))
        said.append(_notice(f"Nothing was heard of this run for {silent}. If its trainer is gone, another one takes over from the last checkpoint."))
    if view.line.status == JobStatus.STOPPED:
        said.append(_notice(_resume_words(view)))
    return "".join(said)


def _resume_words(view: RunView) -> str:
    """What Resume would do with a stopped run."""
    if view.resumable_from:
        return "Resume goes on from its last checkpoint; what was saved is not done again."
    if not view.attempt:
        return "It had not begun. Resume puts it back into the queue."
    return "No step of its training was saved yet. Resume trains from the first step; replies that were finished for it are kept."


def _waits(waits: Hindrance) -> str:
    return f"{escape(waits.words)} since {time_html(waits.since)}; {escape(waits.remedy)}, it goes on by itself."


def _notice(text: str) -> str:
    return f'<div class="cs-notice"><p>{escape(text)}</p></div>'


def actions_html(view: RunView) -> str:
    """What can be done with the run now."""
    if view.line.status in (JobStatus.QUEUED, JobStatus.RUNNING):
        disabled = " disabled" if view.line.stopping else ""
        word = "Stopping…" if view.line.stopping else "Stop"
        return f'<button type="button" class="cs-button" data-action="stop"{disabled}>{word}</button>'
    gone = DELETE if view.line.status != JobStatus.UNREADABLE else ""
    again = (f'<a href="./train?from={view.line.id}">Train again with changes</a>' if not view.problems else "") + gone
    if view.line.status == JobStatus.FAILED and view.error_kind == "link":  # resumed, it would be told the same again
        return f'{again}<a class="cs-button cs-button-main" href="./train?from={view.line.id}&amp;anyway=1">Train anyway…</a>'
    if view.line.status in (JobStatus.STOPPED, JobStatus.FAILED):
        return f'{again}<button type="button" class="cs-button cs-button-main" data-action="resume">Resume</button>'
    if view.problems:
        return again
    mark = f'<a href="./mark?run={view.line.id}">Mark replies</a>'
    tried = f'<a href="./lab?run={view.line.id}">Try it in the laboratory</a>'
    return f'{mark}{tried}{again}<a class="cs-button cs-button-main" href="./compare?run={view.line.id}">Compare replies</a>'


def _trainability(view: RunView) -> str:
    """What the base did before training, where the run's row knows it."""
    return trainability_html(view.result.trainability) if view.result is not None and view.result.trainability is not None else ""


def samples_html(samples: Sequence[SampledReply]) -> str:
    """The replies sampled during training, newest step first; the page chooses which steps are seen."""
    steps = dict.fromkeys(sample.step for sample in samples)
    return "".join(_samples_step(step, [sample for sample in samples if sample.step == step]) for step in steps)


def _samples_step(step: int, samples: Sequence[SampledReply]) -> str:
    title = "Before training" if step == 0 else f"After step {step}"
    positions = dict.fromkeys(sample.position for sample in samples)
    queries = "".join(_sampled_query([sample for sample in samples if sample.position == position]) for position in positions)
    return f'<section class="cs-samples" data-step="{step}" aria-label="{title}"><h3 class="cs-samples-step cs-number">{title}</h3>{queries}</section>'


def _sampled_query(samples: Sequence[SampledReply]) -> str:
    texts = {sample.side: sample.text for sample in samples}
    sides = "".join(
        f'<div class="cs-side cs-{side.name}"><p class="cs-label"><span class="cs-sign" aria-hidden="true">{side.sign}</span>{side.under.capitalize()}</p>'
        f"{_reply(texts[side.name])}</div>"
        for side in SHOWN_SIDES
        if side.name in texts
    )
    return f'<div class="cs-sample"><p class="cs-sample-query" dir="auto">{escape(samples[0].query)}</p><div class="cs-facing">{sides}</div></div>'


def _reply(text: str) -> str:
    return f'<p class="cs-text" dir="auto">{escape(text)}</p>' if text.strip() else '<p class="cs-quiet">(an empty reply)</p>'


def log_html(log: Sequence[str]) -> str:
    """The last lines of the attempt's log."""
    shown = f'<pre class="cs-log" tabindex="0" role="region" aria-label="The end of the log">{escape(chr(10).join(log))}</pre>'
    return shown if log else '<p class="cs-quiet">No log yet.</p>'


def answer_section_html(view: RunView) -> str:
    """What came out for each principle, and who judged it; empty until there is a result."""
    if view.result is None:
        return ""
    judging = judging_html(view.line.id, view.result.report, view.marks, view.models) if not view.marks_problem else ()
    notes = view.config.notes if view.config is not None else ()
    trained = "".join(_notice(said) for said in (*notes, *(str(ending["says"]) for ending in view.result.endings)))
    return marks_problem_html(view.marks_problem) + trained + answer_html(view.result.report, judging)


def result_section_html(view: RunView) -> str:
    """The result with its downloads; empty until there is one."""
    if view.result is None and not view.unreadable:
        return ""
    shown = result_html(view.result) if view.result is not None else UNREADABLE
    table = f'<a href="./runs/{view.line.id}/report.csv" download>Figures (CSV)</a>' if view.result is not None else ""
    base, made = f"./runs/{view.line.id}", ARTIFACTS[artifact_of(view.config or TrainConfig()).kind].capitalize()
    marks = f'<a href="{base}/marks.csv" download>Marks (CSV)</a>' if view.marks or view.marks_problem else ""
    sha256 = (
        f' <span class="cs-quiet cs-number" title="{escape(view.adapter_sha256)}">sha256 {escape(view.adapter_sha256[:12])}</span>'
        if view.adapter_sha256
        else ""
    )
    return (
        f'<h2 id="result">Result</h2>{shown}<p class="cs-actions cs-downloads"><a href="./compare?run={view.line.id}">Compare replies</a>'
        f'<a href="{base}/run.json" download>run.json</a><a href="{base}/replies.json" download>Replies (JSON)</a>{marks}{table}'
        f'<a href="{base}/adapter.zip" download>{made} (zip)</a>{sha256}</p>'
    )
