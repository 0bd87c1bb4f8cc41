"""A verdict of a model remembers how long the reply is that it is of."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of verdicts given before it is not known."""
    op.add_column("model_verdict", sa.Column("reply_words", sa.Integer(), nullable=True))
