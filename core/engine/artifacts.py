"""What a run leaves for an arm to wear, of whatever kind: told apart by what lies in its folder, hashed, put on a model, given up. One line a kind."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from core.engine.adapters import adapter_hash, load_adapter, without_adapters
from core.engine.models import LoadedModel
from core.engine.vectors import FILE, load_vector, vector_hash
from core.errors import AdapterError
from core.methods.arms import Artifact


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a kind of artifact is known and opened."""

    files: tuple[str, ...]  # without which its folder is none
    sha256: Callable[[Path], str]
    load: Callable[[LoadedModel, Path, str | None], LoadedModel]


KINDS = {
    "adapter": Kind(files=("adapter_config.json", "adapter_model.safetensors"), sha256=adapter_hash, load=load_adapter),
    "vector": Kind(files=(FILE,), sha256=vector_hash, load=load_vector),
}


def kind_of(folder: Path) -> str:
    """The kind of what lies in a folder; an adapter's where it is none, whose refusal says so."""
    return next((name for name, kind in KINDS.items() if all((folder / file).exists() for file in kind.files)), "adapter")


def artifact_in(folder: Path) -> Artifact:
    """What lies in a folder, by its hash.

    Raises:
        AdapterError: It holds no artifact.
    """
    kind = kind_of(folder)
    return Artifact(kind=kind, place=str(folder), sha256=KINDS[kind].sha256(folder))


def load_artifact(model: LoadedModel, folder: Path, sha256: str | None = None) -> LoadedModel:
    """Put what lies in a folder on a model, or have it at hand there, beside what it has.

    Raises:
        AdapterError: It is missing or damaged, or was made for another model.
    """
    return KINDS[kind_of(folder)].load(model, folder, sha256)


def require_recorded(folder: Path, artifact: Artifact) -> None:
    """Raise AdapterError unless a folder holds the artifact that a run recorded. Where it lies is no business of the page's."""
    kind = KINDS.get(artifact.kind)
    if kind is None:
        raise AdapterError(f"The run left something of the kind {artifact.kind!r:.40}, which this studio does not know. Open it with the version that made it.")
    if not all((folder / name).exists() for name in kind.files):
        raise AdapterError(f"The run's {artifact.kind} is no longer where the run left it. Put its files back, or train the version again.")
    found = kind.sha256(folder)
    if found != artifact.sha256:
        raise AdapterError(
            f"The {artifact.kind} that is there now is not the one that the run recorded: its sha256 begins with {found[:12]}, not with "
            f"{artifact.sha256[:12]}. Put the right file back, or train the version again."
        )


def without_artifacts(model: LoadedModel) -> LoadedModel:
    """The bare base of a model, whose artifacts are given up."""
    bare = without_adapters(model)
    return replace(bare, vectors={}) if bare.vectors else bare
