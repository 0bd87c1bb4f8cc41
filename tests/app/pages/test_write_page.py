"""The pages of walk steps 1 and 2 without a browser: what they show, what their handlers answer, and the palette."""

import base64
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from app.pages.constitutions import ConstitutionsPage
from app.pages.frame import header_html
from app.pages.proposing import ProposingPage
from app.pages.write import WritePage
from app.present.constitutions import changes_html, document_html, history_html
from app.present.text import escape, pieces_html
from app.services.constitutions import list_constitutions
from app.services.studio import Studio, open_studio
from app.settings import Settings
from app.web.actors import Actor, KnownBy
from app.web.modules import ASSETS
from core.constitution.changes import changes, diff_pieces
from core.constitution.checks import CHECKS, Check, check_sentence
from core.constitution.principles import Constitution, Principle
from core.constitution.scenarios import Scenario
from db.comparisons import NewComparison, NewReply, add_comparison, save_reply
from db.constitutions import get_head
from tests.app.serving import served
from tests.rounds.volume import fill

HOSTILE = "<script>alert(1)</script>{{7*7}}${1+1}[a](javascript:b)\"'"
ROW = {"id": "1" * 32, "title": "Brief", "statement": "Be brief.", "antithesis": "Be long."}


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = open_studio(Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/studio.db"))
    yield opened
    opened.engine.dispose()


def request(**query: str) -> Any:
    return SimpleNamespace(state=SimpleNamespace(actor=Actor("ann", KnownBy.LOGIN)), query_params=query)


def answer(handler: Any, **question: Any) -> dict[str, Any]:
    reply: dict[str, Any] = handler(question, request())
    return reply


def opened(page: WritePage, constitution: int) -> dict[str, Any]:
    reply: dict[str, Any] = page.opened({"constitution": str(constitution)}, request())
    return reply


def made(studio: Studio) -> int:
    reply = answer(ConstitutionsPage(studio).create, name="Mine")
    return int(reply["href"].rpartition("=")[2])


def test_the_list_shows_starters_with_links_to_write_and_train(studio: Studio) -> None:
    reply = ConstitutionsPage(studio).list({}, request())
    assert "Brevity" in reply["html"] and "./write?constitution=" in reply["html"] and "./train?constitution=" in reply["html"]


def test_a_refused_name_comes_back_as_a_problem(studio: Studio) -> None:
    assert answer(ConstitutionsPage(studio).create, name=" ") == {"kind": "problem", "message": "A constitution needs a name. Type one."}


def test_archiving_moves_an_entry_and_back(studio: Studio) -> None:
    page, constitution = ConstitutionsPage(studio), made(studio)
    reply = answer(page.archive, constitution=constitution)
    assert "Mine" not in reply["html"] and "Mine" in reply["archived"] and reply["archived_count"] == 1
    assert "Mine" in answer(page.unarchive, constitution=constitution)["html"]


def test_a_file_is_read_and_bad_transport_is_said(studio: Studio) -> None:
    page = ConstitutionsPage(studio)
    text = base64.b64encode(b"name: F\nprinciples: [{title: T, statement: a, antithesis: b}]").decode()
    assert answer(page.read, data=text)["kind"] == "go"
    assert "did not arrive whole" in answer(page.read, data="*")["message"]


def test_a_file_that_is_taken_as_it_is_also_says_how_it_was_read(studio: Studio) -> None:
    data = base64.b64encode("name: G\nprinciples: [{title: T, statement: é, antithesis: b}]".encode()).decode()
    told = answer(ConstitutionsPage(studio).read, data=data, filename="g.yml")
    assert (told["kind"], told["version"], told["format"], told["encoding"]) == ("go", 1, "YAML", "UTF-8")
    assert "1 principle." in told["html"] and "Read as YAML in UTF-8" in told["html"]


def test_a_published_pair_of_lists_is_read_from_json(studio: Studio) -> None:
    text = base64.b64encode(b'{"positive": "1. Be brief.\\n2. Be warm.", "negative": "1. Be long.\\n2. Be cold."}').decode()
    reply = answer(ConstitutionsPage(studio).read, data=text, filename="constitution_9.json")
    first = opened(WritePage(studio), int(reply["href"].rpartition("=")[2]))
    assert first["name"] == "Constitution 9" and first["head"] == 1
    assert [(p["statement"], p["antithesis"]) for p in first["principles"]] == [("Be brief.", "Be long."), ("Be warm.", "Be cold.")]
    assert "not a JSON file" in answer(ConstitutionsPage(studio).read, data=base64.b64encode(b"{").decode(), filename="x.json")["message"]


@pytest.mark.parametrize("value", [None, "text", [], {"constitution": "1"}, {"constitution": True}, {"constitution": 10**12}])
def test_a_question_in_another_shape_is_answered_with_a_problem(studio: Studio, value: object) -> None:
    assert WritePage(studio).save(value, request())["kind"] == "problem"


def test_nobody_passes_a_handler_without_the_gate(studio: Studio) -> None:
    stranger: Any = SimpleNamespace(state=SimpleNamespace(), query_params={})
    page, proposing, listing = WritePage(studio), ProposingPage(studio), ConstitutionsPage(studio)
    writing = (
        page.save,
        page.rename,
        page.preview,
        page.version,
        page.restore,
        page.discard,
        page.open,
        page.download,
        proposing.propose,
        proposing.propose_scenarios,
        proposing.proposal,
        proposing.leave,
    )
    for handler in (*writing, listing.create, listing.read, listing.rename):
        with pytest.raises(PermissionError):
            handler({}, stranger)
    for handler in (page.opened, listing.list):
        with pytest.raises(PermissionError):
            handler({}, stranger)


def test_the_write_page_without_a_constitution_offers_them(studio: Studio) -> None:
    for query in ({}, {"constitution": "x"}, {"constitution": "99999"}, {"constitution": "9" * 40}):
        reply = WritePage(studio).opened(query, request())
        assert reply["kind"] == "choose" and "Brevity" in reply["html"]


def test_a_draft_goes_from_typing_to_a_version(studio: Studio) -> None:
    page, constitution = WritePage(studio), made(studio)
    first = opened(page, constitution)
    reply = answer(page.save, constitution=constitution, revision=first["revision"], principles=[ROW])
    assert reply["kind"] == "saved" and reply["problems"] == [] and reply["verdict"] == "No version yet"
    assert answer(page.save, constitution=constitution, revision=first["revision"], principles=[])["kind"] == "conflict"
    preview = answer(page.preview, constitution=constitution)
    assert preview["can_save"] and preview["number"] == 1 and "<ins>Be brief.</ins>" in preview["html"]
    reply = answer(page.version, constitution=constitution, revision=preview["revision"], head=None, message="First")
    assert reply["message"] == "Saved as version 1." and "First" in reply["history"]
    preview = answer(page.preview, constitution=constitution)
    assert not preview["can_save"] and preview["reason"] == "Nothing changed since version 1, so there is nothing to save."


def test_priorities_that_are_no_whole_number_are_told_by_their_fields_and_nothing_is_saved(studio: Studio) -> None:
    page, constitution = WritePage(studio), list_constitutions(studio)[0].id
    rows = [{**ROW, "id": f"{i}" * 32, "title": f"T{i}", "priority": priority} for i, priority in enumerate(("1.5", 2, "<b>first</b>"), 1)]
    before = opened(page, constitution)
    reply = answer(page.save, constitution=constitution, revision=before["revision"], principles=rows)
    assert [(each["rule"], each["severity"], each["principle"], each["field"]) for each in reply["problems"]] == [
        ("priority-range", "must", 0, "priority"),
        ("priority-range", "must", 2, "priority"),
    ]
    assert reply["kind"] == "problem" and reply["message"] == " ".join(each["message"] for each in reply["problems"])
    assert reply["problems"][0]["message"] == "The priority of principle 1 must be a whole number from 1 (first) to 32, got '1.5'. Correct it, or leave it out."
    assert opened(page, constitution)["revision"] == before["revision"]


def test_a_version_is_read_compared_and_taken_away(studio: Studio) -> None:
    page, constitution = WritePage(studio), made(studio)
    revision = answer(page.save, constitution=constitution, revision=1, principles=[ROW])["revision"]
    revision = answer(page.version, constitution=constitution, revision=revision, head=None, message="First")["revision"]
    answer(page.save, constitution=constitution, revision=revision, principles=[{**ROW, "statement": "Be very brief."}])
    reply = answer(page.open, constitution=constitution, number=1)
    assert "Be brief." in reply["html"] and "<ins>very </ins>" in reply["changes"] and "ann" in reply["head"]
    assert answer(page.download, constitution=constitution, format="yaml", number=1)["filename"] == "mine-v1.yaml"
    assert answer(page.open, constitution=constitution, number=9)["kind"] == "problem"


def test_who_wrote_a_principle_is_kept_shown_and_compared(studio: Studio) -> None:
    page, constitution = WritePage(studio), made(studio)
    row = {**ROW, "written_by": {"model": f"a {HOSTILE}\n model", "texts": ["antithesis"]}}
    reply = answer(page.save, constitution=constitution, revision=1, principles=[row])
    assert reply["principles"][0]["written_by"] == {"model": f"a {HOSTILE} model", "texts": ["antithesis"]} and reply["problems"] == []
    revision = answer(page.version, constitution=constitution, revision=reply["revision"], head=None, message="First")["revision"]
    answer(page.save, constitution=constitution, revision=revision, principles=[ROW])
    shown = answer(page.open, constitution=constitution, number=1)
    assert f"Written by a {escape(HOSTILE)} model (antithesis)." in shown["html"]
    assert "<del>" in shown["changes"] and "<script" not in shown["html"] + shown["changes"]
    assert "written_by" not in answer(page.download, constitution=constitution, format="yaml")["text"]
    for odd in (7, ["x"], " ", None, {"model": "m", "texts": []}, {"model": "m", "texts": ["title"]}, {"model": ["m"]}):
        latest = opened(page, constitution)["revision"]
        assert "written_by" not in answer(page.save, constitution=constitution, revision=latest, principles=[{**ROW, "written_by": odd}])["principles"][0]


def test_problems_advice_and_differences_come_as_data(studio: Studio) -> None:
    page, constitution = WritePage(studio), made(studio)
    unfinished = {**ROW, "id": "2" * 32, "title": "Ask", "antithesis": "", "check": {"max_words": ""}}
    reply = json.loads(json.dumps(answer(page.save, constitution=constitution, revision=1, principles=[ROW, unfinished])))
    assert [(p["rule"], p["severity"], p["principle"], p["field"]) for p in reply["problems"]] == [
        ("no-text", "must", 1, "antithesis"),
        ("unreadable-check", "must", 1, "check"),
    ]
    assert [(p["rule"], p["severity"], p["principle"], p["field"]) for p in reply["advice"]] == [("no-check", "advice", 0, "check")]
    difference = json.loads(json.dumps(answer(page.preview, constitution=constitution)["difference"]))
    assert [(p["before"], p["after"]) for p in difference["principles"]] == [(None, 0), (None, 1)]
    assert difference["principles"][0]["statement"]["pieces"] == [{"kind": "inserted", "text": "Be brief."}]


def test_a_difference_is_by_words() -> None:
    assert pieces_html(diff_pieces("Say one thing.", "Say exactly one thing!")) == "Say <ins>exactly </ins>one thing<del>.</del><ins>!</ins>"


def test_texts_are_escaped_wherever_they_are_shown() -> None:
    scenario = Scenario(query=HOSTILE, follows=HOSTILE, fails=HOSTILE)
    principle = Principle(id="1", title=HOSTILE, statement=HOSTILE, antithesis=f"not {HOSTILE}", check=Check("contains", HOSTILE), scenarios=(scenario,))
    one, two = (Constitution(name=name, principles=(principle,)) for name in (HOSTILE, "Other"))
    new = Constitution(name=HOSTILE, principles=(Principle(id="2", title="T", statement=f"{HOSTILE}!", antithesis="x"),))
    for html in (document_html(one), *(changes_html(changes(*pair)) for pair in ((one, two), (None, one), (one, new))), escape(HOSTILE)):
        assert "<script" not in html and not re.search(r"""="[^"]*["'][^ >]*script""", html)
    assert "Nothing differs" in changes_html(changes(one, one))
    assert "None yet" in history_html([])


def test_a_moved_principle_is_not_shown_as_new() -> None:
    a, b = (Principle(id=i, title=i, statement=f"s{i}", antithesis=f"a{i}") for i in "ab")
    html = changes_html(changes(Constitution(name="N", principles=(a, b)), Constitution(name="N", principles=(b, a))))
    assert "moved from 2 to 1" in html and "<ins>" not in html and "<del>" not in html


def with_only(principle: Principle) -> Constitution:
    return Constitution(name="C", principles=(principle,))


def test_a_check_that_takes_the_place_of_another_is_shown_as_old_and_new_sentence() -> None:
    principle = Principle(id="1", title="Brief", statement="Be brief.", antithesis="Be long.")
    counted = replace(principle, check=Check("max_words", 20))
    both = changes_html(changes(with_only(principle), with_only(counted)))
    assert "<del>No program checks it.</del> → <ins>The reply has at most 20 words.</ins>" in both
    fewer = replace(principle, check=Check("max_words", 10))
    other = changes_html(changes(with_only(counted), with_only(fewer)))
    assert "<del>The reply has at most 20 words.</del> → <ins>The reply has at most 10 words.</ins>" in other
    reworded = changes_html(changes(with_only(counted), with_only(replace(counted, statement="Be short."))))
    assert '<p class="cs-quiet">The reply has at most 20 words.</p>' in reworded


def test_scenarios_are_shown_and_what_became_of_each() -> None:
    principle = Principle(id="1", title="Brief", statement="Be brief.", antithesis="Be long.")
    rain, snow = Scenario(query="Tell me of rain.", follows="One line."), Scenario(query="And of snow?", use="train")
    shown = document_html(with_only(replace(principle, scenarios=(rain, snow))))
    assert "Scenarios (2)" in shown and "Tell me of rain." in shown and "One line." in shown and "Scenarios" not in document_html(with_only(principle))

    def told(before: tuple[Scenario, ...], after: tuple[Scenario, ...]) -> str:
        return changes_html(changes(with_only(replace(principle, scenarios=before)), with_only(replace(principle, scenarios=after))))

    assert "<ins>And of snow?</ins>" in told((rain,), (rain, snow)) and "Tell me of rain." not in told((rain,), (rain, snow))
    assert "<del>And of snow?</del>" in told((rain, snow), (rain,)) and "removed, train" in told((rain, snow), (rain,))
    assert "<del>train</del> → <ins>test</ins>" in told((snow,), (replace(snow, use="test"),))
    assert "in another order" in told((rain, snow), (snow, rain))


def test_every_check_has_a_sentence_with_its_argument() -> None:
    for kind in CHECKS.values():
        sentence = check_sentence(Check(kind.name, kind.example))
        assert sentence.startswith("The reply ") and (kind.example is None or str(kind.example) in sentence)


def test_the_header_marks_the_current_page_and_links_to_all() -> None:
    html = header_html("write", asks_name=True)
    assert html.count('aria-current="page"') == 1 and '<a href="./write" aria-current="page">Write</a>' in html and 'href="./compare"' in html


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [":root", ".dark"])
def test_every_text_colour_has_enough_contrast(scheme: str) -> None:
    block = re.search(re.escape(scheme) + r" \{(.*?)\n\}", (ASSETS / "tokens.css").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    colours = dict(re.findall(r"--cs-([a-z-]+): (#[0-9a-f]{6});", block[1]))
    for text in ("ink", "muted", "accent", "problem", "good"):
        for ground in ("paper", "sheet", "wash"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for text, ground in (("on-accent", "accent"), ("ins", "ins-wash"), ("del", "del-wash"), ("problem", "problem-wash"), ("ink", "problem-wash")):
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for ground in ("paper", "sheet", "wash"):
        assert contrast(colours["edge"], colours[ground]) >= 3, ground


def styles() -> list[tuple[str, str]]:
    """Every rule of every style sheet: its selector, and what it says."""
    texts = (re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL) for path in ASSETS.glob("*.css"))
    return [(selector.strip(), rule) for text in texts for selector, rule in re.findall(r"([^{}]+)\{([^{}]*)\}", text)]


def test_no_text_is_made_paler_than_its_colour() -> None:
    """Of a colour with a contrast of 4.5, an opacity of 0.55 leaves 2.5."""
    paler = {selector for selector, rule in styles() if re.search(r"opacity: 0?\.\d", rule)}
    assert paler == {".cs-line-raw", ".cs-meter::before", ".cs-icon[disabled]", ".cs-lab-found .mark *"}  # lines, points of a chart, what cannot be pressed


def test_whatever_scrolls_can_be_reached_by_keyboard_and_has_a_name() -> None:
    scrolling = {selector.split()[-1] for selector, rule in styles() if re.search(r"overflow(-[xy])?: auto", rule)}
    classes = {each[1:] for each in scrolling if each.startswith(".")}
    assert scrolling - {f".{each}" for each in classes} == {"section", "ul"}  # of the list of endpoints, and of what a pattern matches
    begins = re.compile(rf"""class(="|: ")({"|".join(classes)})"|'<section tabindex|h\("ul", \{{.*texts\.map""")
    root = ASSETS.parent
    sources = (path.read_text(encoding="utf-8") for path in (*root.rglob("*.py"), *root.rglob("*.js")))
    made = [line for source in sources for line in source.splitlines() if begins.search(line)]
    assert len(made) >= 13
    assert [line for line in made if "tabindex" not in line or "aria-label" not in line] == []


def test_the_assets_ask_no_other_server_for_anything() -> None:
    for path in ASSETS.rglob("*"):
        if path.suffix in (".css", ".js", ".html"):
            assert not re.search(r"https?://|//[a-z]+\.|@import|url\((?!#)", path.read_text(encoding="utf-8")), path.name


def test_the_pages_are_built_and_can_be_called_by_program(tmp_path: Path) -> None:
    """At plain addresses, with typed questions; Gradio's own list of endpoints, where a question would be any object, is empty."""
    from app.web.app import studio_app

    app = studio_app(Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/studio.db"))
    with served(app) as url, httpx.Client(base_url=url) as client:

        def ask(endpoint: str, **question: Any) -> Any:
            return client.post(f"/api/{endpoint}", json=question)

        created = ask("constitutions/create", name="By program").json()
        constitution = int(created["href"].rpartition("=")[2])
        saved = ask("write/save", constitution=constitution, revision=1, principles=[ROW])
        assert (saved.status_code, saved.json()["kind"]) == (200, "saved")
        refused = ask("write/version", constitution=constitution, revision=2, head=None, message="")
        assert refused.status_code == 400
        assert "needs a message" in refused.json()["message"]
        assert "POST /api/write/save" in client.get("/docs").text


def test_a_pattern_is_tried_on_replies_of_the_newest_comparison_or_else_on_the_statement(studio: Studio) -> None:
    constitution = list_constitutions(studio)[0].id
    asked = {"constitution": constitution, "pattern": r"\d+", "statement": "Take 5."}
    told = answer(WritePage(studio).matches, **asked)
    assert "tried on the statement" in told["says"]
    assert told["texts"][0]["pieces"] == [{"text": "Take ", "matched": False}, {"text": "5", "matched": True}, {"text": ".", "matched": False}]
    with studio.sessions.begin() as session:
        version = get_head(session, constitution)
        assert version is not None
        new = NewComparison(
            version_id=version.id,
            run_id=None,
            model="m",
            revision=None,
            four_bit=False,
            arms=[{"key": "base"}],
            query="?",
            side="statement",
            seed=0,
            sampling={},
            created_by="ann",
        )
        comparison = add_comparison(session, new)
        for arm, text in (("a", "In 12 minutes."), ("b", "Soon."), ("c", "")):
            save_reply(session, comparison.id, NewReply(arm=arm, text=text, seed=0))
    told = answer(WritePage(studio).matches, **asked)
    assert told["says"].startswith("Of 2 replies") and [text["follows"] for text in told["texts"]] == [True, False]
    assert "cannot be read" in answer(WritePage(studio).matches, **{**asked, "pattern": "("})["message"]


def test_a_pattern_that_never_ends_leaves_the_page_alive(studio: Studio) -> None:
    began = time.monotonic()
    told = answer(WritePage(studio).matches, constitution=list_constitutions(studio)[0].id, pattern="(a|a)*$", statement="a" * 60 + "b")
    assert told["texts"][0]["follows"] is None and time.monotonic() - began < 5


def test_a_file_that_becomes_a_draft_is_told_with_what_was_read_and_left_out(studio: Studio) -> None:
    data = base64.b64encode(b'[{"trait": "I hum <b>low</b>.", "questions": ["Why?"]}]').decode()
    told = answer(ConstitutionsPage(studio).read, data=data, filename="traits.json")
    assert told["kind"] == "read" and told["version"] is None and told["ignored"] == ["questions of 1 principle"]
    assert [(finding["rule"], finding["severity"]) for finding in told["findings"]] == [("no-text", "must"), ("no-check", "advice")]
    assert "`questions of 1 principle`" in told["html"] and opened(WritePage(studio), told["id"])["principles"][0]["statement"] == "I hum <b>low</b>."


def test_long_lists_come_in_parts(studio: Studio) -> None:
    fill(studio, constitutions=3, versions=2)
    first = answer(ConstitutionsPage(studio).list, shown=2)
    assert (len(first["constitutions"]), first["more"]) == (2, 6) and "Show more (6)" in first["html"]
    assert "data-more" not in answer(ConstitutionsPage(studio).list, shown=8)["html"]
    constitution = answer(ConstitutionsPage(studio).list)["constitutions"][-1]["id"]
    filled = next(card["id"] for card in answer(ConstitutionsPage(studio).list)["constitutions"] if card["name"] == "Constitution 0")
    assert "Show more (1)" in answer(WritePage(studio).history, constitution=filled, shown=1)["html"]
    assert answer(WritePage(studio).history, constitution=filled)["html"].count("data-version") == 2
    for shown in (0, -1, 10**20, "2", None):
        assert answer(WritePage(studio).history, constitution=constitution, shown=shown)["kind"] == "problem"


def test_the_checks_that_statements_allow_are_proposed_in_words_and_none_for_what_allows_none(studio: Studio) -> None:
    told = answer(WritePage(studio).suggest, statements=["Use at most 20 words.", "Be kind.", "Never use emoji."])
    assert told["checks"] == [{"check": {"max_words": 20}, "says": "The reply has at most 20 words."}, None, None]
