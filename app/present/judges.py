"""The models that were asked to judge a run's replies: what it took, how far people agree with each, whether it is used, and how to ask one."""

import shlex

from app.present.runs import duration
from app.present.text import count, escape
from app.services.asked_models import JudgeUse, key_of
from app.services.asking import AskingPlan
from app.services.askings import AskingView
from app.services.judges import judge_name
from app.services.marked import ModelHeard
from app.services.run_views import RunView
from core.measure.agreement import figure_says
from core.measure.asked_models import BOUND, ModelOf
from core.measure.lengths import LENGTH_BOUND, longer_says
from db.status import JobStatus

EXAMPLE = ("http://127.0.0.1:8000/v1", "NAME")
LEDE = (
    "A model can be asked about the cards that people mark, as blind as they are, over an OpenAI-compatible endpoint. What it says is used for principles "
    f"that no program and no marks judge, and only where people agree with it on cards of this principle, in whatever run: of Cohen’s kappa {BOUND}. "
    f"Not used are {LENGTH_BOUND}."
)


HERE = (
    "Without <code>--judge</code> the command loads the model itself (a Hub id or a folder), and nothing leaves this machine. The default model is too small "
    "to judge anything."
)


def judges_html(view: RunView, addresses: tuple[str, ...] | None) -> str:
    """All of them, what is being asked, and the command that asks another; `addresses` are those that may be asked from the page, None: any."""
    asked = "".join(_judge_html(view, heard) for heard in view.models)
    askings = "".join(map(_asking_html, view.askings))
    nobody = "" if asked or askings else '<p class="cs-quiet">No model was asked about this run.</p>'
    terminal = _command_html("Ask a model, from a terminal", command(view.line.id, *EXAMPLE)) + f'<p class="cs-quiet">{HERE}</p>'
    return f'<p class="cs-quiet">{LEDE}</p>{nobody}{askings}{asked}{terminal}{_allowed_html(addresses)}'


def plan_words(plan: AskingPlan) -> tuple[str, str]:
    """What asking would send, and what the button says that sends it."""
    if not plan.questions:
        return f"All {plan.cards} cards have a verdict of {plan.model} at {plan.address}. Nothing would be sent.", ""
    had = plan.cards - plan.waiting
    known = f" ({had} of {plan.cards} cards have a verdict of this judge)" if had else ""
    says = (
        f"{plan.questions} questions about {count(plan.waiting, 'card')}{known} would go to {plan.address}, model {plan.model}. Each holds a query, a reply, "
        f"a statement and its antithesis; not what wrote the reply, nor under which side. {_cost(plan)}"
    )
    return says, f"Send {plan.questions} questions to {plan.address}"


def _cost(plan: AskingPlan) -> str:
    """What asking takes, as far as that is known."""
    calls = f"That is {count(plan.questions, 'call')}, two a card, with statement and antithesis in either order"
    time = (
        f", some {duration(plan.seconds)} at the {plan.question_s:.2f} s that a call to this model took so far (median)."
        if plan.seconds is not None
        else ". How long a call takes is not known before this model was asked for the first time."
    )
    return f"{calls}{time} What it costs in money is not known here, since no price is; the command below reckons it with --price-in and --price-out."


def _allowed_html(addresses: tuple[str, ...] | None) -> str:
    """Where a model can be asked from this page, if that is not anywhere."""
    if addresses is None:
        return ""
    if not addresses:
        return (
            '<p class="cs-quiet">From this page no model can be asked: the studio serves other machines, and its operator has allowed no address '
            "(STUDIO_JUDGE_ADDRESSES).</p>"
        )
    return f'<p class="cs-quiet">The operator has allowed these addresses: {escape(", ".join(addresses))}.</p>'


def _asking_html(asking: AskingView) -> str:
    """One that was asked for from the page: how far it is, and what can be done about it. Of one that is over its verdicts tell."""
    if asking.status == JobStatus.FINISHED:
        return ""
    action, label = ("stop_asking", "Stop asking") if asking.pending else ("resume_asking", "Go on asking")
    name = escape(f"{asking.wish.model} at {asking.wish.address}")
    button = (
        f'<button type="button" class="cs-button" data-action="{action}" data-asking="{asking.id}"{" disabled" if asking.stopping else ""} '
        f'aria-label="{label}: {name}">{label}</button>'
    )
    trouble = asking.problem or (asking.notice if asking.pending else "")
    said = f'<p class="{"cs-problem" if asking.problem else "cs-quiet"}">{escape(trouble)}</p>' if trouble else ""
    bar = f'<progress max="{asking.total}" value="{asking.done}" aria-label="{name}"></progress>' if asking.pending and asking.total else ""
    return f'<section class="cs-asking"><p><bdi>{name}</bdi>: {_stands(asking)}</p>{bar}{said}<p class="cs-asking-do">{button}</p></section>'


