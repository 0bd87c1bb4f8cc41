"""What is found in a constitution: each finding with its rule, how much it matters, and where it stands."""

import pytest

from core.constitution.checks import Check
from core.constitution.findings import Rule, Severity, advice, find, problems, require_valid
from core.constitution.principles import Constitution, Principle, WrittenBy
from core.errors import ConstitutionError

GOOD = Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("max_words", 20))


def made(**changes):
    return Constitution(name="C", principles=(Principle(**{**GOOD.__dict__, **changes}),))


@pytest.mark.parametrize(
    ("constitution", "rule", "place", "words"),
    [
        (made(statement=" "), "no-text", (0, "statement"), "no statement"),
        (made(antithesis=""), "no-text", (0, "antithesis"), "no antithesis"),
        (made(antithesis="  be   BRIEF. "), "same-texts", (0, "antithesis"), "same text"),
        (made(statement="x" * 100_000), "long-text", (0, "statement"), "100,000 characters"),
        (made(title=""), "no-title", (0, "title"), "no title"),
        (made(title="x" * 121), "long-title", (0, "title"), "121 characters"),
        (made(written_by=WrittenBy(model="x" * 201)), "long-writer", (0, "written_by"), "201 characters"),
        (Constitution(name="C", principles=(GOOD, GOOD)), "same-title", (1, "title"), "both titled"),
        (Constitution(name="C", principles=()), "no-principles", (None, "principles"), "no principle"),
        (Constitution(name="C", principles=(GOOD,) * 33), "many-principles", (None, "principles"), "33 principles"),
        (Constitution(name="", principles=(GOOD,)), "no-name", (None, "name"), "no name"),
        (Constitution(name="x" * 121, principles=(GOOD,)), "long-name", (None, "name"), "121 characters"),
    ],
)
def test_what_cannot_be_saved_is_said_with_its_rule_its_place_and_its_remedy(constitution, rule, place, words):
    finding = next(finding for finding in find(constitution) if finding.rule == rule)
    assert finding.severity is Severity.MUST and (finding.principle, finding.field) == place and words in finding.message
    with pytest.raises(ConstitutionError, match=words):
        require_valid(constitution)


def test_a_good_one_has_no_finding():
    assert find(made()) == ()
    require_valid(made())


def test_a_missing_check_is_advice_and_stands_in_nobodys_way():
    findings = find(made(check=None))
    assert [(finding.rule, finding.severity, finding.principle, finding.field) for finding in findings] == [(Rule.NO_CHECK, Severity.ADVICE, 0, "check")]
    assert problems(findings) == () and advice(findings) == findings
    require_valid(made(check=None))


def test_findings_come_in_reading_order():
    constitution = Constitution(name="", principles=(Principle(title="", statement="a", antithesis=""), Principle(title="T", statement="", antithesis="b")))
    places = [(finding.principle, finding.field) for finding in find(constitution)]
    assert places == [(None, "name"), (0, "title"), (0, "antithesis"), (0, "check"), (1, "statement"), (1, "check")]


@pytest.mark.parametrize(
    ("check", "severity", "words"),
    [
        (Check("language", "xx"), Severity.MUST, "never be met"),
        (Check("language", "zh-tw"), Severity.MUST, "Write `zh`"),
        (Check("contains", " | "), Severity.MUST, "names no text"),
        (Check("contains", "\u200b"), Severity.MUST, "names no text"),
        (Check("starts_with", "\u00ad "), Severity.ADVICE, "names no text"),
        (Check("min_words", 5_000), Severity.MUST, "4,096 words"),
        (Check("max_words", 100_000), Severity.ADVICE, "met by every reply"),
        (Check("max_sentences", 9_999), Severity.ADVICE, "met by every reply"),
        (Check("min_words", 1), Severity.ADVICE, "met by every reply"),
        (Check("excludes", "|"), Severity.ADVICE, "names no text"),
        (Check("regex", ".*"), Severity.ADVICE, "matches nothing at all"),
        (Check("regex", r"(\d+)?"), Severity.ADVICE, "matches nothing at all"),
        (Check("regex", "^.*$"), Severity.ADVICE, "any text"),
    ],
)
def test_a_check_that_says_nothing_is_found(check, severity, words):
    (finding,) = find(made(check=check))
    assert finding.severity is severity and (finding.principle, finding.field) == (0, "check") and words in finding.message


@pytest.mark.parametrize(
    "check", [Check("regex", "^(?!.*sorry)"), Check("regex", "^$"), Check("regex", r"\bhi\b"), Check("language", "zh"), Check("min_words", 4_000)]
)
def test_a_check_that_some_replies_meet_is_not_found(check):
    assert find(made(check=check)) == ()


@pytest.mark.parametrize(
    ("changes", "field"), [({"statement": "a\x07b"}, "statement"), ({"title": "a\x00"}, "title"), ({"check": Check("contains", "\x1b")}, "check")]
)
def test_a_character_that_cannot_be_read_is_found_with_its_code(changes, field):
    (finding,) = problems(find(made(**changes)))
    assert finding.rule is Rule.UNREADABLE_CHARACTER and finding.field == field and "U+00" in finding.message


@pytest.mark.parametrize("nothing", ["\u200b", "\u00ad \u2060", "\ufeff", "\u3164", "\u202e\u202c"])
def test_what_cannot_be_seen_is_no_name_no_title_and_no_text(nothing):
    rules = {finding.rule for finding in find(Constitution(name=nothing, principles=(Principle(title=nothing, statement=nothing, antithesis="b"),)))}
    assert rules >= {Rule.NO_NAME, Rule.NO_TITLE, Rule.NO_TEXT}


@pytest.mark.parametrize(("one", "other"), [("caf\u00e9", "cafe\u0301"), ("calm", "ca\u200blm"), ("Calm", "calm\ufeff"), ("\u2764", "\u2764\ufe0f")])
def test_two_texts_that_look_the_same_are_the_same(one, other):
    twins = Constitution(name="C", principles=(Principle(title=one, statement="a", antithesis="b"), Principle(title=other, statement=one, antithesis=other)))
    assert [finding.rule for finding in problems(find(twins))] == [Rule.SAME_TITLE, Rule.SAME_TEXTS]


def test_marks_that_are_seen_tell_texts_apart():
    assert not problems(find(made(statement="x\u00b2", antithesis="x2"))) and not problems(find(made(statement="e", antithesis="e\u0301")))
