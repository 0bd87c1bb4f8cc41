"""What a person told right of a battery's cards, with their names: shown when all are picked."""

from app.present.text import escape
from app.services.lab_cards import CardRead, Reading
from core.lab.prior import percent

NONE_FITS = "none fits better"


def read_html(reading: Reading) -> str:
    """A sentence for each principle, then each card with the text that it was written under."""
    told = "".join(
        f'<p class="cs-finding-says" dir="auto">“{escape(each.principle)}”: {percent(each.share)} given back to their text; guessing gives 50%.</p>'
        for each in reading.by_principle
    )
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Reply", "You picked", "Written under", "Principle", "Query"))
    return (
        f'{told}<div class="wide" tabindex="0" role="region" aria-label="The cards, with their names"><table><caption>The cards, with their names</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(map(_row, reading.read))}</tbody></table></div>"
    )


def _row(card: CardRead) -> str:
    picked = NONE_FITS if card.picked is None else card.picked
    word = "right" if card.right else "no pick" if card.picked is None else "not this one"
    sign = "✓" if card.right else "·" if card.picked is None else "✕"
    cells = "".join(f'<td dir="auto">{escape(text)}</td>' for text in (card.own, card.principle, card.query))
    told = word if card.right else f"{word}: {escape(picked)}"
    return f'<tr><th scope="row" dir="auto">{escape(card.reply)}</th><td dir="auto"><span aria-hidden="true">{sign}</span> {told}</td>{cells}</tr>'
