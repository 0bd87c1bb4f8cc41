"""Which query a reply answers: every pair scored one by one gives the same, whoever shares the work."""

import pytest
import torch

from core.engine.models import Placing, load_model
from core.engine.policies import base_of, open_policy
from core.engine.policy import prompt_of
from core.measure.ask import Measuring, ask
from core.measure.relevance import UNREAD, read_beside, read_replies, with_reading
from core.measure.values import AMONG
from core.methods.arms import make_arm
from core.settings import ModelReference
from tests.core.measure.test_ask import SAMPLING, adapted, constitution
from tests.devices import DEVICE

__all__ = ["adapted"]  # a fixture
QUERIES = [f"What is number {i}?" for i in range(AMONG + 2)]
TEXTS = [f"it is {i} of course" for i in range(AMONG + 2)]


@pytest.fixture(scope="module")
def base(tiny_folder, tmp_path_factory):
    return load_model(ModelReference(id=str(tiny_folder)), tmp_path_factory.mktemp("models"), Placing(device=DEVICE, dtype=torch.float32))


def alone(model, query, text):
    """Log p(text | query) of one pair by itself."""
    ids = tuple(model.tokenizer(text, add_special_tokens=False)["input_ids"])
    with torch.no_grad():
        return float(base_of(model).score([prompt_of(model, None, (), query)], [ids]).sums_CR()[0, 0])


def test_each_reply_is_read_under_its_own_query_and_the_next_in_a_circle(base):
    read = read_replies(base, QUERIES, TEXTS)
    for i in (0, 5, 9):
        expected = [alone(base, QUERIES[(i + step) % len(QUERIES)], TEXTS[i]) for step in range(AMONG)]
        assert read[i].logprobs == pytest.approx(expected, abs=1e-3)
        assert read[i].tokens == len(base.tokenizer(TEXTS[i], add_special_tokens=False)["input_ids"])


def test_fewer_queries_than_eight_are_all_read(base):
    assert [len(read.logprobs) for read in read_replies(base, QUERIES[:3], TEXTS[:3])] == [3, 3, 3]


def test_an_empty_reply_is_not_read_and_changes_nothing_for_the_others(base):
    read = read_replies(base, QUERIES[:3], ["", *TEXTS[1:3]])
    assert read[0] == UNREAD
    assert read[1].logprobs == pytest.approx(read_replies(base, QUERIES[:3], TEXTS[:3])[1].logprobs, abs=1e-3)


def test_the_base_reads_whatever_adapter_wrote(adapted):
    policy = make_arm("sami")
    replies = ask(open_policy(adapted, policy), constitution(1), QUERIES[:2], Measuring(sampling=SAMPLING, seed=0))
    texts = [reply.text for reply in replies if reply.side == "statement"]
    read = with_reading(replies, read_replies(adapted, QUERIES[:2], texts))
    own = next(reply for reply in read if reply.side == "statement" and reply.text)
    assert own.query_logprobs[0] == pytest.approx(alone(adapted, own.query, own.text), abs=1e-3)
    assert all(reply.query_logprobs == () for reply in read if reply.side == "antithesis")


def test_a_reply_to_a_scenario_is_read_beside_held_out_queries_that_its_own_words_choose(base):
    own = ["Why is it so?", "How much?"]
    read = read_beside(base, own, TEXTS[:2], QUERIES)
    assert [len(each.logprobs) for each in read] == [AMONG, AMONG]
    assert read[0].logprobs[0] == pytest.approx(alone(base, own[0], TEXTS[0]), abs=1e-3)
    pairs = [alone(base, query, TEXTS[0]) for query in QUERIES]
    assert all(min(abs(value - pair) for pair in pairs) < 1e-3 for value in read[0].logprobs[1:])
    alone_there = read_beside(base, own[:1], TEXTS[:1], QUERIES)  # in another run with other scenarios
    assert alone_there[0].logprobs == pytest.approx(read[0].logprobs, abs=1e-3)


def test_what_asks_the_same_as_a_scenario_is_not_read_beside_it_and_an_empty_reply_is_not_read(base):
    read = read_beside(base, ["what is number 0", "How much?"], [TEXTS[0], ""], QUERIES[:3])
    assert len(read[0].logprobs) == 3 and read[1] == UNREAD
    assert [len(each.logprobs) for each in read_beside(base, ["Alone?"], TEXTS[:1], [])] == [1]
