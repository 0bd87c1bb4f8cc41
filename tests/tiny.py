"""A random two-layer Llama with a byte-level tokenizer, saved as a model folder: real in every respect but size and sense."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from tests.devices import DEVICE

CHAT_TEMPLATE = (
    "{% for message in messages %}<|start|>{{ message['role'] }}\n{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)
CONTEXT_TOKENS = 4096
WRITES = "abcdefghijklmnopqrstuvwxyz éé"  # mostly: é is two bytes, so some replies hold half a character


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """One token a byte, and two special ones."""
    vocabulary = {symbol: i for i, symbol in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|start|>", "<|end|>"])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|end|>", chat_template=CHAT_TEMPLATE)


def save_tiny_model(folder: Path, seed: int = 0, layers: int = 2) -> Path:
    """Save model and tokenizer in `folder`, as safetensors."""
    torch.manual_seed(seed)
    tokenizer = tiny_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT_TOKENS,
        initializer_range=0.2,  # large enough that the prompt decides what is written
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    network = LlamaForCausalLM(config)
    with torch.no_grad():
        written = torch.zeros(len(tokenizer), 1)
        written[tokenizer(WRITES, add_special_tokens=False)["input_ids"]] = 2.0
        network.lm_head.weight.mul_(written)  # the end of a reply is as rare as any other byte: a test that wants a short one asks for few tokens
    network.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder


def stir(network: torch.nn.Module, *, std: float, seed: int = 0) -> None:
    """Make a fresh adapter change something, as after some steps of training."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "lora_B" in name:
                weight.copy_(torch.empty(weight.shape).normal_(std=std, generator=generator))


def save_tiny_adapter(model_folder: Path, folder: Path, seed: int = 1) -> Path:
    """Save a LoRA for the tiny model whose effect can be seen: both its matrices are random."""
    from core.engine.adapters import attach_adapter
    from core.engine.models import Placing, load_model
    from core.settings import ModelReference

    base = load_model(ModelReference(id=str(model_folder)), folder, Placing(device=DEVICE, dtype=torch.float32))
    model = attach_adapter(base, rank=4, alpha=32, seed=seed)
    stir(model.network, std=0.3, seed=seed)
    model.network.save_pretrained(folder, safe_serialization=True)
    return folder
