"""The result a run ends with, as a page: verdicts in words, with the questions they answer, then the figures they rest on.

Nothing here judges: verdict and sentence come with the report, and so do the lines of the table. A mark and a word say each verdict;
colour only repeats it, and green is kept for what a judge of the text found to be followed, never for mutual information.
"""

from collections.abc import Mapping, Sequence

from app.present.answers import answers_html, worst_html
from app.present.balance import balance_html
from app.present.figures import cell
from app.present.text import count, escape, isolated
from core.constitution.principles import SIDES
from core.measure.remarks import cut_note, family_note
from core.measure.rows import Row, rows, scenarios_say
from core.measure.tracing import traced_says
from core.measure.values import PrincipleFigures, Report
from core.measure.verdicts import Verdict
from core.methods.arms import arm_title, inner_title
from core.methods.drop_reasons import DROP_REASONS
from core.runs.results import RunResult

MARKS = {  # mark, tone
    Verdict.FOLLOWED: ("✓", "good"),
    Verdict.ALREADY: ("=", ""),
    Verdict.FORM_ONLY: ("!", "problem"),
    Verdict.STEADY: ("=", ""),
    Verdict.RISEN: ("↑", ""),
    Verdict.BOTH_SIDES: ("≈", "problem"),
    Verdict.REVERSED: ("⇄", "problem"),
    Verdict.NOT_FOLLOWED: ("✕", "problem"),
    Verdict.UNSHOWN: ("?", ""),
    Verdict.UNCHECKED: ("?", ""),
    Verdict.NO_EFFECT: ("○", ""),
    Verdict.SENSELESS: ("!", "problem"),
    Verdict.UNMEASURED: ("–", ""),
}
UNREADABLE = '<p class="cs-problem">This result was written by another version of the studio, so it cannot be shown here. Its run.json has it.</p>'


def result_html(result: RunResult) -> str:
    """Table and verdicts. A person's titles are escaped."""
    report = result.report
    return "".join(
        (
            _intro(report),
            _table(report),
            f'<details class="cs-fold" data-fold="verdicts"><summary>How each verdict was reached: three questions</summary>'
            f'<ol class="cs-verdicts">{"".join(_verdict(report, principle) for principle in report.principles)}</ol></details>',
            worst_html(report),
            confusion_html(report),
            _dropped(result.dropped),
            balance_html(result.balance),
        )
    )


def _intro(report: Report) -> str:
    flips = " and once with each principle alone turned into its antithesis" if len(report.sides) > len(SIDES) else ""
    prompted, bare = ([inner_title(f.arm) for f in report.arms if f.arm.in_prompt is given] for given in (True, False))
    without = f" Each was answered once more, under no constitution, by {_listed(bare)}." if bare else ""
    return (
        f'<p class="cs-lede">Measured on {count(report.n_queries, "held-out query", "held-out queries")} that training never saw, each answered once under all '
        f"statements{', ' if flips else ' and '}once under all antitheses{flips}, by {_listed(prompted)}, with the same seeds.{without}</p>"
    )


