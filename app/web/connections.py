"""How long a client may take, and how many connections it may hold: uvicorn waits for a request's head and body, and for a reader, for ever."""

import asyncio
from http import HTTPStatus
from typing import Protocol

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WITHIN_S = 10.0  # from the connection, or from the answer before
BODY_WITHIN_S = 60.0  # from the end of the head: 6 MB at 1 Mbit/s
READ_WITHIN_S = 60.0  # until the client takes more of an answer that waits for it
MOST_FOR_ONE = 64  # connections of one address; a browser holds six
MOST_IN_ALL = 400


class Addresses(Protocol):
    """Of which one can be asked whether it is among them."""

    def __contains__(self, address: str | None, /) -> bool: ...


class BoundedConnection(H11Protocol):
    """A connection that is closed when its client takes too long, or holds too many others."""

    unbounded: Addresses = ()  # addresses of proxies, which speak for many

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._awaited: float | None = None
        self._late: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        super().connection_made(transport)
        if self._is_one_too_many():
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections are open. Close some, then try again.")
        else:
            self._mind()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._mind()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._mind()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._late, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(READ_WITHIN_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _is_one_too_many(self) -> bool:
        if len(self.connections) > MOST_IN_ALL:
            return True
        host = self.client[0] if self.client else ""
        if not host or host in self.unbounded:
            return False
        same = [each for each in self.connections if isinstance(each, H11Protocol) and each.client is not None and each.client[0] == host]
        return len(same) > MOST_FOR_ONE

    def _mind(self) -> None:
        """Set the clock for what the client owes."""
        awaited = {h11.IDLE: HEAD_WITHIN_S, h11.SEND_BODY: BODY_WITHIN_S}.get(self.conn.their_state)
        if awaited == self._awaited:
            return
        self._awaited = awaited
        if self._late is not None:
            self._late.cancel()
        self._late = None if awaited is None else self.loop.call_later(awaited, self._too_late)

    def _too_late(self) -> None:
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive.")
        else:
            self.transport.abort()

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        if self.transport.is_closing():
            return
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(text)}\r\nconnection: close\r\n\r\n"
        self.transport.write((head + text).encode())
        self.transport.close()


def bounded_connections(unbounded: Addresses) -> type[asyncio.Protocol]:
    """The class of connections for a server that these addresses may reach as often as they like."""

    class Connection(BoundedConnection):
        pass

    Connection.unbounded = unbounded
    return Connection
