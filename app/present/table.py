"""The result as lines for a terminal. The page has its own, from the same data."""

from core.measure.report import Result
from core.measure.statistics import Figure

SIDES = {"statement": "statement", "flip": "antithesis alone", "antithesis": "antithesis"}
Line = tuple[str, str, str, str]  # measure, base, aligned, n


def result_lines(result: Result) -> list[str]:
    """A table of base against aligned, which constitution replies are traced to, then a sentence for each principle."""
    rows = [("", "base", "aligned", "n"), *_apart(result), *_principles(result), *_effects(result)]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = [f"Result on {result.n_queries} {result.split} queries, with 95% intervals", ""]
    lines += [f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}" for row in rows]
    return [*lines, *_confusions(result), "", *(principle.sentence for principle in result.principles)]


def _apart(result: Result) -> list[Line]:
    base, aligned, chance = result.base, result.aligned, f"chance {1 / len(result.sides):.2f}"
    return [
        _line(f"MI bound (nats, of {result.cap_nats:.3f})", base.mi_bound_nats, aligned.mi_bound_nats),
        _line("MI bound, summed log-probabilities", base.mi_bound_summed_nats, aligned.mi_bound_summed_nats),
        _line(f"attribution accuracy ({chance})", base.attribution, aligned.attribution, 2),
        _line(f"attribution, read by the base ({chance})", None, aligned.base_attribution, 2),
        _line("MI bound, read by the base", None, aligned.base_mi_bound_nats),
    ]


def _principles(result: Result) -> list[Line]:
    rows = []
    for principle in result.principles:
        if len(result.principles) > 1:
            bound, traced = principle.mi_bound_nats, principle.attribution
            rows.append(_line(f"{principle.title}: MI bound alone (nats, of 0.693)", bound["base"], bound["aligned"]))
            rows.append(_line(f"{principle.title}: attribution alone (chance 0.50)", traced["base"], traced["aligned"], 2))
            rows.append(_line(f"{principle.title}: attribution alone, read by the base", None, principle.base_attribution, 2))
        if principle.check is not None:
            label = f"{principle.title} [{principle.check}]"
            rows += [_line(f"{label}, {name}", principle.base[s], principle.aligned[s], 2) for s, name in SIDES.items() if s in principle.aligned]
    return rows


def _effects(result: Result) -> list[Line]:
    base, aligned = result.base, result.aligned
    return [
        *(_line(f"mean words, {side}", base.words[side], aligned.words[side], 1) for side in base.words),
        *(_line(f"repetition, {side}", base.repetition[side], aligned.repetition[side]) for side in base.repetition),
        _line("loops", base.loops, aligned.loops, 2),
        _line("empty replies", base.empty, aligned.empty, 2),
        _line("refusals", base.refusals, aligned.refusals, 2),
        _line("talk about principles", base.mentions, aligned.mentions, 2),
        _line("unlikely to the base (nats a token)", base.base_surprise_nats, aligned.base_surprise_nats),
        _line("KL to base (nats a token)", None, aligned.kl_nats),
    ]


def _confusions(result: Result) -> list[str]:
    """Of two constitutions the attribution says as much, so there is nothing here then."""
    if len(result.sides) <= 2:
        return []
    alone = {f"A{i}": f"antithesis of “{principle.title}” alone" for i, principle in enumerate(result.principles, 1)}
    names = {"S": "all statements", "A": "all antitheses", **alone}
    lines = ["", "Replies by the constitution they were written under (rows) and traced to (columns); [traced to its own]"]
    for policy, counts in (("base", result.base.confusion), ("aligned", result.aligned.confusion)):
        cells = [[f"[{n}]" if own == column else str(n) for column, n in enumerate(row)] for own, row in enumerate(counts)]
        table = [list(names), *cells]
        width = max(len(cell) for row in table for cell in row)
        stub = max(len("aligned"), *map(len, names))
        rows = [f"{head:<{stub}}  {' '.join(f'{cell:>{width}}' for cell in row)}" for head, row in zip((policy, *names), table, strict=True)]
        lines += ["", rows[0], *(f"{row}  {says}" for row, says in zip(rows[1:], names.values(), strict=True))]
    return lines


def _line(label: str, base: Figure | None, aligned: Figure, digits: int = 3) -> Line:
    return label, number(base, digits) if base is not None else "", number(aligned, digits), str(aligned.n)


def number(figure: Figure, digits: int = 3) -> str:
    """A figure with its interval; a dash when it could not be measured."""
    if figure.value is None:
        return "–"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.{digits}f}"
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f}–{figure.high:.{digits}f})"
