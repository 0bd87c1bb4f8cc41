"""Who may import whom, asked of fresh processes: an indirect import counts too."""

import ast
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


# Whoever may load torch; all other modules of core may not, those of tomorrow among them. A folder stands for all that lie in it.
WITH_TORCH = (
    "core.engine",
    *(
        f"core.methods.{name}"
        for name in ("recipe", "examples", "answering", "gradients", "context", "mixture", "rules", "proxy", "sami", "mipo", "steering", "consistency")
    ),
    *(f"core.measure.{name}" for name in ("ask", "claimed_replies", "conflict_replies", "information", "likelihoods", "relevance", "wrapped_replies")),
    *(f"core.runs.{name}" for name in ("execute", "training", "making", "loop", "measuring", "probes", "trainability", "work", "records")),
    *(f"core.lab.{name}" for name in ("bench", "battery", "hidden", "probing", "variants", "weighed", "drift.given", "drift.measuring")),
)


def without_torch() -> list[str]:
    """All of core but those that may; and of those, every module that says of itself that it imports no torch."""
    return [name for name in modules("core") if not any(f"{name}.".startswith(f"{free}.") for free in WITH_TORCH) or says_no_torch(name)]


def says_no_torch(name: str) -> bool:
    docstring = ast.get_docstring(ast.parse((ROOT / f"{name.replace('.', '/')}.py").read_text())) or ""
    return "mports no torch" in " ".join(docstring.split())


@pytest.mark.parametrize(
    ("names", "forbidden"),
    [
        (modules("core"), ("gradio", "fastapi", "sqlalchemy", "alembic", "db", "app")),
        (modules("db"), (*TORCH, *PAGE, "core", "app")),
        (["app.cli", "app.processes.supervisor"], (*TORCH, *PAGE)),
        (["app.processes.trainer"], (*TORCH, "gradio")),
        (["app.web.app", "app.pages.site", "app.services.studio"], TORCH),
        (without_torch(), TORCH),
        (["app.processes.attempt", "app.services.asking"], (*TORCH, "gradio")),
        (["app.commands.judge", "app.commands.propose", "app.services.writers", "huggingface_hub", "huggingface_hub.inference._client"], TORCH),
    ],
    ids=["core", "db", "supervisor", "trainer", "web", "without torch", "asking", "writers"],
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


@pytest.mark.parametrize("name", WITH_TORCH)
def test_only_those_are_free_to_load_torch_that_do(name):
    assert any(asks_for_torch(module) for module in modules("core") if f"{module}.".startswith(f"{name}."))


def asks_for_torch(name: str) -> bool:
    """Whether a module, or what it imports, cannot be had where there is no torch: quicker to ask than to load it."""
    code = f"import importlib, sys\nsys.modules['torch'] = None\ntry: importlib.import_module({name!r})\nexcept ImportError as error: print(error.name)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.strip() == "torch"


def test_what_says_that_it_imports_no_torch_is_held_to_it():
    """Also where its room may, as the settings of a recipe do."""
    assert {"core.engine.batching", "core.methods.sami.settings", "core.methods.arms"} <= set(without_torch())


BEGIN_ALL = """
import runpy, sys
for name in sys.argv[1:]:
    sys.argv = [name, "--help"]
    try:
        runpy.run_module(name, run_name="__main__")
    except SystemExit as ended:
        assert not ended.code, name
    else:
        raise AssertionError(name)
"""


def test_every_benchmark_can_be_begun():
    """In one process, since what they load takes seconds and is the same."""
    names = sorted(f"tests.bench.{path.stem}" for path in (ROOT / "tests" / "bench").glob("*.py"))
    ended = subprocess.run([sys.executable, "-c", BEGIN_ALL, *names], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("usage: ") == len(names)
