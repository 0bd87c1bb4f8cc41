"""Asking a judge over real sockets: servers that answer, wait, fail, lie, lead astray and break off."""

import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from app.services.judge_endpoint import MAX_ANSWER_CHARS, MAX_BODY_BYTES, JudgeClient, JudgeEndpoint
from app.services.judges import Told
from core.errors import ConfigError, JudgeError
from core.measure.model_judge import Question
from tests.app.judging import Handler, JudgeServer, judge_server
from tests.app.serving import free_port

KEY = "sk-not-to-be-seen"
QUESTION = Question(system="You judge.", user="A or B?")


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with judge_server(lambda handler, _: handler.say("A")) as running:
        yield running


def asked(server: JudgeServer | str, waits: list[float] | None = None, **changes: Any) -> Told:
    address = server if isinstance(server, str) else server.address
    endpoint = JudgeEndpoint(**{"address": address, "model": "m", "key": KEY, **changes})
    kept = waits if waits is not None else []
    client = JudgeClient(endpoint, pause=kept.append)
    try:
        return client.ask(QUESTION)
    finally:
        client.close()


def refused(server: JudgeServer) -> str:
    with pytest.raises(JudgeError) as told:
        asked(server)
    assert KEY not in repr(told.value) and len(server.seen) == 1
    return str(told.value)


def test_a_judge_is_asked_in_the_protocol_with_the_key_and_without_chance(server: JudgeServer) -> None:
    told = asked(server, max_tokens=7)
    path, headers, body = server.seen[0]
    assert path == "/v1/chat/completions" and headers["Authorization"] == f"Bearer {KEY}"
    assert [(turn["role"], turn["content"]) for turn in body["messages"]] == [("system", "You judge."), ("user", "A or B?")]
    assert (body["model"], body["temperature"], body["max_tokens"], body["stream"]) == ("m", 0, 7, False)
    assert (told.text, told.failure, told.tokens_in, told.tokens_out) == ("A", "", 100, 2) and told.took_ms is not None


def test_without_a_key_none_is_sent_whatever_lies_in_the_environment(server: JudgeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert asked(server, key=None).text == "A"
    assert "Authorization" not in server.seen[0][1]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_judge_that_is_busy_is_asked_again_and_later_each_time(server: JudgeServer, status: int) -> None:
    server.answer = lambda handler, _: handler.say("B") if len(server.seen) == 3 else handler.say("not now", status)
    waits: list[float] = []
    assert asked(server, waits).text == "B" and waits == [1.0, 2.0]


def test_a_judge_that_stays_busy_is_left_after_some_tries(server: JudgeServer) -> None:
    server.answer = lambda handler, _: handler.say(f"your key {KEY}", 500)
    waits: list[float] = []
    told = asked(server, waits)
    assert told.text == "" and told.took_ms is None and told.failure.endswith("could not answer (status 500)") and KEY not in told.failure
    assert len(server.seen) == 4 and waits == [1.0, 2.0, 4.0]


def test_as_long_as_a_judge_asks_for_is_waited(server: JudgeServer) -> None:
    in_half_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    for said, least, most in (("7", 7, 7), (in_half_a_minute, 25, 30), ("0", 1, 1), ("soon", 1, 1)):
        server.seen.clear()
        server.answer = lambda handler, _, said=said: handler.say("A") if len(server.seen) == 2 else handler.say("wait", 429, Retry_After=said)  # type: ignore[misc]
        waits: list[float] = []
        assert asked(server, waits).text == "A" and least <= waits[0] <= most, said


def test_a_judge_that_asks_for_a_long_wait_is_left_at_once(server: JudgeServer) -> None:
    server.answer = lambda handler, _: handler.say("wait", 429, Retry_After="3600")
    assert "asks to wait for 3600 seconds" in refused(server)


def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else(server: JudgeServer) -> None:
    with judge_server() as other:
        server.answer = lambda handler, _: handler.send(b"", 307, Location=f"{other.address}/chat/completions")
        assert "leads to 127.0.0.1 (status 307), which is not followed" in refused(server)
        assert other.seen == []


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "refused the key, or wants one (status 401). Check STUDIO_JUDGE_KEY."), (403, "status 403"), (404, "no model m (status 404)"), (400, "status 400")],
)
def test_what_no_other_try_mends_is_said_at_once_and_in_our_own_words(server: JudgeServer, status: int, words: str) -> None:
    server.answer = lambda handler, _: handler.say(f"Incorrect key {KEY} \x1b[31m", status)
    assert words in refused(server)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"message": {"content": 7}}]}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_answer_is_a_failure_in_words(server: JudgeServer, data: bytes) -> None:
    server.answer = lambda handler, _: handler.send(data)
    told = asked(server)
    assert told.text == "" and "answered with something" in told.failure and told.tokens_in is None and len(server.seen) == 1


