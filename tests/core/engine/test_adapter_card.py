"""Adapters that others take away: they name a base that can be found, hold no path of this machine, and can be read."""

import dataclasses
import json
import os
import shutil
import stat
import subprocess
import sys

import pytest
import torch
import yaml
from transformers import AutoModelForCausalLM

from core.engine.adapter_card import card, public_base
from core.engine.adapters import adapter_hash, attach_adapter, load_adapter, save_adapter
from core.engine.default_model import DEFAULT_MODEL, DEFAULT_REVISION
from core.engine.models import Placing, load_model
from core.settings import ModelReference
from tests.tiny import stir

HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"
SNAPSHOT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def default(tiny_folder, tmp_path):
    """The tiny model under the default model's name, with an adapter that changes something."""
    loaded = load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=torch.device("cpu"), dtype=torch.float32))
    model = attach_adapter(dataclasses.replace(loaded, reference=ModelReference(id=DEFAULT_MODEL, revision=DEFAULT_REVISION)), rank=4, alpha=8, seed=0)
    stir(model.network, std=0.3)
    return model


def front(text):
    return yaml.safe_load(text.split("---")[1])


@pytest.mark.parametrize(
    ("reference", "public"),
    [
        (ModelReference(id=DEFAULT_MODEL, revision=DEFAULT_REVISION), ModelReference(id=HUB_ID)),
        (ModelReference(id="org/name", revision=SNAPSHOT), ModelReference(id="org/name", revision=SNAPSHOT)),
        (ModelReference(id="/home/ann/secret project/my model"), ModelReference(id="my model")),
        (ModelReference(id="/"), ModelReference(id="model")),
        (ModelReference(id=f"/home/ann/.cache/hub/models--org--a-name/snapshots/{SNAPSHOT}"), ModelReference(id="org/a-name", revision=SNAPSHOT)),
    ],
)
def test_a_base_is_named_as_others_can_find_it(reference, public):
    assert public_base(reference) == public
    text = card(reference)
    assert "/home" not in text and "ann" not in text.replace("antithesis", "")
    assert front(text).get("base_model") == (public.id if "/" in public.id else None)
    assert public.id in text
    assert ("de-quantised" in text) == (reference.id == DEFAULT_MODEL)


def test_nothing_in_the_folder_holds_a_path_of_this_machine(default, tiny_folder, tmp_path):
    named = dataclasses.replace(default, reference=ModelReference(id=str(tiny_folder)))
    for model, base in ((default, HUB_ID), (named, tiny_folder.name)):
        folder = save_adapter(model, tmp_path / base / "adapter")
        assert json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"] == base
        for path in folder.iterdir():
            assert str(tiny_folder.parent).encode() not in path.read_bytes()
            assert str(tmp_path).encode() not in path.read_bytes()


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_every_file_has_the_rights_that_the_umask_leaves(default, tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        folder = save_adapter(default, tmp_path / "adapter")
    finally:
        os.umask(before)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(
        ("README.md", "adapter_config.json", "adapter_model.safetensors"), mode
    )


def test_the_weights_are_those_that_peft_writes_bit_for_bit(default, tmp_path):
    folder = save_adapter(default, tmp_path / "ours")
    default.network.save_pretrained(str(tmp_path / "peft"), safe_serialization=True, save_embedding_layers=False)
    assert adapter_hash(folder) == adapter_hash(tmp_path / "peft")


def test_stock_auto_classes_find_the_base_and_give_the_same_logits(default, tiny_folder, tmp_path):
    """A cache of the Hub that holds the base, and no network: what AutoPeft asks for by name is found in it."""
    folder = save_adapter(default, tmp_path / "adapter")
    cached = tmp_path / "home" / "hub" / f"models--{HUB_ID.replace('/', '--')}"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text(SNAPSHOT)
    shutil.copytree(tiny_folder, cached / "snapshots" / SNAPSHOT)
    script = (
        "import sys, torch; from peft import AutoPeftModelForCausalLM as Auto; model = Auto.from_pretrained(sys.argv[1], dtype=torch.float32).eval(); "
        "torch.save(model(torch.arange(3, 30)[None]).logits.detach(), sys.argv[2])"
    )
    environ = os.environ | {"HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
    environ.pop("HF_HUB_CACHE", None)
    done = subprocess.run([sys.executable, "-c", script, folder, tmp_path / "logits"], env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ours = load_adapter(load_model(ModelReference(id=str(tiny_folder)), tmp_path, Placing(device=torch.device("cpu"), dtype=torch.float32)), folder)
    theirs = torch.load(tmp_path / "logits", weights_only=True)
    with torch.no_grad():
        torch.testing.assert_close(theirs, ours.network(torch.arange(3, 30)[None]).logits)
        assert not torch.allclose(theirs, AutoModelForCausalLM.from_pretrained(tiny_folder)(torch.arange(3, 30)[None]).logits)
