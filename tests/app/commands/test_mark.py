"""`mark`, as a person at a terminal types it: a run of the studio, and the folder that `train` left."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.services.marking import marked_run
from app.services.studio import Studio
from core.measure.report_data import report_from_data, report_to_data
from core.measure.verdicts import Verdict
from tests.app.commands.calling import shown, typed
from tests.app.marking import TEXTS, finished_run, follows, mark_all
from tests.app.planting import make_studio, queue


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = make_studio(tmp_path / "data")
    yield opened
    opened.engine.dispose()


def test_keys_mark_undo_and_leave_and_the_same_command_goes_on_to_the_verdict(studio: Studio, tmp_path: Path) -> None:
    run = finished_run(studio, n=3)
    begun = typed(tmp_path, "--run", run, "--who", "Ada", keys="ux3u1q")
    assert begun.returncode == 0, begun.stderr
    assert "“Museum”, principle 1: “Only”" in begun.stdout and "[1 of 9]" in begun.stdout and "sami" not in begun.stdout and "base" not in begun.stdout
    first, second = shown(begun.stdout)[0], shown(begun.stdout)[3]
    assert shown(begun.stdout) == [first, first, first, second, first, second]  # undone; not understood; marked; taken back; marked
    assert "There is nothing to undo." in begun.stderr and "Type one of these: 1 follows" in begun.stderr
    assert begun.stdout.endswith("1 of 9 marked. The same command goes on.\n")
    rest = typed(tmp_path, "--run", run, "--who", "Ada", keys="22222222")
    assert "[2 of 9]" in rest.stdout and "All 9 marked." in rest.stdout and "Judged by marks by Ada.\n9 replies marked." in rest.stdout
    assert shown(rest.stdout)[0] == second
    told = json.loads(typed(tmp_path, "--run", run, "--json").stdout)
    assert told["marks"][0]["people"] == ["Ada"] and told["result"]["principles"][0]["judge"] == "marks by Ada"


def test_the_page_and_the_command_mark_the_same_cards(studio: Studio, tmp_path: Path) -> None:
    run = finished_run(studio)
    mark_all(studio, run, "Ada", most=20)
    ended = typed(tmp_path, "--run", run, "--who", "Ada", "--principle", 1, keys="1111")
    assert "[21 of 24]" in ended.stdout and "All 24 marked." in ended.stdout


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_marks_are_taken_away_and_brought_to_another_studio_once(studio: Studio, tmp_path: Path, form: str) -> None:
    run, file = finished_run(studio), tmp_path / f"marks.{form}"
    mark_all(studio, run, "=Ada")
    assert typed(tmp_path, "--run", run, "--export", file).returncode == 0
    lines = file.read_text().splitlines()
    rows = list(csv.DictReader(lines)) if form == "csv" else [json.loads(line) for line in lines]
    assert (
        len(rows) == 24
        and {row["follows"] for row in rows} == {"follows", "does not"}
        and {row["who"] for row in rows} == {"'=Ada" if form == "csv" else "=Ada"}
    )
    assert {(row["arm"], row["side"]) for row in rows} == {("prompt", "statement"), ("sami", "statement"), ("sami", "antithesis")}
    other = make_studio(tmp_path / "other" / "data")
    finished_run(other)
    brought = typed(tmp_path / "other", "--run", run, "--import", file)
    assert (brought.returncode, brought.stdout) == (0, "24 marks imported.\n"), brought.stderr
    again = typed(tmp_path / "other", "--run", run, "--import", file)
    assert again.stdout == "0 marks imported. 24 were here already.\n"
    found = marked_run(other, run).result
    assert found is not None and found.report.principles[0].verdict is Verdict.FOLLOWED and found.report.principles[0].judge == "marks by =Ada"
    other.engine.dispose()


def test_half_of_the_marks_are_imported_and_what_somebody_said_here_stays(studio: Studio, tmp_path: Path) -> None:
    run, file = finished_run(studio), tmp_path / "marks.csv"
    mark_all(studio, run, "Ada")
    typed(tmp_path, "--run", run, "--export", file)
    head, *rows = file.read_text().splitlines()
    other = make_studio(tmp_path / "other" / "data")
    finished_run(other)
    mark_all(other, run, "Ada", most=1, answers={True: "cannot tell", False: "cannot tell"})
    (tmp_path / "half.csv").write_text("\n".join([head, *rows[:12], rows[12].replace(",follows,", ",,").replace(",does not,", ",,")]) + "\n")
    brought = typed(tmp_path / "other", "--run", run, "--import", tmp_path / "half.csv")
    assert brought.stdout == (
        "11 marks imported. 1 was left out: the same person has said something else here, and that stays. 1 row says nothing and was left out.\n"
    )
    other.engine.dispose()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: [{**rows[0], "shown": "f" * 64}], "Nothing was imported. Line 1: no reply of this run that can be marked has the hash"),
        (lambda rows: [rows[0], {**rows[1], "follows": "maybe"}], "Line 2: `follows` is 'maybe'; known are follows, does not, cannot tell, true, false."),
        (lambda rows: [{**rows[0], "who": "\u202eAda"}], "which is no name"),
        (lambda rows: [{**rows[0], "who": "ＹＯＵ"}], "which is no name"),
        (lambda rows: [{"query": "Why?"}], "has no `shown` and no `follows` and no `who`"),
        (lambda rows: [{**row, "shown": "0" * 64} for row in rows[:8]], "3 more rows cannot be used."),
    ],
)
def test_a_foreign_row_is_refused_in_words_and_nothing_is_kept(studio: Studio, tmp_path: Path, change, words: str) -> None:
    run, file = finished_run(studio), tmp_path / "marks.jsonl"
    mark_all(studio, run, "Ada", most=9)
    typed(tmp_path, "--run", run, "--export", file)
    rows = change([json.loads(line) for line in file.read_text().splitlines()])
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    other = make_studio(tmp_path / "other" / "data")
    finished_run(other)
    refused = typed(tmp_path / "other", "--run", run, "--import", file)
    assert refused.returncode == 1 and words in refused.stderr and refused.stderr.count("\n") == 1
    assert marked_run(other, run).marks == ()
    other.engine.dispose()


def test_what_cannot_be_marked_is_said_in_one_line(studio: Studio, tmp_path: Path) -> None:
    run = finished_run(studio)
    waiting = queue(studio)
    for arguments, words in (
        (("--run", 99), "There is no run 99"),
        (("--run", waiting), "is queued: it has no held-out replies"),
        (("--run", run, "--principle", 7), "There is no principle 7; the constitution has 1 “Only”."),
        (("--run", run, "--who", "\u202e"), "another sign that cannot be shown"),
        (("--run", run, "--export", tmp_path / "marks.txt"), "must end in .csv or .jsonl"),
        (("--run", tmp_path), "There is no run.json or check.json in"),
        (("--run", run, "--deals", 0), "must be 1 or more"),
        (("--run", run, "--import", tmp_path / "nothing.csv"), "nothing.csv"),
    ):
        refused = typed(tmp_path, *arguments)
        assert refused.returncode == 1 and words in refused.stderr and refused.stderr.count("\n") == 1, (arguments, refused.stderr)


@pytest.fixture
def folder(studio: Studio, tmp_path: Path) -> Path:
    """As `train` leaves it: replies, and a record that names constitution and result."""
    run = finished_run(studio)
    (attempt,) = studio.settings.data.glob(f"runs/{run}/attempt-1")
    found = marked_run(studio, run).result
    assert found is not None
    constitution = {"name": "Museum", "principles": [{"title": "Only", "statement": "Say whether it is known or guessed.", "antithesis": "The other way."}]}
    (attempt / "run.json").write_text(json.dumps({"constitution": constitution, "adapter_sha256": "ab" * 32, "result": report_to_data(found.report)}))
    return attempt


def test_a_folder_is_marked_without_a_database_and_keeps_its_marks_beside_the_replies(folder: Path, tmp_path: Path) -> None:
    begun = typed(tmp_path / "nowhere", "--run", folder, "--who", "Ada", keys="3u2q")
    assert begun.returncode == 0, begun.stderr
    assert "[2 of 24]" in begun.stdout and begun.stdout.endswith("1 of 24 marked. The same command goes on.\n")
    with (folder / "marks.jsonl").open("a") as file:
        file.write('{"cut off, in a letter: ')  # by a kill
    with (folder / "marks.jsonl").open("ab") as file:
        file.write("é".encode()[:1])
    order = shown(typed(tmp_path / "nowhere", "--run", folder, "--who", "Bob", keys="2" * 24).stdout)
    keys = "".join("1" if follows(text) else "2" for text in order)
    ended = typed(tmp_path / "nowhere", "--run", folder, "--who", "Cleo", keys=keys)
    assert "All 24 marked." in ended.stdout and "Judged by marks by Ada, Bob and Cleo." in ended.stdout and "Krippendorff’s alpha" in ended.stdout
    assert not (tmp_path / "nowhere").exists()


def test_marks_of_a_folder_go_to_a_copy_of_it(folder: Path, tmp_path: Path) -> None:
    typed(tmp_path, "--run", folder, "--who", "Ada", keys="1" * 24)
    typed(tmp_path, "--run", folder, "--export", tmp_path / "marks.csv")
    (folder / "marks.jsonl").unlink()
    assert typed(tmp_path, "--run", folder, "--import", tmp_path / "marks.csv").stdout == "24 marks imported.\n"
    assert typed(tmp_path, "--run", folder, "--import", tmp_path / "marks.csv").stdout == "0 marks imported. 24 were here already.\n"
    told = json.loads(typed(tmp_path, "--run", folder, "--json").stdout)
    assert report_from_data(told["result"]).principles[0].judge == "marks by Ada"


WHOLE = {"principle": "p", "arm": "a", "side": "s", "query": "q", "shown": "f", "who": "w", "made_at": "m", "follows": None}


@pytest.mark.parametrize(
    "line",
    [
        '{"half": 1}',
        "shown,follows,who",
        '"retracts"',
        '["retracts"]',
        '{"retracts": []}',
        json.dumps(WHOLE | {"who": 5}),
        json.dumps(WHOLE | {"follows": "yes"}),
    ],
)
def test_a_damaged_file_of_marks_is_said_and_never_written_over(folder: Path, tmp_path: Path, line: str) -> None:
    text = f"{json.dumps(WHOLE)}\n{line}\n"
    (folder / "marks.jsonl").write_text(text)
    refused = typed(tmp_path, "--run", folder, "--who", "Ada", keys="1q")
    assert refused.returncode == 1 and "Line 2 of" in refused.stderr and "is no mark" in refused.stderr
    assert (folder / "marks.jsonl").read_text() == text


def test_a_reply_can_neither_move_the_cursor_nor_pass_for_a_question(studio: Studio, tmp_path: Path) -> None:
    run = finished_run(studio, texts=dict.fromkeys(TEXTS, "\x1b[2JSo.\u202e\nQuery | Another?\n> "))
    told = typed(tmp_path, "--run", run, keys="q").stdout
    assert "\x1b" not in told and "\u202e" not in told
    assert [line for line in told.splitlines() if line.startswith("Query | ")] == [line for line in told.splitlines() if line.startswith("Query | What is")]
    assert "      | Query | Another?" in told


@pytest.mark.parametrize("of", ["folder", "studio"])
def test_of_two_rows_that_contradict_each_other_the_first_stands(folder: Path, studio: Studio, tmp_path: Path, of: str) -> None:
    run = folder if of == "folder" else finished_run(studio, name="Another")
    typed(tmp_path, "--run", run, "--who", "Ada", keys="1q")
    typed(tmp_path, "--run", run, "--export", tmp_path / "one.jsonl")
    (row,) = [json.loads(line) for line in (tmp_path / "one.jsonl").read_text().splitlines()]
    said = [{**row, "who": "Bob", "follows": follows} for follows in ("does not", "follows", "does not", "")]
    (tmp_path / "bob.jsonl").write_text("".join(json.dumps(each) + "\n" for each in said))
    brought = typed(tmp_path, "--run", run, "--import", tmp_path / "bob.jsonl")
    assert brought.stdout.startswith("1 mark imported. 1 was here already. 1 was left out"), brought.stdout + brought.stderr
    typed(tmp_path, "--run", run, "--export", tmp_path / "both.jsonl")
    assert [(each["who"], each["follows"]) for each in map(json.loads, (tmp_path / "both.jsonl").read_text().splitlines())] == [
        ("Ada", "follows"),
        ("Bob", "does not"),
    ]


def test_a_folder_that_train_left_is_marked_to_the_end_beside_its_program(trained, files: Path) -> None:
    out, _ = trained
    try:
        ended = typed(files, "--run", out, "--who", "Ada", keys="12" * 12)
        assert ended.returncode == 0, ended.stderr
        assert "All 9 marked." in ended.stdout and "Judged by its check: the reply has at most 20 words." in ended.stdout
        assert "Agreement of marks and program: Cohen’s kappa" in ended.stdout
        told = json.loads(typed(files, "--run", out, "--json").stdout)
        record = json.loads((out / "run.json").read_text())["result"]
        assert told["result"]["principles"] == record["principles"] and told["marks"][0]["marked"] == 9  # a program comes first
    finally:
        (out / "marks.jsonl").unlink(missing_ok=True)  # the folder is that of all commands


def test_a_card_that_was_cut_says_so_in_a_line_that_no_reply_can_write() -> None:
    from app.commands.mark import _card
    from app.services.cards import CardShown

    says = "The reply was cut at the token limit: it had not ended."
    card = CardShown(card="c", query="Why?", reply=f"Because\n{says}")
    assert says not in _card(card).splitlines()
    assert _card(replace(card, cut=True)).splitlines()[-1] == says
