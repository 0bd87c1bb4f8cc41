"""The check before training: what it says of made-up replies, and that a no-go stops a run unless overridden."""

import dataclasses

import pytest

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query
from core.engine.sampling import Response
from core.errors import ConfigError, LinkError
from core.methods.settings import TrainConfig, with_settings
from core.progress import Listener, StepReport, Stopped
from core.runs.checked import answers_for
from core.runs.evidence import overall
from core.runs.execute import execute
from core.runs.links import trainability_from_data, trainability_to_data
from core.runs.phases import ASKED_ALREADY
from core.runs.plan import RunPlan
from core.runs.rounds import CLOSER, FIRST
from core.runs.run_queries import checked_queries, run_queries
from core.runs.trainability import Asking, BaseReplies, ToldRound, ask_base, check_run, now_and_then, trainability_of
from core.settings import ModelReference, SamplingConfig

ENDS = Principle(title="Ask", statement="End with a question.", antithesis="End with a statement.", check=Check("ends_with_question"))
NEVER = Principle(title="Never", statement="Say xyzzy.", antithesis="Say nothing.", check=Check("contains", "xyzzy"))
PLAIN = Principle(title="Kind", statement="Be kind.", antithesis="Be unkind.")


def reply(text, ended=True):
    return Response(token_ids=(1, 2), text=text, ended=ended)


def replies(follow, of, good="Is it so?", bad="It is so."):
    """`of` queries with six replies each, of which `follow` in all follow."""
    texts = [good] * follow + [bad] * (6 * of - follow)
    return tuple(tuple(reply(text) for text in texts[i::of]) for i in range(of))


def base_replies(statement, *flipped):
    return BaseReplies(queries=tuple(f"q{i}" for i in range(len(statement))), statement=statement, flipped=flipped)


def verdict(statement, flipped, principle=ENDS):
    return trainability_of(Constitution(name="x", principles=(principle,)), base_replies(statement, flipped), TrainConfig())


@pytest.mark.parametrize(
    ("under_statement", "under_antithesis", "said"),
    [
        (0, 0, "no-go"),  # nothing to make more of
        (1, 0, "no-go"),  # one may be an accident
        (4, 0, "weak"),  # 4 of 96, not yet more than chance
        (20, 20, "no-go"),  # the text does not move the model
        (10, 40, "no-go"),  # it moves it the other way
        (60, 5, "go"),
        (96, 0, "go"),
    ],
)
def test_the_verdict_follows_from_how_often_the_base_follows(under_statement, under_antithesis, said):
    found = verdict(replies(under_statement, 16), replies(under_antithesis, 16))
    assert found.verdict == said
    assert found.principles[0].hits == under_statement
    assert found.principles[0].reason.startswith(f"{under_statement} of 96 replies of the base follow “Ask”")


def test_replies_that_cannot_be_judged_count_for_neither_side():
    """Half of the replies under the antithesis are too short to have a language: of those that can be judged all follow, so the text moves nothing."""
    french = Principle(title="French", statement="Answer in French.", antithesis="Answer in English.", check=Check("language", "fr"))
    said = "Je ne sais pas encore ce que je vais faire demain matin."
    some = tuple(tuple(reply(text) for text in (said, said, said, "OK", "12", "?")) for _ in range(16))
    every = tuple(tuple(reply(said) for _ in range(6)) for _ in range(16))
    found = verdict(every, some, french)
    assert (found.verdict, found.principles[0].unjudged) == ("no-go", 48)
    assert found.principles[0].followed_under_antithesis.value == 1
    assert "48 of 192 replies could not be judged" in found.principles[0].reason
    assert (verdict(some, some, french).principles[0].replies, found.principles[0].replies) == (48, 96)


def test_where_hardly_anything_can_be_judged_nothing_is_said_of_a_link():
    french = Principle(title="French", statement="Answer in French.", antithesis="Answer in English.", check=Check("language", "fr"))
    short = tuple((reply("OK"),) * 6 for _ in range(16))
    link = verdict(replies(96, 16, good="Je ne sais pas encore ce que je vais faire demain matin."), short, french).principles[0]
    assert link.verdict == "weak"
    assert "nothing is known of a link" in link.reason


def test_many_hits_in_one_query_are_one_accident():
    """Six equal replies, as at temperature 0."""
    one = ((reply("Is it so?"),) * 6, *((reply("It is so."),) * 6 for _ in range(15)))
    found = verdict(one, replies(0, 16))
    assert found.verdict == "no-go"
    assert "6 of 96 replies of the base follow “Ask” (all to one query)" in found.principles[0].reason


def test_a_row_from_before_replies_went_unjudged_is_read():
    data = trainability_to_data(verdict(replies(60, 16), replies(5, 16)))
    del data["principles"][0]["unjudged"]
    assert trainability_from_data(data) == verdict(replies(60, 16), replies(5, 16))


