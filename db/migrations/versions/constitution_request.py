"""A constitution remembers the request that made it, so that a second click makes no second one."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of constitutions made before, the request is not known."""
    op.add_column("constitution", sa.Column("request_key", sa.Text(), nullable=True))
    op.create_index("ix_constitution_request_key", "constitution", ["request_key"], unique=True)
