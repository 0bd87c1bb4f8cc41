"""Checks before a run are kept with their replies, and a mark is of a run or of a check."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of checks; marks from before stay what they are, of a run each."""
    op.create_table(
        "checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("query_set_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("replies", sa.JSON(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["query_set_id"], ["query_set.id"], name="fk_checks_query_set_id_query_set"),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name="fk_checks_version_id_version"),
        sa.PrimaryKeyConstraint("id", name="pk_checks"),
        sa.UniqueConstraint("request_key", name="uq_checks_request_key"),
    )
    op.create_index("ix_checks_version_id", "checks", ["version_id"])
    with op.batch_alter_table("mark") as batch:
        batch.add_column(sa.Column("check_id", sa.Integer(), nullable=True))
        batch.alter_column("run_id", existing_type=sa.Integer(), nullable=True)
        batch.create_foreign_key("fk_mark_check_id_checks", "checks", ["check_id"], ["id"])
        batch.create_check_constraint(op.f("ck_mark_run_or_check"), "(run_id IS NULL) <> (check_id IS NULL)")
        batch.create_index("ix_mark_check_id_principle_who", ["check_id", "principle", "who"])
