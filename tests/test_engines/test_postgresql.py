"""Every saved view gives the same rows on PostgreSQL as on DuckDB, from the file as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oomdb.views import View, load_views
from tests.test_engines import content, postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator

VIEWS = load_views()


@pytest.fixture(scope="module")
def filled(postgresql_server: str) -> Iterator[postgresql.Filled]:
    with postgresql.filled(postgresql_server, content.of_tests()) as database:
        yield database


@pytest.mark.parametrize("view", VIEWS, ids=[view.name for view in VIEWS])
def test_the_view_gives_the_same_rows(filled: postgresql.Filled, view: View) -> None:
    columns, rows = filled.rows(view)
    assert columns == [name for name, _ in view.columns]
    content.of_tests().assert_expected(view, rows)
