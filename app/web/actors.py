"""Who calls: the name given with the password, or the one that a person gave their browser, or nobody's.

Without a password nothing proves a name, so it only says who meant to do a thing: it stands on versions, runs and comparisons, and keeps
the drafts of one browser apart from those of another. It lies in a cookie, since a browser sends that with every question by itself.
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import quote, unquote_to_bytes

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from app.services.actors import UNNAMED, take_over_drafts
from app.services.studio import Studio
from core.constitution.normal import is_unseen
from core.errors import ConfigError, StudioError

LONGEST_NAME = 80
COOKIE = "studio_name"  # app/assets/name.js reads it too
KEPT_S = 400 * 24 * 3600  # as long as browsers keep any cookie


class KnownBy(StrEnum):
    """Where a name comes from."""

    LOGIN = "login"  # given with the password
    BROWSER = "browser"  # given once, and kept there
    NOTHING = "nothing"


@dataclass(frozen=True)
class Actor:
    """Who calls."""

    name: str
    known_by: KnownBy


class CarriesState(Protocol):
    """A Starlette request, or Gradio's wrapper around one."""

    @property
    def state(self) -> Any: ...


def actor_of(request: CarriesState | None) -> Actor:
    """The person who calls, for use inside every handler.

    Only `PasswordGate` writes it, into the request itself, after it has checked the password on that same request; where there is a
    password, nothing else that the client sends can set it.

    Raises:
        PermissionError: The request did not come through the gate.
    """
    actor = getattr(getattr(request, "state", None), "actor", None)
    if not isinstance(actor, Actor):
        raise PermissionError("This request did not pass the password check. Reload the page and sign in.")
    return actor


def caller(request: CarriesState | None) -> str:
    """The name of the person who calls, as `actor_of` knows it; "you" for whoever gave none."""
    return actor_of(request).name


def actor_in(headers: Headers) -> Actor:
    """The person as their browser names them. A cookie that holds no usable name is none."""
    # Of two cookies of this name the browser sends the one of the closest path first, and that one is meant.
    sent = next((value for part in headers.get("cookie", "").split(";") for name, value in cookie_parser(part).items() if name == COOKIE), "")
    try:
        name = plain_name(unquote_to_bytes(sent).decode())
    except UnicodeDecodeError:
        name = ""
    return Actor(name, KnownBy.BROWSER) if is_name(name) and name != UNNAMED else Actor(UNNAMED, KnownBy.NOTHING)


def plain_name(given: str) -> str:
    """A name without surrounding space, one and the same however it was typed."""
    return unicodedata.normalize("NFC", given).strip()


def is_name(name: str) -> bool:
    """Whether a plain name can be shown: neither empty nor long, and nothing invisible in it."""
    return len(name) <= LONGEST_NAME and not is_unseen(name) and not any(unicodedata.category(letter).startswith("C") for letter in name)


class Naming(BaseModel):
    """What somebody wants to be called from now on."""

    name: str  # empty: forget the name that was given
    take_drafts: bool = True  # what is written under the present name goes along


def add_routes(app: FastAPI, studio: Studio) -> None:
    """Add the address at which a browser is given its name; call it before the pages are mounted, which answer everything else."""

    @app.post("/name")
    def give_name(naming: Naming, request: Request) -> JSONResponse:
        try:
            name = _checked(naming.name, actor_of(request))
            taken = take_over_drafts(studio, caller(request), name) if naming.take_drafts else 0
        except StudioError as error:
            return JSONResponse({"message": str(error)}, 400)
        response = JSONResponse({"name": name, "drafts": taken})
        value, kept_s = ("", 0) if name == UNNAMED else (quote(name, safe=""), KEPT_S)
        path = f"{request.scope.get('root_path', '')}/"
        response.set_cookie(COOKIE, value, max_age=kept_s, path=path, samesite="strict", secure=request.url.scheme == "https")
        return response


def _checked(given: str, actor: Actor) -> str:
    """The name to keep, or nobody's.

    Raises:
        ConfigError: It cannot be one.
    """
    if actor.known_by is KnownBy.LOGIN:
        raise ConfigError("Your name is the one that you signed in with. Sign in again to change it.")
    name = plain_name(given)
    if not name:
        return UNNAMED
    if len(name) > LONGEST_NAME:
        raise ConfigError(f"The name has {len(name):,} characters; the limit is {LONGEST_NAME}. Shorten it.")
    if not is_name(name):
        raise ConfigError("The name holds a line break or another sign that cannot be shown. Type it again.")
    if name.casefold() == UNNAMED:
        raise ConfigError(f"“{UNNAMED}” stands for whoever gave no name. Type another one.")
    return name
