"""Whether two models write with the same tokens by the same numbers, found out from their tokenizers before any weights are read."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from core.engine.default_model import OnProgress
from core.engine.faults import outside_in_words
from core.engine.model_files import read_mapping, require_no_code
from core.engine.models import locate
from core.errors import ModelError
from core.settings import ModelReference


@dataclass(frozen=True)
class Words:
    """What a model's files say of its tokens."""

    name: str  # of the model
    tokenizer: PreTrainedTokenizerBase
    rows: int  # tokens that the network has a row for: those of the tokenizer, and padding

    @property
    def sha256(self) -> str:
        """Of every token with its number, those that were added included."""
        return vocabulary_hash(self.tokenizer)


def vocabulary_hash(tokenizer: PreTrainedTokenizerBase) -> str:
    """sha256 of a tokenizer's vocabulary: every token with its number, in the order of the numbers."""
    listed = sorted((number, token) for token, number in tokenizer.get_vocab().items())
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def require_one_vocabulary(model: ModelReference, other: ModelReference, models: Path, on_progress: OnProgress = lambda _w, _s: None) -> list[str]:
    """Compare the vocabularies of two models; of a Hub model only its small files are fetched for it.

    Args:
        model: Whose tokens are written.
        other: Whose log-probabilities are mixed with its own.
        models: Folder for the converted default model.
        on_progress: Told what is being fetched and the share done.

    Returns:
        What people should know although the two go together; mostly nothing.

    Raises:
        ModelError: A token has another number in the other model, or is not there, or a model cannot be found.
    """
    ours, theirs = (_words(each, models, on_progress) for each in (model, other))
    if ours.sha256 != theirs.sha256:
        raise ModelError(
            f"The vocabularies of {ours.name} and {theirs.name} differ ({_difference(ours, theirs)}), so that their log-probabilities cannot be mixed "
            "token by token. Choose two models of one tokenizer, mostly of one family."
        )
    return _notices(ours, theirs)


def _words(reference: ModelReference, models: Path, on_progress: OnProgress) -> Words:
    folder, pinned = locate(reference, models, on_progress, weights=False)
    require_no_code(folder)
    name = Path(pinned.id).name if Path(pinned.id).is_absolute() else pinned.id
    with outside_in_words(name):
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    return Words(name, tokenizer, _rows(read_mapping(folder / "config.json"), len(tokenizer)))


def _rows(config: dict[str, Any], known: int) -> int:
    text = config.get("text_config")
    said = (text if isinstance(text, dict) else config).get("vocab_size")
    return said if isinstance(said, int) and said > 0 else known


def _difference(ours: Words, theirs: Words) -> str:
    """How many tokens differ, and the first of them."""
    here, there = ours.tokenizer.get_vocab(), theirs.tokenizer.get_vocab()
    different = sorted((number, token) for token, number in (here | there).items() if here.get(token) != there.get(token))
    token = different[0][1]
    numbers = " and ".join("missing" if vocabulary.get(token) is None else f"number {vocabulary[token]:,}" for vocabulary in (here, there))
    return f"{len(different):,} of {len(here):,} and {len(there):,} tokens, the first is {token[:40]!r}: {numbers}"


def _notices(ours: Words, theirs: Words) -> list[str]:
    told = []
    if ours.rows != theirs.rows:
        told.append(
            f"{ours.name} has {ours.rows:,} rows of tokens and {theirs.name} {theirs.rows:,}; the tokenizer knows {len(ours.tokenizer):,} of them and the "
            f"rest is padding. Only the rows that both have are mixed."
        )
    if ours.tokenizer.chat_template != theirs.tokenizer.chat_template:
        told.append(f"{ours.name} and {theirs.name} have different chat templates; both read the prompt as {ours.name} has it.")
    return told
