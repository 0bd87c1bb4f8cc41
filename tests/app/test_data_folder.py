"""A data folder may be called anything that the file system takes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from app.services.constitutions import create_constitution, list_constitutions
from app.services.studio import open_studio
from app.settings import Settings, prepare_data_folder

NAMES = ["a?b", "a?mode=memory", "100%", "%41%2Fx", "a#b", "two words", "Käse:Brot", "a&b=c", "[x]*", "file:a?cache=shared", 'it\'s "here"', "数据"]


@pytest.mark.parametrize("name", NAMES)
def test_the_database_lies_in_the_data_folder_and_nowhere_else(tmp_path: Path, name: str) -> None:
    settings = Settings.from_environment({}, data=tmp_path / name)
    prepare_data_folder(settings)
    studio = open_studio(settings)
    create_constitution(studio, "Mine")
    with studio.sessions.read() as session:
        listed = session.execute(text("PRAGMA database_list")).all()
    studio.engine.dispose()
    assert [Path(row[2]) for row in listed] == [tmp_path / name / "studio.db"]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_two_folders_with_a_question_mark_hold_two_databases(tmp_path: Path) -> None:
    studios = [open_studio(Settings.from_environment({}, data=tmp_path / name)) for name in ("a?1", "a?2")]
    create_constitution(studios[0], "Only in the first")
    names = [{entry.name for entry in list_constitutions(studio)} for studio in studios]
    for studio in studios:
        studio.engine.dispose()
    assert "Only in the first" in names[0]
    assert "Only in the first" not in names[1]


@pytest.mark.parametrize("name", NAMES)
def test_a_child_process_opens_the_same_database(tmp_path: Path, name: str) -> None:
    settings = Settings.from_environment({}, data=tmp_path / name)
    assert Settings.from_environment(settings.to_environment()) == settings


def test_the_doctor_looks_at_the_database_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a?b 100%41#c"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("STUDIO_", "DATABASE_"))}
    subprocess.run([sys.executable, "-m", "app", "doctor", "--data", str(folder), "--json"], capture_output=True, text=True, env=environ, check=False)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
