"""The record beside an adapter: used where it can be read, and named where it cannot."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from app.commands.inputs import place_of
from app.processes.adapter_models import base_of, read_run
from app.settings import Settings
from core.errors import AdapterError, ConfigError
from core.methods.settings import TrainConfig, config_to_data
from core.settings import ModelReference

RECORD = {"config": config_to_data(TrainConfig()), "model": asdict(ModelReference(id="m")), "queries": {"train": ["Why?"], "held_out": ["How?"]}}


def beside(folder: Path, text: str | bytes) -> Path:
    (folder / "run.json").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder / "adapter"


def test_a_record_is_read(tmp_path: Path) -> None:
    assert read_run(beside(tmp_path, json.dumps(RECORD))) == RECORD
    assert read_run(None) is None and read_run(tmp_path / "none" / "adapter") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "Expecting"),
        ("[]", "list indices"),
        ("{}", "config"),
        (b"\xff\xfe\x00", "utf-8"),
        ("[" * 100_000, "recursion"),
        (json.dumps(RECORD | {"config": RECORD["config"] | {"telepathy": 1}}), "Unknown setting 'telepathy'"),
        (json.dumps(RECORD | {"config": RECORD["config"] | {"method": "telepathy"}}), "Unknown method 'telepathy'"),
        (json.dumps(RECORD | {"config": RECORD["config"] | {"seed": "x"}}), "a value of the wrong kind"),
        (json.dumps(RECORD | {"config": RECORD["config"] | {"sampling": []}}), "Settings are a mapping"),
        (json.dumps(RECORD | {"model": {"name": "m"}}), "unexpected keyword"),
        (json.dumps(RECORD | {"model": {"id": 5}}), "5 stands where a text should be"),
        (json.dumps(RECORD | {"queries": {"train": [["Why?"]], "held_out": []}}), "stands where a text should be"),
        (json.dumps(RECORD | {"queries": None}), "not subscriptable"),
    ],
)
def test_one_of_another_studio_or_a_damaged_one_is_named_with_the_remedy(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(AdapterError, match=r"run\.json is no record of a run that can be read .* Move it away") as refused:
        read_run(beside(tmp_path, text))
    assert says in str(refused.value)


def test_the_model_of_a_studio_s_run_is_found_in_the_data_folder_that_the_run_lies_in(tmp_path: Path) -> None:
    run = RECORD | {"model": asdict(ModelReference(id="data:models/mine"))}
    adapter, settings = tmp_path / "moved" / "runs" / "1" / "attempt-2" / "adapter", Settings(data=tmp_path / "other", database_url="sqlite:///studio.db")
    (tmp_path / "other" / "models" / "mine").mkdir(parents=True)
    assert base_of(run, adapter, settings).id == str(tmp_path / "other" / "models" / "mine")
    (tmp_path / "moved" / "models" / "mine").mkdir(parents=True)
    assert base_of(run, adapter, settings).id == str(tmp_path / "moved" / "models" / "mine")
    assert base_of(run, Path("/adapter"), settings).id == str(tmp_path / "other" / "models" / "mine")


@pytest.mark.parametrize("name", ["org/name", "/somewhere/else", "smollm2-135m-instruct"])
def test_a_model_of_another_place_or_an_earlier_record_keeps_its_name(tmp_path: Path, name: str) -> None:
    run = RECORD | {"model": asdict(ModelReference(id=name, revision="abc"))}
    assert base_of(run, tmp_path / "runs" / "1" / "attempt-2" / "adapter", Settings(data=tmp_path, database_url="sqlite:///studio.db")) == ModelReference(
        id=name, revision="abc"
    )


def test_a_folder_that_a_record_only_names_is_where_the_run_s_own_folder_says(tmp_path: Path) -> None:
    run = RECORD | {"model": asdict(ModelReference(id="mine"))}
    out, settings = tmp_path / "out", Settings(data=tmp_path / "data", database_url="sqlite:///studio.db")
    out.mkdir()
    model = tmp_path / "models" / "mine"
    model.mkdir(parents=True)
    (model / "config.json").touch()
    (out / "plan.json").write_text(json.dumps({"model": place_of(str(model))}))
    assert base_of(run, out / "adapter", settings).id == str(model)


@pytest.mark.parametrize("beside", [None, "{", "[]", '{"model": 5}', '{"model": "/nowhere/mine"}', '{"model": "/etc"}'])
def test_one_that_is_not_known_to_be_anywhere_is_asked_for_and_no_other_is_taken(tmp_path: Path, beside: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "SmolLM2-135M-Instruct").mkdir()  # a folder here of that name, and the default model's, are others
    monkeypatch.chdir(tmp_path)
    if beside is not None:
        (tmp_path / "plan.json").write_text(beside)
    for name in ("SmolLM2-135M-Instruct", "mine"):
        with pytest.raises(AdapterError, match=f"“{name}”.*--model"):
            base_of({"model": asdict(ModelReference(id=name))}, tmp_path / "adapter", Settings(data=tmp_path, database_url="sqlite:///studio.db"))


def test_the_place_of_a_model_is_its_whole_path_and_a_name_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mine", "min\udce9"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").touch()
    monkeypatch.chdir(tmp_path)
    assert place_of("mine") == place_of("./mine/../mine") == str(tmp_path / "mine")
    assert [place_of(name) for name in ("org/name", "SmolLM2-135M-Instruct", "~nobody-of-this-name/x", "")] == [None] * 4
    with pytest.raises(ConfigError, match=r"min.udce9.*Rename the folder"):
        place_of("min\udce9")
