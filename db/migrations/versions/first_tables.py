"""The first tables, and the triggers that make versions insert-only."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table. A later migration that rebuilds `version` on SQLite must create its triggers again."""
    _create_writing()
    _create_query_set()
    _create_run()
    _create_what_runs_report()
    _create_comparisons()
    _create_machine()
    _make_versions_insert_only()


def _create_writing() -> None:
    op.create_table(
        "constitution",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("blurb", sa.Text(), nullable=False),
        sa.Column("starter", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_constitution"),
    )
    op.create_table(
        "principle",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("constitution_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_principle"),
        sa.ForeignKeyConstraint(["constitution_id"], ["constitution.id"], name="fk_principle_constitution_id_constitution"),
    )
    _create_version()
    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("constitution_id", sa.Integer(), nullable=False),
        sa.Column("editor", sa.Text(), nullable=False),
        sa.Column("base_version_id", sa.Integer(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
        sa.ForeignKeyConstraint(["base_version_id"], ["version.id"], name="fk_draft_base_version_id_version"),
        sa.ForeignKeyConstraint(["constitution_id"], ["constitution.id"], name="fk_draft_constitution_id_constitution"),
        sa.UniqueConstraint("constitution_id", "editor", name="uq_draft_constitution_id_editor"),
    )


def _create_version() -> None:
    op.create_table(
        "version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("constitution_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_version"),
        sa.ForeignKeyConstraint(["constitution_id"], ["constitution.id"], name="fk_version_constitution_id_constitution"),
        sa.ForeignKeyConstraint(["parent_id"], ["version.id"], name="fk_version_parent_id_version"),
        sa.UniqueConstraint("constitution_id", "number", name="uq_version_constitution_id_number"),
    )


def _create_query_set() -> None:
    op.create_table(
        "query_set",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("split_sizes", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_query_set"),
        sa.UniqueConstraint("name", "sha256", name="uq_query_set_name_sha256"),
    )


def _create_run() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("query_set_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=True),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        *_claim_columns(),
        *_progress_columns(),
        sa.Column("error_kind", sa.Text(), nullable=True),
        sa.Column("error_text", sa.Text(), nullable=True),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.Column("adapter_path", sa.Text(), nullable=True),
        sa.Column("adapter_sha256", sa.Text(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.ForeignKeyConstraint(["query_set_id"], ["query_set.id"], name="fk_run_query_set_id_query_set"),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name="fk_run_version_id_version"),
        sa.UniqueConstraint("request_key", name="uq_run_request_key"),
        sa.CheckConstraint("status IN ('queued', 'running', 'stopped', 'failed', 'finished')", name=op.f("ck_run_status")),
    )
    op.create_index("ix_run_status_queued_at", "run", ["status", "queued_at"])
    op.create_index("ix_run_version_id", "run", ["version_id"])


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


def _progress_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("total_steps", sa.Integer(), nullable=False),
        sa.Column("eta_s", sa.Double(), nullable=True),
        sa.Column("checkpoint", sa.Text(), nullable=True),
    ]


def _create_what_runs_report() -> None:
    op.create_table(
        "run_metric",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "name", "step", name="pk_run_metric"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_run_metric_run_id_run"),
    )
    op.create_table(
        "run_sample",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "step", "position", "side", name="pk_run_sample"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_run_sample_run_id_run"),
    )


def _create_comparisons() -> None:
    op.create_table(
        "comparison",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("sampling", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_comparison"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_comparison_run_id_run"),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name="fk_comparison_version_id_version"),
    )
    op.create_index("ix_comparison_run_id_created_at", "comparison", ["run_id", "created_at"])
    op.create_table(
        "reply",
        sa.Column("comparison_id", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("adapter_sha256", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("token_scores", sa.JSON(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("comparison_id", "method", name="pk_reply"),
        sa.ForeignKeyConstraint(["comparison_id"], ["comparison.id"], name="fk_reply_comparison_id_comparison"),
    )


def _create_machine() -> None:
    op.create_table(
        "machine",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("hardware", sa.JSON(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_machine"),
    )


def _make_versions_insert_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE TRIGGER version_no_update BEFORE UPDATE ON version BEGIN SELECT RAISE(ABORT, 'versions are insert-only'); END")
        op.execute("CREATE TRIGGER version_no_delete BEFORE DELETE ON version BEGIN SELECT RAISE(ABORT, 'versions are insert-only'); END")
        return
    op.execute("CREATE FUNCTION refuse_version_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'versions are insert-only'; END $$")
    op.execute("CREATE TRIGGER version_no_change BEFORE UPDATE OR DELETE ON version FOR EACH ROW EXECUTE FUNCTION refuse_version_change()")
    op.execute("CREATE TRIGGER version_no_truncate BEFORE TRUNCATE ON version FOR EACH STATEMENT EXECUTE FUNCTION refuse_version_change()")
