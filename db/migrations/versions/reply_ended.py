"""A stored reply remembers its length, and whether it ended or was cut."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns; of replies stored before, neither is known."""
    op.add_column("reply", sa.Column("tokens", sa.Integer(), nullable=True))
    op.add_column("reply", sa.Column("ended", sa.Boolean(), nullable=True))
