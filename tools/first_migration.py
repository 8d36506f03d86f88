"""Write the first migration anew from the models, while nothing is released.

Run `python -m tools.first_migration` after a change to `oomdb/tables.py`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import UpgradeOps
from sqlalchemy import create_engine

from oomdb.store.schema import build_metadata

FILE = Path(__file__).parent.parent / "migrations/versions/20261123_0001_tables.py"
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
        migration = produce_migrations(context, build_metadata(foreign_keys=False))
        assert isinstance(migration.upgrade_ops, UpgradeOps)
        upgrade = render_python_code(migration.upgrade_ops, migration_context=context)
        downgrade = render_python_code(migration.downgrade_ops, migration_context=context)
    text = HEAD.format(upgrade=upgrade, downgrade=downgrade)
    lines = [line for line in text.splitlines() if "# ###" not in line]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(FILE)], check=True)


if __name__ == "__main__":
    main()
