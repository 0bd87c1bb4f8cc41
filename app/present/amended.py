"""Evidence for an amendment, as lines for a terminal and as a table."""

from collections.abc import Iterator

from app.present.text import escape
from app.services.evidence import EvidenceView
from core.measure.amended import Amended, PrincipleEffect
from core.measure.questions import Answer
from core.measure.statistics import Figure

FAMILY = (
    "Changes are new minus old, on the same held-out queries, paired; intervals are 95%. Whether compliance rose is corrected over the principles shown (Holm, "
    "5% for all of them). Both models were drawn with one seed: another seed gives other replies under either wording."
)
WHOLE = {"relevance_nats": "Relevance, nats", "surprise_nats": "Surprise, nats a token", "words": "Words a reply", "cut": "Replies cut"}


def figure_text(figure: Figure, as_share: bool = True) -> str:
    """`+0.25 (0.05 to 0.45), n 24`; a dash where nothing was measured."""
    if figure.value is None:
        return "–"
    signed = f"{figure.value:+.2f}" if as_share else f"{figure.value:.2f}"
    interval = f" ({figure.low:.2f} to {figure.high:.2f})" if figure.low is not None and figure.high is not None else ""
    return f"{signed}{interval}, n {figure.n}"


def says(effect: PrincipleEffect) -> str:
    """What may be said of the change."""
    question = effect.question
    if question.answer is Answer.UNMEASURED:
        return effect.note or "not measured"
    shown = {Answer.SHOWN: "a rise is shown", Answer.ABSENT: "a fall is shown" if question.contrary else "a change of 20 points is excluded"}
    more = f"; a difference of 20 points would need {question.more_queries:,} more queries" if question.more_queries is not None else ""
    told = shown.get(question.answer, f"not shown at this n{more}")
    p = f" (p {question.p_corrected:.3f}, corrected)" if question.p_corrected is not None else ""
    return f"{told}{p}{f'; {effect.note}' if effect.note else ''}"


def evidence_lines(view: EvidenceView) -> Iterator[str]:
    """The same for a terminal."""
    yield f"Evidence: run {view.old_run} (old wording) and run {view.new_run} (new wording), of wording {view.revision}"
    if view.found is None:
        yield f"  {view.says}"
        return
    for effect in view.found.principles:
        yield f"  “{effect.title}” ({effect.became}): {_share(effect.old)} → {_share(effect.new)}, change {figure_text(effect.change)}: {says(effect)}"
    yield from (f"  {name}: change {figure_text(getattr(view.found, key))}" for key, name in WHOLE.items())
    yield f"  {FAMILY}"


def evidence_html(view: EvidenceView, revision: int) -> str:
    """The pair of runs, and what they say."""
    runs = f'<a href="./run?id={view.old_run}">Run {view.old_run}</a> (old wording) and <a href="./run?id={view.new_run}">run {view.new_run}</a> (new wording)'
    earlier = " They trained an earlier wording of this amendment." if view.revision != revision else ""
    told = _table(view.found) if view.found is not None else f'<p class="cs-quiet">{escape(view.says)}</p>'
    return f"<p>{runs}.{earlier}</p>{told}"


def _table(found: Amended) -> str:
    rows = "".join(
        f'<tr><th scope="row"><bdi>{escape(each.title)}</bdi> <span class="cs-quiet">{each.became}</span></th><td>{_share(each.old)}</td>'
        f"<td>{_share(each.new)}</td><td>{figure_text(each.change)}</td><td>{escape(says(each))}</td></tr>"
        for each in found.principles
    )
    whole = "".join(f'<tr><th scope="row">{name}</th><td>{figure_text(getattr(found, key))}</td></tr>' for key, name in WHOLE.items())
    return (
        '<div class="cs-scroll" tabindex="0" role="region" aria-label="Evidence"><table class="cs-evidence"><thead><tr><th scope="col">Principle</th>'
        '<th scope="col">Old</th><th scope="col">New</th><th scope="col">Change</th><th scope="col">What that shows</th></tr></thead>'
        f'<tbody>{rows}</tbody></table><table class="cs-evidence"><thead><tr><th scope="col">Of all replies</th><th scope="col">Change</th></tr></thead>'
        f'<tbody>{whole}</tbody></table></div><p class="cs-quiet">{FAMILY}</p>'
    )


def _share(figure: Figure) -> str:
    return f"{figure.value:.0%}" if figure.value is not None else "–"
