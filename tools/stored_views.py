"""Write the statements that make what a database keeps of the saved views.

Run `python -m tools.stored_views` after a change to a table or a saved view.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from oomdb.store import facts
from oomdb.store.opening import create_tables, definitions_fingerprint
from oomdb.views import Storage, load_views

FILE = Path(__file__).parent.parent / "migrations/facts.sql"


def main() -> None:
    """Write the file anew."""
    FILE.write_text(text(), encoding="utf-8")


def text() -> str:
    """The statements, for a database of the newest tables, under what stands for the views."""
    with duckdb.connect() as database:
        create_tables(database)
        facts.make(database)
        made = [f"CREATE SCHEMA {facts.SCHEMA}"]
        kept = "SELECT sql FROM duckdb_tables() WHERE schema_name = ? ORDER BY table_oid"
        for (sql,) in database.execute(kept, [facts.SCHEMA]).fetchall():
            made.append(sql.rstrip(";").replace("(", "(\n\t", 1).replace(", ", ",\n\t"))
        beside = (
            f"SELECT table_name, column_name, data_type FROM {facts.SCHEMA}.beside"
            " JOIN duckdb_columns() USING (table_name, column_name) ORDER BY column_index"
        )
        columns = database.execute(beside).fetchall()
        made += [f"ALTER TABLE {table} ADD COLUMN {name} {kind}" for table, name, kind in columns]
        rows = ",\n\t".join(f"('{table}', '{name}')" for table, name, _ in columns)
        made.append(f"INSERT INTO {facts.SCHEMA}.beside VALUES\n\t{rows}")
    for view in load_views():
        if view.storage is not Storage.NONE:
            made.append(f"CREATE {facts.view_of_kept(view)}")
    statements = "".join(f"{statement};\n" for statement in made)
    return f"-- {definitions_fingerprint()}\n{statements}"


if __name__ == "__main__":
    main()
