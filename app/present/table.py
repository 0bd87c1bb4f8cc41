"""The result as lines for a terminal. The page has its own, from the same data."""

from core.evaluation import Result
from core.statistics import Figure


def result_lines(result: Result) -> list[str]:
    """A table of base against aligned, then a sentence for each principle."""
    rows = [("", "base", "aligned", "n")]
    base, aligned = result.base, result.aligned
    rows.append((f"MI bound (nats, of {result.cap_nats:.3f})", number(base.mi_bound_nats), number(aligned.mi_bound_nats), str(aligned.mi_bound_nats.n)))
    rows.append(("attribution accuracy (chance 0.50)", number(base.attribution, 2), number(aligned.attribution, 2), str(aligned.attribution.n)))
    for principle in result.principles:
        if principle.check is None:
            continue
        for side in ("statement", "antithesis"):
            label = f"{principle.title} [{principle.check}], {side}"
            rows.append((label, number(principle.base[side], 2), number(principle.aligned[side], 2), str(principle.aligned[side].n)))
    for side in ("statement", "antithesis"):
        rows.append((f"mean words, {side}", number(base.words[side], 1), number(aligned.words[side], 1), str(aligned.words[side].n)))
    for side in ("statement", "antithesis"):
        rows.append((f"repetition, {side}", number(base.repetition[side]), number(aligned.repetition[side]), str(aligned.repetition[side].n)))
    for label, before, after in (
        ("loops", base.loops, aligned.loops),
        ("empty replies", base.empty, aligned.empty),
        ("refusals", base.refusals, aligned.refusals),
        ("talk about principles", base.mentions, aligned.mentions),
    ):
        rows.append((label, number(before, 2), number(after, 2), str(after.n)))
    rows.append(("KL to base (nats a token)", "", number(aligned.kl_nats), str(aligned.kl_nats.n)))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = [f"Result on {result.n_queries} {result.split} queries, with 95% intervals", ""]
    lines += [f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}" for row in rows]
    return [*lines, "", *(principle.sentence for principle in result.principles)]


def number(figure: Figure, digits: int = 3) -> str:
    """A figure with its interval; a dash when it could not be measured."""
    if figure.value is None:
        return "–"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.{digits}f}"
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f}–{figure.high:.{digits}f})"
