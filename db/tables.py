"""The mapped classes. Rows are read by their plain columns; what belongs together is fetched by the functions of this layer."""

import json
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from db.columns import CleanText, Measure, Numbered, UtcDateTime, Whole
from db.status import JobStatus, Status


class Base(DeclarativeBase):
    """Named constraints, so that later migrations can find them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: CleanText,
        int: Whole,
        float: Measure,
        datetime: UtcDateTime,
        dict[str, Any]: JSON(none_as_null=True),
        list[dict[str, Any]]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
        JobStatus: Status(),
    }


class Constitution(Base):
    """A constitution as a thing people list, rename and archive. Its texts live in drafts and versions."""

    __tablename__ = "constitution"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    blurb: Mapped[str] = mapped_column(default="")  # one line on what it shows
    starter: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    request_key: Mapped[str | None] = mapped_column(unique=True, index=True)  # one a click; unknown of those made before it was kept


class Principle(Base):
    """An identity that lasts across versions, reorderings and forks."""

    __tablename__ = "principle"

    id: Mapped[str] = mapped_column(primary_key=True)  # uuid4, hexadecimal
    constitution_id: Mapped[int] = mapped_column(ForeignKey("constitution.id"))  # where it was first written
    created_at: Mapped[datetime]


class Version(Base):
    """One immutable state of a constitution. Triggers refuse UPDATE and DELETE."""

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("constitution_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    constitution_id: Mapped[int] = mapped_column(ForeignKey("constitution.id"))
    number: Mapped[int] = mapped_column(Numbered)  # 1, 2, 3 … within the constitution
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("version.id"))
    message: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[datetime]
    content_text: Mapped[str] = mapped_column("content")  # canonical JSON: text, because the hash is over these very bytes
    sha256: Mapped[str]

    @property
    def content(self) -> dict[str, Any]:
        """The content as plain data: `{"name": …, "principles": […]}`."""
        data: dict[str, Any] = json.loads(self.content_text)
        return data


class Draft(Base):
    """What one editor is writing, and the version it was based on."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("constitution_id", "editor"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    constitution_id: Mapped[int] = mapped_column(ForeignKey("constitution.id"))
    editor: Mapped[str]
    base_version_id: Mapped[int | None] = mapped_column(ForeignKey("version.id"))
    content: Mapped[dict[str, Any]]
    revision: Mapped[int] = mapped_column(Whole)  # grows by one with every save; a save must name the one it saw
    updated_at: Mapped[datetime]


