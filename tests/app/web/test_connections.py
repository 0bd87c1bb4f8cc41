"""Clients that take their time, or too much: they are closed, and others are answered meanwhile."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from app.web import connections
from app.web.connections import bounded_connections
from tests.app.serving import served

SOON_S = 1.0


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())}")


async def flood(request: Request) -> StreamingResponse:
    return StreamingResponse(iter([b"x" * 1_000_000] * 30))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with pytest.MonkeyPatch.context() as soon:
        for name in ("HEAD_WITHIN_S", "BODY_WITHIN_S", "READ_WITHIN_S"):
            soon.setattr(connections, name, SOON_S)
        soon.setattr(connections, "MOST_FOR_ONE", 5)
        app: Any = Starlette(routes=[Route("/", echo, methods=["GET", "POST"]), Route("/flood", flood)])
        with served(app, http=bounded_connections(())) as address:
            yield int(address.rpartition(":")[2])


def opened(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def rest(client: socket.socket) -> bytes:
    """All that still comes, until the server closes."""
    parts = []
    try:
        while part := client.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def asked(port: int) -> bytes:
    with opened(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return rest(client)


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_a_head_that_does_not_come_is_not_waited_for(port: int, sent: bytes) -> None:
    with opened(port) as client:
        client.sendall(sent)
        assert rest(client).startswith(b"HTTP/1.1 408")
        assert asked(port).startswith(b"HTTP/1.1 200")


def test_a_second_head_that_drips_is_not_waited_for_either(port: int) -> None:
    with opened(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answered = client.recv(65536)
        while not answered.endswith(b"\r\n\r\n0"):  # the body is the length of what was sent, and may come by itself
            answered += client.recv(65536)
        assert answered.startswith(b"HTTP/1.1 200")
        client.sendall(b"GET / HT")
        assert rest(client).startswith(b"HTTP/1.1 408")


def test_a_body_that_does_not_come_is_not_waited_for(port: int) -> None:
    with opened(port) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        assert rest(client).startswith(b"HTTP/1.1 408")
        assert asked(port).startswith(b"HTTP/1.1 200")


def test_a_reader_who_does_not_read_is_left(port: int) -> None:
    with opened(port) as client:
        client.sendall(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(3 * SOON_S)
        assert asked(port).startswith(b"HTTP/1.1 200")
        assert len(rest(client)) < 30_000_000


def test_one_address_holds_so_many_connections_and_no_more(port: int) -> None:
    with ExitStack() as held:
        for _ in range(5):
            held.enter_context(opened(port))
        refused = asked(port)
        assert refused.startswith(b"HTTP/1.1 503") and b"Too many connections" in refused
    deadline = time.monotonic() + 10
    while not asked(port).startswith(b"HTTP/1.1 200"):
        assert time.monotonic() < deadline
