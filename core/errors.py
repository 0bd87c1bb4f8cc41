"""What a user can put right. Every message says what is wrong, the value, and the remedy.

Pages and the command line show these as they are; anything else is a bug of ours and is logged with its traceback.
"""


class StudioError(Exception):
    """Base class. `kind` is the stable name kept in a run's row and in JSON output."""

    kind = "error"


class ConstitutionError(StudioError):
    """A constitution that cannot be read, saved as a version, or trained on."""

    kind = "constitution"


class FileError(StudioError):
    """A file that cannot be read as what it should be."""

    kind = "file"


class QueryError(StudioError):
    """A query file that cannot be read, or too few queries for what is asked."""

    kind = "queries"


class ReplyError(StudioError):
    """A file of replies that cannot be read, or does not go with the constitution they are judged by."""

    kind = "replies"


class ConfigError(StudioError):
    """A setting outside its range, an unknown one, or one that does not go with what it is asked of."""

    kind = "config"

    def __init__(self, message: str, setting: str | None = None) -> None:
        super().__init__(message)
        self.setting = setting  # its name, where the error is about one alone


class ModelError(StudioError):
    """A model that cannot be found, fetched, or safely loaded."""

    kind = "model"


class DamagedModelError(ModelError):
    """A file of a model that is broken: cut off, empty, a Git LFS pointer, a web page, or not of the shape that its configuration says."""

    kind = "damaged"


class UnsupportedModelError(ModelError):
    """A model that is whole, but of a kind that cannot be trained here: quantised beforehand, not causal, of an unknown architecture."""

    kind = "unsupported"


class UnreachableError(ModelError):
    """A package index or the Hub that does not answer, or answers with something else."""

    kind = "unreachable"


class ContextError(StudioError):
    """A prompt that does not fit the context of the model."""

    kind = "context"


class AdapterError(StudioError):
    """An adapter folder that is missing, damaged, or made for another model."""

    kind = "adapter"


class ContrastError(StudioError):
    """Sampling left nothing to train on: empty, equal or looping responses."""

    kind = "contrast"


class LinkError(StudioError):
    """The base shows no initial link between principles and behaviour, which training needs."""

    kind = "link"


class ResultError(StudioError):
    """The figures that a run ended with could not be read back as they were meant."""

    kind = "result"


class OutOfMemoryError(StudioError):
    """The device or the machine has too little memory for this configuration."""

    kind = "memory"


class DiskFullError(StudioError):
    """The data folder has no room for what has to be written."""

    kind = "disk"


class WriterError(StudioError):
    """A model that was to propose a principle cannot be reached, refused, or gave nothing usable."""

    kind = "writer"


class JudgeError(StudioError):
    """A model that was to judge cannot be asked, or does not answer as it should."""

    kind = "judge"


class OverBudgetError(StudioError):
    """Something that was asked for took more time or memory than it may have, and was stopped."""

    kind = "budget"


class BusyError(StudioError):
    """Too much was asked for at one moment; a little later it works."""

    kind = "busy"


def first_line(error: BaseException) -> str:
    """A library's own words, short enough to stand in a message of ours."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
