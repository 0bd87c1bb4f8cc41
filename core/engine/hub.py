"""Fetching a model's files from the Hugging Face Hub: safetensors and what goes with them, never pickles or code."""

from pathlib import Path

from core.engine.default_model import OnProgress
from core.errors import ModelError, first_line

_WEIGHT_FILES = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt"]


def fetch(model: str, revision: str | None, on_progress: OnProgress) -> Path:
    """Fetch a model's files, or find them in this machine's cache where the Hub cannot be reached.

    Args:
        model: `org/name`.
        revision: A commit, tag or branch; None: the newest commit.
        on_progress: Told what is being fetched and the share done.

    Returns:
        The folder that holds them, which has the name of their commit.

    Raises:
        ModelError: There is no such model, it has no safetensors, or it is neither reachable nor in the cache.
    """
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, RepositoryNotFoundError, RevisionNotFoundError

    on_progress(f"looking up {model}", 0.0)
    try:
        info = HfApi().model_info(model, revision=revision, timeout=15)
        names = [entry.rfilename for entry in info.siblings or []]
        if not any(name.endswith(".safetensors") for name in names):
            raise ModelError(f"{model} has no .safetensors weights; pickled weights can run code and are never loaded. Choose another model.")
        on_progress(f"fetching {model}", 0.05)
        folder = snapshot_download(model, revision=info.sha, allow_patterns=_WEIGHT_FILES)
        return Path(folder)
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise ModelError(f"The Hub has no model {model!r} at revision {revision or 'main'} (or it is private). Check the spelling.") from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
        return _from_cache(model, revision, error)
    except Exception as error:  # the HTTP client's own connection errors have no common base with the above
        if type(error).__module__.split(".")[0] not in ("httpx", "httpcore", "httpx2", "requests", "urllib3"):
            raise
        return _from_cache(model, revision, error)


def _from_cache(model: str, revision: str | None, cause: Exception) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, revision=revision, allow_patterns=_WEIGHT_FILES, local_files_only=True))
    except LocalEntryNotFoundError:
        raise ModelError(
            f"The Hub cannot be reached to fetch {model} ({first_line(cause)}), and it is not in this machine's cache. "
            "Connect to the network, or choose the default model or a local folder."
        ) from cause
