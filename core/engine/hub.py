"""Fetching a model's files from the Hugging Face Hub: safetensors and what goes with them, never pickles or code."""

import errno
from pathlib import Path

from core.engine.default_model import OnProgress
from core.engine.faults import from_system, is_network
from core.errors import ModelError, UnreachableError, first_line

ANSWER_S = 4.0  # for the Hub to begin to answer; then the cache of this machine is asked

_SMALL_FILES = ["*.json", "*.jinja", "*.model", "*.txt"]
_WEIGHT_FILES = ["*.safetensors", *_SMALL_FILES]


def fetch(model: str, revision: str | None, on_progress: OnProgress, *, weights: bool = True) -> Path:
    """Fetch a model's files, or find them in this machine's cache where the Hub cannot be reached.

    Args:
        model: `org/name`.
        revision: A commit, tag or branch; None: the newest commit.
        on_progress: Told what is being fetched and the share done.
        weights: Whether they are fetched too.

    Returns:
        The folder that holds them, which has the name of their commit.

    Raises:
        ModelError: There is no such model, it has no safetensors, or its terms were not accepted.
        UnreachableError: It is neither reachable nor in the cache.
        DiskFullError: There is no room to keep it.
    """
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        return _from_hub(model, revision, on_progress, _WEIGHT_FILES if weights else _SMALL_FILES)
    except GatedRepoError as error:
        raise ModelError(f"{model} is given only to those who accept its terms. Accept them on its page of the Hub, set HF_TOKEN, and try again.") from error
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise ModelError(f"The Hub has no model {model!r} at revision {revision or 'main'} (or it is private). Check the spelling.") from error
    except (HfHubHTTPError, LocalEntryNotFoundError) as error:
        return _from_cache(model, revision, error)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS):
            raise from_system(error, model) from error
        return _from_cache(model, revision, error)
    except Exception as error:
        if not (is_network(error) or isinstance(error, (ValueError, KeyError, TypeError))):  # the latter: the answer of something that is not the Hub
            raise
        return _from_cache(model, revision, error)


def _from_hub(model: str, revision: str | None, on_progress: OnProgress, patterns: list[str]) -> Path:
    from huggingface_hub import HfApi, snapshot_download

    on_progress(f"looking up {model}", 0.0)
    info = HfApi().model_info(model, revision=revision, timeout=ANSWER_S)
    if not any(entry.rfilename.endswith(".safetensors") for entry in info.siblings or []):
        raise ModelError(f"{model} has no .safetensors weights; pickled weights can run code and are never loaded. Choose another model.")
    on_progress(f"fetching {model}", 0.05)
    return Path(snapshot_download(model, revision=info.sha, allow_patterns=patterns))


def _from_cache(model: str, revision: str | None, cause: Exception) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, revision=revision, allow_patterns=_WEIGHT_FILES, local_files_only=True))
    except LocalEntryNotFoundError:
        unread = isinstance(cause, (ValueError, KeyError, TypeError))
        said = "its answer cannot be read; a proxy or a login page may stand before it" if unread else first_line(cause)
        raise UnreachableError(
            f"The Hub cannot be reached to fetch {model} ({said}), and it is not in this machine's cache. "
            "Connect to the network, or choose the default model or a local folder."
        ) from cause