def test_a_principle_without_a_check_cannot_be_judged_yet_and_is_told_both_ways_on():
    found = verdict(replies(0, 16), replies(0, 16), PLAIN)
    assert (found.verdict, found.principles[0].verdict, found.principles[0].shown) == ("unjudged", "unjudged", ())
    assert found.principles[0].reason == ("“Kind” cannot be judged yet: no program checks it. Two ways on: mark its replies, or add a check.")


@pytest.mark.parametrize(
    ("links", "said"),
    [
        (["go"], "go"),
        (["weak"], "weak"),
        (["no-go"], "no-go"),
        (["unjudged"], "unjudged"),
        (["unjudged", "unjudged"], "unjudged"),
        (["go", "go"], "go"),
        (["go", "weak"], "weak"),
        (["go", "no-go"], "weak"),
        (["weak", "no-go"], "weak"),
        (["no-go", "no-go"], "no-go"),
        (["no-go", "unjudged"], "no-go"),  # everything that can be judged is
        (["no-go", "no-go", "unjudged"], "no-go"),
        (["go", "unjudged"], "weak"),  # of one part nothing is known
        (["weak", "unjudged"], "weak"),
        (["go", "no-go", "unjudged"], "weak"),
    ],
)
def test_the_word_for_all_principles(links, said):
    assert overall(links) == said


def test_replies_that_were_judged_are_kept_worst_first_few_of_each_kind_and_cut():
    """60 of 96 follow under the statement, 5 of 96 under the antithesis; the replies of a kind are of different queries."""
    long = "It is so. " * 60
    shown = verdict(replies(60, 16, bad=long), replies(5, 16)).principles[0].shown
    assert [(group.side, group.follows, group.of) for group in shown] == [
        ("statement", False, 36),
        ("antithesis", True, 5),
        ("statement", True, 60),
        ("antithesis", False, 91),
    ]
    assert all(len({reply.query for reply in group.replies}) == len(group.replies) == 3 for group in shown)
    assert {len(reply.text) for reply in shown[0].replies} <= {399, 400}
    assert {reply.text for reply in shown[1].replies} == {"Is it so?"}


def test_a_check_that_no_reply_of_the_run_can_fail_is_said_in_its_sentence():
    loose = dataclasses.replace(ENDS, title="Brief", check=Check("max_words", 80))
    found = verdict(replies(96, 16), replies(96, 16), loose).principles[0]
    assert TrainConfig().sampling.max_new_tokens <= 80
    assert "The check of “Brief” (max_words: 80) cannot fail: replies have at most" in found.reason
    assert "cannot fail" not in verdict(replies(96, 16), replies(96, 16)).principles[0].reason


def test_a_row_from_before_replies_were_kept_is_read():
    data = trainability_to_data(verdict(replies(60, 16), replies(5, 16)))
    del data["principles"][0]["shown"]
    assert trainability_from_data(data).principles[0].shown == ()


def test_one_hopeless_principle_among_good_ones_makes_the_whole_weak_and_is_named():
    both = Constitution(name="x", principles=(ENDS, NEVER))
    found = trainability_of(both, base_replies(replies(90, 16), replies(0, 16), replies(0, 16)), TrainConfig())
    assert [link.verdict for link in found.principles] == ["go", "no-go"]
    assert found.verdict == "weak"
    assert "“Never”" in found.principles[1].reason


def test_a_length_that_tells_the_sides_and_replies_that_are_cut_are_noted():
    long = tuple(tuple(reply("word " * 40, ended=False) for _ in range(6)) for _ in range(16))
    found = verdict(long, replies(0, 16))
    assert found.length_tells == 1.0
    assert [note.split(" ")[0] for note in found.notes] == ["Length", "100%"]
    even = verdict(replies(50, 16), replies(0, 16, bad="It was so."))
    assert even.length_tells == 0.5
    assert even.notes == ()


def test_one_text_on_both_sides_is_counted_and_noted():
    """All 96 replies under the statement say the same; of the 96 under the antithesis 32 say it too, spread evenly: a third of pairs."""
    found = verdict(replies(96, 16), replies(32, 16))
    assert found.same == pytest.approx(1 / 3)
    assert found.replies == 192
    assert [note.split(" ")[0] for note in found.notes] == ["33%"]


UPPER = Principle(title="Loud", statement="Use capitals.", antithesis="Use none.", check=Check("capital_letters"))


def sides(*texts_of_queries):
    return tuple(tuple(reply(text) for text in texts) for texts in texts_of_queries)


