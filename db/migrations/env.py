"""Run by Alembic inside the transaction that `db.schema` opened."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator

from db.address_table import Address
from db.amendment_tables import Amendment
from db.conflict_table import Conflict
from db.mark_tables import Mark
from db.pick_table import CardPick
from db.verdict_table import ModelVerdict

# Which all classes share; these stand in modules of their own.
(METADATA,) = {Mark.metadata, CardPick.metadata, Conflict.metadata, ModelVerdict.metadata, Address.metadata, Amendment.metadata}


def _render_plain(kind: str, item: object, autogenerate: Any) -> str | Literal[False]:
    """Write our column types into a new migration as what they are in the database, so that it never changes with our code."""
    return f"sa.{item.impl_instance!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    render_item=_render_plain,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
