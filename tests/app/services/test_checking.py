"""The check without a run: a real model host on a tiny model, a real database file."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.host import client as host_client
from app.host.protocol import CheckRequest, ModelChoice, ReplyRequest
from app.host.server import BUSY, NEEDED_BY_RUN, Host
from app.services import checking as service
from app.services.checking import CheckView
from app.services.plans import TrainForm, make_plan
from app.services.studio import Studio, open_studio
from app.settings import Settings, prepare_data_folder
from core.constitution.files import dump_yaml
from core.constitution.queries import from_rows
from core.engine.adapters import adapter_hash
from core.errors import ConfigError
from core.methods.arms import Artifact, arm_to_data, make_arm
from core.runs.execute import execute
from core.runs.links import trainability_from_data
from core.runs.plan import RunPlan
from core.settings import ModelReference
from db.constitutions import NewVersion, add_constitution, add_version
from db.query_sets import get_query_set
from tests.app import warm
from tests.app.hosting import RunningHost, wait_until
from tests.app.planting import form, make_studio
from tests.app.pretending import pretended
from tests.tiny import save_tiny_adapter, save_tiny_model

PRINCIPLES = [
    {"id": "a" * 32, "title": "Few words", "statement": "Be brief.", "antithesis": "Be long.", "check": {"max_words": 1}},
    {"id": "b" * 32, "title": "An e", "statement": "Write an e.", "antithesis": "Write no e.", "check": {"contains": "e"}},
]
SMALL = ("iterations=2", "train_queries=3", "held_out_queries=2", "passes=1", "lora_rank=4", "max_kl_nats=0", "sampling.max_new_tokens=8")
LONG = ("sampling.max_new_tokens=3000", "sampling.temperature=0")  # the likeliest token of the tiny model is never the end


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    data = tmp_path_factory.mktemp("data")
    settings = Settings(data=data, database_url=f"sqlite:///{data}/studio.db", device="cpu", model=str(save_tiny_model(data / "models" / "tiny")))
    prepare_data_folder(settings)
    opened = open_studio(settings)
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def host(studio: Studio) -> Iterator[RunningHost]:
    running = RunningHost(studio.settings)
    yield running
    running.kill()


@pytest.fixture(scope="module")
def two(studio: Studio) -> int:
    """A version of two principles that a random model can follow now and then."""
    with studio.sessions.begin() as session:
        row = add_constitution(session, "Two")
        new = NewVersion(constitution_id=row.id, base_version_id=None, content={"name": "Two", "principles": PRINCIPLES}, message="First.", author="Ann")
        return add_version(session, new).id


def chosen(studio: Studio, **changes: Any) -> TrainForm:
    return form(studio, **({"model": studio.settings.model, "changes": SMALL} | changes))


def last(studio: Studio, wanted: TrainForm) -> CheckView:
    return list(service.check(studio, "Ann", wanted))[-1]


def test_page_run_and_command_line_find_the_same(studio: Studio, host: RunningHost, two: int, tmp_path: Path) -> None:
    wanted = chosen(studio, version_id=two, changes=(*SMALL, "train_anyway=true"), seed=5)
    plan = make_plan(studio, wanted)
    with studio.sessions.read() as session:
        queries = tuple(from_rows(get_query_set(session, wanted.query_set_id).rows))
    on_page = last(studio, wanted).found
    assert on_page is not None
    assert [link.title for link in on_page.principles] == ["Few words", "An e"]
    assert sum(link.hits for link in on_page.principles) > 0

    run = RunPlan(constitution=plan.constitution, queries=queries, model=ModelReference(id=plan.model.id), config=plan.config, device="cpu")
    execute(run, tmp_path / "run", studio.settings.models_folder)
    in_run = trainability_from_data(json.loads((tmp_path / "run" / "trainability.json").read_text()))

    (tmp_path / "c.yaml").write_text(dump_yaml(plan.constitution), encoding="utf-8")
    (tmp_path / "q.jsonl").write_text("".join(json.dumps({"query": query.text, "split": query.split}) + "\n" for query in queries), encoding="utf-8")
    settings = [part for setting in wanted.changes for part in ("--set", setting)]
    command = ["check", "--constitution", tmp_path / "c.yaml", "--queries", tmp_path / "q.jsonl", "--model", plan.model.id, "--seed", 5, "--json", *settings]
    environ = os.environ | {"STUDIO_DATA": str(studio.settings.data), "STUDIO_DEVICE": "cpu"}
    done = warm.run(command, environ)
    on_command_line = trainability_from_data(json.loads(done.stdout))
    assert "asking the base what it already does: 0 of 9 replies" in done.stderr

    assert on_page == in_run
    assert on_page == on_command_line


def test_progress_is_told_in_words_and_a_share_until_there_is_a_verdict(studio: Studio, host: RunningHost) -> None:
    views = list(service.check(studio, "Ann", chosen(studio)))
    assert all(view.running and view.note for view in views[:-1])
    asking = [view for view in views if "of 6 replies" in view.note or "of 24 replies" in view.note]
    assert [view.share for view in asking] == sorted(view.share or 0.0 for view in asking)
    assert asking[0].note == "asking the base what it already does: 0 of 6 replies"
    assert (views[-1].running, views[-1].note, views[-1].problem) == (False, "", None)
    assert views[-1].found is not None
    assert views[-1].found.verdict in ("go", "weak", "no-go")


def test_who_leaves_ends_the_asking_and_the_next_is_served(studio: Studio, host: RunningHost) -> None:
    with closing(service.check(studio, "Ann", chosen(studio, changes=LONG))) as views:  # type: ignore[type-var]
        next(view for view in views if view.note.startswith("asking the base"))
        assert host.ask("GET", "/health")["busy"] is True
    wait_until(lambda: host.ask("GET", "/health")["busy"] is False, 10)
    assert last(studio, chosen(studio)).found is not None


def test_a_second_one_waits_for_the_first(studio: Studio, host: RunningHost) -> None:
    with closing(service.check(studio, "Ann", chosen(studio, changes=LONG))) as first:  # type: ignore[type-var]
        next(view for view in first if view.note.startswith("asking the base"))
        with closing(service.check(studio, "Ann", chosen(studio))) as second:  # type: ignore[type-var]
            assert next(view for view in second if view.note != "asking the model host").note == BUSY
            first.close()  # type: ignore[attr-defined]
            assert list(second)[-1].found is not None


def test_a_host_that_is_killed_once_is_asked_again_and_twice_is_told(studio: Studio, host: RunningHost) -> None:
    with closing(service.check(studio, "Ann", chosen(studio, changes=LONG))) as views:  # type: ignore[type-var]
        for _ in range(2):
            next(view for view in views if view.note.startswith("asking the base"))
            host.kill()
            host.start()
        final = list(views)[-1]
    assert (final.running, final.found) == (False, None)
    assert final.problem == "The model host stopped twice over this. Most likely memory ran out: close other programs, or choose a smaller model."
    assert last(studio, chosen(studio)).found is not None


def test_what_cannot_be_checked_is_a_problem_with_its_remedy(studio: Studio, host: RunningHost) -> None:
    too_long = last(studio, chosen(studio, changes=("sampling.max_new_tokens=4090",)))
    assert too_long.problem is not None
    assert "Shorten the constitution" in too_long.problem
    assert too_long.found is None


def test_the_base_is_held_as_the_run_would_hold_it(studio: Studio) -> None:
    for four_bit in (True, False):
        assert service._request(studio, make_plan(studio, chosen(studio, changes=(f"four_bit={four_bit}".lower(),)))).model.four_bit is four_bit


def test_a_form_that_cannot_be_used_is_refused_before_anyone_is_asked(studio: Studio) -> None:
    with pytest.raises(ConfigError, match="lora_rank must be between 1 and 1,024"):
        next(service.check(studio, "Ann", chosen(studio, changes=("lora_rank=0",))))


def test_a_host_that_ends_without_a_verdict_is_a_problem(tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    with pretended() as host:
        host.stand_in(studio.settings, {"event": "alive"}, {"event": "end"})
        final = last(studio, form(studio))
    assert final.problem == "The model host ended without a verdict. Check again in a moment."
    studio.engine.dispose()


class OnGpu(Host):
    """A host that has a model on a GPU and asks it for ever."""

    def _answer(self, job: Any) -> Iterator[dict[str, Any]]:
        self.held = Weights()  # type: ignore[assignment]
        while True:
            job.tell({"event": "asking", "note": "asking", "share": 0.5})
            yield {"event": "alive"}

    def free(self) -> None:
        self.held = None


class Weights:
    on_gpu = True


def test_on_a_gpu_a_check_gives_way_to_a_run_and_the_person_is_told(studio: Studio) -> None:
    request = CheckRequest(model=ModelChoice(id="any"), constitution={}, queries=[], config={})

    async def asked() -> list[dict[str, Any]]:
        host, seen = OnGpu(studio.settings), []
        async for line in host.lines(request):
            seen.append(json.loads(line))
            if len(seen) == 3:
                assert await host.release() is True
                assert host.held is None
        host.worker.shutdown()
        return seen

    seen = asyncio.run(asked())
    assert [event for event in seen if event["event"] in ("error", "end")] == [{"event": "error", "message": NEEDED_BY_RUN}, {"event": "end"}]


def test_the_check_is_of_the_base_although_an_adapter_is_on_it(studio: Studio, host: RunningHost, tmp_path: Path) -> None:
    before = last(studio, chosen(studio)).found
    adapter = save_tiny_adapter(Path(studio.settings.model), tmp_path / "adapter")
    sampling = {"max_new_tokens": 4, "temperature": 0.7, "top_p": 1.0}
    arm = make_arm("sami-alone", artifact=Artifact(kind="adapter", place=str(adapter), sha256=adapter_hash(adapter)))
    request = ReplyRequest(model=ModelChoice(id=studio.settings.model), query="Why?", seed=0, sampling=sampling, arms=[arm_to_data(arm)])
    assert any(event["event"] == "done" for event in host_client.stream(studio.settings, request))
    assert host.ask("GET", "/health")["adapters"] == [adapter_hash(adapter)]
    assert last(studio, chosen(studio)).found == before
