"""Proposals: what a model is asked, what is read from answers of every kind, and what the author gets when nothing can be used."""

from collections.abc import Callable
from typing import Any

import pytest

from core.constitution.principles import Turns, WrittenBy
from core.constitution.proposals import MAX_PROPOSED_CHARS, Proposal, Wish, answer_sampling, is_usable, prompt_for, propose, read_answer, written_by
from core.errors import WriterError

LONG_SENTENCE = "Answer with " + "very " * 60 + "many words."


class Model:
    """Answers in the order given, the last one again and again; remembers what it was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), []

    def __call__(self, prompt: Turns, number: int) -> str:
        self.asked.append((prompt, number))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Answer at length.", "Answer at length."),
        ("  “Answer at length.”\n", "Answer at length."),
        ("**Opposite:** Answer at length.", "Answer at length."),
        ("Opposite: Answer at length.\n\nInstruction: Be warm.\nOpposite: Be cold.", "Answer at length."),
        ("Sure! Here is the opposite instruction:\n\n> Answer at length.", "Answer at length."),
        ("The instruction asks for few words, so\n\nAntithesis: Answer at length.", "Answer at length."),
        ("The opposite of the last instruction is: Answer at length.", "Answer at length."),
        ("<think>Short, so long.\nYes.</think>\n1. Answer at length.\n2. Ramble.", "Answer at length."),
        ("so long it is</think>Answer at length.", "Answer at length."),
        ("<think>I never came to an end", ""),
        ('```json\n{"Antithesis": "Answer at length."}\n```', "Answer at length."),
        ('{"title": "x"}', ""),
        ("[]", ""),
        ('"Answer at length."', "Answer at length."),
        ("", ""),
        (" \n ** \n", ""),
        (f"{LONG_SENTENCE} {LONG_SENTENCE}", LONG_SENTENCE),
    ],
)
def test_the_bare_text_is_read_from_what_models_say_around_it(answer: str, text: str) -> None:
    assert read_answer("antithesis", answer) == text


@pytest.mark.parametrize("text", ["x " * 1000, "x" * 5000, "Never. " * 500])
def test_a_text_without_end_is_cut(text: str) -> None:
    assert 0 < len(read_answer("statement", text)) <= MAX_PROPOSED_CHARS


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        ("Answer at length.", True),
        ("Long", False),
        ("be BRIEF!", False),
        ("I'm sorry, I can't help with that.", False),
        ("Never write like a poet.", False),
        ("go on and on and on then go on and on and on then go on and on and on then", False),
    ],
)
def test_an_antithesis_says_something_of_its_own(text: str, usable: bool) -> None:
    assert is_usable("antithesis", text, "Be brief.") is usable


def test_a_wish_said_again_is_no_statement_unless_it_is_an_instruction_already() -> None:
    assert not is_usable("statement", "I want short answers.", "I want short answers.")
    assert is_usable("statement", "Be funny.", "Be funny")


def test_an_example_may_be_used_where_the_author_wrote_its_other_half() -> None:
    assert is_usable("antithesis", "Never write like a poet.", "Write like a poet.")


def test_a_wish_becomes_a_principle() -> None:
    model = Model("Use few words.", "Use many words.", "Few words.")
    assert propose(Wish(wish="Shorter, please"), model) == Proposal(title="Few words", statement="Use few words.", antithesis="Use many words.")
    assert [prompt.user for prompt, _ in model.asked] == ["Shorter, please", "Use few words.", "Use few words."]
    assert {number for _, number in model.asked} == {0}


def test_what_the_author_wrote_is_returned_as_it_is_and_not_asked_for() -> None:
    model = Model("Use many words.")
    wish = Wish(statement="Use few\n words. ", title="Mine")
    assert propose(wish, model) == Proposal(title="Mine", statement="Use few\n words.", antithesis="Use many words.")
    assert len(model.asked) == 1 and model.asked[0][0].user == "Use few words."


def test_an_echo_is_asked_again_with_other_examples_and_then_drawn() -> None:
    model = Model("Be brief.", "Be brief.", "Be long.", "Short")
    assert propose(Wish(statement="Be brief."), model).antithesis == "Be long."
    assert [number for _, number in model.asked[:3]] == [0, 1, 2]
    assert model.asked[0][0].shown != model.asked[1][0].shown
    assert [answer_sampling(number).temperature > 0 for number in range(4)] == [False, False, True, True]


def test_another_proposal_begins_elsewhere() -> None:
    model = Model("Use many words.")
    propose(Wish(statement="Be brief.", title="T"), model, begin=7)
    assert [number for _, number in model.asked] == [7]


def test_a_title_that_cannot_be_used_is_made_of_the_statement() -> None:
    for bad in ("", "Simple words", "This is a very long title that goes on and on", "I'm sorry, I can't."):
        assert propose(Wish(statement="Be brief."), Model("Be long.", bad)).title == "Be brief"


@pytest.mark.parametrize(("answer", "quoted"), [("Be brief.", "“Be brief.”"), ("", "was empty"), ("<think>", "“<think>”")])
def test_without_a_usable_antithesis_the_author_is_told(answer: str, quoted: str) -> None:
    with pytest.raises(WriterError, match=f"can be used as an antithesis.*{quoted}.*write it yourself"):
        propose(Wish(statement="Be brief."), Model(answer))


def test_a_statement_that_was_found_is_offered_even_without_its_antithesis() -> None:
    found = propose(Wish(wish="Shorter"), Model("Use few words."))
    assert (found.statement, found.antithesis) == ("Use few words.", "")
    assert "an antithesis" in found.shortfall
    assert written_by("m", Wish(wish="Shorter"), found) == WrittenBy(model="m", texts=("statement",))


def test_who_wrote_what_is_said_exactly() -> None:
    found = Proposal(title="T", statement="S", antithesis="A")
    assert written_by("m", Wish(wish="w"), found) == WrittenBy(model="m")
    assert written_by("m", Wish(statement="S"), found) == WrittenBy(model="m", texts=("antithesis",))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Wish(wish=" \n"), "nothing to start from"),
        (lambda: Wish(wish="x" * 1001), "1,001 characters"),
        (lambda: Wish(statement="x" * 4001), "4,001 characters"),
    ],
)
def test_a_wish_that_cannot_be_put_to_a_model_is_refused(make: Callable[[], Wish], says: str) -> None:
    with pytest.raises(WriterError, match=says):
        make()


def test_what_the_author_wrote_is_data_in_the_prompt() -> None:
    assert prompt_for("antithesis", "{{7*7}} {name}\n\nuser: x", 0).user == "{{7*7}} {name} user: x"


def test_examples_are_put_to_a_model_as_turns_of_the_talk(tiny: Any) -> None:
    from core.engine.models import encode_prompt

    prompt = Turns("You write.", "Be brief.", (("Be warm.", "Be cold."),))
    chat = tiny.tokenizer.decode(encode_prompt(tiny, prompt))
    turns = [("system", "You write."), ("user", "Be warm."), ("assistant", "Be cold."), ("user", "Be brief.")]
    assert chat == "".join(f"<|start|>{role}\n{text}<|end|>\n" for role, text in turns) + "<|start|>assistant\n"
    template = tiny.tokenizer.chat_template
    tiny.tokenizer.chat_template = None
    plain = tiny.tokenizer.decode(encode_prompt(tiny, prompt))
    assert plain == "You write.\n\nHuman: Be warm.\n\nAssistant: Be cold.\n\nHuman: Be brief.\n\nAssistant:"
    tiny.tokenizer.chat_template = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + template
    without = tiny.tokenizer.decode(encode_prompt(tiny, prompt))
    assert without.startswith("<|start|>user\nYou write.\n\nBe warm.<|end|>\n<|start|>assistant\nBe cold.<|end|>\n<|start|>user\nBe brief.<|end|>")
