"""Memory: what was freed is given back, and the several ways of running out are one error that says what to do."""

import contextlib
import ctypes
from collections.abc import Iterator

import torch

from core.errors import OutOfMemoryError


@contextlib.contextmanager
def memory_in_words(remedy: str) -> Iterator[None]:
    """Turn whatever says within this block that memory ran out into OutOfMemoryError.

    Args:
        remedy: What the person may do, as the error's text.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemoryError(remedy) from error
    except RuntimeError as error:
        if "can't allocate memory" in str(error) or "not enough memory" in str(error):  # PyTorch's CPU allocator has no class of its own
            raise OutOfMemoryError(remedy) from error
        raise


def give_back_freed() -> None:
    """Have the C library return to the system what was freed; glibc keeps it, in pieces that the next large tensors may not fit into."""
    with contextlib.suppress(OSError, AttributeError):  # no glibc
        ctypes.CDLL(None).malloc_trim(0)
