"""A data folder is moved, with all that is in it, and everything is found: rows name files and models by their place in it."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from app.processes.attempt import Watch
from app.processes.training import _plan
from app.services.comparisons import CompareForm, list_recent, open_comparison, start_comparison
from app.services.downloads import adapter_of_run, record_of_run, replies_of_run, version_file
from app.services.plans import choices, make_plan
from app.services.query_sets import list_query_sets, upload
from app.services.runs import form_again, run_view
from app.services.sources import list_sources
from app.services.studio import Studio, open_studio
from core.engine.artifacts import require_recorded
from core.errors import AdapterError
from tests.app.planting import claim, finish, make_studio, progress, queue, sample, settings_for, version_id, write_log
from tests.app.results import result

QUERIES = b"".join(b'{"query": "Q%d?", "split": "%s"}\n' % (i, b"train" if i % 2 else b"held_out") for i in range(8))


def plant_model(data: Path) -> Path:
    folder = data / "models" / "mine"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").touch()
    return folder


def fill(studio: Studio, model: Path) -> tuple[int, str]:
    """A finished run on a model of the data folder, and a comparison with it; a second run that was begun."""
    run_id = queue(studio, model=str(model))
    held = claim(studio)
    progress(studio, held, "training", 4, 8, checkpoint=f"runs/{run_id}/attempt-1/checkpoint-000004")
    sample(studio, held, 4, [("Why?", "So.", "Because of many things.")])
    write_log(studio, held, "it said this")
    finish(studio, held, result())
    upload(studio, QUERIES, "mine.jsonl")
    asked = CompareForm(run_id=run_id, version_id=None, query="Why?", side="statement", seed=0, sampling={"max_new_tokens": 8, "temperature": 0, "top_p": 1})
    with closing(start_comparison(studio, "Ann", asked)) as told:  # type: ignore[type-var]
        token = next(told).id
    version_alone = CompareForm(run_id=None, version_id=version_id(studio), query="Why?", side="statement", seed=0, sampling=asked.sampling)
    with closing(start_comparison(studio, "Ann", version_alone)) as told:  # type: ignore[type-var]
        next(told)
    queue(studio, key="second-click", model=str(model))
    return run_id, token


def texts(studio: Studio) -> list[str]:
    """Everything that is stored, as text."""
    metadata = MetaData()
    metadata.reflect(studio.engine)
    with studio.engine.begin() as connection:
        return [str(row) for table in metadata.sorted_tables for row in connection.execute(table.select())]


@pytest.mark.parametrize("by_link", [False, True], ids=["by its path", "through a link"])
def test_everything_is_found_in_a_folder_that_was_moved(tmp_path: Path, by_link: bool) -> None:
    before, after = tmp_path / "before", tmp_path / "archive" / "after"
    model = plant_model(before)
    if by_link:
        (tmp_path / "link").symlink_to(before)
        model = tmp_path / "link" / "models" / "mine"
    studio = make_studio(before)
    run_id, token = fill(studio, model)
    assert [text for text in texts(studio) if str(tmp_path) in text] == []
    studio.engine.dispose()
    (tmp_path / "archive").mkdir()
    before.rename(after)
    here = str(after / "models" / "mine")

    studio = open_studio(settings_for(after))
    view = run_view(studio, run_id)
    assert (view.line.model, view.log, view.resumable_from, len(view.samples)) == (here, ("it said this",), "checkpoint-000004", 2)
    assert {"adapter_config.json", "adapter_model.safetensors"} <= set(studio.store.names(adapter_of_run(studio, run_id)))
    assert record_of_run(studio, run_id)
    assert {row["text"] for row in replies_of_run(studio, run_id)} >= {"Because.", "So."}
    assert version_file(studio, version_id(studio)).text
    assert "mine.jsonl" in {view.name for view in list_query_sets(studio)}
    assert here in choices(studio).models
    assert make_plan(studio, form_again(studio, run_id)).model.id == here
    compared = open_comparison(studio, token)
    assert compared.source.model == here
    artifact = next(pane.arm.artifact for pane in compared.panes if pane.arm.artifact is not None)
    with studio.store.local(artifact.place) as folder:
        assert folder.is_relative_to(after)
        with pytest.raises(AdapterError, match="not the one"):  # it is found, and is none of those that a real run makes
            require_recorded(folder, artifact)
    assert next(source for source in list_sources(studio) if source.run_id == run_id).model == here
    assert len(list_recent(studio)) == 2
    plan = _plan(studio.settings, Watch(studio.sessions, claim(studio)))
    assert (plan.model.id, plan.known_as) == (here, "data:models/mine")
    studio.engine.dispose()


def test_models_of_other_places_keep_their_names(tmp_path: Path) -> None:
    studio = make_studio(tmp_path / "data")
    outside = plant_model(tmp_path / "elsewhere")
    for name in (str(outside), "org/name", "smollm2-135m-instruct", str(tmp_path / "data-of-others"), "/data", "data"):
        assert studio.store.model_in_row(name) == name
        assert studio.store.model_of_row(name) == name
    studio.engine.dispose()


def test_a_model_named_from_the_working_folder_is_known_by_its_place_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = make_studio(tmp_path / "data")
    folder = plant_model(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    for name in ("data/models/mine", "./data/../data/models/mine", str(folder), f"{folder}/"):
        assert studio.store.model_in_row(name) == "data:models/mine"
    assert studio.store.model_of_row("data:models/mine") == str(folder)
    studio.engine.dispose()
