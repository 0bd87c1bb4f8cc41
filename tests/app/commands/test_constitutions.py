"""`constitutions`, as people type it; and what roles refuse there."""

import json

from app.services.addresses import find
from app.services.roles import give_role
from tests.app.commands.calling import run
from tests.app.planting import make_studio


def test_a_constitution_is_listed_renamed_archived_and_put_back_and_roles_say_who_may(tmp_path):
    studio = make_studio(tmp_path / "data")

    def constitutions(*arguments):
        return run("constitutions", *arguments, folder=tmp_path)

    assert "brevity  Brevity  version 1" in constitutions("list").stdout.splitlines()
    assert constitutions("rename", "brevity", "Short answers", "--who", "Ben").stdout == "Brevity is renamed to Short answers, and cited as short-answers.\n"
    assert constitutions("archive", "short-answers", "--who", "Ben").stdout.startswith("Short answers is archived.")
    listed = json.loads(constitutions("list", "--archived", "--json", "--who", "Ben").stdout)
    assert [(row["cited"], row["name"], row["closed"]) for row in listed] == [("short-answers", "Short answers", "")]
    assert constitutions("put-back", "brevity", "--who", "Ben").returncode == 0  # by the word that it had, too

    of = find(studio, "short-answers")
    for name, role in (("Ann", "owner"), ("Ben", "writer")):
        give_role(studio, of.id, "Ann", name, role)
    studio.engine.dispose()
    for arguments in (("rename", "short-answers", "Mine"), ("archive", "short-answers")):
        refused = constitutions(*arguments, "--who", "Ben")
        assert refused.returncode == 1 and "Ben is writer of “Short answers”. This is for its owner: Ann (owner)." in refused.stderr
    assert constitutions("archive", "short-answers", "--who", "Ann").returncode == 0
    assert "error: No constitution is cited as 'nowhere'" in constitutions("archive", "nowhere").stderr
