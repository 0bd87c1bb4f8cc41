"""A result of a run, as values, for what shows one."""

from dataclasses import replace
from typing import Any

from core.measure.questions import ANSWERS, DEPENDS, ROSE, Answer, Question
from core.measure.statistics import UNMEASURED, Figure
from core.measure.values import NO_SIDE, OVER_PROMPT, SENSE, TEXT, WEIGHTS, ArmFigures, Cell, Change, Extreme, PrincipleFigures, Report, SenseChange, WorstReply
from core.measure.verdicts import Verdict, control_sentence
from core.methods.arms import Arm, Artifact, make_arm
from core.runs.results import RunResult


def figure(value: float | None, low: float | None = None, high: float | None = None, n: int = 24) -> Figure:
    return Figure(value, low, high, n if value is not None else 0)


def share(value: float, n: int = 24) -> Figure:
    return figure(value, max(0.0, value - 0.16), min(1.0, value + 0.14), n)


def both(statement: Figure, antithesis: Figure) -> dict[str, Figure]:
    return {"statement": statement, "antithesis": antithesis}


ADAPTER = Artifact(kind="adapter", place="adapter", sha256="ab" * 32)
CONTROL, TRAINED, ALONE = make_arm("prompt"), make_arm("sami", artifact=ADAPTER), make_arm("sami-alone", artifact=ADAPTER)
ARMS = {
    CONTROL.key: ArmFigures(
        arm=CONTROL,
        mi_bound_nats=figure(0.118, -0.021, 0.24),
        mi_bound_summed_nats=figure(0.204, -0.11, 0.41),
        attribution=share(0.583),
        confusion=((15, 9), (11, 13)),
        base_mi_bound_nats=figure(0.118, -0.021, 0.24),
        base_attribution=share(0.583),
        base_surprise_nats=figure(0.874, 0.81, 0.95),
        words=both(figure(38.4, 34.1, 42.5), figure(45.2, 42.6, 47.7)),
        repetition=both(figure(0.012, 0.002, 0.027), figure(0.02, 0.009, 0.04)),
        loops=share(0.0),
        refusals=share(0.0),
        mentions=share(0.0),
        empty=share(0.0),
        kl_policy_base_nats=figure(0.0, 0.0, 0.0),
        cut=share(0.417),
        echo=figure(0.021, 0.006, 0.043),
        surprise_nats=figure(1.38, 1.27, 1.49),
        relevance_nats=figure(1.96, 1.84, 2.04),
        own_query=share(0.958),
        perplexity=figure(4.1, 3.6, 4.7),
    ),
    TRAINED.key: ArmFigures(
        arm=TRAINED,
        mi_bound_nats=figure(0.552, 0.47, 0.62),
        mi_bound_summed_nats=figure(0.611, 0.52, 0.68),
        attribution=share(0.979),
        confusion=((24, 0), (1, 23)),
        base_mi_bound_nats=figure(0.231, 0.12, 0.33),
        base_attribution=share(0.75),
        base_surprise_nats=figure(1.482, 1.39, 1.57),
        words=both(figure(13.2, 11.8, 14.9), figure(46.1, 43.0, 48.8)),
        repetition=both(figure(0.004, 0.0, 0.011), figure(0.02, 0.009, 0.04)),
        loops=share(0.0),
        refusals=share(0.042),
        mentions=share(0.0),
        empty=share(0.0),
        kl_policy_base_nats=figure(0.231, 0.2, 0.27),
        cut=share(0.0),
        echo=figure(0.034, 0.009, 0.071),
        surprise_nats=figure(1.55, 1.41, 1.68),
        relevance_nats=figure(1.92, 1.74, 2.03),
        own_query=share(0.917),
        perplexity=figure(5.2, 4.4, 6.1),
    ),
    ALONE.key: ArmFigures(
        arm=ALONE,
        **dict.fromkeys(("mi_bound_nats", "mi_bound_summed_nats", "attribution", "base_mi_bound_nats", "base_attribution", "base_surprise_nats"), UNMEASURED),  # type: ignore[arg-type]
        confusion=(),
        words={NO_SIDE: figure(21.7, 18.9, 24.2)},
        repetition={NO_SIDE: figure(0.006, 0.0, 0.013)},
        loops=share(0.0),
        refusals=share(0.0),
        mentions=share(0.0),
        empty=share(0.0),
        kl_policy_base_nats=UNMEASURED,
        cut=share(0.5),
        echo=figure(0.012, 0.002, 0.027),
        surprise_nats=UNMEASURED,
        relevance_nats=UNMEASURED,
        own_query=UNMEASURED,
        perplexity=UNMEASURED,
    ),
}
SENSE_CHANGE = SenseChange(
    arm=TRAINED.key,
    relevance_nats=figure(-0.04, -0.16, 0.07),
    surprise_nats=figure(0.17, 0.02, 0.33),
    echo=figure(0.013, -0.02, 0.05),
    cut=figure(-0.417, -0.59, -0.2),
)


