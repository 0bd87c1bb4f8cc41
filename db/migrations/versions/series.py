"""Runs that were asked for by one click, and differ in their seed alone, know each other."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; every run from before was asked for alone."""
    op.add_column("run", sa.Column("series", sa.Text(), nullable=True))
    op.create_index("ix_run_series", "run", ["series"])
