"""Files for all commands, and one trained adapter."""

import json

import pytest

from tests.app.commands.calling import CONSTITUTION, cold, train_arguments
from tests.tiny import save_tiny_model


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    (folder / "c.yaml").write_text(CONSTITUTION)
    (folder / "q.jsonl").write_text("".join(json.dumps({"query": f"Question {i}?", "split": "train" if i % 2 else "held_out"}) + "\n" for i in range(16)))
    save_tiny_model(folder / "model")
    return folder


@pytest.fixture(scope="session")
def trained(files):
    out = files / "run"
    done = cold(*train_arguments(files, out), folder=files)
    assert done.returncode == 0, done.stderr
    return out, done
