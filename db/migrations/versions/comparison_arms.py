"""A stored comparison names its model and its arms, and a reply the arm it is of."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# What was stored as the method of a reply, and the key of the arm that it is now of.
KEYS = {"base+constitution": "prompt", "aligned+constitution": "sami", "aligned": "sami-alone"}

comparison = sa.table(
    "comparison",
    sa.column("id", sa.Text()),
    sa.column("run_id", sa.Integer()),
    sa.column("sampling", sa.JSON()),
    sa.column("model", sa.Text()),
    sa.column("revision", sa.Text()),
    sa.column("four_bit", sa.Boolean()),
    sa.column("arms", sa.JSON()),
)
run = sa.table(
    "run",
    sa.column("id", sa.Integer()),
    sa.column("model", sa.Text()),
    sa.column("revision", sa.Text()),
    sa.column("config", sa.JSON()),
    sa.column("adapter_path", sa.Text()),
    sa.column("adapter_sha256", sa.Text()),
)


def upgrade() -> None:
    """Take the model out of a comparison's sampling or its run, write out the arms it had, and name its replies by them."""
    op.add_column("comparison", sa.Column("model", sa.Text()))
    op.add_column("comparison", sa.Column("revision", sa.Text()))
    op.add_column("comparison", sa.Column("four_bit", sa.Boolean()))
    op.add_column("comparison", sa.Column("arms", sa.JSON()))
    _convert_comparisons()
    with op.batch_alter_table("comparison") as table:
        for name, kind in (("model", sa.Text()), ("four_bit", sa.Boolean()), ("arms", sa.JSON())):
            table.alter_column(name, existing_type=kind, nullable=False)
    op.execute("ALTER TABLE reply RENAME COLUMN method TO arm")  # on both databases the primary key goes with it
    reply = sa.table("reply", sa.column("arm", sa.Text()))
    for old, new in KEYS.items():
        op.execute(reply.update().where(reply.c.arm == old).values(arm=new))


def _convert_comparisons() -> None:
    connection = op.get_bind()
    runs = {row.id: row for row in connection.execute(sa.select(run))}
    for row in connection.execute(sa.select(comparison.c.id, comparison.c.run_id, comparison.c.sampling)).all():
        sampling = dict(row.sampling)
        model = sampling.pop("model", "")  # only a comparison without a run held it there
        values = {"sampling": sampling, "model": model, "revision": None, "four_bit": False, "arms": _arms(None)}
        if row.run_id is not None:
            of = runs[row.run_id]
            adapter = {"kind": "adapter", "place": of.adapter_path or "", "sha256": of.adapter_sha256 or ""}
            values |= {"model": of.model, "revision": of.revision, "four_bit": bool(of.config.get("four_bit", False)), "arms": _arms(adapter)}
        connection.execute(comparison.update().where(comparison.c.id == row.id).values(**values))


def _arms(adapter: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    plain = [_arm("base", False, None), _arm("prompt", True, None)]
    return plain if adapter is None else [*plain, _arm("sami", True, adapter), _arm("sami-alone", False, adapter)]


def _arm(key: str, in_prompt: bool, adapter: Mapping[str, Any] | None) -> dict[str, Any]:
    settings = {} if adapter is None else {"strength": 1.0}
    return {"key": key, "method": key, "in_prompt": in_prompt, "artifact": adapter, "settings": settings}
