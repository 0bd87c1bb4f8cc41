"""How evenly training put each principle to the model, for a page and for a terminal.

Of a constitution's only principle there is nothing to tell: each contrast has its statement and its antithesis.
"""

from collections.abc import Sequence

from app.present.text import count, escape
from core.runs.balance import PrincipleBalance

HEADS = ("statement", "antithesis", "flipped", "flipped alone")
UNEVEN = 2  # a principle contrasted alone so many times less often than another is pointed out


def balance_lines(balance: Sequence[PrincipleBalance]) -> list[str]:
    """The table for a terminal; nothing for a single principle."""
    if len(balance) < 2:
        return []
    rows = [("", *HEADS), *((p.title, *map(str, _counts(p))) for p in balance)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join([f"{row[0]:<{widths[0]}}", *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))]) for row in rows]
    return ["", _says(balance[0].contrasts), "", *lines, *warnings(balance)]


def balance_html(balance: Sequence[PrincipleBalance]) -> str:
    """The same as a small table, folded away unless something about it is uneven."""
    if len(balance) < 2:
        return ""
    warned = warnings(balance)
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    body = "".join(f'<tr><th scope="row" dir="auto">{escape(p.title)}</th>{"".join(f"<td>{int(n)}</td>" for n in _counts(p))}</tr>' for p in balance)
    told = "".join(f'<p class="cs-quiet">{escape(text)}</p>' for text in warned)
    return (
        f"<details{' open' if warned else ''}><summary>How often was each principle contrasted?</summary>"
        f'<p class="cs-quiet">{escape(_says(balance[0].contrasts))}</p>'
        '<div class="cs-table-wrap" tabindex="0" role="region" aria-label="Balance of the principles in training"><table class="cs-result">'
        f'<thead><tr><th scope="col">Principle</th>{heads}</tr></thead><tbody>{body}</tbody></table></div>{told}</details>'
    )


def warnings(balance: Sequence[PrincipleBalance]) -> list[str]:
    """What is uneven, in sentences."""
    most = max(balance, key=lambda p: p.flipped_alone)
    warned = []
    for p in balance:
        if p.flipped_alone == 0:
            warned.append(f"“{p.title}” was never contrasted alone: what training made of it cannot be told from what it made of the others.")
        elif p.flipped_alone * UNEVEN < most.flipped_alone:
            times = f"“{p.title}” was contrasted alone {count(p.flipped_alone, 'time')}, “{most.title}” {most.flipped_alone} times."
            warned.append(f"{times} More train queries would even this out.")
    return warned


def _says(contrasts: int) -> str:
    return (
        f"Trained on {count(contrasts, 'contrast', 'contrasts')}. For each principle: responses written under its statement and under its antithesis, "
        "contrasts that flip it, and contrasts that hold all statements but this one."
    )


def _counts(p: PrincipleBalance) -> tuple[int, int, int, int]:
    return p.statement, p.antithesis, p.flipped, p.flipped_alone
