"""The residual stream: what is read of it is what the library calls hidden states, and what is added comes in where a response is predicted from."""

import pytest
import torch

from core.engine.residuals import adding, decoder_layers, response_means
from core.engine.scoring import score
from core.errors import UnsupportedModelError
from tests.devices import DEVICE

PROMPT, RESPONSE = [5, 6, 7, 8, 9], [20, 21, 22]


def hidden(model, ids):
    """What layer 0 puts out. Shape (T, H)."""
    with torch.no_grad():
        return model.network(torch.tensor([ids], device=DEVICE), output_hidden_states=True).hidden_states[1][0]


def test_what_is_read_is_the_mean_of_the_hidden_states_of_the_responses_tokens(tiny):
    read_LH = response_means(tiny, PROMPT, RESPONSE, [0])
    assert torch.allclose(read_LH[0].float(), hidden(tiny, PROMPT + RESPONSE)[5:].mean(dim=0).cpu(), atol=1e-5)
    assert response_means(tiny, PROMPT, RESPONSE, [1, 0]).shape == (2, 64)
    assert torch.equal(response_means(tiny, PROMPT, RESPONSE, [1, 0])[1], read_LH[0])


def test_what_is_added_after_the_last_layer_comes_out_of_norm_and_head_by_hand(tiny):
    """Logits = head(norm(h + v)) at the last token of the prompt and at the response's, and head(norm(h)) before them."""
    vector_H = torch.randn(64, generator=torch.Generator().manual_seed(1)).to(DEVICE)
    ids = torch.tensor([PROMPT + RESPONSE], device=DEVICE)
    found = {}
    handle = decoder_layers(tiny)[1].register_forward_hook(lambda _m, _a, output: found.update(h=output if torch.is_tensor(output) else output[0]))
    with torch.no_grad():
        tiny.network(ids)
        handle.remove()
        kept_K = torch.tensor([4, 5, 6], device=DEVICE)  # predict the three tokens
        expected_KV = tiny.network.lm_head(tiny.network.model.norm(found["h"][0, 4:7] + vector_H))
        with adding(tiny, 1, vector_H):
            steered_KV = tiny.network(ids, logits_to_keep=kept_K).logits[0]
        assert torch.allclose(steered_KV, expected_KV, atol=1e-5)
        plain_KV = tiny.network.lm_head(tiny.network.model.norm(found["h"][0, 4:7]))
        assert torch.allclose(tiny.network(ids, logits_to_keep=kept_K).logits[0], plain_KV, atol=1e-5)


@pytest.mark.parametrize("layer", [0, 1])
def test_tokens_of_the_prompt_but_its_last_one_stay_as_they_are(tiny, layer):
    vector_H = torch.ones(64, device=DEVICE)
    ids, read = torch.tensor([PROMPT + RESPONSE], device=DEVICE), {}

    def keep(name):
        return decoder_layers(tiny)[layer].register_forward_hook(
            lambda _m, _a, output: read.update({name: (output if torch.is_tensor(output) else output[0])[0]})
        )

    with torch.no_grad():
        handle = keep("plain")
        score(tiny, [PROMPT], [RESPONSE])
        handle.remove()
        with adding(tiny, layer, vector_H):
            handle = keep("steered")  # after the hook that adds
            tiny.network(ids, logits_to_keep=torch.arange(4, 8, device=DEVICE))
            handle.remove()
    moved_TH = read["steered"] - read["plain"]
    assert torch.allclose(moved_TH[4:], torch.ones_like(moved_TH[4:]), atol=1e-5)
    assert torch.allclose(moved_TH[:4], torch.zeros_like(moved_TH[:4]), atol=1e-5)


def test_nothing_is_left_on_the_network(tiny):
    before = score(tiny, [PROMPT], [RESPONSE]).means_CR()
    with adding(tiny, 0, torch.ones(64, device=DEVICE)):
        assert not torch.equal(score(tiny, [PROMPT], [RESPONSE]).means_CR(), before)
    assert torch.equal(score(tiny, [PROMPT], [RESPONSE]).means_CR(), before)
    with pytest.raises(ZeroDivisionError), adding(tiny, 0, torch.ones(64, device=DEVICE)):
        raise ZeroDivisionError
    assert torch.equal(score(tiny, [PROMPT], [RESPONSE]).means_CR(), before)


def test_a_network_that_does_not_say_which_its_layers_are_is_refused_in_words(tiny, monkeypatch):
    monkeypatch.setattr("core.engine.residuals.repeated_layers", lambda _: [])
    with pytest.raises(UnsupportedModelError, match="has 2 layers by its configuration, but 0 were found"):
        decoder_layers(tiny)
