"""Two principles against each other from the page: a real model host on a tiny model, a real database file."""

import dataclasses
import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.services import conflicts as service
from app.services.conflicts import ConflictView, preview_conflict
from app.services.kept_conflicts import ConflictForm, conflict_form, conflict_found
from app.services.studio import Studio, open_studio
from app.settings import Settings, prepare_data_folder
from core.constitution.files import dump_yaml
from core.constitution.queries import from_rows
from core.errors import ConfigError
from db.query_sets import get_query_set
from tests.app import warm
from tests.app.conflicting import ASKING, BRIEF, KIND, KINDER, RULE, add_ruled_version
from tests.app.hosting import RunningHost, wait_until
from tests.app.planting import form, make_studio, measure
from tests.app.pretending import pretended
from tests.tiny import save_tiny_model

SMALL = ("sampling.max_new_tokens=8", "sampling.temperature=0.9")
LONG = ("sampling.max_new_tokens=3000", "sampling.temperature=0")  # the likeliest token of the tiny model is never the end
AN_E = {**KIND, "title": "An e", "statement": "Write an e.", "antithesis": "Write no e.", "check": {"contains": "e"}}
FEW = {**BRIEF, "check": {"max_words": 1}}


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
    return add_ruled_version(studio, "Two", FEW, AN_E)


def chosen(studio: Studio, version_id: int, queries: int = 5, **changes: Any) -> ConflictForm:
    return ConflictForm(
        train=form(studio, **({"version_id": version_id, "model": studio.settings.model, "changes": SMALL} | changes)), first=1, second=2, queries=queries
    )


def last(studio: Studio, wanted: ConflictForm, key: str = "") -> ConflictView:
    return list(service.ask_conflict(studio, "Ann", wanted, key))[-1]


def test_page_and_command_line_find_the_same_and_what_is_kept_is_that(studio: Studio, host: RunningHost, two: int, tmp_path: Path) -> None:
    wanted = chosen(studio, two, seed=5)
    view = last(studio, wanted)
    assert (view.running, view.problem) == (False, None) and view.told is not None
    plan, told = view.plan, view.told
    assert any(True in each for each in told.replies.followed["none"])

    with studio.sessions.read() as session:
        queries = from_rows(get_query_set(session, wanted.train.query_set_id).rows)
    (tmp_path / "two-v1.yaml").write_text(dump_yaml(plan.plan.constitution), encoding="utf-8")
    (tmp_path / "everyday-queries.jsonl").write_text(
        "".join(json.dumps({"query": query.text, "split": query.split}) + "\n" for query in queries), encoding="utf-8"
    )
    words = preview_conflict(studio, wanted).command.split()
    assert words[:4] == ["python", "-m", "app", "conflict"]
    named = [str(tmp_path / word) if word in ("two-v1.yaml", "everyday-queries.jsonl") else word for word in words[3:]]
    done = warm.run([*named, "--json"], os.environ | {"STUDIO_DATA": str(studio.settings.data), "STUDIO_DEVICE": "cpu"})
    there = json.loads(done.stdout)
    assert there["result"] == json.loads(json.dumps(dataclasses.asdict(told.found)))
    rows = [{"query": query, **{order: texts[i] for order, texts in told.replies.texts.items()}} for i, query in enumerate(told.replies.queries)]
    assert [{name: value for name, value in row.items() if name != "follows"} for row in there["replies"]] == rows
    assert there["replies"][0]["follows"] == json.loads(json.dumps({order: followed[0] for order, followed in told.replies.followed.items()}))

    assert view.kept is not None
    kept = conflict_found(studio, view.kept)
    assert (kept.found, kept.replies, kept.pair) == (told.found, told.replies, told.pair)
    assert conflict_form(studio, view.kept).queries == 5 and conflict_form(studio, view.kept).train.seed == 5


def test_progress_is_told_in_words_and_a_share_until_there_are_replies(studio: Studio, host: RunningHost, two: int) -> None:
    views = list(service.ask_conflict(studio, "Ann", chosen(studio, two)))
    asking = [view for view in views if view.note.startswith("asking with both principles in every order: ")]
    assert asking[0].note.endswith("0 of 15 replies") and asking[-1].note.endswith("15 of 15 replies")
    shares = [view.share or 0.0 for view in asking]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert views[0].replies is None and views[-1].replies is not None and not views[-1].running


def test_who_leaves_ends_the_asking_and_nothing_is_kept(studio: Studio, host: RunningHost, two: int) -> None:
    with closing(service.ask_conflict(studio, "Ann", chosen(studio, two, changes=LONG), "left-conflict")) as views:  # type: ignore[type-var]
        next(view for view in views if view.note.startswith("asking with both"))
        assert host.ask("GET", "/health")["busy"] is True
    wait_until(lambda: host.ask("GET", "/health")["busy"] is False, 30)
    first = last(studio, chosen(studio, two), "left-conflict")  # the same request may still be kept, once
    assert first.kept is not None and last(studio, chosen(studio, two), "left-conflict").kept == first.kept
    other = last(studio, chosen(studio, two, seed=1), "left-conflict")
    assert (other.kept, other.problem) == (None, None) and "This request was used for another conflict already" in other.unkept and other.told is not None


