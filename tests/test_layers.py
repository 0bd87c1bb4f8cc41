"""Who may import whom, asked of fresh processes: an indirect import counts too."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TORCH = ("torch", "transformers", "peft")
PAGE = ("gradio", "fastapi", "starlette", "uvicorn")


def modules(package: str) -> list[str]:
    files = sorted((ROOT / package).rglob("*.py"))
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files if path.name not in ("__main__.py", "env.py") and "versions" not in path.parts
    ]


def loaded_by(names: list[str]) -> set[str]:
    code = f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return set(done.stdout.split())


def loaded_roots(names: list[str]) -> set[str]:
    return {name.partition(".")[0] for name in loaded_by(names)}


def rooms_without_torch() -> list[str]:
    """The ground of core, its room of texts, and every module that says of itself that it imports no torch."""
    found = modules("core")
    ground = [name for name in found if name.count(".") == 1]
    texts = [name for name in found if name.startswith("core.constitution.")]
    saying = [name for name in found if "mports no torch" in (ROOT / f"{name.replace('.', '/')}.py").read_text().partition('"""')[2].partition('"""')[0]]
    return sorted({*ground, *texts, *saying} - {"core.__init__"})


@pytest.mark.parametrize(
    ("names", "forbidden"),
    [
        (modules("core"), ("gradio", "fastapi", "sqlalchemy", "alembic", "db", "app")),
        (modules("db"), (*TORCH, *PAGE, "core", "app")),
        (["app.cli", "app.processes.supervisor"], (*TORCH, *PAGE)),
        (["app.processes.trainer"], (*TORCH, "gradio")),
        (["app.web.app", "app.pages.site", "app.services.studio"], TORCH),
        (rooms_without_torch(), TORCH),
        (["app.commands.propose", "app.services.writers", "huggingface_hub", "huggingface_hub.inference._client"], TORCH),
    ],
    ids=["core", "db", "supervisor", "trainer", "web", "rooms without torch", "writers"],
)
def test_a_layer_does_not_load_what_it_must_not_know(names, forbidden):
    assert loaded_roots(names) & set(forbidden) == set()


def test_services_know_no_gradio():
    names = [name for name in modules("app") if name.startswith("app.services")]
    assert loaded_roots(names) & {"gradio", *TORCH} == set()


def test_package_files_are_empty():
    assert [str(path) for path in ROOT.glob("[acd][pob]*/**/__init__.py") if path.read_text()] == []


@pytest.mark.parametrize("room", ["app.services", "app.present"])
def test_rooms_of_the_web_process_know_no_torch(room):
    assert loaded_roots([name for name in modules("app") if name.startswith(f"{room}.")]) & set(TORCH) == set()


def test_the_rooms_without_torch_are_not_few():
    assert len(rooms_without_torch()) >= 15


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "tests" / "bench").glob("*.py")))
def test_every_benchmark_can_be_begun(name):
    assert subprocess.run([sys.executable, "-m", f"tests.bench.{name}", "--help"], cwd=ROOT, capture_output=True, timeout=120, check=False).returncode == 0
