"""What people pick as readers in the laboratory."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "card_pick",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("pick", sa.Integer(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_card_pick_job_id_job"),
        sa.PrimaryKeyConstraint("id", name="pk_card_pick"),
        sa.UniqueConstraint("request_key", name="uq_card_pick_request_key"),
    )
    op.create_index("ix_card_pick_job_id_who", "card_pick", ["job_id", "who"])
