"""Who did what: every change leaves a row, in the transaction of the change."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from app.pages import site
from app.services import constitutions
from app.services.actors import take_over_drafts
from app.services.audit import acting, record
from app.services.proposals import Proposals
from app.services.studio import Studio
from app.web.actors import Actor, KnownBy
from db.audit import list_entries
from db.constitutions import list_constitutions as list_rows
from tests.app.pages.calling import asks
from tests.app.planting import make_studio, starter_set_id, version_id

ROW = {"id": "1" * 32, "title": "Brief", "statement": "Be brief, and tell nobody.", "antithesis": "Be long."}
QUERIES = "".join(json.dumps({"query": f"Question {number}?", "split": "train" if number % 2 else "held_out"}) + "\n" for number in range(8))
FILE = "name: Filed\nprinciples:\n  - title: One\n    statement: Be brief.\n    antithesis: Be long.\n"
KEY = "a-click-1"
OWN_ROWS = {
    "mark/mark",
    "mark/undo",
    "lab/pick",
    "lab/undo",
}  # a mark or a pick is a row of its own that says who made it, when, and when it was taken back; nothing is written over
CHECKING = {"train/check", "train/conflict", "train/delete"}  # what they leave: test_kept_checks, test_train_page, test_kept_conflicts, test_deleting
EXAMINING = {"lab/begin", "lab/begin_drift", "lab/stop", "lab/resume", "lab/delete"}  # what they leave: test_labs, test_lab_cards
ASKING = {"run/plan_asking", "run/ask", "run/stop_asking", "run/resume_asking"}  # the first sends nothing; what the others leave: test_asking
AMENDING = {f"amend/{name}" for name in ("propose", "comment", "approve", "update", "evidence", "decide", "role")}  # what they leave: test_amendments
NO_CHANGE = {  # what is asked of a page and changes nothing that is remembered: drafts are their editor's own, comparisons and proposals too
    *("mark/opened", "mark/card", "amend/opened", "amend/forecast", "train/plan_conflict", "train/plan_deleting", "lab/opened", "lab/shown", "lab/labs"),
    *("lab/plan", "lab/plan_drift", "lab/plan_deleting", "lab/card"),
    *("constitutions/list", "write/draft", "write/save", "write/preview", "write/open", "write/download", "write/matches", "write/propose", "write/suggest"),
    *(
        "write/trial",
        "write/merge",
        "write/behind",
        "write/take_in",
        "write/propose_scenarios",
        "write/proposal",
        "write/leave",
        "write/begin",
        "write/discard",
        "train/opened",
        "train/choices",
        "train/runs",
        "train/preview",
        "run/opened",
        "run/watch",
        "run/state",
        "judge/opened",
        "judge/read",
        "judge/replies",
        "write/history",
        "studio/state",
    ),
    *("write/opened", "compare/opened", "compare/sources", "compare/scenarios", "compare/open", "compare/compare", "compare/redo", "compare/diff"),
}


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path)
    yield opened
    opened.engine.dispose()


class Page:
    """Whoever asks what the pages ask."""

    def __init__(self, studio: Studio) -> None:
        self.endpoints = {f"{each.page}/{each.name}": each for each in site.endpoints(studio, Proposals())}
        self.request = asks()
        self.request.state.actor = Actor("Zoë", KnownBy.LOGIN, "203.0.113.5")

    def ask(self, name: str, /, **question: Any) -> dict[str, Any]:
        reply: dict[str, Any] = self.endpoints[name].handler(question, self.request)
        return reply


def rows(studio: Studio) -> list[tuple[str, str, dict[str, Any]]]:
    with studio.sessions.read() as session:
        found = list(list_entries(session))
    assert {(row.who, row.place, row.outcome) for row in found} <= {("Zoë", "203.0.113.5", "done")}
    return [(row.what, row.subject, row.detail) for row in found]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_every_change_that_a_page_makes_is_remembered_with_who_and_from_where(studio: Studio) -> None:
    page = Page(studio)
    made = page.ask("constitutions/create", name="Mine", key=KEY)["id"]
    about = {"constitution": made}
    saved = page.ask("write/save", **about, revision=page.ask("write/draft", **about)["revision"], principles=[ROW])
    page.ask("write/version", **about, revision=saved["revision"], head=None, message="A secret reason.")
    draft = page.ask("write/draft", **about)
    saved = page.ask("write/save", **about, revision=draft["revision"], principles=[{**ROW, "statement": "Else."}])
    second = page.ask("write/version", **about, revision=saved["revision"], head=1, message="Another.")
    page.ask("write/restore", **about, revision=second["revision"], head=2, number=1)
    page.ask("write/rename", **about, name="Ours")
    page.ask("constitutions/rename", **about, name="Theirs")
    copied = page.ask("constitutions/duplicate", **about, key="a-click-4")["id"]
    page.ask("constitutions/archive", **about)
    page.ask("constitutions/unarchive", **about)
    filed = page.ask("constitutions/read", data=encoded(FILE), filename="filed.yaml", key="a-click-2")["id"]
    queries = page.ask("train/upload", data=encoded(QUERIES), filename="q.jsonl")["id"]
    wish = {"version": version_id(studio), "query_set": starter_set_id(studio), "model": "SmolLM2-135M-Instruct", "preset": "quick", "seed": 0}
    run = page.ask("train/train", **wish, key="a-click-3")["id"]
    page.ask("run/stop", run=run)
    page.ask("run/resume", run=run)
    page.ask("run/stop", run=run)
    page.ask("run/delete", run=run)
    of, run_of = f"constitution {made}", f"run {run}"
    told = rows(studio)
    assert [(what, subject) for what, subject, _ in told] == [
        *((what, of) for what in ("constitution.made", "version.saved", "version.saved", "version.restored", "constitution.renamed")),
        ("constitution.renamed", of),
        *((what, f"constitution {copied}") for what in ("constitution.made", "version.saved")),
        *((what, of) for what in ("constitution.archived", "constitution.put-back")),
        *(("constitution.made", f"constitution {filed}"), ("version.saved", f"constitution {filed}"), ("query-set.uploaded", f"query set {queries}")),
        *((what, run_of) for what in ("run.queued", "run.stopped", "run.resumed", "run.stopped", "run.deleted")),
    ]
    assert told[1][2] == {"version": 1} and told[3][2] == {"version": 3, "restored": 1} and told[0][2] == {"name": "Mine"}
    assert not any(words in str(told) for words in ("tell nobody", "secret reason", "Question 1"))
    changing = {f"constitutions/{name}" for name in ("create", "read", "rename", "duplicate", "archive", "unarchive")}
    changing |= {"write/rename", "write/version", "write/restore", "train/upload", "train/train", "run/stop", "run/resume", "run/delete"}
    assert set(page.endpoints) == changing | ASKING | CHECKING | EXAMINING | AMENDING | OWN_ROWS | NO_CHANGE  # whoever adds a question decides which it is


def test_the_second_click_of_a_double_click_is_not_remembered(studio: Studio) -> None:
    page = Page(studio)
    wish = {"version": version_id(studio), "query_set": starter_set_id(studio), "model": "SmolLM2-135M-Instruct", "preset": "quick", "seed": 0}
    for _ in range(2):
        page.ask("constitutions/create", name="Mine", key=KEY)
        page.ask("constitutions/read", data=encoded(FILE), filename="filed.yaml", key="a-click-2")
        page.ask("train/train", **wish, key="a-click-3")
    assert [what for what, *_ in rows(studio)] == ["constitution.made", "constitution.made", "version.saved", "run.queued"]


def test_what_is_refused_or_cannot_be_remembered_is_not_done_either(studio: Studio) -> None:
    page = Page(studio)
    assert page.ask("write/rename", constitution=999, name="x")["kind"] == "problem" and rows(studio) == []
    with studio.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO gone"))
    with pytest.raises(DatabaseError):
        constitutions.create_constitution(studio, "Unseen")
    with studio.sessions.read() as session:
        assert "Unseen" not in [each.name for each in list_rows(session)]  # the page's list asks the log who made what


def test_drafts_that_change_hands_are_remembered(studio: Studio) -> None:
    made = constitutions.create_constitution(studio, "Mine")
    constitutions.save_draft(studio, made, "Ann", constitutions.open_draft(studio, made, "Ann").revision, [ROW])
    with acting("Ann", "127.0.0.1"):
        assert take_over_drafts(studio, "Ann", "Anna") == 1
        assert take_over_drafts(studio, "Nobody", "Anna") == 0
    with studio.sessions.read() as session:
        *_, row = list_entries(session)
    assert (row.who, row.place, row.what, row.subject, row.detail) == ("Ann", "127.0.0.1", "drafts.taken-over", "editor Anna", {"before": "Ann", "drafts": 1})


def test_details_are_short_and_nobody_acts_where_nobody_was_named(studio: Studio) -> None:
    with studio.sessions.begin() as session:
        record(session, "x", long="y" * 5000)
        with acting("Ann", "here"), acting("Ben", "there"):
            record(session, "x")
        record(session, "x")
    with studio.sessions.read() as session:
        found = list(list_entries(session))
    assert found[0].detail == {"long": "y" * 120}
    assert [(row.who, row.place) for row in found] == [("", "the studio"), ("Ben", "there"), ("", "the studio")]
