"""Proposals on their way: written in a thread by an endpoint or the model host, looked at, called off, and forgotten."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.pages.proposing import ProposingPage
from app.services import proposals as service
from app.services.proposals import ProposalJob, Proposals
from app.services.studio import RefusedError, Studio, open_studio
from app.settings import Settings, prepare_data_folder
from app.web.actors import Actor, KnownBy
from core.constitution.proposals import Wish, answer_sampling, prompt_for
from core.engine.models import Placing
from core.errors import WriterError
from tests.app.hosting import RunningHost
from tests.app.serving import completion, served
from tests.asking import drawn
from tests.tiny import save_tiny_model

WISH = Wish(statement="Be brief.", title="Brief")


class Model:
    """An endpoint's model: answers once it may."""

    def __init__(self) -> None:
        self.answer: Callable[[], Response] = lambda: completion("Be long.")
        self.may_answer = threading.Event()
        self.asked = 0
        self.app = Starlette(routes=[Route("/v1/chat/completions", self.chat, methods=["POST"])])

    def chat(self, _: Request) -> Response:
        self.asked += 1
        assert self.may_answer.wait(20)
        return self.answer()


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Model, str]]:
    model = Model()
    with served(model.app) as url:
        yield model, f"{url}/v1"


@pytest.fixture
def model(running: tuple[Model, str], monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    found, _ = running
    found.answer, found.asked = (lambda: completion("Be long.")), 0
    found.may_answer.set()
    return found


@pytest.fixture
def studio(running: tuple[Model, str], tmp_path: Path) -> Iterator[Studio]:
    opened = open_studio(Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/studio.db", writer_url=running[1], writer_model="large"))
    yield opened
    opened.engine.dispose()


def ended(job: ProposalJob) -> ProposalJob:
    deadline = time.monotonic() + 20
    while job.running:
        assert time.monotonic() < deadline
        job.looked_at = time.monotonic()
        time.sleep(0.01)
    return job


def test_a_proposal_is_written_while_its_editor_looks(studio: Studio, model: Model) -> None:
    proposals = Proposals()
    model.may_answer.clear()
    job = proposals.begin(studio, "ann", WISH, 0)
    assert proposals.look("ann", job.id).running and job.writer == "large"
    model.may_answer.set()
    found = ended(job).proposal
    assert found is not None and found.antithesis == "Be long."
    assert proposals.look("ann", job.id).proposal == found


def test_what_goes_wrong_is_said_and_a_fault_of_ours_keeps_its_details(studio: Studio, model: Model, caplog: pytest.LogCaptureFixture) -> None:
    model.answer = lambda: Response(status_code=401)
    assert "refused the key" in ended(Proposals().begin(studio, "ann", WISH, 0)).problem
    no_wish: Any = None
    job = ended(Proposals().begin(studio, "ann", no_wish, 0))
    assert "error of its own" in job.problem and "NoneType" not in job.problem and "NoneType" in caplog.text


def test_nobody_sees_another_editors_proposal(studio: Studio, model: Model) -> None:
    proposals = Proposals()
    job = ended(proposals.begin(studio, "ann", WISH, 0))
    for editor, name in (("bob", job.id), ("ann", "unknown"), ("ann", None), ("ann", ["x"])):
        with pytest.raises(RefusedError, match="no longer there"):
            proposals.look(editor, name)
    proposals.leave("bob", job.id)
    assert proposals.look("ann", job.id) is job


def test_a_second_proposal_calls_off_the_first(studio: Studio, model: Model) -> None:
    proposals = Proposals()
    model.may_answer.clear()
    first, second = proposals.begin(studio, "ann", WISH, 0), proposals.begin(studio, "ann", WISH, 3)
    assert first.left and second.running
    model.may_answer.set()
    ended(second)
    with pytest.raises(RefusedError):
        proposals.look("ann", first.id)


def test_nobody_waits_for_a_proposal_that_is_not_looked_at(studio: Studio, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LOOKED_AFTER_S", 0.0)
    job = Proposals().begin(studio, "ann", WISH, 0)
    deadline = time.monotonic() + 20
    while not job.left:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert model.asked == 0


def test_only_so_many_are_written_and_kept_at_once(studio: Studio, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_KEPT", service.MOST_AT_ONCE + 2)
    proposals = Proposals()
    model.may_answer.clear()
    jobs = [proposals.begin(studio, f"editor {i}", WISH, 0) for i in range(service.MOST_AT_ONCE)]
    with pytest.raises(RefusedError, match="already"):
        proposals.begin(studio, "one more", WISH, 0)
    model.may_answer.set()
    for job in jobs:
        ended(job)
    for _ in range(service.MOST_KEPT + 3):
        ended(proposals.begin(studio, "ann", WISH, 0))
    assert len(proposals.jobs) == service.MOST_KEPT


def answered(handler: Any, **question: Any) -> dict[str, Any]:
    request: Any = SimpleNamespace(state=SimpleNamespace(actor=Actor("ann", KnownBy.LOGIN)), query_params={})
    reply: dict[str, Any] = handler({**question}, request)
    return reply


def test_the_page_asks_looks_and_leaves(studio: Studio, model: Model) -> None:
    page = ProposingPage(studio)
    begun = answered(page.propose, statement="Be brief.", title="", **{"try": 0})
    assert begun["kind"] == "proposal" and begun["writer"] == "large"
    ended(page.proposals.jobs[begun["id"]])
    done = answered(page.proposal, proposal=begun["id"])
    assert done["proposal"] == {"title": "Be long", "statement": "Be brief.", "antithesis": "Be long.", "shortfall": ""}
    assert answered(page.leave, proposal=begun["id"])["kind"] == "left"
    assert answered(page.proposal, proposal=begun["id"])["kind"] == "problem"
    for question in ({"wish": " "}, {"wish": 7}, {"wish": "x" * 2000}, {"statement": "x" * 5000}):
        assert answered(page.propose, **question, **{"try": 0})["kind"] == "problem"
    assert answered(page.propose, wish="Short", **{"try": "0"})["kind"] == "problem"


def test_the_model_host_writes_what_the_command_line_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With worked examples and a random model: the answer is nonsense, but the very same nonsense as in a process of one's own."""
    import torch

    from core.engine.models import encode_prompt, load_model
    from core.settings import ModelReference

    folder = save_tiny_model(tmp_path / "tiny")
    settings = Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/studio.db", device="cpu", writer_model=str(folder))
    prepare_data_folder(settings)
    host = RunningHost(settings)
    try:
        ask = service._ask_host(ProposalJob("ann", "tiny"), settings)
        prompt = prompt_for("antithesis", "Be brief.", 0)
        written = [ask(prompt, number) for number in (0, 2)]
        missing = Settings(data=tmp_path, database_url=settings.database_url, writer_model=str(tmp_path / "nothing"))
        with pytest.raises(WriterError, match="neither a model folder"):
            service._ask_host(ProposalJob("ann", "x"), missing)(prompt, 0)
    finally:
        host.kill()
    model = load_model(ModelReference(id=str(folder)), tmp_path, Placing(device=torch.device("cpu")))
    assert written == [drawn(model, [encode_prompt(model, prompt)], answer_sampling(number), [number])[0].text for number in (0, 2)]
    assert service.writer_name(settings) == "tiny"
