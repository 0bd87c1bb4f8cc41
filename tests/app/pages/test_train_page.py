"""The Train page's handlers, called as Gradio calls them."""

import base64
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from app.pages import train
from app.pages.judge import JudgePage
from app.pages.train import TrainPage
from app.services import runs
from app.services.exposed import EXPOSED
from app.services.query_sets import upload
from app.services.studio import Studio
from db.audit import list_entries
from db.constitutions import list_constitutions, set_archived
from tests.app.checked import base_replies, kept_check, mark_check_whole
from tests.app.pages.calling import asks, sent
from tests.app.planting import FOUND, HOSTILE, add_plain_version, built, form, get_run, measure, version_id
from tests.app.pretending import PretendHost, pretended


def test_the_page_offers_what_there_is(studio: Studio) -> None:
    reply = TrainPage(studio).opened({}, asks())
    assert reply["versions"][0]["constitution"] == "Brevity"
    assert reply["models"][0]["id"] == "SmolLM2-135M-Instruct"
    assert reply["query_sets"][0]["label"] == "Everyday queries: 208 to train on, 92 held out"
    assert reply["version"] == version_id(studio)  # a starter's, as long as there is none of one's own
    assert reply["message"] == ""


def test_without_an_address_the_page_opens_with_ones_own_version_and_never_with_another_persons(studio: Studio) -> None:
    page, others = TrainPage(studio), add_plain_version(studio, "Ann's", "Be brief.")
    assert page.opened({}, asks("Bob"))["version"] == version_id(studio) != others
    assert page.opened({}, asks("Ann"))["version"] == others
    assert page.opened({"version": str(others)}, asks("Bob"))["version"] == others
    with studio.sessions.begin() as session:
        for card in list_constitutions(session):
            if card.starter:
                set_archived(session, card.id, True)
    assert page.opened({}, asks("Bob"))["version"] is None
    assert [JudgePage(studio).opened({}, asks(name))["chosen"] for name in ("Ann", "Bob")] == [others, None]


def test_the_address_chooses_a_version_a_constitution_or_an_earlier_run(studio: Studio) -> None:
    page, chosen = TrainPage(studio), form(studio, "Warm tone", seed=5, changes=("passes=3",))
    run_id = runs.queue_run(studio, "Ann", chosen, "request-key")
    assert page.opened({"version": str(chosen.version_id)}, asks())["version"] == chosen.version_id
    by_constitution = next(v for v in page.opened({}, asks())["versions"] if v["id"] == chosen.version_id)["constitution_id"]
    assert page.opened({"constitution": str(by_constitution)}, asks())["version"] == chosen.version_id
    again = page.opened({"from": str(run_id)}, asks())["again"]
    assert (again["version_id"], again["seed"], again["changes"]) == (chosen.version_id, 5, {"passes": "3"})
    anyway = page.opened({"from": str(run_id), "anyway": "1"}, asks())["again"]
    assert anyway["changes"] == {"passes": "3", "train_anyway": "true"}


@pytest.mark.parametrize("query", [{"version": "999"}, {"version": "x"}, {"constitution": "-1"}, {"from": "999"}, {"version": "<script>"}])
def test_an_address_that_names_nothing_says_so_and_still_offers_the_form(studio: Studio, query: dict[str, str]) -> None:
    reply = TrainPage(studio).opened(query, asks())
    assert reply["message"]
    assert reply["versions"]


def test_a_preview_answers_with_command_and_minutes(studio: Studio) -> None:
    measure(studio)
    reply = TrainPage(studio).preview(sent(studio, settings={"passes": " 3 ", "unknown": "1", "kl_weight": ""}), asks())
    assert reply["kind"] == "preview"
    assert "--set passes=3" in reply["command"]
    assert set(reply["minutes"]) == {"quick", "standard", "thorough"}
    assert "about" in reply["html"]


