"""Log-probabilities of responses under constitutions: the matrix `logprobs_CR`.

The n responses of a query share the prompt and must not see each other. One sequence a constitution therefore holds the
prompt and all responses after it, with a block mask and positions that restart at each response; the head is applied at
response positions only. It equals scoring the n x n pairs one by one (tested for several families), at a fraction of the work.

Not every network heeds a mask that is given to it. `prove_packing` compares both ways on a model's own first batch; where they
differ, each pair is a row of its own in an ordinary padded batch, which every network understands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.engine.attention import layer_masks
from core.engine.decoding import Shared
from core.engine.models import LoadedModel

# How far two ways of computing the same log-probabilities may lie apart: mean absolute difference a token, in nats. Rounding gives
# 1e-5 in float32 and 0.02 in bfloat16 with the default model; a response that sees its neighbour is off by 0.5 and more.
TOLERANCE_NATS = {torch.float32: 5e-3, torch.float16: 0.05, torch.bfloat16: 0.15}


SOFTMAX_ROWS = 16  # distributions made at once where tokens alone are wanted: they stay in the processor's cache


@dataclass(frozen=True, kw_only=True)
class Packed:
    """n prompts, each followed by the same m responses. C constitutions, L tokens a sequence, K kept positions."""

    input_ids_CL: Tensor
    positions_CL: Tensor
    visible_CLL: Tensor  # True where a token may look
    keep_K: Tensor  # positions whose logits are needed: the last prompt token, then every response token
    predictors: list[Tensor]  # for each response, the index into keep_K that predicts each of its tokens


@dataclass(frozen=True, kw_only=True)
class Scores:
    """m responses under n prompts, in nats. T tokens of a response, V vocabulary. Gradients flow unless off."""

    tokens: list[list[Tensor]]  # [c][r]: log-probability of each token of response r under prompt c, shape (T,)
    own: list[Tensor]  # [r]: log-softmax at each token of response r under the prompt that was named for it, float32, shape (T, V)

    def means_CR(self) -> Tensor:
        """Mean token log-probability of response r under prompt c, in nats a token, over the tokens that were given. Shape (C, R)."""
        return torch.stack([torch.stack([tokens.mean() for tokens in row]) for row in self.tokens])

    def sums_CR(self) -> Tensor:
        """Summed token log-probability: log p(response r | prompt c) itself, in nats. Shape (C, R)."""
        return torch.stack([torch.stack([tokens.sum() for tokens in row]) for row in self.tokens])


def score(model: LoadedModel, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]], own: Sequence[int] = ()) -> Scores:
    """Score every response under every prompt, packed where the model has been found to allow it.

    Args:
        model: The network as it stands; outside this room a policy is asked (core.engine.policies).
        prompts: One for each constitution.
        responses: Token ids of each response, with its end token where that is to be scored too; none empty.
        own: For each response the index of the prompt under which its whole distributions are kept; none when empty.

    Raises:
        ValueError: A response is empty, or `own` names not one prompt for each response.
    """
    if own or torch.is_grad_enabled() or not model.packed:
        return gather(model, logprobs(model, prompts, responses), responses, own)
    return Scores(tokens=list(_tokens(model, prompts, responses)), own=[])


def _tokens(model: LoadedModel, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> Iterator[list[Tensor]]:
    """For each prompt the tokens' log-probabilities alone, to the bit what `gather` takes of whole distributions."""
    _require_tokens(responses)
    packed = pack(prompts, responses, model.device)
    for logits_KV in _logits(model, packed):
        yield [token_logprobs(logits_KV, predictor, response) for predictor, response in zip(packed.predictors, responses, strict=True)]


def token_logprobs(logits_KV: Tensor, predictors_T: Tensor, tokens: Sequence[int]) -> Tensor:
    """Log-probability of each of T tokens, float32, a few distributions at a time: written whole, each would go through memory several times.

    Args:
        logits_KV: Rows of logits.
        predictors_T: Which row predicts each token.
        tokens: Their ids.
    """
    target_T1 = torch.tensor([list(tokens)], device=logits_KV.device).T
    some = zip(predictors_T.split(SOFTMAX_ROWS), target_T1.split(SOFTMAX_ROWS), strict=True)
    return torch.cat([logits_KV[rows].float().log_softmax(dim=-1).gather(1, target_t1)[:, 0] for rows, target_t1 in some])


Rows = Iterator[tuple[Tensor, list[Tensor]]]  # for each prompt: float32 log-softmax (K, V), and where in it each response's tokens are predicted


