"""Evidence for an amendment, as lines for a terminal and as a table."""

from collections.abc import Iterator, Sequence

from app.present.text import count, escape, isolated
from app.services.evidence import EvidenceView
from core.measure.amended import Amended, OwnEffect, PrincipleEffect
from core.measure.asked_models import model_says
from core.measure.judges import CheckJudge
from core.measure.marked import marks_says
from core.measure.marks import MARKS_BY
from core.measure.questions import Answer, Question
from core.measure.statistics import DIFFERENCE, LEVEL, POWER, Figure

PAIRED = (
    "Changes are new minus old, on the same held-out queries, paired; intervals are 95%. Both models were drawn with one seed: another seed gives other "
    "replies under either wording."
)
WHOLE = {"relevance_nats": "Relevance, nats", "surprise_nats": "Surprise, nats a token", "words": "Words a reply", "cut": "Replies cut"}
NOBODY = "cannot be judged yet: no program judges it, nobody has marked whole deals of its cards, and no model judges it that people agree with"


def figure_text(figure: Figure, as_share: bool = True) -> str:
    """`+0.25 (0.05 to 0.45), n 24`; a dash where nothing was measured."""
    if figure.value is None:
        return "–"
    signed = f"{figure.value:+.2f}" if as_share else f"{figure.value:.2f}"
    interval = f" ({figure.low:.2f} to {figure.high:.2f})" if figure.low is not None and figure.high is not None else ""
    return f"{signed}{interval}, n {figure.n}".replace("-", "−")


def judged_as(effect: PrincipleEffect) -> str:
    """By whom, as a sentence ends that says what was found; empty where nobody can judge."""
    if effect.judge is None:
        return ""
    if effect.judge == CheckJudge.name:
        return f"by its check, {effect.check}"
    return f"as marked by {effect.judge.removeprefix(MARKS_BY)}" if effect.judge.startswith(MARKS_BY) else f"as judged by {effect.judge}"


def says(effect: PrincipleEffect) -> str:
    """What may be said of the change."""
    question, note = effect.question, f"; {effect.note}" if effect.note else ""
    if effect.judge is None:
        return NOBODY
    if question.answer is Answer.UNMEASURED:
        return f"cannot be judged yet: of no query both replies are judged, {judged_as(effect)}{note}"
    points = f"{100 * DIFFERENCE:.0f} points"
    shown = {Answer.SHOWN: "a rise is shown", Answer.ABSENT: "a fall is shown" if question.contrary else f"a change of {points} is excluded"}
    told = shown.get(question.answer, f"not shown at this n{_needs(question, points)}")
    p = f" (p {_p_text(question.p_corrected)}, corrected)" if question.p_corrected is not None else ""
    return f"{told}{p}, {judged_as(effect)}{note}"


def _p_text(p: float) -> str:
    return f"{p:.3f}" if p >= 0.0005 else "< 0.001"  # which is no zero


def _needs(question: Question, points: str) -> str:
    """How many more queries it would need."""
    if question.more_queries is None:
        return ""
    if question.more_queries == 0:
        return f"; a difference of {points} would have been seen in {POWER:.0%} of results"
    return f"; a difference of {points} would need {count(question.more_queries, 'more query', 'more queries')}"


def heard(effect: PrincipleEffect) -> tuple[str, ...]:
    """What people and models said of its cards, in sentences, as below the result of a run."""
    return (*(marks_says(effect.marks) if effect.marks is not None else ()), *map(model_says, effect.models))


def beside(effect: PrincipleEffect) -> tuple[str, ...]:
    """What is measured of one principle besides, in sentences: its own scenarios, and relevance where that is a figure of its own."""
    own = [_own(effect.own)] if effect.own is not None else []
    relevance = [f"Relevance on the queries that this rests on, nats: {figure_text(effect.relevance_nats)}."] if effect.relevance_nats is not None else []
    return (*own, *relevance)


def _own(own: OwnEffect) -> str:
    relevance = f"; relevance, nats {figure_text(own.relevance_nats)}" if own.relevance_nats.n else "; their relevance was not read"
    change = figure_text(own.change) if own.change.n else "not judged"
    return f"On {count(own.n_queries, 'scenario')} of its own, by themselves: change {change}{relevance}."


def family(found: Amended) -> str:
    """With what the claims are corrected, by name."""
    tested = [each.title for each in found.principles if each.question.p_corrected is not None]
    rest = [each.title for each in found.principles if each.question.p_corrected is None]
    if not tested:
        return f"No claim is made, so none is corrected: nothing could be compared of {_titles(rest)}."
    left_out = f" Not among them, since nothing could be compared: {_titles(rest)}." if rest else ""
    if len(tested) == 1:
        return f"Family of the correction (Holm): one comparison of compliance, of {_titles(tested)}, so that there was nothing to correct.{left_out}"
    return f"Family of the correction (Holm, {LEVEL:.0%} for all of them): the {len(tested)} comparisons of compliance, of {_titles(tested)}.{left_out}"


def _titles(titles: Sequence[str]) -> str:
    quoted = [f"“{title.strip()}”" for title in titles]
    return " and ".join([*([", ".join(quoted[:-1])] if quoted[1:] else []), quoted[-1]])


def same_replies(found: Amended) -> str:
    """What relevance is a figure of."""
    of = f"Relevance is of the replies under all statements to all {count(found.n_queries, 'query', 'queries')}"
    if len(found.principles) < 2:
        return f"{of}, on which the change above rests."
    if all(each.relevance_nats is None for each in found.principles):
        return f"{of}. Every principle’s change rests on these same replies, so it is one finding, and not one for each principle."
    return f"{of}. Every principle’s change rests on these same replies, or on a part of them where fewer could be judged by it; then it has a line of its own."


