"""A whole page that says why there is nothing to see, with a way back."""

from app.present.text import escape

SCHEME = '<script>document.documentElement.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches)</script>'


def refusal_html(status: int, message: str, home: str, style: str) -> str:
    """The page. `home` is where the list of constitutions stands: relative links would be taken from an address that is none."""
    title = "Nothing is here" if status == 404 else "This cannot be shown"
    to = escape(home)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="{to}favicon.ico"><title>{title} · Constitution Studio</title><style>{style}</style>{SCHEME}</head><body>'
        f'<div class="cs-header"><div class="cs-header-in"><a class="cs-wordmark" href="{to}">Constitution Studio</a></div></div>'
        f'<main class="cs-page cs-endpoints" id="content"><h1>{title}</h1><p>{escape(message)}</p>'
        f'<p><a href="{to}">To the constitutions</a></p></main></body></html>'
    )