def test_an_answer_of_any_length_is_read_no_further_than_its_bound(server: JudgeServer) -> None:
    def endless(handler: Handler, _: object) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        while True:  # until the other side has heard enough
            handler.wfile.write(b" " * 65_536)

    server.answer = endless
    assert asked(server).failure.endswith(f"answered with more than {MAX_BODY_BYTES:,} bytes")
    server.answer = lambda handler, _: handler.say("A " * 10_000)
    assert len(asked(server).text) == MAX_ANSWER_CHARS


def test_a_judge_that_drips_is_left_in_time(server: JudgeServer) -> None:
    def dripping(handler: Handler, _: object) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.05)

    server.answer = dripping
    assert "was not done after 1 seconds" in asked(server, within_s=1.0).failure and len(server.seen) == 1


def test_a_judge_that_says_nothing_is_asked_again_and_then_left(server: JudgeServer) -> None:
    server.answer = lambda handler, _: time.sleep(1.5)
    assert "ReadTimeout" in asked(server, within_s=0.5, tries=2).failure and len(server.seen) == 2


def test_a_judge_that_breaks_off_is_asked_again(server: JudgeServer) -> None:
    def broken(handler: Handler, _: object) -> None:
        if len(server.seen) == 2:
            handler.say("B")
            return
        handler.send_response(200)
        handler.send_header("Content-Length", "500")
        handler.end_headers()
        handler.wfile.write(b'{"choices"')
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    server.answer = broken
    assert asked(server).text == "B"


def test_nobody_there_is_said_in_words() -> None:
    told = asked(f"http://127.0.0.1:{free_port()}/v1", tries=2)
    assert "cannot be reached, or broke off (ConnectError)" in told.failure


def test_a_key_that_a_judge_says_back_is_not_kept(server: JudgeServer) -> None:
    server.answer = lambda handler, _: handler.say(f"A. You sent {handler.headers['Authorization']}")
    assert asked(server).text == "A. You sent Bearer …"
    assert KEY not in repr(JudgeEndpoint(address=server.address, model="m", key=KEY))


@pytest.mark.parametrize("usage", [{"prompt_tokens": "7"}, {"prompt_tokens": -1}, {"prompt_tokens": True}, {"prompt_tokens": 10**12}, [1], "many"])
def test_what_is_no_count_of_tokens_is_not_counted(server: JudgeServer, usage: object) -> None:
    server.answer = lambda handler, _: handler.say("A", usage=usage)
    told = asked(server)
    assert (told.text, told.tokens_in, told.tokens_out) == ("A", None, None)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "127.0.0.1:8000/v1",
        "file:///etc/passwd",
        "ftp://host/v1",
        "http://",
        "http://me:secret@host/v1",
        "http://host/v1?key=1",
        "http://host/v1#x",
        "http://host/v1/",
        "http://host:99999/v1",
        "http://host/v1\n",
        "http://[::1/v1",
        f"http://host/{'v' * 600}",
    ],
)
def test_what_is_no_address_is_refused_and_not_said_back(address: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        JudgeEndpoint(address=address, model="m")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("wrong", [{"model": " "}, {"model": "m\x1b"}, {"model": "m" * 201}, {"key": "two words"}, {"max_tokens": 0}])
def test_other_parts_that_cannot_be_used_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as refusal:
        JudgeEndpoint(**{"address": "http://host/v1", "model": "m", **wrong})
    assert "two words" not in json.dumps(str(refusal.value))


@pytest.mark.parametrize(
    "address", ["http://judge.example/v1", "http://192.168.1.7:8000/v1", "http://127.1:8000/v1", "HTTP://[2001:db8::1]/v1", "http://localhost.example/v1"]
)
def test_a_key_never_leaves_the_machine_over_plain_http(address: str) -> None:
    with pytest.raises(ConfigError, match=r"over plain http.*https address.*ssh -L.*unset STUDIO_JUDGE_KEY") as told:
        JudgeEndpoint(address=address, model="m", key=KEY)
    assert KEY not in str(told.value)
    assert JudgeEndpoint(address=address, model="m").key is None


@pytest.mark.parametrize("address", ["https://judge.example/v1", "http://localhost:8000/v1", "http://127.0.0.2/v1", "http://[::1]:8000/v1"])
def test_a_key_goes_over_https_or_to_this_machine(address: str) -> None:
    assert JudgeEndpoint(address=address, model="m", key=KEY).key == KEY