def compared(name: str, before: tuple[Arm, str], after: tuple[Arm, str], found: Figure) -> Change:
    return Change(name=name, before=Cell(arm=before[0].key, side=before[1]), after=Cell(arm=after[0].key, side=after[1]), figure=found)


def changes(over: Figure, text: Figure, weights: Figure, opposite: str = "antithesis") -> tuple[Change, ...]:
    """The three differences of a principle: over prompting, by the text, in the weights."""
    return (
        compared(OVER_PROMPT, (CONTROL, "statement"), (TRAINED, "statement"), over),
        compared(TEXT, (TRAINED, opposite), (TRAINED, "statement"), text),
        compared(WEIGHTS, (CONTROL, "statement"), (ALONE, NO_SIDE), weights),
    )


def questions(rose: Answer = Answer.SHOWN, depends: Answer = Answer.SHOWN, answers: Answer = Answer.OPEN, **more: Any) -> tuple[Question, ...]:
    """The three questions of a principle; what else is known is known of the first."""
    return (
        Question(name=ROSE, answer=rose, **{"p_corrected": 0.0002, **more}),
        Question(name=DEPENDS, answer=depends, p_corrected=0.0001),
        Question(name=ANSWERS, answer=answers),
    )


EXTREMES = (
    Extreme(kind="best", query="Why is the sky blue?", text="Air scatters blue light most.", follows=True, relevance_nats=2.05, among=21),
    Extreme(kind="worst", query="What is a lunar eclipse?", text="It is many things, all of them long. " * 3, follows=False, relevance_nats=-0.41, among=3),
)


def principle(title: str, verdict: str, sentence: str, **more: Any) -> PrincipleFigures:
    values: dict[str, Any] = {
        "title": title,
        "check": "max_words: 20",
        "judge": "check",
        "compliance": {
            CONTROL.key: both(share(0.083), share(0.0)),
            TRAINED.key: both(share(0.875), share(0.042)),
            ALONE.key: {NO_SIDE: share(0.292)},
        },
        "changes": changes(figure(0.792, 0.55, 0.9), figure(0.833, 0.6, 0.93), figure(0.208, 0.02, 0.38)),
        "mi_bound_nats": {CONTROL.key: figure(0.118, -0.021, 0.24), TRAINED.key: figure(0.552, 0.47, 0.62)},
        "attribution": {CONTROL.key: share(0.583), TRAINED.key: share(0.979)},
        "base_attribution": {CONTROL.key: share(0.583), TRAINED.key: share(0.75)},
        "verdict": Verdict(verdict),
        "sentence": sentence,
        "questions": questions(),
        "control": control_sentence(title, "aligned", share(0.292), share(0.083), share(0.875)),
        "extremes": EXTREMES,
    }
    return PrincipleFigures(**(values | more))


def report(*principles: PrincipleFigures) -> Report:
    """A report as `core.measure.report.evaluate` gives it."""
    says = "“Be brief” is followed: under the statement, replies comply in 88% (69% to 96%), before training in 8% (2% to 26%)."
    return Report(
        n_queries=24,
        split="held-out",
        sides=("statement", "antithesis"),
        cap_nats=0.6931471805599453,
        read_among=8,
        arms=tuple(ARMS.values()),
        principles=principles or (principle("Be brief", "followed", says),),
        sense=(SENSE_CHANGE,),
    )


def result(*principles: PrincipleFigures, **more: Any) -> RunResult:
    """What a run's row keeps, as `core.runs.records.run_result` gives it."""
    values: dict[str, Any] = {
        "report": report(*principles),
        "trainability": None,
        "dropped": {"equal": 2},
        "balance": (),
        "endings": (),
        "duration_s": 128.4,
    }
    return RunResult(**(values | more))