def _stands(asking: AskingView) -> str:
    far = f"{asking.done} of {asking.total} cards" if asking.total else "no card yet"
    if asking.stopping:
        return f"stopping after the card that it is at, {far}."
    words = {JobStatus.QUEUED: "waits to be asked", JobStatus.RUNNING: "is being asked", JobStatus.STOPPED: "stopped", JobStatus.FAILED: "could not go on"}
    return f"{words.get(asking.status, 'cannot be read')}, {far}."


def command(run_id: int, address: str, model: str) -> str:
    """What asks a model about a run."""
    return f"python -m app ask --run {run_id} --judge {shlex.quote(address)} --model {shlex.quote(model)}"


def _command_html(label: str, text: str) -> str:
    copy = '<button type="button" class="cs-link" data-action="copy">Copy</button>'
    return f'<div class="cs-command"><div class="cs-command-head"><h3>{label}</h3>{copy}</div><pre tabindex="0">{escape(text)}</pre></div>'


def _judge_html(view: RunView, heard: ModelHeard) -> str:
    titles = [principle.title for principle in view.result.report.principles] if view.result is not None else []
    lines = "".join(_line_html(title, says) for title, says in zip(titles, heard.says, strict=True)) if heard.says else ""
    table = (
        '<div class="cs-table-wrap" tabindex="0" role="region" aria-label="Verdicts by principle"><table><thead><tr><th scope="col">Principle</th>'
        '<th scope="col">Follow</th><th scope="col">Do not</th><th scope="col">Not judged</th><th scope="col">Kappa with people</th>'
        '<th scope="col">Length</th><th scope="col">Used</th>'
        f"</tr></thead><tbody>{lines}</tbody></table></div>"
    )
    name = escape(judge_name(key_of(heard.use)))
    return (
        f'<section class="cs-asked-model"><h3><bdi>{name}</bdi></h3><p class="cs-number">{escape(_took(heard))}</p>'
        f'<p class="cs-quiet cs-number">{escape(heard.use.address)}, wording {escape(heard.use.wording)}.</p>{table if lines else ""}</section>'
    )


def _took(heard: ModelHeard) -> str:
    """What asking took. What it cost is told by the command, which alone is given prices."""
    use, there = heard.use, sum(says.cards for says in heard.says)
    beside = max(0, use.asked - use.failed - sum(says.follows + says.does_not + says.unjudged for says in heard.says)) if heard.says else 0
    of = f" of {there}" if heard.says else ""
    failed = f", {use.failed} failed and will be asked about again" if use.failed else ""
    elsewhere = f" Asked beside another run: {count(beside, 'card')} more." if beside else ""
    tokens = f"Tokens: {use.tokens_in:,} sent, {use.tokens_out:,} answered.{_untold(use)}"
    return f"{use.asked - beside}{of} cards asked about{failed}.{elsewhere}{_time(use)} {tokens}"


def _time(use: JudgeUse) -> str:
    if use.median_ms is None or use.p95_ms is None:
        return ""
    return f" A question took {use.median_ms / 1000:.2f} s (median; 95 of 100 at most {use.p95_ms / 1000:.2f} s), all of them {use.total_s:,.0f} s."


def _untold(use: JudgeUse) -> str:
    return f" The endpoint counted none for {count(use.untold, 'card')}, not in this sum." if use.untold else ""


def _line_html(title: str, says: ModelOf) -> str:
    used = f"no: {says.not_used}" if says.not_used else "yes"
    kappa = figure_says(says.agreement) if says.agreement.n else "nobody marked what it judged"
    told = (says.follows, says.does_not, says.unjudged, kappa, longer_says(says.leaning, says.longer), used)
    cells = "".join(f"<td>{escape(each)}</td>" for each in told)
    return f'<tr><th scope="row" dir="auto">{escape(title)}</th>{cells}</tr>'
