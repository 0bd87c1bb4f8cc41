"""A check tried on the replies of a run: counted by side and arm, and shown so that what speaks against it comes first."""

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.measure.values import NO_SIDE, MeasuredReply
from core.methods.arms import Arm, make_arm
from core.runs.trials import Tried, TriedReplies, try_check

CONTROL, TRAINED, ALONE = make_arm("prompt"), make_arm("sami"), make_arm("sami-alone")
BRIEF = Principle(title="Brief", statement="Be brief.", antithesis="Be long.", check=Check("emoji"))
WARM = Principle(title="Warm", statement="Be warm.", antithesis="Be cold.")
SHORT, LONG = "Yes.", "Yes, and there is far more to be said of it than that."
WITHIN_S = 20.0


def measured(query: str, side: str, text: str) -> MeasuredReply:
    return MeasuredReply(query=query, side=side, text=text, ended=True, tokens=3, logprobs=(), base_logprobs=(), kl_policy_base_nats=None)


def asked(n: int, **by_side: str) -> list[MeasuredReply]:
    return [measured(f"Query {i}?", side.replace("_", " "), text) for i in range(n) for side, text in by_side.items()]


def tried(replies: dict[Arm, list[MeasuredReply]], check: Check, *principles: Principle, position: int = 0) -> Tried:
    return try_check(Constitution(name="C", principles=principles or (BRIEF,)), position, replies, check, WITHIN_S)


def group(found: Tried, follows: bool | None) -> TriedReplies:
    return next(each for each in found.shown if each.follows is follows)


def test_what_passes_is_counted_under_both_sides_of_the_base_and_of_what_was_trained() -> None:
    replies = {
        CONTROL: [*asked(3, statement=SHORT, antithesis=LONG), *asked(1, statement=LONG, antithesis=LONG)],
        TRAINED: asked(4, statement=SHORT, antithesis=LONG),
        ALONE: asked(4, none=SHORT),
    }
    base, trained = tried(replies, Check("max_words", 3)).arms
    assert (base.statement.passes, base.statement.figure.n, base.antithesis.passes, base.antithesis.figure.n) == (3, 4, 0, 4)
    assert (trained.statement.passes, trained.statement.figure.n, trained.alike) == (4, 4, None)
    assert base.statement.figure.value == 0.75 and 0.3 < (base.statement.figure.low or 0) < 0.75


def test_a_check_that_all_or_none_of_the_replies_pass_tells_nothing_apart() -> None:
    replies = {CONTROL: asked(4, statement=SHORT, antithesis=LONG), TRAINED: asked(4, statement=SHORT, antithesis=LONG)}
    assert [arm.alike for arm in tried(replies, Check("max_words", 500)).arms] == ["all", "all"]
    assert [arm.alike for arm in tried(replies, Check("emoji")).arms] == ["none", "none"]
    assert [arm.alike for arm in tried(replies, Check("max_words", 3)).arms] == [None, None]
    half = [*asked(2, statement=SHORT, antithesis=SHORT), *asked(2, statement=LONG, antithesis=LONG)]
    assert tried({CONTROL: half}, Check("max_words", 3)).arms[0].alike is None


def test_what_cannot_be_judged_is_counted_and_is_no_miss() -> None:
    replies = {CONTROL: asked(4, statement="12345 67", antithesis="12345 67")}
    arm = tried(replies, Check("capital_letters")).arms[0]
    assert (arm.statement.unjudged, arm.antithesis.unjudged, arm.statement.figure.value, arm.alike) == (4, 4, None, None)


def test_of_several_principles_the_antithesis_is_that_of_this_one_alone() -> None:
    replies = {CONTROL: asked(2, statement=SHORT, antithesis=SHORT, flip_1=SHORT, flip_2=LONG)}
    arm = tried(replies, Check("max_words", 3), BRIEF, WARM, position=1).arms[0]
    assert (arm.statement.passes, arm.antithesis.passes, arm.antithesis.figure.n) == (2, 0, 2)


def test_three_replies_of_each_verdict_are_shown_those_that_speak_against_the_check_first() -> None:
    odd = [measured("Odd?", "statement", LONG), measured("Odd?", "antithesis", SHORT)]
    replies = {CONTROL: [*asked(5, statement=SHORT, antithesis=LONG), *odd], TRAINED: asked(5, statement=SHORT, antithesis=LONG)}
    found = tried(replies, Check("max_words", 3))
    passes, misses = group(found, True), group(found, False)
    assert (passes.of, len(passes.replies), misses.of, len(misses.replies)) == (11, 3, 11, 3)
    assert [(reply.side, reply.query) for reply in (passes.replies[0], misses.replies[0])] == [("antithesis", "Odd?"), ("statement", "Odd?")]
    assert {reply.arm for reply in passes.replies[1:]} == {"Base with the constitution", "Aligned with the constitution"}
    assert passes.replies[0].why == "max_words: 3 is met"


def test_long_texts_are_cut_and_an_empty_reply_does_not_pass() -> None:
    replies = {CONTROL: [measured("q" * 900, "statement", "word " * 900), measured("Empty?", "antithesis", "")]}
    shown = group(tried(replies, Check("max_words", 3)), False)
    assert [(len(reply.query), len(reply.text)) for reply in shown.replies] == [(200, 400), (6, 0)]


def test_a_pattern_that_never_ends_leaves_replies_unjudged_and_ends() -> None:
    replies = {CONTROL: asked(40, statement="a" * 40 + "b", antithesis="c")}
    arm = tried(replies, Check("regex", "(a|a)*$")).arms[0]
    assert arm.statement.unjudged > 0 and arm.statement.passes == 0


def test_replies_under_no_side_are_left_out() -> None:
    assert tried({CONTROL: asked(1, statement=SHORT, antithesis=LONG), ALONE: [measured("Why?", NO_SIDE, SHORT)]}, Check("max_words", 3)).shown[0].of == 1
