"""Patterns that an author wrote: harmless ones are taken, none can hold the one who judges."""

import time

import pytest

from core.constitution.checks import Check, check_from_data, complies
from core.constitution.meant import always_holds
from core.constitution.patterns import found, preview
from core.constitution.principles import Principle
from core.errors import ConstitutionError
from core.measure.judges import CheckJudge, judge_of


@pytest.mark.parametrize(
    ("pattern", "reply", "follows"),
    [
        (r"^(\d+\) .+\n?){2}$", "1) a\n2) b", True),
        (r"^(- \w+\n?)+$", "- a\n- b", True),
        (r"(\w+, )*and \w+", "tea, milk, and sugar", True),
        (r"^([A-Z][a-z]+ ?)+$", "Each Word Begins Large", True),
        (r"(?:a+b*)+c", "aabac", True),
        (r"^(\d+\) .+\n?){2}$", "1) a", False),
    ],
)
def test_a_repetition_of_a_repetition_is_taken(pattern: str, reply: str, follows: bool) -> None:
    assert complies(check_from_data({"regex": pattern}, "principle 1"), reply) is follows


@pytest.mark.parametrize(("pattern", "reply"), [("(b|b)*$", "b" * 27 + "a"), ("(a|aa)+$", "a" * 60 + "b"), ("(c|cc|ccc)+$", "c" * 60 + "b")])
def test_a_pattern_that_takes_too_long_leaves_the_reply_unjudged_and_says_so(pattern: str, reply: str) -> None:
    began = time.monotonic()
    principle = Principle(title="T", statement="a", antithesis="b", check=check_from_data({"regex": pattern}, "principle 1"))
    outcome = CheckJudge().judge(principle, "?", reply)
    assert outcome.follows is None and "took too long" in outcome.why
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("x" * 501, "501 characters"),
        ("(" * 21 + "a" + ")" * 21, "nests 21"),
        ("((a{1000}){1000}){1000}", "1,000,000,000 repetitions"),
        ("(?:ab{60000}|c)", "repetitions"),
        ("[(]{99999999999}", "repetitions"),
        ("(", "cannot be read"),
        ("*a", "cannot be read"),
        (r"\L<names>", "cannot be read"),
        ("(?:" * 13 + "a" + ")+" * 13, "repetitions"),  # compiled in seconds, then in all memory
        ("(?:" * 14 + "a" + "){2,3}?" * 14, "repetitions"),
        ("(?:" * 14 + "a" + "){1,}" * 14, "repetitions"),
    ],
)
def test_a_pattern_that_cannot_be_held_or_read_is_refused_before_it_is_compiled(pattern: str, says: str) -> None:
    with pytest.raises(ConstitutionError, match=says):
        check_from_data({"regex": pattern}, "principle 1")


@pytest.mark.parametrize(
    ("pattern", "reply", "follows"),
    [
        (r"(.|\w)*~~", "a" * 55, False),
        (r"(.|\w)*~~", "a" * 55 + "~~", True),
        (r"(\s|.)*~~", "a" * 55, False),
        (r"\(\+" * 125, "(+" * 125, True),
        (r"\[\*" * 125, "[*" * 124, False),
        ("[(]+" * 125, "(" * 125, True),
    ],
)
def test_patterns_that_once_held_up_the_page_or_its_guard_are_judged(pattern: str, reply: str, follows: bool) -> None:
    assert complies(check_from_data({"regex": pattern}, "principle 1"), reply) is follows


def test_brackets_in_classes_and_behind_backslashes_are_characters() -> None:
    assert found(r"^[](){5}]\{9\}\($", "{{9}(") is True
    assert complies(Check("regex", r"\([a-z]{1,3}\){2}"), "(abc))") is True


def test_what_a_pattern_matches_is_shown_in_each_text_within_one_limit() -> None:
    shown = preview(r"\d+", ["in 12 or 15 minutes", "soon"])
    assert [text.spans for text in shown] == [((3, 5), (9, 11)), ()] and not any(text.slow for text in shown)
    began = time.monotonic()
    assert [text.slow for text in preview("(a|a)*$", ["a" * 40 + "b"] * 8, limit_s=0.3)] == [True] * 8
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("pattern", ["(?R)*", "(?:(?R)?)*", "(?P<x>(?&x)?)*", "(?:|(?=))" * 50 + "(?!)", "(?:()|())" * 50 + "(?!)"])
def test_a_pattern_that_is_endless_on_nothing_holds_up_no_finding(pattern: str) -> None:
    assert always_holds(check_from_data({"regex": pattern}, "principle 1")) == ""


def test_a_slow_pattern_is_given_up_for_all_further_replies_with_the_reason() -> None:
    principle = Principle(title="T", statement="a", antithesis="b", check=check_from_data({"regex": "(a|a)*$"}, "principle 1"))
    judge = judge_of(principle)
    assert judge is not None
    outcomes = [judge.judge(principle, "?", "a" * 60 + "b") for _ in range(1_000)]
    assert {outcome.follows for outcome in outcomes} == {None} and {outcome.by for outcome in outcomes} == {"check"}
    assert "took too long" in outcomes[0].why
    assert outcomes[-1].why == "regex: (a|a)*$ took too long on other replies: it is out of time"
    again = judge_of(principle)
    assert again is not None and again.judge(principle, "?", "a").follows is True  # another measurement begins anew
