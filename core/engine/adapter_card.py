"""What an adapter folder says of itself to others: its base as the Hub names it, a model card, and files that they may read."""

import re
import stat
from pathlib import Path

from core.engine.default_model import DEFAULT_HUB_ID, DEFAULT_MODEL, DEFAULT_NOTICE
from core.model_names import is_hub_id
from core.settings import ModelReference

_IN_HUB_CACHE = re.compile(r"models--(?P<owner>[^/]+?)--(?P<name>[^/]+)/snapshots/(?P<revision>[0-9a-f]{40})")


def public_base(reference: ModelReference) -> ModelReference:
    """A base as others can find it: of a folder of this machine only its name, since nobody else has its path."""
    if reference.id == DEFAULT_MODEL:
        return ModelReference(id=DEFAULT_HUB_ID)
    if not Path(reference.id).is_absolute():
        return reference
    kept = _IN_HUB_CACHE.search(Path(reference.id).as_posix())
    if kept is not None:
        return ModelReference(id=f"{kept['owner']}/{kept['name']}", revision=kept["revision"])
    return ModelReference(id=Path(reference.id).name or "model")


def named_for_others(reference: ModelReference) -> ModelReference:
    """A base as a record names it that may be passed on: what has a name keeps it, and of a folder of this machine it is that of the folder alone."""
    return public_base(reference) if Path(reference.id).is_absolute() else reference


def describe_adapter(folder: Path, reference: ModelReference) -> None:
    """Write the model card of a saved adapter, and give the weights the rights that its other files have."""
    (folder / "README.md").write_text(card(reference), encoding="utf-8")
    others = stat.S_IMODE((folder / "README.md").stat().st_mode)  # safetensors writes for this user only, whatever the umask says
    for path in folder.iterdir():
        path.chmod(others)


def card(reference: ModelReference) -> str:
    """The README.md of an adapter, with the head that the Hub reads."""
    base = public_base(reference)
    head = ["library_name: peft", "pipeline_tag: text-generation", "tags:", "- lora", "- constitution-studio"]
    if is_hub_id(base.id):
        head = [f"base_model: {base.id}", *head]
    notice = f" {DEFAULT_NOTICE}" if reference.id == DEFAULT_MODEL else ""
    commit = f", commit {base.revision}" if base.revision else ""
    return "\n".join(
        [
            "---",
            *head,
            "---",
            "",
            "# LoRA adapter",
            "",
            f"Trained with Constitution Studio on `{base.id}`{commit}.{notice}",
            "",
            "```python",
            *_use(base),
            "```",
            "",
        ]
    )


def _use(base: ModelReference) -> list[str]:
    if is_hub_id(base.id):
        return ["from peft import AutoPeftModelForCausalLM", "", 'model = AutoPeftModelForCausalLM.from_pretrained("this folder")']
    return [
        "from peft import PeftModel",
        "from transformers import AutoModelForCausalLM",
        "",
        'base = AutoModelForCausalLM.from_pretrained("the folder of the base")',
        'model = PeftModel.from_pretrained(base, "this folder")',
    ]
