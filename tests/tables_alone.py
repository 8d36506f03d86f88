"""Ingests that fill the tables and derive nothing of the saved views.

To derive what is kept of views takes most of the time of a small ingest; what is asked of the
tables alone needs none of it. `tests/test_facts.py` and others show what is kept.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from oomdb.store.event_rows import EventRows

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Written(EventRows):
    """Rows that are written at once; nothing follows from them."""

    def derive(self) -> None:
        """Nothing is held back."""


@contextmanager
def tables_alone() -> Iterator[None]:
    """Meanwhile this process keeps nothing of views in the databases that it writes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("oomdb.store.held_rows.HeldRows", _Written)
        yield