class QuerySet(Base):
    """Queries to train on and to hold out: rows of `{"query": …, "split": …}`."""

    __tablename__ = "query_set"
    __table_args__ = (UniqueConstraint("name", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    source: Mapped[str]
    rows: Mapped[list[dict[str, Any]]]
    split_sizes: Mapped[dict[str, Any]]  # split -> number of queries, so that a list need not read the rows
    sha256: Mapped[str]
    created_at: Mapped[datetime]


class Job(Base):
    """Work that waits for a trainer. While it runs it belongs to (owner, attempt): every write of the trainer names both."""

    __tablename__ = "job"
    __table_args__ = (Index(None, "status", "queued_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]  # what an attempt at it does
    spec: Mapped[dict[str, Any]]  # what is asked for, where the kind has no table of its own for it
    status: Mapped[JobStatus] = mapped_column(default=JobStatus.QUEUED)
    owner: Mapped[str | None]
    owner_identity: Mapped[dict[str, Any] | None]  # by which a launcher tells a dead owner from a slow one
    attempt: Mapped[int] = mapped_column(Whole, default=0)
    crashes: Mapped[int] = mapped_column(Whole, default=0)  # attempts that died in a row without a new checkpoint
    lease_until: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    phase: Mapped[str] = mapped_column(default="")
    step: Mapped[int] = mapped_column(Whole, default=0)
    total_steps: Mapped[int] = mapped_column(Whole, default=0)
    eta_s: Mapped[float | None]
    checkpoint: Mapped[str | None]  # store key of the newest one that can be resumed from
    error_kind: Mapped[str | None]
    error_text: Mapped[str | None]
    notice: Mapped[str | None]  # what a reader should know that is no error
    requested_by: Mapped[str]
    request_key: Mapped[str] = mapped_column(unique=True)  # one a click, so that a second click is the same job
    created_at: Mapped[datetime]
    queued_at: Mapped[datetime]  # place in the queue: renewed by a resume, kept by a rescue
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Run(Base):
    """What only a job that trains has: what is asked for, and what came of it."""

    __tablename__ = "run"
    __table_args__ = (Index(None, "version_id"), Index(None, "series"))

    id: Mapped[int] = mapped_column(ForeignKey("job.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    query_set_id: Mapped[int] = mapped_column(ForeignKey("query_set.id"))
    model: Mapped[str]
    revision: Mapped[str | None]  # of the model; known once it is resolved
    config: Mapped[dict[str, Any]]
    adapter: Mapped[str | None]  # store key
    adapter_sha256: Mapped[str | None]
    result: Mapped[dict[str, Any] | None]
    series: Mapped[str | None]  # the same of runs that were asked for together and differ in their seed; None: asked for alone

    job: Mapped[Job] = relationship(lazy="joined", innerjoin=True)


class RunMetric(Base):
    """One number at one step. NULL means it could not be scored."""

    __tablename__ = "run_metric"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float | None]


class RunSample(Base):
    """A reply sampled during training."""

    __tablename__ = "run_sample"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    query: Mapped[str]
    text: Mapped[str]


class Comparison(Base):
    """One query put to several arms with the same seed and sampling, kept under a link."""

    __tablename__ = "comparison"
    __table_args__ = (Index(None, "run_id", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)  # a token that cannot be guessed
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    model: Mapped[str]
    revision: Mapped[str | None]
    four_bit: Mapped[bool]
    arms: Mapped[list[dict[str, Any]]]  # in the order in which they are shown
    query: Mapped[str]
    side: Mapped[str]
    seed: Mapped[int] = mapped_column(BigInteger)
    sampling: Mapped[dict[str, Any]]
    created_by: Mapped[str]
    created_at: Mapped[datetime]

    replies: Mapped[list["Reply"]] = relationship(back_populates="comparison", lazy="raise")


class Reply(Base):
    """What one arm answered."""

    __tablename__ = "reply"

    comparison_id: Mapped[str] = mapped_column(ForeignKey("comparison.id"), primary_key=True)
    arm: Mapped[str] = mapped_column(primary_key=True)  # its key, unique in the comparison
    adapter_sha256: Mapped[str | None]
    text: Mapped[str]
    done: Mapped[bool]
    tokens: Mapped[int | None] = mapped_column(Whole)  # with the end token; None where it was not recorded
    ended: Mapped[bool | None]  # False: cut at max_new_tokens
    error: Mapped[str | None]
    token_scores: Mapped[list[Any] | None]
    seed: Mapped[int] = mapped_column(BigInteger)

    comparison: Mapped[Comparison] = relationship(back_populates="replies", lazy="raise")


class Machine(Base):
    """What a place where attempts run has and how fast it is, measured once in a while for the estimates."""

    __tablename__ = "machine"

    place: Mapped[str] = mapped_column(primary_key=True)
    hardware: Mapped[dict[str, Any]]
    measured_at: Mapped[datetime]
    served_at: Mapped[datetime]  # when a trainer last sent work there


class User(Base):
    """A local account. Nothing points to it: what people wrote and asked for keeps their name when the account is gone."""

    __tablename__ = "users"

    key: Mapped[str] = mapped_column(primary_key=True)  # the name as `db.users.name_key` makes it: two that differ in case or width only are one
    name: Mapped[str]  # as it was given; editor of drafts, author of versions
    password_hash: Mapped[str]  # argon2, with its parameters and salt
    created_at: Mapped[datetime]


class AuditEntry(Base):
    """Who did what, when and from where. Triggers refuse UPDATE and DELETE."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "at"), Index(None, "what", "subject"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str]  # empty: nobody that the studio knows
    place: Mapped[str]  # address of the caller, or words
    what: Mapped[str]  # such as version.saved
    subject: Mapped[str]  # such as constitution 3
    outcome: Mapped[str]
    count: Mapped[int]  # how often, where several alike stand in one row
    detail: Mapped[dict[str, Any]]


class Trainer(Base):
    """A trainer that is there, and when it last said so. A claimed job has a lease besides: a trainer may well live longer than an attempt."""

    __tablename__ = "trainer"

    owner: Mapped[str] = mapped_column(primary_key=True)
    identity: Mapped[dict[str, Any]]
    seen_at: Mapped[datetime]
