"""The web process: the pages behind the checks of app/web/security.py. It never imports torch."""

import asyncio
import os
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import uvicorn
from fastapi import FastAPI

from app.processes.serving import end_in_order
from app.services.accounts import Accounts, begin_serving, require_sign_in
from app.settings import Settings, prepare_data_folder
from app.web.connections import bounded_connections
from app.web.doors import KnownDoors
from app.web.faults import refuse_in_words
from app.web.metrics import Metrics
from app.web.proxy import trusted_addresses
from app.web.refusals import RefusalsAsPages
from app.web.security import protect
from core import budget

if TYPE_CHECKING:
    import gradio as gr

CLOSE_WITHIN_S = 3  # open event streams of pages are cut after this when the server stops

S = TypeVar("S")


def create_app(
    settings: Settings,
    studio_builder: Callable[[Settings], S],
    ui_builder: Callable[[S], "gr.Blocks"],
    add_routes: Callable[[FastAPI, S], Accounts | None],
    look: Mapping[str, Any] | None = None,
) -> FastAPI:
    """Build the web application.

    Args:
        settings: Paths, password and host names.
        studio_builder: Opens the services that the pages use.
        ui_builder: Builds the pages for them.
        add_routes: Adds the plain routes, which stand behind the same checks as the pages, and says who has an account, if anybody can.
        look: Arguments of `gr.mount_gradio_app` that only concern appearance: theme, css_paths, head ...
    """
    set_environment(settings)
    studio, metrics = studio_builder(settings), Metrics()
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    refuse_in_words(app)
    accounts = add_routes(app, studio)  # first: the pages answer everything else

    async def mount() -> None:  # inside a running loop: without one, Gradio makes several and closes none
        _mount(app, ui_builder(studio), look or {})

    asyncio.run(mount())
    app.add_middleware(KnownDoors)
    app.add_middleware(RefusalsAsPages)
    protect(app, settings, accounts, metrics)
    app.state.metrics = metrics
    return app


def _mount(app: FastAPI, blocks: "gr.Blocks", look: Mapping[str, Any]) -> None:
    import gradio as gr

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
            allowed_paths=[],
            enable_monitoring=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            **look,
        )
    # Only `launch` sets this; without it Gradio would take any path of this machine as an uploaded file, were its routes not closed (doors.py).
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
    """What gradio and huggingface_hub read: report to nobody, and write nowhere but in the data folder."""
    os.environ |= {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "GRADIO_TEMP_DIR": str(settings.uploads_folder),
    }


def serve(settings: Settings, build: Callable[[Settings], FastAPI] | None = None) -> int:
    """Serve the pages until interrupted, terminated, or left by the supervisor.

    Returns:
        The exit status.
    """
    prepare_data_folder(settings)
    require_sign_in(settings)
    config = uvicorn.Config(
        (build or studio_app)(settings),
        host=settings.host,
        port=settings.port,
        ws="none",
        proxy_headers=False,  # app/web/proxy.py hears them
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=CLOSE_WITHIN_S,
        http=bounded_connections(trusted_addresses(settings)),
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
    from app.services.health import parts_of
    from app.web import actors, api, citations, downloads, health, metrics, modules

    writing = proposals.Proposals()

    def add_routes(app: FastAPI, opened: studio.Studio) -> Accounts:
        parts = parts_of(opened)
        health.add_routes(app, parts)
        metrics.add_routes(app, opened, parts)
        modules.add_routes(app)
        actors.add_routes(app, opened)
        downloads.add_routes(app, opened)
        citations.add_routes(app, opened)
        api.add_routes(app, ui.endpoints(opened, writing))
        return begin_serving(opened)

    return create_app(settings, studio.open_studio, ui.build, add_routes, ui.look())
