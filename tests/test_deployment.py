"""What docs/deployment.md and the Dockerfile say, held against the code and the programs that read them. Proxies: tests/app/web/test_proxy.py."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.processes.supervisor import LARGEST_LOG_BYTES, STOP_WITHIN_S
from app.settings import VARIABLES
from tests.app.deployment import PAGE, ROOT, block, replaced
from tests.app.serving import served


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, in order, with continued lines as one."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line and not line.startswith("#")]


def said(instruction: str) -> list[str]:
    return [value for name, value in instructions() if name == instruction]


def test_the_unit_is_one_that_systemd_reads_without_a_word(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze on this machine; Debian: apt-get install systemd")
    unit = tmp_path / "constitution-studio.service"
    unit.write_text(replaced(block("ini"), ("/opt/constitution-studio/venv/bin/python", sys.executable)))
    done = subprocess.run([analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60, check=False)
    assert [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line] == []


def test_the_unit_waits_longer_than_the_supervisor_and_keeps_the_data_to_itself() -> None:
    unit = dict(line.split("=", 1) for line in block("ini").splitlines() if "=" in line)
    assert float(unit["TimeoutStopSec"]) > STOP_WITHIN_S
    assert (unit["NoNewPrivileges"], unit["ProtectSystem"], unit["CapabilityBoundingSet"], unit["UMask"]) == ("yes", "strict", "", "0077")
    assert unit["ExecStart"].endswith(" -m app")


def test_every_variable_and_every_size_that_the_page_names_is_the_code_s() -> None:
    page = PAGE.read_text()
    assert set(re.findall(r"\b(?:STUDIO_[A-Z_]+|FORWARDED_[A-Z_]+|DATABASE_URL)\b", page)) <= set(VARIABLES.values())
    assert f"more than {LARGEST_LOG_BYTES // 1_000_000} MB" in page
    assert f"size {LARGEST_LOG_BYTES // 1_000_000}M" in block("logrotate")


def test_the_image_holds_what_the_app_needs_and_runs_as_somebody() -> None:
    (base,) = said("FROM")
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", base)
    copied = {source for value in said("COPY") for source in value.split()[:-1]}
    assert copied == {"requirements.txt", *(folder.name for folder in ROOT.iterdir() if (folder / "__init__.py").exists() and folder.name != "tests")}
    order = [name for name, _ in instructions()]
    assert order.index("USER") < order.index("CMD")
    assert said("USER") == ["studio"]
    assert order.index("USER") > max(place for place, name in enumerate(order) if name in ("COPY", "RUN"))  # what was put in is root's, and cannot be changed
    environment = dict(pair.split("=", 1) for value in said("ENV") for pair in shlex.split(value))
    assert said("VOLUME") == [environment["STUDIO_DATA"]] == ["/data"]
    assert environment["HF_HOME"].startswith("/data/")
    assert said("CMD") == ['["python", "-m", "app"]']


@pytest.mark.parametrize(("status", "expected"), [(200, 0), (503, 1)])
def test_the_health_check_of_the_image_tells_a_database_that_is_away(status: int, expected: int) -> None:
    (check,) = said("HEALTHCHECK")
    _, code = (re.findall(r'"((?:[^"\\]|\\.)*)"', check.partition("CMD")[2]))[1:]
    app = Starlette(routes=[Route("/healthz", lambda request: PlainTextResponse("", status))])
    with served(app) as address:
        environ = os.environ | {"STUDIO_PORT": address.rpartition(":")[2], "http_proxy": "http://127.0.0.1:9"}
        assert subprocess.run([sys.executable, "-c", code], env=environ, timeout=30, check=False).returncode == expected
