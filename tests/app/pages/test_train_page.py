"""The Train page's handlers, called as Gradio calls them."""

import base64
from types import SimpleNamespace

import pytest

from app.pages import train
from app.pages.judge import JudgePage
from app.pages.train import TrainPage
from app.services import runs
from app.services.exposed import EXPOSED
from app.services.query_sets import upload
from app.services.studio import Studio
from db.constitutions import list_constitutions, set_archived
from tests.app.pages.calling import asks, sent
from tests.app.planting import HOSTILE, add_plain_version, built, form, get_run, measure, version_id


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
    assert reply["work"]["standard"] == said
    of_sami = TrainPage(studio).preview(sent(studio, query_set=few.id, settings={"method": "sami"}), asks())["work"]
    assert of_sami["standard"] == "13 + 12 queries in 2 iterations × 2 passes = 14 steps of 4; measured on 7 held-out queries"
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
