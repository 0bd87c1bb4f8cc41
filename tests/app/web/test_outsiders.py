"""A proxy that names people, and what is remembered of those who were not let in."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from app.services.studio import Studio
from app.web.actors import COOKIE as NAME_COOKIE
from app.web.failed import MOST_ROWS, FailedSignIns
from db.audit import list_entries
from tests.app.web.houses import ANN, BEN, SHARED, House

# A proxy that names people

SSO: dict[str, Any] = {"user_header": "Remote-User", "trusted_proxies": "10.0.0.1"}


def named(name: object) -> list[tuple[bytes, bytes]]:
    return [(b"Remote-User", str(each).encode()) for each in (name if isinstance(name, list) else [name])]


def test_a_trusted_proxy_names_who_calls(studio: Studio) -> None:
    house = House(studio, **SSO)
    assert house.get(host="10.0.0.1", headers=named("Zoe\u0308")).text == "Zoë from 10.0.0.1"
    forwarded = [*named("Ann"), (b"X-Forwarded-For", b"6.6.6.6, 198.51.100.7"), (b"Cookie", f"{NAME_COOKIE}=Ben".encode())]
    assert house.get(("Ben", SHARED), host="10.0.0.1", headers=forwarded).text == "Ann from 198.51.100.7"


@pytest.mark.parametrize("host", ["203.0.113.5", "127.0.0.1", "::1", "10.0.0.2"])
def test_the_header_is_refused_from_anybody_else_whatever_they_forward(studio: Studio, host: str) -> None:
    house = House(studio, **SSO)
    for headers in (named("Ann"), [*named("Ann"), (b"X-Forwarded-For", b"10.0.0.1")], [(b"remote-user", b"")]):
        refused = house.get(host=host, headers=headers)
        assert refused.status_code == 403 and "FORWARDED_ALLOW_IPS" in refused.text
    assert house.log() == [("", host, "Remote-User from elsewhere", 3)]


def test_without_the_header_nobody_is_let_in(house: House) -> None:
    """Nor with the password of an account: the proxy alone says who somebody is."""
    behind = House(house.studio, **SSO)
    for who in (None, ANN):
        for host, word in (("10.0.0.1", "Remote-User is missing"), ("203.0.113.5", "proxy's address")):
            refused = behind.get(who, host, {"Cookie": f"{NAME_COOKIE}=Ann"})
            assert refused.status_code == 401 and word in refused.text and "WWW-Authenticate" not in refused.headers
    assert TestClient(behind.app).get("/healthz").text == "ok"


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\u202eb", "a\u3164", "You", ["Ann", "Ben"], ["Ann", "Ann"]])
def test_a_header_that_holds_no_one_name_is_refused(studio: Studio, name: object) -> None:
    assert House(studio, **SSO).get(host="10.0.0.1", headers=named(name)).status_code == 403


def test_a_header_that_is_not_utf8_is_refused(studio: Studio) -> None:
    scope = {"type": "http", "path": "/", "headers": [(b"remote-user", b"\xff\xfe")], "client": ("10.0.0.1", 1), "state": {"through_proxy": True}}
    verdict = asyncio.run(House(studio, **SSO).gate.judge(scope))
    assert isinstance(verdict, PlainTextResponse) and verdict.status_code == 403


def test_a_header_that_nobody_chose_says_nothing(house: House) -> None:
    assert house.get(headers=named("Ann")).status_code == 401
    assert house.get(BEN, headers=named("Ann")).text == "ben from 203.0.113.5"


# What is remembered of failures


def test_failures_are_counted_with_the_name_only_where_it_is_an_accounts(house: House) -> None:
    for number in range(7):
        house.guess("ANN", number)
    house.get(("my secret pass", "ann's password"))
    rows = house.log()
    assert rows == [("Ann", "203.0.113.5", "wrong password", 5), ("Ann", "203.0.113.5", "too early", 2), ("", "203.0.113.5", "no such account", 1)]
    with house.studio.sessions.read() as session:
        whole = str([vars(row) for row in list_entries(session)])
    for secret in ("guess", "my secret pass", "ann's", "argon2", "$"):
        assert secret not in whole
    assert house.log() == rows  # nothing is written twice


def test_however_many_fail_a_minute_has_few_rows(house: House) -> None:
    for number in range(MOST_ROWS + 6):
        house.guess("stranger", number, host=f"198.51.100.{number}")
    rows = house.log()
    assert len(rows) == MOST_ROWS + 1 and {count for *_, count in rows[:-1]} == {1}
    assert rows[-1] == ("", "several addresses", "no such account", 6)


def test_they_are_written_by_themselves_and_when_the_server_ends(house: House) -> None:
    async def fail(failed: FailedSignIns) -> None:
        failed.add("Ann", "203.0.113.5", "wrong password")
        assert failed.writer is not None
        await asyncio.wait_for(failed.writer, 20)

    asyncio.run(fail(FailedSignIns(house.studio.sessions, every_s=0.01)))
    assert house.log() == [("Ann", "203.0.113.5", "wrong password", 1)]
    with TestClient(house.app, client=("203.0.113.6", 1)) as client:
        client.get("/", auth=("Ann", "wrong"))
    with house.studio.sessions.read() as session:
        assert [row.place for row in list_entries(session) if row.what == "sign-in.failed"] == ["203.0.113.5", "203.0.113.6"]


def test_a_database_that_cannot_be_written_to_ends_no_server(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with house.studio.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO gone"))
    assert house.guess("Ann", 1) == 401
    house.gate.failed.write()
    assert "1 failed sign-ins could not be written" in caplog.text and house.guess("Ann", 2) == 401
