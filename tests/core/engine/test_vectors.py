"""Steering vectors as files: what is written is read, and what does not fit is refused in words."""

import dataclasses
import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from core.engine.artifacts import artifact_in, kind_of, load_artifact, require_recorded, without_artifacts
from core.engine.steering_vector import SteeringVector
from core.engine.vectors import FACTS, FILE, load_vector, read_vector, save_vector, vector_hash
from core.errors import AdapterError
from core.methods.arms import Artifact
from core.settings import ModelReference
from tests.tiny import save_tiny_adapter


def vector(**changes):
    values = {"layer": 1, "multiplier": 2.0, "vector_H": torch.arange(64.0), "random_H": torch.ones(64), "facts": {"chosen_by": "check", "model": "org/other"}}
    return SteeringVector(**{**values, **changes})


def test_what_is_saved_is_read_with_all_that_is_said_of_it(tiny, tmp_path):
    folder = save_vector(vector(), tmp_path / "vector")
    assert [path.name for path in folder.iterdir()] == [FILE]
    read = read_vector(tiny, folder)
    assert (read.layer, read.multiplier, read.norm) == (1, 2.0, pytest.approx(float(torch.arange(64.0).norm())))
    assert torch.equal(read.vector_H, torch.arange(64.0))
    assert torch.equal(read.random_H, torch.ones(64))
    with safe_open(folder / FILE, framework="pt") as file:
        said = json.loads(file.metadata()[FACTS])
    assert {"format", "layer", "multiplier", "norm", "chosen_by", "model"} <= set(said)
    before = vector_hash(folder)
    assert vector_hash(save_vector(vector(layer=0), folder)) == before  # what is there is kept


def test_the_same_vector_has_the_same_hash(tmp_path):
    assert vector_hash(save_vector(vector(), tmp_path / "a")) == vector_hash(save_vector(vector(), tmp_path / "b"))


def test_kinds_are_told_apart_and_taken_off_again(tiny, tiny_folder, tmp_path):
    folder, adapter = save_vector(vector(), tmp_path / "vector"), save_tiny_adapter(tiny_folder, tmp_path / "adapter")
    assert (kind_of(folder), kind_of(adapter)) == ("vector", "adapter")
    found = artifact_in(folder)
    assert found == Artifact(kind="vector", place=str(folder), sha256=vector_hash(folder))
    model = load_artifact(tiny, folder)
    assert model.artifacts == {found.sha256} and not model.adapted
    assert load_artifact(model, folder) is model
    both = load_artifact(model, adapter)
    assert both.artifacts == {found.sha256, artifact_in(adapter).sha256}
    assert without_artifacts(both).artifacts == frozenset()
    require_recorded(folder, found)
    with pytest.raises(AdapterError, match="The vector that is there now is not the one that the run recorded"):
        require_recorded(folder, dataclasses.replace(found, sha256="0" * 64))
    with pytest.raises(AdapterError, match="The run's vector is no longer where the run left it"):
        require_recorded(adapter, found)
    with pytest.raises(AdapterError, match="of the kind 'crystal', which this studio does not know"):
        require_recorded(folder, dataclasses.replace(found, kind="crystal"))


def test_what_is_no_vector_for_this_model_is_refused_in_words(tiny, tmp_path):
    with pytest.raises(AdapterError, match="is not an adapter"):
        artifact_in(tmp_path)
    with pytest.raises(AdapterError, match=r"is not a steering vector\. Give the `vector` folder"):
        load_vector(tiny, tmp_path)
    for name, wrong, words in (
        ("short", vector(vector_H=torch.ones(8), random_H=torch.ones(8)), "has 8 numbers for layer 1, but .* has 2 layers of 64"),
        ("uneven", vector(random_H=torch.ones(8)), "has uneven numbers for layer 1"),
        ("deep", vector(layer=2), "has 64 numbers for layer 2, but .* has 2 layers of 64"),
        ("zero", vector(vector_H=torch.zeros(64)), "nothing but zeros, or holds numbers that are NaN"),
        ("nan", vector(random_H=torch.full((64,), torch.nan)), "nothing but zeros, or holds numbers that are NaN"),
        ("infinite", vector(multiplier=float("inf")), "has a multiplier of inf"),
    ):
        with pytest.raises(AdapterError, match=words):
            load_vector(tiny, save_vector(wrong, tmp_path / name))
    published = dataclasses.replace(tiny, reference=ModelReference(id="org/this"))
    with pytest.raises(AdapterError, match="was made for org/other, not for org/this"):
        load_vector(published, save_vector(vector(), tmp_path / "foreign"))


def test_a_damaged_file_is_refused_in_words(tiny, tmp_path):
    folder = save_vector(vector(), tmp_path / "vector")
    whole = (folder / FILE).read_bytes()
    for damaged in (b"", whole[:40], b"<html>"):
        (folder / FILE).write_bytes(damaged)
        with pytest.raises(AdapterError, match="cannot be read as a steering vector"):
            read_vector(tiny, folder)
    save_file({"vector": torch.ones(64)}, folder / FILE, metadata={FACTS: '{"layer": 1, "multiplier": 1}'})
    with pytest.raises(AdapterError, match="cannot be read as a steering vector"):
        read_vector(tiny, folder)
    save_file({"vector": torch.ones(64), "random": torch.ones(64)}, folder / FILE)
    with pytest.raises(AdapterError, match="cannot be read as a steering vector"):
        read_vector(tiny, folder)
