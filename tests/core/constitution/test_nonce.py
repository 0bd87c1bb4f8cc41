"""Invented words: the same one everywhere, in every script, and read back without loss; one symbol for what sets two sides apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.constitution.nonce import LENGTH, definitions, invented, nonce, read_back, symbols
from core.constitution.principles import Constitution, Principle
from core.constitution.text import pieces, words
from core.errors import ConstitutionError


def of(statement, antithesis="Write at length.", **fields):
    return Constitution(name="C", principles=(Principle(title="T", statement=statement, antithesis=antithesis, **fields),))


TEXTS = [
    "Answer in one word. Answer!",
    "Answer ONLY in capitals, as in “ABC”; don’t whisper.",
    "1. Use at most 20 words.\n2. Use none.",
    "Répondez en français, s’il vous plaît.",
    "请用一句话回答，不要超过二十个字。AI技术很好。",
    "ตอบสั้นๆ เป็นภาษาไทย",
    "أجب بجملة واحدة فقط.",
    "Antworte in GROẞBUCHSTABEN, nicht in Kleinbuchstaben (Straße).",
    "İstanbul ve ıspanak, ǅ.",
    "Use 😀 and ☀️ often.",
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_written_in_invented_words_is_read_back_to_the_letter(text):
    made = nonce(of(text))
    written = made.constitution.principles[0].statement
    assert read_back(written, made.glossary) == text
    assert not {word.casefold() for word in words(text)} & {word.casefold() for word in words(written)}


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_are_read_back(statement, antithesis):
    made = nonce(of(statement, antithesis))
    (principle,) = made.constitution.principles
    assert (read_back(principle.statement, made.glossary), read_back(principle.antithesis, made.glossary)) == (statement, antithesis)


def test_a_word_is_the_same_on_both_sides_in_all_principles_and_in_the_rule_for_conflicts_and_keeps_its_case():
    constitution = Constitution(
        name="C",
        principles=(Principle(title="A", statement="Be brief.", antithesis="Be WORDY."), Principle(title="B", statement="BRIEF and plain", antithesis="wordy")),
        conflict_rule="Brief first.",
    )
    made = nonce(constitution)
    by_meaning = {meant: word for word, meant in made.glossary.items()}
    first, second = made.constitution.principles
    assert first.statement == f"{by_meaning['be'].capitalize()} {by_meaning['brief']}."
    assert first.antithesis == f"{by_meaning['be'].capitalize()} {by_meaning['wordy'].upper()}."
    assert second.statement == f"{by_meaning['brief'].upper()} {by_meaning['and']} {by_meaning['plain']}"
    assert second.antithesis == by_meaning["wordy"]
    assert made.constitution.conflict_rule == f"{by_meaning['brief'].capitalize()} {by_meaning['first']}."
    assert (first.title, made.constitution.name) == ("A", "C")
    assert nonce(constitution) == made


def test_invented_words_have_five_letters_differ_and_avoid_those_that_are_taken():
    words = list(invented())
    assert len(words) == len(set(words)) == 11 * 5 * 9 * 5 * 3
    assert {len(word) for word in words} == {LENGTH}
    assert words[0] not in set(invented([words[0].upper()]))


def test_more_words_than_can_be_invented_are_refused_in_words():
    many = " ".join(f"w{i}" for i in range(8_000))
    with pytest.raises(ConstitutionError, match=r"8,003 different words, and only 7,425 can be invented"):
        nonce(of(many))


def test_one_symbol_stands_for_what_sets_the_sides_apart_and_is_defined():
    made = symbols(Principle(title="T", statement="Answer in one short sentence.", antithesis="Answer in several long sentences."))
    one, other = made.meanings
    assert (made.principle.statement, made.principle.antithesis) == (f"Answer in {one}.", f"Answer in {other}.")
    assert dict(made.meanings) == {one: "one short sentence", other: "several long sentences"}
    assert definitions(made.meanings) == f"“{one}” means “one short sentence”. “{other}” means “several long sentences”."


def test_a_side_that_says_nothing_of_its_own_keeps_its_text():
    made = symbols(Principle(title="T", statement="Answer.", antithesis="Answer at length."))
    ((word, meant),) = made.meanings.items()
    assert (made.principle.statement, made.principle.antithesis, meant) == ("Answer.", f"Answer {word}.", "at length")


def test_symbols_know_scripts_without_blanks():
    made = symbols(Principle(title="T", statement="请简短回答。", antithesis="请详细回答。"))
    one, other = made.meanings
    assert (made.principle.statement, made.principle.antithesis) == (f"请{one}回答。", f"请{other}回答。")
    assert list(made.meanings.values()) == ["简短", "详细"]
    assert "".join(pieces(made.principle.statement)) == made.principle.statement
