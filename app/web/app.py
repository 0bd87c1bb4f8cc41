"""The web process: the pages behind the checks of app/web/security.py. It never imports torch."""

import asyncio
import os
import time
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from app.processes.serving import end_in_order
from app.settings import Settings, prepare_data_folder
from app.web.security import protect
from core import budget

if TYPE_CHECKING:
    import gradio as gr

LARGEST_UPLOAD = "5mb"  # under the body limit, so that Gradio's own message is seen
WAITING_EVENTS = 64
EVENTS_AT_ONCE = 8  # of one handler; all of them are short, so this only keeps one person from waiting for another
UPLOADS_KEPT_S = 24 * 3600
CLOSE_WITHIN_S = 3  # open event streams of pages are cut after this when the server stops

S = TypeVar("S")


def create_app(
    settings: Settings,
    studio_builder: Callable[[Settings], S],
    ui_builder: Callable[[S], "gr.Blocks"],
    add_routes: Callable[[FastAPI, S], object],
    look: Mapping[str, Any] | None = None,
) -> FastAPI:
    """Build the web application.

    Args:
        settings: Paths, password and host names.
        studio_builder: Opens the services that the pages use.
        ui_builder: Builds the pages for them.
        add_routes: Adds the plain routes, which stand behind the same checks as the pages.
        look: Arguments of `gr.mount_gradio_app` that only concern appearance: theme, css_paths, head ...
    """
    set_environment(settings)
    studio = studio_builder(settings)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, studio)  # first: the pages answer everything else

    async def mount() -> None:  # inside a running loop: without one, Gradio makes several and closes none
        _mount(app, ui_builder(studio), settings, look or {})

    asyncio.run(mount())
    protect(app, settings)
    return app


def add_health(app: FastAPI, journal_mode: Callable[[], str]) -> None:
    """Add /healthz, which anybody may ask. It fails when `journal_mode`, which asks the database, raises."""

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok", "journal_mode": journal_mode()})


def _mount(app: FastAPI, blocks: "gr.Blocks", settings: Settings, look: Mapping[str, Any]) -> None:
    import gradio as gr

    blocks.delete_cache = (3600, UPLOADS_KEPT_S)
    blocks.queue(api_open=False, max_size=WAITING_EVENTS, default_concurrency_limit=EVENTS_AT_ONCE)
    _keep_below_the_root()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "SSR mode is not supported")  # said of every app with several pages, although it is off
        gr.mount_gradio_app(
            app,
            blocks,
            path="/",
            footer_links=[],
            run_history=False,
            show_error=False,
            max_file_size=LARGEST_UPLOAD,
            allowed_paths=[],
            blocked_paths=private_paths(settings),
            enable_monitoring=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            **look,
        )
    # Only `launch` sets this, and without it Gradio takes any path of this machine as an uploaded file, and hands out any that is returned.
    blocks.has_launched = True


def _keep_below_the_root() -> None:
    """Gradio's page asks for its manifest, and the browser for an icon, at the root of the host, where behind a proxy somebody else may be."""
    from gradio.routes import templates
    from jinja2 import ChoiceLoader, DictLoader

    loader, page = templates.env.loader, "frontend/index.html"
    assert loader is not None
    text = loader.get_source(templates.env, page)[0]
    icon = '<link rel="icon" href="./favicon.ico" /><link rel="manifest" href="./manifest.json" />'
    templates.env.loader = ChoiceLoader([DictLoader({page: text.replace('<link rel="manifest" href="/manifest.json" />', icon)}), loader])


def set_environment(settings: Settings) -> None:
    """What gradio and huggingface_hub read: report to nobody, keep uploads in the data folder.

    Gradio also makes statistics of its last 10,000 events after every single one, for a dashboard that we keep off.
    """
    os.environ |= {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "GRADIO_TEMP_DIR": str(settings.uploads_folder),
        "GRADIO_ANALYTICS_MAX_EVENTS": "1",
        "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**12),  # events between two rounds of statistics
    }


def private_paths(settings: Settings) -> list[str]:
    """Parts of the data folder that Gradio must never serve or copy, whatever a handler returns."""
    database = [settings.data / f"studio.db{suffix}" for suffix in ("", "-wal", "-shm", "-journal")]
    folders = [settings.models_folder, settings.runs_folder, settings.logs_folder]
    return [str(path) for path in (*database, *folders, settings.model_host_file, settings.lock_file)]


def discard_old_uploads(settings: Settings) -> None:
    """Gradio forgets the uploads of a process that was killed; delete what is too old to be in use."""
    oldest = time.time() - UPLOADS_KEPT_S
    for path in settings.uploads_folder.rglob("*"):
        if path.is_file() and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def serve(settings: Settings, build: Callable[[Settings], FastAPI] | None = None) -> int:
    """Serve the pages until interrupted, terminated, or left by the supervisor.

    Returns:
        The exit status.
    """
    prepare_data_folder(settings)
    discard_old_uploads(settings)
    config = uvicorn.Config(
        (build or studio_app)(settings),
        host=settings.host,
        port=settings.port,
        ws="none",
        proxy_headers=False,  # app/web/proxy.py hears them
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=CLOSE_WITHIN_S,
    )
    server = uvicorn.Server(config)
    end_in_order(server)
    budget.SHORT.warm()
    server.run()
    return 0


def studio_app(settings: Settings) -> FastAPI:
    """The application with its real services and pages."""
    set_environment(settings)  # before these modules import gradio
    from app.pages import site as ui
    from app.services import proposals, studio
    from app.web import actors, api, downloads, modules

    writing = proposals.Proposals()

    def add_routes(app: FastAPI, opened: studio.Studio) -> None:
        add_health(app, lambda: studio.journal_mode(opened))
        modules.add_routes(app)
        actors.add_routes(app, opened)
        downloads.add_routes(app, opened)
        api.add_routes(app, ui.endpoints(opened, writing))

    return create_app(settings, studio.open_studio, lambda opened: ui.build(opened, writing), add_routes, ui.look())
