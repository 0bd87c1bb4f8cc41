"""Which check a statement allows, by what it says; none rather than a wrong one."""

from pathlib import Path

import pytest

from core.constitution.checks import CHECKS, Check, check_from_data, check_to_data
from core.constitution.files import parse_file
from core.constitution.suggesting import in_words, suggest

GIVES = [
    ("Answer in one short sentence, as briefly as you can.", Check("max_sentences", 1)),
    ("Answer in a single sentence.", Check("max_sentences", 1)),
    ("Answer in one or two sentences.", Check("max_sentences", 2)),
    ("Use at most three sentences.", Check("max_sentences", 3)),
    ("Give a one-sentence answer.", Check("max_sentences", 1)),
    ("Use at most 20 words.", Check("max_words", 20)),
    ("Use no more than twenty-five words.", Check("max_words", 25)),
    ("Do not use more than 30 words.", Check("max_words", 30)),
    ("Never exceed a hundred words.", Check("max_words", 100)),
    ("Keep every reply under 20 words.", Check("max_words", 19)),
    ("Write 40 words or fewer.", Check("max_words", 40)),
    ("Answer in at most one hundred and fifty words.", Check("max_words", 150)),
    ("Write at least fifty words.", Check("min_words", 50)),
    ("Write more than 1,000 words.", Check("min_words", 1001)),
    ("Give the answer as a short list of bullet points, each starting with a dash.", Check("bulleted_list")),
    ("Explain it in numbered steps.", Check("bulleted_list")),
    ("End your reply with a question.", Check("ends_with_question")),
    ("Always finish with a short, friendly question", None),
    ("Always finish with one friendly question.", Check("ends_with_question")),
    ("Answer in French.", Check("language", "fr")),
    ("Always write your whole reply in plain German.", Check("language", "de")),
    ("Add an emoji to the reply.", Check("emoji")),
    ("Use emojis.", Check("emoji")),
    ("Reply with a JSON object.", Check("json")),
    ("Return only valid JSON.", Check("json")),
    ("Write the whole reply in CAPITAL LETTERS.", Check("capital_letters")),
    ("Write everything in lower case.", Check("lowercase")),
    ("Never use capital letters.", Check("lowercase")),
    ("Begin with “Certainly, Sir”.", Check("starts_with", "Certainly, Sir")),
    ("Start your reply with the word Yes.", Check("starts_with", "Yes")),
    ("Mention the word gratitude.", Check("contains", "gratitude")),
    ("Use the words please, thanks or kindly.", Check("contains", "please|thanks|kindly")),
    ("Never use the words sorry and cannot.", Check("excludes", "sorry|cannot")),
    ('Avoid the phrase "as an AI".', Check("excludes", "as an AI")),
    ("Be warm, but answer in two sentences.", Check("max_sentences", 2)),
]
NONE = [
    "",
    "Be kind.",
    "Answer in several long sentences, with background and examples.",
    "End your reply with a statement.",
    "Begin with the answer right away, without any greeting.",
    "Begin with a warm greeting, such as: Hello, my dear friend!",
    "Write the reply in ordinary lower-case and upper-case letters.",
    "No bullet points.",
    "Never use emoji.",
    "Answer without emojis.",
    "Use words with no emoji.",
    "Write prose instead of bullet points.",
    "Bullet points are never used: write with bullet points never.",
    "Do not end with a question.",
    "Do not answer in one sentence.",
    "Do not answer in French.",
    "Don't reply with JSON.",
    "Do not write in capital letters when you are asked to shout.",
    "If the user writes in French, answer in French.",
    "You may use emojis.",
    "Use at most one emoji.",
    "Use at most three bullet points.",
    "Write sentences of at most ten words.",
    "Begin each paragraph with “Well”.",
    "Keep the title under five words.",
    "Summarise in one sentence, then explain at length.",
    "Write at least three sentences.",
    "Answer in French or German.",
    "Mention the words sun and moon.",
    "Begin with “Yes” or “No”.",
    "Start with “Yes” if it is so.",
    "Write names in capital letters.",
    "Use few words.",
    "In other words, be clear.",
]


@pytest.mark.parametrize(("statement", "check"), GIVES)
def test_what_a_statement_asks_for_in_so_many_words_is_proposed(statement, check):
    assert suggest(statement) == check


@pytest.mark.parametrize("statement", NONE)
def test_what_no_check_can_tell_and_what_is_forbidden_gives_none(statement):
    assert suggest(statement) is None


def test_the_starters_get_the_check_that_their_authors_wrote_or_another_that_they_imply_and_no_antithesis_gets_the_statements_own():
    found = [p for path in sorted(Path("app/starters").glob("*.yaml")) for p in parse_file(path.read_text(encoding="utf-8"), path.name).principles]
    assert [suggest(p.statement) for p in found] == [
        Check("max_sentences", 1),
        Check("bulleted_list"),
        Check("ends_with_question"),
        None,
        Check("capital_letters"),
    ]
    assert [suggest(p.antithesis) for p in found] == [None, Check("max_sentences", 1), None, None, None]


@pytest.mark.parametrize("check", sorted({check for _, check in GIVES if check is not None}, key=str), ids=str)
def test_a_proposed_check_is_one_that_can_be_kept_and_is_said_in_words(check):
    assert check_from_data(check_to_data(check), "principle 1") == check
    assert check.name in CHECKS
    assert in_words(check).startswith("The reply ")


def test_a_long_statement_ends_in_good_time():
    assert suggest("answer the " * 20_000) is None
    assert suggest(("use the " * 45) + "in all words.") is None