def test_replies_that_cannot_be_judged_are_left_out_counted_and_told():
    """Chinese has no capitals: two of six replies to each query say nothing of the check, and the share is that of the other four."""
    found = verdict(sides(*[["YES IT IS", "YES", "NO", "no", "是的", "不是"]] * 16), sides(*[["no", "不是"]] * 16), UPPER).principles[0]
    assert (found.verdict, found.replies, found.hits, found.unjudged) == ("go", 64, 48, 48)
    assert (found.followed.value, found.followed_under_antithesis.value) == (0.75, 0)
    assert found.reason.endswith("48 of 128 replies could not be judged and are left out.")


def test_an_antithesis_whose_replies_cannot_be_judged_gives_no_go_of_its_own():
    found = verdict(sides(*[["YES"] * 6] * 16), sides(*[["是的", "不是"]] * 16), UPPER).principles[0]
    assert found.verdict == "weak"
    assert found.followed_under_antithesis.value is None
    assert "of only 0 of 16 queries could replies of both sides be judged: nothing is known of a link" in found.reason


def test_short_replies_whose_language_cannot_be_told_are_no_evidence_against_the_antithesis():
    french = Principle(title="French", statement="Answer in French.", antithesis="Answer in one word.", check=Check("language", "fr"))
    found = verdict(sides(*[["Oui, bien sûr, je peux vous aider avec votre question aujourd'hui."]] * 16), sides(*[["No.", "Oui."]] * 16), french)
    assert found.verdict == "weak"
    assert found.principles[0].unjudged == 32


def test_seven_queries_of_sixteen_that_could_be_judged_are_too_few_and_eight_are_not():
    few = verdict(sides(*[["YES"] * 6] * 16), sides(*[["no"] * 2] * 7, *[["是的"] * 2] * 9), UPPER).principles[0]
    assert few.verdict == "weak"
    assert "of only 7 of 16 queries" in few.reason
    assert verdict(sides(*[["YES"] * 6] * 16), sides(*[["no"] * 2] * 8, *[["是的"] * 2] * 8), UPPER).verdict == "go"


def test_a_statement_whose_replies_cannot_be_judged_is_no_miss():
    found = verdict(sides(*[["是的"] * 6] * 16), sides(*[["no"] * 2] * 16), UPPER).principles[0]
    assert (found.verdict, found.replies, found.followed.value, found.unjudged) == ("weak", 0, None, 96)


def test_hits_of_one_query_are_one_accident():
    found = verdict(sides(["YES", "YES!", "YES?", "OH YES", "WELL YES", "no"], *[["no"] * 6] * 15), sides(*[["no"] * 2] * 16), UPPER).principles[0]
    assert (found.verdict, found.hits, found.hit_queries) == ("no-go", 5, 1)
    assert found.reason.startswith("5 of 96 replies of the base follow “Loud” (all to one query)")


def test_at_temperature_zero_one_text_told_six_times_is_one_reply():
    greedy = with_settings(TrainConfig(), ["sampling.temperature=0"])
    asked = base_replies(sides(*[["YES"] * 6] * 2, *[["no"] * 6] * 14), sides(*[["no"] * 2] * 16))
    found = trainability_of(Constitution(name="x", principles=(UPPER,)), asked, greedy).principles[0]
    assert (found.verdict, found.replies, found.hits, found.hit_queries) == ("weak", 16, 2, 2)
    assert "a link is not shown at this number of queries (p = 0.25)" in found.reason


def test_a_verdict_that_was_stored_before_unjudged_replies_were_counted_is_read():
    data = trainability_to_data(verdict(replies(60, 16), replies(5, 16)))
    for name in ("unjudged", "hit_queries"):
        del data["principles"][0][name]
    link = trainability_from_data(data).principles[0]
    assert (link.hits, link.unjudged, link.hit_queries) == (60, 0, None)


def test_it_survives_json():
    found = verdict(replies(60, 16), replies(5, 16))
    assert trainability_from_data(trainability_to_data(found)) == found


def plan(tiny_folder, **changes):
    values = {"train_queries": 4, "held_out_queries": 2, "passes": 1, "lora_rank": 4, "lora_alpha": 8, "max_kl_nats": 0}
    return RunPlan(
        constitution=Constitution(name="x", principles=(NEVER,)),
        queries=tuple(Query(f"Question number {i}?", "train" if i % 2 else "held_out") for i in range(12)),
        model=ModelReference(id=str(tiny_folder)),
        config=TrainConfig(**values, sampling=SamplingConfig(max_new_tokens=6, temperature=1.0), **changes),
    )


def test_a_no_go_stops_a_run_before_anything_is_sampled_for_training_and_can_be_overridden(tiny_folder, tmp_path):
    refused = plan(tiny_folder)
    with pytest.raises(LinkError, match=r"0 of 24 replies of the base follow “Never”.*train_anyway"):
        execute(refused, tmp_path / "run", tmp_path)
    assert not list((tmp_path / "run").rglob("responses-*"))
    forced = dataclasses.replace(refused, config=with_settings(refused.config, ["train_anyway=true"]))
    record = execute(forced, tmp_path / "forced", tmp_path)
    assert record.trainability.verdict == "no-go"


