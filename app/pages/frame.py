"""What all pages share: the header with its links, and custom components."""

import json
from typing import Any

import gradio as gr
from gradio.components import Navbar

from app.services.accounts import asks_names
from app.services.actors import LONGEST_NAME
from app.services.studio import Studio
from app.web.modules import ASSETS, address

NAVIGATION = (("", "Constitutions"), ("write", "Write"), ("train", "Train"), ("judge", "Judge"), ("compare", "Compare"), ("lab", "Laboratory"))  # address, name

CONDITION = '<div class="cs-notice cs-notice-problem cs-condition" role="alert" hidden><p></p></div>'  # app/assets/condition.js shows it
NAME_FIELD = (  # app/assets/name.js fills it in
    '<details class="cs-who"><summary><span class="cs-who-said">Your name</span></summary><form class="cs-who-form">'
    f'<div class="cs-field"><label for="who-name">What are you called?</label><input class="cs-input cs-who-name" id="who-name" maxlength="{LONGEST_NAME}"'
    ' autocomplete="nickname" spellcheck="false" aria-describedby="who-says who-problem"></div>'
    '<p class="cs-quiet" id="who-says">It stands on the versions, runs and comparisons that you make, and is kept in this browser.</p>'
    '<label class="cs-who-along" hidden><input type="checkbox" class="cs-who-take" checked> My drafts go along</label>'
    '<p class="cs-problem cs-who-problem" id="who-problem" role="alert"></p><button class="cs-button cs-who-keep" disabled>Keep</button></form></details>'
)


def header(current: str, studio: Studio) -> None:
    """The header of a page, and no Gradio navigation besides it. Where nobody signs in it asks for the person's name."""
    Navbar(visible=False)
    asks_name = asks_names(studio)
    html = header_html(current, asks_name)
    if asks_name:
        component(html, "name.js", elem_id="header")
    else:
        gr.HTML(html, apply_default_css=False, elem_id="header")
    component(CONDITION, "condition.js", elem_id="condition")


def header_html(current: str, asks_name: bool) -> str:
    """The links are relative, so that they also work behind a proxy that serves the studio below a path."""
    links = "".join(f'<a href="./{path}"{_current(path == current)}>{name}</a>' for path, name in NAVIGATION)
    return (
        '<div class="cs-header"><a class="cs-skip" href="#content">Skip to the content</a><div class="cs-header-in">'
        f'<a class="cs-wordmark" href="./">Constitution Studio</a><nav class="cs-nav" aria-label="Pages">{links}</nav>'
        f"{NAME_FIELD if asks_name else ''}</div></div>"
    )


def _current(is_current: bool) -> str:
    return ' aria-current="page"' if is_current else ""


def component(template: str, module: str, **props: Any) -> gr.HTML:
    """A custom component whose page side is a module in app/assets. It asks the endpoints of its page under ./api, and no event of Gradio.

    The template is constant: nothing is ever put into it.
    """
    loader = (ASSETS / "loader.js").read_text(encoding="utf-8")
    script = f"const address = {json.dumps(address(module))};\n{loader}"
    return gr.HTML(value=None, html_template=template, js_on_load=script, apply_default_css=False, **props)
