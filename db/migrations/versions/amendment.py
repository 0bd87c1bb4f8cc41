"""Citations and amendments: the addresses that constitutions are cited by, who may do what with one, and proposed changes with all that is said of them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables. Constitutions from before are given their address when it is first asked for."""
    op.create_table(
        "address",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("constitution_id", sa.Integer(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["constitution_id"], ["constitution.id"], name="fk_address_constitution_id_constitution"),
        sa.PrimaryKeyConstraint("slug", name="pk_address"),
        sa.UniqueConstraint("constitution_id", "base", name="uq_address_constitution_id_base"),
    )
    op.create_table(
        "role",
        sa.Column("constitution_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["constitution_id"], ["constitution.id"], name="fk_role_constitution_id_constitution"),
        sa.PrimaryKeyConstraint("constitution_id", "key", name="pk_role"),
    )
    _create_amendment()
    _create_what_is_said()


def _create_amendment() -> None:
    op.create_table(
        "amendment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("constitution_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("waiver", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["constitution_id"], ["constitution.id"], name="fk_amendment_constitution_id_constitution"),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name="fk_amendment_version_id_version"),
        sa.PrimaryKeyConstraint("id", name="pk_amendment"),
        sa.UniqueConstraint("request_key", name="uq_amendment_request_key"),
    )
    op.create_index("ix_amendment_constitution_id", "amendment", ["constitution_id"])
    op.create_table(
        "amendment_text",
        sa.Column("amendment_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("base_version_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["amendment_id"], ["amendment.id"], name="fk_amendment_text_amendment_id_amendment"),
        sa.ForeignKeyConstraint(["base_version_id"], ["version.id"], name="fk_amendment_text_base_version_id_version"),
        sa.PrimaryKeyConstraint("amendment_id", "revision", name="pk_amendment_text"),
    )


def _create_what_is_said() -> None:
    op.create_table(
        "amendment_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("amendment_id", sa.Integer(), nullable=False),
        sa.Column("principle", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["amendment_id"], ["amendment.id"], name="fk_amendment_comment_amendment_id_amendment"),
        sa.PrimaryKeyConstraint("id", name="pk_amendment_comment"),
        sa.UniqueConstraint("request_key", name="uq_amendment_comment_request_key"),
    )
    op.create_index("ix_amendment_comment_amendment_id", "amendment_comment", ["amendment_id"])
    _create_approval_and_evidence()


def _create_approval_and_evidence() -> None:
    op.create_table(
        "amendment_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("amendment_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["amendment_id"], ["amendment.id"], name="fk_amendment_approval_amendment_id_amendment"),
        sa.PrimaryKeyConstraint("id", name="pk_amendment_approval"),
        sa.UniqueConstraint("amendment_id", "revision", "who", name="uq_amendment_approval_amendment_id_revision_who"),
    )
    op.create_table(
        "amendment_evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("amendment_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("old_run", sa.Integer(), nullable=False),
        sa.Column("new_run", sa.Integer(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["amendment_id"], ["amendment.id"], name="fk_amendment_evidence_amendment_id_amendment"),
        sa.PrimaryKeyConstraint("id", name="pk_amendment_evidence"),
        sa.UniqueConstraint("amendment_id", "request_key", name="uq_amendment_evidence_amendment_id_request_key"),
    )
