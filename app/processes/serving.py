"""How a web server among our processes ends: in order, on a signal or when its supervisor is gone."""

import signal

import uvicorn

from app.processes.lifeline import on_parent_gone


def end_in_order(server: uvicorn.Server) -> None:
    """Have the server stop by itself; call it in the main thread, before the server runs."""
    on_parent_gone(lambda: setattr(server, "should_exit", True))
    # uvicorn stops in order on these signals, then raises them again for the handlers it found here: nothing is left to do.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
