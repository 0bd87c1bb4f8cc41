"""Faults of the outside in words: what libraries raise while they read files of a model or an adapter. Imports no torch.

Whatever goes wrong inside such a call goes wrong over files that came from elsewhere, so it is never called a mistake in the program.
"""

import contextlib
import errno
from collections.abc import Iterator

from core.errors import AdapterError, DamagedModelError, DiskFullError, ModelError, StudioError, UnreachableError, UnsupportedModelError, first_line

_NET = ("httpx", "httpcore", "httpx2", "requests", "urllib3")  # their connection errors have no base class in common
_UNKNOWN = ("does not recognize this architecture", "Unrecognized configuration class", "Unrecognized model", "should have a `model_type`")
_SHAPES = ("size mismatch", "mismatched sizes", "ignore_mismatched_sizes")
_FULL = ("No space left on device", "Disk quota exceeded")  # to libraries that write without Python
_NO_MEMORY = ("can't allocate memory", "not enough memory")


@contextlib.contextmanager
def outside_in_words(name: str, adapter: bool = False) -> Iterator[None]:
    """Turn what is raised within this block, which does nothing but read files from elsewhere, into an error that says what to do.

    Args:
        name: Of the model, as people know it.
        adapter: Whether the files are an adapter's for that model.
    """
    try:
        yield
    except (StudioError, MemoryError, Warning):
        raise
    except OSError as error:
        raise from_system(error, name) from error
    except Exception as error:
        if _is_memory(error):
            raise
        raise (_of_adapter if adapter else _of_model)(error, name) from error


def is_disk_full(error: BaseException) -> bool:
    """Whether something could not be written because the disk is full, or the share of it that this user may fill."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    if isinstance(error, StudioError):
        return error.kind == DiskFullError.kind  # one that another process told is of no class but the base
    return type(error).__module__.partition(".")[0].startswith("safetensors") and any(words in str(error) for words in _FULL)


def from_system(error: OSError, name: str) -> StudioError:
    """What the system refused, with its remedy."""
    where = error.filename or name
    if is_disk_full(error):
        return DiskFullError(f"The disk is full: {name} could not be read or kept ({where}). Free some space and try again.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return ModelError(f"{where} may not be read by this program. Give it the right to read the files of {name}, or choose another model.")
    if error.errno is not None:
        return ModelError(f"{where} cannot be read: {error.strerror}. Check the files of {name}, or choose another model.")
    return ModelError(f"{name} could not be loaded as a causal language model: {_said(error)} Choose another model.")


def is_network(error: BaseException) -> bool:
    """Whether a client of the network could not reach the other side, or did not understand its answer."""
    return type(error).__module__.partition(".")[0] in _NET


def _is_memory(error: Exception) -> bool:
    return type(error).__name__ == "OutOfMemoryError" or any(words in str(error) for words in _NO_MEMORY)


def _said(error: Exception) -> str:
    """A library's own words as a sentence; where they only begin in their first line, with the next one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = " ".join(lines[: 2 if lines[0].endswith(":") else 1])[:300] if lines else type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _of_model(error: Exception, name: str) -> StudioError:
    text = str(error)
    if is_network(error):
        return UnreachableError(f"The place that {name} comes from cannot be reached ({first_line(error)}). Connect to the network and try again.")
    if any(words in text for words in _SHAPES):
        return DamagedModelError(f"The weights of {name} have other shapes than its config.json says. Fetch config and weights anew, from the same place.")
    if "backend tokenizer" in text:
        return DamagedModelError(f"{name} has no tokenizer that can be read. Put the tokenizer.json that belongs to it into its folder.")
    if isinstance(error, ImportError):
        return UnsupportedModelError(f"{name} needs a package that is not installed here: {_said(error)} Choose another model.")
    if any(words in text for words in _UNKNOWN):
        return UnsupportedModelError(f"{name} is of an architecture that cannot be trained here: {_said(error)} Choose another model.")
    if type(error).__name__ == "SafetensorError":
        return DamagedModelError(f"The weights of {name} are damaged: {_said(error)} Fetch them again.")
    return ModelError(f"{name} could not be loaded as a causal language model: {type(error).__name__}: {_said(error)} Choose another model.")


def _of_adapter(error: Exception, name: str) -> StudioError:
    if any(words in str(error) for words in _SHAPES):
        return AdapterError(
            f"The adapter does not fit {name}: its weights have other shapes than its adapter_config.json and the model say. "
            "Choose the model it was trained on, or fetch its files again."
        )
    return AdapterError(f"The adapter does not fit {name}: {_said(error)} Choose the model it was trained on.")
