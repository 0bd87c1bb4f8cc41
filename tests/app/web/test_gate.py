"""Who is let in, and as whom: accounts and the shared password, and what guesses by others change about it."""

import asyncio
import threading
from collections.abc import Callable

import argon2
import pytest
from sqlalchemy import text
from starlette.responses import PlainTextResponse

from app.services import accounts as service
from app.services.accounts import HASHER, NOBODYS_HASH
from app.services.studio import Studio
from app.web.actors import COOKIE as NAME_COOKIE
from app.web.browsers import COOKIE
from app.web.gate import CHECKED_AT_ONCE, MOST_WAITING, Claim
from app.web.throttle import Attempt
from tests.app.web.houses import ANN, BEN, NAVIGATION, SHARED, House


def test_a_name_is_bound_to_its_password_in_whatever_case_it_is_typed(house: House) -> None:
    assert house.get(ANN).text == "Ann from 203.0.113.5"
    assert house.get(("ａＮＮ", ANN[1])).text == "Ann from 203.0.113.5"
    for who in ((ANN[0], BEN[1]), (BEN[0], ANN[1]), ("Ann", ""), ("", ANN[1]), ("Anna", ANN[1]), ("Ann\u200b", ANN[1])):
        assert house.get(who).status_code == 401, who


def test_once_there_is_an_account_the_shared_password_lets_nobody_in_under_any_name(house: House) -> None:
    for name in ("Ann", "ben", "Zoë", "you", ""):
        refused = house.get((name, SHARED))
        assert refused.status_code == 401 and "your account" in refused.text
    assert house.get(headers={"Cookie": f"{NAME_COOKIE}=Ann"}).status_code == 401


def test_accounts_count_for_a_server_that_runs_already(studio: Studio) -> None:
    house = House(studio)
    assert house.get(headers={"Cookie": f"{NAME_COOKIE}=Ann"}).text == "Ann from 203.0.113.5"
    service.add(studio.sessions, *ANN)
    house.clock.now += 2
    assert house.get(headers={"Cookie": f"{NAME_COOKIE}=Ann"}).status_code == 401
    assert house.get(ANN).status_code == 200
    service.change_password(studio.sessions, "ANN", "another password")
    house.clock.now += 2
    assert [house.get(who).status_code for who in (ANN, ("Ann", "another password"))] == [401, 200]
    service.add(studio.sessions, *BEN)
    service.remove(studio.sessions, "Ann")
    house.clock.now += 2
    assert [house.get(who).status_code for who in (("Ann", "another password"), BEN)] == [401, 200]


def test_when_the_last_account_is_removed_other_machines_are_let_in_no_more(studio: Studio) -> None:
    service.add(studio.sessions, *ANN)
    open_to_others, at_home = House(studio, host="0.0.0.0"), House(studio)
    assert [house.get(ANN).status_code for house in (open_to_others, at_home)] == [200, 200]
    service.remove(studio.sessions, "Ann")
    open_to_others.clock.now += 2
    at_home.clock.now += 2
    refused = open_to_others.get(ANN)
    assert refused.status_code == 503 and "python -m app user add" in refused.text
    assert at_home.get().status_code == 200


def test_nobody_is_let_in_while_the_database_cannot_be_asked(house: House) -> None:
    assert house.get(ANN).status_code == 200
    with house.studio.engine.begin() as connection:
        connection.execute(text("ALTER TABLE users RENAME TO gone"))
    house.clock.now += 2
    for who in (ANN, ("Ann", SHARED), None):
        assert house.get(who).status_code == 503
    with house.studio.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO users"))
    assert house.get(ANN).status_code == 200


def test_who_signed_in_from_there_before_is_not_locked_out_by_anybodys_guesses(house: House) -> None:
    assert house.get(ANN).status_code == 200
    for number in range(30):
        house.guess("Ann", number)
        house.guess("ben", number)
        house.guess(f"stranger {number}", number)
        assert house.get(ANN).status_code == 200
    assert house.guess("ben", 999) == house.guess("Ann", 999) == 429


def test_with_the_shared_password_too(studio: Studio) -> None:
    house = House(studio, password=SHARED)
    assert house.get(("Ann", SHARED)).text == "Ann from 203.0.113.5"
    statuses = [house.guess(f"name {number}", number) for number in range(30)]
    assert statuses[:10] == [401] * 10 and set(statuses[10:]) == {429}
    assert house.get(("Ann", SHARED)).status_code == 200
    waits = house.get(("new here", SHARED))
    assert waits.status_code == 429 and int(waits.headers["Retry-After"]) <= 60
    assert house.get(("new here", SHARED), "203.0.113.6").status_code == 200
    house.clock.now += int(waits.headers["Retry-After"])
    assert house.get(("new here", SHARED)).status_code == 200


def test_all_addresses_of_one_ipv6_network_count_as_one(house: House) -> None:
    for number in range(40):
        house.guess(f"name {number}", number, host=f"2001:db8::{number:x}")
    assert house.guess("another", 1, host="2001:db8::ffff") == 429
    assert house.get(ANN, "2001:db8:0:1::1").status_code == 200


def test_the_address_that_counts_is_the_one_that_the_proxy_saw(house: House) -> None:
    behind = House(house.studio, password=SHARED, trusted_proxies="127.0.0.1")
    for number in range(12):
        behind.get((f"name {number}", "wrong"), "127.0.0.1", {"X-Forwarded-For": f"6.6.6.{number}, 198.51.100.7"})
    assert behind.get(("another", "wrong"), "127.0.0.1", {"X-Forwarded-For": "1.2.3.4, 198.51.100.7"}).status_code == 429
    assert behind.get(ANN, "127.0.0.1", {"X-Forwarded-For": "198.51.100.8"}).text == "Ann from 198.51.100.8"
    for number in range(12):  # what is no address is one place, whatever it says
        behind.get((f"name {number}", "wrong"), "127.0.0.1", {"X-Forwarded-For": f"unknown-{number}"})
    assert behind.get(("another", "wrong"), "127.0.0.1", {"X-Forwarded-For": "unknown-99"}).status_code == 429


