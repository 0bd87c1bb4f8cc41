"""The second turn holds the first as it was, with the constitution in it, and is asked of both sides of the principle."""

from dataclasses import replace

from core.constitution.contrasts import asked_stances
from core.constitution.principles import render
from core.engine.models import encode_prompt
from core.engine.policies import open_policy
from core.engine.policy import plain_prompt
from core.engine.sampling import sample
from core.measure.ask import Measuring, ask
from core.measure.claimed_replies import SHORT, ask_claims
from core.measure.claims import second_turn
from core.methods.arms import make_arm
from core.settings import SamplingConfig
from tests.core.lab.benches import TWO


def test_each_reply_is_asked_about_under_what_it_was_written_under(tiny):
    policy = open_policy(tiny, make_arm("prompt"))
    replies = ask(policy, TWO, ["Why?", "Who?"], Measuring(sampling=SamplingConfig(max_new_tokens=6), seed=1, trace="own"))
    replies = [replies[0], replace(replies[1], text=""), replies[2]]
    found = ask_claims(policy, TWO, 1, replies)
    assert len(found) == 3 and found[1] == ("", "")
    last = replies[2]
    stance = asked_stances(2)[last.side]
    for side, said in zip((TWO.principles[1].statement, TWO.principles[1].antithesis), found[2], strict=True):
        turns = second_turn(render(TWO, stance, last.query).user, last.text, side)
        prompt = plain_prompt(encode_prompt(tiny, turns))
        assert sample(policy, [prompt], SHORT, [0], steady=True)[0].text == said
    assert ask_claims(policy, TWO, 0, [replace(replies[0], text="")]) == [("", "")]
