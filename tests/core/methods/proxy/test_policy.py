"""Proxy-tuning: where M is the small model, alpha 1 is the adapter and alpha 0 the base, token for token; and the formula, computed naively."""

import dataclasses
import json

import pytest
import torch

from core.constitution.principles import Constitution, Principle
from core.engine.adapters import adapter_hash, load_adapter
from core.engine.models import Placing, load_model
from core.engine.policies import base_of, open_policy
from core.engine.policy import prompt_of
from core.engine.sampling import sample
from core.engine.vocabularies import require_one_vocabulary, vocabulary_hash
from core.errors import AdapterError, ModelError, OutOfMemoryError
from core.machine import DEFAULT_SHAPE
from core.methods.arms import Artifact, make_arm
from core.methods.mixture import Mixture
from core.methods.proxy import beside
from core.methods.proxy.beside import Expert, beside_bytes, require_mixable, same_model, with_experts
from core.settings import ModelReference, SamplingConfig
from tests.devices import DEVICE
from tests.tiny import save_tiny_adapter, save_tiny_model, tiny_tokenizer

CONSTITUTION = Constitution(name="C", principles=(Principle(title="Short", statement="Be short.", antithesis="Be long and dull."),))
QUERIES = ("Why?", "What is tea?", "Where do birds sleep?")
SAMPLING = SamplingConfig(max_new_tokens=12, temperature=1.0)
RESPONSES = [[20, 21, 22], [40, 41]]


@pytest.fixture(scope="module")
def adapter(tiny_folder, tmp_path_factory):
    return save_tiny_adapter(tiny_folder, tmp_path_factory.mktemp("adapter"))


@pytest.fixture(scope="module")
def larger_folder(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("larger"), seed=7, layers=3)


@pytest.fixture
def expert(tiny_folder, adapter):
    return Expert(model=ModelReference(id=str(tiny_folder)), adapter=adapter, sha256=adapter_hash(adapter))


@pytest.fixture
def adapted(tiny_folder, adapter, tmp_path):
    return load_adapter(loaded(tiny_folder, tmp_path), adapter)


@pytest.fixture
def larger(larger_folder, expert, tmp_path):
    return with_experts(loaded(larger_folder, tmp_path), [expert], tmp_path)


def loaded(folder, scratch):
    return load_model(ModelReference(id=str(folder)), scratch, Placing(device=DEVICE, dtype=torch.float32))


def arm(expert, alpha=1.0, method="proxy"):
    settings = {"alpha": alpha} if method == "proxy" else {}
    return make_arm(method, artifact=Artifact(kind="adapter", place=str(expert.adapter), sha256=expert.sha256), settings=settings)


def prompts(model):
    return [prompt_of(model, CONSTITUTION, (True,), query) for query in QUERIES]


def replies(policy, sampling=SAMPLING, **options):
    return sample(policy, prompts(policy.model), sampling, [1, 2, 3], **options)


def scores(policy):
    with torch.no_grad():
        return policy.score(prompts(policy.model), RESPONSES, own=[0, 1])


def test_on_the_small_model_itself_alpha_1_is_the_adapter_and_alpha_0_the_base(adapted, expert):
    tuned, base = open_policy(adapted, arm(expert, method="sami")), base_of(adapted)
    for steady in (True, False):
        assert replies(open_policy(adapted, arm(expert, 1.0)), steady=steady) == replies(tuned, steady=steady) != replies(base, steady=steady)
        assert replies(open_policy(adapted, arm(expert, 0.0)), steady=steady) == replies(base, steady=steady)
    assert all(torch.equal(one, other) for one, other in zip(scores(open_policy(adapted, arm(expert, 1.0))).own, scores(tuned).own, strict=True))
    assert replies(open_policy(adapted, arm(expert, 2.0))) != replies(tuned)


def test_a_second_copy_of_the_small_model_as_m_gives_the_same_tokens_through_all_three_passes(tiny, adapted, expert):
    """M and the small model are two networks here, so that nothing cancels but the numbers themselves."""
    apart = dataclasses.replace(tiny, beside={expert.sha256: adapted})
    policy = open_policy(apart, arm(expert, 1.0))
    assert isinstance(policy, Mixture) and len(policy.sources) == 3
    assert replies(policy) == replies(open_policy(adapted, arm(expert, method="sami")))
    assert replies(open_policy(apart, arm(expert, 0.0))) == replies(base_of(tiny))
    for one, other in zip(scores(policy).own, scores(open_policy(adapted, arm(expert, method="sami"))).own, strict=True):
        assert torch.allclose(one, other, atol=1e-4)


def test_scores_on_a_larger_model_are_the_formula_of_the_three_networks(larger, larger_folder, tiny, adapted, expert, tmp_path):
    policy, alpha = open_policy(larger, arm(expert, 0.6)), 0.6
    m, prompt = loaded(larger_folder, tmp_path), prompts(larger)[0]
    row = torch.tensor([[*prompt.ids, *RESPONSES[0]]], device=DEVICE)
    with torch.no_grad():
        of_m, of_expert, of_anti = (network(row).logits[0, -4:-1].float() for network in (m.network, adapted.network, tiny.network))
        found = policy.score([prompt], [RESPONSES[0]], own=[0])
    expected = (of_m + alpha * (of_expert - of_anti)).log_softmax(-1)
    assert torch.allclose(found.own[0], expected, atol=1e-4)
    assert torch.allclose(found.tokens[0][0], expected[torch.arange(3), RESPONSES[0]], atol=1e-4)


