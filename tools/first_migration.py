"""Write the first migration and the newest schema anew from the models, while nothing is released.

Run `python -m tools.first_migration` after a change to `oomdb/tables`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import UpgradeOps
from sqlalchemy import create_engine, create_mock_engine

from oomdb.store.schema import METADATA, build_metadata

MIGRATIONS = Path(__file__).parent.parent / "migrations"
FILE = MIGRATIONS / "versions/20261123_0001_tables.py"
NEWEST = MIGRATIONS / "newest.sql"
HEAD = '''"""Every table of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''


def main() -> None:
    """Write the migration that makes an empty database equal to the models."""
    with create_engine("duckdb:///:memory:").connect() as connection:
        context = MigrationContext.configure(connection)
        migration = produce_migrations(context, build_metadata(for_server=False))
        assert isinstance(migration.upgrade_ops, UpgradeOps)
        upgrade = render_python_code(migration.upgrade_ops, migration_context=context)
        downgrade = render_python_code(migration.downgrade_ops, migration_context=context)
    text = HEAD.format(upgrade=f"{upgrade}\n{server_objects()}", downgrade=downgrade)
    lines = [line for line in text.splitlines() if "# ###" not in line]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(FILE)], check=True)
    NEWEST.write_text(newest_schema(), encoding="utf-8")


def server_objects() -> str:
    """The statements of a migration that make what PostgreSQL alone has: keys and indexes."""
    lines = ['    if op.get_bind().dialect.name == "postgresql":']
    for table in METADATA.sorted_tables:
        for key in sorted(table.foreign_key_constraints, key=lambda one: str(one.name)):
            columns, names = key.column_keys, [one.column.name for one in key.elements]
            parent = key.referred_table.name
            lines.append(
                f"        op.create_foreign_key({str(key.name)!r}, {table.name!r}, {parent!r},"
                f' {columns}, {names}, deferrable=True, initially="DEFERRED")'
            )
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            names = [column.name for column in index.columns]
            lines.append(f"        op.create_index({str(index.name)!r}, {table.name!r}, {names})")
    return "\n".join(lines)


def newest_schema() -> str:
    """The statements that make the newest tables in an empty database."""
    statements: list[str] = []

    def keep(statement: Any, *_: object) -> None:
        text = str(statement.compile(dialect=engine.dialect)).strip()
        statements.append("\n".join(line.rstrip() for line in text.splitlines()))

    engine = create_mock_engine("duckdb://", keep)
    build_metadata(for_server=False).create_all(engine, checkfirst=False)
    return "".join(f"{statement};\n" for statement in statements)


if __name__ == "__main__":
    main()
