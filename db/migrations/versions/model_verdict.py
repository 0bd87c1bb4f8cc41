"""Verdicts of models on the replies of a run."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "model_verdict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("follows", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("first_answer", sa.Text(), nullable=False),
        sa.Column("second_answer", sa.Text(), nullable=False),
        sa.Column("first_ms", sa.Integer(), nullable=True),
        sa.Column("second_ms", sa.Integer(), nullable=True),
        sa.Column("tokens_in", sa.Integer(), nullable=True),
        sa.Column("tokens_out", sa.Integer(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_model_verdict_run_id_run"),
        sa.PrimaryKeyConstraint("id", name="pk_model_verdict"),
        sa.UniqueConstraint("run_id", "shown", "address", "model", "wording", name="uq_model_verdict_run_id_shown_address_model_wording"),
    )
