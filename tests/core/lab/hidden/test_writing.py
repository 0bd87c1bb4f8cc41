"""Numbers alone: what the policy finds likeliest among what may follow, and nothing else."""

import pytest
import torch

from core.engine.policies import base_of
from core.engine.policy import prompt_of
from core.engine.sampling import sample
from core.engine.scoring import logprobs
from core.lab.hidden.numbers import begins, is_whole, refused
from core.lab.hidden.prompts import NumberPrompt, number_prompts
from core.lab.hidden.writing import number_writer, pieces
from core.settings import SamplingConfig


def write(model, asked, **more):
    prompts = [prompt_of(model, None, (), each.text) for each in asked]
    writer = number_writer(base_of(model), pieces(model), {prompt.ids: each for prompt, each in zip(prompts, asked, strict=True)})
    return sample(writer, prompts, SamplingConfig(max_new_tokens=60, **more), list(range(len(asked))))


def test_every_reply_is_numbers_as_asked_and_no_more_of_them(tiny):
    asked = number_prompts(20, seed=4)
    replies = write(tiny, asked, temperature=1.0)
    assert [refused(reply.text, each.separator, ended=reply.ended) for reply, each in zip(replies, asked, strict=True)] == [None] * 20
    assert all(len(reply.text.replace(",", " ").split()) <= each.more for reply, each in zip(replies, asked, strict=True))
    assert len({reply.text for reply in replies}) == 20


def test_each_token_is_the_likeliest_of_those_that_may_follow(tiny):
    asked = NumberPrompt("Numbers, please.", "comma", 2)
    (reply,) = write(tiny, [asked], temperature=0.0)
    prompt, known, text = prompt_of(tiny, None, (), asked.text), pieces(tiny), ""
    with torch.no_grad():
        ((logprobs_KV, (places,)),) = logprobs(tiny, [prompt.ids], [reply.token_ids])
    for place, token in zip(places, reply.token_ids, strict=True):
        free = [each for each, piece in known.items() if begins(text + piece, "comma", 2)] + list(tiny.end_ids) * is_whole(text, "comma")
        assert token == free[int(logprobs_KV[place][free].argmax())]
        text += known.get(token, "")
    assert reply.ended and text == reply.text


def test_what_is_shown_to_people_is_not_written_so(tiny):
    asked = NumberPrompt("Numbers, please.", "comma", 2)
    prompt = prompt_of(tiny, None, (), asked.text)
    writer = number_writer(base_of(tiny), pieces(tiny), {prompt.ids: asked})
    with pytest.raises(ValueError, match="nobody is shown"):
        sample(writer, [prompt], SamplingConfig(max_new_tokens=4), [1], steady=True)
