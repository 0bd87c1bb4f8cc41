"""The pages' scripts under a linter and under their own tests, both run by Node."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def node(*arguments: str) -> subprocess.CompletedProcess[str]:
    found = shutil.which("node")
    if found is None:
        missing("no Node on this machine; Debian: apt-get install nodejs npm")
    return subprocess.run([str(found), *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)


def missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def test_the_scripts_do_what_their_tests_say():
    done = node("--test", *(str(path.relative_to(ROOT)) for path in sorted(HERE.glob("*.test.js"))))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_scripts_are_clean_for_the_linter():
    linter = HERE / "node_modules" / "eslint" / "bin" / "eslint.js"
    if not linter.exists():
        missing("no linter for the scripts; in tests/pages: npm ci")
    done = node(str(linter), "--config", "tests/pages/eslint.config.js", "--max-warnings", "0", "app/assets", "tests/pages")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_file_holds_no_addresses_of_a_registry():
    assert '"resolved"' not in (HERE / "package-lock.json").read_text(encoding="utf-8")
