"""The record beside an adapter: used where it can be read, and named where it cannot."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from app.commands.inputs import base_of, read_run
from app.settings import Settings
from core.errors import AdapterError
from core.methods.settings import TrainConfig, config_to_data
from core.settings import ModelReference

RECORD = {"config": config_to_data(TrainConfig()), "model": asdict(ModelReference(id="m"))}


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
