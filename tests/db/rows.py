"""Everything that a database of either kind holds, to be compared with what it held before."""

from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, select

only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def dump(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables that are there, whatever their columns."""
    tables = MetaData()
    with engine.begin() as connection:
        tables.reflect(connection)
        return {table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr) for table in tables.sorted_tables}
