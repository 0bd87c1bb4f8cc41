"""`amend`, as people type it: from a proposal to a version that is cited and taken as a document."""

import zipfile

from tests.app.commands.calling import run
from tests.app.planting import make_studio

FILE = """\
name: Brevity
principles:
  - title: Be brief
    statement: Answer in one short sentence, as briefly as you can, in at most 12 words.
    antithesis: Answer in several long sentences, with background and examples.
"""


def test_an_amendment_is_proposed_approved_adopted_cited_and_exported(tmp_path):
    make_studio(tmp_path / "data").engine.dispose()
    (tmp_path / "new.yaml").write_text(FILE)

    def amend(*arguments):
        return run("amend", *arguments, folder=tmp_path)

    none = amend("list", "brevity")
    assert (none.returncode, none.stdout, none.stderr) == (0, "", "There is no amendment to Brevity.\n")
    assert amend("propose", "brevity", tmp_path / "new.yaml", "--reason", "Long.", "--who", "Ben").stdout == "Amendment 1 to Brevity is proposed.\n"
    assert amend("comment", "1", "Why 12?", "--principle", "1", "--who", "Zoë").returncode == 0
    own = amend("approve", "1", "--who", "Ben")
    assert own.returncode == 1 and "A second person has to approve it" in own.stderr
    assert amend("approve", "1", "--who", "Zoë").stdout == "Zoë approves amendment 1.\n"
    bare = amend("adopt", "1", "--message", "Good.", "--who", "Ann")
    assert bare.returncode == 1 and "no finished evidence" in bare.stderr
    adopted = amend("adopt", "1", "--message", "Good.", "--waiver", "A small change.", "--who", "Ann")
    assert adopted.stdout == "Amendment 1 is adopted, as brevity@2.\n"
    shown = amend("show", "1").stdout
    for words in ("Amendment 1 to version 1 of Brevity: adopted", "Zoë on “Be brief”: Why 12?", "Zoë approves", "Without evidence: A small change."):
        assert words in shown
    assert "1  adopted" in amend("list", "brevity").stdout
    assert "at most 12 words" in run("cite", "brevity@2#1", folder=tmp_path).stdout
    out = tmp_path / "brevity.docx"
    assert run("redline", "brevity", "--out", out, folder=tmp_path).returncode == 0
    assert b'w:author="Ben"' in zipfile.ZipFile(out).read("word/document.xml")
    assert amend("role", "brevity", "Ann", "owner").stdout == "owner  Ann\n"
