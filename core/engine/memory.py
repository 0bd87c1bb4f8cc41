"""The several ways of running out of memory, as one error that says what to do."""

import contextlib
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
