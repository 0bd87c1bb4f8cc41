"""Each check on replies that follow, that do not, and that cannot be judged."""

import pytest

from core.constitution.checks import CHECKS, Check, check_from_data, check_to_data, complies

CASES = [
    (Check("max_words", 3), "- one two three", True),
    (Check("max_words", 3), "one two three four", False),
    (Check("min_words", 3), "one two", False),
    (Check("max_sentences", 1), "One sentence. And two.", False),
    (Check("max_sentences", 1), "Only one, e.g. this", True),
    (Check("bulleted_list"), "Here:\n- a\n- b", True),
    (Check("bulleted_list"), "1. a\n2. b", True),
    (Check("bulleted_list"), "A dash - here - is no list\n- one", False),
    (Check("ends_with_question"), 'Shall we?" \n', True),
    (Check("ends_with_question"), "Shall we? Yes.", False),
    (Check("contains", "thanks|thank you"), "Many THANKS!", True),
    (Check("excludes", "sorry"), "I am Sorry", False),
    (Check("starts_with", "Yes"), " yes, of course", True),
    (Check("regex", r"\d+ minutes"), "in 12 minutes", True),
    (Check("capital_letters"), "LOUD AND CLEAR 123", True),
    (Check("capital_letters"), "Loud and clear", False),
    (Check("capital_letters"), "123", None),
    (Check("lowercase"), "quiet", True),
    (Check("emoji"), "well done 🎉", True),
    (Check("json"), '```json\n{"a": 1}\n```', True),
    (Check("json"), "{a: 1}", False),
    (Check("language", "fr"), "Bonjour, je voudrais une tasse de café s'il vous plaît.", True),
    (Check("language", "fr"), "Good morning, I would like a cup of coffee please.", False),
    (Check("language", "fr"), "Oui", None),
    (Check("language", "zh"), "春天是出门旅行的好时候。", True),
    (Check("language", "th"), "ผมคิดว่าฤดูใบไม้ผลิดีที่สุด", True),
    (Check("max_words", 10), "我觉得春天去旅行最好，因为天气不冷也不热，人也不多。", False),
    (Check("min_words", 8), "ผมคิดว่าฤดูใบไม้ผลิดีที่สุดสำหรับการเดินทาง", True),
    (Check("max_words", 3), "<think>Keep it short, they said.</think>Go in spring.", True),
    (Check("starts_with", "Spring"), "<think>Autumn?</think>\nSpring.", True),
    (Check("max_words", 3), "<think>Spring or autumn", None),
    (Check("max_sentences", 2), "春天好。秋天也好！冬天呢？", False),
    (Check("max_sentences", 1), "Mr. Ito leaves at 3 p.m. on Dec. 1, i.e. today.", True),
    (Check("max_sentences", 1), "She said “Now.” We left.", False),
    (Check("max_sentences", 1), "วันนี้อากาศดี เราไปเดินเล่น", None),
    (Check("bulleted_list"), "一、春天\n二、秋天", True),
    (Check("bulleted_list"), "・春\n・秋", True),
    (Check("ends_with_question"), "春天好吗？", True),
    (Check("ends_with_question"), "Shall we? 🌱", True),
    (Check("contains", "crème"), "Une cre\u0300me, merci", True),
    (Check("excludes", "don't"), "I don’t mind.", False),
    (Check("starts_with", "It's"), "It’s fine.", True),
    (Check("regex", "caf\u00e9"), "cafe\u0301", True),
    (Check("capital_letters"), "春天好", None),
    (Check("lowercase"), "春天好", None),
    (Check("emoji"), "well done ⭐", True),
    (Check("emoji"), "done ✓", False),
]


@pytest.mark.parametrize(("check", "reply", "expected"), CASES)
def test_a_check_judges_as_it_says(check, reply, expected):
    assert complies(check, reply) is expected


def test_every_check_has_a_case_and_survives_its_data_form():
    assert {check.name for check, _, _ in CASES} == set(CHECKS)
    for check, _, _ in CASES:
        assert check_from_data(check_to_data(check), "principle 1") == check
        assert check_from_data(str(check), "principle 1") == check


@pytest.mark.parametrize("name", CHECKS)
def test_an_empty_reply_is_never_judged(name):
    kind = CHECKS[name]
    assert complies(Check(name, kind.example), " \n") is None