def notes(found: Amended) -> tuple[str, ...]:
    """What stands under the figures."""
    own = ["What is said of a principle’s own scenarios is corrected with nothing, and no claim rests on it."] if any(p.own for p in found.principles) else []
    return (family(found), same_replies(found), *own, PAIRED)


def mark_command(view: EvidenceView, effect: PrincipleEffect) -> str:
    """What shows somebody the replies of both runs, mixed."""
    by, other = _runs(view, effect)
    return f"python -m app mark --run {by} --beside {other} --principle {effect.number}"


def _runs(view: EvidenceView, effect: PrincipleEffect) -> tuple[int, int]:
    """The run by whose text both are judged, and the other one."""
    return (view.old_run, view.new_run) if effect.became == "removed" else (view.new_run, view.old_run)


def evidence_lines(view: EvidenceView) -> Iterator[str]:
    """The same for a terminal."""
    yield f"Evidence: run {view.old_run} (old wording) and run {view.new_run} (new wording), of wording {view.revision}"
    if view.found is None:
        yield f"  {view.says}"
        return
    for effect in view.found.principles:
        yield f"  “{effect.title}” ({effect.became}): {_share(effect.old)} to {_share(effect.new)}, change {figure_text(effect.change)}: {says(effect)}"
        yield from (f"    {line}" for line in (*beside(effect), *heard(effect)))
        if not effect.change.n and effect.judge != CheckJudge.name:
            yield f"    Mark the replies of both: {mark_command(view, effect)}; or give it a check and have both wordings trained again."
    yield from (f"  {name}: change {figure_text(getattr(view.found, key))}" for key, name in WHOLE.items())
    yield from (f"  {note}" for note in notes(view.found))


def evidence_html(view: EvidenceView, revision: int, constitution: int) -> str:
    """The pair of runs, and what they say; `constitution` is the one that is amended."""
    runs = f'<a href="./run?id={view.old_run}">Run {view.old_run}</a> (old wording) and <a href="./run?id={view.new_run}">run {view.new_run}</a> (new wording)'
    earlier = " They trained an earlier wording of this amendment." if view.revision != revision else ""
    told = _table(view, view.found, constitution) if view.found is not None else f'<p class="cs-quiet">{escape(view.says)}</p>'
    return f"<p>{runs}.{earlier}</p>{told}"


def _table(view: EvidenceView, found: Amended, constitution: int) -> str:
    rows = "".join(_row(view, each, constitution) for each in found.principles)
    whole = "".join(f'<tr><th scope="row">{name}</th><td>{figure_text(getattr(found, key))}</td></tr>' for key, name in WHOLE.items())
    titles = [each.title for each in found.principles]
    below = "".join(f'<p class="cs-quiet">{isolated(note, *titles)}</p>' for note in notes(found))
    return (
        '<div class="cs-scroll" tabindex="0" role="region" aria-label="Figures of both wordings"><table class="cs-evidence"><thead><tr>'
        f'<th scope="col">Principle</th><th scope="col">Old</th><th scope="col">New</th><th scope="col">Change</th></tr></thead>{rows}</table>'
        '<table class="cs-evidence"><thead><tr><th scope="col">Of all replies</th><th scope="col">Change</th></tr></thead>'
        f"<tbody>{whole}</tbody></table></div>{below}"
    )


def _row(view: EvidenceView, effect: PrincipleEffect, constitution: int) -> str:
    """The figures of one principle, and below them what they show."""
    names = (*(effect.marks.people if effect.marks is not None else ()), *(model.name for model in effect.models))
    lines = "".join(f'<p class="cs-quiet">{isolated(line, *names)}</p>' for line in (*beside(effect), *heard(effect)))
    shown = says(effect)
    return (
        f'<tbody><tr><th scope="row"><bdi>{escape(effect.title)}</bdi> <span class="cs-quiet">{effect.became}</span></th><td>{_share(effect.old)}</td>'
        f'<td>{_share(effect.new)}</td><td>{figure_text(effect.change)}</td></tr><tr><td class="cs-evidence-says" colspan="4">'
        f"<p>{isolated(f'{shown[0].upper()}{shown[1:]}.', *names)}</p>{lines}{_ways(view, effect, constitution)}</td></tr></tbody>"
    )


def _ways(view: EvidenceView, effect: PrincipleEffect, constitution: int) -> str:
    """The ways on: the replies of both to be marked, and where nothing can be compared so far also a check."""
    by, other = _runs(view, effect)
    both = f'<a href="./mark?run={by}&amp;beside={other}&amp;principle={effect.number}">Mark the replies of both runs, mixed</a>'
    numbers = {view.old_run: effect.old_number, view.new_run: effect.new_number}
    each = [f'<a href="./mark?run={run}&amp;principle={number}">run {run}</a>' for run, number in numbers.items() if number is not None]
    alone = f" or {' and '.join(each)} by itself" if len(each) == len(numbers) else ""
    if effect.change.n:
        return f'<p class="cs-quiet">{both}{alone}.</p>' if effect.judge != CheckJudge.name else ""
    if effect.judge == CheckJudge.name:  # which people's marks do not stand in for
        return f'<p class="cs-quiet"><a href="./write?constitution={constitution}">Give it another check</a> and have both wordings trained again.</p>'
    check = f'<a href="./write?constitution={constitution}">give it a check</a> and have both wordings trained again'
    return f'<p class="cs-quiet">{both}{alone}; or {check}.</p>'


def _share(figure: Figure) -> str:
    return f"{figure.value:.0%}" if figure.value is not None else "–"