def test_a_small_query_set_says_the_numbers_that_will_be_used(studio: Studio) -> None:
    """25 train queries: one pass is 7 steps of 4. Of two halves, 13 and 12, the second iteration uses up its own: in two passes 2 x 4 + 2 x 3 steps."""
    rows = "".join(f"Question {i}?,{'train' if i < 25 else 'held_out'}\n" for i in range(32))
    few, _ = upload(studio, f"query,split\n{rows}".encode(), "few.csv")
    reply = TrainPage(studio).preview(sent(studio, query_set=few.id), asks())
    said = "25 queries × 1 pass = 7 steps of 4; measured on 7 held-out queries"
    assert said in reply["html"]
    assert reply["work"]["quick"] == said
    assert reply["work"]["standard"] == "13 + 12 queries in 2 iterations × 2 passes = 14 steps of 4; measured on 7 held-out queries"
    enough = TrainPage(studio).preview(sent(studio), asks())["work"]["quick"]
    assert enough == "48 queries × 1 pass = 12 steps of 4; measured on 24 held-out queries"


def test_what_a_person_typed_is_shown_not_run(studio: Studio) -> None:
    version = add_plain_version(studio, HOSTILE[:100], "Be brief.")
    reply = TrainPage(studio).preview(sent(studio, version=version, model=f"some/model {HOSTILE}"), asks())
    assert reply["kind"] == "problem"
    good = TrainPage(studio).preview(sent(studio, version=version), asks())
    assert "<script" not in good["html"]


@pytest.mark.parametrize(
    "changes",
    [
        {"version": None},
        {"version": "1"},
        {"seed": None},
        {"seed": 1.5},
        {"seed": 10**12},
        {"model": None},
        {"preset": None},
        {"settings": {"passes": "many"}},
        {"settings": "nonsense", "version": True},
    ],
)
def test_a_form_that_cannot_be_used_is_a_problem_in_words(studio: Studio, changes: dict[str, object]) -> None:
    for handler in (TrainPage(studio).preview, TrainPage(studio).train):
        reply = handler(sent(studio, **changes), asks())
        assert reply["kind"] == "problem"
        assert reply["message"]
    assert runs.list_runs(studio) == []


@pytest.mark.parametrize(
    ("settings", "setting", "words"),
    [
        ({"n_constitutions": "4"}, "n_constitutions", "in only 2 ways"),
        ({"n_constitutions": "3", "method": "mipo"}, "n_constitutions", "n_constitutions is 3"),
        ({"train_queries": "1"}, "train_queries", "at least 2"),
        ({"sampling.max_new_tokens": "4097"}, "max_new_tokens", "between 1 and 4096"),
        ({"lora_rank": "many"}, "lora_rank", "must be a number"),
    ],
)
def test_what_could_only_fail_is_refused_before_the_click_and_names_its_field(studio: Studio, settings: dict[str, str], setting: str, words: str) -> None:
    for handler in (TrainPage(studio).preview, TrainPage(studio).train):
        reply = handler(sent(studio, settings=settings), asks())
        assert (reply["kind"], reply["setting"]) == ("problem", setting)
        assert words in reply["message"]
    assert next(iter(TrainPage(studio).check(sent(studio, settings=settings), asks())))["setting"] == setting
    assert runs.list_runs(studio) == []


def test_training_goes_to_the_run_and_a_second_click_to_the_same_one(studio: Studio) -> None:
    replies = [TrainPage(studio).train(sent(studio), asks("Zoë")) for _ in range(2)]
    assert [reply["href"] for reply in replies] == ["./run?id=1", "./run?id=1"]
    assert [line.requested_by for line in runs.list_runs(studio)] == ["Zoë"]


def test_training_anyway_can_be_asked_for_and_nothing_else_is_true_or_false(studio: Studio) -> None:
    page = TrainPage(studio)
    assert "--set train_anyway=True" in page.preview(sent(studio, settings={"train_anyway": "True"}), asks())["command"]
    refused = page.preview(sent(studio, settings={"passes": "true"}), asks())
    assert refused["message"] == "passes must be a number, got 'true'."
    reply = page.train(sent(studio, settings={"train_anyway": "true"}), asks())
    assert reply["kind"] == "go"
    assert get_run(studio, 1).config["train_anyway"] is True


