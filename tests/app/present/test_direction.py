"""Texts run in their own direction, also within sentences of ours."""

from app.present.constitutions import document_html
from app.present.text import isolated
from core.constitution.principles import Constitution, Principle

ARABIC = Principle(title="كن موجزا", statement="أجب بجملة واحدة (Python 3.12).", antithesis="أجب بإسهاب.")


def test_a_document_says_of_each_text_that_it_decides_its_direction():
    shown = document_html(Constitution(name="إيجاز", principles=(ARABIC,)))
    assert f'<h3 dir="auto">{ARABIC.title}</h3>' in shown
    assert f'<p class="cs-text" dir="auto">{ARABIC.statement}</p>' in shown
    assert f'<p class="cs-text" dir="auto">{ARABIC.antithesis}</p>' in shown


def test_names_in_a_sentence_are_isolated_and_escaped():
    assert isolated(f"“{ARABIC.title}” is followed: 3 of 4.", ARABIC.title) == f"“<bdi>{ARABIC.title}</bdi>” is followed: 3 of 4."
    assert isolated("a <b> is b", "<b>", "b") == "a <bdi>&lt;b&gt;</bdi> is <bdi>b</bdi>"
    assert isolated("a & b", "") == "a &amp; b"
    assert isolated("a.c abc", "a.c") == "<bdi>a.c</bdi> abc"
