"""The pages of the studio, and how they look."""

from typing import Any

import gradio as gr

from app.pages import amend, compare, conflicts, constitutions, judge, lab, mark, proposing, run, studio, train, write
from app.pages.endpoints import Endpoint, endpoints_of
from app.services.proposals import Proposals
from app.services.studio import Studio
from app.web.modules import ASSETS

STYLES = (
    "tokens.css",
    "studio.css",
    "constitutions.css",
    "write.css",
    "train.css",
    "run.css",
    "answer.css",
    "found.css",
    "compare.css",
    "judge.css",
    "mark.css",
    "amend.css",
    "lab.css",
)


def build(opened: Studio) -> gr.Blocks:
    """All pages, each at its own address."""
    pages: gr.Blocks
    with gr.Blocks(title="Constitution Studio", fill_width=True, analytics_enabled=False) as pages:
        constitutions.build(opened)
    rooms = (("Write", write), ("Train", train), ("Run", run), ("Mark", mark), ("Judge", judge), ("Compare", compare), ("Amend", amend), ("Lab", lab))
    for name, page in rooms:
        with pages.route(name, name.lower(), show_in_navbar=False):
            page.build(opened)
    return pages


def endpoints(opened: Studio, proposals: Proposals) -> tuple[Endpoint, ...]:
    """What scripts may ask: the same as the pages."""
    return (
        *endpoints_of("studio", studio.EveryPage(opened), studio.ENDPOINTS),
        *endpoints_of("constitutions", constitutions.ConstitutionsPage(opened), constitutions.ENDPOINTS),
        *endpoints_of("write", write.WritePage(opened), write.ENDPOINTS),
        *endpoints_of("write", proposing.ProposingPage(opened, proposals), proposing.ENDPOINTS),
        *endpoints_of("train", train.TrainPage(opened), train.ENDPOINTS),
        *endpoints_of("train", conflicts.ConflictsPage(opened), conflicts.ENDPOINTS),
        *endpoints_of("run", run.RunPage(opened), run.ENDPOINTS),
        *endpoints_of("mark", mark.MarkPage(opened), mark.ENDPOINTS),
        *endpoints_of("judge", judge.JudgePage(opened), judge.ENDPOINTS),
        *endpoints_of("compare", compare.ComparePage(opened), compare.ENDPOINTS),
        *endpoints_of("lab", lab.LabPage(opened), lab.ENDPOINTS),
        *endpoints_of("amend", amend.AmendPage(opened), amend.ENDPOINTS),
    )


def look() -> dict[str, Any]:
    """What the server gives to Gradio when it mounts the pages."""
    head = f'<meta name="color-scheme" content="light dark"><style>{(ASSETS / "print.css").read_text(encoding="utf-8")}</style>'
    return {"theme": theme(), "css_paths": [ASSETS / name for name in STYLES], "head": head}


def theme() -> gr.themes.Base:
    """Gradio's own components in the studio's palette. The variables are defined for both schemes in assets/tokens.css."""
    values = {
        "body_background_fill": "var(--cs-paper)",
        "body_text_color": "var(--cs-ink)",
        "body_text_color_subdued": "var(--cs-muted)",
        "background_fill_primary": "var(--cs-sheet)",
        "background_fill_secondary": "var(--cs-wash)",
        "border_color_primary": "var(--cs-rule)",
        "border_color_accent": "var(--cs-accent)",
        "color_accent": "var(--cs-accent)",
        "color_accent_soft": "var(--cs-wash)",
        "link_text_color": "var(--cs-accent)",
        "block_background_fill": "transparent",
        "block_border_color": "var(--cs-rule)",
        "block_label_text_color": "var(--cs-muted)",
        "block_label_background_fill": "var(--cs-paper)",
        "block_title_text_color": "var(--cs-ink)",
        "block_info_text_color": "var(--cs-muted)",
        "input_background_fill": "var(--cs-sheet)",
        "input_border_color": "var(--cs-edge)",
        "input_border_color_focus": "var(--cs-accent)",
        "input_placeholder_color": "var(--cs-muted)",
        "button_primary_background_fill": "var(--cs-accent)",
        "button_primary_background_fill_hover": "color-mix(in srgb, var(--cs-accent) 85%, var(--cs-ink))",
        "button_primary_text_color": "var(--cs-on-accent)",
        "button_secondary_background_fill": "transparent",
        "button_secondary_background_fill_hover": "var(--cs-wash)",
        "button_secondary_border_color": "var(--cs-edge)",
        "button_secondary_text_color": "var(--cs-ink)",
        "table_even_background_fill": "var(--cs-paper)",
        "table_odd_background_fill": "var(--cs-paper)",
        "table_border_color": "var(--cs-rule)",
    }
    base = gr.themes.Base(radius_size=gr.themes.sizes.radius_sm, font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
    return base.set(**values, **{f"{name}_dark": value for name, value in values.items() if name != "color_accent"})
