"""Draw results in which the truth is known, and count how often intervals hold it and what verdicts say.

    python -m tests.bench.calibration [--repeats 4000] [--seed 0]

Nothing is trained and no model is loaded. tests/core/measure/test_calibration.py runs the same with fewer repeats.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from core.measure.questions import DEPENDS, ROSE, Answer, Question, Sense, compare, still_answers
from core.measure.statistics import DIFFERENCE, Figure, Pairs, clustered_share, mean, more_queries, over_seeds, paired_change, share

Generator = np.random.Generator
SIZES = (24, 48)
MEANS: dict[str, tuple[Callable[[Generator, int], np.ndarray], float]] = {  # how values are drawn, and their true mean
    "symmetric": (lambda rng, n: rng.normal(size=n), 0.0),
    "bound-like (at most log 2)": (lambda rng, n: np.log(2) - np.logaddexp(0, rng.normal(-1, 1.5, size=n)), np.nan),
    "skewed (exponential)": (lambda rng, n: rng.exponential(size=n), 1.0),
}
SHARES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
ALIKE = (0.0, 0.3, 0.7, 1.0)  # how alike the replies to one query are: correlation within a cluster
SEEDS: dict[str, tuple[Callable[[Generator, int], np.ndarray], float]] = {  # shares of several seeds, and their true mean
    "all 0.5": (lambda _, n: np.full(n, 0.5), 0.5),
    "all 0.9": (lambda _, n: np.full(n, 0.9), 0.9),
    "all 0.98": (lambda _, n: np.full(n, 0.98), 0.98),
    "beta, mean 0.7, standard deviation 0.1": (lambda rng, n: rng.beta(14, 6, n), 0.7),
    "beta, mean 0.8, standard deviation 0.18": (lambda rng, n: rng.beta(3.2, 0.8, n), 0.8),
    "half 0.54, half 0.92": (lambda rng, n: rng.choice([0.54, 0.92], n), 0.73),
    "0.95, but with one seed of five 0.2": (lambda rng, n: np.where(rng.random(n) < 0.2, 0.2, 0.95), 0.8),
}
CHANGES = ((0.05, 0.05), (0.1, 0.1), (0.2, 0.2), (0.3, 0.1), (0.25, 0.05), (0.5, 0.02))  # pairs that gain and that lose


@dataclass(frozen=True)
class Line:
    """What was counted."""

    what: str
    n: int
    value: float


def main() -> None:
    """Print the tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tables = (
        ("intervals hold the truth", coverage),
        ("the interval of a mean over seeds holds the truth", over_several_seeds),
        ("nothing changed, and a principle is called followed", false_claims),
        ("a share of 0.2 more is shown", power),
    )
    for title, simulate in tables:
        print(f"\n| {title} | n | share of results |\n|---|---|---|")
        for line in simulate(np.random.default_rng(options.seed), options.repeats):
            print(f"| {line.what} | {line.n} | {line.value:.3f} |", flush=True)


