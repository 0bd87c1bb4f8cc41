"""What nobody foresaw, as words: the person gets a number, and the log has everything under it."""

import logging
from dataclasses import dataclass
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)
FAULT = 500


@dataclass(frozen=True)
class LoggedFault:
    """A mistake of the studio, as it is told."""

    number: str
    message: str


def log_fault(to: logging.Logger, error: BaseException) -> LoggedFault:
    """Write an error down with its traceback, and say in words where it can be found."""
    number = uuid4().hex[:8]
    to.error("fault %s: %s", number, type(error).__name__, exc_info=error)
    return LoggedFault(number, f"Something went wrong in the studio itself. Nothing of yours is lost. Its log says more under the number {number}.")


def refuse_in_words(app: FastAPI) -> None:
    """Have the plain routes say in words what FastAPI would list as faults of fields."""

    @app.exception_handler(RequestValidationError)
    async def refused(request: Request, error: RequestValidationError) -> Response:
        if any(fault["loc"][0] == "path" for fault in error.errors()):
            return PlainTextResponse("There is nothing at this address.", 404)
        return JSONResponse({"message": "There is nothing usable in what was sent. Reload the page, then try again."}, 400)


class FaultsInWords:
    """The last resort in front of every route: an exception that none of them turned into words.

    Gradio's own part answers "Internal Server Error" before it raises, so the beginning of such an answer is held back until it is known whether it does.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False
        held: list[Message] = []

        async def watched(message: Message) -> None:
            nonlocal begun
            if held or (message["type"] == "http.response.start" and message["status"] == FAULT):
                held.append(message)
                return
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
            for message in held:
                await send(message)
        except ClientDisconnect:
            return
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise  # the server closes the connection, so that half an answer is not taken for a whole one
            await PlainTextResponse(log_fault(log, error).message, FAULT)(scope, receive, send)
