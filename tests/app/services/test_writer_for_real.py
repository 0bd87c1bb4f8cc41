"""Proposals by the real default model, asked both ways: through a real OpenAI-compatible server (`transformers serve`), and in a process of one's own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.engine.default_model import DEFAULT_MODEL, ensure_default_model
from tests.app.serving import free_port

pytestmark = pytest.mark.real_model

ROOT = Path(__file__).parents[3]
START_S = 180


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("writer")
    (folder / "models").mkdir()
    ensure_default_model(folder / "models")
    return folder


@pytest.fixture(scope="module")
def served_model(data: Path) -> Iterator[tuple[str, str]]:
    """Address of the server, and the name it knows the model by."""
    folder, port = ensure_default_model(data / "models"), free_port()
    command = [Path(sys.executable).with_name("transformers"), "serve", folder, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with (data / "serve.log").open("wb") as log:
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, env=os.environ | {"HF_HUB_OFFLINE": "1"})
    try:
        deadline = time.monotonic() + START_S
        while not _answers(port):
            assert process.poll() is None and time.monotonic() < deadline, (data / "serve.log").read_text()
            time.sleep(0.3)
        yield f"http://127.0.0.1:{port}/v1", str(folder)
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def proposed(data: Path, *arguments: str) -> dict[str, Any]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")} | {"NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", "app", "propose", *arguments, "--data", str(data), "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_server_that_speaks_the_protocol_writes_an_antithesis(data: Path, served_model: tuple[str, str]) -> None:
    url, name = served_model
    found = proposed(data, "--statement", "Always give an example.", "--endpoint", url, "--endpoint-model", name)
    assert found["statement"] == "Always give an example."
    assert "example" in found["antithesis"] and found["antithesis"] != found["statement"]
    assert found["title"] and found["written_by"]["texts"] == ["antithesis"]


def test_the_default_model_writes_a_principle_from_a_wish(data: Path) -> None:
    found = proposed(data, "--wish", "I want short answers.", "--device", "cpu")
    assert "short" in found["statement"].casefold()
    assert found["antithesis"] and found["antithesis"] != found["statement"] and found["title"]
    assert found["written_by"] == {"model": DEFAULT_MODEL, "texts": ["statement", "antithesis"]}
