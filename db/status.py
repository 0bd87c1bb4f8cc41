"""Where a job stands, and how that is kept."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from sqlalchemy import Dialect, Enum, TypeDecorator


class JobStatus(StrEnum):
    """Where a job stands. The first two are pending, the last three final until someone resumes."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"
    FINISHED = "finished"
    UNREADABLE = "unreadable"  # never stored: what is read of a row that holds none of the others


class Status(TypeDecorator[JobStatus]):
    """A text column with a CHECK rather than a native type: a new member is then an ordinary migration on both databases."""

    impl = Enum(*(s.value for s in JobStatus if s is not JobStatus.UNREADABLE), native_enum=False, create_constraint=True, length=16, name="status")
    cache_ok = True

    def process_bind_param(self, value: JobStatus | None, dialect: Dialect) -> str | None:
        return None if value is None else JobStatus(value).value

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], JobStatus | None]:
        return lambda value: None if value is None else _STATUSES.get(value, JobStatus.UNREADABLE)


_STATUSES = {status.value: status for status in JobStatus}
