"""The last resort: what nobody foresaw is words, also where another application answers before it raises."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from app.web.faults import FaultsInWords


def stumble(request: Request) -> Response:
    raise RuntimeError("a secret of the studio")


def refuse(request: Request) -> Response:
    return PlainTextResponse("told in words already", 500)


def break_off(request: Request) -> Response:
    def parts() -> Iterator[bytes]:
        yield b"the first half"
        raise RuntimeError("a secret of the studio")

    return StreamingResponse(parts())


@pytest.fixture
def client() -> TestClient:
    mounted = Starlette(routes=[Route("/stumble", stumble), Route("/refuse", refuse), Route("/break", break_off)])
    return TestClient(FaultsInWords(Starlette(routes=[Mount("/", mounted)])), raise_server_exceptions=False)


def test_what_a_mounted_application_raises_is_told_by_a_number_of_the_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """Starlette answers "Internal Server Error" there, and raises afterwards."""
    answer = client.get("/stumble")
    assert answer.status_code == 500 and "Something went wrong in the studio itself" in answer.text and "secret" not in answer.text
    assert answer.text.split()[-1].rstrip(".") in caplog.text


def test_what_is_words_already_stays(client: TestClient) -> None:
    assert (client.get("/refuse").status_code, client.get("/refuse").text) == (500, "told in words already")


def test_half_an_answer_is_not_made_a_whole_one(client: TestClient) -> None:
    with pytest.raises(RuntimeError):
        TestClient(client.app).get("/break")
