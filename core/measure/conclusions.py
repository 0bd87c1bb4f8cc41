"""From the figures of all principles to their verdicts: the three questions answered as one family, then a word and a sentence for each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.measure.questions import DEPENDS, ROSE, Question, Sense, compare, doubts, harms, still_answers
from core.measure.statistics import LEVEL, UNMEASURED, Figure, Pairs, holm
from core.measure.values import NO_SIDE, PrincipleFigures, Roles, SenseChange, opposite
from core.measure.verdicts import Evidence, control_sentence, verdict_of
from core.methods.arms import inner_title, trained_name, trained_to_contrast


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One principle's figures, with the pairs that its answers are counted from."""

    figures: PrincipleFigures
    rose: Pairs  # the arm under the statement, after the control
    depends: Pairs  # the arm under the statement, after itself under the antithesis
    traced: Pairs  # queries of which all replies are traced right: the arm, after the control


def conclude(compared: Sequence[Compared], parts: Roles, sense: Sense) -> tuple[PrincipleFigures, ...]:
    """The figures with what may be said of them.

    Args:
        compared: Of every principle.
        parts: Which arms the verdicts are about; both a control and what is held against it.
        sense: Changes of that arm over the control.
    """
    asked = compare([name for _ in compared for name in (ROSE, DEPENDS)], [pairs for each in compared for pairs in (each.rose, each.depends)])
    traced = holm([each.traced.p_value if each.traced.n else 1.0 for each in compared])
    answers, harm, doubt = still_answers(sense), _figures(sense, harms(sense)), _figures(sense, doubts(sense))
    return tuple(
        _concluded(each.figures, parts, (*asked[2 * i : 2 * i + 2], answers), _Said(harm=harm, doubt=doubt, traced_more=_more(each.traced, traced[i])))
        for i, each in enumerate(compared)
    )


@dataclass(frozen=True, kw_only=True)
class _Said:
    harm: str
    doubt: str
    traced_more: bool


def _more(pairs: Pairs, p: float) -> bool:
    return bool(pairs.n) and pairs.value > 0 and p <= LEVEL


def _concluded(figures: PrincipleFigures, parts: Roles, questions: tuple[Question, ...], said: _Said) -> PrincipleFigures:
    assert parts.control is not None
    assert parts.trained is not None
    control, trained = parts.control.key, parts.trained.key
    verdict, sentence = verdict_of(
        figures.title,
        Evidence(
            arm_title=inner_title(parts.trained),
            trained=parts.trained.artifact is not None,
            attribution=figures.attribution[trained],
            own_attribution=figures.attribution[control],
            traced_more=said.traced_more,
            base_attribution=figures.base_attribution[trained],
            control=figures.compliance[control]["statement"],
            arm=figures.compliance[trained]["statement"],
            antithesis=figures.compliance[trained][opposite(figures.compliance[trained])],
            rose=questions[0],
            depends=questions[1],
            answers=questions[2],
            harm=said.harm,
            doubt=said.doubt,
            has_check=figures.judge is not None,
            contrasted=trained_to_contrast(parts.trained),
            alone="flip" in figures.compliance[trained],
        ),
    )
    found = replace(figures, verdict=verdict, sentence=sentence, questions=questions)
    if parts.alone is None or parts.trained.artifact is None:
        return found
    with_it = (figures.compliance[arm]["statement"] for arm in (control, trained))
    return replace(found, control=control_sentence(figures.title, trained_name(parts.trained), figures.compliance[parts.alone.key][NO_SIDE], *with_it))


def sense_of(change: SenseChange | None, cap_nats: float, n_queries: int) -> Sense:
    """What the third question is asked of; nothing was measured where there is no change."""
    if change is None:
        return Sense()
    return Sense(relevance_nats=change.relevance_nats, surprise_nats=change.surprise_nats, echo=change.echo, cap_nats=cap_nats, n_queries=n_queries)


def _figures(sense: Sense, names: Sequence[str]) -> str:
    """Measures of whether replies answer, with their figures, as a sentence has them."""
    told = {
        "relevance": _told("relevance", sense.relevance_nats, " nats"),
        "surprise": _told("surprise", sense.surprise_nats, " nats a token"),
        "echo": _told("repeated from query or constitution", sense.echo, ""),
    }
    return ", ".join(told[name] for name in names)


def _told(name: str, figure: Figure, unit: str) -> str:
    value, low, high = (f"{end:+.2f}".replace("-", "−") if end is not None else "?" for end in (figure.value, figure.low, figure.high))
    return f"{name} {value}{unit} ({low} to {high})" if figure != UNMEASURED else ""
