"""The packages that only pages need, and what to do where they are missing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from oomdb.errors import OomdbError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def needed() -> Iterator[None]:
    """Around the import of a package that the extra `report` brings.

    OomdbError with the command that installs it, where it is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise OomdbError(
            f"pages need the Python package {error.name}, which is not installed:"
            " pip install 'oomdb[report]' (text, Markdown and JSON do without)"
        ) from error
