"""How much likelier an arm makes each token of its reply than the base does, as HTML."""

from statistics import fmean

from app.present.text import count, escape
from app.services.comparison_views import Pane
from core.methods.arms import ARTIFACTS, is_beside, trained_name

SHOWN_DIFFERENCE = 0.1  # nats; smaller ones are rounding to a reader


def scores_html(pane: Pane) -> str:
    """How much likelier the arm makes each token of this reply than the base does, in nats, under the same prompt."""
    scores = pane.token_scores or ()
    differences = [by_arm - by_base for _, by_base, by_arm in scores]
    mean = fmean(differences)
    towards = "likelier than" if mean > 0 else "less likely than" if mean < 0 else "as likely as"
    who, what = "this method", "it"
    if pane.arm.artifact is not None and not is_beside(pane.arm):
        who, what = f"the {trained_name(pane.arm)} model", f"the {ARTIFACTS[pane.arm.artifact.kind]}"
    tokens = "".join(_token(text, difference) for (text, _, _), difference in zip(scores, differences, strict=True))
    return (
        f'<p class="cs-quiet">Log-probability of each token by {who} minus that by the base, under the same prompt, in nats. '
        f"Mean {signed(mean)} a token over {count(len(scores), 'token')}: {what} makes this reply {towards} the base does.</p>"
        f'<p class="cs-tokens">{tokens}</p>'
    )


def _token(text: str, difference: float) -> str:
    lines = text.count("\n")
    shown = escape(text.replace("\n", "↵")) if text.strip() or lines else ("␣" if text else "∎")
    tone = "up" if difference >= SHOWN_DIFFERENCE else "down" if difference <= -SHOWN_DIFFERENCE else "same"
    strength = min(1.0, abs(difference) / 3)
    inner = f"<span>{shown}</span><small>{signed(difference)}</small>"
    return f'<span class="cs-token" data-tone="{tone}" style="--cs-strength:{strength:.2f}">{inner}</span>{"<br>" if lines else ""}'


def signed(number: float) -> str:
    """`+0.4`, `−1.2`, `0.0`: with a true minus sign."""
    text = f"{number:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")