def complying(after: float, verdict: str = "followed") -> RunResult:
    """The result of a run whose trained arm complies with so large a share."""
    compliance = {CONTROL.key: both(share(0.083), share(0.0)), TRAINED.key: both(share(after), share(0.042)), ALONE.key: {NO_SIDE: share(0.292)}}
    return result(principle("Be brief", verdict, f"“Be brief”: {verdict}.", compliance=compliance))


def earlier(data: RunResult) -> RunResult:
    """The result of a run of an earlier version: two arms, and the base has read no replies and no principle was flipped alone."""
    new = ("mi_bound_summed_nats", "base_mi_bound_nats", "base_attribution", "base_surprise_nats", *SENSE)
    arms = tuple(replace(figures, confusion=(), **dict.fromkeys(new, UNMEASURED)) for figures in data.report.arms[:2])
    alone: dict[str, Any] = {"mi_bound_nats": {}, "attribution": {}, "base_attribution": {}, "control": "", "questions": (), "extremes": ()}
    principles = tuple(
        replace(row, compliance={key: row.compliance[key] for key in (CONTROL.key, TRAINED.key)}, changes=row.changes[:2], **alone)
        for row in data.report.principles
    )
    return replace(data, report=replace(data.report, arms=arms, principles=principles, read_among=0, sense=()))


def result_of_two(second: PrincipleFigures) -> RunResult:
    """The result of a constitution of two principles: four constitutions were asked."""
    first = principle(
        "Be brief",
        "followed",
        "“Be brief” is followed: under the statement, replies comply in 88% (69% to 96%), before training in 8% (2% to 26%); "
        "under its antithesis alone in 12% (4% to 31%).",
    )
    rows = []
    for row in (first, second):
        compliance = {key: {**by_side, "flip": share(0.125)} if NO_SIDE not in by_side else by_side for key, by_side in row.compliance.items()}
        rows.append(replace(row, compliance=compliance, changes=changes(*(change.figure for change in row.changes), opposite="flip")))
    confusion = {
        TRAINED.key: ((21, 0, 0, 3), (0, 22, 2, 0), (0, 9, 15, 0), (14, 0, 0, 10)),
        CONTROL.key: ((10, 4, 4, 6), (5, 11, 5, 3), (6, 8, 7, 3), (9, 3, 5, 7)),
        ALONE.key: (),
    }
    plain = report(*rows)
    arms = tuple(replace(figures, confusion=confusion[figures.arm.key]) for figures in plain.arms)
    sides = ("statement", "antithesis", "flip 1", "flip 2")
    return replace(result(), report=replace(plain, arms=arms, sides=sides, cap_nats=1.3862943611198906))


def capitals() -> PrincipleFigures:
    """The principle that a model can tell apart without following it."""
    says = (
        "“Write in capital letters” is attributable, not followed: replies are traced to their constitution in 98% (80% to 100%), yet compliance under "
        "the statement went from 0% (0% to 14%) to 0% (0% to 14%), a change that chance explains. The model tells the two sides apart by something else."
    )
    none, no_change = figure(0.0, 0.0, 0.138), figure(0.0, -0.07, 0.07)
    return principle(
        "Write in capital letters",
        "attributable, not followed",
        says,
        check="uppercase",
        compliance={CONTROL.key: both(none, none), TRAINED.key: both(none, none), ALONE.key: {NO_SIDE: none}},
        changes=changes(no_change, no_change, no_change),
        questions=questions(Answer.ABSENT, Answer.ABSENT, p_corrected=1.0),
        control=control_sentence("Write in capital letters", "aligned", none, none, none),
        extremes=(replace(EXTREMES[1], text="It is when the Earth stands between the Sun and the Moon.", among=24),),
    )


NONSENSE = "<b>aaaa</b> aaaa"


def senseless() -> RunResult:
    """A result whose replies have the form and no longer answer."""
    says = "“Be brief” is in the form asked for, but the replies no longer answer (relevance −1.29 nats (−1.70 to −0.80)): under the statement …"
    verdict = "in the form asked for, but the replies no longer answer"
    found = result(principle("Be brief", verdict, says, questions=questions(answers=Answer.ABSENT)))
    worst = tuple(
        WorstReply(query=f"Why {i}?", text=NONSENSE, relevance_nats=-3.1 + i, surprise_nats=2.75, echo=0.0, cut=(True, False, None)[i]) for i in range(3)
    )
    change = replace(SENSE_CHANGE, relevance_nats=figure(-1.29, -1.7, -0.8), worst=worst)
    return replace(found, report=replace(found.report, sense=(change,)))
