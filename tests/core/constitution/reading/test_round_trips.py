"""What is accepted can be stored, opened, edited, exported, and read back the same, in every format."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.documents import read_document, with_ids
from core.constitution.checks import Check
from core.constitution.files import dump_markdown, dump_yaml, read_constitution, read_constitution_text
from core.constitution.findings import problems
from core.constitution.normal import normal
from core.constitution.principles import Constitution, Principle, WrittenBy, from_data, to_data
from core.constitution.reading.drafts import MAX_DRAFT_PRINCIPLES
from core.errors import ConstitutionError

NASTY = [
    *("# no comment", "a # b", "note: this", "- item", "1. one", "~", "null", "Yes", "007", "0x10", "2026-11-26", "<<", "*a", "&a b", "!a", "%a", "@a", "`a`"),
    *(
        "one\x85two",
        "one\u2028two\u2029",
        "a\r\nb\rc",
        "\ttab\t",
        "  blanks  ",
        "'quoted' \"twice\"",
        "{a: b}",
        "[a",
        "|",
        ">",
        "---\n...",
        "\n\nlines\n\n",
        "\\d{3}\\*",
    ),
    *(
        "## 2. A heading\n\n**Statement.** x",
        "*Check:* `emoji`",
        "long " * 400,
        "\ufeffmark",
        "👩‍👩‍👧 café e\u0301",
        "مرحبا بالعالم",
        "你好，世界。",
        "สวัสดี",
        "नमस्ते",
        "\u00ada\u200b\u200f",
        "e\u0301\n",
        "\n",
    ),
]
PIECES = [
    *("\x85", "\u2028", "\u2029", "\x0b", "\r", "\t", " ", "  ", "\n", "\n\n", " \n", "\n ", "\n\t", "\n    ", "\xa0", "\u3000", "\ufeff", "\u200b", "\u202e"),
    *(
        "#",
        " # ",
        ": ",
        "- ",
        "1. ",
        "* ",
        "> ",
        "| ",
        "---",
        "===",
        "~~~",
        "```",
        "`",
        "&amp;",
        "&#32;",
        "&",
        "\\",
        "\\n",
        "$x$",
        "<b>",
        "**",
        "_",
        "[x](y)",
        "'",
        '"',
    ),
    *("word", "é", "e\u0301", "\ue000", "\uf8ff", "\U000e0001", "😀", "👩‍👩‍👧", "ß", "\u05d0", "漢", "{", "}", "%", "@", "!", "?", "~", "null", "x" * 1000),
    *("**Antithesis.** z", "## 2. T", "*Check:* `emoji`", "*Written by:* m"),
]
pieced = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join)
texts = st.one_of(pieced, pieced, st.sampled_from(NASTY), st.text(max_size=80), st.tuples(st.sampled_from(NASTY), st.text(max_size=20)).map("".join))
lines = texts.map(lambda text: " ".join(normal(text).split("\n"))[:120])
checks = st.one_of(
    st.none(),
    st.builds(Check, st.just("max_words"), st.integers(1, 1000)),
    st.builds(Check, st.sampled_from(["contains", "excludes", "starts_with"]), texts),
    st.just(Check("emoji")),
    st.sampled_from([Check("regex", r"^(\d+\. .+\n?){3}$"), Check("regex", "`a`|#b: c"), Check("language", "zh")]),
)
writers = st.one_of(
    st.none(),
    st.builds(WrittenBy, model=st.sampled_from(["a-model", "org/m #2", "模型"]), texts=st.sampled_from([("antithesis",), ("statement", "antithesis")])),
)
principles = st.builds(Principle, title=lines, statement=texts, antithesis=texts, check=checks, written_by=writers)
constitutions = st.builds(Constitution, name=lines, principles=st.lists(principles, max_size=4).map(tuple))


def accepted(constitution: Constitution) -> Constitution | None:
    """As it comes out of a first file, or None when that is refused or has to be put right."""
    try:
        read = from_data(json.loads(json.dumps(to_data(constitution))))
    except ConstitutionError:
        return None
    reading = read_constitution_text(json.dumps(to_data(read)), "c.json")
    return None if problems(reading.findings) else reading.constitution


@given(constitutions)
@settings(max_examples=150, deadline=None)
def test_what_is_accepted_comes_back_the_same_from_every_format(written: Constitution) -> None:
    kept = accepted(written)
    if kept is None:
        return
    for text, name in ((dump_yaml(kept), "c.yaml"), (json.dumps(to_data(kept), indent=1), "c.json"), (dump_markdown(kept), "c.md")):
        back = read_constitution(text.encode(), name)
        assert back.constitution == kept and not problems(back.findings), name


@given(constitutions)
@settings(max_examples=60, deadline=None)
def test_what_is_accepted_is_opened_by_the_editor_as_it_is(written: Constitution) -> None:
    kept = accepted(written)
    if kept is not None:
        stored = with_ids(kept)
        document = read_document(stored.name, to_data(stored)["principles"])
        assert document.constitution == stored and not problems(document.findings)


@pytest.mark.parametrize("text", [text for text in NASTY if text.strip()])
def test_each_nasty_text_goes_through_every_format(text: str) -> None:
    principle = Principle(title="T", statement=text, antithesis=f"not {text}", check=Check("contains", f"x{text}"))
    kept = accepted(Constitution(name="N", principles=(principle,)))
    assert kept is not None
    for dumped, name in ((dump_yaml(kept), "c.yaml"), (json.dumps(to_data(kept)), "c.json"), (dump_markdown(kept), "c.md")):
        assert read_constitution_text(dumped, name).constitution == kept


def test_as_many_principles_as_a_draft_holds_are_read_and_one_more_is_refused() -> None:
    rows = [{"title": f"T{i}", "statement": "a", "antithesis": "b"} for i in range(MAX_DRAFT_PRINCIPLES + 1)]
    assert len(read_constitution_text(json.dumps({"name": "N", "principles": rows[1:]}), "c.json").constitution.principles) == MAX_DRAFT_PRINCIPLES
    with pytest.raises(ConstitutionError, match=f"{MAX_DRAFT_PRINCIPLES + 1} principles in this file"):
        read_constitution_text(json.dumps({"name": "N", "principles": rows}), "c.json")


@pytest.mark.parametrize(
    "texts",
    [
        (),
        (("T", "Be brief.", ""),),
        (("T", "", "Be long."),),
        (("", "Be brief.", "Be long."),),
        (("", "", ""),),
        (("T", "a", "a"), ("", "", ""), ("U", "c", "")),
    ],
)
def test_a_draft_that_is_not_finished_comes_back_from_its_own_files_too(texts: tuple[tuple[str, str, str], ...]) -> None:
    rows = [{"id": f"{i}" * 32, "title": title, "statement": statement, "antithesis": antithesis} for i, (title, statement, antithesis) in enumerate(texts, 1)]
    draft = read_document("Mine", rows).constitution
    for dumped, name in ((dump_yaml(draft), "mine-draft.yaml"), (dump_markdown(draft), "mine-draft.md")):
        back = read_constitution(dumped.encode(), name).constitution
        assert back.name == "Mine"
        assert [(p.title, p.statement, p.antithesis) for p in back.principles] == list(texts), name


LINE = "x: # ~ é 😀 \ue000 & `" * 200


@pytest.mark.parametrize(
    "text", [LINE[:4_000], f"\n{LINE[:3_990]} \t\n", "\n \t\n.\n \n", "one\x85two\u2028three\u2029four", "a\n\n\n\nb", "a\\\nb\\", "\\n&#10;"]
)
def test_long_lines_odd_line_ends_and_blank_lines_come_back_from_every_format(text: str) -> None:
    title = " ".join(text.split())[:60]
    kept = accepted(Constitution(name=title, principles=(Principle(title=title, statement=text, antithesis=f"not {text}"[:4_000]),)))
    assert kept is not None
    for dumped, name in ((dump_yaml(kept), "c.yaml"), (json.dumps(to_data(kept)), "c.json"), (dump_markdown(kept), "c.md")):
        assert read_constitution(dumped.encode(), name).constitution == kept


def test_documents_that_an_earlier_studio_wrote_are_read_as_they_were() -> None:
    text = "# N\n\n## 1. T\n\n**Statement.** one\ntwo & \\*three\\* ~~~\n\n**Antithesis.** no\n\n*Check:* starts\\_with: \\`a\\nb\n"
    (principle,) = read_constitution_text(text, "c.md").constitution.principles
    assert (principle.statement, principle.check) == ("one\ntwo & *three* ~~~", Check("starts_with", "`a\nb"))