def test_a_host_that_is_killed_once_is_asked_again_and_twice_is_told(studio: Studio, host: RunningHost, two: int) -> None:
    with closing(service.ask_conflict(studio, "Ann", chosen(studio, two, changes=LONG))) as views:  # type: ignore[type-var]
        for _ in range(2):
            next(view for view in views if view.note.startswith("asking with both"))
            host.kill()
            host.start()
        final = list(views)[-1]
    assert (final.running, final.replies, final.kept) == (False, None, None)
    assert final.problem == "The model host stopped twice over this. Most likely memory ran out: close other programs, or choose a smaller model."
    assert last(studio, chosen(studio, two)).kept is not None


def test_what_the_model_cannot_read_is_a_problem_with_its_remedy(studio: Studio, host: RunningHost, two: int) -> None:
    found = last(studio, chosen(studio, two, changes=("sampling.max_new_tokens=4090",)))
    assert found.told is None and found.problem is not None and "Shorten the constitution" in found.problem


def test_a_host_that_ends_without_replies_is_a_problem(tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    with pretended() as host:
        host.stand_in(studio.settings, {"event": "alive"}, {"event": "end"})
        final = last(studio, chosen(studio, add_ruled_version(studio, "Two", BRIEF, ASKING)))
    assert final.problem == "The model host ended without replies. Ask again in a moment."
    studio.engine.dispose()


def test_a_preview_says_what_would_be_asked_and_how_long_it_takes(studio: Studio, two: int) -> None:
    measure(studio)
    found = preview_conflict(studio, dataclasses.replace(chosen(studio, two, queries=500), first=None, second=None))
    assert [(each.number, each.title, each.priority, each.judged) for each in found.principles] == [(1, "Brief", None, True), (2, "An e", None, True)]
    assert (found.first, found.second, found.problem, found.orders) == (1, 2, "", 3)
    assert found.queries == found.held_out > 24 and found.seconds is not None and found.seconds > 0
    assert f"with the rule for conflicts “{RULE}”" in found.prompt
    words = found.command.split()
    assert words[words.index("--limit") :] == ["--limit", "500", "--max-new-tokens", "8", "--temperature", "0.9"]
    usual = preview_conflict(studio, chosen(studio, two, queries=24, changes=())).command.split()
    assert usual[usual.index("--limit") :] == ["--limit", "24"]
    fewer = preview_conflict(studio, chosen(studio, two, queries=24))
    assert fewer.queries == 24 and fewer.seconds is not None and fewer.seconds < found.seconds
    ranked = preview_conflict(studio, chosen(studio, add_ruled_version(studio, "Ranked", BRIEF, ASKING)))
    assert ranked.orders == 2 and ranked.prompt.startswith("In the prompt: “Asking” with priority 1 before “Brief”, which has none")


def test_what_cannot_be_asked_is_told_in_the_preview_with_the_ways_on(studio: Studio) -> None:
    three = add_ruled_version(studio, "Three", KIND, BRIEF, KINDER, ASKING)
    own = preview_conflict(studio, dataclasses.replace(chosen(studio, three), first=None, second=None))
    assert (own.first, own.second, own.problem) == (2, 4, "")  # those that can be judged
    half = preview_conflict(studio, dataclasses.replace(chosen(studio, three), first=None, second=1))
    assert (half.first, half.second) == (2, 1) and half.problem.startswith("“Kind” cannot be judged yet: principle 1 has no check")
    both = preview_conflict(studio, dataclasses.replace(chosen(studio, three), first=1, second=3))
    assert both.problem.startswith(
        "“Kind” and “Kinder” cannot be judged yet: principles 1 and 3 have no check, so no program can tell. Two ways on: add a check"
    )
    assert (both.queries, both.seconds, both.command, both.prompt) == (0, None, "", "")
    same = preview_conflict(studio, dataclasses.replace(chosen(studio, three), first=2, second=2))
    assert same.problem == "Principle 2 cannot be set against itself. Choose another one."
    gone = preview_conflict(studio, dataclasses.replace(chosen(studio, three), first=2, second=9))
    assert (gone.first, gone.second) == (2, 4)
    few = preview_conflict(studio, dataclasses.replace(chosen(studio, three, queries=1), first=2, second=4))
    assert (few.problem, few.setting) == ("queries must be between 2 and 500, got 1.", "queries")
    one = preview_conflict(studio, dataclasses.replace(chosen(studio, add_ruled_version(studio, "Alone", BRIEF)), first=None, second=None))
    assert one.first is None and one.problem == (
        "“Alone” has one principle, so there is nothing to set against it. Choose a constitution with two, or add one on the Write page."
    )
    with pytest.raises(ConfigError, match="Two principles are set against each other"):
        next(service.ask_conflict(studio, "Ann", dataclasses.replace(chosen(studio, three), first=None)))
    with pytest.raises(ConfigError, match="lora_rank must be between 1 and 1,024"):
        preview_conflict(studio, chosen(studio, three, changes=("lora_rank=0",)))


def test_nothing_is_said_of_how_long_it_takes_where_runs_are_done_elsewhere(studio: Studio, two: int) -> None:
    class Elsewhere:
        local = False

    measure(studio)
    cluster: Any = dataclasses.replace(studio, launcher=Elsewhere())  # type: ignore[arg-type]
    planned = service.plan_conflict(studio, chosen(studio, two))
    assert service._seconds(cluster, planned, 3) is None and service._seconds(studio, planned, 3) is not None
