"""Models that were brought damaged: every command says so in one line."""

import json
import shutil

import pytest

from tests.app.commands.calling import run

BROUGHT = [
    ("model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "git lfs pull"),
    ("config.json", b'{"model_type": "llama"', "config.json is not readable JSON"),
    ("tokenizer.json", b"<html>Sign in</html>", "is a web page"),
    ("chat_template.jinja", b"{% for m in messages %}{{ m.text }}{% endfor %}", "loses or changes"),
]


def spoiled(model, folder, name, content):
    shutil.copytree(model, folder)
    (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize(("name", "content", "words"), BROUGHT)
@pytest.mark.parametrize("verb", ["check", "reply", "train", "propose"])
def test_a_model_that_was_brought_damaged_is_one_line_without_a_traceback(files, tmp_path, verb, name, content, words):
    model = spoiled(files / "model", tmp_path / "model", name, content)
    asked = ["--constitution", files / "c.yaml", "--queries", files / "q.jsonl", "--model", model]
    more = {
        "check": asked,
        "reply": [*asked, "--out", tmp_path / "r"],
        "train": [*asked, "--out", tmp_path / "run"],
        "propose": ["--wish", "Be brief.", "--model", model],
    }
    done = run(verb, *more[verb], folder=files)
    errors = [line for line in done.stderr.splitlines() if not line.startswith(("Note: ", "preparing", "loading"))]
    assert (done.returncode, len(errors), done.stdout) == (1, 1, ""), done.stderr
    assert errors[0].startswith("error: ")
    assert words in errors[0]


@pytest.mark.parametrize(("name", "content", "words"), BROUGHT[:3])
def test_doctor_finds_a_damaged_default_model(files, tmp_path, name, content, words):
    spoiled(files / "model", tmp_path / "data" / "models" / "SmolLM2-135M-Instruct-bf16", name, content)
    done = run("doctor", "--json", folder=tmp_path)
    (found,) = (finding for finding in json.loads(done.stdout) if not finding["good"])
    assert (done.returncode, found["what"]) == (1, "default model")
    assert words in found["text"]
    assert "made anew" in found["text"]