def _listed(names: Sequence[str]) -> str:
    return escape(" and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names))


def _verdict(report: Report, principle: PrincipleFigures) -> str:
    mark, tone = MARKS[principle.verdict] if principle.verdict is not None else ("", "")
    word = principle.verdict.value if principle.verdict is not None else ""
    more = [sentence for sentence in (principle.control, scenarios_say(principle)) if sentence]
    said = "".join(f'<p class="cs-finding-says">{isolated(sentence, principle.title)}</p>' for sentence in (principle.sentence, *more))
    return (
        f'<li class="cs-finding" data-tone="{tone}">'
        f'<p class="cs-finding-word"><span class="cs-finding-mark" aria-hidden="true">{mark}</span>{escape(word)}</p>'
        f'<div><h3 dir="auto">{escape(principle.title)}</h3>'
        f"{said}{answers_html(report, principle)}</div></li>"
    )


def _table(report: Report) -> str:
    lines = rows(report)
    groups = dict.fromkeys(row.group for row in lines)
    titles = [principle.title for principle in report.principles]
    body = "".join(_group(title, [row for row in lines if row.group == title], len(report.arms), titles) for title in groups)
    heads = "".join(f'<th scope="col">{escape(arm_title(figures.arm))}</th>' for figures in report.arms)
    own = ", or where it says so a principle’s own scenarios" if any(row.split for row in lines) else ""
    return (
        '<div class="cs-table-wrap" tabindex="0" role="region" aria-label="Figures of each arm"><table class="cs-result">'
        f'<caption>Held-out queries{own}; 95% intervals in smaller type; n counts queries.</caption><thead><tr><th scope="col">Measure</th>'
        f'{heads}<th scope="col">n</th></tr></thead>{body}</table></div>{_notes(report)}'
    )


def _notes(report: Report) -> str:
    return "".join(f'<p class="cs-quiet cs-family">{escape(note)}</p>' for note in (cut_note(report), family_note(report)) if note)


def _group(title: str, lines: Sequence[Row], n_arms: int, titles: Sequence[str]) -> str:
    body = "".join(
        f'<tr><th scope="row">{isolated(row.label, *titles)}</th>'
        f"{''.join(f'<td>{cell(figure, row.form)}</td>' for figure in row.cells.values())}<td>{row.n}</td></tr>"
        for row in lines
    )
    return f'<tbody><tr class="cs-result-group"><th scope="rowgroup" colspan="{n_arms + 2}">{escape(title)}</th></tr>{body}</tbody>'


def confusion_html(report: Report) -> str:
    """Which constitution replies are traced to, folded: the summary has what is traced to its own. Of two constitutions the attribution above says as much."""
    traced = [figures for figures in report.arms if figures.confusion]
    if len(report.sides) <= len(SIDES) or not traced:
        return ""
    if report.traced:
        return f'<p class="cs-quiet">{escape(traced_says(report))}</p>'
    titles = [principle.title for principle in report.principles]
    names = [("◆", "all statements"), ("◇", "all antitheses"), *((f"◇ {i}", f"antithesis of “{title}” alone") for i, title in enumerate(titles, 1))]
    tables = "".join(_confusion_table(arm_title(figures.arm), names, figures.confusion) for figures in traced)
    to_own = "; ".join(f"{escape(arm_title(figures.arm))} {_to_own(figures.confusion)}" for figures in traced)
    return (
        '<details class="cs-fold" data-fold="traced"><summary>Which constitution is a reply traced to? '
        f'<span class="cs-quiet cs-number">To its own, of all {len(names)}: {to_own}</span></summary>'
        '<p class="cs-quiet">Replies, counted by the constitution they were written under and the one that '
        f'explains them best, by the model’s own likelihood. Framed in bold: traced to its own.</p><div class="cs-confusions">{tables}</div></details>'
    )


def _to_own(counts: Sequence[Sequence[int]]) -> str:
    return f"{sum(row[written] for written, row in enumerate(counts))} of {sum(map(sum, counts))}"


def _confusion_table(arm: str, names: Sequence[tuple[str, str]], counts: Sequence[Sequence[int]]) -> str:
    heads = "".join(f'<th scope="col"><span aria-hidden="true">{sign}</span><span class="cs-sr">{escape(name)}</span></th>' for sign, name in names)
    rows = "".join(
        f'<tr><th scope="row"><span class="cs-sign" aria-hidden="true">{sign}</span>{escape(name)}</th>{_counts(row, written)}</tr>'
        for written, ((sign, name), row) in enumerate(zip(names, counts, strict=True))
    )
    return (
        f'<div class="cs-table-wrap" tabindex="0" role="region" aria-label="Traced constitutions, {escape(arm)}"><table class="cs-confusion">'
        f'<caption>{escape(arm)}</caption><thead><tr><th scope="col" rowspan="2">Written under</th><th scope="colgroup" colspan="{len(names)}">'
        f"Traced to</th></tr><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _counts(row: Sequence[int], written: int) -> str:
    return "".join(f'<td class="cs-own"><strong>{int(n)}</strong></td>' if stance == written else f"<td>{int(n)}</td>" for stance, n in enumerate(row))


def _dropped(dropped: Mapping[str, int]) -> str:
    if not dropped:
        return ""
    reasons = "; ".join(f"{n} because {DROP_REASONS.get(reason, reason)}" for reason, n in dropped.items())
    return f'<p class="cs-quiet">Left out of training: {escape(reasons)}.</p>'
