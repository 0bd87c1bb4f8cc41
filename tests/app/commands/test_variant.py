"""`train --variant`: a control of a text, which nobody can take for a run of it."""

import json

import pytest

from core.methods.variants import VARIANTS
from tests.app.commands.calling import run, train_arguments


def test_a_control_is_trained_and_said_to_be_one(files, tmp_path):
    done = run(*train_arguments(files, tmp_path / "run"), "--variant", "emptied", folder=files)
    assert done.returncode == 0, done.stderr
    assert VARIANTS["emptied"].note in done.stdout
    data = json.loads((tmp_path / "run" / "run.json").read_text())
    assert data["config"]["variant"] == "emptied"
    assert data["trained_text"]["principles"][0]["statement"] == "Xxxxxx xx xxx xxxxxxxx."
    assert data["constitution"]["principles"][0]["statement"] == "Answer in one sentence."
    examined = ("--adapter", tmp_path / "run" / "adapter", "--model", files / "model", "--queries", files / "q.jsonl", "--limit", 2)
    found = run("lab", *examined, "--probe", "prompt", "--max-new-tokens", 6, "--out", tmp_path / "lab", folder=files)
    assert found.returncode == 0, found.stderr
    assert f"Warning: the adapter that is examined is of a control. {VARIANTS['emptied'].note}" in found.stderr
    assert found.stdout.startswith(f"The adapter that is examined is of a control: emptied text. {VARIANTS['emptied'].note}\n\nMutual information: ")
    assert "is of a control: emptied text." in (tmp_path / "lab" / "report.html").read_text()
    assert json.loads((tmp_path / "lab" / "report.json").read_text())["about"]["variant"] == "emptied"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--variant", "empty"), "invalid choice: 'empty'"),
        (("--method", "bct", "--variant", "emptied"), "variant means nothing with bct, and is always real"),
        (("--set", "variant=empty"), "variant must be one of real, emptied, swapped, nonce, random, got 'empty'"),
    ],
)
def test_what_is_no_control_is_refused_in_words(files, tmp_path, more, told):
    done = run(*train_arguments(files, tmp_path / "run"), *more, folder=files)
    assert done.returncode != 0
    assert told in done.stderr
    assert not (tmp_path / "run").exists()
