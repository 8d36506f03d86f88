"""Who reads no lake in an object store, and uses no Spark, needs and loads nothing of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_CODE = """
import sys
class Missing:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {"fsspec", "pyspark", "py4j", "pandas"}:
            raise ModuleNotFoundError(f"no {name}", name=name)
sys.meta_path.insert(0, Missing)
from pathlib import Path
from oomdb.ingest import ingest
from oomdb.store.places import lake_named
from oomdb import databases
for place in (Path("oomdb.duckdb"), lake_named("lake")):
    ingest([Path("kern.log")], place, jobs=1)
    with databases.open_for_reading(place) as reader:
        print(reader.event_count())
"""


def test_a_database_and_a_lake_in_a_folder_need_no_extra(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    sample = next((root / "samples").rglob("rocketmq-8g.log"))
    (tmp_path / "kern.log").write_bytes(sample.read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(root)!r})\n{_CODE}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "1\n1\n"), done.stderr
