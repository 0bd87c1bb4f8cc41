"""A run is one kind of job, its files have store keys instead of paths, and a machine is a place that attempts are sent to."""

from pathlib import Path

import sqlalchemy as sa
from alembic import context, op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOVED = (  # columns that every job has
    *("status", "owner", "owner_identity", "attempt", "crashes", "lease_until", "heartbeat_at", "cancel_requested"),
    *("phase", "step", "total_steps", "eta_s", "checkpoint", "error_kind", "error_text", "notice"),
    *("requested_by", "request_key", "created_at", "queued_at", "started_at", "finished_at"),
)


def upgrade() -> None:
    """Each run keeps its id, which becomes that of its job."""
    _create_job()
    _fill_job()
    with op.batch_alter_table("run") as batch:
        batch.drop_index("ix_run_status_queued_at")
        batch.drop_constraint("uq_run_request_key", type_="unique")
        batch.drop_constraint(op.f("ck_run_status"), type_="check")
        for name in MOVED:
            batch.drop_column(name)
        batch.alter_column("adapter_path", new_column_name="adapter", existing_type=sa.Text())
        batch.create_foreign_key("fk_run_id_job", "job", ["id"], ["id"])
    _name_by_key()
    _make_machine_a_place()


def _create_job() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        *_claim_columns(),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("total_steps", sa.Integer(), nullable=False),
        sa.Column("eta_s", sa.Double(), nullable=True),
        sa.Column("checkpoint", sa.Text(), nullable=True),
        sa.Column("error_kind", sa.Text(), nullable=True),
        sa.Column("error_text", sa.Text(), nullable=True),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        sa.UniqueConstraint("request_key", name="uq_job_request_key"),
        sa.CheckConstraint("status IN ('queued', 'running', 'stopped', 'failed', 'finished')", name=op.f("ck_job_status")),
    )
    op.create_index("ix_job_status_queued_at", "job", ["status", "queued_at"])


def _claim_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("owner_identity", sa.JSON(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
    ]


def _fill_job() -> None:
    run, job = sa.table("run", *map(sa.column, ("id", *MOVED))), sa.table("job", *map(sa.column, ("id", "kind", "spec", *MOVED)))
    moved = sa.select(run.c.id, sa.literal("train", sa.Text()), sa.literal({}, sa.JSON()), *(run.c[name] for name in MOVED))
    op.execute(job.insert().from_select(["id", "kind", "spec", *MOVED], moved))
    if op.get_bind().dialect.name == "postgresql":  # ids are counted by the job from now on
        op.execute("SELECT setval(pg_get_serial_sequence('job', 'id'), (SELECT max(id) FROM job)) WHERE EXISTS (SELECT FROM job)")
        op.execute("ALTER TABLE run ALTER COLUMN id DROP DEFAULT")
        op.execute("DROP SEQUENCE run_id_seq")


def _name_by_key() -> None:
    """Paths below the data folder become keys; others stay as they are, to be read where they lie."""
    bind, root = op.get_bind(), context.config.attributes.get("files")
    for table, column in (("run", "adapter"), ("job", "checkpoint")):
        rows = sa.table(table, sa.column("id"), sa.column(column))
        for row_id, path in bind.execute(sa.select(rows.c.id, rows.c[column]).where(rows.c[column].is_not(None))).all():
            bind.execute(rows.update().where(rows.c.id == row_id).values({column: _key(path, root)}))
    comparison = sa.table("comparison", sa.column("id"), sa.column("arms", sa.JSON()))
    for row_id, arms in bind.execute(sa.select(comparison.c.id, comparison.c.arms)).all():
        for arm in arms:
            if arm["artifact"] is not None:
                arm["artifact"]["place"] = _key(arm["artifact"]["place"], root)
        bind.execute(comparison.update().where(comparison.c.id == row_id).values(arms=arms))


def _key(path: str, root: Path | None) -> str:
    for inside, folder in ((Path(path), root), (Path(path).resolve(), root.resolve() if root is not None else None)):
        if folder is not None and inside.is_absolute() and inside.is_relative_to(folder):
            return inside.relative_to(folder).as_posix()
    return path


def _make_machine_a_place() -> None:
    op.execute("ALTER TABLE machine RENAME COLUMN host TO place")
    op.add_column("machine", sa.Column("served_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE machine SET served_at = measured_at")
    with op.batch_alter_table("machine") as batch:
        batch.alter_column("served_at", existing_type=sa.DateTime(timezone=True), nullable=False)
