"""Which addresses there are. Gradio brings many of its own (uploads, queues, files, sessions) that no page here uses; those are not there.

What the pages ask is asked under /api, where nothing of an answer is kept.
"""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.proxy import inner_path

OF_THE_STUDIO = (
    "/api",
    "/c",
    "/checks",
    "/conflicts",
    "/docs",
    "/healthz",
    "/labs",
    "/metrics",
    "/modules",
    "/name",
    "/runs",
    "/versions",
    "/query-sets",
    "/comparisons",
    "/drafts",
)
PAGES = frozenset({"/", "/write", "/train", "/run", "/mark", "/judge", "/compare", "/amend", "/lab"})
FILES = frozenset({"/theme.css", "/favicon.ico", "/manifest.json", "/robots.txt"})  # of Gradio's page
FOLDERS = ("/assets/", "/static/", "/svelte/")
READING = ("GET", "HEAD")
LONGEST_PATH = 250  # bytes of the address of a file: Gradio hands it to the file system, which raises at more


class KnownDoors:
    """Refuses every request to an address that neither the studio nor a page of it needs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_known(scope["method"], inner_path(scope)):
            await self.app(scope, receive, send)
        else:
            await PlainTextResponse("There is nothing at this address.", 404)(scope, receive, send)


def is_known(method: str, path: str) -> bool:
    """Whether a request goes to an address that something here answers."""
    if any(path == own or path.startswith(f"{own}/") for own in OF_THE_STUDIO):
        return True
    page = path.rstrip("/") or "/"
    return method in READING and (page in PAGES or path in FILES or _is_file(path)) and ".." not in path


def _is_file(path: str) -> bool:
    return path.startswith(FOLDERS) and len(path.encode(errors="replace")) <= LONGEST_PATH