def test_an_upload_becomes_a_choice_or_a_problem(studio: Studio) -> None:
    page = TrainPage(studio)
    good = page.upload({"filename": "mine.txt", "data": base64.b64encode(b"\n".join(b"What is %d?" % i for i in range(40))).decode()}, asks())
    assert good["kind"] == "query_set"
    assert good["label"].startswith("mine.txt: ")
    for bad in ({"filename": "x.txt", "data": "%%%"}, {"filename": "x.txt"}, {}, {"filename": "x.txt", "data": base64.b64encode(b"\x00").decode()}):
        assert page.upload(bad, asks())["kind"] == "problem"


def test_the_name_of_a_file_from_right_to_left_keeps_its_direction(studio: Studio) -> None:
    sent_file = base64.b64encode(b"\n".join(b"Why %d?" % i for i in range(40))).decode()
    reply = TrainPage(studio).upload({"filename": "أسئلة.txt", "data": sent_file}, asks())
    assert reply["label"].startswith("\u2068أسئلة.txt\u2069: ")


def test_nobody_gets_an_answer_without_having_passed_the_gate(studio: Studio) -> None:
    page, stranger = TrainPage(studio), SimpleNamespace(state=SimpleNamespace(), query_params={})
    for handler in (page.opened, page.choices, page.runs):
        with pytest.raises(PermissionError):
            handler({}, stranger)
    with pytest.raises(PermissionError):
        page.preview({}, stranger)
    with pytest.raises(PermissionError):
        page.train({}, stranger)
    with pytest.raises(PermissionError):
        page.upload({}, stranger)
    with pytest.raises(PermissionError):
        next(page.check({}, stranger))


def test_the_page_is_built_with_every_exposed_setting(studio: Studio) -> None:
    parts = built(lambda: train.build(studio))
    form_part = next(part for part in parts if part["props"].get("elem_id") == "train")
    assert [each["name"] for each in form_part["props"]["props"]["settings"]] == [setting.name for setting in EXPOSED]


@pytest.fixture(scope="module")
def pretend() -> Iterator[PretendHost]:
    with pretended() as host:
        yield host