def test_a_local_program_cannot_name_addresses_to_guess_on(studio: Studio) -> None:
    house = House(studio, password=SHARED)
    statuses = [house.get(("me", f"guess {number}"), "127.0.0.1", {"X-Forwarded-For": f"6.6.6.{number}"}).status_code for number in range(15)]
    assert 429 in statuses


def test_a_browser_that_was_there_before_is_asked_at_once_even_after_a_restart(house: House) -> None:
    assert COOKIE not in house.get(ANN).cookies  # a script keeps none
    said = house.get(ANN, headers=NAVIGATION).headers["Set-Cookie"]
    assert "HttpOnly" in said and "SameSite=Strict" in said and "Path=/" in said and "Ann" not in said
    mark = said.partition(";")[0].removeprefix(f"{COOKIE}=")
    again = House(house.studio)
    for number in range(200):
        again.gate.attempts.is_wrong(Attempt("ann", "203.0.113.5", False, bytes([number]), "x"))
    assert again.get(ANN).status_code == 429
    answer = again.get(ANN, headers=NAVIGATION, **{COOKIE: mark})
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("change", [lambda mark: mark[:-1] + ("0" if mark[-1] != "0" else "1"), lambda mark: "", lambda mark: "x.y.z", lambda mark: "ü"])
def test_a_mark_that_is_not_ours_or_of_another_name_helps_nobody(house: House, change: Callable[[str], str]) -> None:
    mark = house.get(BEN, headers=NAVIGATION).cookies[COOKIE]
    for number in range(20):
        house.gate.attempts.is_wrong(Attempt("ann", "203.0.113.5", False, bytes([number]), "x"))
    for sent in (mark, change(mark)):
        cookie = {"Cookie": f"{COOKIE}={sent}".encode()}
        assert house.get(ANN, headers=cookie).status_code == 429


def test_guesses_in_a_marked_browser_are_slowed_there(house: House) -> None:
    mark = house.get(ANN, headers=NAVIGATION).cookies[COOKIE]
    statuses = [house.guess("Ann", number, **{COOKIE: mark}) for number in range(8)]
    assert statuses == [401] * 5 + [429] * 3


def test_the_key_of_the_marks_is_kept_for_this_user_alone(house: House) -> None:
    house.get(ANN, headers=NAVIGATION)
    file = house.studio.settings.browsers_file
    assert file.stat().st_mode & 0o777 == 0o600 and len(file.read_bytes()) == 32
    file.write_bytes(b"half")
    assert House(house.studio).get(ANN, headers=NAVIGATION).status_code == 200  # with marks that last as long as the process


def test_so_many_passwords_are_checked_at_once_and_not_more_may_wait(house: House) -> None:
    """Each of them would cost a core 20 ms and more."""
    lock, go = threading.Lock(), threading.Event()
    now = most = checked = 0

    def slow(_: str, __: str) -> bool:
        nonlocal now, most, checked
        with lock:
            now, checked = now + 1, checked + 1
            most = max(most, now)
        go.wait(20)
        with lock:
            now -= 1
        return False

    async def flood() -> list[bool | PlainTextResponse]:
        attempts = [(Attempt(f"name {number}", f"place {number}", False, bytes([number]), "x"), Claim("", "", "x", slow)) for number in range(80)]
        asked = [asyncio.create_task(house.gate._checked(attempt, claim, "y")) for attempt, claim in attempts]
        _, waiting = await asyncio.wait(asked, timeout=0.5)
        assert len(waiting) == MOST_WAITING
        go.set()
        return await asyncio.gather(*asked)

    answers = asyncio.run(flood())
    busy = [answer for answer in answers if isinstance(answer, PlainTextResponse)]
    assert (most, checked) == (CHECKED_AT_ONCE, MOST_WAITING)
    assert {answer.status_code for answer in busy} == {503} and len(busy) == 80 - MOST_WAITING
    assert all("Retry-After" in answer.headers for answer in busy)


def test_a_password_that_many_requests_carry_at_once_is_checked_for_the_first_of_them(house: House) -> None:
    checks: list[str] = []

    def check(_: str, given: str) -> bool:
        checks.append(given)
        return True

    async def burst() -> list[bool | PlainTextResponse]:
        attempt, claim = Attempt("ann", "203.0.113.5", False, b"digest", "x"), Claim("Ann", "Ann", "x", check)
        return await asyncio.gather(*(house.gate._checked(attempt, claim, "y") for _ in range(20)))

    assert asyncio.run(burst()) == [True] * 20 and len(checks) <= CHECKED_AT_ONCE


def test_who_is_remembered_costs_no_check_and_does_not_wait_for_others(house: House) -> None:
    assert house.get(ANN).status_code == 200
    house.gate.waiting = MOST_WAITING
    assert house.get(ANN).status_code == 200
    assert house.get(BEN).status_code == 503


def test_a_name_that_is_nobodys_is_checked_like_any_other() -> None:
    ours = argon2.extract_parameters(HASHER.hash("anything at all"))
    assert argon2.extract_parameters(NOBODYS_HASH) == ours
    with pytest.raises(argon2.exceptions.VerifyMismatchError):
        HASHER.verify(NOBODYS_HASH, "anything at all")
