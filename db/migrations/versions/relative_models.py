"""A model folder that lies in the data folder is named from there, so that the data folder can be moved."""

import os
from pathlib import Path

import sqlalchemy as sa
from alembic import context, op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

IN_DATA = "data:"


def upgrade() -> None:
    """Paths below the data folder become names; others stay as they are, to be read where they lie."""
    bind, root = op.get_bind(), context.config.attributes.get("files")
    for table in ("run", "comparison"):
        rows = sa.table(table, sa.column("model"))
        for model in bind.scalars(sa.select(rows.c.model).distinct()).all():
            if (name := _name(model, root)) != model:
                bind.execute(rows.update().where(rows.c.model == model).values(model=name))


def _name(model: str, root: Path | None) -> str:
    for inside, folder in ((Path(os.path.normpath(model)), root), (Path(model).resolve(), root.resolve() if root is not None else None)):
        if folder is not None and Path(model).is_absolute() and inside.is_relative_to(folder):
            return f"{IN_DATA}{inside.relative_to(folder).as_posix()}"
    return model