def coverage(rng: Generator, repeats: int) -> Iterator[Line]:
    """How often each kind of interval holds the truth; of shares, over true shares from rare to common."""
    for n in SIZES:
        for what, (draw, truth) in MEANS.items():
            known = float(draw(np.random.default_rng(1), 1_000_000).mean()) if np.isnan(truth) else truth
            yield Line(f"mean, {what}", n, _held(repeats, lambda draw=draw, n=n: mean(list(draw(rng, n))), known))
        each = -(-repeats // len(SHARES))
        yield Line("share", n, float(np.mean([_held(each, lambda p=p, n=n: share(list(rng.random(n) < p)), p) for p in SHARES])))
        for alike in ALIKE:
            held = [_held(each, lambda p=p, n=n, alike=alike: clustered_share(_clusters(rng, p, n, alike)), p) for p in SHARES]
            yield Line(f"share of two replies a query, correlation {alike:g}", n, float(np.mean(held)))
        each = -(-repeats // len(CHANGES))
        held = [_held(each, lambda up=up, down=down, n=n: _change(_pairs(rng, up, down, n)), up - down) for up, down in CHANGES]
        yield Line("paired change", n, float(np.mean(held)))


def over_several_seeds(rng: Generator, repeats: int) -> Iterator[Line]:
    """How often the interval of a mean over two, three and five seeds of 24 queries holds the mean over all seeds; `n` counts seeds."""
    for what, (draw, truth) in SEEDS.items():
        for n in (2, 3, 5):

            def pooled(draw: Callable[[Generator, int], np.ndarray] = draw, n: int = n) -> Figure:
                return over_seeds([share(list(rng.random(24) < p)) for p in draw(rng, n)], 0.0, 1.0).mean

            yield Line(what, n, _held(repeats, pooled, truth))


def _held(repeats: int, measure: Callable[[], Figure], truth: float) -> float:
    figures = [measure() for _ in range(repeats)]
    return float(np.mean([figure.low is not None and figure.high is not None and figure.low <= truth <= figure.high for figure in figures]))


def _clusters(rng: Generator, p: float, n: int, alike: float) -> list[list[bool]]:
    """Two outcomes to each query: the second is the first again with the probability `alike`, else drawn anew."""
    first, anew = rng.random(n) < p, rng.random(n) < p
    second = np.where(rng.random(n) < alike, first, anew)
    return [[bool(a), bool(b)] for a, b in zip(first, second, strict=True)]


def _pairs(rng: Generator, up: float, down: float, n: int) -> Pairs:
    gained, lost, _ = rng.multinomial(n, [up, down, 1 - up - down])
    return Pairs(n=n, gained=int(gained), lost=int(lost))


def _change(pairs: Pairs) -> Figure:
    same = pairs.n - pairs.gained - pairs.lost
    return paired_change([False] * pairs.gained + [True] * pairs.lost + [False] * same, [True] * pairs.gained + [False] * pairs.lost + [False] * same)


def _questions(rng: Generator, principles: int, n: int, shares: tuple[float, float, float]) -> list[Question]:
    """The first two questions of each principle, where base, arm and antithesis follow with these probabilities, query by query on their own."""
    base, arm, antithesis = shares
    pairs = [
        _pairs(rng, high * (1 - low), low * (1 - high), n) for _ in range(principles) for low, high in ((base, arm), (antithesis, arm))
    ]  # gained: not before, but after
    return compare([ROSE, DEPENDS] * principles, pairs)


def _followed(questions: list[Question]) -> bool:
    """Whether one of the principles is shown to have risen and to depend on the text."""
    return any(rose.answer is depends.answer is Answer.SHOWN for rose, depends in zip(questions[::2], questions[1::2], strict=True))


def false_claims(rng: Generator, repeats: int) -> Iterator[Line]:
    """How often at least one principle is called followed though the arm is what the base is; and how often replies are called senseless."""
    for n in SIZES:
        for principles in (1, 3, 8):
            for p, antithesis in ((0.5, 0.05), (0.2, 0.0), (0.5, 0.5)):
                said = [_followed(_questions(rng, principles, n, (p, p, antithesis))) for _ in range(repeats)]
                yield Line(f"{principles} of {principles} unchanged: {p:g} under the statement, {antithesis:g} under the antithesis", n, float(np.mean(said)))
        senseless = [still_answers(_unchanged_sense(rng, n)).answer is Answer.ABSENT for _ in range(max(100, repeats // 8))]
        yield Line("unchanged replies, called senseless", n, float(np.mean(senseless)))


def _unchanged_sense(rng: Generator, n: int) -> Sense:
    """Differences of two draws that answer alike: relevance is mostly at its cap with a tail below, as it is measured."""
    tails = [np.where(rng.random(n) < 0.85, rng.exponential(0.05, n), rng.exponential(1.0, n)) for _ in range(2)]
    return Sense(
        relevance_nats=mean(list(tails[0] - tails[1])),
        surprise_nats=mean(list(rng.normal(0, 0.4, n))),
        echo=mean(list(rng.normal(0, 0.05, n))),
        cap_nats=float(np.log(8)),
        n_queries=n,
    )


def power(rng: Generator, repeats: int) -> Iterator[Line]:
    """How often a true gain of `DIFFERENCE` is shown, with as many queries as there are and with as many as `more_queries` asks for."""
    for up, down in ((0.25, 0.05), (0.3, 0.1), (0.4, 0.2)):
        assert abs(up - down - DIFFERENCE) < 1e-9
        for family in (2, 6, 16):
            seen = Pairs(n=38, gained=round(40 * up), lost=round(40 * down) - 1)
            for n in (24, seen.n + more_queries(seen, family)):
                shown = [pairs.p_value * family <= 0.05 and pairs.value > 0 for pairs in (_pairs(rng, up, down, n) for _ in range(repeats))]
                yield Line(f"{up:g} gain, {down:g} lose, first of {family}", n, float(np.mean(shown)))


if __name__ == "__main__":
    main()
