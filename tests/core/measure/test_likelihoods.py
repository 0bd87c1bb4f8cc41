"""A model that reads by its likelihoods, held against a plain forward pass."""

import pytest
import torch

from core.constitution.principles import Constitution, Principle, render
from core.engine.models import encode_prompt
from core.measure.likelihoods import LikelihoodReader
from core.measure.readers import Option, ReaderCard

OPTIONS = (Option(text="Shout.", title="s"), Option(text="Whisper.", title="w"), Option(text="Ask back.", title="a"))


def naive(model, text, query, reply):
    """Log p(reply | text, query), token by token."""
    alone = Constitution(name="", principles=(Principle(title="", statement=text, antithesis=text),))
    prompt = encode_prompt(model, render(alone, (True,), query))
    tokens = model.tokenizer(reply, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logits_TV = model.network(input_ids=torch.tensor([[*prompt, *tokens]], device=model.device)).logits[0].float()
    logprobs_TV = logits_TV.log_softmax(dim=-1)
    return sum(float(logprobs_TV[len(prompt) - 1 + t, token]) for t, token in enumerate(tokens))


def test_the_scores_are_those_of_a_plain_forward_under_each_text_alone(tiny):
    (reading,) = LikelihoodReader("base", tiny).read([ReaderCard(query="Why?", reply="so it is", options=OPTIONS, own=1)])
    assert reading.scores == pytest.approx([naive(tiny, option.text, "Why?", "so it is") for option in OPTIONS], abs=2e-3)
    assert reading.pick == max(range(3), key=reading.scores.__getitem__)


def test_an_empty_reply_has_no_reading(tiny):
    (reading,) = LikelihoodReader("base", tiny).read([ReaderCard(query="Why?", reply="", options=OPTIONS, own=0)])
    assert (reading.scores, reading.failure, reading.final) == ((), "the reply is empty", True)


def test_a_text_that_does_not_fit_the_model_is_a_reason_and_no_zero(tiny):
    long = Option(text="word " * 2000, title="long")
    (reading,) = LikelihoodReader("base", tiny).read([ReaderCard(query="Why?", reply="so", options=(OPTIONS[0], long), own=0)])
    assert reading.scores == () and "reads at most" in reading.failure