@pytest.mark.parametrize("steady", [True, False])
def test_greedy_decoding_takes_the_likeliest_token_of_what_is_scored_alone_and_in_a_batch(larger, expert, steady):
    policy, greedy = open_policy(larger, arm(expert, 2.0)), SamplingConfig(max_new_tokens=8, temperature=0)
    drawn = replies(policy, greedy, steady=steady)
    with torch.no_grad():
        scored = policy.score(prompts(larger), [response.token_ids for response in drawn], own=[0, 1, 2])
    assert [tuple(own_TV.argmax(-1).tolist()) for own_TV in scored.own] == [response.token_ids for response in drawn]
    assert drawn == [sample(policy, [prompt], greedy, [0], steady=steady)[0] for prompt in prompts(larger)]
    assert drawn != replies(base_of(larger), greedy, steady=steady)


def test_the_small_model_comes_once_for_all_its_adapters_and_goes_when_nobody_wants_it(larger, expert, tiny_folder, tmp_path):
    other_folder = save_tiny_adapter(tiny_folder, tmp_path / "other", seed=5)
    other = dataclasses.replace(expert, adapter=other_folder, sha256=adapter_hash(other_folder))
    first = replies(open_policy(larger, arm(expert)))
    both = with_experts(larger, [expert, other], tmp_path)
    assert both.beside[expert.sha256].network is both.beside[other.sha256].network
    assert replies(open_policy(both, arm(expert))) == first != replies(open_policy(both, arm(other)))
    assert dict(with_experts(both, [], tmp_path).beside) == {}
    with pytest.raises(AdapterError, match="needs an adapter and the model that it was trained on"):
        open_policy(with_experts(both, [other], tmp_path), arm(expert))


def test_an_adapter_of_the_decoded_model_itself_is_put_on_it(tiny, expert, tmp_path):
    model = with_experts(tiny, [expert], tmp_path)
    assert set(model.adapters) == {expert.sha256} and dict(model.beside) == {}


def test_vocabularies_that_differ_are_told_before_weights_are_read(tiny_folder, tmp_path, expert, monkeypatch):
    other = save_tiny_model(tmp_path / "other", seed=3)
    swapped = json.loads((other / "tokenizer.json").read_text())
    words = swapped["model"]["vocab"]
    words["a"], words["b"] = words["b"], words["a"]
    (other / "tokenizer.json").write_text(json.dumps(swapped))
    (other / "model.safetensors").unlink()
    monkeypatch.setattr(beside, "load_model", lambda *_: pytest.fail("it loaded weights"))
    (other / "model.safetensors").touch()  # a folder without weights is none, and these are never read
    with pytest.raises(ModelError, match=r"The vocabularies of other and .* differ \(2 of 258 and 258 tokens, the first is 'a': number \d+ and number \d+\)"):
        require_mixable(ModelReference(id=str(other)), [expert], tmp_path, lambda _w, _s: None)


def test_one_vocabulary_has_one_hash_and_padding_is_told(tiny_folder, tmp_path):
    assert vocabulary_hash(tiny_tokenizer()) == vocabulary_hash(tiny_tokenizer())
    one, padded = ModelReference(id=str(tiny_folder)), save_tiny_model(tmp_path / "padded")
    assert require_one_vocabulary(one, ModelReference(id=str(padded)), tmp_path) == []
    config = json.loads((padded / "config.json").read_text())
    (padded / "config.json").write_text(json.dumps(config | {"vocab_size": 264}))
    (notice,) = require_one_vocabulary(one, ModelReference(id=str(padded)), tmp_path)
    assert "258 rows of tokens and padded 264" in notice and "Only the rows that both have are mixed." in notice


def test_a_model_for_which_there_is_no_room_is_told_before_it_is_loaded(tiny, larger_folder, expert, tmp_path, monkeypatch):
    monkeypatch.setattr(beside, "free_bytes", lambda _device: 1000)
    with pytest.raises(OutOfMemoryError, match=r"needs about .* GB beside .*, and 0\.0 GB are free"):
        with_experts(loaded(larger_folder, tmp_path), [expert], tmp_path)
    weights = 2 * DEFAULT_SHAPE.parameters
    assert beside_bytes(DEFAULT_SHAPE, 2) == weights + 2 * (24 * 1024 * 30 * 2 * 192 * 2 + 2 * 8 * 64 * 49152 * 4)


def test_one_model_has_several_names(tiny_folder):
    assert same_model(ModelReference(id=str(tiny_folder)), ModelReference(id=f"{tiny_folder}/../{tiny_folder.name}"))
    assert same_model(ModelReference(id="org/name"), ModelReference(id="org/name", revision="abc"))
    assert not same_model(ModelReference(id="org/name", revision="abd"), ModelReference(id="org/name", revision="abc"))
    assert not same_model(ModelReference(id="org/name"), ModelReference(id="org/other"))