def logprobs(model: LoadedModel, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> Rows:
    """The distributions at every response token under each prompt, prompt by prompt.

    Raises:
        ValueError: A response is empty.
    """
    _require_tokens(responses)
    return (_packed if model.packed else _paired)(model, prompts, responses)


def _require_tokens(responses: Sequence[Sequence[int]]) -> None:
    if any(len(response) == 0 for response in responses):
        raise ValueError("an empty response has no log-probability")


def gather(model: LoadedModel, rows: Rows, responses: Sequence[Sequence[int]], own: Sequence[int] = ()) -> Scores:
    """What `score` returns, from the distributions under each prompt."""
    if own and len(own) != len(responses):
        raise ValueError(f"own must name one prompt for each of {len(responses)} responses, got {len(own)}")
    targets = [torch.tensor(list(response), device=model.device) for response in responses]
    tokens, kept = [], dict[int, Tensor]()
    for c, (logprobs_KV, predictors) in enumerate(rows):
        tokens.append([logprobs_KV[predictor, target] for predictor, target in zip(predictors, targets, strict=True)])
        kept |= {r: logprobs_KV[predictors[r]] for r, prompt in enumerate(own) if prompt == c}
    return Scores(tokens=tokens, own=[kept[r] for r in range(len(own))])


def _packed(model: LoadedModel, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> Rows:
    """For each prompt: float32 log-softmax (K, V), and where in it each response's tokens are predicted. One forward."""
    packed = pack(prompts, responses, model.device)
    for logprobs_KV in _logits(model, packed).float().log_softmax(dim=-1):
        yield logprobs_KV, packed.predictors


def _logits(model: LoadedModel, packed: Packed) -> Tensor:
    """In the type of the weights, shape (C, K, V). One forward."""
    output = model.network(
        input_ids=packed.input_ids_CL,
        attention_mask=layer_masks(model.network, packed.visible_CLL, packed.positions_CL, packed.positions_CL),
        position_ids=packed.positions_CL,
        logits_to_keep=packed.keep_K,
        use_cache=False,
    )
    logits_CKV: Tensor = output.logits
    return logits_CKV


def _paired(model: LoadedModel, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> Rows:
    """The same, plainly: for each prompt a right-padded batch of its pairs, with nothing that a network could misread."""
    longest = max(len(response) for response in responses)
    for prompt in prompts:
        rows = [[*prompt, *response, *[0] * (longest - len(response))] for response in responses]
        mask = [[1] * (len(prompt) + len(response)) + [0] * (longest - len(response)) for response in responses]
        output = model.network(
            input_ids=torch.tensor(rows, device=model.device),
            attention_mask=torch.tensor(mask, device=model.device),
            logits_to_keep=torch.arange(len(prompt) - 1, len(prompt) - 1 + longest, device=model.device),
            use_cache=False,
        )
        logprobs_RTV = output.logits.float().log_softmax(dim=-1)
        starts = [r * longest for r in range(len(responses))]
        yield logprobs_RTV.flatten(0, 1), [torch.arange(s, s + len(r), device=model.device) for s, r in zip(starts, responses, strict=True)]


def pack(prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]], device: torch.device) -> Packed:
    """Lay out prompts (left-padded, so that responses stand at the same places in every row) and responses.

    Args:
        prompts: One for each constitution.
        responses: Token ids of each response, with its end token where that is to be scored too; none empty.
        device: Where the tensors go.
    """
    longest = max(len(prompt) for prompt in prompts)
    joined = [token for response in responses for token in response]
    segment_L = torch.tensor([0] * longest + [r + 1 for r, response in enumerate(responses) for _ in response])
    offsets_L = torch.tensor([0] * longest + [t for response in responses for t in range(len(response))])
    lengths_C = torch.tensor([len(prompt) for prompt in prompts])
    index_L = torch.arange(len(segment_L))
    pads_C = longest - lengths_C
    is_prompt_L = segment_L == 0
    positions_CL = torch.where(is_prompt_L, (index_L - pads_C[:, None]).clamp(min=0), lengths_C[:, None] + offsets_L)
    causal_LL = index_L[:, None] >= index_L
    visible_LL = causal_LL & (is_prompt_L | (segment_L[:, None] == segment_L))
    real_CL = index_L >= pads_C[:, None]
    visible_CLL = (visible_LL & real_CL[:, None, :]) | torch.eye(len(segment_L), dtype=torch.bool)  # padding sees itself: no empty softmax
    starts = [sum(len(r) for r in responses[:i]) for i in range(len(responses))]
    predictors = [torch.tensor([0, *range(start + 1, start + len(r))]) for start, r in zip(starts, responses, strict=True)]
    return Packed(
        input_ids_CL=torch.tensor([[0] * (longest - len(p)) + list(p) + joined for p in prompts], device=device),
        positions_CL=positions_CL.to(device),
        visible_CLL=visible_CLL.to(device),
        keep_K=torch.arange(longest - 1, longest + len(joined), device=device),
        predictors=[p.to(device) for p in predictors],
    )


def prove_packing(model: LoadedModel, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> LoadedModel:
    """Compare packed scoring and shared decoding with plain scoring; both are off for a network that does not heed their masks.

    Args:
        model: As loaded.
        prompts: At least one.
        responses: At least two, or there is no neighbour to see.

    Returns:
        The model as it is, or with `packed` False.
    """
    if not model.packed:
        return model
    plain = replace(model, packed=False)
    with torch.no_grad():
        try:
            fast, decoded = score(model, prompts, responses).tokens, _decoded(model, prompts, responses)
        except torch.OutOfMemoryError:
            raise
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, RuntimeError):  # whatever a forward makes of arguments it does not know
            return plain
        expected = score(plain, prompts, responses).tokens
    last = torch.stack([tokens[-1] for row in expected for tokens in row])
    differences = [(_flat(fast) - _flat(expected)).abs().mean().item(), (decoded - last).abs().mean().item()]
    return model if max(differences) <= TOLERANCE_NATS[model.dtype] else plain


def _decoded(model: LoadedModel, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> Tensor:
    """Log-probability of each pair's last token, by the forwards that decoding makes. Shape (C * R,)."""
    rows = [[*prompt, *response[:-1]] for prompt in prompts for response in responses]
    decoding = Shared(model, [row[:-1] for row in rows], new_tokens=1)
    decoding.first()
    logprobs_BV = decoding.next(torch.tensor([row[-1] for row in rows], device=model.device)).log_softmax(dim=-1)
    last_B = torch.tensor([response[-1] for _ in prompts for response in responses], device=model.device)
    return logprobs_BV.gather(1, last_B[:, None])[:, 0]


def _flat(tokens: list[list[Tensor]]) -> Tensor:
    return torch.cat([response for row in tokens for response in row])