def test_progress_is_told_from_the_first_token_to_the_last_reply_and_never_goes_back(tiny):
    told: list[Asking] = []
    asked = plan("unused")
    found = check_run(tiny, asked.constitution, asked.queries, asked.config, on_asking=told.append).found
    assert found.replies == 4 * (6 + 2)  # four train queries, a second round
    assert told[-1].replies == found.replies - 4 * (1 + 1)  # which draws what the first has not
    assert [asking.share for asking in told] == sorted(asking.share for asking in told)
    assert (told[0].closer, told[0].finished, told[0].words) == (False, 0, "asking the base what it already does: 0 of 8 replies")
    assert (told[-1].closer, told[-1].finished, told[-1].words) == (True, 24, "asking the base more often: 24 of 24 replies")
    assert told[-1].share == 1.0


def test_the_second_round_has_the_replies_that_it_would_have_drawn_by_itself(tiny):
    asked = plan("unused")
    queries = [query.text for query in asked.queries if query.split == "train"][:3]
    first = ask_base(tiny, asked.constitution, queries, asked.config, ToldRound(FIRST, lambda _: None))
    drawn: list[int] = []
    both = ask_base(tiny, asked.constitution, queries, asked.config, ToldRound(CLOSER, lambda written: drawn.append(written.finished), first))
    assert both == ask_base(tiny, asked.constitution, queries, asked.config, ToldRound(CLOSER, lambda _: None))
    assert drawn[-1] == 3 * (5 + 1)


def test_a_run_whose_check_was_just_made_does_not_ask_the_base_again(tiny_folder, tiny, tmp_path, monkeypatch):
    """With its own check it has the same verdict, adapter and figures."""
    asked = plan(tiny_folder, train_anyway=True)
    checked = check_run(tiny, asked.constitution, asked.queries, asked.config)
    drawn = checked_queries(run_queries(asked.constitution, asked.queries, asked.config.seed), asked.config)
    assert answers_for(asked.config, checked, asked.config, drawn)
    assert answers_for(asked.config, checked, dataclasses.replace(asked.config, passes=3, train_anyway=False), drawn)
    assert not answers_for(asked.config, checked, dataclasses.replace(asked.config, seed=1), drawn)
    assert not answers_for(asked.config, checked, with_settings(asked.config, ["sampling.max_new_tokens=7"]), drawn)
    assert not answers_for(asked.config, checked, asked.config, drawn[:-1])
    alone = execute(asked, tmp_path / "alone", tmp_path)
    monkeypatch.setattr("core.runs.execute.check_run", lambda *_, **__: pytest.fail("the base was asked again"))
    told: list[StepReport] = []
    record = execute(dataclasses.replace(asked, checked=alone.trainability), tmp_path / "run", tmp_path, Listener(on_step=told.append))
    assert (record.trainability, record.adapter_sha256, record.result) == (alone.trainability, alone.adapter_sha256, alone.result)
    assert any(ASKED_ALREADY in report.lasting for report in told if report.lasting)


def test_what_the_listener_raises_ends_the_check(tiny):
    asked = plan("unused")

    def leave(_):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        check_run(tiny, asked.constitution, asked.queries, asked.config, on_asking=leave)


def test_a_listener_that_keeps_words_is_told_every_eighth_reply():
    words: list[str] = []
    tell = now_and_then(words.append)
    for finished in range(33):
        tell(Asking(finished=finished, replies=32, closer=True, share=finished / 32))
    assert words == [f"asking the base more often: {n} of 32 replies" for n in (0, 8, 16, 24, 32)]


def test_a_run_is_stopped_while_it_asks_the_base(tiny_folder, tmp_path):
    asking = []
    with pytest.raises(Stopped):
        execute(
            plan(tiny_folder), tmp_path / "run", tmp_path, Listener(on_step=asking.append, should_stop=lambda: any("asking" in step.note for step in asking))
        )
    assert not (tmp_path / "run" / "trainability.json").exists()


def test_a_setting_of_yes_or_no_is_read_or_refused_in_words():
    assert with_settings(TrainConfig(), ["train_anyway= True"]).train_anyway is True
    assert with_settings(TrainConfig(train_anyway=True), ["train_anyway=false"]).train_anyway is False
    with pytest.raises(ConfigError, match="train_anyway must be true or false, got 'maybe'"):
        with_settings(TrainConfig(), ["train_anyway=maybe"])


def test_data_of_another_form_is_no_verdict():
    data = trainability_to_data(verdict(replies(60, 16), replies(5, 16)))
    for broken in ({}, {**data, "verdict": "maybe"}, {**data, "principles": [{"title": "x"}]}):
        with pytest.raises(ValueError, match="link"):
            trainability_from_data(broken)
