"""The scripts of the pages, served as modules from app/assets: these files and no others. They stand behind the checks of app/web/security.py.

Their address carries a digest of all of them, so that a browser keeps them for good and never mixes two versions of the studio.
"""

import hashlib
from functools import cache
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response

ASSETS = Path(__file__).parent.parent / "assets"
PLACE = "modules"  # below the studio's own address; Gradio's files have other names
KEPT = "private, max-age=31536000, immutable"


@cache
def modules() -> dict[str, bytes]:
    """Every script by its name, read once: what is served stays one version while the process lives."""
    return {path.relative_to(ASSETS).as_posix(): path.read_bytes() for path in sorted(ASSETS.rglob("*.js"))}


@cache
def digest() -> str:
    """Of the names and texts of all scripts."""
    seen = hashlib.sha256()
    for name, text in modules().items():
        seen.update(f"{name}\0{len(text)}\0".encode() + text)
    return seen.hexdigest()[:16]


def address(name: str) -> str:
    """Where a page finds a script; relative, so that it also holds behind a proxy that serves the studio below a path."""
    if name not in modules():
        raise ValueError(f"There is no script {name!r} in app/assets.")
    return f"./{PLACE}/{digest()}/{name}"


def add_routes(app: FastAPI) -> None:
    """Add the address of the scripts; call it before the pages are mounted, which answer everything else."""

    @app.get(f"/{PLACE}/{{version}}/{{name:path}}")
    def module(version: str, name: str, request: Request) -> Response:
        text = modules().get(name)
        if text is None:
            raise HTTPException(404, "There is no such script.")
        # A page from before a restart asks for another version: it gets this one, and keeps nothing.
        headers = {"ETag": f'"{digest()}"', "Cache-Control": KEPT if version == digest() else "no-cache"}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(text, media_type="text/javascript", headers=headers)