@pytest.fixture
def said(studio: Studio, pretend: PretendHost, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a model host says to the next check."""
    monkeypatch.setattr(train, "DRAW_EVERY_S", 0.0)
    pretend.stand_in(studio.settings)
    return pretend.events


def found(trainability: dict[str, Any]) -> dict[str, Any]:
    """The last word of a model host: the verdict, and replies to two queries."""
    side = [["A reply."], ["Another."]]
    replies = {"queries": ["Why?", "How?"], "statement": side, "flipped": [side] * len(trainability["principles"])}
    return {"event": "found", "trainability": trainability, "replies": replies}


def checked(studio: Studio, **changes: object) -> list[dict[str, Any]]:
    return list(TrainPage(studio).check(sent(studio, **changes), asks()))


def test_a_check_answers_at_once_then_tells_its_progress_and_ends_with_the_verdict(studio: Studio, said: list[dict[str, Any]]) -> None:
    said += [
        {"event": "loading", "note": "loading the model", "share": 0.5},
        {"event": "alive"},
        {"event": "asking", "note": "asking the base what it already does: 0 of 32 replies", "share": 0.01},
        {"event": "asking", "note": "asking the base what it already does: 8 of 32 replies", "share": 0.25},
        found(FOUND),
        {"event": "end"},
    ]
    replies = checked(studio)
    assert (replies[0]["kind"], replies[0]["running"]) == ("check", True)
    assert {reply["key"] for reply in replies} == {"a" * 32}
    assert {(reply["note"], reply["share"]) for reply in replies} >= {
        ("loading the model", 0.5),
        ("asking the base what it already does: 8 of 32 replies", 0.25),
    }
    assert [reply["spoken"] for reply in replies][-1] == "Check finished: no-go."
    assert {f"asking the base what it already does, {tenths}%" for tenths in (0, 20)} <= {reply["spoken"] for reply in replies}
    assert (replies[-1]["running"], replies[-1]["problem"]) == (False, "")
    assert runs.list_runs(studio) == []


def test_a_verdict_is_shown_in_words_with_what_it_rests_on_and_nothing_in_it_is_run(studio: Studio, said: list[dict[str, Any]]) -> None:
    said += [found(FOUND), {"event": "end"}]
    html = checked(studio)[-1]["html"]
    assert "Before training: <strong>no-go</strong>" in html
    assert "A run would stop here, before any training, unless told under Advanced to train anyway." in html
    assert '<span class="cs-meter-value">1% <small>0 to 20%</small></span>' in html
    assert "39 under the statement, 36 under the antithesis; the longer one gives the side away in 54% of pairs (50% is chance)" in html
    assert "<dt>Cut at the token limit</dt><dd>72% of replies</dd>" in html
    assert "<dt>Same on both sides</dt><dd>1% of pairs</dd>" in html
    assert "128 replies of the base" in html
    assert "<li>72% of replies are cut at 64 tokens.</li>" in html
    assert "<script" not in html
    assert "<img" not in html
    anyway = checked(studio, settings={"train_anyway": "true"})[-1]["html"]
    assert "A run would begin all the same" in anyway


def test_a_principle_without_a_check_has_its_reason_and_no_scale(studio: Studio, said: list[dict[str, Any]]) -> None:
    nothing = {"value": None, "low": None, "high": None, "n": 0}
    plain = {**FOUND["principles"][0], "title": "Kind", "followed": nothing, "followed_under_antithesis": nothing, "verdict": "unjudged", "reason": "No check."}
    both = {**FOUND, "verdict": "no-go", "principles": (FOUND["principles"][0], plain)}
    said += [found(both), {"event": "end"}]
    first, second = checked(studio)[-1]["html"].split("<li data-verdict=")[1:]
    assert first.count('class="cs-meter"') == 2
    assert "cs-meter" not in second
    assert "</span> cannot be judged yet</span>" in second
    assert '<p class="cs-found-reason">No check.</p>' in second


def test_the_replies_that_were_judged_are_folded_and_nothing_in_them_is_run(studio: Studio, said: list[dict[str, Any]]) -> None:
    replies = [{"query": "<b>Why</b>?", "text": "<script>alert(1)</script>"}, {"query": "How?", "text": ""}]
    shown = {**FOUND["principles"][0], "shown": [{"side": "antithesis", "follows": True, "of": 7, "replies": replies}]}
    said += [found({**FOUND, "principles": [shown]}), {"event": "end"}]
    last = checked(studio)[-1]
    assert "<details" in last["html"]
    assert "Under the antithesis, follows the statement: 2 of 7 replies" in last["html"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in last["html"]
    assert "(empty)" in last["html"]
    assert "<script" not in last["html"]
    assert "<b>" not in last["html"]
    assert last["found"]["principles"][0]["shown"][0]["of"] == 7


def test_a_weak_whole_says_how_many_principles_have_a_link(studio: Studio, said: list[dict[str, Any]]) -> None:
    linked = {**FOUND["principles"][0], "verdict": "go"}
    said += [found({**FOUND, "verdict": "weak", "principles": [linked, FOUND["principles"][0]]}), {"event": "end"}]
    assert checked(studio)[-1]["spoken"] == "Check finished: weak, a link is shown for 1 of 2 principles."


def test_what_the_host_reports_is_a_problem_of_the_check_and_a_form_that_cannot_be_used_of_the_form(studio: Studio, said: list[dict[str, Any]]) -> None:
    said += [{"event": "error", "message": "Memory ran out. Choose a smaller model."}, {"event": "end"}]
    last = checked(studio)[-1]
    assert (last["kind"], last["running"], last["problem"], last["html"]) == ("check", False, "Memory ran out. Choose a smaller model.", "")
    refused = checked(studio, settings={"passes": "many"})
    assert [reply["kind"] for reply in refused] == ["problem"]
    assert refused[0]["message"] == "passes must be a number, got 'many'."


def test_a_check_is_kept_with_its_replies_and_offers_to_mark_them(studio: Studio, said: list[dict[str, Any]]) -> None:
    said += [found(FOUND), {"event": "end"}]
    first, last = checked(studio)[0], checked(studio)[-1]
    assert first["check"] is None and last["check"] is not None and last["marks"] is None
    assert f'<a href="./mark?check={last["check"]}&amp;principle=1">Mark replies</a>' in last["html"]
    assert "A reply." not in json.dumps(last)  # which side wrote what is told to nobody who may mark it
    again = checked(studio)[-1]
    assert again["check"] == last["check"]  # the same request
    other = checked(studio, key="b" * 32)[-1]
    assert other["check"] == last["check"] + 1
    with studio.sessions.read() as session:
        (row, _) = list_entries(session)
    assert (row.who, row.what, row.subject) == ("Ann", "check.made", f"check {last['check']}")


def test_a_verdict_is_shown_also_where_it_cannot_be_kept(studio: Studio, said: list[dict[str, Any]]) -> None:
    said += [found(FOUND), {"event": "end"}]
    checked(studio)
    last = checked(studio, seed=5)[-1]  # another check under the same key
    assert (last["check"], last["problem"]) == (None, "")
    assert "This check is not kept, so its replies cannot be marked: This request was used for another check already." in last["html"]
    assert "<strong>no-go</strong>" in last["html"] and "./mark?" not in last["html"]


def test_an_address_that_names_a_check_opens_its_form_and_the_check_as_the_marks_make_it(studio: Studio) -> None:
    check = kept_check(studio, name="<b>Vases</b>", seed=3)
    page = TrainPage(studio)
    before = page.opened({"check": str(check)}, asks())
    assert (before["again"]["seed"], before["version"], before["message"]) == (3, before["again"]["version_id"], "")
    assert (before["checked"]["check"], before["checked"]["found"]["verdict"], before["checked"]["marks"]) == (check, "unjudged", None)
    assert "Two ways on: mark its replies, or add a check." in before["checked"]["html"]
    mark_check_whole(studio, check, "<i>Ada</i>")
    after = page.opened({"check": str(check)}, asks("Bob"))["checked"]
    assert (after["found"]["verdict"], after["found"]["principles"][0]["by"]) == ("go", "<i>Ada</i>")
    assert after["marks"][0]["marked"] == 32 and "32 replies marked." in after["html"] and "Mark more replies" in after["html"]
    assert "&lt;i&gt;Ada&lt;/i&gt;" in after["html"] and "<i>Ada" not in after["html"]
    assert page.opened({"check": "99"}, asks())["message"] == "There is no check 99."
    assert page.opened({"check": "<b>"}, asks())["message"] == "“<b>” is not the number of a check."


def test_what_people_find_to_be_no_go_stops_no_run_and_says_so(studio: Studio) -> None:
    check = kept_check(studio, base_replies(hits=0))
    mark_check_whole(studio, check)
    html = TrainPage(studio).opened({"check": str(check)}, asks())["checked"]["html"]
    assert "Before training: <strong>no-go</strong>" in html and "A run begins all the same: the check that it begins with hears programs alone" in html


def test_a_check_is_closed_with_its_handler(studio: Studio, pretend: PretendHost) -> None:
    pretend.stand_in(studio.settings, {"event": "asking", "note": "asking the base", "share": 0.5}, for_ever=True)
    handler = TrainPage(studio).check(sent(studio), asks())
    while next(handler)["note"] != "asking the base":
        assert not pretend.left.is_set()
    handler.close()  # type: ignore[attr-defined]
    assert pretend.left.wait(10)
