"""`redline` and `cite`, as a person types them."""

import zipfile

from app.services import constitutions
from tests.app.commands.calling import run
from tests.app.planting import make_studio

ROW = {"id": "1" * 32, "title": "Be brief", "statement": "Answer in one sentence.", "antithesis": "Answer at length."}


def planted(data):
    studio = make_studio(data)
    made = constitutions.create_constitution(studio, "House rules")
    for number, statement in enumerate(("Answer in one sentence.", "Answer in one short sentence.")):
        draft = constitutions.open_draft(studio, made, "Ann")
        saved = constitutions.save_draft(studio, made, "Ann", draft.revision, [{**ROW, "statement": statement}])
        constitutions.save_version(studio, made, "Ann", f"Text {number + 1}.", (saved.revision, number))
    studio.engine.dispose()


def test_two_versions_become_a_document_and_a_citation_a_text(tmp_path):
    planted(tmp_path / "data")
    printed = run("redline", "house-rules", folder=tmp_path)
    assert (printed.returncode, "Answer in one <ins>short </ins>sentence." in printed.stdout) == (0, True)
    out = tmp_path / "house.docx"
    written = run("redline", "house-rules", "--from", "1", "--to", "2", "--out", out, folder=tmp_path)
    assert (written.returncode, written.stderr) == (0, f"{out} is written.\n")
    assert b'w:author="Ann"' in zipfile.ZipFile(out).read("word/document.xml")
    cited = run("cite", "house-rules@1#1", folder=tmp_path)
    assert "House rules, version 1, Ann" in cited.stdout and "Statement: Answer in one sentence." in cited.stdout
    log = run("cite", "house-rules", folder=tmp_path).stdout
    assert "house-rules@2" in log and "Ann: Text 2." in log and "“Be brief”: statement" in log and "“Be brief”: new" in log


def test_what_cannot_be_done_is_said_in_a_line(tmp_path):
    planted(tmp_path / "data")
    for arguments, says in (
        (("redline", "nobody"), "No constitution is cited as 'nobody'"),
        (("redline", "house-rules", "--to", "7"), "has no version 7"),
        (("redline", "house-rules", "--out", tmp_path / "x.pdf"), "Name a file that ends in .html, .md, .docx"),
        (("cite", "house-rules@1#4"), "has 1 principles; there is no principle 4"),
    ):
        done = run(*arguments, folder=tmp_path)
        assert done.returncode == 1 and done.stderr.startswith("error: ") and says in done.stderr
