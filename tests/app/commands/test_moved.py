"""Proxy-tuning at a terminal: a smaller model made and used, what an adapter changed moved onto another model, and how much of a gap that closes."""

import json
import shutil

import pytest

from app.processes.adapter_models import model_of_adapter
from app.settings import Settings
from core.errors import AdapterError
from core.settings import ModelReference
from tests.app.commands.calling import run, train_arguments
from tests.tiny import save_tiny_model


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("moved") / "larger", seed=7, layers=4)


def reply(files, target, *options):
    base = [
        "reply",
        "--constitution",
        files / "c.yaml",
        "--queries",
        files / "q.jsonl",
        "--max-new-tokens",
        5,
        "--seed",
        3,
        "--temperature",
        1,
        "--out",
        target,
    ]
    done = run(*base, *options, folder=files)
    return done, [json.loads(line)["response"] for line in target.read_text().splitlines()] if target.exists() else []


def test_an_adapter_is_moved_onto_another_model_which_is_named_and_its_own_is_found(trained, files, larger, tmp_path):
    adapter = trained[0] / "adapter"
    done, moved = reply(files, tmp_path / "moved.jsonl", "--arm", "proxy", "--adapter", adapter, "--model", larger)
    assert done.returncode == 0, done.stderr
    assert f"{larger} is decoded; {files / 'model'} is held beside it" in done.stderr
    _, base = reply(files, tmp_path / "base.jsonl", "--arm", "prompt", "--model", larger)
    _, control = reply(files, tmp_path / "control.jsonl", "--arm", "proxy", "--set", "alpha=0", "--adapter", adapter, "--model", larger)
    assert control == base and len(moved) == 16


def test_on_its_own_model_it_is_the_adapter(trained, files, tmp_path):
    adapter = trained[0] / "adapter"
    _, moved = reply(files, tmp_path / "moved.jsonl", "--arm", "proxy", "--adapter", adapter, "--model", files / "model")
    _, tuned = reply(files, tmp_path / "tuned.jsonl", "--arm", "sami", "--adapter", adapter, "--model", files / "model")
    assert moved == tuned


def test_what_does_not_go_together_is_told_in_words(trained, files, tmp_path):
    adapter = trained[0] / "adapter"
    other = save_tiny_model(tmp_path / "other", seed=3)
    tokens = json.loads((other / "tokenizer.json").read_text())
    words = tokens["model"]["vocab"]
    words["a"], words["b"] = words["b"], words["a"]
    (other / "tokenizer.json").write_text(json.dumps(tokens))
    done, _ = reply(files, tmp_path / "r.jsonl", "--arm", "proxy", "--adapter", adapter, "--model", other)
    assert done.returncode == 1 and done.stderr.splitlines()[-1].startswith("error: The vocabularies of other and model differ (2 of 258")
    done, _ = reply(files, tmp_path / "r.jsonl", "--arm", "proxy", "--model", other)
    assert "The arm proxy needs an adapter. Add --adapter DIR" in done.stderr
    alone = shutil.copytree(adapter, tmp_path / "alone")
    done, _ = reply(files, tmp_path / "r.jsonl", "--arm", "proxy", "--adapter", alone, "--model", files / "model")
    assert "says 'model' of the model that it was trained on, which is no model's name. Name that model with --adapter-model" in done.stderr
    done, _ = reply(files, tmp_path / "r.jsonl", "--arm", "proxy", "--adapter", alone, "--adapter-model", files / "model", "--model", files / "model")
    assert done.returncode == 0, done.stderr


def test_a_strangers_adapter_says_itself_which_model_it_is_of(tmp_path):
    settings = Settings(data=tmp_path, database_url="sqlite:///studio.db")

    def named(name, **more):
        (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": name, **more}))
        return model_of_adapter(tmp_path, settings)

    assert named("org/small", revision="abc") == ModelReference(id="org/small", revision="abc")
    assert named("HuggingFaceTB/SmolLM2-135M-Instruct").id == "SmolLM2-135M-Instruct"
    assert named(str(save_tiny_model(tmp_path / "here"))).id == str(tmp_path / "here")
    with pytest.raises(AdapterError, match="says '' of the model"):
        named(None)


def test_a_smaller_model_is_made_trained_on_and_moved_back_onto_the_larger_one(files, larger, tmp_path):
    small = tmp_path / "small"
    made = ["smaller", "--queries", files / "q.jsonl", "--model", larger, "--drop", 2, "--steps", 2, "--asked", 4, "--out", small]
    done = run(*made, folder=files)
    assert done.returncode == 0, done.stderr
    assert "2 of 4 layers" in done.stdout and "smaller: " in done.stdout and "KL(" in done.stdout
    assert run(*made, folder=files).stdout.splitlines()[0] == done.stdout.splitlines()[0]  # made once
    refused = run(*made[:-3], 3, "--out", small, folder=files)
    assert refused.returncode == 1 and "is there already, and holds something else" in refused.stderr
    for model, out in ((small, tmp_path / "run-small"), (larger, tmp_path / "run-larger")):
        arguments = train_arguments(files, out)
        arguments[arguments.index("--model") + 1] = model
        assert (done := run(*arguments, folder=files)).returncode == 0, done.stderr
    asked = ["measure", "--constitution", files / "c.yaml", "--queries", files / "q.jsonl", "--model", larger, "--arm", "proxy"]
    asked += ["--adapter", tmp_path / "run-small" / "adapter", "--direct", tmp_path / "run-larger" / "adapter"]
    told, data = run(*asked, folder=files), json.loads(run(*asked, "--json", folder=files).stdout)
    assert [line["arm"]["key"] for line in data["result"]["arms"]] == ["prompt", "proxy", "base", "sami"]
    assert data["gap"]["direct"]["method"] == "sami"
    assert data["gap"]["principles"]["Be brief"]["gap"]["n"] == 3
    assert f"Be brief: {data['gap']['principles']['Be brief']['says']}" in told.stdout
    refused = run(*asked[: asked.index("--arm")], "--arm", "sami", *asked[asked.index("--arm") + 2 :], folder=files)
    assert "--direct is for --arm proxy, and the arm is sami" in refused.stderr
