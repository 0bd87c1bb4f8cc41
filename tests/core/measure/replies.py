"""Replies whose figures are known, and the report on them."""

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.measure.report import evaluate
from core.measure.values import MeasuredReply, Report
from core.methods.arms import Artifact, make_arm

CAPITALS = Constitution(name="C", principles=(Principle(title="Capitals", statement="Shout.", antithesis="Do not.", check=Check("capital_letters")),))
ADAPTER = Artifact(kind="adapter", place="somewhere", sha256="ab")
CONTROL, TRAINED, ALONE = make_arm("prompt"), make_arm("sami", artifact=ADAPTER), make_arm("sami-alone", artifact=ADAPTER)
N = 16


def reply(side="statement", text="a b", logprobs=(-1.0, -2.0), **fields):
    """A measured one; what is not said of it is as of any other."""
    scores = {"logprobs": tuple(logprobs), "base_logprobs": tuple(fields.pop("base_logprobs", logprobs)), "kl_policy_base_nats": 0.1 if logprobs else None}
    return MeasuredReply(**{"query": "q", "side": side, "text": text, "ended": True, "tokens": 5, **scores, **fields})


def replies(statement, antithesis, margin, n=N, base_margin=None):
    """N queries; each text under its side, attributed to its side by `margin` nats a token, by the base by `base_margin`."""

    def scores(side, margin):
        return (-1.0, -1.0 - margin) if side == "statement" else (-1.0 - margin, -1.0)

    texts = {"statement": statement, "antithesis": antithesis}
    foreign = margin if base_margin is None else base_margin
    return [
        reply(side=side, text=text, query=f"q{i}", logprobs=scores(side, margin), base_logprobs=scores(side, foreign))
        for i in range(n)
        for side, text in texts.items()
    ]


BASE = replies("a plain reply", "a plain reply", 0.0)


def evaluated(constitution, base, aligned):
    return evaluate(constitution, {CONTROL: base, TRAINED: aligned})


def base_of(report: Report):
    return next(figures for figures in report.arms if figures.arm.key == CONTROL.key)


def aligned_of(report: Report):
    return next(figures for figures in report.arms if figures.arm.key == TRAINED.key)


def change_of(principle, name):
    return next(change.figure for change in principle.changes if change.name == name)


def verdict(aligned, base=BASE, constitution=CAPITALS):
    return evaluated(constitution, base, aligned).principles[0]
