"""Conflicts between two principles are kept with their replies, and what is deleted of them or of checks leaves its number."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; checks get a column that is empty for all there are."""
    op.create_table(
        "conflicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("query_set_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("second", sa.Integer(), nullable=False),
        sa.Column("queries", sa.Integer(), nullable=False),
        sa.Column("replies", sa.JSON(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["query_set_id"], ["query_set.id"], name="fk_conflicts_query_set_id_query_set"),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name="fk_conflicts_version_id_version"),
        sa.PrimaryKeyConstraint("id", name="pk_conflicts"),
        sa.UniqueConstraint("request_key", name="uq_conflicts_request_key"),
    )
    op.create_index("ix_conflicts_version_id", "conflicts", ["version_id"])
    op.add_column("checks", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
